"""What was written in a case: messages, notes, receipts, advisories, and files; read for one audience at a time.

Rules: the audience is part of every query and of every envelope's authenticated data: a row whose audience was changed on the disk does not open, and there is
one function that reads for reporters, which asks for nothing but what is meant for them.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import delete, exists, insert, select

from troth.desk.crypt.envelope import place, unseal
from troth.desk.crypt.streams import open_chunks
from troth.desk.storage.case_rows import REPORTER, TEAM, CaseRows, StagedFile, new_id
from troth.desk.tables import CHUNKS, FILES, ITEMS
from troth.store import Transaction

__all__ = ["FileRow", "Item", "ThreadRows", "staged"]

_SHOWN: Final = ("report", "message", "note", "advisory")


@dataclass(frozen=True, slots=True)
class Item:
    """Something written, opened.

    Attributes:
        kind: `report`, `message`, `note`, `advisory`, `receipt`.
        audience: `team` or `reporter`. author: `reporter`, `system`, or a member's id.
        body: canonical bytes of a report; otherwise JSON with `text`.
    """

    id: str
    kind: str
    audience: str
    author: str
    at: datetime
    body: bytes

    @property
    def text(self) -> str:
        """The text of a message."""
        content = json.loads(self.body)
        value = content.get("text", "") if isinstance(content, dict) else ""
        return value if isinstance(value, str) else ""


@dataclass(frozen=True, slots=True)
class FileRow:
    """A file that came with an item."""

    id: str
    item: str
    name: str
    size: int


@dataclass(frozen=True, slots=True)
class ThreadRows:
    """Threads of one desk's cases."""

    tenant: str
    cases: CaseRows

    def for_reporter(self, transaction: Transaction, uid: str, key: bytes) -> tuple[Item, ...]:
        """What a reporter may read, in order."""
        return self._read(transaction, uid, key, (REPORTER,))

    def for_team(self, transaction: Transaction, uid: str, key: bytes) -> tuple[Item, ...]:
        """Everything, notes of the team included, in order."""
        return self._read(transaction, uid, key, (REPORTER, TEAM))

    def _read(self, transaction: Transaction, uid: str, key: bytes, audiences: Sequence[str]) -> tuple[Item, ...]:
        rows = transaction.execute(
            select(ITEMS.c.id, ITEMS.c.kind, ITEMS.c.audience, ITEMS.c.author, ITEMS.c.at, ITEMS.c.sealed)
            .where(ITEMS.c.tenant == self.tenant, ITEMS.c.case_uid == uid, ITEMS.c.audience.in_(audiences), ITEMS.c.kind.in_(_SHOWN))
            .order_by(ITEMS.c.seq)
        )
        return tuple(self._open(row, uid, key) for row in rows)

    def _open(self, row: Any, uid: str, key: bytes) -> Item:  # noqa: ANN401 - a row of SQLAlchemy
        body = unseal(key, row.sealed, place(self.tenant, uid, row.kind, row.audience, row.id))
        return Item(row.id, row.kind, row.audience, row.author, row.at, body)

    def one(self, transaction: Transaction, uid: str, key: bytes, kind: str) -> Item | None:
        """The latest item of a kind: the receipt, the draft of an advisory."""
        row = transaction.execute(
            select(ITEMS).where(ITEMS.c.tenant == self.tenant, ITEMS.c.case_uid == uid, ITEMS.c.kind == kind).order_by(ITEMS.c.seq.desc()).limit(1)
        ).first()
        return self._open(row, uid, key) if row is not None else None

    def add(self, transaction: Transaction, uid: str, key: bytes, kind: str, audience: str, *, author: str, at: datetime, text: str, nonce: str = "") -> str:
        """Write something; returns its id. Something with a nonce that is known is not written again: the id is then empty."""
        if nonce and transaction.execute(select(ITEMS.c.id).where(ITEMS.c.tenant == self.tenant, ITEMS.c.nonce == nonce)).first() is not None:
            return ""
        body = json.dumps({"text": text}).encode()
        row = self.cases.item(uid, key, kind, audience, author=author, at=at, body=body, seq=self.cases.next_seq(transaction, uid), nonce=nonce)
        transaction.execute(insert(ITEMS), [row])
        return str(row["id"])

    def stage(self, transaction: Transaction, many: Sequence[Sequence[tuple[str, int, bytes]]]) -> Sequence[None]:
        """Store the chunks of several uploads that are still arriving."""
        self.put_chunks(transaction, [chunk for chunks in many for chunk in chunks])
        return [None] * len(many)

    def put_chunks(self, transaction: Transaction, chunks: Sequence[tuple[str, int, bytes]]) -> None:
        """Store sealed chunks: (file, number, bytes)."""
        if chunks:
            transaction.execute(insert(CHUNKS), [{"tenant": self.tenant, "file": file, "number": number, "sealed": sealed} for file, number, sealed in chunks])

    def unnamed(self, transaction: Transaction) -> frozenset[str]:
        """Ids of files whose chunks are stored and which no case names: still arriving, or broken off."""
        named = exists().where(FILES.c.tenant == self.tenant, FILES.c.id == CHUNKS.c.file)
        return frozenset(transaction.execute(select(CHUNKS.c.file).where(CHUNKS.c.tenant == self.tenant, CHUNKS.c.number == 0, ~named)).scalars())

    def forget_chunks(self, transaction: Transaction, files: Collection[str]) -> int:
        """Delete the chunks of files that no case names, and no others; returns how many."""
        named = exists().where(FILES.c.tenant == self.tenant, FILES.c.id == CHUNKS.c.file)
        gone = transaction.execute(delete(CHUNKS).where(CHUNKS.c.tenant == self.tenant, CHUNKS.c.file.in_(sorted(files)), ~named))
        return int(gone.rowcount)

    def files(self, transaction: Transaction, uid: str, key: bytes) -> tuple[FileRow, ...]:
        """Files of a case."""
        rows = transaction.execute(select(FILES).where(FILES.c.tenant == self.tenant, FILES.c.case_uid == uid)).all()
        return tuple(FileRow(row.id, row.item, self._name(row, key), row.size) for row in rows)

    def _name(self, row: Any, key: bytes) -> str:  # noqa: ANN401 - a row of SQLAlchemy
        return unseal(key, row.name_sealed, place(self.tenant, row.case_uid, "file", row.id)).decode()

    def file(self, transaction: Transaction, uid: str, key: bytes, id_: str, audiences: Sequence[str]) -> FileRow | None:
        """A file of a case that came with an item for one of the audiences; None for every other."""
        row = transaction.execute(
            select(FILES).join(ITEMS, (ITEMS.c.tenant == FILES.c.tenant) & (ITEMS.c.id == FILES.c.item))
            .where(FILES.c.tenant == self.tenant, FILES.c.case_uid == uid, FILES.c.id == id_, ITEMS.c.audience.in_(audiences))
        ).first()  # fmt: skip
        return FileRow(row.id, row.item, self._name(row, key), row.size) if row is not None else None

    def content(self, transaction: Transaction, key: bytes, id_: str) -> Iterator[bytes]:
        """A file's clear bytes, piece by piece; the transaction has to stay open meanwhile."""
        rows = transaction.execute(select(CHUNKS.c.sealed).where(CHUNKS.c.tenant == self.tenant, CHUNKS.c.file == id_).order_by(CHUNKS.c.number))
        return open_chunks(key, id_, (bytes(row.sealed) for row in rows))


def staged(name: str, size: int, chunks: int, id_: str = "", digest: str = "") -> StagedFile:
    """A file that was received; its name is kept as text and is never a path."""
    clean = "".join(ch for ch in name.replace("\\", "/").rsplit("/", 1)[-1] if ch.isprintable()).strip(" .")[:120]
    return StagedFile(id_ or new_id(), clean or "file", size, chunks, digest)
