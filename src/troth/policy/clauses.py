"""What a time in a sentence is for: acknowledgement, assessment, fix, updates, disclosure; and for which severity.

Rules: the nearest word before the time in its own clause decides, else the nearest after it; a sentence about what a reporter may do when no answer comes ("if you
do not hear from us within 6 days") sets no limit. A promise that was matched overrules the words.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from troth.policy.durations import day_range, find
from troth.terms.promise import Promise, Statement
from troth.terms.values import Duration

__all__ = ["Timed", "days_of", "subject_in", "timed"]

_SUBJECTS: Final = tuple(
    (subject, re.compile(pattern, re.IGNORECASE))
    for subject, pattern in (
        ("acknowledgement", r"\backnowledg\w*|\bconfirm\w* (?:the |your )?receipt|\bresponse\b|\b(?:initial|first) (?:response|reply|contact)|\b(?:respond|reply|get back|answer)\w*"),
        ("assessment", r"\btriag\w*|\bassess\w*|\bvalidat\w*|\bverif\w+|\bevaluat\w*|\binvestigat\w*|\b(?:more )?detailed response|\bconfirm\w* the (?:issue|vulnerability|problem)"),
        ("plan", r"\b(?:timeline|plan|estimate|schedule|target date)s? for (?:a |the |its |any )?(?:fix|resolution|remediation|patch|release)\w*|\bremediation plan"),
        ("updates", r"\b(?:status |progress )?updates?\b(?! (?:released|available))|\bkeep you (?:informed|updated|posted)|\bprogress\b"),
        ("fix", r"\bfix\w*|\bpatch\w*|\bresol(?:ve\w*|ution\w*)|\bremediat\w*|\b(?:security )?(?:update|release)s? (?:is |are |will be )?(?:released|published|shipped|available)|\bhotfix\w*"),
        ("disclosure", r"\bdisclos\w*|\bpublic(?:ly|ation)?\b|\bpublish\w*|\bembargo\w*"),
    )
)  # fmt: skip
_SEVERITY: Final = re.compile(r"(?<!non-)(?<!non )\b(critical|high|medium|moderate|low|p[0-3](?=:|\s*[-–(/]|\s+(?:issue|bug|vulnerab)))\b", re.IGNORECASE)
_SAME: Final = {"moderate": "medium", "p0": "critical", "p1": "high", "p2": "medium", "p3": "low"}
_FIX_TIME: Final = re.compile(r"\W{0,4}(?:(?:bug |security )?(?:fix|patch|resolution|remediation)(?:es)?) (?:time(?:line|frame)?|time frame|schedule|target|window)s?\b", re.IGNORECASE)
_PLAN: Final = re.compile(r"\b(?:provide|give|send|share|communicate|propose)\w*\b.{0,60}\b(?:timeline|time ?frame|plan|estimate|eta|schedule)\b", re.IGNORECASE)
_ASSESSING: Final = re.compile(r"\bassess|\btriag|\bvalidat|\bverif|\bevaluat|\bconfirm|\binvestigat|\banaly|\breproduc", re.IGNORECASE)
_NOT_A_LIMIT: Final = re.compile(
    r"\bif you (?:do not|don't|have not|haven't)|\bdo(?:es)? not (?:receive|hear)|\bno (?:response|reply|answer)\b|\bhave(?:n't| not) (?:heard|received)|\bprior to\b|\bin advance\b|\bahead of\b|\bat least\b|\bbefore (?:public|disclos|publish)|\bfor (?:a |at least |up to )?\d+ (?:month|year)",
    re.IGNORECASE,
)
_CLAUSE_END: Final = re.compile(r"[;,]\s|\band\b|\bthen\b|\bbut\b|\(|\)", re.IGNORECASE)
_NEXT: Final = re.compile(r"[;,]\s|\band\b|\bthen\b|\bbut\b", re.IGNORECASE)
_ISO: Final = re.compile(r"P(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?\Z")
_IN_DAYS: Final = (365.0, 30.0, 1.0, 1 / 24, 1 / 1440, 1 / 86_400)
_CONTROLS: Final = {
    "report/ack-within": "acknowledgement",
    "report/assess-within": "assessment",
    "report/status-updates": "updates",
    "fix/within": "fix",
    "disclosure/timeline": "disclosure",
}
_FAR: Final = 90


@dataclass(frozen=True, slots=True)
class Timed:
    """A time and what it is for.

    Attributes:
        statement: where it stands.
        duration: the time.
        subject: what it is for.
        severity: `critical`, `high`, `medium`, `low`, or `any`.
        days: its upper end in days; None where it has none, or counts working days.
        timeline: true for a day offset of a timeline ("Day 7-30").
    """

    statement: Statement
    duration: Duration
    subject: str
    severity: str
    days: float | None
    timeline: bool


def days_of(iso: str) -> float | None:
    """Length in days (a month counts 30); None for words (`asap`), working days, and what is no duration."""
    match = _ISO.match(iso)
    if match is None or not any(match.groups()):
        return None
    return sum(float(value) * unit for value, unit in zip(match.groups(), _IN_DAYS, strict=True) if value)


def subject_in(text: str) -> str | None:
    """What a text without a time of its own is about: its first subject."""
    hits = [(match.start(), -len(match.group()), subject) for subject, pattern in _SUBJECTS for match in [pattern.search(text)] if match]
    return min(hits)[2] if hits else None


def timed(statements: Iterable[Statement], promises: Iterable[Promise] = ()) -> tuple[Timed, ...]:
    """Every time whose subject is clear.

    Args:
        statements: prose.
        promises: what was matched on them.
    """
    matched: dict[tuple[str, int], list[Promise]] = {}
    for promise in promises:
        if promise.control in _CONTROLS:
            matched.setdefault((promise.statement.path, promise.statement.span.start), []).append(promise)
    found: list[Timed] = []
    for statement in statements:
        if not statement.durations or _NOT_A_LIMIT.search(statement.text):
            continue
        own = matched.get((statement.path, statement.span.start), [])
        if statement.cells:
            found.extend(_row(statement, _given(own, statement)))
            continue
        found.extend(_prose(statement, _given(own, statement)))
    return tuple(found)


def _given(own: list[Promise], statement: Statement) -> str | None:
    """The subject that the one promise of a statement with one time gives; a first assessment may in truth be a plan, or the time for the fix itself."""
    if len(own) != 1 or len(statement.durations) != 1:
        return None
    if own[0].control == "report/assess-within" and _FIX_TIME.match(statement.label or statement.text):
        return "fix"
    return "plan" if own[0].control == "report/assess-within" and _PLAN.search(statement.text) and not _ASSESSING.search(statement.text) else _CONTROLS[own[0].control]


def _prose(statement: Statement, given: str | None) -> Iterable[Timed]:
    """Times of a sentence, each with the subject of its clause; a single one is for what the label names."""
    at = 0
    if given is None and statement.label is not None and len(statement.durations) == 1:
        given = subject_in(statement.label)
    for duration in statement.durations:
        start = max(statement.text.find(duration.text, at), at)
        stop = start + len(duration.text)
        subject = given or _subject(statement, at, start, stop) or subject_in(statement.label or "")
        if subject is not None:
            timeline = day_range(duration.text) is not None
            for severity in _severities(statement, at, stop):
                yield Timed(statement, duration, subject, severity, days_of(duration.iso), timeline)
        at = stop


def _row(statement: Statement, given: str | None) -> Iterable[Timed]:
    """Times of a table row: its column says what each is for, the first cell that names one for which severity; the one promise that was matched knows better."""
    first = statement.cells[0]
    scored = len(statement.cells) > 2 and not re.search(r"[A-Za-z]{3}", first)  # "9.0-10.0 | Critical | 30 days"
    grave = _named(statement.cells[1]) if scored else _named(first)
    for column, cell in zip(statement.columns, statement.cells, strict=False):
        subject = subject_in(cell) or subject_in(first) if cell is not first else None
        subject = given or subject or subject_in(column)
        at = 0
        for duration in find(cell) if subject is not None else ():
            stop = max(cell.find(duration.text, at), at) + len(duration.text)
            for severity in grave or _named(_clause(cell, at, stop)) or ("any",):
                yield Timed(statement, duration, subject or "", severity, days_of(duration.iso), timeline=False)
            at = stop


def _subject(statement: Statement, low: int, start: int, stop: int) -> str | None:
    """Subject of the time at `text[start:stop]`, whose clause starts no earlier than `low`."""
    before = statement.text[low:start]
    best: tuple[int, int, str] | None = None
    for name, pattern in _SUBJECTS:
        for match in pattern.finditer(before[-400:]):
            hit = (match.end(), len(match.group()), name)
            best = hit if best is None or hit > best else best
    if best is not None:
        return best[2]
    after = statement.text[stop : stop + _FAR]
    end = _CLAUSE_END.search(after)
    subject = subject_in(after[: end.start()] if end else after)
    return subject or (subject_in(statement.lead_in[-1]) if statement.lead_in and not low else None)


def _severities(statement: Statement, low: int, high: int) -> tuple[str, ...]:
    """Severities that the time before `text[high]` is for: those of its label, else of its clause, else of its lead-in."""
    label, clause = statement.label or "", _clause(statement.text, low, high)
    for words in (clause if low else label, label if low else clause, statement.lead_in[-1] if statement.lead_in else ""):
        names = _named(words)
        if names:
            return names
    return ("any",)


def _clause(text: str, low: int, high: int) -> str:
    """The clause that ends soon after `text[high]` and starts no earlier than `low`; brackets at its start belong to the time before."""
    after = text[high : high + _FAR]
    end = _NEXT.search(after)
    return re.sub(r"^\s*\([^()]*\)", "", text[low:high]) + (after[: end.start()] if end else after)


def _named(words: str) -> tuple[str, ...]:
    """Severities that words name, "moderate" as medium."""
    return tuple(sorted({_SAME.get(match.group(1).lower(), match.group(1).lower()) for match in _SEVERITY.finditer(words)}))
