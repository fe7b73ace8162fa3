"""What every machine raises when something may not happen now."""

from __future__ import annotations

from typing import ClassVar

from troth.desk.events import Event
from troth.errors import DeskError

__all__ = ["TransitionError", "refuse"]


class TransitionError(DeskError):
    """An event that may not follow what happened before; the state is unchanged.

    Attributes:
        event: what was tried.
        reason: why it may not happen, one sentence.
        legal: what could happen instead in the machine concerned, as names of kinds of events.
    """

    code: ClassVar[str] = "desk-transition"
    help: ClassVar[str] = "The message names what would be possible; nothing was changed."

    def __init__(self, event: Event, reason: str, legal: tuple[str, ...]) -> None:
        possible = f" Possible now: {', '.join(legal)}." if legal else " Nothing more is possible here."
        super().__init__(f"{event.kind} is refused: {reason}{possible}")
        self.event = event
        self.reason = reason
        self.legal = legal


def refuse(event: Event, reason: str, legal: tuple[str, ...] = ()) -> TransitionError:
    """The error to raise; `legal` in the order given."""
    return TransitionError(event, reason, legal)
