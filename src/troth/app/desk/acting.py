"""One event more: checked by the machines, appended, and what lists show brought up to date; all in the caller's transaction.

Rules: nothing changes a case but an event; an event that may not follow raises, and the transaction that it was part of is rolled back; rungs of the
ladder of reminders are outbox rows with a key of their own, so that each climbs once.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from troth.app.desk.opening import Desk
from troth.desk.clock_rules import clocks
from troth.desk.clocks import Clock
from troth.desk.events import Event
from troth.desk.machines import Case, apply
from troth.desk.storage.case_rows import CaseRow
from troth.store import Transaction

__all__ = ["next_due", "record", "refresh"]

TEAM_CLOCKS = frozenset({"acknowledge", "assess", "plan", "update", "fix", "develop", "disclose", "cra-24h", "cra-72h", "cra-14d", "cra-1m"})
"""Clocks on which the team owes something: what lists sort by."""


def next_due(running: Sequence[Clock]) -> tuple[str, datetime | None]:
    """Name and date of what is due first; empty where nothing is."""
    dues = [(clock.due, clock.name) for clock in running if clock.open and clock.due is not None and clock.name in TEAM_CLOCKS]
    if not dues:
        return "", None
    due, name = min(dues)
    return name, due


def record(desk: Desk, t: Transaction, row: CaseRow, key: bytes | None, *events: Event) -> Case:
    """Add events to a case.

    Args:
        desk: the desk.
        t: the caller's transaction.
        row: the case.
        key: its key; None where nobody here holds it (then free words are refused a place in the clear: leave them out).
        events: in order.

    Raises:
        TransitionError: one of them may not follow; it says why and what could.
    """
    code = desk.cases.code(row.number)
    before, state = desk.events.folded(t, row.uid, code, key)
    for event in events:
        state = apply(state, event)
    desk.events.append(t, [(row.uid, key, event) for event in events], {row.uid: len(before)})
    refresh(desk, t, row, state, (*before, *events))
    return state


def refresh(desk: Desk, t: Transaction, row: CaseRow, state: Case, events: Sequence[Event]) -> None:
    """Bring what lists show up to date."""
    now = desk.now()
    name, due = next_due(clocks(desk.policies.get(row.policy).policy, events, now, desk.team))
    desk.cases.change(
        t, row.uid, updated_at=now, state=state.report.value, advisory=state.advisory.value, severity=state.severity.value if state.severity else "",
        assignee=state.assignee, acknowledged=state.acknowledged is not None, clock=name, due_at=due,
    )  # fmt: skip
