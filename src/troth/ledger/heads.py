"""The one place where a log grows: a head moves from one size to the next, with the rows that make the difference, or not at all.

Rules: the head is moved by a statement that names the size and the frontier on which the new leaves were computed; where another writer was first it changes
nothing and says so. On PostgreSQL head, leaves and bodies go in one statement, one round trip, however many they are; on SQLite, where there is nothing to travel, the head goes first and
rows of many entries in one statement.

These statements are text, for speed: their tenant comes from the transaction alone. SQLite's go to its driver itself, as SQLAlchemy's own work would cost as much
as theirs; they run in the same transaction, and what the driver raises is raised as SQLAlchemy would.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any, Final, cast

from sqlalchemy import Connection, select, text
from sqlalchemy.exc import DBAPIError

from troth.errors import LedgerError
from troth.ledger.entry import SKEW_MS, parse_leaf
from troth.ledger.tables import BODIES, HEADS, LEAVES, TILES
from troth.ledger.tree import Frontier
from troth.store import Transaction

__all__ = ["Head", "Rows", "claim", "first", "lay", "read_head"]


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
class Rows:
    """Leaves and their bodies as they are stored, in the order of their columns, one row after the other: what one statement for many rows takes.

    Attributes:
        leaves: tenant, origin, number, leaf, hash; and so on.
        bodies: tenant, origin, number, salt, body; and so on.
    """

    leaves: list[Any]
    bodies: list[Any]

    def __len__(self) -> int:
        """How many entries."""
        return len(self.leaves) // _COLUMNS


_COLUMNS: Final = 5
_MOVE: Final = (
    "UPDATE ledger_heads SET size = :new, frontier = :grown, latest = :latest"
    " WHERE tenant = :tenant AND origin = :origin AND size = :size AND frontier = :frontier"
)
_MOVE_SQLITE: Final = (
    "UPDATE ledger_heads SET size = ?, frontier = ?, latest = ? WHERE tenant = ? AND origin = ? AND size = ? AND frontier = ?"
)
_LEAF_SQLITE: Final = "INSERT INTO ledger_leaves (tenant, origin, number, leaf, hash) VALUES (?, ?, ?, ?, ?)"
_BODY_SQLITE: Final = "INSERT INTO ledger_bodies (tenant, origin, number, salt, body) VALUES (?, ?, ?, ?, ?)"
_TILE_SQLITE: Final = "INSERT INTO ledger_tiles (tenant, origin, level, number, hash) VALUES (?, ?, ?, ?, ?)"
_ROW_SQLITE: Final = ", (?, ?, ?, ?, ?)"
_ROWS_SQLITE: Final = 64
"""Most rows of one statement: 320 values, and no build of SQLite takes fewer than 999."""
_GROW: Final = text(
    f"WITH head AS ({_MOVE} RETURNING 1),"  # noqa: S608 - constants
    " leaves AS (INSERT INTO ledger_leaves (tenant, origin, number, leaf, hash) SELECT :tenant, :origin, :number, :leaf, :hash FROM head),"
    " bodies AS (INSERT INTO ledger_bodies (tenant, origin, number, salt, body) SELECT :tenant, :origin, :number, :salt, :body FROM head)"
    " SELECT count(*) FROM head"
)
_ENDS: Final = "unnest(CAST(string_to_array(CAST(:leaf_ends AS text), ',') AS int[]), CAST(string_to_array(CAST(:body_ends AS text), ',') AS int[]))"
_PART: Final = "substring(CAST(:{0} AS bytea) FROM lag({0}_end, 1, 0) OVER nth + 1 FOR {0}_end - lag({0}_end, 1, 0) OVER nth) AS {0}"
_EACH: Final = "substring(CAST(:{0} AS bytea) FROM CAST(32 * (n - 1) + 1 AS int) FOR 32) AS {0}"
_GROW_MANY: Final = text(
    f"WITH head AS ({_MOVE} RETURNING 1),"  # noqa: S608 - constants
    f" given AS (SELECT CAST(:size AS bigint) + n - 1 AS number, {_PART.format('leaf')}, {_EACH.format('hash')}, {_EACH.format('salt')}, {_PART.format('body')}"
    f" FROM head, {_ENDS} WITH ORDINALITY AS ends (leaf_end, body_end, n) WINDOW nth AS (ORDER BY n)),"
    " leaves AS (INSERT INTO ledger_leaves (tenant, origin, number, leaf, hash) SELECT :tenant, :origin, number, leaf, hash FROM given),"
    " bodies AS (INSERT INTO ledger_bodies (tenant, origin, number, salt, body) SELECT :tenant, :origin, number, salt, body FROM given)"
    " SELECT count(*) FROM head"
)
"""Texts of all rows behind each other, with where each ends: a driver spells an array value by value, and one text in one go."""


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


def first(transaction: Transaction, origin: str, head: Head, rows: Rows) -> bool:
    """Begin a log; False where another writer began it."""
    values = {"origin": origin, "size": head.size, "frontier": head.frontier, "latest": head.latest}
    if not transaction.insert_new(HEADS, values):
        return False
    if transaction.dialect == "sqlite":
        return _insert_sqlite(transaction.connection, rows)
    for table, values_ in ((LEAVES, rows.leaves), (BODIES, rows.bodies)):
        names = [column.name for column in table.columns]
        transaction.execute(table.insert(), [dict(zip(names, values_[at : at + _COLUMNS], strict=True)) for at in range(0, len(values_), _COLUMNS)])
    return True


def claim(transaction: Transaction, origin: str, old: Head, new: Head, rows: Rows) -> bool:
    """Move the head from `old` to `new` and store the rows between; False where the head is elsewhere, and then nothing was stored."""
    own = str(transaction.tenant)
    if transaction.dialect == "sqlite":
        given = (new.size, new.frontier, new.latest, own, origin, old.size, old.frontier)
        return _sqlite(transaction.connection, _MOVE_SQLITE, given) == 1 and _insert_sqlite(transaction.connection, rows)
    told: dict[str, Any] = {
        "tenant": own, "origin": origin, "size": old.size, "frontier": old.frontier, "new": new.size, "grown": new.frontier, "latest": new.latest,
    }  # fmt: skip
    if len(rows) == 1:
        told |= dict(zip(("number", "leaf", "hash"), rows.leaves[2:], strict=True)) | dict(zip(("salt", "body"), rows.bodies[3:], strict=True))
        return bool(transaction.connection.execute(_GROW, told).scalar_one() == 1)
    for name, values in (("leaf", rows.leaves[3::_COLUMNS]), ("body", rows.bodies[4::_COLUMNS])):
        told[name], told[f"{name}_ends"] = b"".join(values), ",".join(map(str, accumulate(map(len, values))))
    told["hash"], told["salt"] = b"".join(rows.leaves[4::_COLUMNS]), b"".join(rows.bodies[3::_COLUMNS])
    return bool(transaction.connection.execute(_GROW_MANY, told).scalar_one() == 1)


def lay(transaction: Transaction, origin: str, tiles: Sequence[tuple[int, int, bytes]]) -> None:
    """Store roots of complete subtrees: level, number, root."""
    own = str(transaction.tenant)
    if transaction.dialect == "sqlite":
        for level, number, root in tiles:
            _sqlite(transaction.connection, _TILE_SQLITE, (own, origin, level, number, root))
    elif tiles:
        transaction.execute(TILES.insert(), [{"tenant": own, "origin": origin, "level": level, "number": number, "hash": root} for level, number, root in tiles])


def _insert_sqlite(connection: Connection, rows: Rows) -> bool:
    """Rows in statements of 64, 32, ... 1: one statement for many rows costs two thirds of one for each, and so few forms stay in the driver's cache."""
    at, stored = 0, 0
    while at < len(rows):
        count = min(_ROWS_SQLITE, 1 << (len(rows) - at).bit_length() - 1)
        part = slice(at * _COLUMNS, (at + count) * _COLUMNS)
        stored += _sqlite(connection, _LEAF_SQLITE + _ROW_SQLITE * (count - 1), rows.leaves[part])
        stored += _sqlite(connection, _BODY_SQLITE + _ROW_SQLITE * (count - 1), rows.bodies[part])
        at += count
    return stored == 2 * len(rows)


def _sqlite(connection: Connection, statement: str, given: Sequence[object]) -> int:
    """Rows that a statement changed, executed by the driver in the open transaction."""
    driver = cast(sqlite3.Connection, connection.connection.driver_connection)
    try:
        return driver.execute(statement, given).rowcount
    except sqlite3.Error as error:
        raise DBAPIError.instance(statement, None, error, sqlite3.Error, dialect=connection.dialect) from error
