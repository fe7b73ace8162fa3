"""Whether nothing at all can be in a short text, told without any dependency: what `gate` asks of one automaton, asked in the order that rules most out for the least.

A key is a long run of few signs, and ordinary text seldom has one. So the text is cut into its long words first; the kinds of runs that these hold say which rules are still
possible at all, and only their fixed words are looked for. What is encoded is a long run, too, and its hints are looked for inside of that run alone. The rules that need no run are
few and asked one by one, and so are the caller's further patterns, each behind a word that all of its matches hold. As with the gate, "maybe" may be said too often, never too seldom
(tests/detectors/test_gate.py runs both through the same texts).
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from re import _constants as sre  # type: ignore[attr-defined]
from typing import Final

from troth.detectors import shapes
from troth.detectors.encodings import SHORTEST, Encoding
from troth.detectors.matching.plain import PAIR, PIECE, longest_run, present, rarest, table_of
from troth.detectors.rule import Probe

__all__ = ["sieve"]

_WORDY: Final = frozenset(b"+-./0123456789=ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz~")
"""Signs of the runs that are looked for in words. Rules whose runs hold others (spaces, brackets) are asked as if they needed none."""
_NOT_WORDY: Final = bytes(code not in _WORDY for code in range(256))
_TO_WORDS: Final = bytes(code if code in _WORDY else 32 for code in range(256))
_TO_BASE64: Final = bytes(code if code in b"+/_=-" or (code < 128 and chr(code).isalnum()) else 32 for code in range(256))
_PERCENT: Final = re.compile(rb"[0-9A-Za-z_.~%%-]{%d,}+" % SHORTEST[Encoding.PERCENT])
LEAST_WORD: Final = min(20, SHORTEST[Encoding.BASE64], SHORTEST[Encoding.HEX])
"""Signs of the shortest words and runs that are looked at: ordinary lines have few. Rules that may match in less are asked as if they needed none."""
_Run = tuple[bytes, bytes]
_Shapes = dict[bytes, list[str]]
"""Fixed words in lower case, and of each the patterns of which every match holds it."""
_Step = tuple[bytes, bytes, int, tuple[tuple[bytes, tuple[str, ...]], ...]]
"""A table of signs, the shortest run of them that anything needs, which step is next where it is missing, and fixed words by the runs that their rules need."""


def sieve(probes: Iterable[Probe], reach: Sequence[int], anycase: Sequence[bytes], exact: Sequence[bytes]) -> Callable[[bytes], bool]:
    """What tells whether a text is clean for certain. Linear in the text; meant for lines, since a long text nearly always holds something that makes it "maybe".

    Args:
        probes: what the engine looks for.
        reach: by number of probe, how far around it a rule looks; 0 for a hint at something encoded.
        anycase: further patterns, lower case, compared without case.
        exact: further patterns, compared as they are.
    """
    return _Sieve(_sorted(probes, reach), _behind(anycase), _behind(exact)).clean


class _Sieve:
    """What is asked of a text, in order."""

    def __init__(self, probes: _Sorted, anycase: _Shapes, exact: _Shapes) -> None:
        self._anywhere: dict[bytes | str, list[tuple[bool, str]]] = {}
        for part in (anycase, probes.loose, exact):
            for word, patterns in part.items():
                key = word if len(word) >= PIECE else word.decode("latin-1")
                for pattern in patterns:
                    self._anywhere.setdefault(key or _sign(pattern), []).append((part is anycase, pattern))
        self._short = tuple(word for word in self._anywhere if isinstance(word, str))
        self._words, self._hints = probes.words, frozenset(probes.hints)
        self._pieces, self._known = _index({*anycase, *exact, *probes.loose, *self._words, *self._hints}, PIECE)
        self._pairs, self._known_pairs = _index({*self._words, *self._hints}, PAIR)
        self._joints = tuple(joint.decode("latin-1") for joint in probes.joints)
        self._steps, self._of_runs = _steps(probes.runs), _merged(probes.runs.values())

    def clean(self, data: bytes) -> bool:
        """Whether nothing can be in a text."""
        low = data.lower()
        text = low.decode("latin-1")  # what stands in a str is found in half the time
        pieces = self._pieces
        there = [word for piece in present(self._known, low, PIECE, "I") for word in pieces[piece] if word in low]
        signs: list[bytes | str] = [word for word in self._short if word in text]
        if (there or signs) and self._says_so([*there, *signs], low, data):
            return False
        if ('"' in text or "'" in text) and [joint for joint in self._joints if joint in text]:
            return False
        if "\0" in text or ("%" in text and any(b"%" in run for run in _PERCENT.findall(data))):
            return False
        words = [word for word in data.translate(_TO_WORDS).split() if len(word) >= LEAST_WORD]
        if not words:
            return True
        row = b" ".join(words)
        return not self._in_words(row, there) and not self._beside_runs(row, text, data)

    def _says_so(self, words: Iterable[bytes | str], low: bytes, data: bytes) -> bool:
        """Whether a pattern occurs that needs no long word, of those behind some words."""
        for word in words:
            for folded, pattern in self._anywhere.get(word, ()):
                if _compiled(pattern).search(low if folded else data):
                    return True
        return False

    def _in_words(self, row: bytes, there: list[bytes]) -> bool:
        """Whether one of the long words may be a secret, or hold one encoded; `there` are fixed words that stand in the text."""
        low = row.lower()
        for pair in present(self._known_pairs, low, PAIR, "H"):
            there += [word for word in self._pairs[pair] if word in low]
        for word in there:
            for pattern in self._words.get(word, ()):
                if _compiled(pattern).search(row):
                    return True
        return bool(there) and not self._hints.isdisjoint(there) and _encoded(row, self._hints.intersection(there))

    def _beside_runs(self, row: bytes, text: str, data: bytes) -> bool:
        """Whether a rule may match that needs one of the long runs and something beside it."""
        steps, at = self._steps, 0
        while at < len(steps):
            table, least, behind, of_length = steps[at]
            marks = row.translate(table)
            if least not in marks:
                at = behind
                continue
            at += 1
            for run, literals in of_length:
                if run not in marks:
                    break
                if any(_compiled(pattern).search(data) for name in literals if name in text for pattern in self._of_runs[name]):
                    return True
        return False


@lru_cache(maxsize=2_000)
def _compiled(pattern: str) -> re.Pattern[bytes]:
    """Most are never asked for, and all of them take a third of a second."""
    return re.compile(pattern.encode("latin-1"), re.DOTALL)


def _sign(pattern: str) -> str:
    """A sign that stands in every match; empty where there is none, or only a letter."""
    return next((chr(value) for op, value in shapes.parse(pattern) if op is sre.LITERAL and not chr(value).isalpha()), "")


def _encoded(text: bytes, hints: frozenset[bytes]) -> bool:
    """Whether one of the hints stands in a run that is long enough to hold something."""
    coded = b" ".join(word for word in text.translate(_TO_BASE64).split() if len(word) >= LEAST_WORD).lower()
    return any(hint in coded for hint in hints)


@dataclass
class _Sorted:
    """Probes by where they have to be looked for: hints at what is encoded, rules whose matches are one word, joints of literals, rules that need a long run somewhere, and the others."""

    hints: list[bytes]
    words: _Shapes
    joints: list[bytes]
    runs: dict[_Run, _Shapes]
    loose: _Shapes


def _sorted(probes: Iterable[Probe], reach: Sequence[int]) -> _Sorted:
    found = _Sorted([], {}, [], {}, {})
    for probe in probes:
        literals = [text.encode("latin-1") for text in probe.literals] or [b""]
        if not reach[probe.number]:
            for literal in literals:
                if b'"' in literal or b"'" in literal:
                    found.joints.append(literal)
                elif b"\0" not in literal and b"%" not in literal:  # these are asked for by their sign
                    found.hints.append(literal)
            continue
        table, run = longest_run(probe.shape)
        place = found.loose
        if probe.literals and _word(shapes.parse(probe.shape)) >= LEAST_WORD:
            place = found.words
        elif len(run) >= LEAST_WORD and _among(table):
            place = found.runs.setdefault((table, run), {})
        for literal in literals:
            place.setdefault(literal, []).append(probe.shape)
    return found


def _word(nodes: Iterable[shapes.Node]) -> int:
    """Length of the shortest match of a pattern that holds signs of words alone; -1 where it holds others."""
    length = 0
    for op, value in nodes:
        if op is sre.LITERAL:
            step = 1 if value in _WORDY else -1
        elif op is sre.IN:
            step = 1 if _among(table_of(shapes.render((op, value)))) else -1
        elif op is sre.MAX_REPEAT:
            each = _word(value[2])
            step = each * value[0] if each >= 0 else -1
        elif op is sre.SUBPATTERN:
            step = _word(value[3])
        elif op is sre.BRANCH:
            step = min(_word(branch) for branch in value[1])
        else:
            step = -1
        if step < 0:
            return -1
        length += step
    return length


def _among(table: bytes) -> bool:
    """Whether all signs of a table are those of words."""
    return not any(map(int.__and__, table, _NOT_WORDY))


def _merged(parts: Iterable[_Shapes]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for part in parts:
        for word, patterns in part.items():
            found.setdefault(word.decode("latin-1"), []).extend(patterns)
    return found


def _behind(patterns: Iterable[bytes]) -> _Shapes:
    found: _Shapes = {}
    for pattern in (pattern.decode("latin-1") for pattern in patterns):
        for word in shapes.literals(pattern) or ("",):
            found.setdefault(word.encode("latin-1"), []).append(pattern)
    return found


def _index(words: Iterable[bytes], width: int) -> tuple[dict[int, list[bytes]], frozenset[int]]:
    """Words that are long enough by the rarest of their pieces, as the number that its bytes make; those that are too short for four, by two."""
    found: dict[int, list[bytes]] = {}
    for word in words:
        if (width == PIECE) == (len(word) >= PIECE):
            found.setdefault(int.from_bytes(rarest(word, width), sys.byteorder), []).append(word)
    return found, frozenset(found)


def _steps(runs: dict[_Run, _Shapes]) -> list[_Step]:
    """Tables in an order in which those whose signs are all among another's follow it, so that one look rules all of them out."""
    tables = sorted({table for table, _ in runs}, key=lambda table: (-sum(table), table))
    within: dict[bytes, list[bytes]] = {}
    for at, table in enumerate(tables):
        above = [other for other in tables[:at] if all(theirs or not ours for ours, theirs in zip(table, other, strict=True))]
        within.setdefault(min(above, key=sum) if above else b"", []).append(table)
    found: list[_Step] = []

    def walk(table: bytes) -> int:
        """Add a table and all within it. Returns the shortest run that any of them needs."""
        own = sorted(((run, tuple(sorted(word.decode("latin-1") for word in words))) for (other, run), words in runs.items() if other == table), key=lambda item: len(item[0]))
        here = len(found)
        found.append((table, b"", 0, ()))
        least = min([len(own[0][0]), *(walk(inner) for inner in within.get(table, ()))])
        found[here] = (table, b"\1" * least, len(found), tuple(own))
        return least

    for root in within.get(b"", ()):
        walk(root)
    return found
