"""Cases as rows: how a report is stored with many others in one transaction, who holds a case's key, and how a case is erased.

Rules: a submission is stored once however often it is sent (its nonce is unique); everything of it, receipt and mail included, is in one transaction; a
case is erased by deleting all wraps of its key, the index and the links: what is left is times and states, which the ledger needs.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final

from sqlalchemy import delete, func, insert, select, update

from troth.desk.crypt.envelope import CryptError, place, seal, unseal
from troth.desk.crypt.wraps import DESK, LINK, unwrap, unwrap_link
from troth.desk.events import Event, EventKind, make
from troth.desk.intake.links import digest_of
from troth.desk.storage.event_rows import EventRows
from troth.desk.storage.outbox_rows import Mail, OutboxRows
from troth.desk.tables import CASES, CHUNKS, EVENTS, FILES, ITEMS, LINKS, NEVER, TAGS, WORDS, WRAPS
from troth.store import Transaction

__all__ = ["COLUMNS", "REPORTER", "TEAM", "CaseRow", "CaseRows", "NewCase", "StagedFile", "Stored", "new_id", "row_of"]

REPORTER: Final = "reporter"
TEAM: Final = "team"


def new_id() -> str:
    """A random id: 128 bits, hex."""
    return secrets.token_hex(16)


@dataclass(frozen=True, slots=True)
class StagedFile:
    """A file whose chunks are stored already, and which no row names yet; `digest` (of its clear bytes, hex) is in memory only, to know a file that is sent again."""

    id: str
    name: str
    size: int
    chunks: int
    digest: str = ""


@dataclass(frozen=True, slots=True)
class NewCase:
    """A report on its way into the store; in memory only.

    Attributes:
        uid: random id of the case. nonce: digest of the submission's nonce.
        token: of the reporter's link. key: the case's.
        title: what lists show. body: the report's canonical bytes.
        channel: `form`, `api`, `mail`. lane: `fast`, or `slow` where no work was proven.
        at: when it was received. policy: digest of the policy in force.
        clock, due: what is due first.
        wraps: holder -> wrap of the key, without the link's.
        words: keyed words of the title. files: attached.
        facts: data of the `report.received` event.
        receipt: short id -> the signed receipt's text.
        mails: short id -> mails to send.
        note: for the team, about how it came.
    """

    uid: str
    nonce: str
    token: str
    key: bytes
    title: str
    body: bytes
    channel: str
    lane: str
    at: datetime
    policy: str
    clock: str
    due: datetime | None
    wraps: Mapping[str, bytes]
    receipt: Callable[[str], str]
    mails: Callable[[str], Sequence[Mail]]
    words: Sequence[str] = ()
    files: Sequence[StagedFile] = ()
    chunks: Sequence[tuple[str, int, bytes]] = ()
    facts: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    blind: bool = False
    note: str = ""


@dataclass(frozen=True, slots=True)
class Stored:
    """Where a report ended: `fresh` is false where it had been stored before."""

    uid: str
    number: int
    fresh: bool


@dataclass(frozen=True, slots=True)
class CaseRow:
    """A case as lists show it; the title is still sealed."""

    uid: str
    number: int
    channel: str
    lane: str
    received_at: datetime
    updated_at: datetime
    policy: str
    state: str
    advisory: str
    severity: str
    assignee: str
    acknowledged: bool
    waiting: bool
    restricted: bool
    blind: bool
    cluster: int
    clock: str
    due_at: datetime | None
    erased_at: datetime | None
    title_sealed: bytes


COLUMNS: Final = tuple(CASES.c[name] for name in CaseRow.__slots__)


def row_of(row: Any) -> CaseRow:  # noqa: ANN401 - a row of SQLAlchemy
    """A case from a row of `COLUMNS`."""
    values = dict(zip(CaseRow.__slots__, row, strict=True))
    return CaseRow(**{**values, "due_at": None if values["due_at"] >= NEVER else values["due_at"]})


@dataclass(frozen=True, slots=True)
class CaseRows:
    """The cases of one desk.

    Attributes:
        tenant: whose. prefix: of short ids.
        wrapping: the desk's key.
        events, outbox: beside it.
    """

    tenant: str
    prefix: str
    wrapping: bytes
    events: EventRows
    outbox: OutboxRows

    def code(self, number: int) -> str:
        """Short id of a case."""
        return f"{self.prefix}-{number}"

    def add(self, transaction: Transaction, cases: Sequence[NewCase]) -> list[Stored]:
        """Store reports, each once, in one go; results in the order given."""
        known = self._known(transaction, [case.nonce for case in cases])
        number = int(transaction.execute(select(func.max(CASES.c.number)).where(CASES.c.tenant == self.tenant)).scalar() or 0)
        results: list[Stored] = []
        fresh: list[tuple[NewCase, int]] = []
        for case in cases:
            found = known.get(case.nonce)
            if found is None:
                number += 1
                found = Stored(case.uid, number, fresh=False)
                known[case.nonce] = found
                fresh.append((case, number))
                results.append(Stored(case.uid, number, fresh=True))
            else:
                results.append(found)
        if fresh:
            self._insert(transaction, fresh)
        return results

    def _known(self, transaction: Transaction, nonces: Sequence[str]) -> dict[str, Stored]:
        rows = transaction.execute(select(CASES.c.nonce, CASES.c.uid, CASES.c.number).where(CASES.c.tenant == self.tenant, CASES.c.nonce.in_(nonces)))
        return {row.nonce: Stored(row.uid, row.number, fresh=False) for row in rows}

    def _insert(self, transaction: Transaction, fresh: Sequence[tuple[NewCase, int]]) -> None:
        own = self.tenant
        transaction.execute(insert(CASES), [self._row(case, number) for case, number in fresh])
        transaction.execute(insert(WRAPS), [
            {"tenant": own, "case_uid": case.uid, "holder": holder, "wrap": blob} for case, _number in fresh for holder, blob in case.wraps.items()
        ])  # fmt: skip
        transaction.execute(insert(LINKS), [
            {"tenant": own, "digest": digest_of(case.token), "case_uid": case.uid, "made_at": case.at, "revoked_at": None} for case, _number in fresh
        ])  # fmt: skip
        transaction.execute(insert(ITEMS), [row for case, number in fresh for row in self._first_items(case, number)])
        words = [{"tenant": own, "word": word, "case_uid": case.uid} for case, _number in fresh for word in sorted(set(case.words))]
        if words:
            transaction.execute(insert(WORDS), words)
        files = [self._file_row(case.uid, case.key, case.uid, staged) for case, _number in fresh for staged in case.files]
        if files:
            transaction.execute(insert(FILES), files)
        chunks = [{"tenant": own, "file": file, "number": at, "sealed": sealed} for case, _number in fresh for file, at, sealed in case.chunks]
        if chunks:
            transaction.execute(insert(CHUNKS), chunks)
        self.events.append(
            transaction,
            [(case.uid, case.key, event) for case, number in fresh for event in _first_events(case, self.code(number))],
            {case.uid: 0 for case, _number in fresh},
        )
        self.outbox.put(transaction, [mail for case, number in fresh for mail in case.mails(self.code(number))], fresh[0][0].at)

    def _row(self, case: NewCase, number: int) -> dict[str, Any]:
        return {
            "tenant": self.tenant, "uid": case.uid, "number": number, "nonce": case.nonce, "channel": case.channel, "lane": case.lane, "received_at": case.at,
            "updated_at": case.at, "policy": case.policy, "state": "received", "advisory": "none", "severity": "", "assignee": "", "acknowledged": False,
            "waiting": True, "restricted": False, "blind": case.blind, "cluster": 0, "clock": case.clock, "due_at": case.due or NEVER, "erased_at": None,
            "title_sealed": seal(case.key, case.title.encode(), place(self.tenant, case.uid, "title")),
        }  # fmt: skip

    def _first_items(self, case: NewCase, number: int) -> list[dict[str, Any]]:
        receipt = case.receipt(self.code(number))
        rows = [
            self.item(case.uid, case.key, "report", REPORTER, author="reporter", at=case.at, body=case.body, seq=1, id_=case.uid),
            self.item(case.uid, case.key, "receipt", REPORTER, author="system", at=case.at, body=json.dumps({"text": receipt}).encode(), seq=2),
        ]
        if case.note:
            rows.append(self.item(case.uid, case.key, "note", TEAM, author="system", at=case.at, body=json.dumps({"text": case.note}).encode(), seq=3))
        return rows

    def item(
        self, uid: str, key: bytes, kind: str, audience: str, *, author: str, at: datetime, body: bytes, seq: int, id_: str = "", nonce: str = "",
    ) -> dict[str, Any]:  # fmt: skip
        """A row for something that was written; `audience`: `team` or `reporter`."""
        id_ = id_ or new_id()
        return {
            "tenant": self.tenant, "id": id_, "case_uid": uid, "seq": seq, "kind": kind, "audience": audience, "author": author, "at": at, "nonce": nonce or id_,
            "sealed": seal(key, body, place(self.tenant, uid, kind, audience, id_)),
        }  # fmt: skip

    def _file_row(self, uid: str, key: bytes, item: str, staged: StagedFile) -> dict[str, Any]:
        return {
            "tenant": self.tenant, "id": staged.id, "case_uid": uid, "item": item, "size": staged.size, "chunks": staged.chunks,
            "name_sealed": seal(key, staged.name.encode(), place(self.tenant, uid, "file", staged.id)),
        }  # fmt: skip

    def attach(self, transaction: Transaction, uid: str, key: bytes, item: str, files: Sequence[StagedFile]) -> None:
        """Name files that came with an item."""
        if files:
            transaction.execute(insert(FILES), [self._file_row(uid, key, item, staged) for staged in files])

    def by_number(self, transaction: Transaction, number: int) -> CaseRow | None:
        """A case by its number."""
        row = transaction.execute(select(*COLUMNS).where(CASES.c.tenant == self.tenant, CASES.c.number == number)).first()
        return row_of(row) if row is not None else None

    def by_uid(self, transaction: Transaction, uid: str) -> CaseRow | None:
        """A case by its random id."""
        row = transaction.execute(select(*COLUMNS).where(CASES.c.tenant == self.tenant, CASES.c.uid == uid)).first()
        return row_of(row) if row is not None else None

    def by_link(self, transaction: Transaction, token: str) -> tuple[CaseRow, bytes | None] | None:
        """A case by the token of a reporter's link, with its key; the key is None where the case was erased."""
        found = transaction.execute(
            select(LINKS.c.case_uid).where(LINKS.c.tenant == self.tenant, LINKS.c.digest == digest_of(token), LINKS.c.revoked_at.is_(None))
        ).first()
        row = self.by_uid(transaction, found.case_uid) if found is not None else None
        if row is None:
            return None
        blob = self.wrap(transaction, row.uid, LINK)
        return row, unwrap_link(token, blob, self.tenant, row.uid) if blob is not None else None

    def wrap(self, transaction: Transaction, uid: str, holder: str) -> bytes | None:
        """A holder's wrap of a case's key; None where it has none."""
        found = transaction.execute(select(WRAPS.c.wrap).where(WRAPS.c.tenant == self.tenant, WRAPS.c.case_uid == uid, WRAPS.c.holder == holder)).scalar()
        return bytes(found) if found is not None else None

    def holders(self, transaction: Transaction, uid: str) -> tuple[str, ...]:
        """Who holds the key of a case."""
        rows = transaction.execute(select(WRAPS.c.holder).where(WRAPS.c.tenant == self.tenant, WRAPS.c.case_uid == uid))
        return tuple(sorted(row.holder for row in rows))

    def desk_key(self, transaction: Transaction, uid: str) -> bytes:
        """A case's key through the desk's own wrap.

        Raises:
            CryptError: the desk holds none: the case is sealed, restricted or erased.
        """
        blob = self.wrap(transaction, uid, DESK)
        if blob is None:
            raise CryptError("the desk itself holds no key of this case")
        return unwrap(self.wrapping, blob, self.tenant, uid)

    def title(self, row: CaseRow, key: bytes) -> str:
        """A case's title."""
        return unseal(key, row.title_sealed, place(self.tenant, row.uid, "title")).decode()

    def give(self, transaction: Transaction, uid: str, holder: str, blob: bytes) -> None:
        """Let another one hold the key; an older wrap of the same holder is replaced."""
        self.take(transaction, uid, holder)
        transaction.execute(insert(WRAPS), [{"tenant": self.tenant, "case_uid": uid, "holder": holder, "wrap": blob}])

    def take(self, transaction: Transaction, uid: str, holder: str) -> None:
        """Destroy a holder's wrap."""
        transaction.execute(delete(WRAPS).where(WRAPS.c.tenant == self.tenant, WRAPS.c.case_uid == uid, WRAPS.c.holder == holder))

    def change(self, transaction: Transaction, uid: str, **values: object) -> None:
        """Change what lists show of a case."""
        if "due_at" in values:
            values["due_at"] = values["due_at"] or NEVER
        transaction.execute(update(CASES).where(CASES.c.tenant == self.tenant, CASES.c.uid == uid).values(**values))

    def new_link(self, transaction: Transaction, uid: str, token: str, at: datetime) -> None:
        """Revoke all links of a case and make one; the caller renews the link's wrap."""
        transaction.execute(update(LINKS).where(LINKS.c.tenant == self.tenant, LINKS.c.case_uid == uid, LINKS.c.revoked_at.is_(None)).values(revoked_at=at))
        transaction.execute(insert(LINKS), [{"tenant": self.tenant, "digest": digest_of(token), "case_uid": uid, "made_at": at, "revoked_at": None}])

    def erase(self, transaction: Transaction, uid: str, at: datetime) -> None:
        """Destroy a case's key and all that leads to its content; rows of events stay, their free words cannot be read any more."""
        files = select(FILES.c.id).where(FILES.c.tenant == self.tenant, FILES.c.case_uid == uid)
        transaction.execute(delete(CHUNKS).where(CHUNKS.c.tenant == self.tenant, CHUNKS.c.file.in_(files)))
        for table in (WRAPS, LINKS, WORDS, TAGS, ITEMS, FILES):
            transaction.execute(delete(table).where(table.c.tenant == self.tenant, table.c.case_uid == uid))
        self.outbox.drop(transaction, uid)
        self.change(transaction, uid, erased_at=at, title_sealed=b"", waiting=False, due_at=None, clock="")

    def sweep(self, transaction: Transaction) -> None:
        """Drop chunks that no file names: uploads that were cut off. Only while nothing is being uploaded."""
        transaction.execute(delete(CHUNKS).where(CHUNKS.c.tenant == self.tenant, CHUNKS.c.file.not_in(select(FILES.c.id).where(FILES.c.tenant == self.tenant))))

    def next_seq(self, transaction: Transaction, uid: str) -> int:
        """Sequence number for the next item of a case."""
        last = transaction.execute(select(func.max(ITEMS.c.seq)).where(ITEMS.c.tenant == self.tenant, ITEMS.c.case_uid == uid)).scalar()
        return int(last or 0) + 1

    def counts(self, transaction: Transaction) -> Mapping[str, int]:
        """How many cases are in each state, erased ones apart."""
        rows = transaction.execute(select(CASES.c.state, func.count().label("many")).where(CASES.c.tenant == self.tenant, CASES.c.erased_at.is_(None)).group_by(CASES.c.state))
        return {row.state: int(row.many) for row in rows}

    def event_count(self, transaction: Transaction) -> int:
        """How many events the desk has."""
        return int(transaction.execute(select(func.count()).select_from(EVENTS).where(EVENTS.c.tenant == self.tenant)).scalar() or 0)


def _first_events(case: NewCase, code: str) -> tuple[Event, ...]:
    return (
        make(EventKind.REPORT_RECEIVED, case.at, "reporter", code, channel=case.channel, **case.facts),
        make(EventKind.RECEIPT_SENT, case.at, "system", code),
    )
