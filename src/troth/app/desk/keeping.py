"""Keeping a desk: its state in figures, backup and restore, moving to another store; none of it opens a case.

Rules: a backup is one file of the data without keys: whoever has only it has nothing to read; keys are backed up apart, by the owner, and for a shorter time,
so that what was erased is gone from the backups too; a move copies rows as they are: ids, sealed bytes and ledger stay, to the last bit.
"""

from __future__ import annotations

import os
import re
import sqlite3
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Final
from urllib.parse import quote

from sqlalchemy import func, insert, inspect, select

from troth.app.desk.opening import TENANT, Desk
from troth.app.desk.room import shown
from troth.app.desk.settings import read
from troth.desk.crypt.mail_keys import MailKeys
from troth.desk.machines import fold_intake
from troth.desk.tables import CASES, EVENTS
from troth.errors import DeskError
from troth.store import METADATA, open_store

__all__ = ["backup", "make_mail_keys", "migrate_to", "restore", "status"]

_BATCH: Final = 500
_ADDRESS: Final = re.compile(r"[^\s@<>()\"]{1,64}@[A-Za-z0-9.-]{1,253}")


def status(desk: Desk) -> dict[str, str]:
    """What the desk holds, in figures."""
    with desk.store.read(TENANT) as t:
        counts = desk.cases.counts(t)
        probes = fold_intake(desk.events.read(t, "", ""))
        events, members, mails = desk.cases.event_count(t), desk.people.number(t), desk.outbox.counts(t)
        erased = int(t.execute(select(func.count()).select_from(CASES).where(CASES.c.tenant == desk.cases.tenant, CASES.c.erased_at.is_not(None))).scalar() or 0)
    told = {"store": desk.store.dialect, "cases": str(sum(counts.values())), "open": str(sum(count for state, count in counts.items() if state != "closed"))}
    told |= {"erased": str(erased), "events": str(events), "members": str(members), "policy": desk.policy.digest[:12] or "none", "sealed": "yes" if desk.settings.sealed else "no"}
    told["room"] = shown(desk)
    told |= {f"probe {one}": f"{probes.last_good[one]:%Y-%m-%d %H:%M} UTC" if one in probes.last_good else "never arrived" for one in sorted(probes.last_probe)}
    return told | {f"mail {state}": str(count) for state, count in sorted(mails.items())}


def backup(desk: Desk, to: Path) -> int:
    """Write all data, without keys, into one new SQLite file; returns its size in bytes.

    Raises:
        DeskError: the file exists.
    """
    try:
        handle = os.open(to, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError as error:
        raise DeskError(f"{to} exists already; a backup is never written over another") from error
    os.close(handle)
    if desk.store.dialect == "sqlite":
        with desk.store.engine.connect() as source:
            raw = source.connection.driver_connection
            target = sqlite3.connect(to)
            try:
                if raw is not None:
                    raw.backup(target)
            finally:
                target.close()
    else:
        to.unlink()
        _copy(desk, f"sqlite:///{to.resolve()}")
    return to.stat().st_size


def make_mail_keys(folder: Path, address: str) -> tuple[str, str]:
    """Keys for encrypted mail in a desk's folder; existing ones stay. Returns the age recipient and the OpenPGP certificate.

    Raises:
        DeskError: the desk is sealed, or `address` is none.
        CryptError: pysequoia is missing, or a file cannot be written.
    """
    if read(folder).sealed:
        raise DeskError("a sealed desk holds no key that opens mail: reporters encrypt to its recipients")
    if not _ADDRESS.fullmatch(address):
        raise DeskError(f"{address[:60]!r} is no mail address")
    made = MailKeys.make(folder / "keys", address)
    return made.recipient, made.certificate


def restore(desk_folder: Path, backup_file: Path) -> None:
    """Put a backup in the place of a desk's data; the desk must not be running, and its data must be absent.

    Raises:
        DeskError: there is data already, the file is no backup, or has something in it that a desk's data have not.
    """
    target = desk_folder / "data" / "desk.db"
    if target.exists() or target.parent.is_symlink():
        raise DeskError(f"{target} exists or lies behind a link: move it away first, so that nothing is lost")
    # a backup is whole by itself; only where somebody copied the log of a running desk beside it is that read too
    beside = Path(f"{backup_file}-wal").exists()
    source = sqlite3.connect(f"file:{quote(str(backup_file))}?mode=ro{'' if beside else '&immutable=1'}", uri=True)
    try:
        _demand_backup(source, backup_file)
        target.parent.mkdir(mode=0o700, exist_ok=True)
        os.close(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        copy = sqlite3.connect(target)
        try:
            source.backup(copy)
        finally:
            copy.close()
    except sqlite3.Error as error:
        raise DeskError(f"{backup_file} is no backup of a desk") from error
    finally:
        source.close()


def _demand_backup(source: sqlite3.Connection, path: Path) -> None:
    """Refuse what is not a desk's data and nothing else: a trigger or a view that somebody put there would be run by the desk, one that is missing would let rows be changed.

    Raises:
        DeskError: it is something else.
    """
    if source.execute("PRAGMA integrity_check").fetchone() != ("ok",):
        raise DeskError(f"{path} is damaged")
    found, (right, newest) = _schema(source), _fresh_schema()
    if _revisions(source) == newest:
        if found != right:
            raise DeskError(f"{path} is no backup of a desk, or something was added to it, changed or taken out")
        return
    # of an older version: its tables may be fewer and shorter, what guards them may not
    tables = {name for kind, name, _table in found if kind == "table"}
    wanted = {key: said for key, said in right.items() if key[2] in tables}
    if "desk_cases" not in tables or any(right.get(key) != said for key, said in found.items() if key[0] != "table"):
        raise DeskError(f"{path} is no backup of a desk, or something was added to it")
    if any(("table", name, name) not in right for name in tables) or not {key for key in wanted if key[0] == "trigger"} <= found.keys():
        raise DeskError(f"{path} has tables that a desk has not, or lacks what keeps its rows from being changed")


def _schema(connection: sqlite3.Connection) -> dict[tuple[str, str, str], str]:
    """Kind, name and table of everything in a database -> its text."""
    rows = connection.execute("SELECT type, name, tbl_name, coalesce(sql, '') FROM sqlite_master WHERE name NOT LIKE 'sqlite\\_%' ESCAPE '\\'")
    return {(kind, name, table): " ".join(said.split()) for kind, name, table, said in rows}


def _revisions(connection: sqlite3.Connection) -> frozenset[str]:
    if connection.execute("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'troth_revisions'").fetchone() is None:
        return frozenset()
    return frozenset(str(row[0]) for row in connection.execute("SELECT version_num FROM troth_revisions"))


def _fresh_schema() -> tuple[dict[tuple[str, str, str], str], frozenset[str]]:
    """What a desk of this version has in its database, and its revisions."""
    with tempfile.TemporaryDirectory(prefix="troth-schema-") as folder:
        path = Path(folder, "fresh.db")
        with open_store(f"sqlite:///{path}") as store:
            store.migrate()
        connection = sqlite3.connect(path)
        try:
            return _schema(connection), _revisions(connection)
        finally:
            connection.close()


def migrate_to(desk: Desk, url: str) -> Mapping[str, int]:
    """Copy everything to another store; returns rows per table. The desk must not take reports meanwhile.

    Raises:
        DeskError: the target holds a desk already, or rows differ afterwards.
    """
    return _copy(desk, url)


def _copy(desk: Desk, url: str) -> dict[str, int]:
    target = open_store(url)
    target.migrate()
    counts: dict[str, int] = {}
    try:
        with target.read(TENANT) as t:
            if t.execute(select(func.count()).select_from(EVENTS).where(EVENTS.c.tenant == str(TENANT))).scalar():
                raise DeskError("the target holds a desk already")
        here, there = set(inspect(desk.store.engine).get_table_names()), METADATA.sorted_tables
        with desk.store.read(TENANT) as source, target.write(TENANT) as into:
            for table in there:
                if table.name in here and table.name.startswith(("desk_", "ledger_")) and "tenant" in table.c:
                    counts[table.name] = 0
                    rows = source.execute(select(table).where(table.c.tenant == str(TENANT))).mappings()
                    while many := rows.fetchmany(_BATCH):
                        into.execute(insert(table), [dict(row) for row in many])
                        counts[table.name] += len(many)
        with target.read(TENANT) as t:
            for name, count in counts.items():
                table = METADATA.tables[name]
                if t.execute(select(func.count()).select_from(table).where(table.c.tenant == str(TENANT))).scalar() != count:
                    raise DeskError(f"{name} differs after the copy")
    finally:
        target.close()
    return counts


