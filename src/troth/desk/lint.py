"""What is wrong with a policy before a desk can keep it: shown when a desk is set up, in the order in which a maintainer should look.

Rules: everything that `policy.lint` finds in the words (contradictions, times without a number, placeholders), and what only shows once the words are a desk's
settings: no channel that is sure to work, nothing that is supported, times that bind nobody, a template's own instructions left in. A remark says what the desk
will do until it is mended; it never guesses a number.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from troth.desk.promises import DeskPolicy
from troth.desk.spans import CalendarSpan
from troth.policy.lint import Flaw, lint
from troth.policy.reading import Reading
from troth.terms.place import Place
from troth.terms.promise import Kind, Promise, Section, Statement

__all__ = ["Finding", "Weight", "lint_desk"]


class Weight(IntEnum):
    """How much it matters: a desk cannot run, a promise cannot be kept or measured, or something to know."""

    STOPS = 0
    MISLEADS = 1
    NOTE = 2


@dataclass(frozen=True, slots=True)
class Finding:
    """One remark.

    Attributes:
        rule: stable name, kebab-case.
        weight: how much it matters.
        says: one sentence.
        places: where.
        desk: what the desk does as long as it stays so; empty where it does nothing about it.
        setting: the setting that would settle it (`update`), empty where none would.
    """

    rule: str
    weight: Weight
    says: str
    places: tuple[Place, ...]
    desk: str = ""
    setting: str = ""


_WEIGHTS: Final = {Flaw.CONTRADICTION: Weight.MISLEADS, Flaw.UNMEASURABLE: Weight.MISLEADS, Flaw.PLACEHOLDER: Weight.STOPS}
_TEMPLATE: Final = re.compile(r"\buse this section to tell people\b|\btell them where to go, how often\b|\b(?:replace|fill in|edit) this (?:section|text|template|line)\b|\blorem ipsum\b", re.IGNORECASE)
_KEEPS: Final = "The desk runs the stricter of the two clocks."
_CLOCKS: Final = {"acknowledge": "acknowledging", "assess": "assessing", "plan": "a plan", "update": "updates", "fix": "a fix", "embargo": "disclosure"}


def lint_desk(reading: Reading, promises: Sequence[Promise], policy: DeskPolicy) -> tuple[Finding, ...]:
    """Everything worth saying about a policy when a desk is set up for it; the gravest first, then by line.

    Args:
        reading: the policy.
        promises: what was matched on it.
        policy: the settings that were read from it.
    """
    found = [*_words(reading.statements, promises), *_needs(policy), *_channels(policy, reading.statements), *_lines(policy), *_template(reading.statements), *_bounds(policy), *_aims(policy)]
    told: dict[tuple[str, tuple[Place, ...]], Finding] = {}
    for one in found:
        told.setdefault((one.rule, one.places), one)
    return tuple(sorted(told.values(), key=lambda one: (one.weight, one.places[0].line if one.places else 0, one.rule)))


def _words(statements: Sequence[Statement], promises: Sequence[Promise]) -> Iterable[Finding]:
    for remark in lint(statements, promises):
        desk = _KEEPS if remark.rule in ("two-limits", "limit-before-timeline") else ""
        yield Finding(remark.rule, _WEIGHTS[remark.flaw], remark.says, remark.places, desk)


def _needs(policy: DeskPolicy) -> Iterable[Finding]:
    for need in policy.needs:
        says = f'"{need.words}" promises {_CLOCKS.get(need.setting, need.setting)} and gives no number.'
        yield Finding("needs-a-number", Weight.MISLEADS, says, (need.place,), f"No clock runs for {_CLOCKS.get(need.setting, need.setting)} until a number is set.", need.setting)


def _channels(policy: DeskPolicy, statements: Sequence[Statement]) -> Iterable[Finding]:
    """Nowhere to report to, or nowhere that is sure to exist."""
    private = [channel for channel in policy.channels if channel.kind != "pgp"]
    if not private:
        about = [one for one in statements if one.section in (Section.REPORTING, Section.CONTACT)]
        where = tuple(Place(one.path, one.line) for one in about[:1]) or (Place(policy.path),)
        yield Finding("no-private-channel", Weight.STOPS, "The policy names no private way to report.", where, "The desk's own form and address have to be added to the policy.")
        return
    if all(channel.doubt for channel in private):
        places = tuple(channel.place for channel in private)
        reasons = "; ".join(dict.fromkeys(channel.doubt for channel in private))
        yield Finding("no-sure-channel", Weight.STOPS, f"No way to report is sure to work: {reasons}.", places, "The desk probes only channels that exist; add its own form to the policy.")


def _lines(policy: DeskPolicy) -> Iterable[Finding]:
    if policy.lines and not policy.supported:
        yield Finding("nothing-supported", Weight.MISLEADS, "The table of versions supports none of them.", (policy.lines[0].place,), "A case starts without a version line.")
    if policy.all_lines and not policy.lines:
        yield Finding("lines-not-named", Weight.MISLEADS, "Fixes are promised for all supported versions, and none is named.", (Place(policy.path),), "A case starts without a version line.")


def _template(statements: Sequence[Statement]) -> Iterable[Finding]:
    for statement in statements:
        if statement.kind is not Kind.CODE and _TEMPLATE.search(statement.text):
            yield Finding("template-left-in", Weight.MISLEADS, "A template's own instructions are still in the policy.", (Place(statement.path, statement.line),))


def _bounds(policy: DeskPolicy) -> Iterable[Finding]:
    """Lower and upper bounds that leave no day between them."""
    if policy.not_before is not None and policy.embargo is not None and policy.not_before.span.days > policy.embargo.span.days:
        says = f"Nothing is disclosed before {policy.not_before.span}, and everything after {policy.embargo.span}."
        yield Finding("no-day-to-disclose", Weight.MISLEADS, says, (policy.not_before.place, policy.embargo.place), "The desk holds the later date back and alarms on the earlier one.")
    window = policy.develop
    if window is not None and window.until.days < window.after.days:
        yield Finding("window-backwards", Weight.MISLEADS, f"The time for the fix ends ({window.until}) before it begins ({window.after}).", (window.place,))
    for name, limit in (("acknowledge", policy.acknowledge), ("assess", policy.assess)):
        if limit is not None and isinstance(limit.span, CalendarSpan) and limit.span.days > 90:
            yield Finding("no-hurry", Weight.NOTE, f"{_CLOCKS[name].capitalize()} a report may take {limit.span}; most projects say days.", (limit.place,))


def _aims(policy: DeskPolicy) -> Iterable[Finding]:
    """Times that bind nobody: shown and counted, never called broken."""
    for name in ("acknowledge", "assess", "plan", "update"):
        limit = getattr(policy, name)
        if limit is not None and not limit.binding:
            yield Finding("aim-only", Weight.NOTE, f"The time for {_CLOCKS[name]} ({limit.span}) is an aim: missing it breaks no promise.", (limit.place,), "The clock runs as a goal.")
    for severity, fix in policy.fix.items():
        if fix.limit is None and fix.target is not None:
            noun = f"a fix of {severity} issues" if severity != "any" else "a fix"
            yield Finding("aim-only", Weight.NOTE, f"The time for {noun} ({fix.target.span}) is an aim: missing it breaks no promise.", (fix.target.place,), "The clock runs as a goal.")
