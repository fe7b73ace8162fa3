"""One case from its events: all machines side by side, folded in order.

`apply` is the only way forward: it returns the next state or raises `TransitionError` and leaves the old one as it was. Folding a log again gives an equal
state, and the state after n events is the state that the first n give. Time only goes forward: an event that was recorded earlier than the last one, by more
than the skew of two clocks, is refused.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Final

from troth.desk.events import Event, EventKind, Severity
from troth.desk.machines import cra, embargo, publication, release, report
from troth.desk.machines.case_state import CaseFacts, Fact, after
from troth.desk.machines.refusal import refuse

__all__ = ["SKEW", "Case", "apply", "fold", "legal"]

SKEW: Final = timedelta(seconds=5)
"""How much earlier than the event before it an event may have been recorded."""


@dataclass(frozen=True, slots=True)
class Case:
    """A case as its events left it.

    Attributes:
        id: id of the case; empty before the first event.
        report: state of the report.
        closed_for: why it was closed; empty before.
        facts: what is true of the vulnerability (V, F, D, P, X, A).
        embargo, lines, advisory, credit, cra: the other machines.
        severity: as last set; None before.
        policy: digest of the policy that was in force at reception: the promise that the reporter read.
        acknowledged: when a human first acknowledged it; None before.
        assignee: who leads it; empty for nobody.
        tags: words for lists and statistics.
        last: when the last event was recorded.
        events: how many were folded.
    """

    id: str = ""
    report: report.Report = report.Report.START
    closed_for: str = ""
    facts: CaseFacts = frozenset()
    embargo: embargo.Embargo = field(default_factory=embargo.Embargo)
    lines: release.Lines = field(default_factory=lambda: MappingProxyType({}))
    advisory: publication.Publication = publication.Publication.NONE
    credit: publication.Credit = publication.Credit.NONE
    cra: cra.Cra = field(default_factory=cra.Cra)
    severity: Severity | None = None
    policy: str = ""
    acknowledged: datetime | None = None
    assignee: str = ""
    tags: frozenset[str] = frozenset()
    last: datetime | None = None
    events: int = 0

    @property
    def public(self) -> bool:
        """The public knows of the vulnerability."""
        return Fact.P in self.facts


_HUMAN_ONLY: Final = frozenset({EventKind.REPORT_ACKNOWLEDGED, EventKind.REPORT_INVALIDATED, EventKind.REPORT_CLOSED})
_AFTER_CLOSE: Final = frozenset(
    {
        EventKind.NOTE_ADDED, EventKind.TAG_ADDED, EventKind.TAG_REMOVED, EventKind.CASE_ASSIGNED, EventKind.MESSAGE_SENT, EventKind.MESSAGE_RECEIVED,
        EventKind.PUBLIC_KNOWN, EventKind.EXPLOIT_PUBLIC, EventKind.ATTACKS_OBSERVED, EventKind.ADVISORY_DRAFTED, EventKind.ADVISORY_SCHEDULED,
        EventKind.ADVISORY_PUBLISHED, EventKind.ADVISORY_CORRECTED, EventKind.ADVISORY_WITHDRAWN, EventKind.CREDIT_ASKED, EventKind.CREDIT_ANSWERED,
        EventKind.CREDIT_REVOKED, EventKind.CRA_AWARE, EventKind.CRA_DECIDED, EventKind.CRA_MEASURE, EventKind.CRA_FILED, EventKind.EMBARGO_EXITED,
        EventKind.REPORT_ACKNOWLEDGED, EventKind.VARIANTS_AUDITED,
    }
)  # fmt: skip
"""What may still happen to a closed case: all reports are disclosed when done, valid or not, and authorities may ask later."""
_ALWAYS: Final = (
    EventKind.REPORT_ACKNOWLEDGED, EventKind.REPORT_ASSESSED, EventKind.SEVERITY_SET, EventKind.PLAN_SENT, EventKind.VARIANTS_AUDITED,
    EventKind.MESSAGE_SENT, EventKind.MESSAGE_RECEIVED, EventKind.NOTE_ADDED, EventKind.CASE_ASSIGNED, EventKind.TAG_ADDED, EventKind.TAG_REMOVED,
    EventKind.PUBLIC_KNOWN, EventKind.EXPLOIT_PUBLIC, EventKind.ATTACKS_OBSERVED, EventKind.RECEIPT_SENT,
)  # fmt: skip
"""What no machine forbids once there is a report."""
_FACTS: Final = {EventKind.PUBLIC_KNOWN: Fact.P, EventKind.ADVISORY_PUBLISHED: Fact.P, EventKind.EXPLOIT_PUBLIC: Fact.X, EventKind.ATTACKS_OBSERVED: Fact.A}


def apply(case: Case, event: Event) -> Case:
    """The case after one more event.

    Raises:
        TransitionError: the event may not follow; it says why and what could.
    """
    _admit(case, event)
    public = case.public
    bound = case.embargo.binds(event.at)
    after_report = report.step(case.report, event)
    lines = release.opened(_texts(event, "lines")) if event.kind is EventKind.REPORT_RECEIVED else release.step(case.lines, event)
    moved = replace(
        case,
        id=event.case,
        report=after_report,
        closed_for=event.text("reason") if event.kind is EventKind.REPORT_CLOSED else case.closed_for,
        embargo=embargo.step(case.embargo, event, public=public),
        lines=lines,
        advisory=publication.step(case.advisory, event, bound=bound),
        credit=publication.credit_step(case.credit, event, case.advisory),
        cra=cra.step(case.cra, event),
        last=event.at if case.last is None else max(case.last, event.at),
        events=case.events + 1,
    )
    moved = _noted(moved, event)
    return replace(moved, facts=_facts(moved, event))


def _admit(case: Case, event: Event) -> None:
    """Refuse what no machine needs to see: another case's event, a clock that went back, a program in a human's place, a closed case."""
    if not event.case or (case.id and event.case != case.id):
        raise refuse(event, f"it belongs to {event.case or 'the whole desk'}, not to case {case.id or 'yet unnamed'}.")
    if case.last is not None and event.at < case.last - SKEW:
        raise refuse(event, "it was recorded earlier than the event before it: a clock went back.")
    if case.report is report.Report.START and event.kind is not EventKind.REPORT_RECEIVED:
        raise refuse(event, "nothing was reported yet.", report.legal(case.report))
    if event.kind in _HUMAN_ONLY and not event.human:
        raise refuse(event, f"only a person of the project may do this, not {event.actor}.")
    if event.kind is EventKind.REPORT_RECEIVED and (event.moment("received_at") or event.at) > event.at:
        raise refuse(event, "it was received in the future.")
    if case.report is report.Report.CLOSED and event.kind not in _AFTER_CLOSE:
        raise refuse(event, "the case is closed.", tuple(sorted(kind.value for kind in _AFTER_CLOSE)))


def _texts(event: Event, name: str) -> tuple[str, ...]:
    value = event.data.get(name)
    return tuple(str(item) for item in value) if isinstance(value, tuple) else ()


def _noted(case: Case, event: Event) -> Case:
    """What is remembered without a machine of its own."""
    if event.kind is EventKind.REPORT_RECEIVED:
        return replace(case, policy=event.text("policy"))
    if event.kind is EventKind.REPORT_ACKNOWLEDGED and case.acknowledged is None:
        return replace(case, acknowledged=event.at)
    if event.kind in (EventKind.SEVERITY_SET, EventKind.REPORT_ASSESSED) and event.text("severity"):
        return replace(case, severity=Severity(event.text("severity")))
    if event.kind is EventKind.CASE_ASSIGNED:
        return replace(case, assignee=event.text("to"))
    if event.kind is EventKind.TAG_ADDED:
        return replace(case, tags=case.tags | {event.text("tag")})
    return replace(case, tags=case.tags - {event.text("tag")}) if event.kind is EventKind.TAG_REMOVED else case


def _facts(case: Case, event: Event) -> CaseFacts:
    """F and D follow from the lines and may be undone by reopening one; the others, once true, stay so."""
    told = case.facts - {Fact.F, Fact.D} | {Fact.V}
    if event.kind in _FACTS:
        told = after(told, _FACTS[event.kind])
    if release.fix_ready(case.lines):
        told = after(told, Fact.F)
    return after(told, Fact.D) if release.released(case.lines) else told


def fold(events: Iterable[Event], start: Case | None = None) -> Case:
    """The case after all events, in order.

    Raises:
        TransitionError: one of them may not follow.
    """
    case = Case() if start is None else start
    for event in events:
        case = apply(case, event)
    return case


def legal(case: Case) -> tuple[str, ...]:
    """Kinds of events that the machines would accept now, for menus and messages; an event's own data may still be refused."""
    if case.report is report.Report.START:
        return report.legal(case.report)
    kinds = (
        *report.legal(case.report),
        *embargo.legal(case.embargo, public=case.public),
        *release.legal(case.lines),
        *publication.legal(case.advisory),
        *publication.legal_credit(case.credit, case.advisory),
        *cra.legal(case.cra),
        *(kind.value for kind in _ALWAYS),
    )
    allowed = tuple(dict.fromkeys(kinds))
    return tuple(kind for kind in allowed if kind in _AFTER_CLOSE) if case.report is report.Report.CLOSED else allowed
