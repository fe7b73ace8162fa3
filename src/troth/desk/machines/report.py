"""The report's own machine (RM of the CERT/CC Vultron protocol): received, judged, accepted or deferred, closed.

Rules: INVALID may become VALID, never the other way round; a report is closed only from INVALID, DEFERRED or ACCEPTED, and never reopened (a new report is
a new case). Acknowledged is no state but a fact that a *human* makes true: an automatic receipt never does.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from troth.desk.events import Event, EventKind
from troth.desk.machines.refusal import refuse

__all__ = ["Report", "legal", "step"]


class Report(StrEnum):
    """States of a report."""

    START = "start"
    RECEIVED = "received"
    VALID = "valid"
    INVALID = "invalid"
    ACCEPTED = "accepted"
    DEFERRED = "deferred"
    CLOSED = "closed"


_TABLE: Final[Mapping[Report, Mapping[EventKind, Report]]] = MappingProxyType(
    {
        Report.START: {EventKind.REPORT_RECEIVED: Report.RECEIVED},
        Report.RECEIVED: {EventKind.REPORT_VALIDATED: Report.VALID, EventKind.REPORT_INVALIDATED: Report.INVALID},
        Report.INVALID: {EventKind.REPORT_VALIDATED: Report.VALID, EventKind.REPORT_CLOSED: Report.CLOSED},
        Report.VALID: {EventKind.REPORT_ACCEPTED: Report.ACCEPTED, EventKind.REPORT_DEFERRED: Report.DEFERRED},
        Report.ACCEPTED: {EventKind.REPORT_DEFERRED: Report.DEFERRED, EventKind.REPORT_CLOSED: Report.CLOSED},
        Report.DEFERRED: {EventKind.REPORT_ACCEPTED: Report.ACCEPTED, EventKind.REPORT_CLOSED: Report.CLOSED},
        Report.CLOSED: {},
    }
)
MOVES: Final = frozenset(kind for row in _TABLE.values() for kind in row)
"""Kinds that move a report; all others leave it where it is."""


def legal(state: Report) -> tuple[str, ...]:
    """Kinds that may move a report out of a state."""
    return tuple(kind.value for kind in _TABLE[state])


def step(state: Report, event: Event) -> Report:
    """The state after an event.

    Raises:
        TransitionError: the event may not follow.
    """
    if event.kind not in MOVES:
        return state
    after = _TABLE[state].get(event.kind)
    if after is None:
        raise refuse(event, _why(state, event), legal(state))
    return after


def _why(state: Report, event: Event) -> str:
    if state is Report.START:
        return "nothing was reported yet."
    if state is Report.CLOSED:
        return "the report is closed for good; further news is a new report."
    if event.kind is EventKind.REPORT_RECEIVED:
        return "a case has one report."
    if event.kind is EventKind.REPORT_CLOSED:
        return f"a report that is {state} is closed only after it was judged (invalid, or accepted or deferred)."
    if event.kind is EventKind.REPORT_INVALIDATED:
        return f"the report is {state}; what was found valid is not made invalid again, but deferred or closed with a reason."
    return f"the report is {state}."
