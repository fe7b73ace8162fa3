"""Walking Python's syntax trees at less cost than `ast` itself does: no generators, and no nodes that say nothing.

Half of all nodes are constants, operators and contexts (`Load`, `Store`); nobody here asks about them.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Final

__all__ = ["children", "statements"]

_LEAVES: Final = (ast.Constant, ast.expr_context, ast.operator, ast.unaryop, ast.boolop, ast.cmpop)
_HOLDS_STATEMENTS: Final = (ast.stmt, ast.ExceptHandler, ast.match_case)


def children(node: ast.AST) -> list[ast.AST]:
    """Nodes right below a node, in the order of `ast.iter_child_nodes`, leaves left out."""
    found: list[ast.AST] = []
    for name in node._fields:
        value = getattr(node, name, None)
        if isinstance(value, list):
            found += [item for item in value if isinstance(item, ast.AST) and not isinstance(item, _LEAVES)]
        elif isinstance(value, ast.AST) and not isinstance(value, _LEAVES):
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
