"""google-re2's `Set` as the middle way: one pass tells which shapes occur somewhere, `bytes.find` tells where their literals stand."""

from __future__ import annotations

import re
from collections.abc import Sequence

import re2  # type: ignore[import-untyped,import-not-found,unused-ignore]

from troth.detectors.matching import Candidates, Hits
from troth.detectors.matching.windows import in_order, places, spend
from troth.detectors.rule import Probe

__all__ = ["AutomatonEngine"]


class AutomatonEngine:
    """Candidates from re2."""

    name = "re2"

    def __init__(self, reach: Sequence[int], probes: tuple[Probe, ...]) -> None:
        """Compile all shapes into one set."""
        options = re2.Options()
        options.encoding = re2.Options.Encoding.LATIN1
        options.log_errors = False
        options.dot_nl = True
        options.max_mem = 512 << 20
        self._reach, self._probes = reach, probes
        self._shapes: dict[int, re.Pattern[bytes]] = {}
        self._set = re2.Set.SearchSet(options)
        for probe in probes:
            self._set.Add(probe.shape)
        self._set.Compile()

    def candidates(self, data: bytes, low: int, high: int, left: list[int] | None = None) -> Candidates | None:
        """See `Engine`."""
        part = data if low == 0 and high == len(data) else data[low:high]
        found = self._set.Match(part)
        if not found:
            return None
        lower = part.lower()
        windows: Candidates = {}
        for index in found:
            probe = self._probes[index]
            if not probe.literals:
                span = self._reach[probe.number]
                for match in self._shape(index).finditer(part):
                    place = low + match.end()
                    windows.setdefault(probe.number, []).append((max(0, place - span), min(len(data), place + span)))
                    spend(left, 1)
            for text in probe.literals:
                where = (low, len(data), self._reach[probe.number])
                spend(left, places(lower, text.encode("latin-1"), where, windows, probe.number))
        in_order(windows)
        return windows

    def quiet(self, data: bytes) -> bool:
        """See `Engine`."""
        return not self._set.Match(data)

    def proposed(self, parts: Sequence[bytes]) -> dict[int, Hits | None]:
        """See `Engine`."""
        return {number: None for number, part in enumerate(parts) if self._set.Match(part)}

    def together(self, text: memoryview) -> Hits | None:  # noqa: ARG002 - the engines' form
        """See `Engine`."""
        return None

    def windows(self, hits: Hits, size: int) -> Candidates:
        """See `Engine`. This engine never gives hits."""
        raise NotImplementedError

    def _shape(self, index: int) -> re.Pattern[bytes]:
        found = self._shapes.get(index)
        if found is None:
            found = self._shapes[index] = re.compile(self._probes[index].shape.encode("latin-1"), re.DOTALL)
        return found
