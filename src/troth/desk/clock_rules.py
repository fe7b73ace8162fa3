"""When each clock starts, stops, stands still and is due. See `desk.clocks` for what a clock is."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final

from troth.desk.calendars import Calendar, due
from troth.desk.clocks import Clock, Lap, Phase, Selection, order, phase_of
from troth.desk.events import Event
from troth.desk.machines.embargo import Mode
from troth.desk.machines.intake import Intake, fold_intake
from troth.desk.moments import Moments, moments_of
from troth.desk.periods import period
from troth.desk.promises import DeskPolicy, Force, Limit
from troth.desk.spans import CalendarSpan, Elapsed, Span
from troth.terms.place import Place

__all__ = ["PROBE_SPAN", "SILENCE_SPAN", "clocks", "probes"]

SILENCE_SPAN: Final = CalendarSpan(14)
"""A reporter who does not answer for two weeks does not hold up the fix (the practice of the Apache Software Foundation)."""
PROBE_SPAN: Final = CalendarSpan(1)
"""A channel is shown to work once a day."""
_NO_REPORT: Final = frozenset({"spam", "withdrawn"})
"""Reasons for closing that make a report one that nothing was promised for."""
_NO_FIX: Final = frozenset({"spam", "withdrawn", "duplicate", "not-a-vulnerability", "unsupported-version", "other-vendor"})
"""Reasons for closing that leave nothing to fix here."""
_CRA: Final = (("cra-24h", "early-warning", Elapsed(24 * 3600)), ("cra-72h", "notification", Elapsed(72 * 3600)))


def clocks(policy: DeskPolicy, events: Iterable[Event], now: datetime, team: Calendar | None = None) -> tuple[Clock, ...]:
    """All clocks of one case at a moment.

    Args:
        policy: the policy that binds the case: the one in force when the report arrived.
        events: of the case, accepted by `desk.machines`, in order.
        now: an instant with a zone; later events do not count.
        team: where the team's days are counted.

    Returns:
        Open ones first, by date. Empty before anything was reported.
    """
    told = moments_of(events, now, team)
    if told.received is None:
        return ()
    made = [
        _simple("acknowledge", policy.acknowledge, told, told.acknowledged),
        _simple("assess", policy.assess, told, told.assessed, pausable="assess" in policy.pauses.clocks, cap=policy.pauses.cap_days),
        _plan(policy, told),
        _update(policy, told),
        _fix(policy, told),
        _develop(policy, told),
        _not_before(policy, told),
        _simple("disclose", policy.embargo, told, told.public),
        _embargo(told),
        _silent(told),
        _before_publication("credit", policy.credit.promised, told.credited, policy.credit.place, told),
        _before_publication("variants", policy.variants, told.audited, None, told),
        *_cra(told),
    ]
    return order([clock for clock in made if clock is not None])


def _end(told: Moments, reasons: frozenset[str]) -> datetime | None:
    return told.closed if told.closed_for in reasons else None


def _paused_until(base: datetime, told: Moments, stopped: datetime | None, cap: int) -> tuple[datetime, timedelta, bool]:
    """The date moved by the time that an answer was awaited, how long that was, and whether it is awaited still.

    A pause counts only as far as it began before the date, and all of them together only up to the cap.
    """
    date, stood, budget, until = base, timedelta(0), timedelta(days=cap), stopped or told.now
    standing = False
    for began, ended in told.pauses:
        if began >= date or began > until:
            break
        length = min(max(min(ended or until, until) - began, timedelta(0)), budget - stood)
        stood += length
        date += length
        standing = ended is None and stood < budget
    return date, stood, standing


def _simple(
    name: str, limit: Limit | None, told: Moments, stopped: datetime | None, *, pausable: bool = False, cap: int = 0
) -> Clock | None:
    """A clock from reception to one act."""
    if limit is None or told.received is None:
        return None
    date, stood, standing = due(told.received, limit.span, told.team), timedelta(0), False
    if pausable:
        date, stood, standing = _paused_until(date, told, stopped, cap)
    ended = _end(told, _NO_REPORT)
    phase = phase_of(date, stopped, ended, told.now, paused=standing)
    return Clock(name, told.case, limit.force, phase, told.received, date, stopped=stopped, ended=ended, paused=stood, place=limit.place)


def _plan(policy: DeskPolicy, told: Moments) -> Clock | None:
    """A plan for the fix is owed until it is sent, or until it is clear that there is nothing to fix."""
    clock = _simple("plan", policy.plan, told, told.planned)
    if clock is None:
        return None
    ends = [moment for moment in (told.invalid, _end(told, _NO_FIX)) if moment is not None]
    ended = min(ends, default=None)
    return _with_end(clock, ended, told.now)


def _with_end(clock: Clock, ended: datetime | None, now: datetime) -> Clock:
    phase = phase_of(clock.due, clock.stopped, ended, now, paused=clock.phase is Phase.PAUSED)
    return Clock(
        clock.name, clock.case, clock.force, phase, clock.started, clock.due, stopped=clock.stopped, ended=ended, paused=clock.paused, place=clock.place
    )


def _update(policy: DeskPolicy, told: Moments) -> Clock | None:
    """Rolling: each word to the reporter starts it anew, until the matter is public or the case closed."""
    limit = policy.update
    if limit is None or told.received is None:
        return None
    ends = [moment for moment in (told.public, told.closed) if moment is not None]
    ended = min(ends, default=None)
    words = [word for word in told.words if ended is None or word <= ended]
    starts = [told.received, *words]
    laps = tuple(Lap(start, due(start, limit.span, told.team), stop) for start, stop in zip(starts, words, strict=False))
    date = due(starts[-1], limit.span, told.team)
    phase = phase_of(date, None, ended, told.now)
    return Clock("update", told.case, limit.force, phase, starts[-1], date, ended=ended, place=limit.place, laps=laps)


def _fix(policy: DeskPolicy, told: Moments) -> Clock | None:
    """From reception to the release on every affected line; the severity selects the time, always from reception."""
    fix = policy.fix_for(told.severity)
    if fix is None or told.received is None:
        return None
    chosen = fix.limit or fix.target
    if chosen is None:
        return None
    pausable = "fix" in policy.pauses.clocks
    stopped = told.released or (told.closed if told.closed_for == "fixed" and not told.lines else None)
    base = due(told.received, chosen.span, told.team)
    date, stood, standing = _paused_until(base, told, stopped, policy.pauses.cap_days) if pausable else (base, timedelta(0), False)
    target = due(told.received, fix.target.span, told.team) + stood if fix.limit is not None and fix.target is not None else None
    ended = _fix_end(told)
    phase = phase_of(date, stopped, ended, told.now, paused=standing)
    if ended is not None and stopped is None:
        phase = Phase.MISSED if told.closed_for == "wont-fix" else Phase.CANCELLED
    return Clock(
        "fix", told.case, chosen.force, phase, told.received, date, target, stopped=stopped, ended=ended, paused=stood, place=chosen.place,
        selections=_selections(policy, told),
    )  # fmt: skip


def _fix_end(told: Moments) -> datetime | None:
    """Nothing is owed for what is no vulnerability of ours; a vulnerability that will not be fixed is a promise not kept."""
    if told.invalid is not None:
        return told.invalid
    return _end(told, _NO_FIX | {"wont-fix"})


def _selections(policy: DeskPolicy, told: Moments) -> tuple[Selection, ...]:
    found = []
    for at, severity in told.severities:
        fix = policy.fix_for(severity)
        limit = (fix.limit or fix.target) if fix is not None else None
        found.append(Selection(at, severity, due(told.received, limit.span, told.team) if limit is not None and told.received is not None else None))
    return tuple(found)


def _develop(policy: DeskPolicy, told: Moments) -> Clock | None:
    """A window of the timeline: from its first day to the day by which every affected line has its fix."""
    window = policy.develop
    if window is None or told.received is None:
        return None
    begins, base = due(told.received, window.after, told.team), due(told.received, window.until, told.team)
    stopped = told.fix_ready
    pausable = "develop" in policy.pauses.clocks
    date, stood, standing = _paused_until(base, told, stopped, policy.pauses.cap_days) if pausable else (base, timedelta(0), False)
    ended = _fix_end(told)
    phase = phase_of(date, stopped, ended, told.now, paused=standing)
    if ended is not None and stopped is None and told.closed_for != "wont-fix":
        phase = Phase.CANCELLED
    return Clock("develop", told.case, Force.LIMIT, phase, begins, date, stopped=stopped, ended=ended, paused=stood, place=window.place)


def _not_before(policy: DeskPolicy, told: Moments) -> Clock | None:
    """A floor: our own publication before it breaks it; what others publish does not."""
    limit = policy.not_before
    if limit is None or told.received is None:
        return None
    floor = due(told.received, limit.span, told.team)
    if told.published is not None and told.published < floor and (told.public is None or told.public >= told.published):
        phase = Phase.EARLY
    elif told.now >= floor:
        phase = Phase.MET
    else:
        phase = Phase.CANCELLED if told.public is not None else Phase.RUNNING
    ended = told.public if phase is Phase.CANCELLED else None
    return Clock("not-before", told.case, limit.force, phase, told.received, floor, stopped=told.published, ended=ended, place=limit.place)


def _embargo(told: Moments) -> Clock | None:
    """From agreement to the agreed instant, or to its earlier end."""
    terms = told.embargo.terms
    if terms is None or told.embargo_since is None:
        return None
    exited = told.embargo.exited_at
    if exited is not None and exited < terms.until:
        phase, stopped, ended = Phase.CANCELLED, None, exited
    elif told.embargo.mode_at(told.now) is Mode.EXITED:
        phase, stopped, ended = Phase.MET, terms.until, None
    else:
        phase, stopped, ended = Phase.RUNNING, None, None
    return Clock("embargo", told.case, Force.LIMIT, phase, told.embargo_since, terms.until, stopped=stopped, ended=ended)


def _silent(told: Moments) -> Clock | None:
    """From our last word to the reporter's answer; when it runs out, the team may go on without."""
    if not told.words or (told.inbound is not None and told.inbound > told.words[-1]):
        return None
    ends = [moment for moment in (told.public, told.closed) if moment is not None]
    # the reporter is silent since the first word that was not answered
    since = next((word for word in told.words if told.inbound is None or word >= told.inbound), told.words[-1])
    date = due(since, SILENCE_SPAN, told.team)
    return Clock("reporter-silent", told.case, Force.AIM, phase_of(date, None, min(ends, default=None), told.now), since, date, ended=min(ends, default=None))


def _before_publication(name: str, promised: bool, stopped: datetime | None, place: Place | None, told: Moments) -> Clock | None:
    """Something that has to happen between acceptance and publication."""
    if not promised or told.accepted is None:
        return None
    out = told.published
    date = out or told.scheduled
    if stopped is not None and (out is None or stopped <= out):
        phase, ended = Phase.MET, None
    elif out is not None:
        phase, ended = (Phase.LATE if stopped is not None else Phase.MISSED), out
    elif _fix_end(told) is not None:
        phase, ended = Phase.CANCELLED, _fix_end(told)
    else:
        phase, ended = (Phase.OVERDUE if date is not None and told.now > date else Phase.RUNNING), None
    return Clock(name, told.case, Force.LIMIT, phase, told.accepted, date, stopped=stopped, ended=ended, place=place)


def _cra(told: Moments) -> list[Clock]:
    """Article 14: 24 and 72 hours from awareness; then 14 days from a measure, or one month from the notification of an incident."""
    notes = told.cra
    if notes.aware is None or notes.decision in ("not-reportable", "voluntary"):
        return []
    made = []
    for name, stage, span in _CRA:
        stopped = notes.filed.get(stage) or (notes.filed.get("notification") if stage == "early-warning" else None)
        made.append(_statutory(name, told, notes.aware, span, stopped))
    final = notes.filed.get("final")
    if notes.trigger == "exploited" and notes.measure is not None:
        made.append(_statutory("cra-14d", told, notes.measure, CalendarSpan(14), final))
    notified = notes.filed.get("notification")
    if notes.trigger == "incident" and notified is not None:
        made.append(_statutory("cra-1m", told, notified, CalendarSpan(0, 1), final))
    return made


def _statutory(name: str, told: Moments, start: datetime, span: Elapsed | CalendarSpan, stopped: datetime | None) -> Clock:
    ends = period(start, span, told.team)
    return Clock(name, told.case, Force.LIMIT, phase_of(ends.strict, stopped, None, told.now), start, ends.strict, extended=ends.extended, stopped=stopped)


def probes(policy: DeskPolicy, events: Iterable[Event], now: datetime, team: Calendar | None = None, span: Span = PROBE_SPAN) -> tuple[Clock, ...]:
    """One clock for each channel of the policy that was ever probed: since when it was last seen to work.

    Args:
        policy: whose channels.
        events: of the desk as a whole.
        now: later events do not count.
        team: where days are counted.
        span: how often a probe has to arrive.
    """
    seen: Intake = fold_intake(event for event in events if not event.case and event.at <= now)
    team = team or Calendar()
    places = {channel.kind: channel.place for channel in policy.channels}
    made = []
    for channel, tried in seen.last_probe.items():
        good = seen.last_good.get(channel)
        date = due(good, span, team) if good is not None else tried
        phase = Phase.RUNNING if good is not None and now <= date else Phase.OVERDUE
        made.append(Clock(f"probe:{channel}", "", Force.LIMIT, phase, good or tried, date, place=places.get(channel)))
    return order(made)
