"""Periods of European acts: how Regulation (EEC, Euratom) No 1182/71, Article 3, counts, beside the strict date.

Rules: the hour or the day of the event does not count; a period in hours ends with its last hour and is never extended; one in days or months ends with the
last hour of its last day, and where that is a Saturday, a Sunday or a public holiday, with that of the next working day. One in months ends on the day of the
same number, or on the month's last day. The strict date counts from the event itself and is extended by nothing: alarms follow it. No legal advice.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from troth.desk.calendars import Calendar, due, end_of_day, months_later, zone
from troth.desk.spans import CalendarSpan, Elapsed

__all__ = ["Period", "period"]


@dataclass(frozen=True, slots=True)
class Period:
    """When a period of the law ends: strictly, and as the Regulation on periods allows."""

    strict: datetime
    extended: datetime


def period(event: datetime, span: Elapsed | CalendarSpan, team: Calendar) -> Period:
    """The end of a period that an event starts.

    Args:
        event: instant of the event.
        span: hours, or days or months.
        team: whose zone and public holidays count.
    """
    strict = due(event, span, team)
    where = zone(team.zone_name)
    if isinstance(span, Elapsed):
        local = event.astimezone(where)
        hour = event.astimezone(UTC) - timedelta(minutes=local.minute, seconds=local.second, microseconds=local.microsecond)
        return Period(strict, hour + timedelta(hours=1, seconds=span.seconds))
    day = months_later(event.astimezone(where).date(), span.months) + timedelta(days=span.whole_days)
    while day.weekday() >= 5 or day in team.holidays:
        day += timedelta(days=1)
    return Period(strict, end_of_day(day, team))
