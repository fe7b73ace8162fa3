"""RubyGems' order: numbers and words in turn; a word makes a version a pre-release and sorts before any number.

As `Gem::Version#<=>`: trailing zeros do not count, also those right before the first word.
"""

from __future__ import annotations

import re

from troth.engines.advisories.orders.unorderable import UnorderableError

__all__ = ["key"]

_VERSION = re.compile(r"\s*(?:\d+(?:\.[0-9a-zA-Z]+)*(?:-[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?|\d+[0-9a-zA-Z.-]*)?\s*\Z")
_PART = re.compile(r"[0-9]+|[a-z]+", re.IGNORECASE)


def key(version: str) -> tuple[object, ...]:
    """Key of a gem's version; an empty text is version 0.

    Raises:
        UnorderableError: it holds signs that no gem's version holds.
    """
    if not _VERSION.match(version):
        raise UnorderableError("it is no version of RubyGems")
    parts = [int(part) if part.isdigit() else part for part in _PART.findall(version.strip().replace("-", ".pre."))]
    first = next((index for index, part in enumerate(parts) if isinstance(part, str)), len(parts))
    kept = [*_trimmed(parts[:first]), *_trimmed(parts[first:])]
    # words sort before the end of the version, numbers after it: 1.a < 1 < 1.1
    return (*((2, part, "") if isinstance(part, int) else (0, 0, part) for part in kept), (1, 0, ""))


def _trimmed(parts: list[int | str]) -> list[int | str]:
    while parts and parts[-1] == 0:
        parts = parts[:-1]
    return parts
