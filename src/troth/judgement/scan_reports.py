"""What runs of scanners elsewhere add to a verdict that files gave.

Rules: a run without rules or with errors is no evidence, and where the newest is such a run, it takes a Kept away; "weekly" is judged by the newest run's date; a run of another commit, or one without a date, decides nothing.
A run shows that the scanner looked once, not that it looks on every change: it can lift Unknown to Kept only where the sentence names no occasion, and never mends what files show to be broken.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from troth.terms.facts.scans import ScanReports, ScanRun
from troth.terms.place import Place
from troth.terms.verdict import Evidence, How, Kept, Partly, Unknown, Verdict

__all__ = ["with_reports"]

_PLACE = Place("(scan report)")
_FRESH_DAYS = 35
_DAYS = {"daily": 2, "nightly": 2, "weekly": 8, "monthly": 32, "quarterly": 93}
"""A day of grace: schedules slip."""


def with_reports(
    verdict: Verdict, reports: ScanReports, tools: Iterable[str], *, now: datetime, commit: str | None, schedule: str = "", on: tuple[str, ...] = ()
) -> Verdict:
    """The verdict, with the newest run of the named tools taken into account.

    Args:
        verdict: what files say.
        reports: runs elsewhere.
        tools: usual names of the scanners that the sentence names.
        now: moment of judgement.
        commit: commit that is judged.
        schedule: promised cadence, in the words of the sentence.
        on: promised events.
    """
    runs = [run for name in tools for run in reports.of(name)]
    if not runs:
        return verdict
    newest = max(runs, key=lambda run: run.finished.timestamp() if run.finished else 0.0)
    evidence = (Evidence(_says(newest), _PLACE, source=newest.source),)
    if not newest.sound:
        return _unsound(verdict, newest, evidence)
    if newest.finished is None or (commit and newest.commit and newest.commit != commit):
        return verdict
    days = _DAYS.get(schedule, _FRESH_DAYS)
    if now - newest.finished > timedelta(days=days):
        return _stale(verdict, now - newest.finished, evidence, promised=schedule in _DAYS)
    if isinstance(verdict, Unknown) and not on and newest.commit:
        return Kept((*evidence, *verdict.evidence), f"{newest.tool} looked at this commit with {newest.rules} rules.")
    return verdict


def _says(run: ScanRun) -> str:
    date = run.finished.date().isoformat() if run.finished else "no date"
    where = f", commit {run.commit[:12]}" if run.commit else ""
    wrong = f"; {len(run.errors)} errors: {run.errors[0]}" if run.errors else ""
    return f"{run.tool} {run.version}".strip() + f": {run.rules} rules, {run.results} results, {date}{where}{wrong}."


def _unsound(verdict: Verdict, run: ScanRun, evidence: tuple[Evidence, ...]) -> Verdict:
    why = "had no rules" if not run.rules else "went wrong"
    if isinstance(verdict, Kept):
        return Partly(How.VACUOUS, (*evidence, *verdict.evidence), f"The workflow is sound, but its newest run {why}.", "Mend the run that the report shows.")
    if isinstance(verdict, Unknown):
        return Unknown(verdict.missing, f"The newest run of {run.tool} {why}, so that it shows nothing.", (*evidence, *verdict.evidence))
    return verdict


def _stale(verdict: Verdict, age: timedelta, evidence: tuple[Evidence, ...], *, promised: bool) -> Verdict:
    if isinstance(verdict, Kept) and promised:
        return Partly(How.STALE, (*evidence, *verdict.evidence), f"The newest run is {age.days} days old.", "Let the schedule run.")
    if isinstance(verdict, Unknown):
        return Unknown(verdict.missing, f"The newest run is {age.days} days old.", (*evidence, *verdict.evidence))
    return verdict
