"""What is put into named tables after they were made: `table[key] = value`, `table.update(key=value)`. No order is followed."""

from __future__ import annotations

import ast

from troth.engines.code.scopes import Built, Scope

__all__ = ["added"]


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
    return found
