"""Semantic Versioning 2.0.0, section 11, as npm, Cargo and Go use it; tolerant of a leading `v` and of missing numbers, as advisories write them.

Build metadata does not count in the order. A number may have any length; an identifier is numeric where it holds digits alone.
"""

from __future__ import annotations

import re

from troth.engines.advisories.orders.unorderable import UnorderableError

__all__ = ["key"]

_VERSION = re.compile(r"[=v\s]*(\d+(?:\.\d+)*)(?:[-.]?([A-Za-z-][0-9A-Za-z.-]*)|-([0-9A-Za-z.-]+))?(?:\+[0-9A-Za-z.+/-]*)?\s*\Z")


def key(version: str) -> tuple[object, ...]:
    """Key of a semantic version.

    Raises:
        UnorderableError: it does not begin with a number.
    """
    match = _VERSION.match(version)
    if match is None:
        raise UnorderableError("it is no semantic version")
    numbers = [int(part) for part in match.group(1).split(".")]
    while len(numbers) > 1 and numbers[-1] == 0:
        numbers.pop()
    mark = match.group(3) if match.group(3) is not None else (match.group(2) or "").removeprefix("-")
    if not mark:
        return (tuple(numbers), (1,))
    return (tuple(numbers), (0, tuple(_identifier(part) for part in mark.split("."))))


def _identifier(part: str) -> tuple[int, int, str]:
    return (0, int(part), "") if part.isascii() and part.isdigit() else (1, 0, part)
