"""Whose field an expression asks for: the class of this file that an object is of, and the call that made the object where that is written.

An object is known by `self` and `cls`, by the class's name, by the call that makes it (`Io()`, also as a parameter's default or in a field of another class), and by the annotation of a parameter.
"""

from __future__ import annotations

import ast
from typing import Final

from troth.engines.code.scopes import Built, Parameter, Scope

__all__ = ["Owned", "owned", "told"]

_STEPS: Final = 4

Owned = tuple[ast.ClassDef, ast.Call | None, Scope]
"""A class of this file, the call that made the object (None where it is not written), and the scope of that call."""


def owned(built: Built, node: ast.expr, scope: Scope, steps: int = _STEPS) -> Owned | None:
    """The class whose field is asked for with `node.field`; None where nothing of this file says."""
    if steps == 0:
        return None
    if isinstance(node, ast.Name):
        if node.id in ("self", "cls") and scope.owner is not None:
            return scope.owner, None, scope
        found = scope.find(node.id)
        first = found[0][0] if found is not None and len(found[0]) == 1 else None
        if found is None or first is None:
            return None
        if isinstance(first, ast.ClassDef):
            return first, None, found[1]
        if isinstance(first, Parameter):
            given = _made(first.default, found[1]) if first.default is not None else None
            return given or _named(first.annotation, found[1])
        return owned(built, first, found[1], steps - 1) if isinstance(first, (ast.Call, ast.Name, ast.Attribute)) else None
    if isinstance(node, ast.Call):
        return _made(node, scope)
    if isinstance(node, ast.Attribute) and isinstance(node.value, (ast.Name, ast.Attribute)):
        holder = owned(built, node.value, scope, steps - 1)
        held = built.fields.get(id(holder[0]), {}).get(node.attr, []) if holder is not None else []
        return owned(built, held[0][0], held[0][1], steps - 1) if len(held) == 1 else None
    return None


def _made(node: ast.expr, scope: Scope) -> Owned | None:
    """By a call of a class of this file."""
    known = _named(node.func, scope) if isinstance(node, ast.Call) else None
    return (known[0], node, scope) if known is not None and isinstance(node, ast.Call) else None


def _named(node: ast.expr | None, scope: Scope) -> Owned | None:
    """By the name of a class of this file, in quotes or not."""
    name = node.id if isinstance(node, ast.Name) else node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""
    found = scope.find(name) if name else None
    first = found[0][0] if found is not None and len(found[0]) == 1 else None
    return (first, None, scope) if isinstance(first, ast.ClassDef) else None


def told(known: Owned, field: str) -> tuple[ast.expr, Scope] | None:
    """What the call that made the object says of a field, where it says so by its name."""
    _, call, scope = known
    for item in call.keywords if call is not None else ():
        if item.arg == field:
            return item.value, scope
    return None
