"""A log per tenant, in the caller's transaction: what is appended is there exactly if the rest of the transaction is.

Rules:

* one append is one leaf, one body, the head moved on, and (every 256th time) one tile; the head is moved only from the size and frontier on which the leaf was
  computed, so that of two writers one waits for the other and computes anew: no number is given twice, none is left out;
* the end of each log is remembered between transactions, and believed only if the database agrees in the same statement; a log that ends before what this process has
  committed to it, or as long and otherwise, is not written to: somebody has cut it or put it back;
* an entry's time may lie at most two minutes before the latest one of its log (machines differ by seconds); what runs back further is refused;
* erasing deletes a body with its salt and says so in the log; nothing else is ever changed.

Verification is in `audit`; proofs are checked in `proofs`, checkpoints in `notes`, none of them with a store.
"""

from __future__ import annotations

import os
import re
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

from sqlalchemy import bindparam, delete, select

from troth.detectors.redaction import Redactor
from troth.errors import LedgerError, UsageError
from troth.ledger.entry import SALT_BYTES, SKEW_MS, Entry, EntryError, Kept, Leaf, commitment, kept_many, leaf_bytes
from troth.ledger.heads import Head, Rows, claim, first, lay, read_head
from troth.ledger.notes import Checkpoint, NoteSigner, sign_checkpoint
from troth.ledger.proofs import Consistency, Inclusion
from troth.ledger.tables import BODIES, LEAVES, TILES
from troth.ledger.tree import Frontier, Hashes, consistency_path, inclusion_path, leaf_hash, root_of
from troth.store import Transaction
from troth.terms.tenant import Tenant

__all__ = ["ERASED", "SKEW_MS", "TILE_LEVELS", "Log"]

TILE_LEVELS: Final = 8
"""Every so many levels the root of a complete subtree is kept."""
ERASED: Final = "ledger.erased"
_ORIGIN: Final = re.compile(r"[a-z0-9][a-z0-9._-]*(?:/[a-z0-9][a-z0-9._-]*)*")
_TRIES: Final = 64

_HASHES: Final = (
    select(LEAVES.c.hash)
    .where(LEAVES.c.tenant == bindparam("tenant"), LEAVES.c.origin == bindparam("origin"), LEAVES.c.number.between(bindparam("start"), bindparam("last")))
    .order_by(LEAVES.c.number)
)
_TILES: Final = (
    select(TILES.c.hash)
    .where(
        TILES.c.tenant == bindparam("tenant"), TILES.c.origin == bindparam("origin"), TILES.c.level == bindparam("level"),
        TILES.c.number.between(bindparam("start"), bindparam("last")),
    )
    .order_by(TILES.c.number)
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Made:
    """A group of entries, spelled out for the place where they would go."""

    head: Head
    rows: Rows
    tiles: tuple[tuple[int, int, bytes], ...]
    leaves: tuple[Leaf, ...]


class Log:
    """The logs of one origin, one for each tenant.

    Args:
        origin: name of these logs, `troth/jobs/executor-1`; with the tenant it is the origin line of their checkpoints.
        redactor: takes secrets out; the process' own rules by default.

    Raises:
        UsageError: the name is none.
    """

    def __init__(self, origin: str, redactor: Redactor | None = None) -> None:
        if len(origin) > 120 or not _ORIGIN.fullmatch(origin):
            raise UsageError("a log's name is lower-case words with slashes between them, up to 120 characters")
        self.origin = origin
        self._redactor = redactor if redactor is not None else Redactor()
        self._ends: dict[Tenant, Head] = {}
        self._committed: dict[Tenant, Head] = {}
        self._turn = threading.Lock()

    def name(self, tenant: Tenant) -> str:
        """Origin line of this tenant's log."""
        return f"{self.origin}/{tenant}"

    def append(self, transaction: Transaction, entry: Entry) -> Leaf:
        """Add an entry; it is in the log once the transaction is committed.

        Raises:
            EntryError: the entry cannot be written.
            LedgerError: the head is not that of a log.
        """
        return self.append_many(transaction, (entry,))[0]

    def append_many(self, transaction: Transaction, entries: Sequence[Entry]) -> tuple[Leaf, ...]:
        """Add entries, in order, with one move of the head.

        Raises:
            EntryError: one of them cannot be written, or says that an entry was erased (which `erase` alone may say); none is.
            LedgerError: the head is not that of a log, or of one that lost what this process wrote.
        """
        if any(entry.kind == ERASED for entry in entries):
            raise EntryError("that an entry was erased is said by erasing it")
        return self._grown(transaction, entries)

    def _grown(self, transaction: Transaction, entries: Sequence[Entry]) -> tuple[Leaf, ...]:
        if not entries:
            return ()
        salts = os.urandom(SALT_BYTES * len(entries))
        ready = [
            (entry, salts[number * SALT_BYTES : (number + 1) * SALT_BYTES], safe)
            for number, (entry, safe) in enumerate(zip(entries, kept_many(entries, self._redactor), strict=True))
        ]
        tenant = transaction.tenant
        with self._turn:
            head = self._ends.get(tenant)
        for _attempt in range(_TRIES):
            if head is None:
                head = read_head(transaction, self.origin, lock=True)
                self._demand_whole(tenant, head)
            made = self._spell(tenant, head, ready)
            moved = claim(transaction, self.origin, head, made.head, made.rows) if head.stored else first(transaction, self.origin, made.head, made.rows)
            if moved:
                lay(transaction, self.origin, made.tiles)
                with self._turn:
                    self._ends[tenant] = made.head
                transaction.after_commit(partial(self._keep, tenant, made.head))
                return made.leaves
            head = None
        raise LedgerError("the log's head moved each time that it was read")

    def _keep(self, tenant: Tenant, head: Head) -> None:
        with self._turn:
            known = self._committed.get(tenant)
            if known is None or known.size < head.size:
                self._committed[tenant] = head

    def _demand_whole(self, tenant: Tenant, head: Head) -> None:
        with self._turn:
            known = self._committed.get(tenant)
        if known is not None and (head.size < known.size or (head.size == known.size and head.frontier != known.frontier)):
            raise LedgerError(f"the log ends at {head.size} entries and is not the one to which this process has committed {known.size}: it was cut off, put back or replaced")

    def _spell(self, tenant: Tenant, head: Head, ready: Sequence[tuple[Entry, bytes, Kept]]) -> _Made:
        frontier = Frontier.parse(head.size, head.frontier)
        latest, name, own, origin = head.latest, self.name(tenant), str(tenant), self.origin
        rows = Rows([], [])
        tiles: list[tuple[int, int, bytes]] = []
        leaves: list[Leaf] = []
        for entry, salt, safe in ready:
            if entry.at < latest - SKEW_MS:
                raise EntryError(f"an entry's time is {latest - entry.at} ms before the latest of its log")
            latest = max(latest, entry.at)
            leaf = Leaf(frontier.size, name, entry.kind, entry.at, safe.actor, safe.subject, commitment(salt, safe.body))
            content = leaf_bytes(leaf)
            hashed = leaf_hash(content)
            rows.leaves.extend((own, origin, leaf.number, content, hashed))
            rows.bodies.extend((own, origin, leaf.number, salt, safe.body))
            leaves.append(leaf)
            made = frontier.add(hashed)
            if len(made) >= TILE_LEVELS:
                tiles.extend(one for one in made if one[0] % TILE_LEVELS == 0)
        return _Made(Head(frontier.size, frontier.pack(), latest, stored=True), rows, tuple(tiles), tuple(leaves))

    def head(self, transaction: Transaction) -> Head:
        """Where this tenant's log ends."""
        return read_head(transaction, self.origin)

    def checkpoint(self, transaction: Transaction, signer: NoteSigner, *more: NoteSigner) -> bytes:
        """A signed checkpoint of this tenant's log, as the transaction sees it.

        Args:
            transaction: of the tenant.
            signer: whose key; `troth.ledger.notes.note_signer` makes one.
            more: further signers.
        """
        head = self.head(transaction)
        root = Frontier.parse(head.size, head.frontier).root()
        return sign_checkpoint(Checkpoint(self.name(transaction.tenant), head.size, root), (signer, *more))

    def inclusion(self, transaction: Transaction, index: int, size: int) -> Inclusion:
        """That entry `index` is in the log at `size`.

        Raises:
            LedgerError: the log has no such entry, is shorter, or lacks rows.
        """
        return Inclusion(index, size, tuple(self._path(transaction, size, index, inclusion_path)))

    def consistency(self, transaction: Transaction, old: int, new: int) -> Consistency:
        """That the log at `new` began with the log at `old`.

        Raises:
            LedgerError: the log is shorter, or lacks rows.
        """
        return Consistency(old, new, tuple(self._path(transaction, new, old, consistency_path)))

    def _path(self, transaction: Transaction, size: int, first_: int, made: Callable[[int, int, Hashes], list[bytes]]) -> list[bytes]:
        if size > self.head(transaction).size:
            raise LedgerError(f"the log has fewer than {size} entries")
        try:
            return made(first_, size, self._hashes(transaction))
        except ValueError as error:
            raise LedgerError(str(error)) from error

    def _hashes(self, transaction: Transaction) -> Hashes:
        where = {"tenant": str(transaction.tenant), "origin": self.origin}

        def hashes(level: int, number: int) -> bytes:
            tiled = level - level % TILE_LEVELS
            start = number << (level - tiled)
            count = 1 << (level - tiled)
            statement, given = (_TILES, {"level": tiled}) if tiled else (_HASHES, {})
            found = list(transaction.execute(statement, {**where, **given, "start": start, "last": start + count - 1}).scalars())
            if len(found) != count:
                raise LedgerError(f"rows are missing below entry {(number + 1) << level}")
            return root_of(found)

        return hashes

    def leaves(self, transaction: Transaction, start: int = 0, stop: int | None = None) -> Iterator[tuple[bytes, bytes | None, bytes | None]]:
        """Leaf, salt and body of entries `start` to `stop`; salt and body are None where the body was erased. As they are: `audit` verifies."""
        same = (LEAVES.c.origin == BODIES.c.origin) & (LEAVES.c.number == BODIES.c.number)
        own = str(transaction.tenant)
        at = start
        while stop is None or at < stop:
            last = at + 999 if stop is None else min(at + 999, stop - 1)
            joined = LEAVES.outerjoin(BODIES, (BODIES.c.tenant == own) & same)
            statement = (
                select(LEAVES.c.leaf, BODIES.c.salt, BODIES.c.body)
                .select_from(joined)
                .where(LEAVES.c.tenant == own, LEAVES.c.origin == self.origin, LEAVES.c.number.between(at, last))
                .order_by(LEAVES.c.number)
            )
            rows = transaction.execute(statement).all()
            yield from ((row.leaf, row.salt, row.body) for row in rows)
            if len(rows) < last - at + 1:
                return
            at = last + 1

    def erase(self, transaction: Transaction, number: int, *, at: int, actor: str, reason: str) -> bool:
        """Delete what an entry says, with its salt, and say so in the log; whether there was something to delete.

        Args:
            transaction: of the tenant.
            number: of the entry.
            at: when, POSIX milliseconds.
            actor: who asked.
            reason: why, without what was erased.
        """
        own = str(transaction.tenant)
        done = transaction.execute(delete(BODIES).where(BODIES.c.tenant == own, BODIES.c.origin == self.origin, BODIES.c.number == number))
        if not done.rowcount:
            return False
        self._grown(transaction, (Entry(ERASED, at, actor, str(number), {"reason": reason}),))
        return True
