"""What tables of names hold: their parts, what is put in later (`table[key] = value`, `update`, `setdefault`; no order is followed), and defaults of look-ups."""

from __future__ import annotations

import ast
from typing import Final

from troth.engines.code.scopes import Built, Scope

__all__ = ["added", "fallback", "parted", "poured", "written"]

_POUR: Final = frozenset(("append", "extend", "insert", "add", "write", "appendleft", "put"))


def added(built: Built) -> dict[tuple[str, int], dict[str, ast.expr]]:
    """By a table's name and the `id` of the scope that binds it: keys that were added, with their values."""
    found: dict[tuple[str, int], dict[str, ast.expr]] = {}

    def table(node: ast.expr, scope: Scope) -> dict[str, ast.expr]:
        known = scope.find(node.id) if isinstance(node, ast.Name) else None
        return {} if known is None or not isinstance(node, ast.Name) else found.setdefault((node.id, id(known[1])), {})

    for target, value, scope in built.stores:
        if isinstance(target, ast.Subscript) and isinstance(target.slice, ast.Constant) and isinstance(target.slice.value, str):
            table(target.value, scope)[target.slice.value] = value
    for node, scope in built.calls:
        if isinstance(node.func, ast.Attribute) and node.func.attr == "update":
            into = table(node.func.value, scope)
            into.update({item.arg: item.value for item in node.keywords if item.arg is not None})
            if node.args and isinstance(node.args[0], ast.Dict):
                pairs = zip(node.args[0].keys, node.args[0].values, strict=True)
                into.update({key.value: value for key, value in pairs if isinstance(key, ast.Constant) and isinstance(key.value, str)})
        if isinstance(node.func, ast.Attribute) and node.func.attr == "setdefault" and len(node.args) == 2:
            key, value = node.args
            if isinstance(key, ast.Constant) and isinstance(key.value, str):
                table(node.func.value, scope).setdefault(key.value, value)
    return found


def poured(built: Built) -> dict[tuple[str, int], list[tuple[ast.expr, Scope]]]:
    """By a name and the `id` of the scope that binds it: what is put into it by `append` and the like, with the scope where that stands."""
    found: dict[tuple[str, int], list[tuple[ast.expr, Scope]]] = {}
    for node, scope in built.calls:
        if isinstance(node.func, ast.Attribute) and node.func.attr in _POUR and isinstance(node.func.value, ast.Name) and node.args:
            known = scope.find(node.func.value.id)
            if known is not None:
                found.setdefault((node.func.value.id, id(known[1])), []).append((node.args[-1], scope))
    for target, value, scope in built.stores:
        if isinstance(target, ast.Subscript) and isinstance(target.value, ast.Name):
            known = scope.find(target.value.id)
            if known is not None:
                found.setdefault((target.value.id, id(known[1])), []).append((value, scope))
    return found


def parted(node: ast.expr, named_dict: bool) -> list[dict[str, ast.expr] | ast.expr] | None:
    """A table that is written out, in parts: keys with values, and other tables that it takes in; later parts win.

    Args:
        node: the expression.
        named_dict: it is a call of `dict`.

    Returns:
        None where it is no table that is written out, or a key cannot be read.
    """
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr):
        return [node.left, node.right]
    if isinstance(node, ast.Call) and named_dict and len(node.args) <= 1:
        return [*node.args, *({item.arg: item.value} if item.arg is not None else item.value for item in node.keywords)]
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "copy" and not node.args:
        return [node.func.value]
    if not isinstance(node, ast.Dict):
        return None
    parts: list[dict[str, ast.expr] | ast.expr] = []
    for key, value in zip(node.keys, node.values, strict=True):
        if key is None:
            parts.append(value)
        elif isinstance(key, ast.Constant) and isinstance(key.value, str):
            parts.append({key.value: value})
        else:
            return None
    return parts


def written(node: ast.expr) -> dict[str, ast.expr]:
    """Keys that a table is written with, whatever else it takes in."""
    pairs = zip(node.keys, node.values, strict=True) if isinstance(node, ast.Dict) else ()
    return {key.value: value for key, value in pairs if isinstance(key, ast.Constant) and isinstance(key.value, str)}


def fallback(node: ast.expr) -> ast.expr | None:
    """What an expression is worth unless somebody says otherwise: the default of a look-up, the last of `a or b`."""
    if isinstance(node, ast.BoolOp) and isinstance(node.op, ast.Or):
        return node.values[-1]
    if not isinstance(node, ast.Call):
        return None
    name = node.func.attr if isinstance(node.func, ast.Attribute) else node.func.id if isinstance(node.func, ast.Name) else ""
    if name in ("get", "getenv", "pop", "setdefault") and len(node.args) == 2:
        return node.args[1]
    if name == "getattr" and len(node.args) == 3:
        return node.args[2]
    if name in ("bool", "str") and len(node.args) == 1:
        return node.args[0]
    return next((item.value for item in node.keywords if item.arg == "default"), None)
