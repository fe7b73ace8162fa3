"""Expressions that were compared with a fixed list before they are used: `if name not in ALLOWED: raise`, or the body of `if name in ALLOWED`.

A test by a regular expression counts where that lets only a word through (`confined`). A test counts only for the very expression that is compared: the first word of a command that was looked up says nothing of the whole command.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import Final

from troth.engines.code.confined import matched
from troth.engines.code.scopes import Built, Scope

__all__ = ["guarded", "tests"]

_LISTS: Final = re.compile(r"[A-Z][A-Z0-9_]*\Z|(?i:.*(?:allow|permit|whitelist|approved))")
"""Names of fixed lists: constants, and what says that it holds what is allowed."""
_SHAPES: Final = frozenset(("isdigit", "isdecimal", "isnumeric", "isalnum", "isidentifier"))
_LEAVING: Final = frozenset(("exit", "_exit", "abort", "error"))
_MAKERS: Final = frozenset(("set", "frozenset", "list", "tuple", "dict"))


def tests(scope: Scope, built: Built) -> bool:
    """Whether a function tests anything against a fixed list."""
    return bool(_known(scope, built))


def guarded(node: ast.expr, scope: Scope, built: Built) -> bool:
    """Whether an expression stands where a test let through only what a fixed list holds, or only letters and digits."""
    if not isinstance(node, (ast.Name, ast.Attribute, ast.Subscript)):
        return False
    spans = _known(scope, built)
    return bool(spans) and any(start <= node.lineno <= end for text, start, end in spans if text == ast.unparse(node))


def _known(scope: Scope, built: Built) -> list[tuple[str, int, int]]:
    spans = built.guards.get(id(scope.node))
    if spans is None:
        spans = built.guards[id(scope.node)] = list(_spans(scope))
    return spans


def _spans(scope: Scope) -> Iterator[tuple[str, int, int]]:
    """What is compared in a function, and from which line to which it holds only what the list holds."""
    last = getattr(scope.node, "end_lineno", None) or 1 << 30
    for item in ast.walk(scope.node):
        if isinstance(item, ast.If):
            for part in _parts(item.test, ast.And):
                tested = _listed(part, scope)
                if tested is not None:
                    yield ast.unparse(tested), item.body[0].lineno, item.body[-1].end_lineno or last
            if _leaves(item.body[-1]):
                for part in _parts(item.test, ast.Or):
                    tested = _listed(part, scope, refused=True)
                    if tested is not None:
                        yield ast.unparse(tested), (item.end_lineno or item.lineno) + 1, last


def _parts(test: ast.expr, joined: type[ast.boolop]) -> list[ast.expr]:
    return test.values if isinstance(test, ast.BoolOp) and isinstance(test.op, joined) else [test]


def _listed(test: ast.expr, scope: Scope, *, refused: bool = False) -> ast.expr | None:
    """What a test finds in a fixed list; with `refused`, what it does not find there."""
    if refused and isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        return _listed(test.operand, scope)
    if isinstance(test, ast.Compare) and len(test.ops) == 1 and isinstance(test.ops[0], ast.NotIn if refused else ast.In):
        return test.left if _fixed(test.comparators[0], scope) else None
    if not refused and isinstance(test, ast.Call) and isinstance(test.func, ast.Attribute) and test.func.attr in _SHAPES and not test.args:
        return test.func.value
    return None if refused else matched(test, scope)


def _fixed(node: ast.expr, scope: Scope) -> bool:
    """A list that is written in the file, or whose name says that it is fixed."""
    if isinstance(node, (ast.Set, ast.List, ast.Tuple, ast.Dict)):
        return True
    if isinstance(node, ast.Attribute):
        return bool(_LISTS.match(node.attr))
    if not isinstance(node, ast.Name):
        return False
    found = scope.find(node.id)
    values = found[0] if found is not None else []
    if len(values) == 1 and isinstance(values[0], ast.Call):
        return isinstance(values[0].func, ast.Name) and values[0].func.id in _MAKERS
    if len(values) == 1 and isinstance(values[0], (ast.Constant, ast.JoinedStr)):
        return False
    return bool(_LISTS.match(node.id)) or (len(values) == 1 and isinstance(values[0], (ast.Set, ast.List, ast.Tuple, ast.Dict)))


def _leaves(statement: ast.stmt) -> bool:
    """The statement ends the turn: nothing below it is reached."""
    if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call):
        function = statement.value.func
        return (function.attr if isinstance(function, ast.Attribute) else function.id if isinstance(function, ast.Name) else "") in _LEAVING
    return isinstance(statement, (ast.Raise, ast.Return, ast.Continue, ast.Break))
