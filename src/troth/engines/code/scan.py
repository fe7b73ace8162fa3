"""Runs the rules over Python files: prefilter, parse, check; nothing of the files is imported or run.

A file that cannot be read or parsed is named in `unread`, never passed over. Findings come in order of path and line, each once.
"""

from __future__ import annotations

import ast
import gc
import warnings
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Final

from troth.engines.code.module import Module
from troth.engines.code.notebook import notebook
from troth.engines.code.prefilter import Prefilter
from troth.engines.code.rule import Context, Rule
from troth.engines.code.suppress import suppression

__all__ = ["CodeFinding", "CodeScan", "scan_files", "scan_text"]

SIZE_LIMIT: Final = 4 * 1024 * 1024
NOTEBOOK_LIMIT: Final = 32 * 1024 * 1024
"""Bytes; notebooks hold pictures."""


@dataclass(frozen=True, slots=True)
class CodeFinding:
    """A line that a rule names.

    Attributes:
        rule: the rule.
        path, line: where.
        says: one sentence.
        text: the line, trimmed and cut at 200 characters.
        suppressed: the comment that silences scanners there, as written; empty where there is none.
    """

    rule: Rule
    path: str
    line: int
    says: str
    text: str
    suppressed: str = ""


@dataclass(frozen=True, slots=True)
class CodeScan:
    """What a scan found.

    Attributes:
        findings: by path and line.
        files: Python files and notebooks that were looked at.
        parsed: how many of them were parsed.
        unread: files that could not be, with the reason.
    """

    findings: tuple[CodeFinding, ...]
    files: int
    parsed: int
    unread: tuple[tuple[str, str], ...]


def scan_files(files: Iterable[tuple[str, bytes | None]], prefilter: Prefilter, context: Context | Callable[[], Context]) -> CodeScan:
    """Scan files, given by path and bytes (None: it could not be read).

    Args:
        files: path and bytes of each.
        prefilter: which rules to run on which file.
        context: what rules must know; a function is called once a file speaks of torch at all.
    """
    collecting = gc.isenabled()
    gc.disable()
    try:
        return _scan(files, prefilter, context)
    finally:
        if collecting:
            gc.enable()


def _scan(files: Iterable[tuple[str, bytes | None]], prefilter: Prefilter, context: Context | Callable[[], Context]) -> CodeScan:
    """The scan itself, without the collector: neither syntax trees nor our scopes hold cycles, and it counts objects, of which a tree has very many."""
    findings: list[CodeFinding] = []
    unread: list[tuple[str, str]] = []
    count = parsed = 0
    for path, data in files:
        count += 1
        if data is None or len(data) > (NOTEBOOK_LIMIT if path.endswith(".ipynb") else SIZE_LIMIT):
            unread.append((path, "It cannot be read, or is over 4 MiB (a notebook: 32)."))
            continue
        places: list[int] | None = None
        if path.endswith(".ipynb"):
            try:
                data, places = notebook(data)
            except ValueError as error:
                unread.append((path, f"It is no notebook that can be read: {error}."))
                continue
        rules = prefilter.rules(data)
        if not rules:
            continue
        tree = _parse(data)
        if isinstance(tree, str):
            unread.append((path, tree))
            continue
        parsed += 1
        known = Context() if callable(context) and b"torch" not in data else context() if callable(context) else context
        found = _findings(path, data, tree, rules, known)
        findings.extend(found if places is None else (replace(item, line=places[item.line - 1]) for item in found))
    return CodeScan(tuple(sorted(findings, key=lambda item: (item.path, item.line, item.rule.id))), count, parsed, tuple(unread))


def scan_text(text: str, rules: Iterable[Rule], context: Context | None = None) -> CodeScan:
    """Scan one text as a file called `example.py`."""
    return scan_files([("example.py", text.encode())], Prefilter(tuple(rules), search="bytes"), context or Context())


def _parse(data: bytes) -> ast.Module | str:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(data)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        return f"It is not Python that can be parsed ({type(error).__name__})."


def _findings(path: str, data: bytes, tree: ast.Module, rules: tuple[Rule, ...], context: Context) -> Iterator[CodeFinding]:
    text = data.decode("utf-8-sig", "replace").replace("\r\n", "\n").replace("\r", "\n")
    lines = text.split("\n")
    module = Module(path, text, tree)
    seen = set()
    for rule in rules:
        for hit in rule.check(module, context):
            if (rule.id, hit.line) in seen:
                continue
            seen.add((rule.id, hit.line))
            line = lines[hit.line - 1] if 0 < hit.line <= len(lines) else ""
            yield CodeFinding(rule, path, hit.line, hit.says, line.strip()[:200], suppression(line))
