"""Units, calls, mentions and regular expressions of one Python file."""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Iterator
from typing import Final

from troth.engines.code.nodes import children
from troth.engines.code.programs.gathered import TEXT_LIMIT, Gathered
from troth.engines.code.programs.trial import tried
from troth.judgement.guard_names import is_guard
from troth.terms.facts.programs import Called, Mention, Pattern, Unit
from troth.terms.place import Place

__all__ = ["mention_python", "read_python"]

_COMPILES: Final = frozenset(("compile", "match", "search", "fullmatch", "findall", "finditer", "sub", "subn", "split"))
_ARGUMENT_LIMIT: Final = 160
_WORD: Final = re.compile(r"[A-Za-z_]\w*")
_ASIDE: Final = re.compile(r"\s*(?:#|import\s|from\s+[\w.]+\s+import\b)")
_DEFINED: Final = re.compile(r"\b(?:def|class)\s+\w+")


def read_python(path: str, data: bytes, into: Gathered) -> str:
    """Read one file; the reason where it cannot be parsed, else an empty text."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(data)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        return f"It is not Python that can be parsed ({type(error).__name__})."
    lines = data.decode("utf-8-sig", "replace").splitlines()
    owner = inside = ""
    pending: list[ast.AST | tuple[str, str]] = [tree]  # a pair says whose the nodes below it on the stack are
    while pending:
        node = pending.pop()
        if isinstance(node, tuple):
            owner, inside = node
            continue
        if isinstance(node, ast.Call):
            _call(path, node, inside, into)
        elif isinstance(node, (ast.Name, ast.Attribute)):
            name = node.id if isinstance(node, ast.Name) else node.attr
            if is_guard(name) and isinstance(node.ctx, ast.Load):
                into.mention(name, Mention(Place(path, node.lineno), inside))
            if isinstance(node, ast.Name):
                continue
        elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            into.units.append(_unit(path, node, owner, lines))
            pending.append((owner, inside))
            inside = f"{inside}.{node.name}".lstrip(".")
            owner = node.name if isinstance(node, ast.ClassDef) else ""
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            continue
        pending += children(node)
    return ""


def mention_python(path: str, data: bytes, into: Gathered) -> None:
    """Mentions of a file that this interpreter cannot parse, by words: it may be written for a newer one, and what it calls must not count as uncalled.

    Comments, imports and definitions are told apart line by line; a name in a string counts as a mention, which errs to the side of "called".
    """
    for number, line in enumerate(data.decode("utf-8-sig", "replace").splitlines(), start=1):
        if not _ASIDE.match(line):
            for name in _WORD.findall(_DEFINED.sub("", line[:2000])):
                into.mention(name, Mention(Place(path, number), ""))


def _unit(path: str, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef, owner: str, lines: list[str]) -> Unit:
    end = node.end_lineno or node.lineno
    text = "\n".join(lines[node.lineno - 1 : end])[:TEXT_LIMIT]
    if isinstance(node, ast.ClassDef):
        bases = tuple(_last(base) for base in node.bases)
        return Unit(node.name, owner, "class", Place(path, node.lineno, end), "python", (), bases, text, bool(node.decorator_list))
    arguments = node.args
    named = (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)
    parameters = tuple(item.arg for item in named if item.arg not in ("self", "cls"))
    return Unit(node.name, owner, "method" if owner else "function", Place(path, node.lineno, end), "python", parameters, (), text, bool(node.decorator_list))


def _last(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def _call(path: str, node: ast.Call, inside: str, into: Gathered) -> None:
    name = _last(node.func)
    if not name:
        return
    receiver = _text(node.func.value) if isinstance(node.func, ast.Attribute) else ""
    if is_guard(name) or any(is_guard(item.arg or "") for item in node.keywords):
        into.calls.append(
            Called(name, receiver, tuple(_arguments(node)), Place(path, node.lineno, node.end_lineno), inside, "python")
        )
    first = node.args[0] if node.args else None
    if name in _COMPILES and receiver in ("re", "regex") and isinstance(first, ast.Constant) and isinstance(first.value, str):
        flags = "i" if any("IGNORECASE" in _text(item) or _text(item) == "re.I" for item in node.args[1:]) else ""
        into.patterns.append(tried(Pattern(first.value, Place(path, first.lineno), flags, "python", inside, first.value)))


def _arguments(node: ast.Call) -> Iterator[str]:
    for item in node.args:
        yield _text(item)
    for keyword in node.keywords:
        yield f"{keyword.arg or '**'}={_text(keyword.value)}"


def _text(node: ast.expr) -> str:
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Constant):
        return repr(node.value)[:_ARGUMENT_LIMIT]
    try:
        return ast.unparse(node)[:_ARGUMENT_LIMIT]
    except RecursionError:
        return "..."
