"""The fall-back without any dependency: a set of four-letter pieces tells which literals can occur, `bytes.find` tells where.

Every literal of four characters or more is represented by one of its four-letter pieces, its rarest. One pass over the text looks all
of its pieces up in that set, which takes the same time for ten rules and for ten thousand; only literals whose piece occurs are looked
for. Shapes without a literal (a few) and literals of three characters are looked for one by one. Linear in the text.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from troth.detectors.matching import Candidates, Hits
from troth.detectors.matching.windows import in_order, places, spend
from troth.detectors.rule import Probe

__all__ = ["PlainEngine"]

PIECE = 4
COMMON = frozenset(b"etaoinsrhldcu")


class PlainEngine:
    """Candidates from literals."""

    name = "re"

    def __init__(self, reach: Sequence[int], probes: tuple[Probe, ...]) -> None:
        """Index the probes by a piece of the literals of which one must be there."""
        self._reach = reach
        self._by_piece: dict[bytes, dict[bytes, list[int]]] = {}
        self._short: dict[bytes, list[int]] = {}
        self._shapes: list[tuple[int, re.Pattern[bytes]]] = []
        for probe in probes:
            if not probe.literals:
                self._shapes.append((probe.number, re.compile(probe.shape.encode("latin-1"), re.DOTALL)))
            for text in probe.literals:
                literal = text.encode("latin-1")
                group = self._by_piece.setdefault(_rarest(literal), {}) if len(literal) >= PIECE else self._short
                numbers = group.setdefault(literal, [])
                if probe.number not in numbers:
                    numbers.append(probe.number)
        self._pieces = frozenset(self._by_piece)

    def candidates(self, data: bytes, low: int, high: int, left: list[int] | None = None) -> Candidates | None:
        """See `Engine`."""
        part = data[low:high]
        lower = part.lower()
        present = self._pieces.intersection([lower[at : at + PIECE] for at in range(len(lower) - PIECE + 1)])
        windows: Candidates = {}
        for piece in present:
            self._places(lower, self._by_piece[piece], (low, len(data)), windows, left)
        self._places(lower, self._short, (low, len(data)), windows, left)
        for number, shape in self._shapes:
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

    def _places(
        self, lower: bytes, literals: dict[bytes, list[int]], where: tuple[int, int], windows: Candidates, left: list[int] | None
    ) -> None:
        for literal, numbers in literals.items():
            if literal in lower:
                for number in numbers:
                    spend(left, places(lower, literal, (*where, self._reach[number]), windows, number))


def _rarest(literal: bytes) -> bytes:
    pieces = [literal[at : at + PIECE] for at in range(len(literal) - PIECE + 1)]
    return min(pieces, key=lambda piece: (sum(byte in COMMON for byte in piece), piece))
