"""Windows around proposed places."""

from __future__ import annotations

from troth.detectors.matching import CrowdedError

__all__ = ["add", "in_order", "places", "spend"]

MOST = 4_000
"""Occurrences of one literal that are followed up one by one in a text; beyond it the whole text is the window."""


def add(windows: list[tuple[int, int]], low: int, high: int) -> None:
    """Add a window to a list of windows that ends where the text was read so far; overlapping ones are joined."""
    if windows and low <= windows[-1][1]:
        last_low, last_high = windows[-1]
        windows[-1] = (min(last_low, low), max(last_high, high))
    else:
        windows.append((low, high))


def in_order(windows: dict[int, list[tuple[int, int]]]) -> None:
    """Windows that were noted in any order, ascending, overlapping ones joined. Once for all: to keep them so at every step would cost the square of their number."""
    for number, noted in windows.items():
        noted.sort()
        joined: list[tuple[int, int]] = []
        for low, high in noted:
            add(joined, low, high)
        windows[number] = joined


def places(
    lower: bytes, literal: bytes, where: tuple[int, int, int], windows: dict[int, list[tuple[int, int]]], number: int
) -> int:
    """Note windows around all occurrences of a literal; `in_order` is for the end.

    Args:
        lower: the part of the text that is looked at, in lower case.
        literal: what to look for.
        where: offset of the part in the text, length of the text, how far to look around.
        windows: to be added to.
        number: under which number.

    Returns:
        How many there are.
    """
    low, size, span = where
    at, count, noted = lower.find(literal), 0, windows.setdefault(number, [])
    while at >= 0:
        count += 1
        if count > MOST:
            windows[number] = [(0, size)]
            return count
        noted.append((max(0, low + at - span), min(size, low + at + span)))
        at = lower.find(literal, at + 1)
    return count


def spend(left: list[int] | None, count: int) -> None:
    """Take occurrences off what may still be followed.

    Raises:
        CrowdedError: that was too much.
    """
    if left:
        left[0] -= count
        if left[0] <= 0:
            raise CrowdedError
