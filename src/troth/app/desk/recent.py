"""What is asked at every request and seldom changes, remembered for a second: whether reports are taken, who is banned.

Rules: what changes it in this process forgets it at once; a change by another process (`troth desk` on the command line) is seen a second later.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Final, TypeVar, cast

__all__ = ["Recent"]

Kept = TypeVar("Kept")
SECONDS: Final = 1.0


class Recent:
    """Answers by name, each for a second."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[float, object]] = {}
        self._lock = threading.Lock()

    def get(self, name: str, ask: Callable[[], Kept]) -> Kept:
        """The answer, asked anew where it is older than a second."""
        now = time.monotonic()
        with self._lock:
            known = name in self._known
            at, value = self._known.get(name, (0.0, None))
        if known and now - at < SECONDS:
            return cast(Kept, value)
        fresh = ask()
        with self._lock:
            self._known[name] = (now, fresh)
        return fresh

    def knows(self, name: str) -> bool:
        """Whether an answer is at hand for at least the next half of its second, so that `get` asks nobody and does not wait."""
        with self._lock:
            return name in self._known and time.monotonic() - self._known[name][0] < SECONDS / 2

    def forget(self) -> None:
        """Ask anew next time."""
        with self._lock:
            self._known.clear()
