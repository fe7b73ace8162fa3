"""Whether a regular expression can take exponential time: ambiguity of its position automaton, the expression itself is never run.

Source: Weideman et al., "Analyzing Matching Time Behavior of Backtracking Regular Expression Matchers" (CIAA 2016): exponential time needs a state from which
two different ways lead back to it on the same text (EDA), and something behind it that can fail. Polynomial time is not looked for; look-arounds and
back-references count as matching anything.
"""

from __future__ import annotations

import importlib
import re
import warnings
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Final

__all__ = ["explodes"]

_PARSER: Final = importlib.import_module("re._parser")
_LETTERS: Final = (*map(chr, range(32, 127)), "\t", "\n", "\xa0", "\xe9", "\xdf", "\u0416", "\u4e2d")
_END: Final = frozenset(("end",))
_EVERY: Final = frozenset(_LETTERS)
_MOST_POSITIONS: Final = 240
_MOST_LENGTH: Final = 3000
_UNROLL: Final = 3
_UNICODE: Final = re.compile(r"\\([pP])\{\^?[^}]*\}")
_CATEGORIES: Final = {
    "CATEGORY_DIGIT": r"\d",
    "CATEGORY_NOT_DIGIT": r"\D",
    "CATEGORY_SPACE": r"\s",
    "CATEGORY_NOT_SPACE": r"\S",
    "CATEGORY_WORD": r"\w",
    "CATEGORY_NOT_WORD": r"\W",
}


class _TooLargeError(Exception):
    """The automaton is over the limit; the expression is left alone."""


@dataclass(slots=True)
class _Part:
    """First and last positions of a piece, and in how many ways it may match nothing (two stand for more)."""

    empty: int
    first: list[int] = field(default_factory=list)
    last: list[int] = field(default_factory=list)


@dataclass(slots=True)
class _Automaton:
    """Positions with the letters that they take; how often each follows each."""

    letters: list[frozenset[str]] = field(default_factory=list)
    follow: list[dict[int, int]] = field(default_factory=list)

    def add(self, letters: frozenset[str]) -> _Part:
        if len(self.letters) >= _MOST_POSITIONS:
            raise _TooLargeError
        self.letters.append(letters)
        self.follow.append({})
        at = len(self.letters) - 1
        return _Part(0, [at], [at])

    def link(self, last: Iterable[int], first: Iterable[int]) -> None:
        targets = list(first)
        for one in last:
            for other in targets:
                self.follow[one][other] = self.follow[one].get(other, 0) + 1


def explodes(pattern: str) -> bool:
    """Whether some text takes exponential time in a backtracking engine; False also where the expression cannot be read."""
    if len(pattern) > _MOST_LENGTH or not re.search(r"[)\]}+*.\w][+*{]", pattern):
        return False
    readable = _UNICODE.sub(lambda match: r"[^\W\d_]" if match.group(1) == "p" else r"[\W\d_]", pattern)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            parsed = _PARSER.parse(readable)
        automaton = _Automaton()
        whole = _sequence(parsed, automaton)
    except (re.error, OverflowError, RecursionError, _TooLargeError):
        return False
    return _ambiguous(automaton, frozenset(whole.last))


def _sequence(items: Any, automaton: _Automaton) -> _Part:  # noqa: ANN401 - the parser's own nodes
    whole = _Part(1)
    for item in items:
        whole = _joined(whole, _piece(str(item[0]), item[1], automaton), automaton)
    return whole


def _joined(one: _Part, other: _Part, automaton: _Automaton) -> _Part:
    automaton.link(one.last, other.first)
    first = one.first + other.first * one.empty
    last = other.last + one.last * other.empty
    return _Part(min(one.empty * other.empty, 2), first, last)


def _piece(kind: str, value: Any, automaton: _Automaton) -> _Part:  # noqa: ANN401 - the parser's own nodes
    if kind == "SUBPATTERN":
        return _sequence(value[-1], automaton)
    if kind == "BRANCH":
        parts = [_sequence(branch, automaton) for branch in value[1]]
        return _Part(min(sum(part.empty for part in parts), 2), [at for part in parts for at in part.first], [at for part in parts for at in part.last])
    if kind in ("MAX_REPEAT", "MIN_REPEAT"):
        return _repeat(value, automaton)
    if kind in ("POSSESSIVE_REPEAT", "ATOMIC_GROUP", "GROUPREF", "GROUPREF_EXISTS"):
        return automaton.add(frozenset())
    if kind == "AT":
        return automaton.add(_END) if str(value) in ("AT_END", "AT_END_STRING") else _Part(1)
    if kind in ("ASSERT", "ASSERT_NOT"):
        return _Part(1)
    return automaton.add(_letters(kind, value))


def _repeat(value: Any, automaton: _Automaton) -> _Part:  # noqa: ANN401 - the parser's own nodes
    least, most, body = int(value[0]), value[1], value[2]
    endless = str(most) == "MAXREPEAT" or int(most) > 40
    whole = _Part(1)
    for _ in range(max(min(least, _UNROLL) - (1 if endless else 0), 0)):
        whole = _joined(whole, _sequence(body, automaton), automaton)
    if endless:
        part = _sequence(body, automaton)
        automaton.link(part.last, part.first)
        part.empty = max(part.empty, int(least == 0))
        return _joined(whole, part, automaton)
    tail = _Part(1)
    for _ in range(min(int(most) - least, _UNROLL)):  # from the last: a round comes only after the one before, else two ways would lead to each
        tail = _joined(_sequence(body, automaton), tail, automaton)
        tail.empty = max(tail.empty, 1)
    return _joined(whole, tail, automaton)


def _letters(kind: str, value: Any) -> frozenset[str]:  # noqa: ANN401 - the parser's own nodes
    if kind == "LITERAL":
        return frozenset((chr(value),))
    if kind == "NOT_LITERAL":
        return _EVERY - {chr(value)}
    if kind == "ANY":
        return _EVERY - {"\n"}
    if kind != "IN":
        return frozenset()
    negated, found = False, set()
    for item, argument in value:
        name = str(item)
        if name == "NEGATE":
            negated = True
        elif name == "RANGE":
            found |= {letter for letter in _LETTERS if argument[0] <= ord(letter) <= argument[1]}
        elif name == "CATEGORY":
            found |= {letter for letter in _LETTERS if re.match(_CATEGORIES.get(str(argument), "(?!)"), letter)}
        else:
            found |= _letters(name, argument)
    return frozenset(_EVERY - found) if negated else frozenset(found)


def _ambiguous(automaton: _Automaton, accepting: frozenset[int]) -> bool:
    """A position on a cycle that can be gone through in two ways on one text, and behind which the match can still fail."""
    size = len(automaton.letters)
    reach = [_reachable(automaton, at) for at in range(size)]
    looping = [at for at in range(size) if at in reach[at] and automaton.letters[at]]
    done: set[int] = set()
    for at in looping:
        if at in done:
            continue
        ring = {other for other in looping if other in reach[at] and at in reach[other]}
        done |= ring
        if ring & accepting:
            continue  # the match may end with any round: nothing behind the loop can fail
        doubled = any(count > 1 and target in ring for one in ring for target, count in automaton.follow[one].items())
        if doubled or _splits(automaton, at, ring):
            return True
    return False


def _reachable(automaton: _Automaton, start: int) -> set[int]:
    seen: set[int] = set()
    pending = list(automaton.follow[start])
    while pending:
        at = pending.pop()
        if at not in seen:
            seen.add(at)
            pending.extend(automaton.follow[at])
    return seen


def _splits(automaton: _Automaton, start: int, ring: set[int]) -> bool:
    """Whether two walks from `start` take the same letters by different positions and meet at `start` again."""
    forward = _pairs(automaton, (start, start), ring, back=False)
    if not any(one != other for one, other in forward):
        return False
    backward = _pairs(automaton, (start, start), ring, back=True)
    return any(one != other and (one, other) in backward for one, other in forward)


def _pairs(automaton: _Automaton, start: tuple[int, int], ring: set[int], *, back: bool) -> set[tuple[int, int]]:
    before: dict[int, list[int]] = {at: [] for at in ring}
    for one in ring:
        for target in automaton.follow[one]:
            if target in ring:
                before[target].append(one)
    seen: set[tuple[int, int]] = set()
    pending = [start]
    while pending:
        one, other = pending.pop()
        if back and not automaton.letters[one] & automaton.letters[other]:
            continue
        ones = before[one] if back else [at for at in automaton.follow[one] if at in ring]
        others = before[other] if back else [at for at in automaton.follow[other] if at in ring]
        for left in ones:
            for right in others:
                meets = back or automaton.letters[left] & automaton.letters[right]
                if meets and (left, right) not in seen:
                    seen.add((left, right))
                    pending.append((left, right))
    return seen
