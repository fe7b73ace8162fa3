"""Known values that are written otherwise in part: some letters escaped, letters spaced out, cut by the marks of quoted mail, of diffs, of comments and lists, or told in another case.

Two views of a text, each made in one step of the standard library: with its escapes undone, and with nothing but its letters and digits, small. Only where a known value shows in
one of them its place in the text itself is worked out.
"""

from __future__ import annotations

import re
import string
from bisect import bisect_right
from collections.abc import Iterator
from typing import Final

from troth.detectors.redaction.forms import Forms

__all__ = ["Disguises"]

_ESCAPE: Final = re.compile(rb"(\\{1,4}(?:u00|x)[0-7][0-9a-fA-F]|%[0-7][0-9a-fA-F]|&#x0{0,4}[0-7][0-9a-fA-F];|&#0{0,4}[0-9]{2,3};)")
"""A letter of ASCII as JSON and Python, addresses and HTML escape it."""
_ALNUM: Final = (string.ascii_letters + string.digits).encode()
_OTHERS: Final = bytes(code for code in range(256) if code not in _ALNUM)
_SMALL: Final = bytes.maketrans(string.ascii_uppercase.encode(), string.ascii_lowercase.encode())
_LEAST: Final = 15
"""Letters and digits of a value from which on it is known without its other signs: shorter ones stand in ordinary text by chance."""
_DIGITS, _LETTERS = 2, 4
_HITS: Final = 100
"""Disguised values in one text from which on everything between the first and the last goes: to work out each place costs more than to find them."""


class _Letters(dict[bytes, bytes]):
    """Escape -> the letter that it stands for; a miss costs more than a hit, and there are few different ones."""

    def __missing__(self, escape: bytes) -> bytes:
        code = int(escape.strip(b"&#;")) if escape.startswith(b"&#") and b"x" not in escape else int(escape.rstrip(b";")[-2:], 16)
        letter = bytes((code,)) if code < 128 else b"?"
        if len(self) < 5_000:
            self[escape] = letter
        return letter


_letters: Final = _Letters()


class Disguises:
    """Values that are looked for in both views."""

    def __init__(self) -> None:
        self._plain = Forms()
        self._bare = Forms()
        self._values: dict[bytes, bytes] = {}
        self._any_bare = False

    def add(self, value: bytes) -> None:
        """Look for this one, too."""
        self._plain.add(value)
        bare = _bare(value)
        digits = sum(48 <= code <= 57 for code in bare)
        if len(bare) >= _LEAST and digits >= _DIGITS and len(bare) - digits >= _LETTERS and bare not in self._values:
            self._values[bare] = value
            self._bare.add(bare)
            self._any_bare = True

    def find(self, data: bytes) -> Iterator[tuple[int, int, bytes]]:
        """Start and end of every disguised value, and the value."""
        if (b"%" in data or b"\\" in data or b"&#" in data) and len(parts := _ESCAPE.split(data)) > 1:
            yield from self._escaped(data, parts)
        if self._any_bare:
            yield from self._spaced(data)

    def _escaped(self, data: bytes, parts: list[bytes]) -> Iterator[tuple[int, int, bytes]]:
        parts[1::2] = map(_letters.__getitem__, parts[1::2])
        hits = self._plain.find(b"".join(parts))
        if not hits:
            return
        places, removed, behind = [], 0, [0]  # in the plain text, where letters stand that were escaped; and how much was left out so far
        for match in _ESCAPE.finditer(data):
            places.append(match.start() - removed)
            removed += match.end() - match.start() - 1
            behind.append(removed)
        for place, value in hits:
            first, last = bisect_right(places, place - 1), bisect_right(places, place + len(value) - 1)
            if first != last:
                yield place + behind[first], place + len(value) + behind[last], value

    def _spaced(self, data: bytes) -> Iterator[tuple[int, int, bytes]]:
        hits = self._bare.find(_bare(data))
        if not hits:
            return
        kept = [place for place, code in enumerate(data) if code in _ALNUM]
        if len(hits) > _HITS:
            hits.sort()
            yield kept[hits[0][0]], kept[hits[-1][0] + len(hits[-1][1]) - 1] + 1, self._values[hits[0][1]]
            return
        for place, bare in hits:
            yield kept[place], kept[place + len(bare) - 1] + 1, self._values[bare]


def _bare(data: bytes) -> bytes:
    return data.translate(_SMALL, _OTHERS)

