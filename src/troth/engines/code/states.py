"""What the steps of a graph hand one another: `return {"sql": text}` in one function, `state["sql"]` in the next, which names nobody calls in the file."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from troth.engines.code.scopes import Built, Parameter, Scope

__all__ = ["handed_in_state"]


def handed_in_state(node: ast.expr, scope: Scope, built: Built) -> list[tuple[ast.expr, Scope]]:
    """What other functions of the file put under the key that is asked of a parameter `state`; empty where the expression asks none."""
    key = _asked(node, scope)
    if key is None:
        return []
    if built.states is None:
        table: dict[str, list[tuple[ast.expr, Scope]]] = {}
        for name, value, where in _put(built):
            table.setdefault(name, []).append((value, where))
        built.states = table
    return built.states.get(key, [])


def _asked(node: ast.expr, scope: Scope) -> str | None:
    """`state["key"]`, `state.get("key")`, `state.key`."""
    if isinstance(node, ast.Call):
        called = node.func
        if isinstance(called, ast.Attribute) and called.attr == "get" and node.args and _is_state(called.value, scope):
            return _text(node.args[0])
        return None
    if isinstance(node, ast.Subscript) and _is_state(node.value, scope):
        return _text(node.slice)
    return node.attr if isinstance(node, ast.Attribute) and _is_state(node.value, scope) else None


def _text(node: ast.expr) -> str | None:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None


def _is_state(node: ast.expr, scope: Scope) -> bool:
    """A parameter that is called `state`, or whose annotation ends so."""
    found = scope.find(node.id) if isinstance(node, ast.Name) else None
    only = found[0][0] if found is not None else None
    if not isinstance(only, Parameter):
        return False
    said = only.annotation.id if isinstance(only.annotation, ast.Name) else ""
    return only.name == "state" or said.endswith("State")


def _put(built: Built) -> Iterator[tuple[str, ast.expr, Scope]]:
    for value, scope in built.returns:
        if isinstance(value, ast.Dict):
            for key, item in zip(value.keys, value.values, strict=True):
                name = _text(key) if key is not None else None
                if name is not None:
                    yield name, item, scope
    for target, value, scope in built.stores:
        name = _asked(target, scope)
        if name is not None:
            yield name, value, scope
