"""Bounds on time that hold on a loaded machine.

Rules: work of this thread is bounded in processor time, which does not run while others have the processor; a bound is many times what was measured and far below
what the failure that it looks for would take (a quadratic reading, a loop that is not stopped); whoever waits for something outside waits long and says what for.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def processor_seconds(at_most: float) -> Iterator[None]:
    """The block takes at most so many seconds of this thread's processor time."""
    begun = time.thread_time()
    yield
    took = time.thread_time() - begun
    assert took < at_most, f"{took:.2f} s of processor time, at most {at_most:g} are allowed"


def until(true: Callable[[], object], what: str, seconds: float = 60.0) -> None:
    """Wait for something that another thread, process or page does."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, f"in {seconds:g} s it never came: {what}"
        time.sleep(0.05)
