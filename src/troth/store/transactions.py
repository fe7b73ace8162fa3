"""The store and its transactions: nothing is read or written but on behalf of a tenant.

Rules:

* `write` commits at the end of its block and rolls back on any error; what it raises for the database is a `StoreError`, except `sqlalchemy.exc.IntegrityError`,
  which callers use to learn that a key was there already (`insert_new` answers that without an error);
* in one process writers to SQLite take turns on a lock, so that nobody starves in the database's busy loop; other processes wait on the file's lock;
* on PostgreSQL the tenant is set for the transaction only (SET LOCAL), so a pooled connection never brings another's;
* every statement is checked by `troth.store.scope`, on both.

A transaction belongs to the thread that opened it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Final, cast

from sqlalchemy import Connection, CursorResult, Engine, Table
from sqlalchemy.dialects.postgresql import insert as insert_postgres
from sqlalchemy.dialects.sqlite import insert as insert_sqlite
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, StatementError
from sqlalchemy.sql.base import Executable
from sqlalchemy.sql.elements import ClauseElement

from troth.errors import UsageError
from troth.store.connections import connect, demand_bound_role, rewrite
from troth.store.failures import StoreAwayError, StoreValueError
from troth.store.scope import demand_scope
from troth.terms.tenant import Tenant

__all__ = ["Store", "Transaction", "open_store"]

_TENANT: Final = "SELECT set_config('troth.tenant', %s, true), set_config('troth.project', %s, true)"

Parameters = Mapping[str, Any] | Sequence[Mapping[str, Any]]


class Transaction:
    """What one tenant may do until it is committed.

    Attributes:
        tenant: on whose behalf; rows name it as `str(transaction.tenant)`.
        connection: below everything, without any check: for the engine's outbox (`troth.durable`) and nothing else.
    """

    __slots__ = ("_own", "_then", "connection", "tenant")

    def __init__(self, connection: Connection, tenant: Tenant, then: list[Callable[[], None]] | None = None) -> None:
        self.connection = connection
        self.tenant = tenant
        self._own = str(tenant)
        self._then: list[Callable[[], None]] = [] if then is None else then

    def after_commit(self, act: Callable[[], None]) -> None:
        """Have `act` called once the transaction is committed, or has read all that it wanted; never where it is rolled back. It must not fail."""
        self._then.append(act)

    @property
    def dialect(self) -> str:
        """`sqlite` or `postgresql`."""
        return self.connection.dialect.name

    def execute(self, statement: Executable, parameters: Parameters | None = None) -> CursorResult[Any]:
        """Execute a statement of SQLAlchemy Core.

        Args:
            statement: it names the tenant wherever a table has one; text is refused.
            parameters: one set, or many for an executemany.

        Raises:
            ScopeError: it could reach another tenant's rows.
            StoreError: the database refused it. `IntegrityError` passes as it is.
        """
        demand_scope(cast(ClauseElement, statement), parameters, self._own)
        with _translated():
            try:
                return self.connection.execute(statement, parameters)
            except (TypeError, OverflowError, UnicodeError) as error:
                # what the driver itself cannot carry: text for bytes, a whole number beyond 64 bits, half a character
                raise StoreValueError(f"a value does not fit its column ({type(error).__name__})") from error

    def insert_new(self, table: Table, values: Mapping[str, Any]) -> bool:
        """Insert a row unless one with its key is there; whether it was inserted. One statement: of many at once exactly one hears True.

        Args:
            table: where to.
            values: by column; the tenant is added.

        Raises:
            StoreError: the database refused it.
        """
        make = insert_postgres if self.dialect == "postgresql" else insert_sqlite
        statement = make(table).on_conflict_do_nothing().execution_options(preserve_rowcount=True)
        return self.execute(statement, {"tenant": self._own, **values}).rowcount == 1

    @contextmanager
    def savepoint(self) -> Iterator[None]:
        """What fails inside is undone alone; the transaction goes on, and nothing that was to happen after its commit for what failed does."""
        before = len(self._then)
        try:
            with self.connection.begin_nested():
                yield
        except BaseException:
            del self._then[before:]
            raise


class Store:
    """A database and its tables. Made by `open_store`; safe to share between threads, not across a fork.

    Args:
        engine: from `troth.store.connections`.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._turn = threading.Lock()
        self._held = threading.local()
        self._checked = False

    @property
    def engine(self) -> Engine:
        """Below everything, without tenant or check: for migrations, the engine port and backups only."""
        return self._engine

    @property
    def dialect(self) -> str:
        """`sqlite` or `postgresql`."""
        return self._engine.dialect.name

    def migrate(self) -> None:
        """Bring the tables up to this version, forwards only; does nothing where they are.

        Raises:
            SchemaError: the database belongs to a newer version, or a table lacks a protection afterwards.
            StoreError: the database does not answer.
        """
        from troth.store.migration import migrate

        with self._exclusively(), _translated():
            migrate(self._engine)

    def rewrite(self) -> bool:
        """On SQLite: write the file anew, so that what was deleted cannot be found in it; takes as long as copying it. Whether it was: not on PostgreSQL.

        Raises:
            UsageError: this thread is writing.
            StoreError: the database does not answer, or a reader of an older moment was in the way for too long.
        """
        with self._exclusively(), _translated():
            return rewrite(self._engine)

    @contextmanager
    def write(self, tenant: Tenant) -> Iterator[Transaction]:
        """A transaction that commits at the end of the block.

        Args:
            tenant: on whose behalf.

        Raises:
            UsageError: `tenant` is none, or this thread is writing already.
            StoreError: the database does not answer; nothing was kept.
        """
        then: list[Callable[[], None]] = []
        with self._exclusively(), self._begun(tenant, then, reads=False) as transaction:
            yield transaction
        for act in then:
            act()

    @contextmanager
    def read(self, tenant: Tenant) -> Iterator[Transaction]:
        """A transaction that can only read, of one moment.

        Raises:
            UsageError: `tenant` is none.
            StoreError: the database does not answer.
        """
        then: list[Callable[[], None]] = []
        with self._begun(tenant, then, reads=True) as transaction:
            yield transaction
        for act in then:
            act()

    def on_behalf(self, transaction: Transaction, tenant: Tenant) -> Transaction:
        """The same database transaction, from here on for `tenant`: for the group writer, which gives each piece its own."""
        if tenant != transaction.tenant or self.dialect == "postgresql":
            self._bind(transaction.connection, tenant)
        return Transaction(transaction.connection, tenant, transaction._then)

    @contextmanager
    def _begun(self, tenant: Tenant, then: list[Callable[[], None]], *, reads: bool) -> Iterator[Transaction]:
        if not isinstance(tenant, Tenant):
            raise UsageError("a transaction needs a tenant")
        with _translated(), self._engine.connect() as raw:
            options: dict[str, Any] = {"troth_reads": reads}
            if self.dialect == "postgresql":
                options["isolation_level"] = "REPEATABLE READ" if reads else "READ COMMITTED"
                options["postgresql_readonly"] = reads
            connection = raw.execution_options(**options)
            with connection.begin():
                self._bind(connection, tenant)
                yield Transaction(connection, tenant, then)

    def _bind(self, connection: Connection, tenant: Tenant) -> None:
        if self.dialect != "postgresql":
            return
        if not self._checked:
            demand_bound_role(connection)
            self._checked = True
        driver: Any = connection.connection.driver_connection
        failure = connection.dialect.loaded_dbapi.Error
        try:
            with driver.pipeline():  # the driver sends BEGIN before the first statement: in a pipeline both make one journey
                driver.execute(_TENANT, (tenant.id, tenant.project))
        except failure as error:
            if driver.closed:
                connection.invalidate()
            raise DBAPIError.instance(_TENANT, None, error, failure, dialect=connection.dialect) from error

    @contextmanager
    def _exclusively(self) -> Iterator[None]:
        """On SQLite: this process' turn to write."""
        if self.dialect != "sqlite":
            yield
            return
        if getattr(self._held, "now", False):
            raise UsageError("this thread is writing already: use the open transaction")
        with self._turn:
            self._held.now = True
            try:
                yield
            finally:
                self._held.now = False

    def close(self) -> None:
        """Close all connections; the store can be used again."""
        self._engine.dispose()

    def __enter__(self) -> Store:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except IntegrityError:
        raise
    except DataError as error:
        raise StoreValueError(f"the database refuses a value ({type(error.orig).__name__})") from error
    except DBAPIError as error:
        raise StoreAwayError(f"the database cannot do it: {_first_line(error)}") from error
    except StatementError as error:
        raise StoreValueError("a value does not fit its column") from error


def _first_line(error: DBAPIError) -> str:
    """What the driver says, without statement and parameters."""
    lines = str(error.orig).splitlines()
    return lines[0][:200] if lines else type(error.orig).__name__


def open_store(url: str, *, durable: bool = True, pool: int = 5) -> Store:
    """Open a store; its tables are made by `Store.migrate`.

    Args:
        url: `sqlite:///PATH` or `postgresql+psycopg://ROLE@HOST/DATABASE`.
        durable: on SQLite, wait for the disk at each commit.
        pool: connections kept open.

    Raises:
        UsageError: the address is none of those.
        StoreError: the file could be read by others, or cannot be made.
    """
    return Store(connect(url, durable=durable, pool=pool))
