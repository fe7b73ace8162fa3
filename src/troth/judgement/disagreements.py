"""Promises of one project that cannot both be true: two limits for one thing, two answers to one question.

Within one policy, either may be the wrong one: both are broken. Between policies, the one that the forge shows counts: the others lose,
unless they promise less.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from troth.judgement.policy_scope import twin_of
from troth.terms.facts.policies import PolicySet
from troth.terms.place import Place
from troth.terms.promise import Promise, Statement
from troth.terms.values import Params
from troth.terms.verdict import Evidence

__all__ = ["Limit", "limit_of", "other_limits", "seconds"]

_DURATION: Final = re.compile(
    r"P(?:(\d{1,6})Y)?(?:(\d{1,6})M)?(?:(\d{1,6})W)?(?:(\d{1,6})D)?(?:T(?:(\d{1,7})H)?(?:(\d{1,7})M)?(?:(\d{1,9})S)?)?\Z"
)
_SEVERITY: Final = re.compile(r"(?:critical|severe|urgent|high|medium|moderate|low|informational|minor|major|p[0-4]|sev-?[0-4])(?: severity| priority)?", re.IGNORECASE)
_URGENT: Final = re.compile(r"\bemergenc|\burgent|\bimmediate harm|\bactively exploited|\bcritical (?:vulnerabilit|issue|incident|bug|flaw)", re.IGNORECASE)
_FROM_FIX: Final = re.compile(r"\b(?:after|from|following|since) (?:\w+ ){0,2}?(?:fix|patch|release|remediation|disclosure)", re.IGNORECASE)
"""Counts from the fix, and not from the report: when it is published, and not when it is mended."""
_UNITS: Final = (31_536_000, 2_592_000, 604_800, 86_400, 3_600, 60, 1)


def seconds(iso: str | None) -> int | None:
    """Length of an ISO 8601 duration (a month counts 30 days); None for `asap`, `regular` and what is no duration."""
    match = _DURATION.match(iso or "")
    if match is None or not any(match.groups()):
        return None
    return sum(int(value) * unit for value, unit in zip(match.groups(), _UNITS, strict=True) if value)


@dataclass(frozen=True, slots=True)
class Limit:
    """Another promise about the same thing with another limit: where it stands, its ISO duration, and whether its policy is the one shown."""

    place: Place
    text: str
    iso: str
    shown: bool
    same_policy: bool

    def evidence(self, says: str) -> Evidence:
        """Evidence at the other promise."""
        return Evidence(says, self.place, self.text)


def limit_of(statement: Statement, params: Params) -> str | None:
    """ISO duration that a promise gives, from its parameters or its own words."""
    for name in ("within", "cadence"):
        value = params.values.get(name)
        if isinstance(value, str) and seconds(value):
            return value
    found = [duration.iso for duration in statement.durations if seconds(duration.iso)]
    return found[0] if len(found) == 1 else None


def other_limits(control: str, statement: Statement, params: Params, policies: PolicySet) -> tuple[Limit, ...]:
    """Other promises of the same control with another limit (for `fix/within`: for the same severity)."""
    mine = limit_of(statement, params)
    if mine is None:
        return ()
    own = twin_of(statement.path, policies)
    own_path = own.path if own is not None else statement.path
    found = []
    for promise in policies.of(control):
        other = promise.statement
        theirs = limit_of(other, promise.params)
        if theirs is None or seconds(theirs) == seconds(mine) or not _same_subject(params, promise) or _stricter_case(statement, mine, other, theirs) or _told_apart(statement, mine, other, theirs) or bool(_FROM_FIX.search(statement.text)) is not bool(_FROM_FIX.search(other.text)):
            continue
        if other.path in (own_path, statement.path):
            # a copy of the policy speaks of itself at the same words
            if other.text != statement.text and not _steps_of_one_plan(control, statement, other):
                found.append(_limit(promise, theirs, policies, same=True))
        else:
            found.append(_limit(promise, theirs, policies, same=False))
    return tuple(found)


def _steps_of_one_plan(control: str, mine: Statement, other: Statement) -> bool:
    """Two limits under one heading are the steps of a timeline ("triage in 7 days", "fix in 30"), not two answers to one question.

    An assessment can be several things (a triage, a plan, a severity): two limits contradict each other only if both carry the same label.
    """
    same_label = bool(mine.label) and (mine.label or "").casefold() == (other.label or "").casefold()
    return mine.headings == other.headings or (control == "report/assess-within" and not same_label)


def _same_subject(params: Params, promise: Promise) -> bool:
    mine, theirs = params.values.get("severity"), promise.params.values.get("severity")
    return mine == theirs


def _grade(statement: Statement) -> str:
    """The severity that a row of a table gives its times for, or an empty text."""
    return next((cell.strip(" *_`").casefold() for cell in statement.cells[:2] if _SEVERITY.fullmatch(cell.strip(" *_`"))), "")


def _urgent(statement: Statement) -> str:
    """`urgent` for what stands under an emergency contact, or the like; an empty text else."""
    around = " ".join((*statement.headings[1:], *statement.lead_in[-1:], statement.text))
    return "urgent" if _URGENT.search(around) else ""


def _stricter_case(one: Statement, first: str, two: Statement, second: str) -> bool:
    """Whether the two are for cases of their own: two severities, or a severity that is answered sooner than reports in general."""
    mine, theirs = _grade(one) or _urgent(one), _grade(two) or _urgent(two)
    if mine == theirs:
        return False
    if mine and theirs:
        return True
    special, general = (first, second) if mine else (second, first)
    return (seconds(special) or 0) < (seconds(general) or 0)


def _told_apart(one: Statement, first: str, two: Statement, second: str) -> bool:
    """Whether a sentence that gives several times ("4 hours (critical), 48 hours (standard)") gives the other's among them."""
    mine, theirs = ({seconds(duration.iso) for duration in statement.durations} - {None} for statement in (one, two))
    return (len(mine) > 1 and seconds(second) in mine) or (len(theirs) > 1 and seconds(first) in theirs)


def _limit(promise: Promise, iso: str, policies: PolicySet, *, same: bool) -> Limit:
    statement = promise.statement
    file = policies.file(statement.path)
    shown = file is not None and file.shown
    return Limit(
        Place(statement.path, statement.line), statement.quote.split("\n", 1)[0].strip()[:200], iso, shown, same
    )
