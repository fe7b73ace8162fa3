"""hyperscan (Vectorscan): all shapes in one automaton, compiled once per platform and rule set and kept in the cache.

Block mode only: the binding's streams keep a borrowed reference to the callback and crash without it. Scratch space is per thread.
"""

from __future__ import annotations

import sys
import threading
from bisect import bisect_left
from collections.abc import Callable, Sequence
from itertools import accumulate
from pathlib import Path
from typing import Any

import hyperscan

from troth.detectors import cache
from troth.detectors.matching import Candidates, CrowdedError, Hits
from troth.detectors.matching.windows import add
from troth.detectors.rule import Probe
from troth.errors import DetectorError

__all__ = ["Presence", "VectorEngine", "build"]

_APART = 5
"""Hints of encodings that end nearer to one another than this stand in the same run: each has four characters, and something else lies between two runs."""
TOGETHER = 32 << 10
"""Parts up to this size are joined: copying more costs more than the call."""


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
        key = f"hs-{build()}-{sys.platform}-{digest[:32]}.db"
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

    def _sparse(self) -> tuple[Any, Any, Any, list[tuple[int, int]], dict[int, int], list[int]]:
        try:
            return self._local.sparse  # type: ignore[no-any-return]
        except AttributeError:
            hits: list[tuple[int, int]] = []
            until: dict[int, int] = {}
            count = [0]
            get, append, steps = until.get, hits.append, self._steps

            def found(rule: int, _start: int, end: int, _flags: int, _context: object) -> bool:
                if end >= get(rule, 0):
                    append((rule, end))
                    until[rule] = end + steps[rule]
                count[0] -= 1
                return not count[0]  # a call costs as much as 500 bytes of text: whoever set a limit is told instead

            scratch = hyperscan.Scratch(self._db)
            state = (self._db.scan, found, scratch, hits, until, count)
            self._local.sparse = state
            return state

    def candidates(self, data: bytes, low: int, high: int, left: list[int] | None = None) -> Candidates | None:
        """See `Engine`."""
        scan, found, scratch, hits, until, count = self._sparse()
        if hits:  # of the call before
            hits.clear()
            until.clear()
        count[0] = left[0] if left else 0
        try:
            # by position: the binding takes twice as long for names
            scan(data if low == 0 and high == len(data) else memoryview(data)[low:high], found, 0, None, scratch)
        except hyperscan.ScanTerminated as stopped:
            count[0] = 0
            raise CrowdedError from stopped
        if left:
            left[0] = count[0]
            count[0] = 0
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

    def quiet(self, data: bytes) -> bool:
        """Whether nothing occurs in a short text: as `candidates`, for texts of which nearly all are."""
        try:
            scan, found, scratch, hits, until, _ = self._local.sparse
        except AttributeError:
            scan, found, scratch, hits, until, _ = self._sparse()
        if hits:
            hits.clear()
            until.clear()
        scan(data, found, 0, None, scratch)
        return not hits

    def _all(self) -> tuple[Any, list[tuple[int, int]], Any]:
        state = getattr(self._local, "every", None)
        if state is None:
            hits: list[tuple[int, int]] = []

            def found(rule: int, _start: int, end: int, _flags: int, _context: object) -> None:
                hits.append((rule, end))

            state = (hyperscan.Scratch(self._db), hits, found)
            self._local.every = state
        return state

    def windows(self, hits: Hits, size: int) -> Candidates:
        """See `Engine`."""
        windows: Candidates = {}
        reach = self._reach
        for rule, end in hits:
            span = reach[rule]
            low = end - span if end > span else 0
            high = end + span if end + span < size else size
            known = windows.get(rule)
            if known is None:
                windows[rule] = [(low, high)]
            elif low > known[-1][1]:
                known.append((low, high))
            else:
                add(known, low, high)
        return windows

    def together(self, text: memoryview) -> Hits | None:
        """See `Engine`."""
        scratch, hits, found = self._all()
        if not text:
            return []
        self._db.scan(text, found, 0, None, scratch)
        if not hits:
            return []
        noted = hits.copy()
        hits.clear()
        return noted

    def proposed(self, parts: Sequence[bytes]) -> dict[int, Hits | None]:
        """See `Engine`. Small parts are scanned together: a call costs as much as a KiB of text."""
        scratch, hits, found = self._all()
        few, numbers = [], []
        chosen: dict[int, Hits | None] = {}
        for number, part in enumerate(parts):
            if len(part) <= TOGETHER:
                few.append(part)
                numbers.append(number)
                continue
            self._db.scan(part, match_event_handler=found, scratch=scratch)
            if hits:
                chosen[number] = hits.copy()
                hits.clear()
        if few:
            self._db.scan(b"\n".join(few), match_event_handler=found, scratch=scratch)
        if hits:
            begins = list(accumulate((len(part) + 1 for part in few), initial=0))
            for rule, end in hits:
                # what seems to begin in the part before is none of this one's: it costs a look and is not confirmed
                place = min(bisect_left(begins, end) - 1, len(few) - 1)
                into = chosen.setdefault(numbers[place], [])
                if into is not None:
                    into.append((rule, end - begins[place]))
            hits.clear()
        return chosen


class Presence:
    """Tells which of a few patterns occur in a short text, in one pass. Compiled at once; nothing is cached."""

    def __init__(self, patterns: Sequence[bytes]) -> None:
        """Compile.

        Args:
            patterns: in the subset that all engines share, lower case; compared without case.
        """
        self._db = hyperscan.Database(mode=hyperscan.HS_MODE_BLOCK)
        flags = hyperscan.HS_FLAG_CASELESS | hyperscan.HS_FLAG_SINGLEMATCH | hyperscan.HS_FLAG_DOTALL
        self._db.compile(expressions=list(patterns), ids=list(range(len(patterns))), flags=[flags] * len(patterns))
        self._local = threading.local()

    def __call__(self, data: bytes) -> list[int]:
        """Numbers of the patterns that occur, ascending."""
        try:
            scratch, hits, found = self._local.state
        except AttributeError:
            hits = []

            def found(number: int, _start: int, _end: int, _flags: int, _context: object) -> None:
                hits.append(number)

            scratch = hyperscan.Scratch(self._db)
            self._local.state = scratch, hits, found
        self._db.scan(data, found, 0, None, scratch)
        if not hits:
            return []
        numbers: list[int] = sorted(hits)
        hits.clear()
        return numbers


def build() -> str:
    """Which build of hyperscan this is, and so for which processor: a database belongs to it. (`importlib.metadata` and `platform` would cost more than loading the database.)"""
    status = Path(hyperscan.__file__).stat()
    return f"{status.st_mtime_ns:x}-{status.st_size:x}"
