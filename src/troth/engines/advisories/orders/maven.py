"""Maven's order, as its reference on version order tells it: tokens with the separator before them, qualifiers before releases.

A `-` or a change between digits and letters begins a new part (`_` is a letter); `alpha < beta < milestone < rc = cr < snapshot < "" = final = ga = release < sp`, other words
after those, by letters; `.word` before `-word` before `-number` before `.number`. Null values at the end of each part do not count. The shorter version is filled up with null
values that suit the other one, so the key compares pairwise.
"""

from __future__ import annotations

import re
from functools import total_ordering
from typing import Final, NamedTuple

from troth.engines.advisories.orders.unorderable import UnorderableError

__all__ = ["key"]

_PIECE: Final = re.compile(r"\d+|[^\d.\-]+|[.\-]")
_RANKS: Final = {
    "alpha": 0,
    "beta": 1,
    "milestone": 2,
    "rc": 3,
    "cr": 3,
    "snapshot": 4,
    "": 5,
    "final": 5,
    "ga": 5,
    "release": 5,
    "sp": 6,
}
_SHORT: Final = {"a": "alpha", "b": "beta", "m": "milestone"}


class _Token(NamedTuple):
    prefix: str
    number: int | None
    word: str

    @property
    def null(self) -> bool:
        return self.number == 0 if self.number is not None else _RANKS.get(self.word) == 5

    def rank(self) -> tuple[int, int, str]:
        if self.number is not None:
            return (2 if self.prefix == "-" else 3, self.number, "")
        return (1 if self.prefix == "-" else 0, _RANKS.get(self.word, 7), "" if self.word in _RANKS else self.word)


@total_ordering
class _Maven:
    __slots__ = ("tokens",)

    def __init__(self, tokens: tuple[_Token, ...]) -> None:
        self.tokens = tokens

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Maven) and _compare(self.tokens, other.tokens) == 0

    def __lt__(self, other: _Maven) -> bool:
        return _compare(self.tokens, other.tokens) < 0

    def __hash__(self) -> int:
        return hash(tuple(token.rank() for token in self.tokens))


def key(version: str) -> tuple[object, ...]:
    """Key of a Maven version.

    Raises:
        UnorderableError: the text is empty.
    """
    if not version.strip():
        raise UnorderableError("it is no version of Maven")
    return (_Maven(_trimmed(_tokens(version.strip().lower()))),)


def _tokens(version: str) -> list[_Token]:
    found: list[_Token] = []
    prefix, before, open_ = ".", "", True
    for piece in _PIECE.findall(version):
        if piece in ".-":
            if open_:
                found.append(_Token(prefix, 0, ""))
            prefix, before, open_ = ("." if piece == "." else "-"), "", True
            continue
        if before and before.isdigit() != piece.isdigit():
            prefix = "-"
        # one letter before a number is short for a word: 1.0a1 is 1.0-alpha-1; which is seen one piece later
        if piece.isdigit() and not before.isdigit() and before in _SHORT:
            found[-1] = found[-1]._replace(word=_SHORT[before])
        found.append(_Token(prefix, int(piece) if piece.isdigit() else None, "" if piece.isdigit() else piece))
        before, open_ = piece, False
    return [*found, _Token(prefix, 0, "")] if open_ else found


def _trimmed(tokens: list[_Token]) -> tuple[_Token, ...]:
    """Null values go from the end, and from before each part that begins with a dash."""
    index = len(tokens) - 1
    while index > 0:
        if tokens[index].null:
            tokens.pop(index)
            index -= 1
            continue
        while index >= 0 and tokens[index].prefix != "-":
            index -= 1
        index -= 1
    return tuple(tokens)


def _compare(left: tuple[_Token, ...], right: tuple[_Token, ...]) -> int:
    for index in range(max(len(left), len(right))):
        one = left[index] if index < len(left) else _null(right[index])
        two = right[index] if index < len(right) else _null(left[index])
        if one.rank() != two.rank():
            return -1 if one.rank() < two.rank() else 1
    return 0


def _null(other: _Token) -> _Token:
    if other.number is None or other.prefix == "-":
        # a null word stands where the other one's word stands, so that only the words are compared
        return _Token(other.prefix, None, "")
    return _Token(".", 0, "")
