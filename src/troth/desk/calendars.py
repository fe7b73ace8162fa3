"""When a span ends: zones, daylight saving, weekends and holidays.

Rules:

* elapsed time adds seconds and asks no zone;
* calendar and business time end at the *first instant at which the wall clock of the team's zone shows the wanted time or a later one*: in a gap (02:30 does not
  exist) that is the instant after it, in a fold (02:30 comes twice) the first of the two;
* "7 days" is the earlier of seven days on the wall and 168 hours: a team is held to the stricter reading of its own words;
* a day is closed where its weekday is, or where it is a holiday; what arrives while closed counts from the next opening: the hour that the office hours name,
  midnight without any, also on a day on which the clocks skip that hour.

Everything here is a pure function of its arguments and of the time zone database. `holidays_of` needs the package `holidays` (extra `desk`).
"""

from __future__ import annotations

import calendar as months
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from troth.desk.spans import BusinessSpan, CalendarSpan, Elapsed, Span
from troth.errors import LookError, UsageError

__all__ = ["Calendar", "due", "end_of_day", "first_instant", "holidays_of", "months_later", "opening", "zone"]

MAX_CLOSED_DAYS: Final = 60
"""A team that is closed for longer in one piece is not closed but gone; a calendar that says so is refused where it matters."""


@lru_cache(maxsize=512)
def zone(name: str) -> ZoneInfo:
    """A time zone by its name in the tz database.

    Raises:
        UsageError: there is none of that name.
    """
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise UsageError(f"{name[:60]!r} is no time zone; write one like Europe/Berlin or UTC") from error


@dataclass(frozen=True, slots=True)
class Calendar:
    """When a team works.

    Attributes:
        zone_name: where it lives.
        closed_weekdays: 0 is Monday.
        holidays: days that are closed beside those.
        opens, closes: office hours on the wall; None for the whole day.
    """

    zone_name: str = "UTC"
    closed_weekdays: frozenset[int] = frozenset({5, 6})
    holidays: frozenset[date] = frozenset()
    opens: time | None = None
    closes: time | None = None

    def __post_init__(self) -> None:
        """Refuse a calendar in which nobody ever works.

        Raises:
            UsageError: all weekdays are closed, or the office closes before it opens.
        """
        zone(self.zone_name)
        if len(self.closed_weekdays & set(range(7))) == 7:
            raise UsageError("a calendar needs at least one working day a week")
        if (self.opens is None) is not (self.closes is None) or (self.opens and self.closes and self.opens >= self.closes):
            raise UsageError("office hours need an opening and a later closing")

    def open_on(self, day: date) -> bool:
        """Whether the team works on a day."""
        return day.weekday() not in self.closed_weekdays and day not in self.holidays


def holidays_of(country: str, subdivision: str | None = None, years: Iterable[int] = range(2024, 2041)) -> frozenset[date]:
    """Public holidays, from the package `holidays`.

    Raises:
        LookError: the package is not installed.
        UsageError: it does not know the country or the subdivision.
    """
    try:
        import holidays
    except ImportError as error:
        raise LookError("the package 'holidays' (pip install 'troth[desk]')", "Public holidays are not known.") from error
    try:
        return frozenset(holidays.country_holidays(country, subdiv=subdivision, years=list(years)))
    except (NotImplementedError, ValueError, TypeError) as error:
        raise UsageError(f"public holidays of {country[:20]!r} {subdivision or ''} are not known") from error


def first_instant(wall: datetime, where: ZoneInfo) -> datetime:
    """The first instant, in UTC, at which the wall clock shows a time or a later one.

    Args:
        wall: a time without a zone.
        where: whose wall.
    """
    local = wall.replace(tzinfo=where, fold=0)
    found = local.astimezone(UTC)
    if found.astimezone(where).replace(tzinfo=None) == wall:
        return found
    # a gap: the wanted time is never shown; the earlier of the two readings lies before the change, the later one after it
    low, high = sorted((found, wall.replace(tzinfo=where, fold=1).astimezone(UTC)))
    low, high = low.replace(microsecond=0), high.replace(microsecond=0) + timedelta(seconds=1)
    while high - low > timedelta(seconds=1):
        middle = low + timedelta(seconds=int((high - low).total_seconds()) // 2)
        low, high = (low, middle) if middle.astimezone(where).replace(tzinfo=None) >= wall else (middle, high)
    return high


def months_later(day: date, count: int) -> date:
    """So many months later; the last day of a month that has no such day."""
    number = day.year * 12 + day.month - 1 + count
    year, month = divmod(number, 12)
    return date(year, month + 1, min(day.day, months.monthrange(year, month + 1)[1]))


def opening(moment: datetime, team: Calendar) -> datetime:
    """The wall time (no zone) from which something that arrives at a moment counts: then, or the next opening."""
    wall = moment.astimezone(zone(team.zone_name)).replace(tzinfo=None)
    if team.open_on(wall.date()):
        if team.opens is None or team.closes is None:
            return wall
        if wall.time() < team.closes:
            return max(wall, datetime.combine(wall.date(), team.opens))
    return datetime.combine(_next_open(wall.date(), team), team.opens or time.min)


def _next_open(day: date, team: Calendar) -> date:
    for _ in range(MAX_CLOSED_DAYS):
        day += timedelta(days=1)
        if team.open_on(day):
            return day
    raise UsageError(f"the calendar is closed for {MAX_CLOSED_DAYS} days on end after {day - timedelta(days=MAX_CLOSED_DAYS)}")


def due(start: datetime, span: Span, team: Calendar) -> datetime:
    """When a span that starts at an instant ends, in UTC.

    Args:
        start: with a zone.
        span: elapsed, calendar or business time.
        team: where the days are counted.

    Raises:
        UsageError: the calendar has no working day for two months.
    """
    if isinstance(span, Elapsed):
        return start + timedelta(seconds=span.seconds)
    where = zone(team.zone_name)
    if isinstance(span, CalendarSpan):
        wall = start.astimezone(where).replace(tzinfo=None)
        day = months_later(wall.date(), span.months) + timedelta(days=span.whole_days)
        on_the_wall = first_instant(datetime.combine(day, wall.time()), where)
        return on_the_wall if span.months else min(on_the_wall, start + timedelta(days=span.whole_days))
    return _business_end(start, span, team, where)


def _business_end(start: datetime, span: BusinessSpan, team: Calendar, where: ZoneInfo) -> datetime:
    wall = opening(start, team)
    day = wall.date()
    for _ in range(span.working_days):
        day = _next_open(day, team)
    return first_instant(datetime.combine(day, wall.time()), where)


def end_of_day(day: date, team: Calendar) -> datetime:
    """The instant at which a day ends in the team's zone."""
    return first_instant(datetime.combine(day + timedelta(days=1), time.min), zone(team.zone_name))
