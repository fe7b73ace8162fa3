"""The events of the desk: the only truth about a case; everything else is derived by folding them.

Rules: an event says what happened (`kind`), when it was recorded (`at`, UTC, microseconds), who did it (`actor`, with a role) and what is needed to know
about it (`data`, typed per kind); it is plain data, goes to JSON and comes back equal, and is never changed. What really happened earlier is told in
`occurred_at` with a reason; limits are judged by `at`.

Report texts, names of files, addresses and other content are no part of events: they are stored elsewhere, under keys of their own, and named by id.
Does not decide whether an event may follow another (`desk.machines` does), stores nothing, and knows no clock.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from types import MappingProxyType
from typing import ClassVar, Final

from troth.errors import DeskError
from troth.terms.values import Value

__all__ = ["ROLES", "Event", "EventError", "EventKind", "Severity", "from_json", "instant", "make", "stamp"]


class EventError(DeskError):
    """An event that cannot be read: unknown kind, field missing, of the wrong type or too long, no zone."""

    code: ClassVar[str] = "desk-event"
    help: ClassVar[str] = "The message names the field; the kinds and their fields are listed in docs/desk-model.md."


class Severity(StrEnum):
    """How bad it is, in the four words that policies use."""

    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


class EventKind(StrEnum):
    """What can happen. The part before the dot names the machine that listens."""

    REPORT_RECEIVED = "report.received"
    RECEIPT_SENT = "report.receipt-sent"
    REPORT_ACKNOWLEDGED = "report.acknowledged"
    REPORT_ASSESSED = "report.assessed"
    REPORT_VALIDATED = "report.validated"
    REPORT_INVALIDATED = "report.invalidated"
    REPORT_ACCEPTED = "report.accepted"
    REPORT_DEFERRED = "report.deferred"
    REPORT_CLOSED = "report.closed"
    SEVERITY_SET = "severity.set"
    PLAN_SENT = "plan.sent"
    VARIANTS_AUDITED = "variants.audited"
    MESSAGE_SENT = "message.sent"
    MESSAGE_RECEIVED = "message.received"
    NOTE_ADDED = "note.added"
    CASE_ASSIGNED = "case.assigned"
    TAG_ADDED = "tag.added"
    TAG_REMOVED = "tag.removed"
    EMBARGO_PROPOSED = "embargo.proposed"
    EMBARGO_ACCEPTED = "embargo.accepted"
    EMBARGO_REJECTED = "embargo.rejected"
    EMBARGO_EXITED = "embargo.exited"
    PARTICIPANT_INVITED = "participant.invited"
    PARTICIPANT_ACCEPTED = "participant.accepted"
    PARTICIPANT_DECLINED = "participant.declined"
    PUBLIC_KNOWN = "public.known"
    EXPLOIT_PUBLIC = "exploit.public"
    ATTACKS_OBSERVED = "attacks.observed"
    LINE_ADDED = "line.added"
    LINE_FIX_READY = "line.fix-ready"
    LINE_RELEASED = "line.released"
    LINE_NOT_AFFECTED = "line.not-affected"
    LINE_WONT_FIX = "line.wont-fix"
    LINE_REOPENED = "line.reopened"
    ADVISORY_DRAFTED = "advisory.drafted"
    ADVISORY_SCHEDULED = "advisory.scheduled"
    ADVISORY_PUBLISHED = "advisory.published"
    ADVISORY_CORRECTED = "advisory.corrected"
    ADVISORY_WITHDRAWN = "advisory.withdrawn"
    CREDIT_ASKED = "credit.asked"
    CREDIT_ANSWERED = "credit.answered"
    CREDIT_REVOKED = "credit.revoked"
    CRA_AWARE = "cra.aware"
    CRA_DECIDED = "cra.decided"
    CRA_MEASURE = "cra.measure-available"
    CRA_FILED = "cra.filed"
    INTAKE_OPENED = "intake.opened"
    INTAKE_PAUSED = "intake.paused"
    INTAKE_CLOSED = "intake.closed"
    CHANNEL_PROBED = "channel.probed"


ROLES: Final = frozenset({"reporter", "team", "coordinator", "participant", "system"})
"""Who acts. `team` and `coordinator` are people of the project; `system` is a program and never stands for a human act."""
HUMAN_ROLES: Final = frozenset({"team", "coordinator"})

MAX_TEXT: Final = 2_000
"""Longest text of a field, in characters: events carry no content."""
_ACTOR: Final = re.compile(r"(?P<role>[a-z]{4,12})(?::(?P<name>[A-Za-z0-9][A-Za-z0-9._@+-]{0,127}))?\Z")
_CASE: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}\Z")
_UNSTORABLE: Final = re.compile("[\x00\ud800-\udfff]")
_INSTANT: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,6})?(?:Z|[+-]\d\d:\d\d)\Z")

_SEVERITIES: Final = frozenset(severity.value for severity in Severity)
CLOSE_REASONS: Final = frozenset(
    {"fixed", "duplicate", "not-a-vulnerability", "unsupported-version", "other-vendor", "wont-fix", "spam", "withdrawn"}
)
"""Why a report is closed: the exits of ISO/IEC 30111 7.1.4 and those of practice."""

# types of fields: text, instant, flag, number, texts, or the name of a set of words; a `?` after the type: may be absent
_CHOICES: Final[Mapping[str, frozenset[str]]] = {
    "severity": _SEVERITIES,
    "close": CLOSE_REASONS,
    "exit": frozenset({"public", "exploit-public", "attacks", "agreed", "lapsed", "other"}),
    "credit": frozenset({"named", "anonymous", "declined"}),
    "trigger": frozenset({"exploited", "incident"}),
    "decision": frozenset({"reportable", "not-reportable", "voluntary"}),
    "stage": frozenset({"early-warning", "notification", "final"}),
    "mode": frozenset({"refuse", "hold"}),
}
_BACKDATED: Final = {"occurred_at": "instant?", "reason": "text?"}
_FIELDS: Final[Mapping[EventKind, Mapping[str, str]]] = {
    EventKind.REPORT_RECEIVED: {"received_at": "instant?", "channel": "text", "policy": "text?", "lines": "texts?", "exploited": "flag?"},
    EventKind.RECEIPT_SENT: {"message": "text?"},
    EventKind.REPORT_ACKNOWLEDGED: {"message": "text?"},
    EventKind.REPORT_ASSESSED: {"severity": "severity?", "message": "text?"},
    EventKind.REPORT_VALIDATED: {"message": "text?"},
    EventKind.REPORT_INVALIDATED: {"reason": "text", "rule": "text?", "message": "text?"},
    EventKind.REPORT_ACCEPTED: {"message": "text?"},
    EventKind.REPORT_DEFERRED: {"reason": "text", "until": "instant?"},
    EventKind.REPORT_CLOSED: {"reason": "close", "of": "text?", "rule": "text?", "message": "text?"},
    EventKind.SEVERITY_SET: {"severity": "severity", "vector": "text?", "reason": "text?"},
    EventKind.PLAN_SENT: {"message": "text?", "target": "instant?"},
    EventKind.VARIANTS_AUDITED: {"found": "number", "note": "text?"},
    EventKind.MESSAGE_SENT: {"message": "text?", "question": "flag?", "to": "text?"},
    EventKind.MESSAGE_RECEIVED: {"message": "text?", "channel": "text?"},
    EventKind.NOTE_ADDED: {"note": "text?"},
    EventKind.CASE_ASSIGNED: {"to": "text"},
    EventKind.TAG_ADDED: {"tag": "text"},
    EventKind.TAG_REMOVED: {"tag": "text"},
    EventKind.EMBARGO_PROPOSED: {"until": "instant", "zone": "text?", "by": "text?"},
    EventKind.EMBARGO_ACCEPTED: {"by": "text?"},
    EventKind.EMBARGO_REJECTED: {"by": "text?", "reason": "text?"},
    EventKind.EMBARGO_EXITED: {"reason": "exit", "note": "text?"},
    EventKind.PARTICIPANT_INVITED: {"participant": "text", "rsvp": "instant?"},
    EventKind.PARTICIPANT_ACCEPTED: {"participant": "text"},
    EventKind.PARTICIPANT_DECLINED: {"participant": "text", "reason": "text?"},
    EventKind.PUBLIC_KNOWN: {"where": "text?", **_BACKDATED},
    EventKind.EXPLOIT_PUBLIC: {"where": "text?", **_BACKDATED},
    EventKind.ATTACKS_OBSERVED: {"where": "text?", **_BACKDATED},
    EventKind.LINE_ADDED: {"line": "text"},
    EventKind.LINE_FIX_READY: {"line": "text", "commit": "text?"},
    EventKind.LINE_RELEASED: {"line": "text", "version": "text"},
    EventKind.LINE_NOT_AFFECTED: {"line": "text", "reason": "text?"},
    EventKind.LINE_WONT_FIX: {"line": "text", "reason": "text"},
    EventKind.LINE_REOPENED: {"line": "text", "reason": "text"},
    EventKind.ADVISORY_DRAFTED: {"format": "text?"},
    EventKind.ADVISORY_SCHEDULED: {"when": "instant", "zone": "text?"},
    EventKind.ADVISORY_PUBLISHED: {"id": "text?", "where": "text?"},
    EventKind.ADVISORY_CORRECTED: {"reason": "text"},
    EventKind.ADVISORY_WITHDRAWN: {"reason": "text"},
    EventKind.CREDIT_ASKED: {"message": "text?"},
    EventKind.CREDIT_ANSWERED: {"choice": "credit"},
    EventKind.CREDIT_REVOKED: {},
    EventKind.CRA_AWARE: {"trigger": "trigger", "aware_at": "instant?", "evidence": "text?"},
    EventKind.CRA_DECIDED: {"decision": "decision", "reason": "text"},
    EventKind.CRA_MEASURE: {"what": "text?", "available_at": "instant?"},
    EventKind.CRA_FILED: {"stage": "stage", "receipt": "text?", "filed_at": "instant?"},
    EventKind.INTAKE_OPENED: {},
    EventKind.INTAKE_PAUSED: {"starts": "instant", "ends": "instant", "mode": "mode?"},
    EventKind.INTAKE_CLOSED: {"reason": "text?"},
    EventKind.CHANNEL_PROBED: {"channel": "text", "arrived": "flag"},
}


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened; made with `make` or `from_json`, which check it.

    Attributes:
        kind: what.
        at: when it was recorded, UTC.
        actor: `role` or `role:name`; roles are in `ROLES`.
        case: id of the case; empty for what concerns the desk as a whole (intake, probes).
        data: fields of this kind; instants are RFC 3339 text in UTC with a `Z`.
    """

    kind: EventKind
    at: datetime
    actor: str
    case: str = ""
    data: Mapping[str, Value] = field(default_factory=lambda: MappingProxyType({}), hash=False)

    @property
    def role(self) -> str:
        """Role of the actor."""
        return self.actor.partition(":")[0]

    @property
    def human(self) -> bool:
        """A person of the project did it."""
        return self.role in HUMAN_ROLES

    def text(self, name: str) -> str:
        """Text of a field; empty where it is absent."""
        value = self.data.get(name)
        return value if isinstance(value, str) else ""

    def flag(self, name: str) -> bool:
        """Truth of a field; false where it is absent."""
        return self.data.get(name) is True

    def moment(self, name: str) -> datetime | None:
        """Instant of a field, or None."""
        value = self.data.get(name)
        return instant(value) if isinstance(value, str) else None

    def to_json(self) -> dict[str, Value]:
        """Plain data for a log; `from_json` gives an equal event."""
        return {
            "kind": self.kind.value,
            "at": stamp(self.at),
            "actor": self.actor,
            "case": self.case,
            "data": dict(self.data),
        }


def stamp(moment: datetime) -> str:
    """An instant as text: RFC 3339, UTC, always microseconds (`2026-11-21T09:00:00.000000Z`); sorts as time does.

    Raises:
        EventError: it has no zone, or lies before 1970 or after 2199.
    """
    return _in_use(moment).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def instant(text: str) -> datetime:
    """The instant that a text names, in UTC.

    Raises:
        EventError: no RFC 3339 time with a zone.
    """
    if not _INSTANT.match(text):
        raise EventError(f"{text[:60]!r} is no RFC 3339 time with a zone")
    try:
        return _in_use(datetime.fromisoformat(text))
    except (ValueError, OverflowError) as error:
        raise EventError(f"{text[:60]!r} is no time that exists") from error


def _in_use(moment: datetime) -> datetime:
    """The instant in UTC, if it lies where cases can: no arithmetic on it can then leave the calendar.

    Raises:
        EventError: it has no zone, or lies before 1970 or after 2199.
    """
    if moment.tzinfo is None:
        raise EventError("the time of an event needs a zone")
    if not 1970 <= moment.year < 2200:
        raise EventError(f"{moment.year} is no year of a case")
    return moment.astimezone(UTC)


def make(kind: EventKind, at: datetime, actor: str, case: str = "", /, **data: object) -> Event:
    """A checked event; instants may be given as aware `datetime`s, absent fields as None.

    Raises:
        EventError: a field is unknown, missing or of the wrong type, the actor has no role, or a time has no zone.
    """
    match = _ACTOR.match(actor)
    if match is None or match["role"] not in ROLES:
        raise EventError(f"{actor[:80]!r} is no actor: it has to start with one of {', '.join(sorted(ROLES))}")
    about_desk = kind.value.startswith(("intake.", "channel."))
    if about_desk and case:
        raise EventError(f"{kind} concerns the whole desk, not case {case[:64]!r}")
    if not about_desk and not _CASE.match(case):
        raise EventError(f"{case[:64]!r} is no id of a case (letters, digits, dot, dash, underscore; at most 64)")
    moment = _in_use(at)
    fields = _FIELDS[kind]
    unknown = sorted(set(data) - set(fields))
    if unknown:
        raise EventError(f"{kind} has no field {unknown[0][:60]!r}; it has {', '.join(fields) or 'none'}")
    checked = {name: _checked(kind, name, kinds, data.get(name)) for name, kinds in fields.items() if _given(kind, name, kinds, data)}
    return Event(kind, moment, actor, case, MappingProxyType(checked))


def from_json(raw: Mapping[str, object]) -> Event:
    """The event that `Event.to_json` wrote.

    Raises:
        EventError: it is none.
    """
    data = raw.get("data", {})
    kind, at, actor, case = (raw.get(name, "") for name in ("kind", "at", "actor", "case"))
    if not isinstance(data, Mapping) or not all(isinstance(item, str) for item in (kind, at, actor, case)):
        raise EventError("an event has text in kind, at, actor and case, and an object in data")
    if set(raw) - {"kind", "at", "actor", "case", "data"} or not all(isinstance(name, str) for name in data):
        raise EventError("an event has only kind, at, actor, case and data")
    try:
        which = EventKind(str(kind))
    except ValueError as error:
        raise EventError(f"{str(kind)[:60]!r} is no kind of event") from error
    return make(which, instant(str(at)), str(actor), str(case), **{str(name): value for name, value in data.items()})


def _given(kind: EventKind, name: str, kinds: str, data: Mapping[str, object]) -> bool:
    if data.get(name) is not None:
        return True
    if kinds.endswith("?"):
        return False
    raise EventError(f"{kind} needs the field {name!r}")


def _checked(kind: EventKind, name: str, kinds: str, value: object) -> Value:
    """A field's value in the form that goes to JSON."""
    base = kinds.removesuffix("?")
    if base == "instant":
        if isinstance(value, datetime):
            return stamp(value)
        return stamp(instant(value)) if isinstance(value, str) else _refuse(kind, name, "an instant")
    if base == "flag":
        return value if isinstance(value, bool) else _refuse(kind, name, "true or false")
    if base == "number":
        good = isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**53
        return value if good and isinstance(value, int) else _refuse(kind, name, "a whole number that is not negative")
    if base == "texts":
        if isinstance(value, (tuple, list)) and len(value) <= 100 and all(_short(item) for item in value):
            return tuple(str(item) for item in value)
        return _refuse(kind, name, "a list of at most 100 texts")
    if not _short(value) or not isinstance(value, str):
        return _refuse(kind, name, f"text of at most {MAX_TEXT} characters")
    allowed = _CHOICES.get(base)
    if allowed is not None and value not in allowed:
        return _refuse(kind, name, "one of " + ", ".join(sorted(allowed)))
    return str(value)


def _short(value: object) -> bool:
    """Text that fits, and that every store and every encoding takes: no NUL, no half of a surrogate pair."""
    return isinstance(value, str) and len(value) <= MAX_TEXT and not _UNSTORABLE.search(value)


def _refuse(kind: EventKind, name: str, wanted: str) -> Value:
    raise EventError(f"{kind}: the field {name!r} has to be {wanted}")
