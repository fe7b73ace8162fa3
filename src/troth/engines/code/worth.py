"""What expressions are worth as constants, and at which place of a call a parameter is given."""

from __future__ import annotations

import ast
from collections.abc import Callable

from troth.engines.code.scopes import Parameter

__all__ = ["Constant", "evaluated", "position_of"]

Constant = str | bytes | bool | int | float | None
Worth = Callable[[ast.expr], frozenset[Constant] | None]


def evaluated(node: ast.expr, worth: Worth) -> frozenset[Constant] | None:
    """Constants that an expression may be worth, its parts asked of `worth`; None where it cannot be told."""
    if isinstance(node, ast.Constant):
        return frozenset((node.value,)) if isinstance(node.value, (str, bytes, bool, int, float, type(None))) else None
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        inner = worth(node.operand)
        return None if inner is None else frozenset(not value for value in inner)
    if isinstance(node, ast.IfExp):
        first, second = worth(node.body), worth(node.orelse)
        return None if first is None or second is None else first | second
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        return _texts([worth(node.left), worth(node.right)])
    if isinstance(node, ast.JoinedStr):
        parts = [item.value if isinstance(item, ast.FormattedValue) and item.conversion == -1 and item.format_spec is None else item for item in node.values]
        return _texts([worth(part) if not isinstance(part, ast.FormattedValue) else None for part in parts])
    return None


def _texts(parts: list[frozenset[Constant] | None]) -> frozenset[Constant] | None:
    """Texts one behind the other, each of which is worth one text."""
    whole = ""
    for part in parts:
        only = next(iter(part)) if part is not None and len(part) == 1 else None
        if not isinstance(only, str):
            return None
        whole += only
    return frozenset((whole,))


def position_of(parameter: Parameter) -> int:
    """The place at which callers give a parameter; -1 where they must name it."""
    function = parameter.function
    names = [item.arg for item in (*function.node.args.posonlyargs, *function.node.args.args)]
    if parameter.name not in names:
        return -1
    shift = 1 if function.owner is not None and names and names[0] in ("self", "cls") else 0
    return names.index(parameter.name) - shift
