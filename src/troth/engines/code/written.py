"""What a file of Python writes into files: by the path, as it is spelled, the expressions that are written there."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Final

from troth.engines.code.scopes import Built, Scope

__all__ = ["path_key", "written_to"]

Key = tuple[str, str, int]
"""A path: how it is known, its spelling, and the scope that binds its name (0: none)."""
_WHOLE: Final = frozenset(("write_text", "write_bytes"))
_PIECES: Final = frozenset(("write", "writelines"))
_SAME: Final = frozenset(("str", "Path", "PurePath", "fspath", "abspath", "realpath"))
_METHODS: Final = frozenset(("resolve", "absolute", "as_posix", "expanduser"))


def path_key(node: ast.expr, scope: Scope, depth: int = 0) -> Key | None:
    """How a path is known in a file; None where it is not spelled in a way that comes back."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return ("text", node.value.removeprefix("./"), 0)
    if isinstance(node, ast.Call):
        name = node.func.attr if isinstance(node.func, ast.Attribute) else node.func.id if isinstance(node.func, ast.Name) else ""
        if name in _SAME and len(node.args) == 1:
            return path_key(node.args[0], scope, depth)
        if name in _METHODS and isinstance(node.func, ast.Attribute):
            return path_key(node.func.value, scope, depth)
    if isinstance(node, ast.Name):
        return _named(node, scope, depth)
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
        return ("field", ast.unparse(node), 0)
    if isinstance(node, (ast.JoinedStr, ast.BinOp)):
        return ("made", ast.unparse(node), id(scope))
    return None


def _named(node: ast.Name, scope: Scope, depth: int) -> Key | None:
    """The path behind a name that is bound once to a spelled one; else the name itself."""
    found = scope.find(node.id)
    if found is None:
        return None
    only = found[0][0] if len(found[0]) == 1 else None
    deeper = path_key(only, found[1], depth + 1) if depth < 3 and isinstance(only, (ast.Constant, ast.Name, ast.Call)) else None
    return deeper or ("name", node.id, id(found[1]))


def written_to(built: Built) -> dict[Key, list[tuple[ast.expr, Scope]]]:
    """By a path's key, what is written into the file there, with the scope where that stands."""
    if built.written is None:
        found: dict[Key, list[tuple[ast.expr, Scope]]] = {}
        for node, scope in built.calls:
            if isinstance(node.func, ast.Attribute) and node.args and node.func.attr in _WHOLE | _PIECES:
                for path, where in _paths(node.func, scope):
                    key = path_key(path, where)
                    if key is not None:
                        found.setdefault(key, []).append((node.args[0], scope))
        built.written = found
    return built.written


def _paths(function: ast.Attribute, scope: Scope) -> Iterator[tuple[ast.expr, Scope]]:
    """Paths of the file that a method writes to."""
    if function.attr in _WHOLE:
        yield function.value, scope
        return
    found = scope.find(function.value.id) if isinstance(function.value, ast.Name) else None
    for item in found[0] if found is not None else ():
        if found is None or not isinstance(item, ast.Call):
            continue
        if isinstance(item.func, ast.Attribute) and item.func.attr == "open" and not (isinstance(item.func.value, ast.Name) and item.func.value.id in ("io", "codecs", "os", "aiofiles")):
            yield item.func.value, found[1]
        elif item.args and (isinstance(item.func, ast.Attribute) or (isinstance(item.func, ast.Name) and item.func.id == "open")):
            yield item.args[0], found[1]
