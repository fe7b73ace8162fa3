"""Contents of blobs by their ids, through one git process that is kept, for who reads many files of many commits.

A process for each file costs ten times what the file does. What was read is kept up to a bound, since most files are the same from one commit to the next.
Bounds: a blob of over the caller's limit is passed by, not held; an answer that does not come within the time limit of `command` ends the process. One that has ended is started once more, then the answer is None.
"""

from __future__ import annotations

import atexit
import os
import re
import select
import subprocess
import threading
from collections import OrderedDict
from typing import Final

from troth.engines.git.command import TIME_LIMIT_SECONDS, Git
from troth.errors import LookError

__all__ = ["Blobs", "blobs_of"]

KEPT_BYTES: Final = 96 * 1024 * 1024
_ID: Final = re.compile(r"(?:[0-9a-f]{40}|[0-9a-f]{64})\Z")
_CHUNK: Final = 1024 * 1024
_MOST_OPEN: Final = 4
_LONGEST_LINE: Final = 1024


class Blobs:
    """Blobs of one repository. Git is started at the first question."""

    def __init__(self, git: Git) -> None:
        """Nothing is started yet."""
        self._git = git
        self._process: subprocess.Popen[bytes] | None = None
        self._read = b""
        self._kept: OrderedDict[str, bytes] = OrderedDict()
        self._held = 0
        self._lock = threading.Lock()

    def read(self, blob: str, limit: int) -> bytes | None:
        """Content of a blob; None where it is not here, is no blob, or is over `limit` bytes."""
        if not _ID.match(blob):
            return None
        with self._lock:
            data = self._kept.get(blob)
            if data is None:
                data = self._ask(blob, limit)
                if data is not None:
                    self._keep(blob, data)
            else:
                self._kept.move_to_end(blob)
            return data if data is not None and len(data) <= limit else None

    def close(self) -> None:
        """End git, and forget what was kept."""
        with self._lock:
            self._end()
            self._kept.clear()
            self._held = 0

    def _keep(self, blob: str, data: bytes) -> None:
        if len(data) > KEPT_BYTES // 8:
            return
        self._kept[blob] = data
        self._held += len(data)
        while self._held > KEPT_BYTES:
            self._held -= len(self._kept.popitem(last=False)[1])

    def _ask(self, blob: str, limit: int) -> bytes | None:
        for _ in range(2):
            try:
                return self._answer(blob, limit)
            except (OSError, ValueError, EOFError, LookError):
                self._end()
        return None

    def _answer(self, blob: str, limit: int) -> bytes | None:
        """One question of `git cat-file --batch`: `<id> blob <size>`, a line's end, the content, a line's end; or `<id> missing`."""
        if self._process is None or self._process.poll() is not None:
            self._end()
            self._process = self._git.start("cat-file", "--batch")
        if self._process.stdin is None:
            raise EOFError
        self._process.stdin.write(blob.encode("ascii") + b"\n")
        self._process.stdin.flush()
        words = self._line().split()
        if len(words) != 3:
            return None
        size = int(words[2])
        kept = words[1] == b"blob" and size <= limit
        data = self._bytes(size, kept=kept)
        if self._bytes(1, kept=True) != b"\n":
            raise EOFError
        return data if kept else None

    def _line(self) -> bytes:
        while b"\n" not in self._read:
            if len(self._read) > _LONGEST_LINE:
                raise EOFError
            self._read += self._chunk(_LONGEST_LINE)
        line, _, self._read = self._read.partition(b"\n")
        return line

    def _bytes(self, size: int, *, kept: bool) -> bytes:
        parts = [self._read[:size]]
        self._read = self._read[size:]
        left = size - len(parts[0])
        while left:
            part = self._chunk(min(left, _CHUNK))
            left -= len(part)
            if kept:
                parts.append(part)
        return b"".join(parts)

    def _chunk(self, most: int) -> bytes:
        if self._process is None or self._process.stdout is None:
            raise EOFError
        handle = self._process.stdout.fileno()
        if os.name == "posix" and not select.select([handle], [], [], TIME_LIMIT_SECONDS)[0]:
            raise EOFError
        part = os.read(handle, most)
        if not part:
            raise EOFError
        return part

    def _end(self) -> None:
        process, self._process, self._read = self._process, None, b""
        if process is None:
            return
        for pipe in (process.stdin, process.stdout):
            try:
                if pipe is not None:
                    pipe.close()
            except OSError:
                continue  # it has ended already
        process.kill()
        process.wait()


_OPEN: dict[tuple[int, str, str], Blobs] = {}


def blobs_of(git: Git) -> Blobs:
    """The blobs of a repository, shared by all who ask in this process; of a few repositories at a time."""
    key = (os.getpid(), str(git.root), git.executable)
    if key not in _OPEN:
        while len(_OPEN) >= _MOST_OPEN:
            first = next(iter(_OPEN))
            oldest = _OPEN.pop(first)
            if first[0] == os.getpid():  # a forked child leaves its parent's process alone
                oldest.close()
        _OPEN[key] = Blobs(git)
    return _OPEN[key]


def _close_all() -> None:
    for key in [key for key in _OPEN if key[0] == os.getpid()]:
        _OPEN.pop(key).close()


atexit.register(_close_all)
