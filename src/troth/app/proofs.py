"""Proof files for a check: each either verifies, or is a problem that the run reports."""

from __future__ import annotations

from pathlib import Path

from troth.errors import LookError
from troth.terms.facts.proved_runs import Observation, ProvedRuns

__all__ = ["read_proofs"]


def read_proofs(paths: tuple[Path, ...], key_id: str | None) -> ProvedRuns:
    """Observations of all files.

    Args:
        paths: signed files of `troth prove`.
        key_id: id of the key that has to have signed them; the user's own where None.
    """
    from troth.engines.proved_runs import read_proof

    found: list[Observation] = []
    problems: list[str] = []
    for path in paths:
        try:
            found += read_proof(path, key_id)
        except LookError as error:
            problems.append(error.because)
    return ProvedRuns(tuple(found), tuple(problems))
