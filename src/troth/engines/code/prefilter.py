"""Which files are worth parsing, and for which rules: by what they import, and by byte strings that they must hold.

One question with three searches and one answer, of which the quickest that is installed is taken: Hyperscan (one pass for all strings and imports; the extra
`secrets` has it), Aho-Corasick (`pyahocorasick`), and the substring search of `bytes`. Imports are read from the text, so that a module named in a comment does not
count; `import_module` and `__import__` count where the name is written there. What stands between triple quotes is taken out before a rule's own expression looks.
"""

from __future__ import annotations

import importlib
import re
from collections.abc import Callable, Iterable, Sequence
from functools import cached_property
from typing import Any, Final

from troth.engines.code.rule import Rule

__all__ = ["Prefilter", "imported", "without_long_strings"]

_IMPORT: Final = re.compile(rb"\n[ \t]*(?:from|import)[ \t]+([A-Za-z_]\w*)")
_LIST: Final = re.compile(rb"import [\w. ,]+")
_NAME: Final = re.compile(rb"[A-Za-z_]\w*")
_ELSEWHERE: Final = (
    (b"import_module", re.compile(rb"import_module\(\s*[\"'](\w+)")),
    (b"__import__", re.compile(rb"__import__\(\s*[\"'](\w+)")),
)
"""Imports by a name in a string: what must be there, and what finds the name."""
_HYPERSCAN_IMPORT: Final = (
    r"(?:(?:^|\n)[ \t]*(?:from|import)[ \t]+|import [\w. ,]*|import_module\(\s*[\"']|__import__\(\s*[\"'])\b{0}\b"
)
_QUOTES: Final = b'"' * 3
_EMPTY: Final = b'"' * 2
_LONG: Final = re.compile(_QUOTES + rb".*?" + _QUOTES, re.DOTALL)
_ODD: Final = (b"'" * 3, b"'" + _QUOTES, _QUOTES + b"'", b'"' * 4, b"\\" + _QUOTES)
_ASCII: Final = "latin-1"
Search = Callable[[bytes], tuple[frozenset[bytes], frozenset[bytes]]]
"""Bytes of a file -> modules that it imports and strings that it holds, of those that were asked for."""


def imported(data: bytes) -> frozenset[bytes]:
    """First names of the modules that a file imports by a name that is written in it, and perhaps some more."""
    found = set(_IMPORT.findall(b"\n" + data))
    for line in _LIST.findall(data):
        found.update(_NAME.findall(line[7:]))
    for word, pattern in _ELSEWHERE:
        if word in data:
            found.update(pattern.findall(data))
    return frozenset(found)


def without_long_strings(data: bytes) -> bytes:
    """A file's bytes without what stands between triple quotes; the bytes as they are where those cannot be paired for sure."""
    if data.count(_QUOTES) % 2 or any(odd in data for odd in _ODD):
        return data
    return _LONG.sub(_EMPTY, data)


class Prefilter:
    """The modules and strings of a set of rules, searched for in files."""

    def __init__(self, rules: Sequence[Rule], *, search: str = "") -> None:
        """Prepare the search.

        Args:
            rules: rules whose `modules`, `needs` and `confirm` count.
            search: `hyperscan`, `ahocorasick` or `bytes`; the quickest that is installed by default.
        """
        self._gates = tuple((rule, frozenset(name.encode() for name in rule.modules)) for rule in rules)
        self._strings = tuple(sorted({word for rule in rules for group in rule.needs for word in group}))
        self._modules = tuple(sorted({name for _, names in self._gates for name in names}))
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
        names, words = self._search(data)
        left = [
            rule
            for rule, modules in self._gates
            if (not modules or not names.isdisjoint(modules)) and all(not words.isdisjoint(group) for group in rule.needs)
        ]
        if not any(rule.confirm for rule in left):
            return tuple(left)
        code = without_long_strings(data)
        return tuple(rule for rule in left if rule.confirm is None or rule.confirm.search(code))

    def _plain(self, data: bytes) -> tuple[frozenset[bytes], frozenset[bytes]]:
        names = imported(data)
        open_rules = (rule for rule, modules in self._gates if not modules or not names.isdisjoint(modules))
        asked = {word for rule in open_rules for group in rule.needs for word in group}
        return names, frozenset(word for word in asked if word in data)

    def _ahocorasick(self, library: Any) -> Search:  # noqa: ANN401 - the library carries no types
        machine = library.Automaton()
        for word in self._strings:
            machine.add_word(word.decode(_ASCII), word)
        machine.make_automaton()

        def search(data: bytes) -> tuple[frozenset[bytes], frozenset[bytes]]:
            hits: Iterable[tuple[int, bytes]] = machine.iter(data.decode(_ASCII))
            return imported(data), frozenset(word for _, word in hits)

        return search

    def _hyperscan(self, library: Any) -> Search:  # noqa: ANN401 - the library carries no types
        keys = (*((word, False) for word in self._strings), *((name, True) for name in self._modules))
        expressions = [_HYPERSCAN_IMPORT.format(key.decode()).encode() if module else _literal(key) for key, module in keys]
        database = library.Database()
        flags = [library.HS_FLAG_SINGLEMATCH] * len(keys)
        database.compile(expressions=expressions, ids=list(range(len(keys))), flags=flags)

        def search(data: bytes) -> tuple[frozenset[bytes], frozenset[bytes]]:
            found: list[int] = []

            def hit(index: int, _start: int, _end: int, _flags: int, _context: object) -> None:
                found.append(index)

            if data:
                database.scan(data, match_event_handler=hit)
            names = frozenset(keys[index][0] for index in found if keys[index][1])
            return names, frozenset(keys[index][0] for index in found if not keys[index][1])

        return search


def _literal(word: bytes) -> bytes:
    r"""A string as an expression: every byte that is no letter or digit as `\xNN`."""
    return re.sub(rb"[^A-Za-z0-9_]", lambda match: b"\\x%02x" % match.group(0)[0], word)
