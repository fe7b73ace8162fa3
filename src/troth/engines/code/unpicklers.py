"""Whether a class of one's own that unpickles lets only some names through."""

from __future__ import annotations

import ast
from typing import Final

__all__ = ["restricts"]

_FINDERS: Final = frozenset(("find_class", "getattr", "import_module", "__import__"))


def restricts(node: ast.ClassDef) -> bool:
    """The class has a `find_class` that refuses some names: one that raises of itself, or looks names up only below a test, or never looks them up at all."""
    own = next((item for item in node.body if isinstance(item, ast.FunctionDef) and item.name == "find_class"), None)
    if own is None:
        return False
    return _raises(own.body) or not any(_looks_up(statement) for statement in _unasked(own.body))


def _raises(body: list[ast.stmt]) -> bool:
    """A `raise` that is no mere handling of another error."""
    for statement in body:
        if isinstance(statement, (ast.Raise, ast.Assert)):
            return True
        parts = [getattr(statement, name, []) for name in ("body", "orelse", "finalbody")]
        if any(_raises(part) for part in parts):
            return True
    return False


def _unasked(body: list[ast.stmt]) -> list[ast.stmt]:
    """Statements that are reached whatever the name is: not those below an `if`."""
    found: list[ast.stmt] = []
    for statement in body:
        if isinstance(statement, (ast.Try, ast.With)):
            found += _unasked(statement.body)
        elif not isinstance(statement, ast.If):
            found.append(statement)
    return found


def _looks_up(statement: ast.stmt) -> bool:
    if isinstance(statement, ast.Return) and isinstance(statement.value, ast.IfExp):
        return _finds(statement.value.body) and _finds(statement.value.orelse)
    return _finds(statement)


def _finds(statement: ast.AST) -> bool:
    calls = (item.func for item in ast.walk(statement) if isinstance(item, ast.Call))
    return any((item.attr if isinstance(item, ast.Attribute) else item.id if isinstance(item, ast.Name) else "") in _FINDERS for item in calls)
