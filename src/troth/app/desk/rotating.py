"""Changing the desk's root key: everything that the old one wraps or seals, wrapped and sealed anew; stopped at any moment, it is gone on with.

Rules: nobody has the desk open meanwhile (a lock that ends with its holder says so); each row is in one of two states, and says itself which, because an
envelope opens under its own key only: so there is no list of what was done that could be wrong; the old root is given up only when no row needs it and the
file holds no trace of its wraps; what opens under neither key is left as it is and counted. Cases' own keys stay: what a thief of the old root *and* of the
data had, they keep.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Column, Table, bindparam, select, tuple_, update

from troth.app.desk.opening import TENANT, store_url, use_of
from troth.app.desk.settings import read
from troth.desk.crypt.envelope import CryptError, place, seal, unseal
from troth.desk.crypt.keyring import Keyring, wrapping_of
from troth.desk.crypt.wraps import DESK
from troth.desk.tables import LABELS, MEMBERS, OUTBOX, PUBLISHED, REPLIES, WRAPS
from troth.errors import DeskError
from troth.store import Store, Transaction, open_store

__all__ = ["Rotated", "rotate"]

_BATCH: Final = 500


@dataclass(frozen=True, slots=True)
class _Sealed:
    """A column under the desk's key, and how its place is named."""

    table: Table
    column: str
    where: Callable[[str, Mapping[Any, Any]], bytes]


_ALL: Final = (
    _Sealed(WRAPS, "wrap", lambda tenant, row: place(tenant, row["case_uid"], DESK)),
    _Sealed(OUTBOX, "sealed", lambda tenant, row: place(tenant, "mail", row["id"])),
    _Sealed(MEMBERS, "identity_sealed", lambda tenant, row: place(tenant, "identity", row["id"])),
    _Sealed(MEMBERS, "who_sealed", lambda tenant, row: place(tenant, "member", row["id"])),
    _Sealed(PUBLISHED, "sealed", lambda tenant, row: place(tenant, "public", row["case_uid"])),
    _Sealed(LABELS, "name_sealed", lambda tenant, row: place(tenant, "label", row["id"])),
    _Sealed(REPLIES, "sealed", lambda tenant, row: place(tenant, "reply", row["id"])),
)


@dataclass(frozen=True, slots=True)
class Rotated:
    """What came of it.

    Attributes:
        changed: envelopes that were sealed anew this time. known: that were under the new key already. foreign: that open under neither.
        retired: where the old root is now; None where only older rows were taken in.
    """

    changed: int
    known: int
    foreign: int
    retired: Path | None


def rotate(folder: Path, older: Path | None = None) -> Rotated:
    """Give a desk a new root key, or finish doing so; the desk must not run.

    Args:
        folder: the desk's.
        older: a root that was replaced before; what a restored backup has under it is sealed under the present one, which stays.

    Raises:
        DeskError: somebody has the desk open.
        CryptError: a key cannot be read.
    """
    settings, keys = read(folder), folder / "keys"
    alone = use_of(folder)
    if not alone.keep():
        raise DeskError("the desk is open: stop `troth desk serve` and every other command on it first")
    try:
        present = Keyring.read(keys, changing=older is None)
        coming = present.begin_change(keys) if older is None else present
        was = present.wrapping if older is None else wrapping_of(older)
        with open_store(store_url(folder, settings)) as store:
            store.migrate()
            counts = _all_of_it(store, was, coming.wrapping)
            store.rewrite()
        return Rotated(*counts, present.end_change(keys) if older is None else None)
    finally:
        alone.close()


def _all_of_it(store: Store, was: bytes, to: bytes) -> tuple[int, int, int]:
    changed = known = foreign = 0
    for one in _ALL:
        after: tuple[Any, ...] = ()
        while True:
            with store.write(TENANT) as t:
                rows = _batch(t, one, after)
                fresh, same, neither = _resealed(one, rows, was, to)
                if fresh:
                    t.execute(_change(one), fresh)
            changed, known, foreign = changed + len(fresh), known + same, foreign + neither
            if len(rows) < _BATCH:
                break
            after = tuple(rows[-1][column.name] for column in _key(one.table))
    return changed, known, foreign


def _key(table: Table) -> tuple[Column[Any], ...]:
    """What names a row within the tenant."""
    return tuple(column for column in table.primary_key.columns if column.name != "tenant")


def _batch(t: Transaction, one: _Sealed, after: tuple[Any, ...]) -> Sequence[Mapping[Any, Any]]:
    key = _key(one.table)
    statement = select(*key, one.table.c[one.column].label("envelope")).where(one.table.c.tenant == str(TENANT))
    if one.table is WRAPS:
        statement = statement.where(WRAPS.c.holder == DESK)
    if after:
        statement = statement.where(tuple_(*key) > after)
    return t.execute(statement.order_by(*key).limit(_BATCH)).mappings().all()


def _resealed(one: _Sealed, rows: Sequence[Mapping[Any, Any]], was: bytes, to: bytes) -> tuple[list[dict[str, Any]], int, int]:
    """Rows to change, how many are under the new key, how many under neither."""
    fresh: list[dict[str, Any]] = []
    known = foreign = 0
    for row in rows:
        envelope, where = bytes(row["envelope"]), one.where(str(TENANT), row)
        if not envelope:  # the text of a mail that was sent is gone
            continue
        plain = _opened(envelope, where, was)
        if plain is not None:
            fresh.append({**{f"at_{column.name}": row[column.name] for column in _key(one.table)}, "envelope": seal(to, plain, where)})
        elif _opened(envelope, where, to) is not None:
            known += 1
        else:
            foreign += 1
    return fresh, known, foreign


def _opened(envelope: bytes, where: bytes, key: bytes) -> bytes | None:
    """What is in an envelope; None where it is another key's."""
    try:
        return unseal(key, envelope, where)
    except CryptError:
        return None


def _change(one: _Sealed) -> Any:  # noqa: ANN401 - a statement of SQLAlchemy
    statement = update(one.table).where(one.table.c.tenant == str(TENANT))
    for column in _key(one.table):
        statement = statement.where(column == bindparam(f"at_{column.name}"))
    return statement.values({one.column: bindparam("envelope")})
