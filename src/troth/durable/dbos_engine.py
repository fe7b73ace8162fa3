"""The engine on DBOS (https://docs.dbos.dev), on SQLite and on PostgreSQL: the one module that imports it, and never on the path of `troth check`.

What its defaults would do to us, and what stands here instead:

* jobs of a dead worker stay PENDING for ever: every worker holds a lock on its name (`liveness`), and every second each looks for names that own pending jobs
  and that nobody holds, and has their jobs queued again (`Janitor`);
* the application version is a hash of the source, and jobs of yesterday's version never run: here it is a constant;
* arguments are pickled: here they are text and JSON, by DBOS's portable serializer, and a payload that is no JSON is refused before;
* SQLite runs with a rollback journal: the engine that is handed over uses WAL, in the store's own file, so that a job can be enqueued in the caller's transaction;
* queues know no tenants: every job carries its tenant as its partition, and a partition has a limit;
* an error's text goes into the database: here only the name of its kind does.

DBOS keeps one instance per process; so at most one engine of a process is started. Enqueueing needs none.
"""

from __future__ import annotations

import json
import logging
import os
import socket
import sqlite3
import sys
import threading
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

from dbos import DBOS, DBOSClient, DBOSPortableJSONSerializer, EnqueueOptions
from dbos import error as dbos_errors
from sqlalchemy import Engine as Database
from sqlalchemy import create_engine, event, text
from sqlalchemy.engine import URL
from sqlalchemy.exc import SQLAlchemyError

from troth.durable.liveness import FileLiveness, Liveness, PostgresLiveness
from troth.durable.port import (
    ATTEMPTS,
    EngineError,
    Function,
    JobState,
    Json,
    Outbox,
    Queue,
    demand_name,
    job_id,
    payload_text,
    whose,
)
from troth.errors import UsageError
from troth.terms.tenant import Tenant

__all__ = ["VERSION", "DbosEngine", "Janitor"]

VERSION: Final = "troth-1"
"""Of all jobs, for ever: a job that was enqueued by one release is run by the next. Changed functions keep to old payloads."""
_APP: Final = "troth"
_WORKFLOW: Final = "troth.job"
_JANITOR_SECONDS: Final = 1.0
_STATES: Final = {
    "ENQUEUED": JobState.WAITING, "DELAYED": JobState.WAITING, "PENDING": JobState.RUNNING, "SUCCESS": JobState.DONE, "ERROR": JobState.FAILED,
    "CANCELLED": JobState.FAILED, "MAX_RECOVERY_ATTEMPTS_EXCEEDED": JobState.FAILED,
}  # fmt: skip
_started = threading.Lock()


class DbosEngine:
    """Durable jobs in a database that has other tables too.

    Args:
        url: of the store's database.
        queues: that there are, the same in every process.
        poll_seconds: how often a worker asks for work.
        pause: before a failed job is tried again; doubled each time.
    """

    def __init__(self, url: URL, queues: Iterable[Queue], *, poll_seconds: float = 0.5, pause: float = 1.0) -> None:
        self._queues = {queue.name: queue for queue in queues}
        self._poll, self._pause = poll_seconds, pause
        self._functions: dict[str, Function] = {}
        logging.getLogger("dbos").setLevel(logging.ERROR)
        self._database = _database(url)
        self._liveness: Liveness = PostgresLiveness(self._database) if url.get_backend_name() == "postgresql" else FileLiveness(Path(str(url.database)))
        self._worker = f"{socket.gethostname()}-{os.getpid()}-{os.urandom(6).hex()}"
        self._janitor: Janitor | None = None
        try:
            DBOS.migrate(url.render_as_string(hide_password=False))
            self._client = DBOSClient(
                system_database_engine=self._database, serializer=DBOSPortableJSONSerializer(), application_name=_APP, retry_connection_errors=False
            )
        except (SQLAlchemyError, dbos_errors.DBOSException) as error:
            raise EngineError(f"the engine's tables cannot be made ({type(error).__name__})") from error

    def register(self, name: str, function: Function) -> None:
        """Say what jobs of a name do; before `start`."""
        self._functions[demand_name(name)] = function

    def enqueue(
        self, transaction: Outbox | None, queue: str, name: str, payload: Json, key: str | None = None, *, delay_seconds: float = 0.0, tenant: Tenant | None = None
    ) -> str:
        """See `troth.durable.port.Engine`; with a transaction the job's row is written in it."""
        owner, told = whose(transaction, tenant), payload_text(payload)
        if queue not in self._queues:
            raise UsageError(f"there is no queue {queue!r}")
        options: EnqueueOptions = {
            "workflow_name": _WORKFLOW,
            "queue_name": queue,
            "workflow_id": job_id(owner, queue, key),
            "app_version": VERSION,
            "queue_partition_key": str(owner),
        }
        if delay_seconds > 0:
            options["delay_seconds"] = delay_seconds
        try:
            if transaction is None:
                self._client.enqueue(options, demand_name(name), told)
            else:
                self._client.enqueue_in_transaction(transaction.connection, options, demand_name(name), told)
        except (SQLAlchemyError, dbos_errors.DBOSException) as error:
            raise EngineError(f"the engine did not take the job ({type(error).__name__})") from error
        return options["workflow_id"]

    def state(self, job: str) -> JobState:
        """Where a job is."""
        try:
            found = self._client.list_workflows(workflow_ids=[job], load_input=False, load_output=False)
        except (SQLAlchemyError, dbos_errors.DBOSException) as error:
            raise EngineError(f"the engine does not answer ({type(error).__name__})") from error
        return _STATES.get(str(found[0].status), JobState.UNKNOWN) if found else JobState.UNKNOWN

    def start(self) -> None:
        """Begin to run jobs, and to look after dead workers' ones.

        Raises:
            UsageError: another engine of this process is started.
        """
        if not _started.acquire(blocking=False):
            raise UsageError("one engine per process can be started")
        try:
            self._liveness.hold(self._worker)
            self._launch()
        except (SQLAlchemyError, dbos_errors.DBOSException) as error:
            self.stop(0)
            raise EngineError(f"the engine does not start ({type(error).__name__})") from error
        self._janitor = Janitor(self._database, self._liveness, self._worker)
        self._janitor.start()

    def _launch(self) -> None:
        DBOS(
            config={
                "name": _APP,
                "system_database_engine": self._database,
                "system_database_url": self._database.url.render_as_string(hide_password=False),
                "serializer": DBOSPortableJSONSerializer(),
                "application_version": VERSION,
                "executor_id": self._worker,
                "enable_otlp": False,
                "log_level": "ERROR",
                "notification_listener_polling_interval_sec": 1.0,
            }
        )
        functions, pause = self._functions, self._pause

        def run(name: str, told: str) -> None:
            DBOS.run_step(
                {"name": name, "retries_allowed": True, "max_attempts": ATTEMPTS, "interval_seconds": pause, "backoff_rate": 2.0}, _run, functions.get(name), told
            )

        DBOS.workflow(name=_WORKFLOW)(run)
        DBOS.launch()
        for queue in self._queues.values():
            DBOS.register_queue(
                queue.name,
                worker_concurrency=queue.per_worker,
                partition_concurrency=queue.per_tenant,
                polling_interval_sec=self._poll,
                on_conflict="always_update",
            )

    def stop(self, seconds: float = 10.0) -> None:
        """Take no more jobs, and wait up to so many seconds for those that run."""
        if not _started.locked():
            return
        if self._janitor is not None:
            self._janitor.stop()
            self._janitor = None
        DBOS.destroy(destroy_registry=True, workflow_completion_timeout_sec=int(seconds))
        self._liveness.release()
        _started.release()


def _run(function: Function | None, told: str) -> None:
    if function is None:
        raise EngineError("this worker knows no such job")
    try:
        function(json.loads(told))
    except Exception as error:
        # the text of an error may hold what the job was about: it does not go into the engine's tables
        raise EngineError(type(error).__name__) from error


class Janitor(threading.Thread):
    """Gives jobs of dead workers to the living.

    Args:
        database: of the engine.
        liveness: who lives.
        worker: the name of this one, which it keeps alive.
    """

    def __init__(self, database: Database, liveness: Liveness, worker: str) -> None:
        super().__init__(name="troth-janitor", daemon=True)
        schema = "dbos." if database.dialect.name == "postgresql" else ""
        self._owners = text(f"SELECT DISTINCT executor_id FROM {schema}workflow_status WHERE status = 'PENDING' AND application_version = :version")  # noqa: S608
        self._database, self._liveness, self._worker = database, liveness, worker
        self._ending = threading.Event()

    def run(self) -> None:
        """Look every second until told to stop."""
        while not self._ending.wait(_JANITOR_SECONDS):
            try:
                self._liveness.hold(self._worker)
                self.look()
            except (SQLAlchemyError, dbos_errors.DBOSException):
                # the database is away: the next second asks again, and nothing was taken over
                continue

    def look(self) -> list[str]:
        """Take over what dead workers own, once; gives their names."""
        with self._database.connect() as connection:
            owners = [str(row[0]) for row in connection.execute(self._owners, {"version": VERSION}) if row[0] and row[0] != self._worker]
        taken = []
        for owner in owners:
            if self._liveness.dead(owner):
                try:
                    DBOS._recover_pending_workflows([owner])
                    taken.append(owner)
                finally:
                    self._liveness.let_go(owner)
        return taken

    def stop(self) -> None:
        """Look no more."""
        self._ending.set()
        self.join(5)


def tells_no_parts_of_seconds() -> bool:
    """Whether DBOS would ask this Python's SQLite for `unixepoch('subsec')`, and be answered with NULL: it asks from Python 3.12 on, SQLite knows it from 3.42 on.

    Defining the function for older ones is no way out: the store trusts no function of the application in its schema (`trusted_schema=OFF`).
    """
    return sys.version_info >= (3, 12) and sqlite3.sqlite_version_info < (3, 42)


def _database(url: URL) -> Database:
    if url.get_backend_name() == "postgresql":
        return create_engine(url.set(drivername="postgresql+psycopg"), pool_size=10, max_overflow=10, pool_pre_ping=True)
    if tells_no_parts_of_seconds():
        raise UsageError(
            f"durable jobs on SQLite need SQLite 3.42 or newer with Python 3.12 or newer, and this Python has {sqlite3.sqlite_version}: "
            "take a Python that was built with a newer one, Python 3.11, or a store on PostgreSQL"
        )
    path = Path(str(url.database))
    if not path.is_file():
        # never opened here where it exists: closing a descriptor would drop the locks of this process' own connections to it
        raise UsageError(f"there is no store at {path}: the engine lives in the store's database")
    database = create_engine(url, connect_args={"timeout": 30})

    def opened(connection: Any, _record: object) -> None:  # noqa: ANN401 - the driver's
        connection.isolation_level = "IMMEDIATE"
        cursor = connection.cursor()
        for pragma in ("busy_timeout=30000", "journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON"):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    event.listen(database, "connect", opened)
    return database
