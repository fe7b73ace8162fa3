"""The signed statement of a desk, worked out a second time with nothing of the product: by hand, nearest ranks, and Clopper and Pearson's bound in whole numbers."""

from __future__ import annotations

import base64
import json
import math
from datetime import timedelta
from fractions import Fraction

import pytest

from tests.web.conftest import START, Room
from troth.app.desk import triage
from troth.app.desk.statements import signed_statement

HOUR = 3600.0


def bound(kept: int, cases: int) -> float:
    """The share at which so many kept, or more, of so many cases have a chance of one in twenty: exact fractions, halved forty times."""
    low, high = Fraction(0), Fraction(1)
    for _ in range(40):
        share = (low + high) / 2
        tail = sum(math.comb(cases, number) * share**number * (1 - share) ** (cases - number) for number in range(kept, cases + 1))
        low, high = (share, high) if tail < Fraction(1, 20) else (low, share)
        low, high = Fraction(round(low * 2**60), 2**60), Fraction(round(high * 2**60), 2**60)
    return float(low)


def told(room: Room, clock: str, days: int = 365) -> dict:
    """What the statement says of a promise, read as a third party would."""
    payload = base64.b64decode(json.loads(signed_statement(room.desk, "lantern/fish", days))["payload"])
    return next(one for one in json.loads(payload)["predicate"]["promises"] if one["clock"] == clock)


def history(room: Room, acknowledged: dict[float, float | None], spam: dict[float, float], until: float) -> None:
    """Reports and what became of them, in order of time: hour of reception -> hours until a person acknowledged it (None: never), or closed it as spam."""
    member, _client = room.member("Mia", "coordinator")
    order = sorted({*acknowledged, *spam})
    acts = [(hour, 0, "report", number) for number, hour in enumerate(order, 1)]
    acts += [(hour + after, 1, "acknowledge", order.index(hour) + 1) for hour, after in acknowledged.items() if after is not None]
    acts += [(hour + after, 1, "spam", order.index(hour) + 1) for hour, after in spam.items()]
    client = room.client()
    for hour, _rank, what, number in sorted(acts):
        room.clock.at = max(room.clock.at, START + timedelta(hours=hour))
        if what == "report":
            room.report(client, title=f"Report {number}")
        elif what == "acknowledge":
            triage.act(room.desk, member, number, "report.acknowledged", {})
        else:
            triage.act(room.desk, member, number, "report.invalidated", {"reason": "spam"})
            triage.act(room.desk, member, number, "report.closed", {"reason": "spam"})
    room.clock.at = START + timedelta(hours=until)


def test_counts_quantiles_and_bound_are_those_of_a_second_calculation(room: Room) -> None:
    # "within 48 hours"; looked at 300 hours after the first report
    history(room, {0: 5.0, 10: 47.9, 20: 48.1, 30: 60.0, 100: None, 240: 30.0, 280: None}, {50: 10.0}, 300)
    found = told(room, "acknowledge")

    # decided: 5, 47.9, 48.1, 60, 30 hours, and the one of hour 100, which waits for 200 hours; that of hour 280 is not due; spam that was judged in time owed nothing
    took = sorted([5.0, 47.9, 48.1, 60.0, 30.0, 200.0])
    assert (found["cases"], found["kept"], found["overdueOpen"], found["pending"], found["cancelled"]) == (6, 3, 1, 1, 1)
    for name, share in (("medianSeconds", 0.5), ("p90Seconds", 0.9), ("p95Seconds", 0.95), ("longestSeconds", 1.0)):
        rank = next(number for number in range(1, len(took) + 1) if number >= share * len(took))
        assert found[name] == pytest.approx(took[rank - 1] * HOUR, abs=1.0), name
    assert found["atLeast"] == pytest.approx(bound(3, 6), abs=1e-9)
    assert found["says"].startswith("Kept in 3 of 6 cases, 1 of the others still open; with 95 % confidence at least 15.3 % are kept.")


def test_a_case_that_nobody_answers_grows_older_in_each_statement_and_a_period_takes_in_what_came_within_it(room: Room) -> None:
    history(room, {0: None, 100: 2.0}, {}, 110)
    first = told(room, "acknowledge")
    assert (first["cases"], first["kept"], first["overdueOpen"]) == (2, 1, 1)
    assert first["longestSeconds"] == pytest.approx(110 * HOUR, abs=2.0)
    room.clock.at = START + timedelta(hours=500)
    later = told(room, "acknowledge")
    assert (later["cases"], later["kept"], later["overdueOpen"]) == (2, 1, 1)
    assert later["longestSeconds"] == pytest.approx(500 * HOUR, abs=2.0)
    # seventeen days back are 92 hours after the beginning: the case of hour 0 came before, that of hour 100 within
    within = told(room, "acknowledge", days=17)
    assert (within["cases"], within["kept"], within["overdueOpen"]) == (1, 1, 0)
    assert within["atLeast"] == pytest.approx(0.05, abs=1e-9)


@pytest.mark.parametrize(("kept", "cases"), [(0, 1), (1, 1), (1, 2), (28, 29), (29, 29), (58, 59), (59, 59), (95, 100), (190, 200), (298, 299)])
def test_the_bound_is_the_exact_one(kept: int, cases: int) -> None:
    from troth.ledger.binomial import at_least

    assert at_least(kept, cases) == pytest.approx(bound(kept, cases) if kept else 0.0, abs=1e-9)
