"""The ledger beside the desk's events: every event is a leaf of a Merkle log, in the transaction that records it.

Rules: a leaf commits to what the event says in the clear (kind, time, who by id, fields that clocks need) and to nothing that somebody wrote; the case is
named by its random id, so that an erased case leaves nothing that leads to a person, and the log still verifies.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

from troth.desk.events import Event
from troth.ledger.entry import Entry
from troth.ledger.log import Log
from troth.store import Transaction

__all__ = ["ORIGIN", "Chronicle"]

ORIGIN: Final = "troth/desk"
"""Name of the desk's log."""


class Chronicle:
    """The desk's ledger."""

    def __init__(self) -> None:
        self.log = Log(ORIGIN)

    def tell(self, transaction: Transaction, kind: str, at: datetime, actor: str, data: Mapping[str, object]) -> None:
        """Add one leaf about the desk itself that is no event of a case: a way to sign in that came or went."""
        self.log.append(transaction, Entry(kind, int(at.timestamp() * 1000), actor, "desk", dict(data)))

    def append(self, transaction: Transaction, entries: Sequence[tuple[str, Event, Mapping[str, object]]]) -> None:
        """Add leaves.

        Args:
            transaction: the caller's.
            entries: uid of the case (empty for the desk's own), event, its clear data.
        """
        self.log.append_many(
            transaction, [Entry(event.kind.value, int(event.at.timestamp() * 1000), event.actor, uid or "desk", dict(data)) for uid, event, data in entries]
        )
