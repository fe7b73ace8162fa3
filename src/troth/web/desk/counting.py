"""How often somebody did something lately, counted together by all processes that serve one desk.

Rules: counts lie in memory that is shared by whoever was forked after they were made, bounded, and gone when the last process ends; a sender is kept as a
keyed digest, under a key that no file has. A lock of the system guards a place while it changes, and is lifted when its holder dies. Where all places that a
sender may have are taken, the one that began longest ago is forgotten.
"""

from __future__ import annotations

import hashlib
import itertools
import mmap
import os
import struct
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Final

__all__ = ["Limiter"]

_SETS: Final = 8_192
_WAYS: Final = 8
_PLACE: Final = struct.Struct("=16sdII")
"""Digest of a sender (all zero: free), when its window began, how often since; padding."""
_SET_BYTES: Final = _WAYS * _PLACE.size
_FREE: Final = bytes(16)
_BASES: Final = itertools.count()


@cache
def _lock_file() -> int | None:
    """A file without name and without bytes, one for the process and its children, of which places are locked; none where the system has no such locks."""
    if sys.platform == "win32":
        return None
    handle, name = tempfile.mkstemp(prefix="troth-")
    os.unlink(name)
    return handle


class Limiter:
    """Counts per sender within a window: 65,536 senders at most.

    Args:
        most: allowed within the window.
        window: seconds.
    """

    def __init__(self, most: int, window: float) -> None:
        self._most, self._window = most, window
        self._key = os.urandom(32)
        self._places = mmap.mmap(-1, _SETS * _SET_BYTES)  # shared with children, and with nobody else
        self._among_threads = threading.Lock()
        self._base = next(_BASES) * _SETS * _SET_BYTES
        self._lock = _lock_file()

    def hit(self, sender: str) -> bool:
        """Count one; true while the sender is within the limit."""
        return self.count(sender) <= self._most

    def count(self, sender: str, weight: int = 1) -> int:
        """Count so much, and say what it comes to within the window."""
        digest, start = self._where(sender)
        now = time.monotonic()
        with self._held(start):
            at, began, count = self._find(digest, start)
            if now - began > self._window:
                began, count = now, 0
            count = min(count + weight, 2**32 - 1)
            _PLACE.pack_into(self._places, at, digest, began, count, 0)
        return count

    def told(self, sender: str) -> int:
        """What was counted within the window; counts nothing."""
        digest, start = self._where(sender)
        with self._held(start):
            at, began, count = self._find(digest, start)
            known = self._places[at : at + 16] == digest
        return count if known and time.monotonic() - began <= self._window else 0

    def over(self, sender: str) -> bool:
        """Whether a sender is over the limit; counts nothing."""
        digest, start = self._where(sender)
        with self._held(start):
            at, began, count = self._find(digest, start)
            known = self._places[at : at + 16] == digest
        return known and count >= self._most and time.monotonic() - began <= self._window

    def _where(self, sender: str) -> tuple[bytes, int]:
        digest = hashlib.blake2b(sender.encode(), digest_size=16, key=self._key).digest()
        return digest, int.from_bytes(digest[:4], "big") % _SETS * _SET_BYTES

    def _find(self, digest: bytes, start: int) -> tuple[int, float, int]:
        """Place of a sender with its window and count; where it has none, a free one or that which is forgotten, with nothing counted."""
        oldest, since = start, float("inf")
        for at in range(start, start + _SET_BYTES, _PLACE.size):
            name, began, count, _ = _PLACE.unpack_from(self._places, at)
            if name == digest:
                return at, began, count
            if name == _FREE:
                began = float("-inf")
            if began < since:
                oldest, since = at, began
        return oldest, float("-inf"), 0

    @contextmanager
    def _held(self, start: int) -> Iterator[None]:
        with self._among_threads:
            if self._lock is None:
                yield
                return
            import fcntl

            fcntl.lockf(self._lock, fcntl.LOCK_EX, _SET_BYTES, self._base + start)
            try:
                yield
            finally:
                fcntl.lockf(self._lock, fcntl.LOCK_UN, _SET_BYTES, self._base + start)
