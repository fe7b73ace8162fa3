"""How each back end is opened: what is switched on, who may read the file, whose role may connect.

Rules:

* SQLite: one file of mode 0600 (its -wal and -shm inherit it) in a directory that is made 0700 where it is missing; an existing file that others could read
  or that is a symbolic link is refused; WAL with synchronous=FULL, foreign keys, recursive triggers (without them INSERT OR REPLACE would pass the triggers of
  append-only tables), no trust in the schema's own functions; transactions begin IMMEDIATE, so that two writers wait instead of failing half-way;
* PostgreSQL: psycopg 3, schema `troth`; a role that row-level security does not bind (superuser, BYPASSRLS) is refused;
* no address with a password is ever written into an error.
"""

from __future__ import annotations

import contextlib
import os
import stat
import time
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DisconnectionError
from sqlalchemy.pool import ConnectionPoolEntry

from troth.errors import StoreError, UsageError
from troth.store.schema import StrictTypes

__all__ = ["BUSY_SECONDS", "PG_SCHEMA", "connect", "demand_bound_role", "rewrite"]

BUSY_SECONDS: Final = 30
"""How long a writer waits for another process before it gives up."""
PG_SCHEMA: Final = "troth"

_RESTED: Final = "troth_rested"
_ASKED_AFTER_SECONDS: Final = 1.0
"""A connection that has rested longer is asked whether its server is there before it is used; one that was used a moment ago is believed."""
_PRAGMAS: Final = (
    f"PRAGMA busy_timeout={BUSY_SECONDS * 1000}",
    "PRAGMA journal_mode=WAL",
    "PRAGMA foreign_keys=ON",
    "PRAGMA recursive_triggers=ON",
    "PRAGMA trusted_schema=OFF",
    "PRAGMA cell_size_check=ON",
)


def connect(url: str, *, durable: bool = True, pool: int = 5) -> Engine:
    """An engine for an address, prepared and not yet connected.

    Args:
        url: `sqlite:///PATH` or `postgresql+psycopg://...`.
        durable: on SQLite, wait for the disk at each commit (synchronous=FULL); without it a power cut may lose the last commits, never more.
        pool: connections kept open.

    Raises:
        UsageError: no such back end, or the address is none.
        StoreError: the file cannot be made, or others could read it.
    """
    try:
        told = make_url(url)
    except ArgumentError as error:
        raise UsageError("the database's address is none: sqlite:///PATH or postgresql+psycopg://...") from error
    if told.get_backend_name() == "sqlite":
        return _sqlite(told, durable=durable, pool=pool)
    if told.get_backend_name() == "postgresql":
        return _postgres(told, pool=pool)
    raise UsageError(f"no store on {told.get_backend_name()}: SQLite and PostgreSQL are known")


def _sqlite(url: URL, *, durable: bool, pool: int) -> Engine:
    if not url.database or url.database == ":memory:" or url.query:
        raise UsageError("a store on SQLite is a file: sqlite:///PATH, without parameters")
    _prepare(Path(url.database))
    engine = create_engine(url, pool_size=pool, max_overflow=pool, connect_args={"timeout": BUSY_SECONDS, "isolation_level": None})
    engine.dialect.type_compiler_instance = engine.dialect.type_compiler = StrictTypes(engine.dialect)
    synchronous = "FULL" if durable else "NORMAL"

    def opened(connection: Any, _record: object) -> None:  # noqa: ANN401 - the driver's
        cursor = connection.cursor()
        for pragma in (*_PRAGMAS, f"PRAGMA synchronous={synchronous}"):
            cursor.execute(pragma)
        cursor.close()

    def begun(connection: Connection) -> None:
        reads = bool(connection.get_execution_options().get("troth_reads"))
        connection.exec_driver_sql(f"PRAGMA query_only={'ON' if reads else 'OFF'}")
        connection.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")

    event.listen(engine, "connect", opened)
    event.listen(engine, "begin", begun)
    return engine


def _prepare(path: Path) -> None:
    """Make the file, or look at it without opening it: closing any descriptor of a database drops all locks that this process' connections hold on it."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with contextlib.suppress(FileExistsError):
            os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0), 0o600))
        found = path.lstat()
    except OSError as error:
        raise StoreError(f"cannot open the store at {path}: {error.strerror or error}") from error
    if not stat.S_ISREG(found.st_mode):
        raise StoreError(f"{path} is no file")
    if os.name == "posix" and (found.st_mode & 0o077 or found.st_uid != os.geteuid()):
        raise StoreError(f"{path} could be read or changed by others: it must be owned by the user who runs this, with mode 0600")


def _postgres(url: URL, *, pool: int) -> Engine:
    try:
        engine = create_engine(
            url.set(drivername="postgresql+psycopg"), pool_size=pool, max_overflow=pool,
            connect_args={"options": f"-c search_path={PG_SCHEMA} -c client_encoding=UTF8", "connect_timeout": 10},
        )  # fmt: skip
    except ModuleNotFoundError as error:
        raise UsageError("PostgreSQL needs psycopg: install troth[postgres]") from error

    event.listen(engine, "checkin", _rests)
    event.listen(engine, "checkout", _still_there)
    return engine


def _rests(_connection: object, record: ConnectionPoolEntry) -> None:
    record.info[_RESTED] = time.monotonic()


def _still_there(connection: Any, record: ConnectionPoolEntry, _proxy: object) -> None:  # noqa: ANN401 - the driver's
    """Ask a connection that has rested for a while whether its server is there; asking each time would be one journey more for every transaction."""
    rested = record.info.get(_RESTED)
    if rested is not None and time.monotonic() - rested < _ASKED_AFTER_SECONDS and not connection.closed:
        return
    try:
        connection.execute("")
        connection.rollback()
    except Exception as error:
        raise DisconnectionError from error


def rewrite(engine: Engine) -> bool:
    """On SQLite: write the file anew, so that nothing that was deleted is left in its free pages or in the write-ahead log.

    VACUUM alone writes to the log: the file has the new pages only once the log was moved over whole, which waits for whoever reads an older moment.

    Returns:
        Whether it was written anew; never on PostgreSQL, where VACUUM is the operator's.

    Raises:
        StoreError: somebody read an older moment for as long as a writer waits; what was deleted is still in the file.
    """
    if engine.dialect.name != "sqlite":
        return False
    with engine.connect() as connection:
        raw: Any = connection.connection.driver_connection
        raw.execute("PRAGMA query_only=OFF")  # the pool may hand out a connection that read last
        raw.execute("VACUUM")
        busy, _pages, _moved = raw.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    if busy:
        raise StoreError("the file could not be written anew: somebody reads an older moment; what was deleted is still in it")
    return True


def demand_bound_role(connection: Connection) -> None:
    """Refuse a role to which row-level security does not apply.

    Raises:
        StoreError: it is a superuser, or has BYPASSRLS.
    """
    free = connection.exec_driver_sql("SELECT rolsuper OR rolbypassrls FROM pg_catalog.pg_roles WHERE rolname = current_user").scalar()
    if free is not False:
        raise StoreError("row-level security does not bind this role (superuser or BYPASSRLS): connect as a plain role that owns the database")
