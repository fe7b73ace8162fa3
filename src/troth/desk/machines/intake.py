"""Whether the desk takes reports: open, paused (announced, from when to when), closed; and when each channel was last seen to work.

Rules: a pause is announced before it begins; what it means for who writes in the meantime (refused, with the date, or held) is part of the announcement;
whether it is in force is derived from the moment at which one looks. A case never depends on the intake's state.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType

from troth.desk.events import Event, EventKind
from troth.desk.machines.refusal import refuse

__all__ = ["Intake", "IntakeMode", "Pause", "fold_intake", "step"]


class IntakeMode(StrEnum):
    """States of the intake."""

    OPEN = "open"
    PAUSED = "paused"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class Pause:
    """An announced pause: `holds` is true where reports that arrive meanwhile wait, and count as received when it ends."""

    starts: datetime
    ends: datetime
    announced: datetime
    holds: bool = False


@dataclass(frozen=True, slots=True)
class Intake:
    """The intake as events left it.

    Attributes:
        closed: no reports are taken until it is opened.
        pause: the pause that was announced last, over or not; None after it was lifted.
        last_good: when a probe last arrived, by channel.
        last_probe: when a probe was last sent, by channel.
    """

    closed: bool = False
    pause: Pause | None = None
    last_good: Mapping[str, datetime] = field(default_factory=lambda: MappingProxyType({}))
    last_probe: Mapping[str, datetime] = field(default_factory=lambda: MappingProxyType({}))

    def mode_at(self, now: datetime) -> IntakeMode:
        """The state at a moment."""
        if self.closed:
            return IntakeMode.CLOSED
        if self.pause is not None and self.pause.starts <= now < self.pause.ends:
            return IntakeMode.PAUSED
        return IntakeMode.OPEN


def step(state: Intake, event: Event) -> Intake:
    """The intake after an event.

    Raises:
        TransitionError: it is closed already or open already, or a pause is not announced ahead or ends before it begins.
    """
    if event.kind is EventKind.CHANNEL_PROBED:
        return _probed(state, event)
    if event.kind is EventKind.INTAKE_PAUSED:
        return _paused(state, event)
    if event.kind is EventKind.INTAKE_CLOSED:
        if state.closed:
            raise refuse(event, "the intake is closed.", (EventKind.INTAKE_OPENED.value,))
        return replace(state, closed=True)
    if event.kind is EventKind.INTAKE_OPENED:
        if not state.closed and (state.pause is None or event.at >= state.pause.ends):
            raise refuse(event, "the intake is open.", (EventKind.INTAKE_PAUSED.value, EventKind.INTAKE_CLOSED.value))
        return replace(state, closed=False, pause=None)
    return state


def _paused(state: Intake, event: Event) -> Intake:
    starts, ends = event.moment("starts"), event.moment("ends")
    if state.closed:
        raise refuse(event, "the intake is closed.", (EventKind.INTAKE_OPENED.value,))
    if starts is None or ends is None or ends <= starts:
        raise refuse(event, "a pause ends after it begins.")
    if starts < event.at:
        raise refuse(event, "a pause is announced before it begins.")
    return replace(state, pause=Pause(starts, ends, event.at, event.text("mode") == "hold"))


def _probed(state: Intake, event: Event) -> Intake:
    channel = event.text("channel")
    sent = MappingProxyType({**state.last_probe, channel: event.at})
    if not event.flag("arrived"):
        return replace(state, last_probe=sent)
    return replace(state, last_probe=sent, last_good=MappingProxyType({**state.last_good, channel: event.at}))


def fold_intake(events: Iterable[Event]) -> Intake:
    """The intake after the desk's own events, in order.

    Raises:
        TransitionError: one of them may not follow.
    """
    state = Intake()
    for event in events:
        if not event.case:
            state = step(state, event)
    return state
