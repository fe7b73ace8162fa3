"""What runs of scanners elsewhere add to a verdict that files gave.

Rules: a run without rules or with errors is no evidence, and where the newest is such a run, it takes a Kept away; "weekly" is judged by the dates of the runs; a run of another commit, or one without a date, decides nothing.
A run shows that the scanner looked once. It lifts Unknown to Kept only where the sentence says no more than that: no occasion, no limit, no suite, no "all", nothing about history, images or what was found.
It never mends what files show to be broken.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from itertools import pairwise

from troth.judgement.naming import Named, is_advice, is_universal, named
from troth.terms.facts.scans import ScanReports, ScanRun
from troth.terms.facts.tools import ToolRuns
from troth.terms.place import Place
from troth.terms.promise import Statement
from troth.terms.values import Params
from troth.terms.verdict import Evidence, How, Kept, Partly, Unknown, Verdict

__all__ = ["with_reports"]

_PLACE = Place("(scan report)")
_FRESH_DAYS = 35
_DAYS = {"daily": 2, "nightly": 2, "weekly": 8, "monthly": 32, "quarterly": 93}
"""A day of grace: schedules slip."""
_SHOWN_BY_A_RUN = frozenset({"tool", "schedule"})
"""Parameters that a run can show to be so; any other promises more than a look."""
_MORE = re.compile(
    r"\b(block|fail|gat(e|es|ed|ing)\b|prevent|stop|requir|enforc|before|after|until|prior|when|whenever|continu|automat|regular|routine|constant|ongoing"
    r"|ci\b|cd\b|pipeline|workflow|action|merg|releas|deploy|build|pull[- ]request|prs?\b|push|commit|histor|branch|image|container|docker"
    r"|alert|finding|warning|error|without|free|clean|pass|zero|0\b|suite|quer|fix|remediat|resolv|triage|review)",
    re.IGNORECASE,
)
"""Words by which a sentence promises more than that a scanner looks."""
_EDITIONS = frozenset({"oss", "cli", "pro", "community", "ce", "scanner", "command", "line", "toolchain", "scan"})
"""What may stand behind a scanner's name in its report without making it a scanner of another kind ("Snyk Container" is one)."""


def with_reports(
    told: Verdict, params: Params, statement: Statement, reports: ScanReports, *, tools: ToolRuns, now: datetime, commit: str | None, lifts: bool
) -> Verdict:
    """The verdict, with the newest run of each named scanner taken into account.

    Args:
        told: what files say.
        params: of the promise; `tool` names the scanners, `schedule` the cadence.
        statement: the sentence.
        reports: runs elsewhere.
        tools: for the names that scanners go by.
        now: moment of judgement.
        commit: commit that is judged.
        lifts: whether a run of the scanner is what the control is about; false where a report cannot tell (history, images).
    """
    if is_advice(statement) or not reports.runs:
        return told
    schedule = params.text("schedule") or ""
    items = [item for item in named(params.text("tool"), tools, (), "") if item.tool or item.unknown]
    runs = [_runs(item, reports, tools) for item in items]
    newest = [own[0] for own in runs if own]
    bad = next((run for run in newest if not run.sound), None)
    if bad is not None:
        return _unsound(told, bad)
    limit = timedelta(days=_DAYS.get(schedule, _FRESH_DAYS))
    ours = [run for run in newest if run.finished is not None and not (commit and run.commit and run.commit != commit)]
    old = next((run for run in ours if run.finished is not None and now - run.finished > limit), None)
    if old is not None and old.finished is not None:
        return _stale(told, now - old.finished, _shown(old), promised=schedule in _DAYS)
    if not lifts or not isinstance(told, Unknown) or len(ours) != len(items) or not all(run.commit for run in ours) or not ours:
        return told
    if not _only_a_look(params, statement) or not all(_same_kind(item, run, tools) for item, run in zip(items, ours, strict=True)):
        return told
    return _lifted(told, runs, limit if schedule else None)


def _only_a_look(params: Params, statement: Statement) -> bool:
    """The sentence promises that a scanner looks, and nothing that one look cannot show."""
    return set(params.values) <= _SHOWN_BY_A_RUN and not is_universal(statement) and _MORE.search(statement.text) is None


def _lifted(told: Unknown, runs: list[list[ScanRun]], rhythm: timedelta | None) -> Verdict:
    evidence = (*(part for own in runs for part in _shown(own[0])), *told.evidence)
    if rhythm is None:
        return Kept(evidence, " ".join(f"{own[0].tool} looked at this commit with {own[0].rules} rules." for own in runs))
    for own in runs:
        ends = [run.finished for run in own if run.finished is not None and run.sound]
        if len(ends) < 2 or ends[0] - ends[1] > rhythm:
            return Unknown(told.missing, f"One run of {own[0].tool} is recent; one shows no rhythm: hand over the earlier ones, too.", evidence)
        if any(later - earlier > rhythm for later, earlier in pairwise(ends)):
            return Partly(How.INCOMPLETE, evidence, f"The newest run of {own[0].tool} is in time, and earlier ones were not.", "Let the schedule run.")
    return Kept(evidence, " ".join(f"{own[0].tool} ran {len(own)} times, never more than {rhythm.days} days apart, last at this commit." for own in runs))


def _runs(item: Named, reports: ScanReports, tools: ToolRuns) -> list[ScanRun]:
    """Runs of one scanner, the newest first."""
    own = [run for run in reports.runs if _rest(item, run, tools) is not None]
    return sorted(own, key=lambda run: run.finished.timestamp() if run.finished else 0.0, reverse=True)


def _rest(item: Named, run: ScanRun, tools: ToolRuns) -> tuple[str, ...] | None:
    """The words behind the scanner's name as the report writes it ("Semgrep OSS": `oss`); None where the report is of another scanner."""
    words = re.findall(r"[a-z0-9.]+", run.tool.lower())
    wanted = "".join(re.findall(r"[a-z0-9.]+", item.label.lower()))
    for end in range(len(words), 0, -1):
        name = tools.canonical(" ".join(words[:end])) or tools.canonical("-".join(words[:end]))
        if (item.tool is not None and name == item.tool) or "".join(words[:end]) == wanted:
            return tuple(words[end:])
    return None


def _same_kind(item: Named, run: ScanRun, tools: ToolRuns) -> bool:
    return set(_rest(item, run, tools) or ()) <= _EDITIONS


def _shown(run: ScanRun) -> tuple[Evidence, ...]:
    return (Evidence(_says(run), _PLACE, source=run.source),)


def _says(run: ScanRun) -> str:
    date = run.finished.date().isoformat() if run.finished else "no date"
    where = f", commit {run.commit[:12]}" if run.commit else ""
    wrong = f"; {len(run.errors)} errors: {run.errors[0]}" if run.errors else ""
    return f"{run.tool} {run.version}".strip() + f": {run.rules} rules, {run.results} results, {date}{where}{wrong}."


def _unsound(told: Verdict, run: ScanRun) -> Verdict:
    why = "had no rules" if not run.rules else "went wrong"
    if isinstance(told, Kept):
        return Partly(How.VACUOUS, (*_shown(run), *told.evidence), f"The workflow is sound, but its newest run {why}.", "Mend the run that the report shows.")
    if isinstance(told, Unknown):
        return Unknown(told.missing, f"The newest run of {run.tool} {why}, so that it shows nothing.", (*_shown(run), *told.evidence))
    return told


def _stale(told: Verdict, age: timedelta, evidence: tuple[Evidence, ...], *, promised: bool) -> Verdict:
    if isinstance(told, Kept) and promised:
        return Partly(How.STALE, (*evidence, *told.evidence), f"The newest run is {age.days} days old.", "Let the schedule run.")
    if isinstance(told, Unknown):
        return Unknown(told.missing, f"The newest run is {age.days} days old.", (*evidence, *told.evidence))
    return told
