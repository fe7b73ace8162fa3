"""What a run adds to a verdict: it breaks a promise that it saw fail, and keeps one that only waited for a run. It never lifts what files show to be broken.

Bound to the commit: a run of another commit, or of a tree with uncommitted changes, decides nothing and says so.
"""

from __future__ import annotations

from troth.terms.facts.proved_runs import Observation, ProvedRuns
from troth.terms.place import Place
from troth.terms.verdict import Broken, Evidence, Finding, How, Kept, Partly, Unknown, Verdict

__all__ = ["with_runs"]

_WAITS = "a run"


def with_runs(finding: Finding, runs: ProvedRuns, commit: str, *, dirty: bool) -> Finding:
    """The finding, with what runs showed about its control."""
    told = [item for item in runs.observations if item.control == finding.promise.control and item.held is not None]
    if not told:
        return finding
    fresh = [item for item in told if commit and not dirty and item.commit == commit]
    if not fresh:
        return Finding(finding.promise, _stale(finding.verdict, told[0]))
    failed = [item for item in fresh if item.held is False]
    return Finding(finding.promise, _failed(failed) if failed else _held(finding.verdict, fresh))


def _evidence(items: list[Observation]) -> tuple[Evidence, ...]:
    return tuple(
        Evidence(
            f"{item.says} ({item.lane}, {item.finished})", Place(f"(run of {item.program})", 0), source=item.source
        )
        for item in items
    )


def _stale(verdict: Verdict, item: Observation) -> Verdict:
    if not isinstance(verdict, Unknown):
        return verdict
    return Unknown(
        f"a run of `troth prove {item.program}` at this commit",
        "The run that is at hand was of another commit, or of uncommitted changes.",
        verdict.evidence,
    )


def _failed(items: list[Observation]) -> Verdict:
    return Broken(
        How.BYPASSED,
        _evidence(items),
        items[0].says,
        "Attach the guard where the run shows the way round it, and run `troth prove` again.",
    )


def _held(verdict: Verdict, items: list[Observation]) -> Verdict:
    if (
        isinstance(verdict, (Broken, Partly))
        or not isinstance(verdict, Unknown)
        or not verdict.missing.startswith(_WAITS)
    ):
        return verdict
    return Kept((*_evidence(items), *verdict.evidence), items[0].says)
