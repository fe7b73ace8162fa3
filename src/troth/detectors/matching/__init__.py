"""Three interchangeable engines that propose places where a rule may match, and the choice between them.

An engine never decides: it may propose too much, never too little. The confirming step in `detectors.scanner` is the same for all,
so the findings do not depend on the engine (tests/detectors/test_engines.py compares them over a whole corpus).
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import Protocol

from troth.detectors.rule import Probe
from troth.errors import DetectorError

__all__ = ["Candidates", "CrowdedError", "Engine", "Hits", "choose", "presence"]


class CrowdedError(Exception):
    """A text holds more occurrences than the caller follows; never leaves `detectors`."""


Candidates = dict[int, list[tuple[int, int]]]
"""Number of a probe -> windows `[low, high)` of the text in which its full pattern is to be tried, ascending, not overlapping."""


Hits = list[tuple[int, int]]
"""Number of a probe, and where an occurrence of it ends, ascending."""


class Engine(Protocol):
    """Proposes places."""

    name: str

    def candidates(self, data: bytes, low: int, high: int, left: list[int] | None = None) -> Candidates | None:
        """Windows per number of which a probe occurs in `data[low:high]`; None where there are none.

        Args:
            data: the text.
            low: where the part of it begins that is looked at.
            high: where it ends.
            left: one number, how many occurrences may still be followed, which is lowered; None for all.

        Raises:
            CrowdedError: there are more than that.
        """
        ...

    def quiet(self, data: bytes) -> bool:
        """Whether nothing occurs in a text."""
        ...

    def proposed(self, parts: Sequence[bytes]) -> dict[int, Hits | None]:
        """Parts in which `candidates` may give something, by number; every part for which it does is among them.

        The value is what `windows` makes candidates of, or None where the engine has to look again.
        """
        ...

    def together(self, text: memoryview) -> Hits | None:
        """All occurrences in a text, with their ends; None where the engine has no quick way to tell (then it is given parts)."""
        ...

    def windows(self, hits: Hits, size: int) -> Candidates:
        """Candidates in a text of `size` bytes from what `proposed` gave, offsets counted in that text, in order."""
        ...


def choose(reach: Sequence[int], probes: Callable[[], tuple[Probe, ...]], digest: str, name: str = "") -> Engine:
    """The quickest engine that is installed, or the one named (argument, or `TROTH_ENGINE`).

    Args:
        reach: by number of probe, how many bytes around an occurrence are to be looked at.
        probes: makes the list of what to look for; only called where it is needed.
        digest: of the probes.
        name: `hyperscan`, `re2`, `re`, or empty.

    Raises:
        DetectorError: the named engine is not installed, or unknown.
    """
    wanted = name or os.environ.get("TROTH_ENGINE", "")
    if wanted not in ("", "hyperscan", "re2", "re"):
        raise DetectorError(f"no engine is called {wanted[:20]!r}; there are hyperscan, re2 and re")
    if wanted in ("", "hyperscan"):
        try:
            from troth.detectors.matching.vector import VectorEngine

            return VectorEngine(reach, probes, digest)
        except ImportError as error:
            if wanted:
                raise DetectorError("hyperscan is not installed: pip install 'troth[secrets]'") from error
    if wanted in ("", "re2"):
        try:
            from troth.detectors.matching.automaton import AutomatonEngine

            return AutomatonEngine(reach, probes())
        except ImportError as error:
            if wanted:
                raise DetectorError("google-re2 is not installed: pip install 'troth[secrets]'") from error
    from troth.detectors.matching.plain import PlainEngine

    return PlainEngine(reach, probes())


def presence(patterns: Sequence[bytes], literals: Sequence[bytes]) -> Callable[[bytes], Sequence[int]]:
    """What tells which of a few patterns may occur in a text: exactly with hyperscan, by their literals without it.

    Args:
        patterns: in the subset that all engines share, lower case; compared without case.
        literals: per pattern a string, lower case, that is in every match of it.
    """
    if os.environ.get("TROTH_ENGINE", "") in ("", "hyperscan"):
        try:
            from troth.detectors.matching.vector import Presence

            return Presence(patterns)
        except ImportError:
            pass

    def by_literals(data: bytes) -> list[int]:
        low = data.lower()
        return [number for number, text in enumerate(literals) if text in low]

    return by_literals
