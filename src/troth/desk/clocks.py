"""The clocks of a case: a pure function of the policy that binds it, its events, and the moment at which one looks.

Rules:

* there are no timers: asking twice gives the same answer, and asking for an earlier moment gives what was true then;
* a limit can be broken, an aim can only be missed (`force`); a floor ("not before day 30") is broken by being early;
* only a person's act stops a clock; the automatic receipt stops none;
* a severity that changes re-selects the time for the fix *from the original start*; what was selected before stays in `selections`;
* a clock stands still only where the policy says so, while an answer of the reporter is awaited, and for no longer in all than its cap;
* a report that is spam or was withdrawn ends its clocks; whatever was due before that stays missed.

`clock_rules` says for each clock when it starts, stops and is due. Nothing here reads a clock of the machine.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from troth.desk.events import Event, Severity, stamp
from troth.desk.promises import Force
from troth.terms.place import Place

__all__ = ["LADDER", "Clock", "Lap", "Phase", "Rung", "Selection", "next_change", "phase_of", "rungs", "rungs_due"]


class Phase(StrEnum):
    """Where a clock stands.

    RUNNING, PAUSED, OVERDUE are open; MET and LATE were stopped by what was promised, in time or not; MISSED ended without it after its due date, CANCELLED
    before it or because nothing is owed any more; EARLY is a floor that was broken.
    """

    RUNNING = "running"
    PAUSED = "paused"
    OVERDUE = "overdue"
    MET = "met"
    LATE = "late"
    MISSED = "missed"
    CANCELLED = "cancelled"
    EARLY = "early"


OPEN: Final = frozenset({Phase.RUNNING, Phase.PAUSED, Phase.OVERDUE})


@dataclass(frozen=True, slots=True)
class Lap:
    """One finished round of a rolling clock."""

    started: datetime
    due: datetime
    stopped: datetime

    @property
    def kept(self) -> bool:
        """It was stopped in time."""
        return self.stopped <= self.due


@dataclass(frozen=True, slots=True)
class Selection:
    """The date that a severity selected when it was set."""

    at: datetime
    severity: Severity
    due: datetime | None


@dataclass(frozen=True, slots=True)
class Clock:
    """One clock at one moment.

    Attributes:
        name: `acknowledge`, `assess`, `plan`, `update`, `fix`, `develop`, `not-before`, `disclose`, `embargo`, `reporter-silent`, `credit`, `variants`,
            `probe:CHANNEL`, `cra-24h`, `cra-72h`, `cra-14d`, `cra-1m`.
        case: id of the case; empty for probes.
        force: whether a miss breaks a promise.
        phase: where it stands.
        started: from when it counts.
        due: the date that alarms and judges; None where only an event can make it due ("before publication").
        target: an earlier goal ("1-2 weeks" has one after a week); None where there is none.
        extended: the date that the law's way of counting allows, where it differs; shown, never used.
        stopped: when what was promised happened.
        ended: when the clock ended without it.
        paused: how long it stood still so far.
        place: the sentence that promises it; None for the law's clocks and for the desk's own.
        laps: finished rounds (`update`). selections: what each severity selected (`fix`).
    """

    name: str
    case: str
    force: Force
    phase: Phase
    started: datetime
    due: datetime | None
    target: datetime | None = None
    extended: datetime | None = None
    stopped: datetime | None = None
    ended: datetime | None = None
    paused: timedelta = timedelta(0)
    place: Place | None = None
    laps: tuple[Lap, ...] = ()
    selections: tuple[Selection, ...] = ()

    @property
    def key(self) -> str:
        """Name for the outbox; a rolling clock has a new one each round."""
        rolls = self.name in ("update", "reporter-silent") or self.name.startswith("probe:")
        return f"{self.name}@{stamp(self.started)}" if rolls else self.name

    @property
    def open(self) -> bool:
        """Something is still to do."""
        return self.phase in OPEN

    def left(self, now: datetime) -> timedelta | None:
        """Time until it is due; negative when it is over; None where it has no date or is not open."""
        return self.due - now if self.due is not None and self.open else None


def phase_of(due: datetime | None, stopped: datetime | None, ended: datetime | None, now: datetime, *, paused: bool = False) -> Phase:
    """The phase of an ordinary clock.

    Args:
        due: its date; None for none.
        stopped: when the promised thing happened.
        ended: when it ended without.
        now: the moment.
        paused: it stands still at `now`.
    """
    if stopped is not None and (ended is None or stopped <= ended):
        return Phase.MET if due is None or stopped <= due else Phase.LATE
    if ended is not None:
        return Phase.CANCELLED if due is None or ended <= due else Phase.MISSED
    if due is not None and now > due:
        return Phase.OVERDUE
    return Phase.PAUSED if paused else Phase.RUNNING


@dataclass(frozen=True, slots=True)
class Rung:
    """A step of the ladder: at which share of the time, and who is told.

    Attributes:
        percent: of the time from start to due.
        tells: `assignee`, `team`, `backup`, `coordinator`.
        reporter: the reporter is told honestly that the date was missed.
    """

    percent: int
    tells: str
    reporter: bool = False


LADDER: Final = (Rung(50, "assignee"), Rung(75, "team"), Rung(90, "backup"), Rung(100, "team", reporter=True), Rung(125, "coordinator"), Rung(200, "coordinator"))
"""50, 75, 90 per cent, due, a quarter later, twice the time."""
_QUIET: Final = frozenset({"not-before", "embargo", "reporter-silent"})
"""Clocks whose running out is no miss: nobody is hurried."""


def rungs(clock: Clock) -> tuple[tuple[str, datetime, Rung], ...]:
    """All steps of a clock's ladder: key for the outbox (unique for case, clock, round and rung), time, step; empty where nobody is to be hurried."""
    if clock.due is None or clock.name in _QUIET:
        return ()
    whole = clock.due - clock.started
    found = []
    for rung in LADDER:
        tells_reporter = rung.reporter and clock.force is Force.LIMIT and clock.place is not None
        step = rung if tells_reporter or not rung.reporter else Rung(rung.percent, rung.tells)
        found.append((f"{clock.case}|{clock.key}|{rung.percent}", clock.started + whole * rung.percent / 100, step))
    return tuple(found)


def rungs_due(clock: Clock, now: datetime) -> tuple[tuple[str, datetime, Rung], ...]:
    """Steps whose time has come while the clock was open; a fact like any other, so that an outbox with unique keys tells each exactly once.

    A clock that is closed adds none after its end; one that stands still adds none meanwhile.
    """
    until = min((moment for moment in (clock.stopped, clock.ended, now) if moment is not None), default=now)
    if clock.phase in (Phase.CANCELLED, Phase.PAUSED):
        return ()
    # at the very instant of the due date the promise is still kept: the step that says otherwise comes after it
    return tuple(step for step in rungs(clock) if (step[1] < until if step[2].percent >= 100 else step[1] <= until))


def next_change(clocks: Iterable[Clock], now: datetime) -> datetime | None:
    """The next moment at which a phase or a rung changes by itself; None where only events change anything. For a poller that wants to sleep."""
    told = [moment for clock in clocks if clock.open for moment in (clock.due, *(when for _, when, _ in rungs(clock))) if moment is not None and moment > now]
    return min(told, default=None)


def order(clocks: Sequence[Clock]) -> tuple[Clock, ...]:
    """Open ones first, by date; then the others by name."""
    return tuple(sorted(clocks, key=lambda clock: (not clock.open, stamp(clock.due) if clock.due is not None and clock.open else "~", clock.name)))


def of_case(events: Iterable[Event], case: str) -> tuple[Event, ...]:
    """Events of one case, in order."""
    return tuple(event for event in events if event.case == case)
