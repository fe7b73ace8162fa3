"""Functions of production code as passages of text, with comments and what strings say taken out of the way: enough to see what is done, in which order, and whether anybody calls it.

Read from the tree on demand and only from files that hold a given word, so that a check whose policy promises nothing of the kind pays nothing. Python is cut into
functions by its own parser, TypeScript, JavaScript and Rust by their braces. A file that cannot be cut is named in `unread`: nothing is absent from it.
"""

from __future__ import annotations

import ast
import re
import warnings
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Final

from troth.judgement.blanked import Blanked, blanked
from troth.judgement.braces import functions
from troth.judgement.guards import sources
from troth.judgement.remembered import of_blob
from troth.terms.facts.tree import Tree
from troth.terms.verdict import Evidence

__all__ = ["Passage", "Passages", "language_of", "mentioned", "passages"]

_PYTHON: Final = (".py",)
_ECMA: Final = (".ts", ".tsx", ".mts", ".cts", ".js", ".mjs", ".cjs", ".jsx")
_OWN: Final = re.compile(r"\s*(?:from\s+\S+\s+import\b|import\b|export\s*(?:\{|\*)|pub\s+use\b|use\b|__all__|\}?\s*(?:from|=\s*require\()|module\.exports)")
"""Lines that pass a name on without using it."""
_DEPTH: Final = 12
"""How deep functions may stand in each other on average."""


def language_of(path: str) -> str:
    """`python`, `ecma` or `rust`; empty for every other file."""
    return "python" if path.endswith(_PYTHON) else "ecma" if path.endswith(_ECMA) else "rust" if path.endswith(".rs") else ""


@dataclass(frozen=True, slots=True)
class Passage:
    """A function, or what stands outside of all functions of a file.

    Attributes:
        name: its name; empty for one without, and for the outside.
        owner: class around it; empty where there is none.
        path, line, end: where it stands, first and last line.
        text: its source without comments and docstrings, as long as it was.
        code: the same without the contents of strings.
        language: see `language_of`.
        handed: a decorator, a registration or the lack of a name says that others call it without naming it.
        outside: it is what stands outside of all functions.
    """

    name: str
    owner: str
    path: str
    line: int
    end: int
    text: str
    code: str
    language: str
    handed: bool = False
    outside: bool = False

    def at(self, position: int) -> int:
        """Line of a position in `text` or `code`."""
        return self.line + self.code.count("\n", 0, position)

    def find(self, pattern: re.Pattern[str], *, strings: bool = False) -> Iterator[tuple[int, re.Match[str]]]:
        """Matches in the code (with `strings`, in what strings say as well), each with its line."""
        for match in pattern.finditer(self.text if strings else self.code):
            yield self.at(match.start()), match

    def evidence(self, tree: Tree, line: int, says: str) -> Evidence:
        """Evidence at a line of it."""
        return tree.evidence(self.path, line, says)


@dataclass(frozen=True, slots=True)
class Passages:
    """Passages of all files that hold a word, by path and line, and the paths that could not be cut."""

    all: tuple[Passage, ...]
    unread: tuple[str, ...]
    smallest: tuple[Passage, ...] = ()

    def __iter__(self) -> Iterator[Passage]:
        """Each passage; an inner function comes by itself and as part of the one around it."""
        return iter(self.all)

    def innermost(self) -> tuple[Passage, ...]:
        """Passages without those that hold another: no line is seen twice but for lines beside an inner function."""
        return self.smallest


def passages(tree: Tree, words: Iterable[bytes], *extensions: str) -> Passages:
    """Passages of production files that hold one of some words (ASCII, compared in lower case)."""
    wanted = tuple(words)
    known: dict[object, Passages] = tree.__dict__.setdefault("_passages", {})
    key = (wanted, extensions)
    if key not in known:
        known[key] = _gather(tree, wanted, extensions)
    return known[key]


def _gather(tree: Tree, words: tuple[bytes, ...], extensions: tuple[str, ...]) -> Passages:
    found: list[Passage] = []
    smallest: list[Passage] = []
    unread: list[str] = []
    for path in sources(tree, *extensions):
        data = tree.reader(path)
        lower = data.lower() if data is not None else b""
        if not any(word in lower for word in words):
            continue
        cut = of_blob(tree.files[path].blob, ("passages", path), len(lower), partial(_cut, tree, path))
        if cut is None:
            unread.append(path)
        else:
            found += cut[0]
            smallest += cut[1]
    return Passages(tuple(found), tuple(unread), tuple(smallest))


_Cut = tuple[tuple[Passage, ...], tuple[Passage, ...]]
"""All passages of a file, and those that hold no other."""


def _cut(tree: Tree, path: str) -> _Cut | None:
    """Passages of one file, remembered with the tree; None where it cannot be cut."""
    done: dict[str, _Cut | None] = tree.__dict__.setdefault("_cut", {})
    if path not in done:
        text = tree.text(path)
        done[path] = None if text is None else _passages_of(path, text)
    return done[path]


def _passages_of(path: str, text: str) -> _Cut | None:
    language = language_of(path)
    clean = blanked(text, language)
    if language == "python":
        spans = _python_spans(text)
        if spans is None:
            return None
    else:
        spans = list(functions(clean.code, language))
    spans.sort(key=lambda span: (span[2], -span[3]))
    # functions in functions in functions: what is kept would be the square of the file
    if sum(end - start for _, _, start, end, _ in spans) > _DEPTH * len(text) + 10_000:
        return None
    starts = [0, *(match.end() for match in re.finditer("\n", text))]
    made = [_passage(path, language, span, clean, starts) for span in spans]
    rest_text, rest_code = list(clean.text), list(clean.code)
    last = 0
    for _, _, start, end, _ in spans:
        for part in (rest_text, rest_code) if end > last else ():
            part[max(start, last) : end] = [letter if letter == "\n" else " " for letter in part[max(start, last) : end]]
        last = max(last, end)
    outside = Passage("", "", path, 1, len(starts), "".join(rest_text), "".join(rest_code), language, handed=True, outside=True)
    holding = [at + 1 < len(spans) and spans[at + 1][2] < spans[at][3] for at in range(len(spans))]
    return (outside, *made), (outside, *(one for one, holds in zip(made, holding, strict=True) if not holds))


_Span = tuple[str, str, int, int, bool]
"""Name, owner, start and end as positions, and whether others call it without naming it."""


def _passage(path: str, language: str, span: _Span, clean: Blanked, starts: list[int]) -> Passage:
    name, owner, start, end, handed = span
    first, last = bisect_right(starts, start), bisect_right(starts, max(end - 1, start))
    return Passage(name, owner, path, first, last, clean.text[start:end], clean.code[start:end], language, handed)


def _python_spans(text: str) -> list[_Span] | None:
    """Functions of a Python file as positions; None where it cannot be parsed."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            module = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    starts = [0, *(match.end() for match in re.finditer("\n", text))]
    found: list[_Span] = []
    pending: list[tuple[ast.AST, str]] = [(module, "")]
    while pending:
        node, owner = pending.pop()
        for child in ast.iter_child_nodes(node):
            if isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef)):
                end = child.end_lineno or child.lineno
                stop = starts[end] if end < len(starts) else len(text)
                found.append((child.name, owner, starts[child.lineno - 1], stop, bool(child.decorator_list)))
                pending.append((child, owner))
            elif isinstance(child, ast.ClassDef):
                pending.append((child, child.name))
            elif isinstance(child, ast.stmt | ast.excepthandler):
                pending.append((child, owner))
    return found


def mentioned(tree: Tree, passage: Passage) -> bool:
    """Whether production code may call a function: it is handed to others, a method of a protocol, or its name stands somewhere but in itself, an import or an export."""
    if passage.handed or passage.outside or not passage.name or (passage.name.startswith("__") and passage.name.endswith("__")):
        return True
    word = re.compile(rf"(?<![\w$]){re.escape(passage.name)}(?![\w$])")
    needle = passage.name.encode()
    for path in sources(tree):
        data = tree.reader(path)
        if data is None or needle not in data:
            continue
        if _uses(tree, path, word, passage):
            return True
    return False


def _uses(tree: Tree, path: str, word: re.Pattern[str], passage: Passage) -> bool:
    text = tree.text(path)
    clean = blanked(text, language_of(path)) if text is not None else None
    if clean is None:
        return True
    head = re.compile(rf"(?:def|function\s*\*?|fn|const|let|var)\s+{re.escape(passage.name)}(?![\w$])")
    # a name in a string may be looked up at run time: it counts as a use
    for number, line in enumerate(clean.text.split("\n"), start=1):
        if path == passage.path and passage.line <= number <= passage.end:
            continue
        if word.search(line) and not _OWN.match(line) and not head.search(line):
            return True
    return False
