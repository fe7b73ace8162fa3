from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.desk.oracle import ZONES, changes, span_end, spans_st
from troth.desk.calendars import Calendar, due, end_of_day, first_instant, holidays_of, opening, zone
from troth.desk.periods import period
from troth.desk.spans import BusinessSpan, CalendarSpan, Elapsed, parse
from troth.errors import UsageError

BERLIN = Calendar("Europe/Berlin")


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


@pytest.mark.parametrize("name", ZONES)
def test_every_change_of_the_clocks_from_2024_to_2035_is_counted_as_by_stepping(name: str) -> None:
    """Around each change: a span that ends in it, just before it, and just after it."""
    team = Calendar(name)
    for change in changes(name):
        for offset in (-timedelta(hours=25), -timedelta(minutes=30), timedelta(minutes=10), timedelta(minutes=75)):
            for days in (1, 3):
                start = change + offset - timedelta(days=days)
                assert due(start, CalendarSpan(days), team) == span_end(start, CalendarSpan(days), team), (name, change, offset)


@settings(max_examples=200, deadline=None)
@given(spans_st, st.sampled_from(ZONES), st.datetimes(min_value=datetime(2024, 1, 1), max_value=datetime(2035, 11, 1)), st.booleans())
def test_a_span_ends_where_stepping_says(span, name, naive, hours) -> None:
    office = {"opens": time(9), "closes": time(17, 30)} if hours else {}
    team = Calendar(name, holidays=frozenset({date(2026, 12, 25), date(2030, 5, 1)}), **office)
    start = naive.replace(tzinfo=UTC, second=0, microsecond=0)

    assert due(start, span, team) == span_end(start, span, team)


def test_hours_pass_whatever_the_wall_says() -> None:
    assert due(at("2026-03-28T12:00+01:00"), Elapsed(48 * 3600), BERLIN) == at("2026-03-30T13:00+02:00")


def test_days_end_at_the_stricter_of_wall_and_hours() -> None:
    spring = at("2026-03-28T12:00+01:00")
    assert due(spring, CalendarSpan(2), BERLIN) == at("2026-03-30T12:00+02:00")  # 47 hours: the wall is stricter
    autumn = at("2026-10-24T12:00+02:00")
    assert due(autumn, CalendarSpan(2), BERLIN) == at("2026-10-26T11:00+01:00")  # 48 hours: the wall would give 49


def test_a_time_that_does_not_exist_ends_when_the_gap_does_and_one_that_comes_twice_at_the_first() -> None:
    where = ZoneInfo("Europe/Berlin")

    assert first_instant(datetime(2026, 3, 29, 2, 30), where) == at("2026-03-29T03:00+02:00")
    assert first_instant(datetime(2026, 10, 25, 2, 30), where) == at("2026-10-25T02:30+02:00")
    assert first_instant(datetime(2026, 4, 5, 1, 45), ZoneInfo("Australia/Lord_Howe")) == at("2026-04-05T01:45+11:00")


def test_a_month_without_that_day_ends_on_its_last() -> None:
    assert due(at("2027-01-31T09:00+01:00"), CalendarSpan(0, 1), BERLIN) == at("2027-02-28T09:00+01:00")
    assert due(at("2028-01-31T09:00+01:00"), CalendarSpan(0, 1), BERLIN) == at("2028-02-29T09:00+01:00")


@pytest.mark.parametrize(
    ("start", "end"),
    [
        ("2026-11-20T15:00+01:00", "2026-11-24T15:00+01:00"),  # Friday afternoon -> Tuesday afternoon
        ("2026-11-21T15:00+01:00", "2026-11-25T00:00+01:00"),  # Saturday counts from Monday's first minute
        ("2026-12-23T10:00+01:00", "2026-12-28T10:00+01:00"),  # over a holiday and a weekend
    ],
)
def test_business_days_pass_over_what_is_closed(start: str, end: str) -> None:
    team = Calendar("Europe/Berlin", holidays=frozenset({date(2026, 12, 25)}))

    assert due(at(start), BusinessSpan(2), team) == at(end)


def test_what_arrives_after_hours_counts_from_the_next_opening() -> None:
    team = Calendar("Europe/Berlin", opens=time(9), closes=time(17))

    assert opening(at("2026-11-20T18:00+01:00"), team) == datetime(2026, 11, 23, 9)
    assert due(at("2026-11-20T18:00+01:00"), BusinessSpan(1), team) == at("2026-11-24T09:00+01:00")
    assert due(at("2026-11-20T07:00+01:00"), BusinessSpan(1), team) == at("2026-11-23T09:00+01:00")


def test_public_holidays_come_from_the_library() -> None:
    pytest.importorskip("holidays")

    assert date(2026, 10, 3) in holidays_of("DE", years=[2026])
    assert date(2026, 7, 4) in holidays_of("US", years=[2026]) or date(2026, 7, 3) in holidays_of("US", years=[2026])
    with pytest.raises(UsageError, match="not known"):
        holidays_of("Atlantis")


@pytest.mark.parametrize(
    "make",
    [
        lambda: Calendar("Europe/Nowhere"),
        lambda: Calendar("../../etc/passwd"),
        lambda: Calendar(closed_weekdays=frozenset(range(7))),
        lambda: Calendar(opens=time(9)),
        lambda: Calendar(opens=time(17), closes=time(9)),
    ],
)
def test_a_calendar_in_which_nobody_works_is_refused(make) -> None:
    with pytest.raises(UsageError):
        make()


def test_a_calendar_that_is_closed_for_months_is_refused_where_it_matters() -> None:
    start = datetime(2026, 1, 5, 12, tzinfo=UTC)
    gone = Calendar(holidays=frozenset(start.date() + timedelta(days=number) for number in range(90)))

    with pytest.raises(UsageError, match="closed for 60 days"):
        due(start, BusinessSpan(1), gone)


@pytest.mark.parametrize(
    ("event", "span", "strict", "extended"),
    [
        # hours: the hour of the event does not count, weekends do
        ("2026-11-20T15:20+01:00", "PT24H", "2026-11-21T15:20+01:00", "2026-11-21T16:00+01:00"),
        # 14 days from a Saturday end on a Saturday: extended to the end of Monday
        ("2026-11-21T15:20+01:00", "P14D", "2026-12-05T15:20+01:00", "2026-12-08T00:00+01:00"),
        # a month that ends on a holiday
        ("2026-11-25T08:00+01:00", "P1M", "2026-12-25T08:00+01:00", "2026-12-29T00:00+01:00"),
        # a month without that day
        ("2027-01-31T08:00+01:00", "P1M", "2027-02-28T08:00+01:00", "2027-03-02T00:00+01:00"),
    ],
)
def test_periods_of_european_acts_are_shown_strictly_and_extended(event: str, span: str, strict: str, extended: str) -> None:
    team = Calendar("Europe/Berlin", holidays=frozenset({date(2026, 12, 25), date(2026, 12, 26)}))
    found = period(at(event), parse(span), team)

    assert found.strict == at(strict)
    assert found.extended == at(extended)
    assert found.strict <= found.extended


def test_a_day_ends_when_the_next_begins() -> None:
    assert end_of_day(date(2026, 3, 29), BERLIN) - end_of_day(date(2026, 3, 28), BERLIN) == timedelta(hours=23)


@pytest.mark.parametrize(
    ("text", "found"),
    [("PT48H", Elapsed(172_800)), ("P7D", CalendarSpan(7)), ("P1M", CalendarSpan(0, 1)), ("P2BD", BusinessSpan(2)), ("P1Y", CalendarSpan(0, 12)), ("PT90M", Elapsed(5_400))]
    + [(text, None) for text in ("", None, "regular", "open", "P1DT2H", "P0D", "PT0S", "P", "P0BD", "P99999D", "-P1D")],
)
def test_spans_are_read_and_written(text, found) -> None:
    assert parse(text) == found
    if found is not None:
        assert parse(str(found)) == found


def test_zones_are_those_of_the_database() -> None:
    assert zone("UTC").key == "UTC"
