"""The engine: programs of a tree, as far as they hold a guard's word."""

from __future__ import annotations

import re
from functools import partial
from typing import Final

from troth.engines.code.programs.gathered import Gathered, is_test
from troth.engines.code.programs.grown import parser, read_grown
from troth.engines.code.programs.python_units import mention_python, read_python
from troth.engines.code.programs.rust_mentions import defines_guard, mention_rust, without_tests
from troth.judgement.guard_names import literals
from troth.judgement.remembered import of_blob
from troth.terms.facts.programs import PARTLY_PARSED, Programs
from troth.terms.facts.tree import Tree, is_foreign

__all__ = ["look"]

_LANGUAGES: Final = {
    ".py": "python", ".ts": "typescript", ".tsx": "typescript", ".mts": "typescript", ".cts": "typescript", ".js": "typescript", ".mjs": "typescript",
    ".cjs": "typescript", ".jsx": "typescript", ".rs": "rust",
}  # fmt: skip
_TOKENIZER: Final = re.compile(rb"(?:^|\n)class \w*tokeni")
_SIZE_LIMIT: Final = 1024 * 1024
_BUDGET_BYTES: Final = {"python": 48 * 1024 * 1024, "typescript": 32 * 1024 * 1024, "rust": 96 * 1024 * 1024}
"""What is read of each language; a file beyond it is named in `unread`, and no guard of that language counts as uncalled then."""
_FOREIGN: Final = ("dist/", ".min.js")


def look(tree: Tree) -> Programs:
    """Units, calls, mentions and patterns of all files of a known language that hold a guard's word."""
    gathered = Gathered()
    files: dict[str, int] = {}
    unread: list[tuple[str, str]] = []
    missing: set[str] = set()
    left = dict(_BUDGET_BYTES)
    for path, file in tree.files.items():
        extension = path[path.rfind(".") :]
        language = _LANGUAGES.get(extension)
        if language is None or file.mode == "120000" or is_test(path) or is_foreign(path) or any(word in path for word in _FOREIGN):
            continue
        files[language] = files.get(language, 0) + 1
        if language != "python" and parser(extension) is None:
            missing.add(language)
            continue
        part = of_blob(file.blob, ("programs", path), file.size, partial(_alone, tree, path, language)) if file.size <= min(_SIZE_LIMIT, left[language]) else None
        if part is None:
            budget = _BUDGET_BYTES[language] // 1024**2
            unread.append((path, f"It cannot be read, is over 1 MiB, or the tree's {language} is over {budget} MiB."))
            continue
        left[language] -= part[2]
        gathered.take(part[0])
        if part[1]:
            unread.append((path, part[1]))
    return Programs(
        units=tuple(sorted(gathered.units, key=lambda item: (item.place.path, item.place.line))),
        calls=tuple(sorted(gathered.calls, key=lambda item: (item.place.path, item.place.line))),
        patterns=tuple(gathered.patterns),
        mentions={name: tuple(found) for name, found in gathered.mentions.items()},
        files=files,
        unread=tuple(unread),
        missing=tuple(sorted(missing)),
    )


def _alone(tree: Tree, path: str, language: str) -> tuple[Gathered, str, int] | None:
    """What one file gives, why it could not be read whole, and its size; None where it cannot be read at all."""
    data = tree.reader(path)
    if data is None:
        return None
    into = Gathered()
    why = _read(path, data, language, into)
    return into, why, len(data)


def _read(path: str, data: bytes, language: str, into: Gathered) -> str:
    """Read one file if it holds a guard's word; why that failed, or an empty text."""
    lower = data.lower()
    if language == "rust":
        return _read_rust(path, data, lower, into)
    if next(literals(lower), None) is None and not (language == "python" and _TOKENIZER.search(lower)):
        return ""
    if language != "python":
        return read_grown(path, data, into)
    why = read_python(path, data, into)
    if why:
        mention_python(path, data, into)
        return PARTLY_PARSED
    return ""


def _read_rust(path: str, data: bytes, lower: bytes, into: Gathered) -> str:
    """Mentions by words; a syntax tree only where production code defines a guard, since one of a large workspace takes seconds."""
    words = tuple(literals(lower))
    if not words:
        return ""
    production = without_tests(data)
    if len(production) != len(data):
        data, lower = production, production.lower()
    mention_rust(path, data, lower, words, into)
    return read_grown(path, data, into) if defines_guard(lower, words) else ""
