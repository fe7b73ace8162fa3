"""Mentions of guards in Rust files: by words, since a large workspace has millions of nodes and few of them matter.

Modules of tests are taken out first; comments, `use` lines and definitions are told apart line by line. A name in a string counts as a mention, which errs to the
side of "called".
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from troth.engines.code.programs.gathered import Gathered
from troth.judgement.guard_names import GUARD_WORDS
from troth.terms.facts.programs import Mention
from troth.terms.place import Place

__all__ = ["defines_guard", "mention_rust", "without_tests"]

_DEFINES: Final = re.compile(rb"fn (?<!\wfn )(\w+)")
"""Begins with a literal, which the engine of expressions searches for ten times as fast as a word boundary."""
_GUARD: Final = re.compile(GUARD_WORDS.pattern.encode(), re.IGNORECASE)
_WORD: Final = re.compile(r"(?:(?<=\.)[A-Za-z_]\w*(?=\s*(?:\(|::))|(?<![.\w])[A-Za-z_]\w*(?!\w|\s*:(?!:))|(?<=\.\.)[A-Za-z_]\w*)")
"""A name that may be a function: `.name` without a call and `name:` are fields, whatever they are called."""
_ASIDE: Final = re.compile(r"\s*(?://|\*|/\*|(?:pub(?:\([^)]*\))?\s+)?use\s|#!?\[)")
_DEFINED: Final = re.compile(r"\b(?:fn|struct|enum|trait|mod|type)\s+\w+")
_TESTS: Final = re.compile(rb"\n#\[cfg\(\s*(?:any\(|all\()?\s*test\b[^\n]*\n(?:#\[[^\n]*\n)*(?:pub(?:\([^)\n]*\))? )?mod \w+ *\{[^\n]*")
"""A module of tests at the margin: as the formatter of the language writes it, it ends with the next brace at the margin. `mod tests;` has no body here."""


def without_tests(data: bytes) -> bytes:
    """A file's bytes without the bodies of its modules of tests; every line keeps its number."""
    kept: list[bytes] = []
    last = 0
    for match in _TESTS.finditer(data):
        stop = data.find(b"\n}", match.end() - 1)
        if match.start() < last or stop < 0:
            continue
        kept += (data[last : match.start()], b"\n" * data.count(b"\n", match.start(), stop + 1))
        last = stop + 2
    return b"".join((*kept, data[last:]))


def defines_guard(lower: bytes, words: Iterable[bytes]) -> bool:
    """Whether a file, given in lower case with the guards' words that it holds, defines a function whose name speaks of a guard."""
    names = b" ".join(_DEFINES.findall(lower))
    return any(word in names for word in words) and bool(_GUARD.search(names))


def mention_rust(path: str, data: bytes, lower: bytes, words: Iterable[bytes], into: Gathered) -> None:
    """Mentions of one file, given as it is and in lower case, with the guards' words that it holds."""
    starts = set()
    for word in words:
        at = lower.find(word)
        while at >= 0:
            starts.add(lower.rfind(b"\n", 0, at) + 1)
            at = lower.find(b"\n", at)
            at = lower.find(word, at) if at >= 0 else -1
    number, last = 1, 0
    for start in sorted(starts):
        number += data.count(b"\n", last, start)
        last = start
        stop = data.find(b"\n", start)
        line = data[start : stop if stop >= 0 else len(data)].decode("utf-8", "replace")
        if len(line) <= 2000 and not _ASIDE.match(line):
            for name in _WORD.findall(_DEFINED.sub("", line.split("//")[0])):
                into.mention(name, Mention(Place(path, number), ""))
