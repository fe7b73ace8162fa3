"""Reads signed files of `troth prove`. A file that does not verify is a problem of the run, never evidence."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from troth.errors import EvidenceFileError, LookError
from troth.ledger.evidence import verify
from troth.ledger.keys import own_key_path, read_private_key
from troth.terms.facts.proved_runs import Observation

__all__ = ["PREDICATE_TYPE", "read_proof"]

PREDICATE_TYPE: Final = "https://github.com/troth-dev/troth/prove/v1"
_LIMIT_BYTES: Final = 4 * 2**20


def read_proof(path: Path, key_id: str | None = None) -> tuple[Observation, ...]:
    """Observations of one file.

    Args:
        path: the file.
        key_id: id of the signer's key; the user's own key where None.

    Raises:
        LookError: cannot be read, is not signed by this key, or is no such file.
    """
    try:
        with path.open("rb") as file:
            content = file.read(_LIMIT_BYTES + 1)
        _demand(len(content) <= _LIMIT_BYTES, "the file is too large")
        public = None if key_id else read_private_key(own_key_path()).public_key()
        signed = verify(content, key=public, trusted_id=key_id, predicate_type=PREDICATE_TYPE)
        told = signed.predicate
        rows = told["observations"]
        common = (
            str(told["program"]),
            str(told["commit"]),
            str(told["finished"]),
            str(told["lane"]),
            f"{path.name}, signed by {signed.key_id[:16]}",
        )
        return tuple(_observation(row, common) for row in (rows if isinstance(rows, list) else ()) if isinstance(row, dict))
    except (OSError, KeyError, EvidenceFileError) as error:
        raise LookError(f"a proof file {path.name} that verifies", f"{path.name} is no evidence: {error}.") from error


def _demand(holds: bool, what: str) -> None:
    if not holds:
        raise EvidenceFileError(what)


def _observation(row: Mapping[str, object], common: tuple[str, str, str, str, str]) -> Observation:
    held = row.get("held")
    return Observation(
        str(row.get("control", "")), held if isinstance(held, bool) else None, str(row.get("says", ""))[:300], *common
    )
