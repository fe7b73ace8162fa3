"""Ranges of versions: what an advisory says is affected, and what a manifest's wish admits, in one form, so that they can be laid over each other.

An interval's ends carry their text (to be shown) and their key (to be compared). Order between versions is dense here: `>1.0, <1.1` counts as holding
something, though nobody may ever have released it; a reader is told the range, not a version.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from troth.engines.advisories.orders import Key, key_of

__all__ = ["End", "Interval", "all_but", "end", "overlap"]


@dataclass(frozen=True, slots=True)
class End:
    """One end of an interval: the version, its key, and whether it belongs to the interval."""

    text: str
    key: Key
    inside: bool


@dataclass(frozen=True, slots=True)
class Interval:
    """All versions between two ends; None is open."""

    low: End | None = None
    high: End | None = None

    def holds(self, key: Key) -> bool:
        """Whether a version's key lies in the interval."""
        if self.low is not None and (key < self.low.key or (key == self.low.key and not self.low.inside)):
            return False
        return self.high is None or key < self.high.key or (key == self.high.key and self.high.inside)

    @property
    def empty(self) -> bool:
        """Whether no version can lie in it."""
        if self.low is None or self.high is None:
            return False
        if self.low.key == self.high.key:
            return not (self.low.inside and self.high.inside)
        return self.high.key < self.low.key

    def __str__(self) -> str:
        """`>=1.0, <1.2`; `any version` where both ends are open."""
        parts = []
        if self.low is not None:
            parts.append(f"{'>=' if self.low.inside else '>'}{self.low.text}")
        if self.high is not None:
            # `<2-0` and `<2.dev0` stand for "before the first of 2"; a reader needs the 2
            text = self.high.text if self.high.inside else self.high.text.removesuffix("-0").removesuffix(".dev0")
            parts.append(f"{'<=' if self.high.inside else '<'}{text}")
        return ", ".join(parts) or "any version"


def end(ecosystem: str, version: str, *, inside: bool) -> End:
    """An end at a version.

    Raises:
        UnorderableError: the text is no version of the ecosystem.
    """
    return End(version, key_of(ecosystem, version), inside)


def overlap(one: Interval, two: Interval) -> Interval | None:
    """What lies in both, or None where nothing can."""
    low = _tighter(one.low, two.low, lower=True)
    high = _tighter(one.high, two.high, lower=False)
    both = Interval(low, high)
    return None if both.empty else both


def _tighter(one: End | None, two: End | None, *, lower: bool) -> End | None:
    if one is None or two is None:
        return two if one is None else one
    if one.key == two.key:
        return two if one.inside else one
    return (one if two.key < one.key else two) if lower else (one if one.key < two.key else two)


def all_but(holes: Iterable[Interval]) -> tuple[Interval, ...]:
    """Everything outside the given intervals."""
    rest: Sequence[Interval] = (Interval(),)
    for hole in holes:
        below = None if hole.low is None else End(hole.low.text, hole.low.key, not hole.low.inside)
        above = None if hole.high is None else End(hole.high.text, hole.high.key, not hole.high.inside)
        sides = [Interval(None, below)] if below is not None else []
        sides += [Interval(above, None)] if above is not None else []
        rest = [found for part in rest for side in sides if (found := overlap(part, side)) is not None]
    return tuple(rest)
