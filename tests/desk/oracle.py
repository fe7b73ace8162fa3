"""A second opinion on time: walks minute by minute and asks nothing of `desk.calendars` or `desk.clocks`."""

from __future__ import annotations

import calendar as months
from datetime import UTC, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from troth.desk.spans import BusinessSpan, CalendarSpan, Elapsed, Span

ZONES = (
    "UTC", "Europe/Berlin", "Europe/London", "Europe/Dublin", "Europe/Lisbon", "Europe/Helsinki", "Europe/Chisinau", "Europe/Istanbul", "Europe/Moscow", "Atlantic/Azores",
    "America/New_York", "America/Chicago", "America/Denver", "America/Phoenix", "America/Los_Angeles", "America/Anchorage", "America/Halifax", "America/St_Johns",
    "America/Sao_Paulo", "America/Santiago", "America/Asuncion", "America/Havana", "America/Nuuk", "Asia/Tokyo", "Asia/Shanghai", "Asia/Kolkata", "Asia/Kathmandu",
    "Asia/Jerusalem", "Asia/Gaza", "Asia/Beirut", "Africa/Cairo", "Africa/Casablanca", "Africa/Lagos", "Australia/Sydney", "Australia/Adelaide", "Australia/Lord_Howe",
    "Pacific/Auckland", "Pacific/Chatham", "Pacific/Kiritimati", "Antarctica/Troll",
)  # fmt: skip
"""Forty zones: whole, half and quarter hours; changes of 30 minutes and of two hours; midnight changes; none at all."""

MINUTE = timedelta(minutes=1)
spans_st = st.one_of(
    st.integers(1, 400).map(lambda hours: Elapsed(hours * 3600)),
    st.integers(1, 90).map(CalendarSpan),
    st.integers(1, 4).map(lambda count: CalendarSpan(0, count)),
    st.integers(1, 12).map(BusinessSpan),
)


@lru_cache(maxsize=64)
def changes(name: str) -> tuple[datetime, ...]:
    """Every instant from 2024 to 2035 at which a zone's offset changes, found by walking."""
    where, found = ZoneInfo(name), []
    moment = datetime(2024, 1, 1, tzinfo=UTC)
    while moment.year < 2036:
        later = moment + timedelta(hours=6)
        if moment.astimezone(where).utcoffset() != later.astimezone(where).utcoffset():
            step = moment
            while step.astimezone(where).utcoffset() == moment.astimezone(where).utcoffset():
                step += MINUTE
            found.append(step)
        moment = later
    return tuple(found)


def wall(moment: datetime, where: ZoneInfo) -> datetime:
    return moment.astimezone(where).replace(tzinfo=None)


def reach(target: datetime, where: ZoneInfo, near: datetime) -> datetime:
    """Walks forward until the wall shows the target or more; starts a good day before it."""
    moment = near - timedelta(hours=30)
    moment = moment.replace(second=target.second, microsecond=target.microsecond)
    while wall(moment, where) < target:
        # far away an hour at a time, which no change of clocks can jump over; close by a minute at a time
        moment += timedelta(hours=1) if target - wall(moment, where) > timedelta(hours=4) else MINUTE
    return moment


def is_open(moment: datetime, team) -> bool:
    local = wall(moment, ZoneInfo(team.zone_name))
    if local.weekday() in team.closed_weekdays or local.date() in team.holidays:
        return False
    return team.opens is None or team.opens <= local.time() < team.closes


def span_end(start: datetime, span: Span, team) -> datetime:
    where = ZoneInfo(team.zone_name)
    if isinstance(span, Elapsed):
        return start + span.seconds * timedelta(seconds=1)
    shown = wall(start, where)
    if isinstance(span, CalendarSpan):
        year, month = shown.year, shown.month
        for _ in range(span.months):
            year, month = (year + 1, 1) if month == 12 else (year, month + 1)
        day = min(shown.day, months.monthrange(year, month)[1])
        target = datetime.combine(datetime(year, month, day), shown.time())
        for _ in range(span.whole_days):
            target += timedelta(days=1)
        end = reach(target, where, target.replace(tzinfo=UTC))
        return end if span.months else min(end, start + span.whole_days * timedelta(hours=24))
    moment = start
    while not is_open(moment, team):
        moment += MINUTE
    target = wall(moment, where) if moment != start else shown
    if moment != start:  # the hour that the office names counts, also where the clocks skip it that day
        target = datetime.combine(target.date(), team.opens or time.min)
    left = span.working_days
    while left:
        target += timedelta(days=1)
        closed = target.weekday() in team.closed_weekdays or target.date() in team.holidays
        left -= not closed
    return reach(target, where, target.replace(tzinfo=UTC))


__all__ = ["MINUTE", "ZONES", "changes", "is_open", "reach", "span_end", "spans_st", "time", "wall"]
