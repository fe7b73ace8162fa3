"""Events as rows: what clocks and machines need in the clear, free words under the case's key; and each of them in the ledger.

Rules: an event is appended in the transaction that does what it tells of; a row is never changed. What is sealed leaves the mark `SEALED` in its place, so
that an erased case still folds to the same state. The ledger gets the same clear data, never the sealed words.

What was read of a case is remembered without its sealed words, and what follows from it as far as no sealed word comes in: a case of a thousand messages is
read and folded once, then only what was added since. Rows are never changed, so that is the same answer; where the last row that was remembered is not in the
database as it was, everything is read anew. Only what was committed is remembered.
"""

from __future__ import annotations

import json
import threading
from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from sqlalchemy import func, insert, select

from troth.desk.crypt.envelope import place, seal, unseal
from troth.desk.events import Event, EventKind, from_json
from troth.desk.machines import Case, fold
from troth.desk.storage.chronicle import Chronicle
from troth.desk.tables import EVENTS
from troth.store import Transaction
from troth.terms.values import Value

__all__ = ["SEALED", "EventRows", "codes_of"]

SEALED: Final = "(sealed)"
_WORDS: Final = frozenset({"rule", "where", "evidence", "what", "tag", "vector", "note", "commit", "reason"})
_PLAIN: Final[Mapping[EventKind, frozenset[str]]] = {
    EventKind.REPORT_CLOSED: frozenset({"reason"}),
    EventKind.EMBARGO_EXITED: frozenset({"reason"}),
    EventKind.NOTE_ADDED: frozenset({"note"}),
}
"""Fields of that name which hold a word of a fixed set, or an id."""


_MOST: Final = 200_000
"""Events that are remembered of all cases together: about 200 MB at the worst, and far less as cases are."""


@dataclass(frozen=True, slots=True)
class _Known:
    """The first events of a case.

    Attributes:
        events: with marks for sealed words. sealed: position -> what opens to them.
        head: the last row, as the database had it.
        state: after the first events, none of which has sealed words. folded: how many those are.
    """

    events: tuple[Event, ...]
    sealed: Mapping[int, bytes]
    head: Mapping[str, object]
    state: Case
    folded: int


class _Remembered:
    """What was read last, oldest forgotten first."""

    def __init__(self) -> None:
        self._known: OrderedDict[tuple[str, str], _Known] = OrderedDict()
        self._events = 0
        self._lock = threading.Lock()

    def get(self, uid: str, code: str) -> _Known | None:
        with self._lock:
            known = self._known.get((uid, code))
            if known is not None:
                self._known.move_to_end((uid, code))
            return known

    def put(self, uid: str, code: str, known: _Known) -> None:
        with self._lock:
            old = self._known.pop((uid, code), None)
            self._events += len(known.events) - (len(old.events) if old is not None else 0)
            self._known[uid, code] = known
            while self._events > _MOST and self._known:
                _key, dropped = self._known.popitem(last=False)
                self._events -= len(dropped.events)


@dataclass(frozen=True, slots=True)
class EventRows:
    """The log of events.

    Attributes:
        tenant: whose.
        chronicle: the ledger beside it.
    """

    tenant: str
    chronicle: Chronicle
    _remembered: _Remembered = field(default_factory=_Remembered, repr=False, compare=False)

    def append(self, transaction: Transaction, items: Sequence[tuple[str, bytes | None, Event]], after: Mapping[str, int] | None = None) -> None:
        """Add events in order.

        Args:
            transaction: the caller's.
            items: uid of the case (empty for the desk's own), the case's key (None where it is not at hand: then no free words may be in it), event.
            after: last sequence number per uid where the caller knows it; otherwise it is looked up.
        """
        last = dict(after) if after is not None else {}
        rows: list[dict[str, Any]] = []
        for uid, key, event in items:
            if uid not in last:
                last[uid] = self.last(transaction, uid)
            last[uid] += 1
            clear, words = _split(event)
            if words and key is None:
                clear, words = {**clear, **words}, {}
            where = place(self.tenant, uid, "event", str(last[uid]))
            sealed = seal(key, json.dumps(words).encode(), where) if words and key is not None else b""
            rows.append({
                "tenant": self.tenant, "case_uid": uid, "seq": last[uid], "kind": event.kind.value, "at": event.at, "actor": event.actor, "data": clear, "sealed": sealed,
            })  # fmt: skip
        if rows:
            transaction.execute(insert(EVENTS), rows)
            self.chronicle.append(transaction, [(row["case_uid"], event, row["data"]) for row, (_uid, _key, event) in zip(rows, items, strict=True)])

    def last(self, transaction: Transaction, uid: str) -> int:
        """Sequence number of a case's last event; 0 where it has none."""
        found = transaction.execute(select(func.max(EVENTS.c.seq)).where(EVENTS.c.tenant == self.tenant, EVENTS.c.case_uid == uid)).scalar()
        return int(found or 0)

    def read(self, transaction: Transaction, uid: str, code: str, key: bytes | None = None) -> tuple[Event, ...]:
        """A case's events in order.

        Args:
            transaction: to read in.
            uid: of the case.
            code: its short id, which events carry.
            key: its key; without it, free words read `SEALED`.
        """
        known = self._read(transaction, uid, code)
        return self._opened(known, uid, key) if known is not None else ()

    def folded(self, transaction: Transaction, uid: str, code: str, key: bytes | None = None) -> tuple[tuple[Event, ...], Case]:
        """A case's events in order, and the state that they lead to; arguments as those of `read`.

        Raises:
            TransitionError: one of them may not follow.
        """
        known = self._read(transaction, uid, code)
        if known is None:
            return (), Case()
        until = min(known.sealed, default=len(known.events))
        if until > known.folded:
            known = replace(known, state=fold(known.events[known.folded : until], known.state), folded=until)
            self._remember(transaction, uid, code, known)
        events = self._opened(known, uid, key)
        return events, fold(events[known.folded :], known.state)

    def _remember(self, transaction: Transaction, uid: str, code: str, known: _Known) -> None:
        transaction.after_commit(lambda: self._remembered.put(uid, code, known))

    def _read(self, transaction: Transaction, uid: str, code: str) -> _Known | None:
        known = self._remembered.get(uid, code)
        fresh = self._rows(transaction, uid, len(known.events) if known is not None else 0)
        if known is not None and (not fresh or fresh[0] != known.head):
            known, fresh = None, self._rows(transaction, uid, 0)
        elif known is not None:
            fresh = fresh[1:]
        if not fresh:
            return known
        begun = len(known.events) if known is not None else 0
        events = (*(known.events if known is not None else ()), *(self._event(row, code, None) for row in fresh))
        sealed = {**(known.sealed if known is not None else {}), **{at: row["sealed"] for at, row in enumerate(fresh, begun) if row["sealed"]}}
        state, folded = (known.state, known.folded) if known is not None else (Case(), 0)
        known = _Known(events, sealed, fresh[-1], state, folded)
        self._remember(transaction, uid, code, known)
        return known

    def _rows(self, transaction: Transaction, uid: str, begin: int) -> list[dict[str, Any]]:
        """Rows of a case from a number on."""
        rows = transaction.execute(select(EVENTS).where(EVENTS.c.tenant == self.tenant, EVENTS.c.case_uid == uid, EVENTS.c.seq >= begin).order_by(EVENTS.c.seq))
        return [dict(row._mapping) for row in rows]

    def _opened(self, known: _Known, uid: str, key: bytes | None) -> tuple[Event, ...]:
        """Events with their sealed words, where there is a key."""
        if key is None or not known.sealed:
            return known.events
        events = list(known.events)
        for at, sealed in known.sealed.items():
            words = json.loads(unseal(key, sealed, place(self.tenant, uid, "event", str(at + 1))))
            raw = events[at].to_json()
            events[at] = from_json({**raw, "data": {**events[at].data, **words}})
        return tuple(events)

    def read_all(self, transaction: Transaction, codes: Mapping[str, str]) -> tuple[tuple[str, Event], ...]:
        """Events of all given cases, without their free words: for statements and statistics.

        Args:
            transaction: to read in.
            codes: uid -> short id.
        """
        rows = transaction.execute(select(EVENTS).where(EVENTS.c.tenant == self.tenant).order_by(EVENTS.c.case_uid, EVENTS.c.seq))
        return tuple((row.case_uid, self._event(dict(row._mapping), codes[row.case_uid], None)) for row in rows if row.case_uid in codes)

    def _event(self, row: Mapping[str, object], code: str, key: bytes | None) -> Event:
        data = row["data"]
        if not isinstance(data, Mapping):
            data = {}
        sealed = row["sealed"]
        if key is not None and isinstance(sealed, bytes) and sealed:
            words = json.loads(unseal(key, sealed, place(self.tenant, str(row["case_uid"]), "event", str(row["seq"]))))
            data = {**data, **words}
        at = row["at"]
        return from_json({"kind": row["kind"], "at": at.isoformat().replace("+00:00", "Z"), "actor": row["actor"], "case": code, "data": data})  # type: ignore[attr-defined]


def _split(event: Event) -> tuple[dict[str, Value], dict[str, Value]]:
    """Clear data with marks, and the free words."""
    plain = _PLAIN.get(event.kind, frozenset())
    words = {name: value for name, value in event.data.items() if name in _WORDS - plain}
    clear = {name: (list(value) if isinstance(value, tuple) else value) for name, value in event.data.items()}
    return {**clear, **dict.fromkeys(words, SEALED)}, words  # type: ignore[dict-item]


def codes_of(rows: Iterable[tuple[str, int]], prefix: str) -> dict[str, str]:
    """Uid -> short id."""
    return {uid: f"{prefix}-{number}" for uid, number in rows}
