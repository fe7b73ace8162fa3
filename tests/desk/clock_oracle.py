"""What the clocks should say, worked out the slow way: every question walks the raw log again, pauses are counted in steps of half an hour.

Uses `oracle.span_end` for dates and nothing of `desk.clocks`, `desk.clock_rules`, `desk.moments`, `desk.calendars`. `histories` makes legal cases at random.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from tests.desk.oracle import ZONES, changes, span_end
from troth.desk.calendars import Calendar
from troth.desk.events import Event, EventKind, Severity, make
from troth.desk.machines import Case, TransitionError, apply
from troth.desk.promises import DeskPolicy, Fix, Force, Limit, Pauses, Window
from troth.desk.spans import BusinessSpan, CalendarSpan, Elapsed
from troth.terms.place import Place

STEP = timedelta(minutes=30)
HERE = Place("SECURITY.md", 1)
K = EventKind


@dataclass(frozen=True)
class History:
    policy: DeskPolicy
    events: tuple[Event, ...]
    now: datetime
    team: Calendar


def expected(history: History) -> dict[str, tuple]:
    """(due, phase, paused) by name of the clock."""
    policy, team, now = history.policy, history.team, history.now
    log = [event for event in history.events if event.at <= now]
    start = log[0].moment("received_at") or log[0].at
    found: dict[str, tuple] = {}

    def first(*kinds: K, human: bool = True) -> datetime | None:
        for event in log:
            if event.kind in kinds and (event.role in ("team", "coordinator") or not human):
                return event.at
        return None

    def closed(*reasons: str) -> datetime | None:
        for event in log:
            if event.kind is K.REPORT_CLOSED and event.text("reason") in reasons:
                return event.at
        return None

    def awaited(moment: datetime) -> bool:
        """An answer is awaited in the half hour that starts here."""
        waiting = False
        for event in log:
            if event.at > moment:
                break
            if event.kind in (K.MESSAGE_SENT,) and event.role in ("team", "coordinator") and event.flag("question"):
                waiting = True
            if event.kind is K.MESSAGE_RECEIVED or (event.kind is K.CREDIT_ANSWERED and event.role == "reporter"):
                waiting = False
        return waiting

    def with_pauses(base: datetime, clock: str, stop: datetime | None) -> tuple[datetime, timedelta, bool]:
        if clock not in policy.pauses.clocks:
            return base, timedelta(0), False
        until = min(stop or now, now)
        stood, budget = timedelta(0), timedelta(days=policy.pauses.cap_days)
        moment, date = start, base
        while moment < until and moment < date:
            if awaited(moment) and stood < budget:
                stood += STEP
                date += STEP
            moment += STEP
        return date, stood, stop is None and awaited(now) and stood < budget and now < date

    def phase(due: datetime, stop: datetime | None, end: datetime | None, paused: bool = False) -> str:
        if stop and not (end and end < stop):
            return "late" if stop > due else "met"
        if end:
            return "missed" if end > due else "cancelled"
        return "overdue" if now > due else "paused" if paused else "running"

    nothing = ("spam", "withdrawn")
    no_fix = (*nothing, "duplicate", "not-a-vulnerability", "unsupported-version", "other-vendor")
    invalid = None
    for event in log:
        invalid = event.at if event.kind is K.REPORT_INVALIDATED else None if event.kind is K.REPORT_VALIDATED else invalid
    public = first(K.PUBLIC_KNOWN, K.EXPLOIT_PUBLIC, K.ADVISORY_PUBLISHED, human=False)
    published = first(K.ADVISORY_PUBLISHED, human=False)
    any_close = next((event.at for event in log if event.kind is K.REPORT_CLOSED), None)
    over = min((moment for moment in (public, any_close) if moment), default=None)

    acknowledged = first(K.REPORT_ACKNOWLEDGED)
    if policy.acknowledge:
        due = span_end(start, policy.acknowledge.span, team)
        found["acknowledge"] = (due, phase(due, acknowledged, closed(*nothing)), timedelta(0))
    if policy.assess:
        stop = first(K.REPORT_ASSESSED, K.REPORT_VALIDATED, K.REPORT_INVALIDATED)
        due, stood, paused = with_pauses(span_end(start, policy.assess.span, team), "assess", stop)
        found["assess"] = (due, phase(due, stop, closed(*nothing), paused), stood)
    if policy.plan:
        due = span_end(start, policy.plan.span, team)
        end = min((moment for moment in (invalid, closed(*no_fix)) if moment), default=None)
        found["plan"] = (due, phase(due, first(K.PLAN_SENT), end), timedelta(0))
    words = [event.at for event in log if event.kind in (K.REPORT_ACKNOWLEDGED, K.PLAN_SENT, K.MESSAGE_SENT) and event.role in ("team", "coordinator")]
    if policy.update:
        told = [word for word in words if over is None or word <= over]
        last = told[-1] if told else start
        due = span_end(last, policy.update.span, team)
        misses = sum(stop > span_end(begin, policy.update.span, team) for begin, stop in zip([start, *told], told, strict=False))
        found["update"] = (due, phase(due, None, over), timedelta(0), misses, len(told))
    severity = None
    for event in log:
        severity = event.text("severity") or severity if event.kind in (K.SEVERITY_SET, K.REPORT_ASSESSED) else severity
    end = invalid or closed(*no_fix, "wont-fix")

    def since(*done: str) -> datetime | None:
        """Since when every line that is affected is in one of some states; walks the log once per event."""
        at = None
        for count in range(1, len(log) + 1):
            states = dict.fromkeys(log[0].data.get("lines", ()), "todo")
            for event in log[:count]:
                if event.kind.value.startswith("line."):
                    states[event.text("line")] = {"line.added": "todo", "line.reopened": "todo"}.get(event.kind.value, event.kind.value)
            affected = [state for state in states.values() if state != "line.not-affected"]
            ok = bool(affected) and all(state in done for state in affected)
            at = (at or log[count - 1].at) if ok else None
        return at

    def fix_phase(due: datetime, stop: datetime | None, paused: bool) -> str:
        if end and not (stop and stop <= end) and not (stop and closed("wont-fix") is None):
            return "missed" if closed("wont-fix") and stop is None else "cancelled" if stop is None else phase(due, stop, end, paused)
        return phase(due, stop, end, paused)

    fix = policy.fix.get(severity) or policy.fix.get("any") if severity else policy.fix.get("any")
    if fix:
        chosen = fix.limit or fix.target
        stop = since("line.released") or (closed("fixed") if not any(True for _ in log[0].data.get("lines", ())) and not any(event.kind is K.LINE_ADDED for event in log) else None)
        due, stood, paused = with_pauses(span_end(start, chosen.span, team), "fix", stop)
        found["fix"] = (due, fix_phase(due, stop, paused), stood)
    if policy.develop:
        stop = since("line.released", "line.fix-ready")
        due, stood, paused = with_pauses(span_end(start, policy.develop.until, team), "develop", stop)
        told_phase = phase(due, stop, end, paused)
        if end and stop is None and not closed("wont-fix"):
            told_phase = "cancelled"
        found["develop"] = (due, told_phase, stood)
    if policy.not_before:
        floor = span_end(start, policy.not_before.span, team)
        early = published is not None and published < floor and public == published
        found["not-before"] = (floor, "early" if early else "met" if now >= floor else "cancelled" if public else "running", timedelta(0))
    if policy.embargo:
        due = span_end(start, policy.embargo.span, team)
        found["disclose"] = (due, phase(due, public, closed(*nothing)), timedelta(0))
    answers = [event.at for event in log if event.kind is K.MESSAGE_RECEIVED or (event.kind is K.CREDIT_ANSWERED and event.role == "reporter")]
    heard = max([start, *answers])
    if words and words[-1] >= heard:
        begin = next(word for word in words if word >= heard)
        due = span_end(begin, CalendarSpan(14), team)
        found["reporter-silent"] = (due, phase(due, None, over), timedelta(0))
    return found


def random_policy(rng: random.Random) -> DeskPolicy:
    def span():
        return rng.choice((Elapsed(rng.choice((24, 48, 72)) * 3600), CalendarSpan(rng.randint(1, 30)), CalendarSpan(0, rng.randint(1, 2)), BusinessSpan(rng.randint(1, 7))))

    def limit(share: float = 0.75) -> Limit | None:
        return Limit(span(), rng.choice(list(Force)), HERE) if rng.random() < share else None

    fixes = {}
    for severity in rng.sample(("any", "critical", "high", "medium", "low"), rng.randint(0, 4)):
        made = Fix(limit(0.4), limit(0.7))
        if made.limit or made.target:
            fixes[severity] = made
    return DeskPolicy(
        digest="0" * 64,
        acknowledge=limit(),
        assess=limit(),
        plan=limit(0.4),
        update=limit(0.6),
        fix=fixes,
        develop=Window(CalendarSpan(7), span(), HERE) if rng.random() < 0.4 else None,
        not_before=limit(0.3),
        embargo=limit(0.3),
        pauses=Pauses(frozenset(rng.sample(("assess", "fix", "develop"), rng.randint(0, 3))), rng.choice((1, 3, 30))),
    )


def random_team(rng: random.Random, name: str, year: int) -> Calendar:
    holidays = frozenset(date(year, rng.randint(1, 12), rng.randint(1, 28)) for _ in range(rng.randint(0, 8)))
    hours = {"opens": time(9), "closes": time(17)} if rng.random() < 0.2 else {}
    return Calendar(name, rng.choice((frozenset({5, 6}), frozenset({4, 5}), frozenset())), holidays, **hours)


STORY = (
    (K.REPORT_ACKNOWLEDGED, {}), (K.REPORT_VALIDATED, {}), (K.REPORT_INVALIDATED, {"reason": "x"}), (K.REPORT_ASSESSED, {}), (K.SEVERITY_SET, {"severity": None}),
    (K.REPORT_ACCEPTED, {}), (K.PLAN_SENT, {}), (K.MESSAGE_SENT, {"question": True}), (K.MESSAGE_SENT, {"question": True}), (K.MESSAGE_SENT, {}), (K.MESSAGE_RECEIVED, {}),
    (K.MESSAGE_RECEIVED, {}), (K.LINE_FIX_READY, {"line": "1.x"}), (K.LINE_RELEASED, {"line": "1.x", "version": "1.1"}), (K.LINE_NOT_AFFECTED, {"line": "2.x"}),
    (K.LINE_FIX_READY, {"line": "2.x"}), (K.LINE_RELEASED, {"line": "2.x", "version": "2.1"}), (K.LINE_REOPENED, {"line": "1.x", "reason": "x"}), (K.RECEIPT_SENT, {}),
    (K.PUBLIC_KNOWN, {}), (K.ADVISORY_DRAFTED, {}), (K.ADVISORY_PUBLISHED, {}), (K.REPORT_CLOSED, {"reason": None}), (K.REPORT_DEFERRED, {"reason": "x"}), (K.CREDIT_ANSWERED, {"choice": "named"}),
)  # fmt: skip


def random_history(rng: random.Random) -> History:
    """A legal case; every third one starts or has a limit near a change of the clocks."""
    name = rng.choice(ZONES)
    if rng.random() < 0.35 and changes(name):
        near = rng.choice(changes(name)) + timedelta(minutes=30 * rng.randint(-6, 6)) - timedelta(days=rng.randint(0, 30))
    else:
        near = datetime(2024, 1, 1, tzinfo=UTC) + timedelta(minutes=30 * rng.randrange(48 * 365 * 11))
    start = max(near, datetime(2024, 1, 3, tzinfo=UTC))
    start -= timedelta(minutes=start.minute % 30, seconds=start.second)
    at = start
    events = [make(K.REPORT_RECEIVED, at, "reporter", "C-1", channel="form", lines=rng.choice(((), ("1.x",), ("1.x", "2.x"))))]
    case = apply(Case(), events[0])
    for _ in range(rng.randint(0, 14)):
        at += STEP * rng.choice((1, 3, 8, 30, 80, 200))
        kind, data = rng.choice(STORY)
        told = {key: value if value is not None else rng.choice([severity.value for severity in Severity] if key == "severity" else ["fixed", "spam", "wont-fix", "duplicate"]) for key, value in data.items()}
        actor = "reporter" if kind in (K.MESSAGE_RECEIVED, K.CREDIT_ANSWERED) else "system" if kind is K.RECEIPT_SENT else rng.choice(("team:ada", "team:ada", "team:ada", "system"))
        event = make(kind, at, actor, "C-1", **told)
        try:
            case = apply(case, event)
        except TransitionError:
            continue
        events.append(event)
    now = start + STEP * rng.randint(0, int((at - start) / STEP) + 400)
    return History(random_policy(rng), tuple(events), now, random_team(rng, name, start.year))
