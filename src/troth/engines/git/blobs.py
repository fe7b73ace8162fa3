"""Contents of blobs by their id, from one `git cat-file --batch` that stays open: a process for each would cost 5 ms a file.

A blob over the limit is passed over without being held. A process that does not answer within the time limit, or answers in another form, is ended, and that blob and those
asked later come from a new one; what cannot be read is None, as it is for a file that is absent. A forked child gets a process of its own.
"""

from __future__ import annotations

import os
import re
import selectors
import subprocess
import threading
import time
import weakref
from typing import Final

from troth.engines.git.command import TIME_LIMIT_SECONDS, Git

__all__ = ["Blobs"]

_OID: Final = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?\Z")
_HEADER: Final = re.compile(rb"[0-9a-f]+ (\w+) (\d+)\Z")
_CHUNK: Final = 1 << 20
_HEADER_LIMIT: Final = 256


class Blobs:
    """Reads blobs of one repository.

    Args:
        git: the repository's.
        limit: bytes; a larger blob reads as None.
    """

    def __init__(self, git: Git, limit: int) -> None:
        self._git = git
        self._limit = limit
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._owner = 0
        self._rest = b""

    def read(self, oid: str) -> bytes | None:
        """A blob's bytes; None where there is none, it is another kind of object, over the limit, or git cannot read it."""
        if not _OID.match(oid):
            return None
        with self._lock:
            try:
                return self._ask(oid)
            except (OSError, ValueError):
                self._end()
                return None

    def _ask(self, oid: str) -> bytes | None:
        process = self._started()
        deadline = time.monotonic() + TIME_LIMIT_SECONDS
        if process.stdin is None:
            raise OSError("git has no input")
        process.stdin.write(oid.encode() + b"\n")
        line = self._line(process, deadline)
        if line.endswith(b" missing"):
            return None
        match = _HEADER.match(line)
        if match is None:
            raise ValueError("an answer in another form")
        size = int(match.group(2))
        held = match.group(1) == b"blob" and size <= self._limit
        data = self._take(process, size, deadline, held=held)
        if self._take(process, 1, deadline, held=True) != b"\n":
            raise ValueError("an answer in another form")
        return data if held else None

    def _started(self) -> subprocess.Popen[bytes]:
        if self._process is None or self._owner != os.getpid():
            self._process, self._owner, self._rest = self._git.open("cat-file", "--batch"), os.getpid(), b""
            weakref.finalize(self, _ended, self._process, self._owner)
        return self._process

    def _end(self) -> None:
        if self._process is not None:
            _ended(self._process, self._owner)
        self._process, self._rest = None, b""

    def _line(self, process: subprocess.Popen[bytes], deadline: float) -> bytes:
        while b"\n" not in self._rest:
            if len(self._rest) > _HEADER_LIMIT:
                raise ValueError("an answer in another form")
            self._rest += _read(process, deadline)
        line, _, self._rest = self._rest.partition(b"\n")
        return line

    def _take(self, process: subprocess.Popen[bytes], size: int, deadline: float, *, held: bool) -> bytes:
        parts = [self._rest[:size]]
        self._rest = self._rest[size:]
        missing = size - len(parts[0])
        while missing:
            chunk = _read(process, deadline)
            own, self._rest = chunk[:missing], chunk[missing:]
            missing -= len(own)
            if held:
                parts.append(own)
        return b"".join(parts) if held else b""


def _read(process: subprocess.Popen[bytes], deadline: float) -> bytes:
    """What git has written by now, at least a byte.

    Raises:
        OSError: it ended, or wrote nothing until the deadline.
    """
    if process.stdout is None:
        raise OSError("git has no output")
    if os.name == "posix":  # elsewhere a pipe cannot be waited for, and the read itself waits
        with selectors.DefaultSelector() as selector:
            selector.register(process.stdout, selectors.EVENT_READ)
            if not selector.select(max(deadline - time.monotonic(), 0)):
                raise TimeoutError("git does not answer")
    data = os.read(process.stdout.fileno(), _CHUNK)
    if not data:
        raise OSError("git ended")
    return data


def _ended(process: subprocess.Popen[bytes], owner: int) -> None:
    """End a process of ours; in a forked child only its pipes are closed."""
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            pipe.close()
    if owner == os.getpid():
        process.kill()
        process.wait()
