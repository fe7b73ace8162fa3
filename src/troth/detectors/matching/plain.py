"""The fall-back without any dependency: a set of four-letter pieces tells which literals can occur, `bytes.find` tells where.

Every literal of four characters or more is represented by one of its four-letter pieces, its rarest. One pass over the text looks all
of its pieces up in that set, which takes the same time for ten rules and for ten thousand; only literals whose piece occurs are looked
for; literals of two and three characters have pieces of two. What is looked for at all has to have the longest
run that it needs somewhere in the text; shapes without a literal (a few) are then tried themselves. Linear in the text.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Sequence
from functools import lru_cache
from re import _constants as sre  # type: ignore[attr-defined]
from typing import Literal

from troth.detectors import shapes
from troth.detectors.matching import Candidates, Hits
from troth.detectors.matching.windows import in_order, places, spend
from troth.detectors.rule import Probe

__all__ = ["PlainEngine", "longest_run", "present", "rarest", "table_of"]

PIECE, PAIR = 4, 2
LEAST_RUN = 12
"""Signs of one class in a row that ordinary text seldom has."""
RARE_RUN = 20
"""As many as words and numbers never have."""
_EVERY = bytes(range(256))
COMMON = frozenset(b"etaoinsrhldcu")


class PlainEngine:
    """Candidates from literals."""

    name = "re"

    def __init__(self, reach: Sequence[int], probes: tuple[Probe, ...]) -> None:
        """Index the probes by a piece of the literals of which one must be there."""
        self._reach = reach
        self._by_piece: dict[int, dict[bytes, list[int]]] = {}
        self._by_pair: dict[int, dict[bytes, list[int]]] = {}
        self._shapes: list[tuple[int, re.Pattern[bytes]]] = []
        runs: dict[int, set[tuple[bytes, bytes]]] = {}
        for probe in probes:
            runs.setdefault(probe.number, set()).add(longest_run(probe.shape) if reach[probe.number] else (b"", b""))
            if not probe.literals:
                self._shapes.append((probe.number, re.compile(probe.shape.encode("latin-1"), re.DOTALL)))
            for text in probe.literals:
                literal = text.encode("latin-1")
                width, index = (PIECE, self._by_piece) if len(literal) >= PIECE else (PAIR, self._by_pair)
                numbers = index.setdefault(int.from_bytes(rarest(literal, width), sys.byteorder), {}).setdefault(literal, [])
                if probe.number not in numbers:
                    numbers.append(probe.number)
        self._runs = {number: next(iter(found)) for number, found in runs.items() if len(found) == 1 and (b"", b"") not in found}
        self._pieces, self._pairs = frozenset(self._by_piece), frozenset(self._by_pair)

    def candidates(self, data: bytes, low: int, high: int, left: list[int] | None = None) -> Candidates | None:
        """See `Engine`."""
        part = data[low:high]
        lower = part.lower()
        windows: Candidates = {}
        seen: dict[bytes, bytes] = {}

        def lacks(number: int) -> bool:
            """Whether the long run is missing that every match of this number holds."""
            table, run = self._runs.get(number, (b"", b""))
            if not run:
                return False
            marks = seen.get(table)
            if marks is None:
                marks = seen[table] = part.translate(table)
            return run not in marks

        for word in present(self._pieces, lower, PIECE, "I"):
            self._places(lower, self._by_piece[word], (low, len(data)), windows, left, lacks)
        for word in present(self._pairs, lower, PAIR, "H"):
            self._places(lower, self._by_pair[word], (low, len(data)), windows, left, lacks)
        for number, shape in self._shapes:
            if lacks(number):
                continue
            for match in shape.finditer(part):
                span = self._reach[number]
                place = low + match.end()
                windows.setdefault(number, []).append((max(0, place - span), min(len(data), place + span)))
                spend(left, 1)
        in_order(windows)
        return windows or None

    def quiet(self, data: bytes) -> bool:
        """See `Engine`."""
        return self.candidates(data, 0, len(data)) is None

    def proposed(self, parts: Sequence[bytes]) -> dict[int, Hits | None]:
        """See `Engine`."""
        return {number: None for number, part in enumerate(parts) if self.candidates(part, 0, len(part))}

    def together(self, text: memoryview) -> Hits | None:  # noqa: ARG002 - the engines' form
        """See `Engine`."""
        return None

    def windows(self, hits: Hits, size: int) -> Candidates:
        """See `Engine`. This engine never gives hits."""
        raise NotImplementedError

    def _places(  # noqa: PLR0917 - one call for every piece that is there
        self, lower: bytes, literals: dict[bytes, list[int]], where: tuple[int, int], windows: Candidates, left: list[int] | None, lacks: Callable[[int], bool]
    ) -> None:
        for literal, numbers in literals.items():
            if literal in lower:
                for number in numbers:
                    if not lacks(number):
                        spend(left, places(lower, literal, (*where, self._reach[number]), windows, number))


def present(known: frozenset[int], text: bytes, width: int, code: Literal["I", "H"]) -> set[int]:
    """Which words are in a text, wherever they begin: it is read as a row of words once for each place that a row can begin at."""
    view = memoryview(text)
    found: set[int] = set()
    for first in range(width):
        found |= known.intersection(view[first : first + (len(text) - first) // width * width].cast(code))
    return found


def rarest(literal: bytes, width: int) -> bytes:
    """The piece of so many letters of a literal that ordinary text has least."""
    pieces = [literal[at : at + width] for at in range(len(literal) - width + 1)]
    return min(pieces, key=lambda piece: (sum(byte in COMMON for byte in piece), piece))


@lru_cache(maxsize=2_000)
def longest_run(shape: str) -> tuple[bytes, bytes]:
    """A run that every match holds, as a table that turns its signs into 1 and all others into 0, and so many ones; empty where the shape has no long one.

    Where no single class is repeated often enough to be rare (the groups of a UUID), all that stands side by side is taken as one run of all its signs.
    """
    longest: tuple[int, tuple[str, ...]] = (0, ())
    joined: tuple[int, tuple[str, ...]] = (0, ())
    beside: tuple[int, tuple[str, ...]] = (0, ())
    for op, value in shapes.parse(shape):
        count, signs = 0, ""
        if op is sre.MAX_REPEAT and len(value[2]) == 1 and value[2][0][0] is sre.IN:
            count, signs = value[0], shapes.render(value[2][0])
            longest = max(longest, (count, (signs,)), key=lambda run: run[0])
        elif op is sre.IN or op is sre.LITERAL:
            count, signs = 1, shapes.render((op, value))
        beside = (beside[0] + count, (*beside[1], signs)) if signs else (0, ())
        joined = max(joined, beside, key=lambda run: run[0])
    length, classes = longest if longest[0] >= RARE_RUN else joined
    if length < LEAST_RUN:
        return b"", b""
    return bytes(map(max, zip(*map(table_of, classes), strict=True))), b"\1" * length


@lru_cache(maxsize=1_000)
def table_of(signs: str) -> bytes:
    """A class of signs as a table of 256 bytes, 1 for those that are in it."""
    inside = frozenset(re.compile(signs.encode("latin-1"), re.DOTALL).findall(_EVERY))
    return bytes(bytes((code,)) in inside for code in range(256))
