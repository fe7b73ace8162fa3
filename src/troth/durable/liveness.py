"""Which workers are alive: each holds a lock that its death lets go, whoever kills it.

Rules:

* PostgreSQL: a session advisory lock on the worker's name, on a connection of its own; the server lets go when the connection breaks;
* SQLite, which has one host: an exclusive lock on a file beside the database (`flock`; on Windows a locked byte); the kernel lets go when the process ends;
* a worker that finds its own lock gone (its connection broke while it lived) takes it again; meanwhile another may have taken its jobs over: a job runs at least
  once, and its function asks the domain's state.
"""

from __future__ import annotations

import hashlib
import os
import sys
from pathlib import Path
from typing import Protocol

from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DBAPIError

from troth.errors import UsageError

__all__ = ["FileLiveness", "Liveness", "PostgresLiveness"]


class Liveness(Protocol):
    """Locks on workers' names."""

    def hold(self, worker: str) -> None:
        """Say that this worker lives, until the process ends or `release`."""

    def dead(self, worker: str) -> bool:
        """Whether nobody holds that worker's lock; where True, this process holds it until `let_go`."""

    def let_go(self, worker: str) -> None:
        """Give back what `dead` took."""

    def release(self) -> None:
        """Let all go: the worker ends."""


class PostgresLiveness:
    """Advisory locks.

    Args:
        engine: of the database.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._connection: Connection | None = None

    def hold(self, worker: str) -> None:
        """Take the lock, or see that it is still held."""
        if self._connection is not None:
            try:
                self._connection.execute(text("SELECT 1"))
            except DBAPIError:
                self._connection.invalidate()
                self._connection.close()
                self._connection = None
            else:
                return
        self._connection = self._engine.connect().execution_options(isolation_level="AUTOCOMMIT")
        self._connection.execute(text("SELECT pg_advisory_lock(:name)"), {"name": _number(worker)})

    def dead(self, worker: str) -> bool:
        """Whether nobody holds it."""
        if self._connection is None:
            return False
        return bool(self._connection.execute(text("SELECT pg_try_advisory_lock(:name)"), {"name": _number(worker)}).scalar())

    def let_go(self, worker: str) -> None:
        """Give it back."""
        if self._connection is not None:
            self._connection.execute(text("SELECT pg_advisory_unlock(:name)"), {"name": _number(worker)})

    def release(self) -> None:
        """Close the connection, and with it let all locks go."""
        if self._connection is not None:
            self._connection.invalidate()
            self._connection.close()
            self._connection = None


def _number(worker: str) -> int:
    return int.from_bytes(hashlib.sha256(b"troth worker " + worker.encode()).digest()[:8], "big", signed=True)


def _taken(descriptor: int) -> bool:
    """Take the exclusive lock on a file, without waiting; False where somebody holds it."""
    if sys.platform == "win32":
        import msvcrt

        try:
            # a byte that nobody reads: on Windows a locked one cannot be read by others
            os.lseek(descriptor, _BYTE, os.SEEK_SET)
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True
    import fcntl

    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


_BYTE = 1 << 20


class FileLiveness:
    """Locks on files beside a SQLite database.

    Args:
        database: path of the database.
    """

    def __init__(self, database: Path) -> None:
        self._folder = database.with_name(database.name + ".workers")
        self._held: dict[str, int] = {}

    def _open(self, worker: str, *, make: bool) -> int | None:
        name = hashlib.sha256(worker.encode()).hexdigest()[:32]
        flags = os.O_RDWR | (os.O_CREAT if make else 0) | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0)
        try:
            self._folder.mkdir(mode=0o700, exist_ok=True)
            return os.open(self._folder / name, flags, 0o600)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise UsageError(f"cannot keep workers' locks beside the database: {error.strerror or error}") from error

    def _lock(self, worker: str, descriptor: int) -> bool:
        if not _taken(descriptor):
            os.close(descriptor)
            return False
        self._held[worker] = descriptor
        return True

    def hold(self, worker: str) -> None:
        """Take the lock."""
        if worker in self._held:
            return
        descriptor = self._open(worker, make=True)
        if descriptor is None or not self._lock(worker, descriptor):
            raise UsageError("another worker has this worker's name")

    def dead(self, worker: str) -> bool:
        """Whether nobody holds it; a worker without a file ended long ago."""
        if worker in self._held:
            return False
        descriptor = self._open(worker, make=True)
        return descriptor is not None and self._lock(worker, descriptor)

    def let_go(self, worker: str) -> None:
        """Give it back."""
        descriptor = self._held.pop(worker, None)
        if descriptor is not None:
            os.close(descriptor)

    def release(self) -> None:
        """Let all go."""
        for worker in list(self._held):
            self.let_go(worker)
