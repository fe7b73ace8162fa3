"""Ratios of the guard to the raw primitives, A and B in turn in one process (bars of the issue "Guard" in brackets).

    python bench/guard/guard.py
"""

from __future__ import annotations

import io
import logging
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from troth.guard import logs
from troth.guard.limits import TextLimits
from troth.guard.paths import Root


def microseconds(work: Callable[[], object], times: int) -> float:
    """Microseconds of processor time of one call: other programs on the same machine do not count."""
    begun = time.process_time()
    for _ in range(times):
        work()
    return (time.process_time() - begun) / times * 1e6


def pair(first: Callable[[], object], second: Callable[[], object], times: int, rounds: int = 9) -> tuple[float, float]:
    """Median microseconds of both, in turn."""
    both = [(microseconds(first, times), microseconds(second, times)) for _ in range(rounds)]
    return statistics.median(a for a, _ in both), statistics.median(b for _, b in both)


def logging_ratio(text: str) -> float:
    """A record of this text with the guard, over one without."""
    stream = io.StringIO()
    logger = logging.Logger("bench")
    logger.addHandler(logging.StreamHandler(stream))

    def one() -> None:
        stream.seek(0)
        logger.info("%s", text)

    ratios = []
    for _ in range(9):
        bare = microseconds(one, 2000)
        installation = logs.install(streams=False)
        guarded = microseconds(one, 2000)
        installation.remove()
        ratios.append(guarded / bare)
    return statistics.median(ratios)


def main() -> None:
    """Print the ratios."""
    short = "request 4711 handled in 12 ms, status 200, model small, 17 tok"[:60]
    long = ("the quick brown fox handles request 4711 in 12 ms and goes on; " * 200)[:9000]
    sys.stdout.write(f"log record of 60 B, no secret: {logging_ratio(short):.2f} (bar 1.35)\n")
    sys.stdout.write(f"log record of 9 KB, no secret: {logging_ratio(long):.2f} (bar 3.5)\n")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "file"
        path.write_bytes(b"x")
        root = Root(folder)
        guarded, bare = pair(lambda: os.close(root.descriptor("file")), lambda: os.close(os.open(str(path), os.O_RDONLY | os.O_CLOEXEC)), 20_000)
        sys.stdout.write(f"path open / os.open: {guarded / bare:.2f} (bar 2.5)\n")
    text = "an ordinary sentence with words, ünd Ümlaute " * 20_000
    limits = TextLimits(bytes_at_most=10**9)
    megabytes = len(text.encode()) / microseconds(lambda: limits.demand(text), 20)
    sys.stdout.write(f"input check: {megabytes:.0f} MB/s (bar 200)\n")
    asked = "import time, sys; b = time.process_time(); import troth.guard, troth.guard.paths, troth.guard.logs, troth.guard.secrets, troth.guard.limits; print((time.process_time() - b) * 1000)"
    times = [float(subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True).stdout) for _ in range(15)]
    sys.stdout.write(f"import of troth.guard with paths, logs, secrets, limits: {statistics.median(times):.0f} ms of processor time, least {min(times):.0f} (bar 60)\n")


if __name__ == "__main__":
    main()
