"""hyperscan (Vectorscan): all shapes in one automaton, compiled once per platform and rule set and kept in the cache.

Block mode only: the binding's streams keep a borrowed reference to the callback and crash without it. Scratch space is per thread.
"""

from __future__ import annotations

import platform
import threading
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import hyperscan

from troth.detectors import cache
from troth.detectors.matching import Candidates
from troth.detectors.matching.windows import add
from troth.detectors.rule import Probe
from troth.errors import DetectorError

__all__ = ["VectorEngine"]

_APART = 5
"""Hints of encodings that end nearer to one another than this stand in the same run: each has four characters, and something else lies between two runs."""


class VectorEngine:
    """Candidates from hyperscan."""

    name = "hyperscan"

    def __init__(self, reach: Sequence[int], probes: Callable[[], tuple[Probe, ...]], digest: str) -> None:
        """Load the compiled database from the cache, or compile it (some seconds) and keep it.

        Args:
            reach: by number of probe, how far to look around an occurrence.
            probes: what to look for; only asked where the database must be compiled.
            digest: of the probes; part of the cache's key.
        """
        self._reach = reach
        self._steps = [max(64, span // 4) if span else _APART for span in reach]
        """How far behind an occurrence the next of the same number is not noted: its window is that much longer instead, so that
        a text which repeats a beginning at every few bytes costs one note per window and not one per byte."""
        self._db = self._load(probes, digest)
        self._local = threading.local()

    def _load(self, source: Callable[[], tuple[Probe, ...]], digest: str) -> Any:  # noqa: ANN401 - the binding has no types
        key = f"hs-{_build()}-{platform.system()}-{platform.machine()}-{digest[:32]}.db"
        kept = cache.read(key)
        if kept is not None:
            try:
                return hyperscan.loadb(kept, mode=hyperscan.HS_MODE_BLOCK)
            except (hyperscan.error, ValueError):
                pass  # made by another build, or damaged: compile again and replace it
        probes = source()
        database = hyperscan.Database(mode=hyperscan.HS_MODE_BLOCK)
        try:
            database.compile(
                expressions=[probe.shape.encode("latin-1") for probe in probes],
                ids=[probe.number for probe in probes],
                flags=[hyperscan.HS_FLAG_DOTALL] * len(probes),
            )
        except hyperscan.error as error:
            raise DetectorError(f"hyperscan refuses a shape: {error}") from error
        cache.write(key, hyperscan.dumpb(database))
        return database

    def _scratch(self) -> tuple[Any, list[tuple[int, int]], dict[int, int]]:
        try:
            return self._local.state  # type: ignore[no-any-return]
        except AttributeError:
            hits: list[tuple[int, int]] = []
            until: dict[int, int] = {}
            get, append, steps = until.get, hits.append, self._steps

            def found(rule: int, _start: int, end: int, _flags: int, _context: object) -> None:
                if end >= get(rule, 0):
                    append((rule, end))
                    until[rule] = end + steps[rule]

            scratch = hyperscan.Scratch(self._db)
            state = (partial(self._db.scan, match_event_handler=found, scratch=scratch), hits, until)
            self._local.state = state
            return state

    def candidates(self, data: bytes, low: int, high: int) -> Candidates | None:
        """See `Engine`."""
        scan, hits, until = self._scratch()
        if hits:  # of the call before
            hits.clear()
            until.clear()
        scan(data if low == 0 and high == len(data) else memoryview(data)[low:high])
        if not hits:
            return None
        windows: Candidates = {}
        size, reach, steps = len(data), self._reach, self._steps
        for rule, end in hits:
            place, span = low + end, reach[rule]
            known = windows.get(rule)
            if known is None:
                windows[rule] = [(max(0, place - span), min(size, place + span + steps[rule]))]
            elif not span:
                known.append((place, place))
            else:
                add(known, max(0, place - span), min(size, place + span + steps[rule]))
        return windows


def _build() -> str:
    """Which build of hyperscan this is: a database belongs to it. (`importlib.metadata` would cost more than loading the database.)"""
    status = Path(hyperscan.__file__).stat()
    return f"{status.st_mtime_ns:x}-{status.st_size:x}"
