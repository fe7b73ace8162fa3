"""Calls per time and calls at once, inside one process. For many processes, hand in a store (see `Store`)."""

from __future__ import annotations

import math
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Protocol

from troth.guard.limits.exceeded import LimitExceededError

__all__ = ["Concurrency", "RateLimit", "Store"]


class Store(Protocol):
    """A shared counter, such as one of the `limits` library wrapped in three lines."""

    def hit(self, key: str) -> float:
        """Count one call; 0 if it may happen, otherwise seconds to wait."""
        ...  # pragma: no cover - a protocol


class RateLimit:
    """A token bucket for each key.

    Args:
        per_second: tokens that return each second.
        burst: most tokens in the bucket; what a key may do at once after a rest.
        keys_at_most: buckets kept; the one unused longest goes first (a full bucket is the default, so that forgetting favours nobody who was over).
        clock: seconds, never going back.
        store: a shared counter to ask instead.
    """

    def __init__(
        self,
        per_second: float,
        burst: int,
        *,
        keys_at_most: int = 100_000,
        clock: Callable[[], float] = time.monotonic,
        store: Store | None = None,
    ) -> None:
        if not (0 < per_second < math.inf and 1 <= burst < math.inf):  # written so that NaN, of which every comparison is false, is refused
            raise ValueError("per_second must be above 0 and burst at least 1, and both finite")
        self._rate, self._burst, self._keys_at_most, self._clock, self._store = (
            per_second,
            float(burst),
            keys_at_most,
            clock,
            store,
        )
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()
        self._lock = threading.Lock()

    def wait_seconds(self, key: str = "") -> float:
        """Take a token: 0 if there was one, otherwise the seconds until there is one (and none is taken)."""
        if self._store is not None:
            return self._store.hit(key)
        with self._lock:
            now = self._clock()
            tokens, then = self._buckets.pop(key, (self._burst, now))
            tokens = min(self._burst, tokens + (now - then) * self._rate)
            allowed = tokens >= 1
            self._buckets[key] = (tokens - 1 if allowed else tokens, now)
            if len(self._buckets) > self._keys_at_most:
                self._forget(now)
            return 0.0 if allowed else (1 - tokens) / self._rate

    def _forget(self, now: float) -> None:
        """Drop a bucket that has refilled; where none has, the oldest."""
        oldest = next(iter(self._buckets))
        for key in list(self._buckets)[:64]:
            tokens, then = self._buckets[key]
            if tokens + (now - then) * self._rate >= self._burst:
                oldest = key
                break
        del self._buckets[oldest]

    def demand(self, key: str = "") -> None:
        """Take a token.

        Raises:
            LimitExceededError: there is none; `retry_after_seconds` says when there will be.
        """
        wait = self.wait_seconds(key)
        if wait > 0:
            raise LimitExceededError("per_second", f"Too many calls; try again in {wait:.1f} s", wait)


class Concurrency:
    """At most so many at once; the next is refused, not queued, unless it may wait.

    Args:
        at_most: calls at once.
        wait_seconds: how long a call may wait for its turn.
    """

    def __init__(self, at_most: int, *, wait_seconds: float = 0.0) -> None:
        if not 1 <= at_most < math.inf:
            raise ValueError("at_most must be at least 1")
        self._at_most, self._wait = at_most, wait_seconds
        self._free = threading.BoundedSemaphore(at_most)

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Hold one of the places.

        Raises:
            LimitExceededError: none came free in time.
        """
        if not self._free.acquire(timeout=self._wait):
            raise LimitExceededError("at_most", f"{self._at_most} calls are running already")
        try:
            yield
        finally:
            self._free.release()
