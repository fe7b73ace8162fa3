"""The promise calculator: from people, hours, holidays and the rate of reports to the strictest promise that holds.

Rules:

* a promise "holds with 95 %" if, in the simulation, the share of reports that keep it is at least 95 % *at 95 % confidence* (the exact bound of `desk.binomial`),
  not on average; only times that people promise are offered (24 hours, 48 hours, 3 days ... 180 days);
* reports arrive at random (Poisson), or as a history of days showed; people work in their office hours, have holidays and leave; they sit for an hour at most, then
  take up what is most urgent: an acknowledgement before an assessment, an assessment before a fix, and of one kind what waits longest;
* the seed is fixed: the same question gives the same answer;
* where the work is more than the hours, no promise holds, and that is the answer.

The simulation is held to queueing theory where that has formulas (M/M/1, M/M/c, M/D/1; tests). It knows nothing of how hard reports really are: its inputs say.
"""

from __future__ import annotations

import heapq
import random
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from datetime import time as clock_time
from itertools import pairwise
from typing import Final

from troth.desk.calendars import Calendar, first_instant, zone
from troth.desk.measures import quantile
from troth.errors import UsageError
from troth.ledger.binomial import at_least

__all__ = ["STEPS", "Answer", "Load", "Offer", "Team", "Work", "calculate", "simulate"]

STEPS: Final = tuple(timedelta(hours=hours) for hours in (4, 8, 24, 48, 72)) + tuple(timedelta(days=days) for days in (5, 7, 10, 14, 21, 28, 30, 45, 60, 90, 120, 180))
"""Times that people promise."""
STAGES: Final = ("acknowledge", "assess", "fix")
YEARS: Final = 4
"""Length of one run of the simulation; so many runs are made that there are enough reports."""
ENOUGH: Final = 3_000
MAX_RUNS: Final = 60
SITTING: Final = timedelta(hours=1)
"""After it, something more urgent may come first."""
_START: Final = date(2026, 1, 5)


@dataclass(frozen=True, slots=True)
class Team:
    """Who works.

    Attributes:
        people: how many look at reports.
        calendar: when each of them works; its office hours are what they really have for reports.
        leave_days: days in a row that each is away once a year.
    """

    people: int
    calendar: Calendar
    leave_days: int = 0


@dataclass(frozen=True, slots=True)
class Work:
    """Mean work on one step, and how it varies: `exponential` (a few are much longer), or `fixed`."""

    mean: timedelta
    varies: str = "exponential"


@dataclass(frozen=True, slots=True)
class Load:
    """What arrives, and what it takes.

    Attributes:
        per_day: reports a day, on average; or
        history: days on which reports arrived (their gaps are drawn from); the rate is then theirs.
        acknowledge, assess, fix: work on each step; a step without work is left out.
        valid: share of reports that need a fix.
    """

    per_day: float = 0.0
    history: tuple[date, ...] = ()
    acknowledge: Work | None = None
    assess: Work | None = None
    fix: Work | None = None
    valid: float = 1.0

    @property
    def rate(self) -> float:
        """Reports a day."""
        if len(self.history) < 2:
            return self.per_day
        days = (max(self.history) - min(self.history)).days
        return (len(self.history) - 1) / days if days else float(len(self.history))


@dataclass(frozen=True, slots=True)
class Offer:
    """The strictest promise for one step.

    Attributes:
        stage: `acknowledge`, `assess` or `fix`.
        promise: None where none of `STEPS` holds.
        share: of the simulated reports that keep it; at_least: with 95 % confidence.
        median, p95: of the simulated times.
        reports: how many were simulated.
    """

    stage: str
    promise: timedelta | None
    share: float
    at_least: float
    median: timedelta | None
    p95: timedelta | None
    reports: int


@dataclass(frozen=True, slots=True)
class Answer:
    """The calculator's answer: `busy` is the share of all hours that the work takes; at 1 or more nothing holds."""

    offers: tuple[Offer, ...]
    busy: float

    @property
    def sustainable(self) -> bool:
        """There is time for the work at all."""
        return self.busy < 1.0


def calculate(team: Team, load: Load, *, share: float = 0.95, seed: int = 1) -> Answer:
    """The strictest promises that hold.

    Args:
        team: who works.
        load: what arrives.
        share: of reports for which the promise has to hold.
        seed: of the random numbers.

    Raises:
        UsageError: no people, no reports, or a share outside (0, 1).
    """
    _check(team, load, share)
    busy = _busy(team, load)
    stages = [stage for stage in STAGES if getattr(load, stage) is not None]
    if busy >= 1.0:
        return Answer(tuple(Offer(stage, None, 0.0, 0.0, None, None, 0) for stage in stages), busy)
    times = simulate(team, load, seed=seed)
    return Answer(tuple(_offer(stage, times[stage], share) for stage in stages), busy)


def _check(team: Team, load: Load, share: float) -> None:
    if not 1 <= team.people <= 200:
        raise UsageError("a team has 1 to 200 people")
    if not 0.0 < load.rate <= 500.0 or not 0.0 < share < 1.0 or not 0.0 <= load.valid <= 1.0:
        raise UsageError("reports a day lie between 0 and 500, shares between 0 and 1")
    if all(getattr(load, stage) is None for stage in STAGES):
        raise UsageError("say what work a report takes")
    if any(work.mean <= timedelta(0) or work.varies not in ("exponential", "fixed") for stage in STAGES if (work := getattr(load, stage)) is not None):
        raise UsageError("work takes time, exponential or fixed")


def _busy(team: Team, load: Load) -> float:
    """Share of the hours that the work takes, over a year."""
    opens, hours = _windows(team.calendar, _START, 365), timedelta(0)
    for begin, end in opens:
        hours += end - begin
    hours = hours * team.people * (1 - min(team.leave_days, 360) / 365)
    needed = timedelta(0)
    for stage in STAGES:
        work = getattr(load, stage)
        needed += work.mean * (load.valid if stage == "fix" else 1.0) if work is not None else timedelta(0)
    return needed * load.rate * 365 / hours if hours else float("inf")


def _windows(team: Calendar, start: date, days: int) -> list[tuple[datetime, datetime]]:
    """Hours in which somebody with this calendar works, day by day, in UTC."""
    where = zone(team.zone_name)
    found: list[tuple[datetime, datetime]] = []
    for number in range(days):
        day = start + timedelta(days=number)
        if not team.open_on(day):
            continue
        begin = first_instant(datetime.combine(day, team.opens or clock_time.min), where)
        end = first_instant(datetime.combine(day, team.closes), where) if team.closes else first_instant(datetime.combine(day + timedelta(days=1), clock_time.min), where)
        if found and found[-1][1] == begin:
            begin = found.pop()[0]
        found.append((begin, end))
    return found


class _Person:
    """One person's hours, without the leave; answers when work can begin and how long a sitting lasts."""

    def __init__(self, windows: Sequence[tuple[datetime, datetime]]) -> None:
        self.windows = list(windows)
        self.starts = [begin for begin, _ in windows]

    def free_at(self, moment: datetime) -> datetime | None:
        """The first moment from then on at which the person works; None after the end of the run."""
        number = bisect_right(self.starts, moment) - 1
        if number >= 0 and moment < self.windows[number][1]:
            return moment
        return self.starts[number + 1] if number + 1 < len(self.starts) else None

    def sits_until(self, begin: datetime, work: timedelta) -> datetime:
        """When a sitting ends that begins in the hours: with the work, after an hour, or with the hours."""
        number = bisect_right(self.starts, begin) - 1
        return min(begin + min(work, SITTING), self.windows[number][1])


def simulate(team: Team, load: Load, *, seed: int = 1, enough: int = ENOUGH) -> dict[str, list[timedelta]]:
    """Simulated times from arrival to the end of each step, ascending; so many runs of four years that there are enough reports.

    Reports whose step was not done by the end of a run are left out with all that arrived in the last half year, so that slow ones are not lost more often.
    """
    rng = random.Random(seed)  # noqa: S311 - a simulation, no secret
    whole = _windows(team.calendar, _START, 365 * YEARS)
    times: dict[str, list[timedelta]] = {stage: [] for stage in STAGES if getattr(load, stage) is not None}
    first = next(iter(times))
    for _ in range(MAX_RUNS):
        _run(team, load, whole, rng, times)
        if len(times[first]) >= enough:
            break
    return {stage: sorted(found) for stage, found in times.items()}


def _run(team: Team, load: Load, whole: list[tuple[datetime, datetime]], rng: random.Random, times: dict[str, list[timedelta]]) -> None:
    people = [_Person(_without_leave(whole, team.leave_days, rng)) for _ in range(team.people)]
    start = datetime.combine(_START, clock_time.min, tzinfo=UTC)
    counted = start + timedelta(days=365 * YEARS - 180)
    stages = list(times)
    # when it can be taken up, which report, which step, since when it waits
    ready = [(arrived, number, 0, arrived) for number, arrived in enumerate(_arrivals(load, start, rng))]
    arrivals = {number: arrived for arrived, number, _, _ in ready}
    valid = {number: rng.random() < load.valid for number in arrivals}
    heapq.heapify(ready)
    waiting: list[tuple[int, datetime, int]] = []
    left: dict[tuple[int, int], timedelta] = {}
    free = [(moment, index) for index, person in enumerate(people) if (moment := person.free_at(start)) is not None]
    heapq.heapify(free)
    while free and (ready or waiting):
        now, index = heapq.heappop(free)
        while ready and ready[0][0] <= now:
            _, number, stage, since = heapq.heappop(ready)
            heapq.heappush(waiting, (stage, since, number))
        person = people[index]
        if not waiting:
            later = person.free_at(ready[0][0])
            if later is not None:
                heapq.heappush(free, (later, index))
            continue
        stage, since, number = heapq.heappop(waiting)
        rest = left.pop((number, stage), None) or _drawn(getattr(load, stages[stage]), rng)
        until = person.sits_until(now, rest)
        rest -= until - now
        if rest > timedelta(0):
            # taken up again after this sitting, by whoever sits down next: before what came later, and after what is more urgent
            left[number, stage] = rest
            heapq.heappush(ready, (until, number, stage, since))
        else:
            if arrivals[number] < counted:
                times[stages[stage]].append(until - arrivals[number])
            if stage + 1 < len(stages) and (stages[stage + 1] != "fix" or valid[number]):
                heapq.heappush(ready, (until, number, stage + 1, until))
        later = person.free_at(until)
        if later is not None:
            heapq.heappush(free, (later, index))


def _drawn(work: Work, rng: random.Random) -> timedelta:
    return work.mean if work.varies == "fixed" else work.mean * rng.expovariate(1.0)


def _arrivals(load: Load, start: datetime, rng: random.Random) -> list[datetime]:
    """Moments of arrival over a run: Poisson, or gaps drawn from the history, at a random time of day."""
    end, moment = start + timedelta(days=365 * YEARS), start
    found: list[datetime] = []
    days = sorted(load.history)
    gaps = [(later - earlier).days for earlier, later in pairwise(days)]
    while True:
        gap = rng.choice(gaps) + rng.uniform(-0.5, 0.5) if gaps else rng.expovariate(load.rate)
        moment += timedelta(days=max(gap, 1e-6))
        if moment >= end:
            return found
        found.append(moment)


def _without_leave(windows: Sequence[tuple[datetime, datetime]], days: int, rng: random.Random) -> list[tuple[datetime, datetime]]:
    """A person's hours without one leave a year, at a random time of it."""
    if not days:
        return list(windows)
    start = datetime.combine(_START, clock_time.min, tzinfo=UTC)
    away = []
    for year in range(YEARS):
        begin = start + timedelta(days=365 * year + rng.uniform(0, max(1, 365 - days)))
        away.append((begin, begin + timedelta(days=days)))
    return [window for window in windows if not any(begin <= window[0] < end for begin, end in away)]


def _offer(stage: str, times: list[timedelta], share: float) -> Offer:
    """The first step that holds, at 95 % confidence."""
    for step in STEPS:
        kept = bisect_right(times, step)
        sure = at_least(kept, len(times)) if times else 0.0
        if sure >= share:
            return Offer(stage, step, kept / len(times), sure, quantile(times, 0.5), quantile(times, 0.95), len(times))
    return Offer(stage, None, 0.0, 0.0, quantile(times, 0.5), quantile(times, 0.95), len(times))
