"""The quick walk meets what `ast` meets: every node but the leaves, in the same order."""

from __future__ import annotations

import argparse
import ast
import dataclasses
import inspect
import typing
from types import ModuleType

import pytest

from troth.engines.code.nodes import children

_LEAVES = (ast.Constant, ast.expr_context, ast.operator, ast.unaryop, ast.boolop, ast.cmpop)
_ODD = '''
async def f(a, /, b: int = 1, *c, d, e=2, **g) -> int:
    global h
    async with a as b, c: pass
    async for i in j: yield
    x: int
    x: int = 3
    del x, y[1:2, ...]
    return await (z := [k async for k in l if k if not k])
@d
class C(B, metaclass=M):
    a, *b = c = lambda *a, **k: {**k, 1: 2}
    a += f"{a!r:>{w}}" if b else -1 < 2 <= c
match v:
    case {"k": 1, **rest} | [P(1, y=2), *others, None] if g: raise E from e
    case str() as name: pass
    case _: assert a, b
try:
    from . import q as r
except* (A, B) as error: pass
else: nonlocal_ = 1
finally: import s.t as u
'''


def _whole(node: ast.AST) -> list[ast.AST]:
    return [child for child in ast.iter_child_nodes(node) if not isinstance(child, _LEAVES)]


@pytest.mark.parametrize("module", [argparse, ast, dataclasses, inspect, typing], ids=lambda module: module.__name__)
def test_real_modules_are_walked_as_ast_walks_them(module: ModuleType) -> None:
    tree = ast.parse(inspect.getsource(module))
    assert all(children(node) == _whole(node) for node in ast.walk(tree))


def test_every_kind_of_statement_and_pattern_is_walked_as_ast_walks_it() -> None:
    tree = ast.parse(_ODD)
    assert all(children(node) == _whole(node) for node in ast.walk(tree))
    assert len({type(node) for node in ast.walk(tree)}) >= 60
