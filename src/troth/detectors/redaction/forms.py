"""Finds any of many fixed byte strings in a text, in time that hardly grows with their number; standard library only.

How: a form of at least 15 bytes holds, wherever it stands, one whole aligned word of eight bytes of the text. The text is looked at as a row of such words, and each word is
looked up in a set of all that the forms could show; the same with words of four bytes for forms of 7 to 14 bytes. Only where a word is known the form itself is compared.
One alternation of all forms in `re` takes time in proportion to their number at every byte: 50 known values made 9 KB cost 17 ms.
"""

from __future__ import annotations

import sys
from typing import Final, Literal

__all__ = ["Forms"]

_WIDTHS: Final[tuple[tuple[int, Literal["Q", "I"]], ...]] = ((8, "Q"), (4, "I"))


class Forms:
    """Byte strings that are looked for together."""

    def __init__(self) -> None:
        # per width: word -> (how far in front of it the form begins, form)
        self._words: dict[int, dict[int, list[tuple[int, bytes]]]] = {8: {}, 4: {}}
        self._known: dict[int, set[int]] = {8: set(), 4: set()}
        self._short: list[bytes] = []

    def add(self, form: bytes) -> None:
        """Look for this one, too."""
        width = 8 if len(form) >= 15 else 4
        if len(form) < 7:
            self._short.append(form)
            return
        words = self._words[width]
        for before in range(width):
            word = int.from_bytes(form[before : before + width], sys.byteorder)
            words.setdefault(word, []).append((before, form))
            self._known[width].add(word)

    def find(self, data: bytes) -> list[tuple[int, bytes]]:
        """Place and form of every occurrence, in no order."""
        found: list[tuple[int, bytes]] = []
        for width, code in _WIDTHS:
            known = self._known[width]
            if not known:
                continue
            row = memoryview(data)[: len(data) // width * width].cast(code)
            if known.isdisjoint(row):
                continue
            words = self._words[width]
            for number, word in enumerate(row):
                if word in known:
                    place = number * width
                    found += [
                        (place - before, form)
                        for before, form in words[word]
                        if place >= before and data.startswith(form, place - before)
                    ]
        for form in self._short:
            at = data.find(form)
            while at >= 0:
                found.append((at, form))
                at = data.find(form, at + len(form))
        return found
