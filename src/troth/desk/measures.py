"""How well promises were kept, counted over cases: what a statement says, and what the page plots.

Rules:

* a case that is late and still open counts as not kept, and *at its age*: the true time can only be longer; the tail is never averaged away;
* what is not yet due is pending and counts neither way; what ended without being owed (spam judged before the date, no vulnerability) is cancelled and counted apart;
* groups are cut by policy, promise and severity: a promise that changed is two promises;
* times are raw; the part that a policy's own pauses took is told beside them.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from troth.desk.calendars import Calendar
from troth.desk.clock_rules import clocks
from troth.desk.clocks import Clock, Phase
from troth.desk.events import Event, EventKind
from troth.desk.promises import DeskPolicy, Limit

__all__ = ["CaseLog", "Measure", "Observation", "measures", "observations", "quantile"]

_DECIDED = frozenset({Phase.MET, Phase.LATE, Phase.MISSED, Phase.OVERDUE, Phase.EARLY})
_COUNTED = frozenset({"acknowledge", "assess", "plan", "update", "fix", "develop", "disclose", "not-before", "credit", "variants"})


@dataclass(frozen=True, slots=True)
class CaseLog:
    """One case: the policy that binds it, and its events in order."""

    policy: DeskPolicy
    events: tuple[Event, ...]


@dataclass(frozen=True, slots=True)
class Observation:
    """One promise of one case (or one round of a rolling one).

    Attributes:
        clock: name.
        policy: digest. line: of the sentence; 0 where the promise has none.
        limit: the time that was promised, ISO 8601; empty where only an event bounds it.
        binding: a limit, not an aim.
        severity: of the case, for fixes; empty else.
        channel: through which the report came.
        took: from start to stop, or to now where it is open: its age.
        paused: the part of it in which the policy let the clock stand still.
        phase: where the clock stands.
        spam: the case was closed as spam.
    """

    clock: str
    policy: str
    line: int
    limit: str
    binding: bool
    severity: str
    channel: str
    took: timedelta
    paused: timedelta
    phase: Phase
    spam: bool = False

    @property
    def kept(self) -> bool:
        """In time."""
        return self.phase is Phase.MET

    @property
    def decided(self) -> bool:
        """It counts: kept or not."""
        return self.phase in _DECIDED

    @property
    def group(self) -> tuple[str, str, int, str, str, bool]:
        """What it is counted with."""
        return (self.clock, self.policy, self.line, self.limit, self.severity, self.binding)


@dataclass(frozen=True, slots=True)
class Measure:
    """One promise over all cases of a period.

    Attributes:
        clock, policy, line, limit, severity, binding: see `Observation`.
        cases: decided: kept or not. kept: in time. overdue_open: late and still open (part of `cases`).
        pending: not yet due. cancelled: ended without being owed. spam: decided ones that were spam, and those of them that were kept.
        median, p90, p95, longest: of the times of decided cases, open ones at their age; None without any.
        paused: sum of the time in which the policy let clocks stand still.
        channels: decided and kept by channel.
        times: of the decided ones, ascending. undone: ages of those among them that were never done: late and open, or ended without.
    """

    clock: str
    policy: str
    line: int
    limit: str
    severity: str
    binding: bool
    cases: int
    kept: int
    overdue_open: int
    pending: int
    cancelled: int
    spam: tuple[int, int]
    median: timedelta | None
    p90: timedelta | None
    p95: timedelta | None
    longest: timedelta | None
    paused: timedelta
    channels: tuple[tuple[str, int, int], ...]
    times: tuple[timedelta, ...]
    undone: tuple[timedelta, ...] = ()


def observations(cases: Iterable[CaseLog], now: datetime, team: Calendar | None = None, period: tuple[datetime, datetime] | None = None) -> tuple[Observation, ...]:
    """Every promise of every case that was received in a period.

    Args:
        cases: the logs.
        now: the moment; later events do not count.
        team: where days are counted.
        period: from (inclusive) to (exclusive) the moment of reception; None = all.
    """
    found: list[Observation] = []
    for case in cases:
        if not case.events or case.events[0].kind is not EventKind.REPORT_RECEIVED:
            continue
        received = case.events[0].moment("received_at") or case.events[0].at
        if period is not None and not period[0] <= received < period[1]:
            continue
        spam = any(event.kind is EventKind.REPORT_CLOSED and event.text("reason") == "spam" and event.at <= now for event in case.events)
        for clock in clocks(case.policy, case.events, now, team):
            if clock.name in _COUNTED:
                found.extend(_observe(clock, case, now, spam=spam))
    return tuple(found)


def _observe(clock: Clock, case: CaseLog, now: datetime, *, spam: bool) -> Iterable[Observation]:
    limit, severity = _promised(clock, case.policy)
    until = min((moment for moment in (clock.stopped, clock.ended) if moment is not None), default=now)
    last = Observation(
        clock.name,
        case.policy.digest,
        clock.place.line if clock.place is not None else 0,
        str(limit.span) if limit is not None else "",
        limit.binding if limit is not None else True,
        severity,
        case.events[0].text("channel"),
        took=max(until - clock.started, timedelta(0)),
        paused=clock.paused,
        phase=clock.phase,
        spam=spam,
    )
    for lap in clock.laps:
        yield replace(last, took=lap.stopped - lap.started, paused=timedelta(0), phase=Phase.MET if lap.kept else Phase.LATE)
    yield last


def _promised(clock: Clock, policy: DeskPolicy) -> tuple[Limit | None, str]:
    """The limit behind a clock, and the severity that chose it."""
    if clock.name == "fix":
        severity = clock.selections[-1].severity if clock.selections else None
        fix = policy.fix_for(severity)
        return (fix.limit or fix.target) if fix is not None else None, severity.value if severity is not None else "any"
    names = {"acknowledge": policy.acknowledge, "assess": policy.assess, "plan": policy.plan, "update": policy.update, "disclose": policy.embargo, "not-before": policy.not_before}
    return names.get(clock.name), ""


def quantile(times: Sequence[timedelta], share: float) -> timedelta | None:
    """The time within which a share of the cases lie: the nearest rank, a time that really occurred. `times` ascend."""
    return times[max(0, math.ceil(share * len(times) - 1e-9) - 1)] if times else None


def measures(found: Iterable[Observation]) -> tuple[Measure, ...]:
    """Observations, counted by promise; in the order of their names."""
    groups: dict[tuple[str, str, int, str, str, bool], list[Observation]] = {}
    for one in found:
        groups.setdefault(one.group, []).append(one)
    return tuple(_measure(groups[key]) for key in sorted(groups))


def _measure(group: Sequence[Observation]) -> Measure:
    first = group[0]
    decided = [one for one in group if one.decided]
    times = tuple(sorted(one.took for one in decided))
    names = sorted({one.channel for one in decided})
    spam = [one for one in decided if one.spam]
    return Measure(
        first.clock, first.policy, first.line, first.limit, first.severity, first.binding,
        cases=len(decided),
        kept=sum(one.kept for one in decided),
        overdue_open=sum(one.phase is Phase.OVERDUE for one in decided),
        pending=sum(one.phase in (Phase.RUNNING, Phase.PAUSED) for one in group),
        cancelled=sum(one.phase is Phase.CANCELLED for one in group),
        spam=(len(spam), sum(one.kept for one in spam)),
        median=quantile(times, 0.5),
        p90=quantile(times, 0.9),
        p95=quantile(times, 0.95),
        longest=times[-1] if times else None,
        paused=sum((one.paused for one in group), timedelta(0)),
        channels=tuple((name, sum(one.channel == name for one in decided), sum(one.channel == name and one.kept for one in decided)) for name in names),
        times=times,
        undone=tuple(sorted(one.took for one in decided if one.phase in (Phase.OVERDUE, Phase.MISSED))),
    )  # fmt: skip
