"""Tests by a regular expression that leave nothing to run: `if not re.fullmatch(r"[a-z_]+", name): raise`.

What an expression lets through is found by trying it on short texts that a shell, a database, Python or a file system would read as more than a word. One that matches any of them confines nothing, whatever it is called.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import Final

from troth.engines.code.scopes import Scope

__all__ = ["matched"]

_METHODS: Final = frozenset(("match", "fullmatch"))
_ACTS: Final = ("a; rm -rf /", "a' OR '1'='1", "a b", "$(id)", "a`id`", "a|b", "a&b", "../../etc", "a\nb", "f('os')", 'a"b', "a>b")
"""Texts that are more than a word to somebody who reads them."""
_LONGEST: Final = 300
_STEPS: Final = 3


def matched(test: ast.expr, scope: Scope) -> ast.expr | None:
    """What a test matches against an expression that lets only a word through: `re.match(pattern, x)`, `PATTERN.fullmatch(x)`."""
    if not isinstance(test, ast.Call) or not isinstance(test.func, ast.Attribute) or test.func.attr not in _METHODS or not test.args:
        return None
    by_module = isinstance(test.func.value, ast.Name) and test.func.value.id in ("re", "regex", "re2")
    if by_module and len(test.args) < 2:
        return None
    pattern, subject = (test.args[0], test.args[1]) if by_module else (test.func.value, test.args[0])
    known = list(_written(pattern, scope))
    return subject if known and all(text is not None and _confines(text, whole=test.func.attr == "fullmatch") for text in known) else None


def _written(node: ast.expr, scope: Scope, steps: int = _STEPS) -> Iterator[str | None]:
    """The texts that an expression stands for, also one that was compiled; None for what is not written in the file."""
    if isinstance(node, ast.Constant):
        yield node.value if isinstance(node.value, str) else None
    elif isinstance(node, ast.IfExp):
        yield from _written(node.body, scope, steps)
        yield from _written(node.orelse, scope, steps)
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "compile" and len(node.args) == 1:
        yield from _written(node.args[0], scope, steps)
    elif isinstance(node, ast.Name) and steps:
        found = scope.find(node.id)
        for item in found[0] if found is not None else [None]:
            if isinstance(item, ast.expr) and found is not None:
                yield from _written(item, found[1], steps - 1)
            else:
                yield None
    else:
        yield None


def _confines(pattern: str, *, whole: bool) -> bool:
    if len(pattern) > _LONGEST:
        return False
    try:
        compiled = re.compile(pattern)
    except (re.error, OverflowError, RecursionError):
        return False
    return not any(compiled.fullmatch(text) if whole else compiled.match(text) for text in _ACTS)
