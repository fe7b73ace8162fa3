"""Contradictions, empty promises and unfilled templates, inside one policy and across several.

Rules: two limits for one thing contradict each other only where both are limits or both are aims, for one severity; a hedge ("usually within 12 hours") beside a
limit does not. A version is contradictory where a supported and an unsupported row of one table overlap. A promise without a number ("regular
updates") cannot be kept or broken: it is named, not judged. Pure; looks at what policies say, never at a repository.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import combinations
from typing import Final

from troth.judgement.contacts import placeholder_in
from troth.judgement.version_ranges import Range, parse_range
from troth.policy.clauses import Timed, days_of, subject_in, timed
from troth.policy.durations import day_range
from troth.policy.lint_order import clashes, closed_channels
from troth.policy.polarity import tick
from troth.terms.place import Place
from troth.terms.promise import Kind, Modality, Polarity, Promise, Section, Statement

__all__ = ["Flaw", "Remark", "lint"]


class Flaw(StrEnum):
    """What is wrong with the words.

    CONTRADICTION: two statements cannot both hold. UNMEASURABLE: nobody could tell whether it is kept. PLACEHOLDER: a template that was never filled in.
    """

    CONTRADICTION = "contradiction"
    UNMEASURABLE = "unmeasurable"
    PLACEHOLDER = "placeholder"


@dataclass(frozen=True, slots=True)
class Remark:
    """One finding of the linter.

    Attributes:
        flaw: kind.
        rule: stable name, kebab-case.
        says: one sentence for a human.
        statements: those that it is about, in order of place; more than one for a contradiction.
    """

    flaw: Flaw
    rule: str
    says: str
    statements: tuple[Statement, ...]

    @property
    def places(self) -> tuple[Place, ...]:
        """Where the statements stand."""
        return tuple(Place(statement.path, statement.line) for statement in self.statements)


_MAX_PAIRS: Final = 200
_REPORTS: Final = frozenset({Section.REPORTING, Section.CONTACT, Section.DISCLOSURE, Section.HANDLING})
_PROCESS: Final = _REPORTS | {Section.TIMELINE, Section.CREDIT, Section.VERSIONS}
_CONTACT: Final = re.compile(r"@|\bmailto:|\badvisor(?:y|ies)\b|\be-?mail\b|\bcontact\b|\bpgp\b|\bkeybase\b", re.IGNORECASE)
_NOWHERE: Final = re.compile(
    r"\b(?:address|e-?mail|contact)\b.{0,40}\b(?:listed|found|given|provided|available) (?:in|on|at) (?:the|our|this|my) (?:repo(?:sitory)?|readme|profile|project|website|package)\b",
    re.IGNORECASE,
)
_DEPENDS: Final = re.compile(r"\b(?:depend(?:s|ing) (?:up)?on|based on|varies (?:by|with)|according to) (?:the |its |their )?(?:\w+ ){0,2}?(?:severity|impact|complexity)", re.IGNORECASE)
_PUBLIC_NO: Final = re.compile(r"\b(?:do not|don't|never|not|avoid|rather than|instead of)\b.{0,60}\b(?:public(?:ly)?|open(?:ing)?|creat\w+|fil\w+|report\w*)\b.{0,60}\bissues?\b", re.IGNORECASE)
_PUBLIC_YES: Final = re.compile(
    r"\b(?:open|create|file|submit|raise)\b (?:an?|the|your)?\s?(?:new |github |gitlab |public )*issue\b|\breport\w*\b.{0,40}\b(?:through|via|on|using|in) (?:the |our |github |public )*(?:issue tracker|issues)\b",
    re.IGNORECASE,
)
_OTHER_BUGS: Final = re.compile(r"\bnon-?security|not security|general|other (?:bugs|issues|questions)|feature requests?|regular bugs|private(?:ly)?\b|hardening ideas|non-critical|low[- ]severity|not (?:a |involve )?vulnerab|don't involve", re.IGNORECASE)
_RADIO: Final[tuple[tuple[str, tuple[tuple[str, str], ...]], ...]] = (
    (
        "approval of workflow runs from forks",
        (
            ("first-time contributors who are new to GitHub", r"approval for first[- ]time contributors who are (?:also )?new"),
            ("first-time contributors", r"approval for (?:all )?first[- ]time contributors(?! who are)"),
            ("all outside collaborators", r"approval for all (?:outside|external) (?:collaborators|contributors)"),
        ),
    ),
    (
        "which actions may run",
        (
            ("all actions", r"allow all actions"),
            ("only local actions", r"allow [\w -]{0,30}(?:local|owner|organization'?s?|own) actions(?! and)"),
            ("selected actions", r"allow (?:only )?(?:select|specified|verified|[\w-]+,? and select)\w* .{0,30}actions|allow select actions"),
            ("no actions", r"disable (?:github )?actions\b"),
        ),
    ),
    (
        "default permissions of the workflow token",
        (
            ("read and write", r"read[- ]and[- ]write (?:permissions|access)|read[/-]write permissions"),
            ("read only", r"read (?:repository )?contents(?: and packages)? permissions?|read[- ]only (?:permissions|default)"),
        ),
    ),
)  # fmt: skip
_RADIO_COMPILED: Final = tuple((name, tuple((option, re.compile(pattern, re.IGNORECASE)) for option, pattern in options)) for name, options in _RADIO)


def lint(statements: Iterable[Statement], promises: Iterable[Promise] = ()) -> tuple[Remark, ...]:
    """All remarks about the statements of one or several policies, in order of place.

    Args:
        statements: of every policy that speaks for the same project.
        promises: what was matched; a promise's control and severity overrule the words where a time's subject is in question.
    """
    told = tuple(statements)
    times = timed((statement for statement in told if statement.kind is not Kind.CODE), promises)
    rules: tuple[Callable[[], Iterable[Remark]], ...] = (
        lambda: _limits(times),
        lambda: _timeline(told, times),
        lambda: _versions(told),
        lambda: _placeholders(told),
        lambda: _unmeasurable(told),
        lambda: _radio_buttons(told),
        lambda: _public_reports(told),
        lambda: (Remark(Flaw.CONTRADICTION, one.rule, one.says, one.statements) for one in (*clashes(times), *closed_channels(told))),
    )
    found = [remark for rule in rules for remark in rule()]
    return tuple(sorted(found, key=lambda remark: (remark.statements[0].path, remark.statements[0].line, remark.rule)))


def _at(statement: Statement) -> str:
    return f"{statement.path}:{statement.line}"


def _limits(times: Sequence[Timed]) -> Iterable[Remark]:
    """Two limits, or two aims, for one subject and one severity."""
    groups: dict[tuple[str, str, bool, bool, str], list[Timed]] = {}
    for time in times:
        if time.days is not None and not time.timeline:
            # an assessment can be several things (a triage, a severity, a detailed answer): only what carries one label is one thing
            label = (time.statement.label or time.statement.text).casefold() if time.subject == "assessment" else ""
            groups.setdefault((time.subject, time.severity, time.duration.aim, time.duration.recurring, label), []).append(time)
    for (subject, severity, aim, _, _), group in groups.items():
        by_value: dict[float, Timed] = {}
        for time in group:
            by_value.setdefault(time.days or 0.0, time)
        if len(by_value) < 2:
            continue
        first, *others = by_value.values()
        noun = f"{subject} of {severity} issues" if severity != "any" else subject
        wants = "aims" if aim else "limits"
        rest = ", ".join(f"{other.duration.text} ({_at(other.statement)})" for other in others)
        says = f"Two {wants} for {noun}: {first.duration.text} ({_at(first.statement)}) and {rest}."
        yield Remark(Flaw.CONTRADICTION, "two-limits", says, tuple(time.statement for time in by_value.values()))


def _timeline(statements: Sequence[Statement], times: Sequence[Timed]) -> Iterable[Remark]:
    """A day-by-day timeline that starts a step after the limit that is set for it elsewhere."""
    steps = [(statement, days) for statement in statements if (days := day_range(statement.text)) is not None]
    for time in times:
        if time.timeline or time.days is None or time.duration.recurring:
            continue
        late = [
            statement
            for statement, days in steps
            if statement is not time.statement
            and subject_in(statement.text) == time.subject
            and (days.first > time.days or (days.first >= time.days and (days.last is None or days.last > time.days)))
        ]
        if late:
            noun = f"{time.subject} of {time.severity} issues" if time.severity != "any" else time.subject
            steps_at = ", ".join(f"{_quoted(statement)} ({_at(statement)})" for statement in late)
            says = f"The limit for {noun} is {time.duration.text} ({_at(time.statement)}), but the timeline has {steps_at}."
            yield Remark(Flaw.CONTRADICTION, "limit-before-timeline", says, (time.statement, *late))


def _quoted(statement: Statement) -> str:
    text = " ".join(statement.text.split())
    return f'"{text if len(text) <= 60 else text[:57] + "..."}"'


def _versions(statements: Sequence[Statement]) -> Iterable[Remark]:
    """Rows of one table that call a version both supported and unsupported."""
    tables: dict[tuple[str, tuple[str, ...], tuple[str, ...]], list[tuple[Statement, Range, bool, tuple[str, ...]]]] = {}
    for statement in statements:
        row = _version_row(statement)
        if row is not None:
            tables.setdefault((statement.path, statement.headings, statement.columns), []).append((statement, *row))
    for rows in tables.values():
        for (one, first, good, subject), (two, second, bad, other) in list(combinations(rows, 2))[:_MAX_PAIRS]:
            if good is not bad and subject == other and _overlap(first, second):
                says = f"{_quoted(one)} and {_quoted(two)} overlap: a version would be supported and unsupported at once ({_at(one)}, {_at(two)})."
                yield Remark(Flaw.CONTRADICTION, "supported-and-not", says, (one, two))


def _version_row(statement: Statement) -> tuple[Range, bool, tuple[str, ...]] | None:
    """Range, mark and the other cells of a row of a version table."""
    if statement.kind is not Kind.ROW or statement.section is not Section.VERSIONS:
        return None
    marks = [(number, mark) for number, cell in enumerate(statement.cells) if number and (mark := tick(cell)) is not None]
    for number, cell in enumerate(statement.cells):
        covers = parse_range(cell) if re.search(r"\d", cell) else None
        if covers is not None and marks and marks[0][0] != number:
            rest = tuple(text for place, text in enumerate(statement.cells) if place not in (number, marks[0][0]) and place < number)
            return covers, marks[0][1], rest
    return None


def _overlap(one: Range, two: Range) -> bool:
    """True where some version lies in both ranges."""
    if one.newest or two.newest or one.branch or two.branch:
        return False
    lows = [bound for bound in (one.low, two.low) if bound is not None]
    highs = [bound for bound in (one.high, two.high) if bound is not None]
    if not lows or not highs:
        return True
    low, high = max(lows, key=lambda bound: (bound[0], not bound[1])), min(highs, key=lambda bound: (bound[0], bound[1]))
    return low[0] < high[0] or (low[0] == high[0] and low[1] and high[1])


def _placeholders(statements: Sequence[Statement]) -> Iterable[Remark]:
    """Contacts that nobody filled in."""
    for statement in statements:
        if statement.kind is Kind.CODE or statement.section is Section.REPORT_CONTENTS:
            continue
        if statement.section not in _REPORTS and not _CONTACT.search(statement.text):
            continue
        why = placeholder_in(statement.quote[:2_000])
        if why is not None:
            yield Remark(Flaw.PLACEHOLDER, "unfilled-contact", f"{_quoted(statement)} ({_at(statement)}): {why}.", (statement,))
        elif _NOWHERE.search(statement.text) and "@" not in statement.text:
            says = f"{_quoted(statement)} ({_at(statement)}) names no address: a reporter has to look for one."
            yield Remark(Flaw.PLACEHOLDER, "contact-not-named", says, (statement,))


def _unmeasurable(statements: Sequence[Statement]) -> Iterable[Remark]:
    """Promises of times that name none."""
    numbers: dict[tuple[str, tuple[str, ...]], bool] = {}
    for statement in statements:
        key = (statement.path, statement.headings)
        numbers[key] = numbers.get(key, False) or (len(statement.lead_in) > 0 and any(days_of(time.iso) is not None for time in statement.durations))
    for statement in statements:
        if statement.modality is not Modality.PROMISE or statement.section not in _PROCESS or statement.kind is Kind.CODE:
            continue
        if statement.polarity is Polarity.NEGATIVE or any(days_of(time.iso) is not None for time in statement.durations):
            continue
        vague = next((time.text for time in statement.durations if time.iso in {"regular", "asap"}), None)
        if vague is not None:
            says = f"{_quoted(statement)} ({_at(statement)}): {vague!r} names no time; nobody could tell whether it is kept."
            yield Remark(Flaw.UNMEASURABLE, "no-number", says, (statement,))
        elif _DEPENDS.search(statement.text) and not statement.hedged and not (statement.children and numbers[statement.path, statement.headings]):
            says = f"{_quoted(statement)} ({_at(statement)}) depends on the case and gives no limit for any."
            yield Remark(Flaw.UNMEASURABLE, "no-limit", says, (statement,))


def _radio_buttons(statements: Sequence[Statement]) -> Iterable[Remark]:
    """Two options demanded of a setting that has one."""
    for name, options in _RADIO_COMPILED:
        demanded: dict[str, Statement] = {}
        for statement in statements:
            if statement.kind is Kind.CODE or statement.polarity is not Polarity.POSITIVE:
                continue
            for option, pattern in options:
                if pattern.search(statement.text):
                    demanded.setdefault(option, statement)
        if len(demanded) > 1:
            wants = " and ".join(f'"{option}" ({_at(statement)})' for option, statement in demanded.items())
            says = f"The forge offers one choice for {name}; the policy demands {wants}."
            yield Remark(Flaw.CONTRADICTION, "one-of", says, tuple(demanded.values()))


def _introduced(statement: Statement) -> str:
    """A statement with the words that lead to it."""
    return " ".join((*statement.lead_in[-1:], statement.label or "", statement.text))


def _public_reports(statements: Sequence[Statement]) -> Iterable[Remark]:
    """Reports may not be public here, and may be there."""
    asked = [statement for statement in statements if statement.section in _REPORTS and statement.kind is not Kind.CODE]
    no = next((statement for statement in asked if _PUBLIC_NO.search(statement.text)), None)
    for statement in asked:
        if no is None or statement is no or _PUBLIC_NO.search(statement.text) or _OTHER_BUGS.search(_introduced(statement)):
            continue
        if statement.polarity is not Polarity.NEGATIVE and _PUBLIC_YES.search(statement.text) and "question" not in statement.text.lower():
            says = f"{_at(no)} says not to report in public issues; {_quoted(statement)} ({_at(statement)}) asks for one."
            yield Remark(Flaw.CONTRADICTION, "public-report", says, (no, statement))
