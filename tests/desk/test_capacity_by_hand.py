"""The promise calculator beside a second calculation: for so few reports that nobody waits for another one, the time until an answer is that until somebody next sits down."""

from __future__ import annotations

import math
import random
from datetime import time, timedelta

import pytest

from troth.desk.calendars import Calendar
from troth.desk.capacity import STEPS, Load, Team, Work, calculate, simulate

MINUTE, DAY, WEEK = 1.0, 1440.0, 10_080.0
OPEN, CLOSED, WORK = 19 * 60.0, 21 * 60.0, 15.0
TEAM = Calendar("UTC", frozenset({5, 6}), frozenset(), time(19), time(21))
LOAD = Load(per_day=0.02, acknowledge=Work(timedelta(minutes=WORK), "fixed"))


def finished(arrived: float, away: tuple[float, float] = (0.0, 0.0)) -> float:
    """Minutes from an arrival (since a Monday's midnight) to the end of a quarter of an hour's work, by somebody who works from seven to nine on weekdays and is away for a while."""
    day, left = int(arrived // DAY), WORK
    while True:
        begin, end = max(day * DAY + OPEN, arrived), day * DAY + CLOSED
        if day % 7 < 5 and begin < end and not away[0] <= day * DAY + OPEN < away[1]:
            if end - begin >= left:
                return begin + left - arrived
            left -= end - begin
        day += 1


def tail(kept: int, cases: int, share: float) -> float:
    """Chance of so many kept or more, by the sum of the distribution itself."""
    head = math.lgamma(cases + 1)
    return math.fsum(
        math.exp(head - math.lgamma(number + 1) - math.lgamma(cases - number + 1) + number * math.log(share) + (cases - number) * math.log1p(-share)) for number in range(kept, cases + 1)
    )


def test_shares_are_those_of_a_week_walked_minute_by_minute() -> None:
    times = [finished(minute) for minute in range(int(WEEK))]
    simulated = simulate(Team(1, TEAM), LOAD, seed=7, enough=2_000)["acknowledge"]
    assert len(simulated) >= 1_500
    for step in STEPS:
        exact = sum(one <= step.total_seconds() / 60 for one in times) / len(times)
        found = sum(one <= step for one in simulated) / len(simulated)
        # four standard deviations of a share of so many
        assert found == pytest.approx(exact, abs=4 * math.sqrt(max(exact * (1 - exact), 1e-4) / len(simulated))), step


def test_leave_is_what_a_second_calculation_makes_of_it() -> None:
    rng, away, shares = random.Random(3), 14 * DAY, []
    for _ in range(20_000):
        begin = rng.uniform(0, 365 * DAY - away)
        arrived = rng.uniform(0, 350 * DAY)
        shares.append(finished(arrived, (begin, begin + away)))
    simulated = simulate(Team(1, TEAM, leave_days=14), LOAD, seed=5, enough=2_000)["acknowledge"]
    for days in (3, 5, 7, 10, 14, 21):
        exact = sum(one <= days * DAY for one in shares) / len(shares)
        found = sum(one <= timedelta(days=days) for one in simulated) / len(simulated)
        assert found == pytest.approx(exact, abs=0.02), days


@pytest.mark.parametrize(("people", "per_day", "share"), [(1, 0.02, 0.95), (2, 0.5, 0.95), (3, 2.0, 0.9), (1, 0.1, 0.99)])
def test_the_promise_is_the_first_step_that_holds_and_the_one_before_does_not(people: int, per_day: float, share: float) -> None:
    load = Load(per_day=per_day, acknowledge=Work(timedelta(minutes=15), "fixed"), assess=Work(timedelta(hours=1)))
    team = Team(people, TEAM, leave_days=14)
    answer = calculate(team, load, share=share, seed=2)
    times = simulate(team, load, seed=2)
    for offer in answer.offers:
        counts = [sum(one <= step for one in times[offer.stage]) for step in STEPS]
        total = len(times[offer.stage])
        # a share holds for sure where it would give so many kept with a chance below one in twenty
        holds = [kept == total or (kept > 0 and tail(kept, total, share) <= 0.05) for kept in counts]
        assert offer.promise == next(step for step, one in zip(STEPS, holds, strict=True) if one)
        assert offer.reports == total
