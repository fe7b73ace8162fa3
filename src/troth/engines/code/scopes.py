"""The names of one Python file: scopes and what each name in them is bound to.

One walk over the tree of a file; nothing is resolved here (`names` does that), nothing is imported or run.
A binding keeps the expression that a name stands for: flow inside of a function is not ordered, so that a name bound twice stands for both.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

__all__ = ["Binding", "Function", "Imported", "Parameter", "Scope", "build", "starred"]


@dataclass(frozen=True, slots=True)
class Imported:
    """A name that an import gives: the dotted name behind it."""

    dotted: str


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter of a function: its annotation and its default."""

    name: str
    annotation: ast.expr | None
    default: ast.expr | None
    function: Function


@dataclass(frozen=True, slots=True)
class Element:
    """What a loop or an unpacking takes out of an expression."""

    value: ast.expr


Binding = Imported | Parameter | Element | ast.expr | ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
"""What a name may stand for."""


@dataclass(eq=False, slots=True)
class Function:
    """A function of the file with the scope that it stands in."""

    node: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
    outer: Scope
    owner: ast.ClassDef | None


@dataclass(eq=False, slots=True)
class Scope:
    """One scope: a module, a function or a class."""

    node: ast.AST
    outer: Scope | None
    kind: str
    function: Function | None = None
    owner: ast.ClassDef | None = None
    names: dict[str, list[Binding]] = field(default_factory=dict)
    stars: list[str] = field(default_factory=list)

    def bind(self, name: str, binding: Binding) -> None:
        """Add a meaning of a name."""
        self.names.setdefault(name, []).append(binding)

    def find(self, name: str) -> tuple[list[Binding], Scope] | None:
        """Meanings of a name and the scope that holds them, from here outwards; classes are seen only from within themselves."""
        scope: Scope | None = self
        while scope is not None:
            if name in scope.names and (scope.kind != "class" or scope is self):
                return scope.names[name], scope
            scope = scope.outer
        return None


@dataclass(slots=True)
class Built:
    """All scopes of a file, its calls with their scopes, and what methods bind on `self`, and what functions give back; `guards`, `offered`, `states`, `written` and `options` remember what was worked out of them."""

    module: Scope
    calls: list[tuple[ast.Call, Scope]] = field(default_factory=list)
    stores: list[tuple[ast.expr, ast.expr, Scope]] = field(default_factory=list)
    fields: dict[int, dict[str, list[tuple[ast.expr, Scope]]]] = field(default_factory=dict)
    functions: list[Function] = field(default_factory=list)
    returns: list[tuple[ast.expr, Scope]] = field(default_factory=list)
    guards: dict[int, list[tuple[str, int, int]]] = field(default_factory=dict)
    offered: set[int] | None = None
    states: dict[str, list[tuple[ast.expr, Scope]]] | None = None
    written: dict[tuple[str, str, int], list[tuple[ast.expr, Scope]]] | None = None
    options: dict[str, list[tuple[ast.expr | None, Scope]]] | None = None


def build(tree: ast.Module) -> Built:
    """Scopes of a parsed file."""
    scope = Scope(tree, None, "module")
    built = Built(scope)
    pending: list[tuple[ast.AST, Scope]] = [(tree, scope)]
    leaves, enter, inner = _LEAVES, _ENTER, _INNER
    while pending:
        first, outer = pending.pop()
        nodes = [first]
        while nodes:
            node = nodes.pop()
            kind = type(node)
            handler = enter.get(kind)
            if handler is not None:
                scope = handler(node, outer, built)
                if scope is not outer:
                    pending += [(item, scope) for item in _inside(node)]
                    continue
            held = node.__dict__
            for name in inner[kind]:
                value = held.get(name)
                if type(value) is list:
                    nodes += [item for item in value if type(item) not in leaves]
                elif type(value) not in leaves:
                    nodes.append(value)  # type: ignore[arg-type]
    return built


def _inside(node: ast.AST) -> list[ast.AST]:
    """Nodes right below one, leaves left out."""
    values = (getattr(node, name, None) for name in _INNER[type(node)])
    flat = (item for value in values for item in (value if isinstance(value, list) else (value,)))
    return [item for item in flat if isinstance(item, ast.AST) and type(item) not in _LEAVES]


def starred(scope: Scope) -> list[str]:
    """Modules of which all names are imported, from a scope outwards."""
    found: list[str] = []
    at: Scope | None = scope
    while at is not None:
        found += at.stars
        at = at.outer
    return found


def _call(node: ast.Call, scope: Scope, built: Built) -> Scope:
    built.calls.append((node, scope))
    return scope


def _return(node: ast.Return | ast.Yield, scope: Scope, built: Built) -> Scope:
    if node.value is not None:
        built.returns.append((node.value, scope))
    return scope


def _class(node: ast.ClassDef, scope: Scope, _: Built) -> Scope:
    scope.bind(node.name, node)
    return Scope(node, scope, "class", scope.function, node)


def _function(node: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda, scope: Scope, built: Built) -> Scope:
    function = Function(node, scope, scope.owner if scope.kind == "class" else None)
    built.functions.append(function)
    inner = Scope(node, scope, "function", function, scope.owner)
    if not isinstance(node, ast.Lambda):
        scope.bind(node.name, node)
    arguments = node.args
    positional = [*arguments.posonlyargs, *arguments.args]
    defaults: list[ast.expr | None] = [None] * (len(positional) - len(arguments.defaults))
    defaults += arguments.defaults
    for item, default in zip(positional, defaults, strict=True):
        inner.bind(item.arg, Parameter(item.arg, item.annotation, default, function))
    for item, default in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True):
        inner.bind(item.arg, Parameter(item.arg, item.annotation, default, function))
    for star in (arguments.vararg, arguments.kwarg):
        if star is not None:
            inner.bind(star.arg, Parameter(star.arg, None, None, function))
    return inner


def _import(node: ast.Import | ast.ImportFrom, scope: Scope, _: Built) -> Scope:
    for alias in node.names:
        if isinstance(node, ast.Import):
            first = alias.name.partition(".")[0]
            scope.bind(alias.asname or first, Imported(alias.name if alias.asname else first))
        else:
            start = "." * node.level + (node.module or "")
            if alias.name == "*":
                scope.stars.append(start)
                continue
            scope.bind(alias.asname or alias.name, Imported(f"{start}.{alias.name}" if start.strip(".") else start + alias.name))
    return scope


def _assign(node: ast.Assign, scope: Scope, built: Built) -> Scope:
    for target in node.targets:
        _store(target, node.value, scope, built)
    return scope


def _one(node: ast.AnnAssign | ast.AugAssign | ast.NamedExpr, scope: Scope, built: Built) -> Scope:
    if node.value is not None:
        _store(node.target, node.value, scope, built)
    return scope


def _loop(node: ast.For | ast.AsyncFor | ast.comprehension, scope: Scope, _: Built) -> Scope:
    _elements(node.target, node.iter, scope)
    return scope


def _with(node: ast.withitem, scope: Scope, built: Built) -> Scope:
    if node.optional_vars is not None:
        _store(node.optional_vars, node.context_expr, scope, built)
    return scope


def _store(target: ast.expr, value: ast.expr, scope: Scope, built: Built) -> None:
    if isinstance(target, ast.Name):
        scope.bind(target.id, value)
        if scope.kind == "class" and scope.owner is not None:
            built.fields.setdefault(id(scope.owner), {}).setdefault(target.id, []).append((value, scope))
    elif isinstance(target, (ast.Tuple, ast.List)):
        same = isinstance(value, (ast.Tuple, ast.List)) and len(value.elts) == len(target.elts)
        for index, item in enumerate(target.elts):
            if same and isinstance(value, (ast.Tuple, ast.List)):
                _store(item, value.elts[index], scope, built)
            else:
                _elements(item, value, scope)
    else:
        built.stores.append((target, value, scope))
        if isinstance(target, ast.Attribute) and isinstance(target.value, ast.Name) and target.value.id == "self":
            owner = _owner(scope)
            if owner is not None:
                built.fields.setdefault(id(owner), {}).setdefault(target.attr, []).append((value, scope))


def _owner(scope: Scope) -> ast.ClassDef | None:
    return scope.owner


def _elements(target: ast.expr, value: ast.expr, scope: Scope) -> None:
    if isinstance(target, ast.Name):
        scope.bind(target.id, Element(value))
    elif isinstance(target, (ast.Tuple, ast.List)):
        for item in target.elts:
            _elements(item, value, scope)
    elif isinstance(target, ast.Starred):
        _elements(target.value, value, scope)


_LEAVES: Final = frozenset(
    (
        type(None), str, int, bool, bytes, ast.Constant, ast.Name, ast.alias, ast.Pass, ast.Break, ast.Continue, ast.Global, ast.Nonlocal, ast.TypeIgnore,
        *ast.expr_context.__subclasses__(), *ast.boolop.__subclasses__(), *ast.operator.__subclasses__(), *ast.unaryop.__subclasses__(), *ast.cmpop.__subclasses__(),
    )
)  # fmt: skip
"""What stands in a node's fields and holds no name that is bound and no call."""
_BARE: Final = frozenset(("ctx", "op", "ops", "id", "attr", "arg", "kind", "type_comment", "simple", "level", "module", "is_async", "conversion", "type_ignores", "name"))
"""Fields that hold no node below which anything is bound or called; `name` holds a node in none of the kinds but `TypeAlias`."""


class _Inner(dict[type[ast.AST], tuple[str, ...]]):
    """Kind of node -> its fields that may hold nodes, filled in as kinds are met."""

    def __missing__(self, kind: type[ast.AST]) -> tuple[str, ...]:
        """Work them out once."""
        fields = tuple(name for name in getattr(kind, "_fields", ()) if name not in _BARE)
        self[kind] = fields
        return fields


_INNER: Final = _Inner()
_ENTER: Final[dict[type[ast.AST], Callable[[Any, Scope, Built], Scope]]] = {
    ast.Call: _call,
    ast.FunctionDef: _function,
    ast.AsyncFunctionDef: _function,
    ast.Lambda: _function,
    ast.ClassDef: _class,
    ast.Import: _import,
    ast.ImportFrom: _import,
    ast.Assign: _assign,
    ast.AnnAssign: _one,
    ast.AugAssign: _one,
    ast.NamedExpr: _one,
    ast.For: _loop,
    ast.AsyncFor: _loop,
    ast.comprehension: _loop,
    ast.withitem: _with,
    ast.Return: _return,
    ast.Yield: _return,
}
