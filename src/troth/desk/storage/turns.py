"""Whose turn it is among the processes of one desk: a lock on a file, which the system lifts when its holder dies, however it dies.

Rules: a turn is held by one open file of one process at a time and never outlives it, so that `kill -9` leaves nothing to clean up; who waits sleeps in the
system instead of asking again and again, as SQLite's own busy loop does (up to a tenth of a second between two looks); the file is empty and 0600. Between
machines nothing is promised: a desk's processes run on one, with the folder on a disk of its own.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from troth.errors import StoreError

__all__ = ["Turn"]


class Turn:
    """One thing that one process at a time may do.

    Args:
        path: of the file that is locked; made with its folder where they are missing.

    Raises:
        StoreError: the file cannot be made.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._among_threads = threading.Lock()
        self._file: int | None = None
        self._kept = False

    def _open(self) -> int:
        if self._file is None:
            try:
                self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                self._file = os.open(self._path, os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0), 0o600)
            except OSError as error:
                raise StoreError(f"cannot take turns at {self._path}: {error.strerror or error}") from error
        return self._file

    @contextmanager
    def taken(self) -> Iterator[None]:
        """Wait for the turn, and give it back at the end of the block."""
        with self._among_threads:
            if sys.platform == "win32":  # several processes serve on POSIX only; the database's own lock is what is left here
                yield
                return
            import fcntl

            file = self._open()
            fcntl.flock(file, fcntl.LOCK_EX)
            try:
                yield
            finally:
                fcntl.flock(file, fcntl.LOCK_UN)

    def keep(self, *, shared: bool = False) -> bool:
        """Take the turn for as long as this process lives, or until `close`; whether it is held. Does not wait.

        Args:
            shared: several may have it, as long as nobody has it alone.
        """
        with self._among_threads:
            if self._kept or sys.platform == "win32":
                return True
            import fcntl

            try:
                fcntl.flock(self._open(), (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
            except BlockingIOError:
                return False
            self._kept = True
            return True

    def close(self) -> None:
        """Give back what is held."""
        with self._among_threads:
            if self._file is not None:
                os.close(self._file)
            self._file, self._kept = None, False
