"""Functions that are handed to another to be called: `map(torch.load, paths)`, `pool.submit(pickle.load, file)`, `Thread(target=os.system, args=(line,))`.

Each is told as a call of its own, with the arguments that are handed over beside it, at the line where it is handed over.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

__all__ = ["Spot", "handed_on", "spots"]

_EACH: Final = frozenset(("map", "imap", "imap_unordered", "map_async", "starmap", "filter", "apply", "applymap", "transform", "pipe", "agg"))
"""Called with each element of something: nothing is known of its arguments but the keywords."""
_WITH: Final = {
    "submit": 0, "to_thread": 0, "run_in_executor": 1, "run_sync": 0, "run_in_threadpool": 0, "call_soon": 0, "call_later": 1, "delayed": 0, "apply_async": 0, "submit_job": 0, "callback": 0,
}  # fmt: skip
"""Called with what follows: position of the function."""
_TARGETS: Final = frozenset(("Thread", "Process", "Timer"))
_OWN: Final = frozenset(("args", "kwargs", "kwds", "target", "daemon", "name", "chunksize", "timeout", "axis"))
"""Keywords that the caller keeps for itself."""


@dataclass(frozen=True, slots=True)
class Spot:
    """A function that is handed over, with what it will be called with."""

    function: ast.expr
    arguments: tuple[ast.expr, ...]
    keywords: tuple[ast.keyword, ...]


def spots(node: ast.Call) -> Iterator[Spot]:
    """Functions that a call hands on."""
    name = node.func.attr if isinstance(node.func, ast.Attribute) else node.func.id if isinstance(node.func, ast.Name) else ""
    rest = tuple(item for item in node.keywords if item.arg not in _OWN)
    if name in _EACH and node.args:
        each = tuple(ast.Subscript(item, ast.Constant(0), ast.Load()) for item in node.args[1:])
        yield from _spot(node.args[0], each, rest if name in ("apply", "pipe") else ())
    elif name in _WITH and len(node.args) > _WITH[name]:
        at = _WITH[name]
        yield from _spot(node.args[at], tuple(node.args[at + 1 :]), rest)
    elif name in _TARGETS:
        given = {item.arg: item.value for item in node.keywords}
        arguments = given.get("args")
        yield from _spot(given.get("target"), tuple(arguments.elts) if isinstance(arguments, (ast.Tuple, ast.List)) else (), ())


def _spot(function: ast.expr | None, arguments: tuple[ast.expr, ...], keywords: tuple[ast.keyword, ...]) -> Iterator[Spot]:
    """Only what may be a function of some library: a dotted name, a name, or a `partial` of one."""
    partial = isinstance(function, ast.Call) and (getattr(function.func, "attr", "") or getattr(function.func, "id", "")) == "partial"
    if function is not None and (partial or isinstance(function, (ast.Attribute, ast.Name))):
        yield Spot(function, arguments, keywords)


def handed_on(node: ast.Call, spot: Spot) -> ast.Call:
    """The call that will be made, standing where the function is handed over."""
    return ast.copy_location(ast.Call(func=spot.function, args=list(spot.arguments), keywords=list(spot.keywords)), node)
