"""Steps of handling whose times cannot all be kept in the order in which the steps come, and channels that are both closed and open.

Rules: a report is acknowledged before it is assessed, planned for before it is fixed, assessed before it is fixed, and fixed before it is disclosed; what is
critical is not promised later than what is not; nobody aims at a later day than the one that they promised. Only times of one policy, from one start and of
one force (two limits, or two aims) are compared; a time that counts from another step ("two weeks after acknowledgement") is left out, and so is one whose
range overlaps the other's. Working days are taken so that the doubt counts for the policy.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Final

from troth.policy.clauses import Timed
from troth.terms.promise import Kind, Polarity, Section, Statement

__all__ = ["Clash", "clashes", "closed_channels"]

_RELATIVE: Final = re.compile(
    r"\b(?:after|following|from|since|once|upon|of)\b.{0,40}\b(?:acknowledg\w*|confirm\w*|triag\w*|validat\w*|verif\w*|assess\w*|accept\w*|respon\w*|fix\w*|patch\w*|releas\w*|disclos\w*)"
    r"|\b(?:additional|further|another|more)\b.{0,12}\b(?:hours?|days?|weeks?)|\bprior to\b|\bbefore\b|\bin advance\b",
    re.IGNORECASE,
)
_BUSINESS: Final = re.compile(r"P(\d{1,3})BD\Z")
_SEVERITIES: Final = ("critical", "high", "medium", "low")
_ORDER: Final = (
    ("acknowledgement", "assessment", "ack-after-assessment", "is promised later than its assessment"),
    ("assessment", "fix", "fix-before-assessment", "may take longer than the fix"),
    ("plan", "fix", "fix-before-plan", "may come later than the fix itself"),
    ("fix", "disclosure", "disclosure-before-fix", "may come later than the disclosure"),
)
_NO_MAIL: Final = re.compile(
    r"\b(?:do not|don't|never|cannot|can't|no longer|not)\b[^.]{0,30}\b(?:report|send|submit|accept|handle|contact|disclose|use)\w*\b[^.]{0,40}\b(?:by|via|through|over|using|to us by)?\s*(?<!\w)e-?mail\b(?! address)",
    re.IGNORECASE,
)
_INSIDE_MAIL: Final = re.compile(r"\b(?:unencrypted|plain|details?|attach\w*|password|secret|sensitive|instead|only|marketing|public)\b", re.IGNORECASE)
_REPORTS: Final = frozenset({Section.REPORTING, Section.CONTACT})
_PROCESS: Final = _REPORTS | {Section.TIMELINE, Section.HANDLING, Section.DISCLOSURE, Section.OTHER}
MAX_TIMES: Final = 60


@dataclass(frozen=True, slots=True)
class Clash:
    """Two statements that cannot both be kept: stable name of the rule, one sentence, the statements in order of the argument."""

    rule: str
    says: str
    statements: tuple[Statement, ...]


def _least_and_most(time: Timed) -> tuple[float, float] | None:
    """Upper end of a time in days, at the least and at the most: five working days are five to seven days and a weekend more."""
    if time.days is not None:
        return time.days, time.days
    match = _BUSINESS.match(time.duration.iso)
    return (float(match[1]), int(match[1]) * 7 / 5 + 2) if match else None


def _long_enough(time: Timed) -> bool:
    """An hour at the least: shorter times are those of machines."""
    told = _least_and_most(time)
    return told is not None and told[0] >= 1 / 24


def _quoted(time: Timed) -> str:
    return f"{time.duration.text} ({time.statement.path}:{time.statement.line})"


def clashes(times: Sequence[Timed]) -> Iterable[Clash]:
    """Times of which one makes another impossible."""
    told = [
        time
        for time in times
        if time.statement.section in _PROCESS and not time.timeline and not time.duration.recurring and _long_enough(time) and not _RELATIVE.search(time.statement.text)
    ][:MAX_TIMES]
    yield from _out_of_order(told)
    yield from _upside_down(told)
    yield from _aims_beyond(told)


def _comparable(one: Timed, two: Timed) -> bool:
    """Same policy, same force, and severities that can meet."""
    meet = one.severity == two.severity or "any" in (one.severity, two.severity)
    return one.statement.path == two.statement.path and one.duration.aim is two.duration.aim and one.statement is not two.statement and meet


def _longer(one: Timed, two: Timed) -> bool:
    """The first ends after the second, whatever days are worked."""
    mine, theirs = _least_and_most(one), _least_and_most(two)
    return mine is not None and theirs is not None and mine[0] > theirs[1]


def _out_of_order(times: Sequence[Timed]) -> Iterable[Clash]:
    for first, second, rule, words in _ORDER:
        for early in times:
            if early.subject != first:
                continue
            # a "response time" in a table of severities is not the acknowledgement that a sentence promises for all
            late = next(
                (
                    time
                    for time in times
                    if time.subject == second and _comparable(early, time) and _longer(early, time) and (first != "acknowledgement" or early.severity == time.severity)
                ),
                None,
            )
            if late is not None:
                which = f" of {late.severity} issues" if late.severity != "any" else ""
                yield Clash(rule, f"The {first}, {_quoted(early)}, {words}{which}, {_quoted(late)}.", (early.statement, late.statement))
                break


def _upside_down(times: Sequence[Timed]) -> Iterable[Clash]:
    """A graver class that gets more time than a lesser one."""
    fixes = [time for time in times if time.subject == "fix" and time.severity in _SEVERITIES]
    for one, two in combinations(fixes, 2):
        graver, lesser = sorted((one, two), key=lambda time: _SEVERITIES.index(time.severity))
        if graver.severity != lesser.severity and one.statement.path == two.statement.path and one.duration.aim is two.duration.aim and _longer(graver, lesser):
            says = f"A fix of {graver.severity} issues may take {_quoted(graver)}, one of {lesser.severity} issues only {_quoted(lesser)}."
            yield Clash("severities-upside-down", says, (graver.statement, lesser.statement))
            return


def _aims_beyond(times: Sequence[Timed]) -> Iterable[Clash]:
    """An aim that lies beyond the limit for the same thing."""
    for aim in times:
        if not aim.duration.aim or aim.subject not in ("acknowledgement", "assessment", "fix"):
            continue
        for limit in times:
            same = limit.subject == aim.subject and limit.severity == aim.severity and limit.statement.path == aim.statement.path
            if same and not limit.duration.aim and _longer(aim, limit):
                noun = f"{aim.subject} of {aim.severity} issues" if aim.severity != "any" else aim.subject
                yield Clash("aim-beyond-limit", f"The aim for {noun}, {_quoted(aim)}, lies beyond the limit, {_quoted(limit)}.", (aim.statement, limit.statement))
                return


def closed_channels(statements: Sequence[Statement]) -> Iterable[Clash]:
    """Mail is not taken here, and asked for there."""
    prose = [one for one in statements if one.kind is not Kind.CODE and one.section in _PROCESS]
    no = next((one for one in prose if _NO_MAIL.search(one.text) and not _INSIDE_MAIL.search(one.text) and "@" not in one.text), None)
    if no is None:
        return
    for one in prose:
        if one is not no and one.path == no.path and one.polarity is Polarity.POSITIVE and "@" in one.text and not _NO_MAIL.search(one.text):
            says = f"{no.path}:{no.line} says that reports are not taken by mail; {one.path}:{one.line} gives an address."
            yield Clash("closed-channel", says, (no, one))
            return
