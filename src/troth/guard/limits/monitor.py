"""Watches what this process uses and calls back when a limit is crossed: memory, processor time, open descriptors, threads.

Linux reads /proc; elsewhere the figures that `resource` gives. Watching does not stop anything by itself: the callback decides.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Mapping
from typing import NamedTuple

__all__ = ["Monitor", "Usage"]


class Usage(NamedTuple):
    """What the process uses now.

    Attributes:
        memory_bytes: resident memory (its peak, where the platform tells only that).
        cpu_seconds: processor time, user and system.
        descriptors: open file descriptors; -1 where the platform does not tell.
        threads: Python threads.
    """

    memory_bytes: int
    cpu_seconds: float
    descriptors: int
    threads: int

    @classmethod
    def now(cls) -> Usage:
        """Read the figures."""
        return cls(_memory(), time.process_time(), _descriptors(), threading.active_count())


def _memory() -> int:
    try:
        with open("/proc/self/statm", "rb") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, IndexError):
        import resource
        import sys

        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return peak if sys.platform == "darwin" else peak * 1024


def _descriptors() -> int:
    try:
        return len(os.listdir("/proc/self/fd")) - 1
    except OSError:
        return -1


class Monitor:
    """Looks every so often, in a thread of its own, and calls back once per crossing.

    Args:
        limits: attribute of `Usage` -> its limit.
        on_crossing: called with the attribute's name, the value and the limit, from the monitor's thread.
        every_seconds: how often to look.
    """

    def __init__(
        self,
        limits: Mapping[str, float],
        on_crossing: Callable[[str, float, float], None],
        *,
        every_seconds: float = 1.0,
    ) -> None:
        unknown = set(limits) - {"memory_bytes", "cpu_seconds", "descriptors", "threads"}
        if unknown:
            raise ValueError(f"nothing measures {', '.join(sorted(unknown))}")
        self._limits, self._on_crossing, self._every = dict(limits), on_crossing, every_seconds
        self._over: set[str] = set()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="troth-monitor", daemon=True)

    def __enter__(self) -> Monitor:
        """Start looking."""
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop looking."""
        self._stop.set()
        self._thread.join()

    def look(self) -> Usage:
        """Look once, and call back for every limit that was crossed since the last look."""
        usage = Usage.now()
        for name, limit in self._limits.items():
            value = float(getattr(usage, name))
            if value > limit and name not in self._over:
                self._over.add(name)
                self._on_crossing(name, value, limit)
            elif value <= limit:
                self._over.discard(name)
        return usage

    def _run(self) -> None:
        while not self._stop.wait(self._every):
            self.look()
