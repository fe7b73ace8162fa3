"""A log of 300 entries, a client who kept checkpoints, and an attacker who holds the database (and, where a case says so, the signing key)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import Connection, text

from troth.ledger.audit import Audit, audit
from troth.ledger.entry import Entry
from troth.ledger.log import Log
from troth.ledger.notes import Checkpoint, NoteKey, note_signer, open_checkpoint
from troth.ledger.tree import Frontier, leaf_hash
from troth.store import Store
from troth.terms.tenant import Tenant

OWN, OTHER = Tenant("acme", "web"), Tenant("acme", "api")
SIZE, KEPT = 300, (200, 300)
START = 1_700_000_000_000
NOW = START + 10_000_000


def entry(number: int, **changed: Any) -> Entry:
    return Entry(**{"kind": "job.step", "at": START + number, "actor": "robot", "subject": f"job {number}", "body": {"n": number}, **changed})


class Scene:
    """The log, its client and its attacker.

    Args:
        played_by: the scene whose database this one's is a copy of; without it the log is written here.
    """

    def __init__(self, store: Store, url: str, folder: Path, *, played_by: Scene | None = None) -> None:
        self.store, self.url, self.folder = store, url, folder
        self.log = Log("troth/test")
        self.key = Ed25519PrivateKey.generate() if played_by is None else played_by.key
        self.signer = note_signer(self.key)
        self.name = self.log.name(OWN)
        self.keys = [NoteKey(self.name, self.signer.public)]
        self.kept: list[Checkpoint] = []
        self.notes: list[bytes] = []
        if played_by is not None:
            self.kept, self.notes = [*played_by.kept], [*played_by.notes]
            return
        for start, end in ((0, 200), (200, 300)):
            self.grow(start, end)
            self.notes.append(self.checkpoint())
            self.kept.append(open_checkpoint(self.notes[-1], self.keys, self.name))
        self.grow(0, 10, OTHER)

    @property
    def dialect(self) -> str:
        return self.store.dialect

    def grow(self, start: int, end: int, tenant: Tenant = OWN) -> None:
        with self.store.write(tenant) as transaction:
            self.log.append_many(transaction, [entry(number) for number in range(start, end)])

    def checkpoint(self, tenant: Tenant = OWN) -> bytes:
        with self.store.read(tenant) as transaction:
            return self.log.checkpoint(transaction, self.signer)

    def audit(self, tenant: Tenant = OWN, *, kept: bool = True) -> Audit:
        with self.store.read(tenant) as transaction:
            return audit(self.log, transaction, self.kept if kept and tenant == OWN else (), now=NOW)

    @contextmanager
    def attacker(self, tenant: Tenant = OWN) -> Iterator[Connection]:
        """Raw access, triggers off, row-level security as the owner can set it."""
        with self.store.engine.connect() as connection, connection.begin():
            if self.dialect == "sqlite":
                for (name,) in connection.execute(text("SELECT name FROM sqlite_master WHERE type = 'trigger'")).all():
                    connection.execute(text(f"DROP TRIGGER {name}"))
            else:
                for table in ("leaves", "tiles", "bodies", "heads"):
                    connection.execute(text(f"ALTER TABLE ledger_{table} DISABLE TRIGGER USER"))
                    connection.execute(text(f"ALTER TABLE ledger_{table} DISABLE ROW LEVEL SECURITY"))
            yield connection
            if self.dialect == "postgresql":
                for table in ("leaves", "tiles", "bodies", "heads"):
                    connection.execute(text(f"ALTER TABLE ledger_{table} ENABLE ROW LEVEL SECURITY"))

    def sql(self, statement: str, **given: Any) -> None:
        """As the attacker; `{own}` names the log."""
        with self.attacker() as connection:
            connection.execute(text(statement.replace("{own}", f"tenant = '{OWN}' AND origin = 'troth/test'")), given)

    def leaf(self, number: int) -> bytes:
        with self.store.read(OWN) as transaction:
            return next(iter(self.log.leaves(transaction, number, number + 1)))[0]

    def rows(self) -> list[tuple[bytes, bytes | None, bytes | None]]:
        with self.store.read(OWN) as transaction:
            return list(self.log.leaves(transaction))

    def rebuild(self, rows: Sequence[tuple[bytes, bytes | None, bytes | None]]) -> None:
        """What a patient attacker does: every hash, tile and head computed anew."""
        frontier, tiles = Frontier(), []
        with self.attacker() as connection:
            for table in ("leaves", "bodies", "tiles", "heads"):
                connection.execute(text(f"DELETE FROM ledger_{table} WHERE tenant = :t"), {"t": str(OWN)})
            for number, (leaf, salt, body) in enumerate(rows):
                hashed = leaf_hash(leaf)
                tiles += [made for made in frontier.add(hashed) if made[0] % 8 == 0]
                where = {"t": str(OWN), "o": "troth/test", "n": number}
                connection.execute(text("INSERT INTO ledger_leaves (tenant, origin, number, leaf, hash) VALUES (:t, :o, :n, :l, :h)"), {**where, "l": leaf, "h": hashed})
                if salt is not None:
                    connection.execute(text("INSERT INTO ledger_bodies (tenant, origin, number, salt, body) VALUES (:t, :o, :n, :s, :b)"), {**where, "s": salt, "b": body})
            for level, number, root in tiles:
                connection.execute(text("INSERT INTO ledger_tiles (tenant, origin, level, number, hash) VALUES (:t, 'troth/test', :l, :n, :h)"), {"t": str(OWN), "l": level, "n": number, "h": root})
            head = {"t": str(OWN), "s": frontier.size, "f": frontier.pack(), "l": START + 300}
            connection.execute(text("INSERT INTO ledger_heads (tenant, origin, size, frontier, latest) VALUES (:t, 'troth/test', :s, :f, :l)"), head)


Act = Callable[[Scene], None]
