"""Which files are worth parsing, and for which rules: by what they import, and by byte strings that they must hold.

One question with three searches and one answer, of which the quickest that is installed is taken: Hyperscan (one pass for all strings and imports; the extra
`secrets` has it), Aho-Corasick (`pyahocorasick`), and the substring search of `bytes`. Imports are read from the text, so that a module named in a comment does not
count; `import_module` and `__import__` count where the name is written there. What stands between triple quotes is taken out before a rule's own expression looks.
A string that begins with a line's end is found at the beginning of the file, too. What a search found is one number, a bit for each module and string.
"""

from __future__ import annotations

import importlib
import re
from collections.abc import Callable, Iterable, Sequence
from functools import cached_property, reduce
from operator import or_
from typing import Any, Final

from troth.engines.code.imports import imported
from troth.engines.code.presence import presence
from troth.engines.code.rule import Rule

__all__ = ["Prefilter", "imported", "without_long_strings"]

_HYPERSCAN_IMPORT: Final = (
    r"(?:(?:^|[\n;:])[ \t]*(?:from|import)[ \t]+|import [\w. ,]*|import_module\(\s*[\"']|__import__\(\s*[\"'])\b{0}\b"
)
_QUOTES: Final = b'"' * 3
_EMPTY: Final = b'"' * 2
_ODD: Final = (b"'" * 3, b"'" + _QUOTES, _QUOTES + b"'", b'"' * 4, b"\\" + _QUOTES)
_ASCII: Final = "latin-1"
_LINE: Final = b"\n"
Search = Callable[[bytes], int]
"""Bytes of a file -> a bit for each of the keys that it holds."""


def without_long_strings(data: bytes) -> bytes:
    """A file's bytes without what stands between triple quotes; the bytes as they are where those cannot be paired for sure."""
    if data.count(_QUOTES) % 2 or any(odd in data for odd in _ODD):
        return data
    return _EMPTY.join(data.split(_QUOTES)[::2])


class Prefilter:
    """The modules and strings of a set of rules, searched for in files."""

    def __init__(self, rules: Sequence[Rule], *, search: str = "") -> None:
        """Prepare the search.

        Args:
            rules: rules whose `modules`, `needs` and `confirm` count.
            search: `hyperscan`, `ahocorasick` or `bytes`; the quickest that is installed by default.
        """
        self._strings = tuple(sorted({word for rule in rules for group in (*rule.needs, rule.instead) for word in group}))
        self._modules = tuple(sorted({name.encode() for rule in rules for name in rule.modules}))
        bits = {key: 1 << number for number, key in enumerate((*((word, False) for word in self._strings), *((name, True) for name in self._modules)))}
        self._word_bits = {word: bits[word, False] for word in self._strings}
        self._module_bits = {name: bits[name, True] for name in self._modules}
        self._gates = tuple(
            (
                rule,
                reduce(or_, (*(bits[name.encode(), True] for name in rule.modules), *(bits[word, False] for word in rule.instead)), 0),
                tuple(reduce(or_, (bits[word, False] for word in group), 0) for group in rule.needs),
            )
            for rule in rules
        )
        self._instead = reduce(or_, (bits[word, False] for rule in rules for word in rule.instead), 0)
        self._wanted = search

    @cached_property
    def _search(self) -> Search:
        for name, make in (("hyperscan", self._hyperscan), ("ahocorasick", self._ahocorasick)):
            if self._wanted in ("", name):
                try:
                    return make(importlib.import_module(name))
                except ImportError:
                    continue
        return self._plain

    def rules(self, data: bytes) -> tuple[Rule, ...]:
        """Rules that may find something in a file of these bytes."""
        found = self._search(data)
        left = []
        for rule, modules, groups in self._gates:
            if modules and not found & modules:
                continue
            for group in groups:
                if not found & group:
                    break
            else:
                left.append(rule)
        if not any(rule.confirm for rule in left):
            return tuple(left)
        code = without_long_strings(data)
        return tuple(rule for rule in left if all(any(pattern.search(code) for pattern in group) for group in rule.confirm))

    def _imports(self, data: bytes) -> int:
        return reduce(or_, (self._module_bits.get(name, 0) for name in imported(data)), 0)

    def _plain(self, data: bytes) -> int:
        found = self._imports(data)
        found |= reduce(or_, (bit for word, bit in self._word_bits.items() if bit & self._instead and _holds(data, word)), 0)
        asked = reduce(or_, (group for _, modules, groups in self._gates if not modules or modules & found for group in groups), 0)
        return found | reduce(or_, (bit for word, bit in self._word_bits.items() if bit & asked and _holds(data, word)), 0)

    def _ahocorasick(self, library: Any) -> Search:  # noqa: ANN401 - the library carries no types
        machine = library.Automaton()
        for word, bit in self._word_bits.items():
            machine.add_word(word.decode(_ASCII), bit)
        machine.make_automaton()

        def search(data: bytes) -> int:
            hits: Iterable[tuple[int, int]] = machine.iter("\n" + data.decode(_ASCII))
            return reduce(or_, (bit for _, bit in hits), self._imports(data))

        return search

    def _hyperscan(self, library: Any) -> Search:  # noqa: ANN401 - the library carries no types
        return presence(library, [*map(_literal, self._strings), *(_HYPERSCAN_IMPORT.format(name.decode()).encode() for name in self._modules)])


def _holds(data: bytes, word: bytes) -> bool:
    return word in data or (word[:1] == _LINE and data.startswith(word[1:]))


def _literal(word: bytes) -> bytes:
    r"""A string as an expression: every byte that is no letter or digit as `\xNN`, and a line's end before it may be the file's beginning."""
    start, rest = (rb"(?:^|\n)", word[1:]) if word[:1] == _LINE else (b"", word)
    return start + re.sub(rb"[^A-Za-z0-9_]", lambda match: b"\\x%02x" % match.group(0)[0], rest)
