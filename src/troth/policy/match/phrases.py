"""The pattern language of a control's `says:`: plain phrases, matched in time linear in the sentence.

A phrase is a row of words. What it may hold besides plain words:

    runs          this word                       run*          a word that begins so
    (a | b c*)    one of these                    [word]        may be missing
    ...           up to seven words between       @tool.secrets one of a lexicon's names
    ^  $          start, end of the sentence      &             and, anywhere in the sentence, in any order

`never run* ... (pull request* | pr | prs)` and `pin* & (dependenc* | version*)` are phrases. There are no regular expressions in it, and matching walks
sets of positions, so no sentence, however hostile, can make it slow. Says nothing about context: see `rules`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, Protocol

from troth.errors import CatalogueError
from troth.policy.match.words import Words, split

__all__ = ["Gap", "Named", "Names", "OneOf", "Phrase", "Word", "parse"]

_GAP_WORDS: Final = 7
_PIECE: Final = re.compile(r"\.\.\.|@[a-z][a-z.-]*|[()\[\]|&^$]|[^\s()\[\]|&^$]+")
_NOTHING: Final[frozenset[str]] = frozenset()
_COMMON: Final = frozenset(
    ["a", "an", "the", "and", "or", "of", "to", "in", "on", "for", "with", "by", "from", "is", "are", "be", "been", "not", "no", "all", "any", "every", "only", "use", "uses", "using", "we", "our", "you", "your", "will", "can", "do", "does", "if", "it", "this", "that", "as", "at", "must", "should", "may", "when", "new", "before", "after", "into", "report*", "secur*", "vulnerab*", "issue*", "code", "run*", "use*", "access"]
)


class Names(Protocol):
    """Where a lexicon's names occur in the text at hand."""

    def spans(self, lexicon: str) -> Iterable[tuple[int, int]]:
        """Start and end positions of the lexicon's names."""
        ...  # pragma: no cover - a protocol


@dataclass(frozen=True, slots=True)
class Word:
    """A word, or the beginning of one."""

    text: str
    stem: bool

    @property
    def key(self) -> str:
        """How the index files it."""
        return self.text + "*" if self.stem else self.text


@dataclass(frozen=True, slots=True)
class Gap:
    """Up to seven words of any kind."""


@dataclass(frozen=True, slots=True)
class Edge:
    """The start or the end of the sentence."""

    start: bool


@dataclass(frozen=True, slots=True)
class Named:
    """One of a lexicon's names."""

    lexicon: str


@dataclass(frozen=True, slots=True)
class OneOf:
    """One of several rows, or nothing where it is optional."""

    rows: tuple[Row, ...]
    optional: bool


Element = Word | Gap | Edge | Named | OneOf
Row = tuple[Element, ...]


@dataclass(frozen=True, slots=True)
class Phrase:
    """A parsed phrase.

    Attributes:
        source: as it was written.
        rows: rows that must all occur.
        size: how many words it asks for at least; the more, the more specific.
        gaps: how many gaps it allows.
        needs: for each element that must be there, the index keys of which one must occur.
        anchors: words, stems (`pin*`) and lexicons (`@tool`) of which one must occur: what the index files it under.
    """

    source: str
    rows: tuple[Row, ...]
    size: int
    anchors: frozenset[str]
    gaps: int = 0
    needs: tuple[frozenset[str], ...] = ()

    def possible(self, keys: AbstractSet[str]) -> bool:
        """Whether a text that holds these index keys could say so: a cheap question that spares most of the dear ones."""
        return not any(need.isdisjoint(keys) for need in self.needs)

    def found(self, words: Words, names: Names) -> bool:
        """Whether the text says so."""
        return all(_ends(row, None, words, names) for row in self.rows)


@lru_cache(maxsize=20_000)
def parse(source: str) -> Phrase:
    """Parse a phrase.

    Raises:
        CatalogueError: brackets do not pair, or there is nothing in it to look for.
    """
    pieces = _PIECE.findall(source)
    rows: list[Row] = []
    position = 0
    while position <= len(pieces):
        row, position = _row(pieces, position, source, closing="&")
        if not row:
            raise CatalogueError(f"phrase {source!r} has an empty part")
        rows.append(row)
        position += 1
        if position > len(pieces):
            break
    choices = [_choices(row) for row in rows]
    anchors = min((min(needs, key=_cost, default=_NOTHING) for needs in choices), key=_cost)
    if not anchors:
        raise CatalogueError(f"phrase {source!r} asks for no word")
    gaps = sum(isinstance(element, Gap) for row in rows for element in row)
    needs = tuple(sorted({need for row in choices for need in row}, key=_cost))
    return Phrase(source, tuple(rows), sum(map(_size, rows)), anchors, gaps, needs)


def _row(pieces: list[str], position: int, source: str, closing: str) -> tuple[Row, int]:
    row: list[Element] = []
    while position < len(pieces):
        piece = pieces[position]
        if piece == closing or (closing != "&" and piece == "|"):
            return tuple(row), position
        if piece in "([":
            element, position = _one_of(pieces, position, source)
            row.append(element)
        elif piece in ")]|&":
            raise CatalogueError(f"phrase {source!r}: {piece!r} does not pair")
        else:
            row += _plain(piece)
        position += 1
    if closing != "&":
        raise CatalogueError(f"phrase {source!r}: {closing!r} is missing")
    return tuple(row), position


def _one_of(pieces: list[str], position: int, source: str) -> tuple[OneOf, int]:
    optional = pieces[position] == "["
    closing = "]" if optional else ")"
    rows: list[Row] = []
    while pieces[position] != closing or not rows:
        row, position = _row(pieces, position + 1, source, closing)
        if not row:
            raise CatalogueError(f"phrase {source!r} has an empty alternative")
        rows.append(row)
    return OneOf(tuple(rows), optional), position


@lru_cache(maxsize=20_000)
def _plain(piece: str) -> Row:
    if piece == "...":
        return (Gap(),)
    if piece in "^$":
        return (Edge(piece == "^"),)
    if piece.startswith("@") and len(piece) > 1 and piece[1].isalpha():
        return (Named(piece[1:]),)
    stem = piece.endswith("*") and piece != "*"
    found = split(piece[:-1] if stem else piece)
    if not found:
        raise CatalogueError(f"{piece!r} is not a word")
    return tuple(Word(text, stem and index == len(found) - 1) for index, text in enumerate(found))


def _size(row: Row) -> int:
    total = 0
    for element in row:
        if isinstance(element, OneOf):
            total += 0 if element.optional else min(map(_size, element.rows))
        elif not isinstance(element, (Gap, Edge)):
            total += 1
    return total


def _anchors(row: Row) -> frozenset[str]:
    return min(_choices(row), key=_cost, default=frozenset())


def _choices(row: Row) -> list[frozenset[str]]:
    """For each element of a row that must be there: index keys of which one must occur."""
    choices: list[frozenset[str]] = []
    for element in row:
        if isinstance(element, Word):
            choices.append(frozenset((element.key,)))
        elif isinstance(element, Named):
            choices.append(frozenset((f"@{element.lexicon}",)))
        elif isinstance(element, OneOf) and not element.optional:
            choices.append(frozenset().union(*map(_anchors, element.rows)))
    return choices


@lru_cache(maxsize=20_000)
def _cost(anchors: frozenset[str]) -> float:
    if not anchors:
        return 1e9
    return sum(8.0 if word in _COMMON else 3.0 / len(word) for word in anchors)


def _ends(row: Row, starts: set[int] | None, words: Words, names: Names) -> set[int] | None:
    """Positions after the row, from any of `starts` (None: anywhere); None or empty where it does not occur."""
    current = starts
    for element in row:
        current = _step(element, current, words, names)
        if not current:
            return None
    return current


def _step(element: Element, starts: set[int] | None, words: Words, names: Names) -> set[int]:
    if isinstance(element, Word):
        found = words.starting(element.text) if element.stem else words.at(element.text)
        return {place + 1 for place in found if starts is None or place in starts}
    if isinstance(element, Named):
        return {end for start, end in names.spans(element.lexicon) if starts is None or start in starts}
    if isinstance(element, OneOf):
        return _any_of(element, starts, words, names)
    everywhere = set(range(len(words) + 1)) if starts is None else starts
    if isinstance(element, Gap):
        last = len(words)
        return {place for start in everywhere for place in range(start, min(start + _GAP_WORDS, last) + 1)}
    return everywhere & {0 if element.start else len(words)}


def _any_of(element: OneOf, starts: set[int] | None, words: Words, names: Names) -> set[int]:
    """Positions after any of the rows; those of a single word, which nearly all are, are looked up here."""
    ends: set[int] = set()
    if element.optional:
        ends.update(range(len(words) + 1) if starts is None else starts)
    for row in element.rows:
        first = row[0] if len(row) == 1 else None
        if not isinstance(first, Word):
            ends |= _ends(row, starts, words, names) or set()
            continue
        for place in words.starting(first.text) if first.stem else words.at(first.text):
            if starts is None or place in starts:
                ends.add(place + 1)
    return ends


def row_of(source: str) -> Row:
    """A single row: how lexicons write their spellings.

    Raises:
        CatalogueError: it holds `&`.
    """
    rows = parse(source).rows
    if len(rows) != 1:
        raise CatalogueError(f"spelling {source!r} must not hold &")
    return rows[0]


def occurrences(row: Row, words: Words, names: Names) -> Iterable[tuple[int, int]]:
    """Start and (longest) end of each place where a row occurs."""
    for start in range(len(words)):
        ends = _ends(row, {start}, words, names)
        if ends:
            yield start, max(ends)
