"""Remembers spent permits outside the database for as long as they could be valid, so that a database put back from a backup does not make them new.

A file beside, not in, the database: one line for each permit, appended and flushed to the disk *before* the transaction that spends it commits. If the process dies in
between, the permit is used up without a run: a new one is asked for, which is the safe side. The file is for one host; executors of several hosts share the database, whose
restore is then an operation that must wait for fifteen minutes (docs/jobs.md).
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import threading
from collections.abc import Iterable
from pathlib import Path

from troth.jobs.refusals import PermitError

__all__ = ["Journal"]


class Journal:
    """Digests of the numbers of spent permits, with the second in which each permit ends.

    Args:
        path: the file; made with mode 0600 where there is none.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._read_to = 0
        self._known: set[str] = set()

    def spend(self, jtis: Iterable[str], expires: int) -> None:
        """Write permits down.

        Raises:
            PermitError: `spent`: one of them stands there already.
        """
        names = [hashlib.sha256(jti.encode("ascii")).hexdigest() for jti in jtis]
        flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | getattr(os, "O_NOFOLLOW", 0)
        with self._lock, os.fdopen(os.open(self._path, flags, 0o600), "r+b", buffering=0) as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            file.seek(self._read_to)
            raw = file.read() or b""
            self._known |= {line.split(b" ")[0].decode("ascii", "replace") for line in raw.splitlines()}
            self._read_to += len(raw)
            if self._known & set(names):
                raise PermitError("spent", "The permit was spent before, although the database does not know it.")
            file.write(b"".join(f"{name} {expires}\n".encode("ascii") for name in names))
            os.fsync(file.fileno())
