"""The engine: lines of a tree's production code that code rules name, as far as a promise may speak of them."""

from __future__ import annotations

from functools import cache, partial
from typing import Final

from troth.engines.code.grown.scan import GrownScan, is_aside, language_of
from troth.engines.code.prefilter import Prefilter
from troth.engines.code.rule import Context, Rule
from troth.engines.code.rules import every_rule
from troth.engines.code.scan import CodeScan, scan_files
from troth.judgement.remembered import of_blob
from troth.terms.facts.code_lines import CodeLine, CodeLines
from troth.terms.facts.tree import Tree
from troth.terms.place import Place

__all__ = ["look"]

_PYTHON: Final = frozenset(("exec-model-output", "shell-model-output", "sql-model-output", "agent-code-tool"))
"""Python's rules that a control asks for; the others look at what controls have facts of their own for."""


@cache
def _rules() -> tuple[Rule, ...]:
    return tuple(rule for rule in every_rule() if rule.id in _PYTHON)


@cache
def _python() -> Prefilter:
    return Prefilter(_rules())


@cache
def _grown() -> GrownScan:
    return GrownScan()


def look(tree: Tree) -> CodeLines:
    """Lines of all production files of a known language."""
    listed = [path for path, file in tree.files.items() if file.mode != "120000" and not is_aside(path)]
    python = [path for path in listed if path.endswith((".py", ".pyw"))]
    grown = [path for path in listed if language_of(path)]
    scans = [of_blob(tree.files[path].blob, ("code", path), 0, partial(_scanned, tree, path)) for path in (*python, *grown)]
    lines = sorted((line for scan in scans for line in _lines(scan)), key=lambda item: (item.place.path, item.place.line, item.rule))
    unread = tuple(one for scan in scans for one in scan.unread)
    files = {"python": len(python), "ecma": sum(language_of(path) == "ecma" for path in grown), "rust": sum(language_of(path) == "rust" for path in grown)}
    return CodeLines(tuple(lines), files, unread)


def _scanned(tree: Tree, path: str) -> CodeScan:
    """One file by itself: nothing that the rules ask stands in another."""
    if language_of(path):
        return _grown().scan([(path, tree.reader(path))])
    return scan_files([(path, tree.reader(path))], _python(), Context())


def _lines(scan: CodeScan) -> tuple[CodeLine, ...]:
    return tuple(CodeLine(item.rule.id, Place(item.path, item.line), item.says, item.suppressed) for item in scan.findings)
