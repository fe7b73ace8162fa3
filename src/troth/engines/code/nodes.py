"""Walking Python's syntax trees at less cost than `ast` itself does: no generators, and no nodes that say nothing.

Half of all nodes are constants, operators and contexts (`Load`, `Store`); nobody here asks about them. Which fields of a kind of node can hold another node is
worked out once for each kind, so that names, line numbers and operators are never looked at.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Final

__all__ = ["children", "statements"]

_LEAVES: Final = (ast.Constant, ast.expr_context, ast.operator, ast.unaryop, ast.boolop, ast.cmpop)
_HOLDS_STATEMENTS: Final = (ast.stmt, ast.ExceptHandler, ast.match_case)
_NO_NODES: Final = frozenset(
    ("arg", "asname", "attr", "conversion", "ctx", "id", "is_async", "kind", "level", "module", "n", "op", "ops", "rest", "s", "simple", "tag", "type_comment")
)
"""Fields that hold texts, numbers, operators and contexts in every kind of node."""
_fields: dict[type, tuple[str, ...]] = {}
_silent: dict[type, bool] = {str: True, int: True, type(None): True}
"""Whether a class is a leaf, or no node at all; filled as classes are met."""


def _looked_at(kind: type[ast.AST]) -> tuple[str, ...]:
    # `name` is a text but in `type X = ...`, where it is a node
    found = tuple(name for name in kind._fields if name not in _NO_NODES and (name != "name" or kind.__name__ == "TypeAlias"))
    _fields[kind] = found
    return found


def _says_nothing(kind: type) -> bool:
    found = not issubclass(kind, ast.AST) or issubclass(kind, _LEAVES)
    _silent[kind] = found
    return found


def children(node: ast.AST) -> list[ast.AST]:
    """Nodes right below a node, in the order of `ast.iter_child_nodes`, leaves left out."""
    found: list[ast.AST] = []
    kind = node.__class__
    held = node.__dict__
    for name in _fields.get(kind) or _looked_at(kind):
        value = held.get(name)
        if value is None:
            continue
        if value.__class__ is list:
            for item in value:
                below = item.__class__
                silent = _silent.get(below)
                if not (_says_nothing(below) if silent is None else silent):
                    found.append(item)
            continue
        below = value.__class__
        silent = _silent.get(below)
        if not (_says_nothing(below) if silent is None else silent):
            found.append(value)
    return found


def statements(module: ast.Module) -> Iterator[ast.stmt]:
    """All statements, in the order in which `ast.walk` meets them; expressions, which hold none, are not entered."""
    level: list[ast.AST] = [module]
    for node in level:
        if isinstance(node, ast.stmt):
            yield node
        for name in node._fields:
            value = getattr(node, name, None)
            if isinstance(value, list):
                level += [item for item in value if isinstance(item, _HOLDS_STATEMENTS)]
