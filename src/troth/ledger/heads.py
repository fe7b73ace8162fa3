"""The one place where a log grows: a head moves from one size to the next, with the rows that make the difference, or not at all.

Rules: the head is moved by a statement that names the size and the frontier on which the new leaves were computed; where another writer was first it changes
nothing and says so. On PostgreSQL head, leaves and bodies go in one statement, one round trip, however many they are; on SQLite, where there is nothing to travel, in three.

These statements are text, for speed: their tenant comes from the transaction alone. A single entry's go to SQLite's driver itself, as SQLAlchemy's own work would cost as much
as theirs; they run in the same transaction, and what the driver raises is raised as SQLAlchemy would.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, cast

from sqlalchemy import Connection, select, text
from sqlalchemy.exc import DBAPIError

from troth.errors import LedgerError
from troth.ledger.entry import SKEW_MS, parse_leaf
from troth.ledger.tables import BODIES, HEADS, LEAVES
from troth.ledger.tree import Frontier
from troth.store import Transaction

__all__ = ["Head", "Row", "claim", "first", "read_head"]


@dataclass(frozen=True, slots=True)
class Head:
    """Where a log ends.

    Attributes:
        size: entries.
        frontier: roots of its complete subtrees, packed.
        latest: latest time of its entries, POSIX milliseconds.
        stored: whether the database has a row for it; a log begins without one.
    """

    size: int
    frontier: bytes
    latest: int
    stored: bool


@dataclass(frozen=True, slots=True)
class Row:
    """A leaf and its body, as they are stored."""

    number: int
    leaf: bytes
    hash: bytes
    salt: bytes
    body: bytes


_MOVE: Final = (
    "UPDATE ledger_heads SET size = :new, frontier = :grown, latest = :latest"
    " WHERE tenant = :tenant AND origin = :origin AND size = :size AND frontier = :frontier"
)
_MOVE_SQLITE: Final = (
    "UPDATE ledger_heads SET size = ?, frontier = ?, latest = ? WHERE tenant = ? AND origin = ? AND size = ? AND frontier = ?"
)
_LEAF_SQLITE: Final = "INSERT INTO ledger_leaves (tenant, origin, number, leaf, hash) VALUES (?, ?, ?, ?, ?)"
_BODY_SQLITE: Final = "INSERT INTO ledger_bodies (tenant, origin, number, salt, body) VALUES (?, ?, ?, ?, ?)"
_GROW: Final = text(
    f"WITH head AS ({_MOVE} RETURNING 1),"  # noqa: S608 - constants
    " leaves AS (INSERT INTO ledger_leaves (tenant, origin, number, leaf, hash) SELECT :tenant, :origin, :number, :leaf, :hash FROM head),"
    " bodies AS (INSERT INTO ledger_bodies (tenant, origin, number, salt, body) SELECT :tenant, :origin, :number, :salt, :body FROM head)"
    " SELECT count(*) FROM head"
)
_MANY: Final = (
    " unnest(CAST(:number AS bigint[]), CAST(:leaf AS bytea[]), CAST(:hash AS bytea[]), CAST(:salt AS bytea[]), CAST(:body AS bytea[]))"
    " AS given (number, leaf, hash, salt, body)"
)
_GROW_MANY: Final = text(
    f"WITH head AS ({_MOVE} RETURNING 1),"  # noqa: S608 - constants
    f" given AS (SELECT given.* FROM head,{_MANY}),"
    " leaves AS (INSERT INTO ledger_leaves (tenant, origin, number, leaf, hash) SELECT :tenant, :origin, number, leaf, hash FROM given),"
    " bodies AS (INSERT INTO ledger_bodies (tenant, origin, number, salt, body) SELECT :tenant, :origin, number, salt, body FROM given)"
    " SELECT count(*) FROM head"
)


def read_head(transaction: Transaction, origin: str, *, lock: bool = False) -> Head:
    """Where the tenant's log ends now.

    Args:
        transaction: of the tenant.
        origin: of the log.
        lock: keep others from moving it until the transaction ends (PostgreSQL; on SQLite a writer is alone anyway).

    Raises:
        LedgerError: the row is not that of a log.
    """
    own = str(transaction.tenant)
    statement = select(HEADS.c.size, HEADS.c.frontier, HEADS.c.latest).where(HEADS.c.tenant == own, HEADS.c.origin == origin)
    row = transaction.execute(statement.with_for_update() if lock else statement).first()
    if row is None:
        return Head(0, b"", 0, stored=False)
    try:
        Frontier.parse(row.size, row.frontier)
    except (TypeError, ValueError) as error:
        raise LedgerError("the log's head is not that of a log") from error
    if lock:
        _demand_latest(transaction, origin, row.size, row.latest)
    return Head(row.size, row.frontier, row.latest, stored=True)


def _demand_latest(transaction: Transaction, origin: str, size: int, latest: int) -> None:
    """Refuse a head whose latest time cannot be that of the log which ends with its last entry: one set back would let entries be backdated, one set ahead refuse them all."""
    own = str(transaction.tenant)
    last = select(LEAVES.c.leaf).where(LEAVES.c.tenant == own, LEAVES.c.origin == origin, LEAVES.c.number == size - 1)
    content = transaction.execute(last).scalar_one_or_none()
    if size and (content is None or not 0 <= latest - parse_leaf(bytes(content)).at <= SKEW_MS):
        raise LedgerError("the log's head does not fit its last entry")


def first(transaction: Transaction, origin: str, head: Head, rows: Sequence[Row]) -> bool:
    """Begin a log; False where another writer began it."""
    values = {"origin": origin, "size": head.size, "frontier": head.frontier, "latest": head.latest}
    if not transaction.insert_new(HEADS, values):
        return False
    _insert(transaction, origin, rows)
    return True


def claim(transaction: Transaction, origin: str, old: Head, new: Head, rows: Sequence[Row]) -> bool:
    """Move the head from `old` to `new` and store the rows between; False where the head is elsewhere, and then nothing was stored."""
    own = str(transaction.tenant)
    if transaction.dialect == "sqlite":
        given = (new.size, new.frontier, new.latest, own, origin, old.size, old.frontier)
        connection = transaction.connection
        if len(rows) != 1:
            if connection.exec_driver_sql(_MOVE_SQLITE, given).rowcount != 1:
                return False
            _insert(transaction, origin, rows)
            return True
        row = rows[0]
        return (
            _sqlite(connection, _MOVE_SQLITE, given) == 1
            and _sqlite(connection, _LEAF_SQLITE, (own, origin, row.number, row.leaf, row.hash)) == 1
            and _sqlite(connection, _BODY_SQLITE, (own, origin, row.number, row.salt, row.body)) == 1
        )
    told: dict[str, Any] = {
        "tenant": own, "origin": origin, "size": old.size, "frontier": old.frontier, "new": new.size, "grown": new.frontier, "latest": new.latest,
    }  # fmt: skip
    if len(rows) == 1:
        row = rows[0]
        told |= {"number": row.number, "leaf": row.leaf, "hash": row.hash, "salt": row.salt, "body": row.body}
        return bool(transaction.connection.execute(_GROW, told).scalar_one() == 1)
    for name in ("number", "leaf", "hash", "salt", "body"):
        told[name] = [getattr(row, name) for row in rows]
    return bool(transaction.connection.execute(_GROW_MANY, told).scalar_one() == 1)


def _insert(transaction: Transaction, origin: str, rows: Sequence[Row]) -> None:
    own = str(transaction.tenant)
    if transaction.dialect == "sqlite":
        connection = transaction.connection
        connection.exec_driver_sql(_LEAF_SQLITE, [(own, origin, row.number, row.leaf, row.hash) for row in rows])
        connection.exec_driver_sql(_BODY_SQLITE, [(own, origin, row.number, row.salt, row.body) for row in rows])
        return
    transaction.execute(LEAVES.insert(), [{"tenant": own, "origin": origin, "number": row.number, "leaf": row.leaf, "hash": row.hash} for row in rows])
    transaction.execute(BODIES.insert(), [{"tenant": own, "origin": origin, "number": row.number, "salt": row.salt, "body": row.body} for row in rows])


def _sqlite(connection: Connection, statement: str, given: tuple[object, ...]) -> int:
    """Rows that a statement changed, executed by the driver in the open transaction."""
    driver = cast(sqlite3.Connection, connection.connection.driver_connection)
    try:
        return driver.execute(statement, given).rowcount
    except sqlite3.Error as error:
        raise DBAPIError.instance(statement, None, error, sqlite3.Error, dialect=connection.dialect) from error
