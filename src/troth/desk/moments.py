"""The moments of a case that clocks start, stop and stand still at: one pass over its events.

Rules: only events recorded up to the moment at which one looks count; a word to the reporter is one that a person of the project sent; a question to the
reporter opens a pause, and anything that comes back ends it. Limits are judged by when an event was *recorded*; the report alone counts from when it arrived at
the first machine that is ours (`received_at`).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from troth.desk.calendars import Calendar
from troth.desk.events import Event, EventKind, Severity
from troth.desk.machines import release
from troth.desk.machines.cra import Cra
from troth.desk.machines.cra import step as cra_step
from troth.desk.machines.embargo import Embargo
from troth.desk.machines.embargo import step as embargo_step

__all__ = ["Moments", "moments_of"]


@dataclass(slots=True)
class Moments:
    """What happened when; None for what has not (yet).

    Attributes:
        now: the moment at which one looks. team: where the team's days are counted.
        received: the report arrived.
        acknowledged, assessed, planned, accepted, credited, audited: first time that a person did so.
        words: every word to the reporter, in order. inbound: the last one from the reporter.
        pauses: stretches in which an answer was awaited; the last one may be open (None).
        severities: as set, in order.
        fix_ready, released: since when this is so on every affected line; None while it is not.
        invalid: since when the report counts as no vulnerability; None while it does not.
        closed, closed_for: end of the case and its reason.
        published: our advisory is out; public: anybody's word is.
        scheduled: for when our advisory is planned.
        embargo, embargo_since, cra: see the machines.
    """

    now: datetime
    team: Calendar
    case: str = ""
    received: datetime | None = None
    policy: str = ""
    acknowledged: datetime | None = None
    assessed: datetime | None = None
    planned: datetime | None = None
    accepted: datetime | None = None
    credited: datetime | None = None
    audited: datetime | None = None
    words: list[datetime] = field(default_factory=list)
    inbound: datetime | None = None
    pauses: list[tuple[datetime, datetime | None]] = field(default_factory=list)
    severities: list[tuple[datetime, Severity]] = field(default_factory=list)
    lines: release.Lines = field(default_factory=dict)
    fix_ready: datetime | None = None
    released: datetime | None = None
    invalid: datetime | None = None
    closed: datetime | None = None
    closed_for: str = ""
    published: datetime | None = None
    public: datetime | None = None
    scheduled: datetime | None = None
    embargo: Embargo = field(default_factory=Embargo)
    embargo_since: datetime | None = None
    cra: Cra = field(default_factory=Cra)

    @property
    def severity(self) -> Severity | None:
        """As last set."""
        return self.severities[-1][1] if self.severities else None


_WORDS = frozenset({EventKind.REPORT_ACKNOWLEDGED, EventKind.PLAN_SENT, EventKind.MESSAGE_SENT})
_ASSESSING = frozenset({EventKind.REPORT_ASSESSED, EventKind.REPORT_VALIDATED, EventKind.REPORT_INVALIDATED})
_FIRST = {
    EventKind.REPORT_ACKNOWLEDGED: "acknowledged",
    EventKind.PLAN_SENT: "planned",
    EventKind.REPORT_ACCEPTED: "accepted",
    EventKind.VARIANTS_AUDITED: "audited",
    EventKind.CREDIT_ASKED: "credited",
    EventKind.ADVISORY_PUBLISHED: "published",
}
_FREE = frozenset({EventKind.CREDIT_ASKED, EventKind.ADVISORY_PUBLISHED})
"""A program may ask for the credit and carry out a publication that people scheduled; nothing else here is a program's to do."""
_PUBLIC = frozenset({EventKind.PUBLIC_KNOWN, EventKind.EXPLOIT_PUBLIC, EventKind.ADVISORY_PUBLISHED})
_EMBARGO = frozenset(
    {EventKind.EMBARGO_PROPOSED, EventKind.EMBARGO_ACCEPTED, EventKind.EMBARGO_REJECTED, EventKind.EMBARGO_EXITED, EventKind.ATTACKS_OBSERVED} | _PUBLIC
)


def moments_of(events: Iterable[Event], now: datetime, team: Calendar | None = None) -> Moments:
    """The moments of one case, as they are known at `now`.

    Args:
        events: of one case, accepted by `desk.machines`, in order; those of the desk as a whole are passed over.
        now: later events do not count.
        team: where days are counted; all of the week, in UTC, with free weekends, if nothing is said.
    """
    told = Moments(now, team or Calendar())
    for event in events:
        if event.at <= now and event.case:
            _take(told, event)
    return told


def _take(told: Moments, event: Event) -> None:
    kind = event.kind
    if kind is EventKind.REPORT_RECEIVED:
        told.case, told.policy = event.case, event.text("policy")
        told.received = told.inbound = event.moment("received_at") or event.at
        lines = event.data.get("lines")
        told.lines = release.opened(str(line) for line in lines) if isinstance(lines, tuple) else {}
        return
    name = _FIRST.get(kind)
    if name is not None and (event.human or kind in _FREE) and getattr(told, name) is None:
        setattr(told, name, event.at)
    _talk(told, event)
    _judge(told, event)
    if kind in release.MOVES:
        _line(told, event)
    if kind in _EMBARGO:
        told.embargo = embargo_step(told.embargo, event, public=told.public is not None)
        if kind is EventKind.EMBARGO_ACCEPTED and told.embargo_since is None:
            told.embargo_since = event.at
    if kind in _PUBLIC and told.public is None:
        told.public = event.at
    if kind.value.startswith("cra."):
        told.cra = cra_step(told.cra, event)


def _talk(told: Moments, event: Event) -> None:
    """Words out and in, and the pauses between a question and what comes back."""
    if event.kind in _WORDS and event.human:
        told.words.append(event.at)
        waiting = bool(told.pauses) and told.pauses[-1][1] is None
        if event.flag("question") and not waiting:
            told.pauses.append((event.at, None))
    elif event.kind is EventKind.MESSAGE_RECEIVED or (event.kind is EventKind.CREDIT_ANSWERED and event.role == "reporter"):
        told.inbound = event.at
        if told.pauses and told.pauses[-1][1] is None:
            told.pauses[-1] = (told.pauses[-1][0], event.at)
    if event.kind is EventKind.CREDIT_ANSWERED and told.credited is None:
        told.credited = event.at


def _judge(told: Moments, event: Event) -> None:
    """What was found of the report itself."""
    kind = event.kind
    if kind in _ASSESSING and told.assessed is None and event.human:
        told.assessed = event.at
    if kind is EventKind.REPORT_INVALIDATED:
        told.invalid = event.at
    elif kind is EventKind.REPORT_VALIDATED:
        told.invalid = None
    elif kind is EventKind.REPORT_CLOSED:
        told.closed, told.closed_for = event.at, event.text("reason")
    elif kind is EventKind.ADVISORY_SCHEDULED:
        told.scheduled = event.moment("when")
    if kind in (EventKind.SEVERITY_SET, EventKind.REPORT_ASSESSED) and event.text("severity"):
        told.severities.append((event.at, Severity(event.text("severity"))))


def _line(told: Moments, event: Event) -> None:
    """Since when every affected line has its fix, and its release."""
    told.lines = release.step(told.lines, event)
    told.fix_ready = (told.fix_ready or event.at) if release.fix_ready(told.lines) else None
    told.released = (told.released or event.at) if release.released(told.lines) else None
