"""One parsed Python file: every call with the dotted names that it may mean, its arguments, and what they are worth.

Names are followed through imports and their aliases, assignments, `getattr` with a constant, `functools.partial`, `import_module`, fields set on `self`,
annotations of parameters, and subclasses (a subclass counts as its base, unless it has a `find_class` of its own that refuses some names). A call's result is written
`tarfile.open()`, so that methods of results have names too; what nothing says is `?`.
"""

from __future__ import annotations

import ast
import weakref
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

from troth.engines.code.called import Called
from troth.engines.code.handed import handed_on, spots
from troth.engines.code.options import likely
from troth.engines.code.owned import owned, told
from troth.engines.code.scopes import Binding, Built, Element, Imported, Parameter, Scope, build, starred
from troth.engines.code.site import Given, Site
from troth.engines.code.tables import added, parted, poured, written
from troth.engines.code.unpicklers import restricts
from troth.engines.code.worth import Constant, evaluated, position_of

__all__ = ["Constant", "Module", "Site"]

_DEPTH: Final = 12
_MOST: Final = 8
_BUILTINS: Final = frozenset(("eval", "exec", "open", "input", "getattr", "__import__", "compile", "dict", "print", "int", "map", "staticmethod"))
_UNKNOWN: Final = frozenset(("?",))
_SAME: Final = frozenset(("list", "tuple", "sorted", "reversed", "iter", "enumerate", "set"))
"""Builtins that give back the elements of what they were given."""
_PARTIALS: Final = frozenset(("functools.partial", "functools.partialmethod"))


@dataclass
class Module:
    """A parsed file, asked by rules."""

    path: str
    text: str
    tree: ast.Module
    _cache: dict[tuple[int, int], frozenset[str]] = field(default_factory=dict, repr=False)

    @cached_property
    def built(self) -> Built:
        """Scopes of the file."""
        return build(self.tree)

    @cached_property
    def sites(self) -> tuple[Site, ...]:
        """All calls, by line."""
        here = weakref.proxy(self)  # a cycle would keep the tree until the collector comes
        found = [Site(node, scope, here) for node, scope in self.built.calls]
        found += [Site(handed_on(node, spot), scope, here) for node, scope in self.built.calls for spot in spots(node) if self.names(spot.function, scope) - _UNKNOWN]
        return tuple(sorted(found, key=lambda site: (site.line, site.node.col_offset)))

    @cached_property
    def _called(self) -> Called:
        return Called(self.sites, frozenset(name for table in self.built.fields.values() for name in table))

    def calls(self, *names: str) -> Iterator[Site]:
        """Calls that may mean any of the names, each once."""
        return self._called.named(names)

    def ending(self, *ends: str) -> Iterator[Site]:
        """Calls whose name ends in any of the given, each of which holds a dot; each call once."""
        return self._called.ending(ends)

    def names(self, node: ast.expr, scope: Scope, depth: int = 0) -> frozenset[str]:
        """Dotted names that an expression may stand for."""
        if depth > _DEPTH:
            return _UNKNOWN
        key = (id(node), id(scope))
        known = self._cache.get(key)
        if known is None:
            self._cache[key] = _UNKNOWN
            known = self._names(node, scope, depth + 1)
            known = frozenset(sorted(known)[:_MOST]) if len(known) > _MOST else known
            if depth < _DEPTH - 4:
                self._cache[key] = known
            else:
                del self._cache[key]
        return known

    def _names(self, node: ast.expr, scope: Scope, depth: int) -> frozenset[str]:
        if isinstance(node, ast.Name):
            return self._name(node.id, scope, depth)
        if isinstance(node, ast.Attribute):
            return self._attribute(node, scope, depth)
        if isinstance(node, ast.Call):
            return self._result(node, scope, depth)
        if isinstance(node, (ast.Await, ast.NamedExpr, ast.Starred)):
            return self.names(node.value, scope, depth)
        if isinstance(node, ast.Subscript):
            held = self._held(node.value, node.slice, scope, depth)
            return held or frozenset(f"{name}[]" for name in self.names(node.value, scope, depth))
        if isinstance(node, ast.IfExp):
            return self.names(node.body, scope, depth) | self.names(node.orelse, scope, depth)
        if isinstance(node, ast.BoolOp):
            return frozenset().union(*(self.names(value, scope, depth) for value in node.values))
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr):  # chains of langchain: each part answers for the whole
            return self.names(node.left, scope, depth) | self.names(node.right, scope, depth)
        return _UNKNOWN

    def _held(self, node: ast.expr, key: ast.expr, scope: Scope, depth: int) -> frozenset[str]:
        """Names of what stands in a table that is written here, under a key; under any key where that cannot be told."""
        only = self._only(node, scope)
        if only is not None and isinstance(only[0], ast.Dict):
            node, scope = only
        if not isinstance(node, ast.Dict):
            return frozenset()
        pairs = list(zip(node.keys, node.values, strict=True))
        if isinstance(key, ast.Constant):
            pairs = [pair for pair in pairs if isinstance(pair[0], ast.Constant) and pair[0].value == key.value]
        parts = [self.names(value, scope, depth) for _, value in pairs[: 4 * _MOST] if isinstance(value, (ast.Name, ast.Attribute, ast.Lambda))]
        return frozenset(name for part in parts for name in part if name != "?")

    def _only(self, node: ast.expr, scope: Scope) -> tuple[ast.expr, Scope] | None:
        """The one expression behind a name, a parameter's default or a field of a class of this file; None where there are several, or none."""
        if isinstance(node, ast.Attribute):
            owner = self.owner(node.value, scope)
            held = self.built.fields.get(id(owner), {}).get(node.attr, []) if owner is not None else []
            return held[0] if len(held) == 1 else None
        found = scope.find(node.id) if isinstance(node, ast.Name) else None
        first = found[0][0] if found is not None and len(found[0]) == 1 else None
        value = first.default if isinstance(first, Parameter) else first
        return (value, found[1]) if found is not None and isinstance(value, ast.expr) else None

    def _name(self, name: str, scope: Scope, depth: int) -> frozenset[str]:
        found = scope.find(name)
        if found is None:
            if name in _BUILTINS:
                return frozenset((f"builtins.{name}",))
            return frozenset(f"{module}.{name}" for module in starred(scope)[:_MOST]) or _UNKNOWN
        bindings, where = found
        parts = [self._binding(binding, where, depth) for binding in bindings[-_MOST:]]
        return frozenset().union(*parts)

    def _binding(self, binding: Binding, scope: Scope, depth: int) -> frozenset[str]:
        if isinstance(binding, Imported):
            return frozenset((binding.dotted,))
        if isinstance(binding, Parameter):
            if binding.annotation is None:
                return _UNKNOWN
            return frozenset(f"{name}()" for name in self._annotation(binding.annotation, scope, depth))
        if isinstance(binding, Element):
            return frozenset(f"{name}[]" for name in self.names(binding.value, scope, depth))
        if isinstance(binding, ast.ClassDef):
            return self._class(binding, scope, depth)
        if isinstance(binding, (ast.FunctionDef, ast.AsyncFunctionDef)):
            return frozenset((f"<here>.{binding.name}",))
        return self.names(binding, scope, depth)

    def _annotation(self, node: ast.expr, scope: Scope, depth: int) -> frozenset[str]:
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            try:
                node = ast.parse(node.value, mode="eval").body
            except (SyntaxError, ValueError):
                return _UNKNOWN
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr):
            return self._annotation(node.left, scope, depth) | self._annotation(node.right, scope, depth)
        return self.names(node, scope, depth)

    def _class(self, node: ast.ClassDef, scope: Scope, depth: int) -> frozenset[str]:
        own = frozenset((f"<here>.{node.name}",))
        if not node.bases or restricts(node):
            return own
        bases = frozenset().union(*(self.names(base, scope, depth) for base in node.bases))
        known = frozenset(name for name in bases if name != "?")
        return known or own

    def _attribute(self, node: ast.Attribute, scope: Scope, depth: int) -> frozenset[str]:
        owner = self.owner(node.value, scope)
        if owner is not None:
            values = self.built.fields.get(id(owner), {}).get(node.attr)
            if values:
                return frozenset().union(*(self.names(value, where, depth) for value, where in values[:_MOST]))
        return frozenset(f"{name}.{node.attr}" for name in self.names(node.value, scope, depth))

    def owner(self, node: ast.expr, scope: Scope) -> ast.ClassDef | None:
        """The class of this file whose field is asked for (`owned`)."""
        known = owned(self.built, node, scope)
        return known[0] if known is not None else None

    def _result(self, node: ast.Call, scope: Scope, depth: int) -> frozenset[str]:
        functions = self.names(node.func, scope, depth)
        first = node.args[0] if node.args else None
        if "builtins.getattr" in functions and len(node.args) >= 2:
            second = node.args[1]
            if isinstance(second, ast.Constant) and isinstance(second.value, str):
                return frozenset(f"{name}.{second.value}" for name in self.names(node.args[0], scope, depth))
        if functions & {"importlib.import_module", "builtins.__import__"} and isinstance(first, ast.Constant):
            return frozenset((str(first.value),))
        plain = node.func.id if isinstance(node.func, ast.Name) else ""
        if first is not None and (plain in _SAME or any(name.endswith((".tqdm", ".track", ".trange")) for name in functions)):
            return self.names(first, scope, depth)
        if (functions & _PARTIALS or "builtins.staticmethod" in functions) and first is not None:
            return self.names(first, scope, depth)
        if isinstance(node.func, ast.Attribute) and node.func.attr == "get" and first is not None:
            held = self._held(node.func.value, first, scope, depth)
            if held:
                return held
        return frozenset(f"{name}()" for name in functions)

    def given(self, node: ast.Call, scope: Scope) -> Given:
        """A call's arguments by position and by keyword, and whether some of them cannot be followed."""
        arguments: list[ast.expr] = []
        keywords: dict[str, ast.expr] = {}
        opaque = False
        for call, where in reversed(list(self._chain(node, scope))):
            partial = call is not node
            arguments += call.args[1:] if partial else call.args
            opaque |= self._keywords(call, where, keywords)
        opaque |= any(isinstance(item, ast.Starred) for item in arguments) or self._hidden_partial(node.func, scope)
        return tuple(arguments), keywords, opaque

    def _chain(self, node: ast.Call, scope: Scope) -> Iterator[tuple[ast.Call, Scope]]:
        """The call itself, then the `partial` calls that its function was made with."""
        yield node, scope
        function: ast.expr = node.func
        for _ in range(3):
            if isinstance(function, (ast.Name, ast.Attribute)):
                behind = self._only(function, scope)
                if behind is None:
                    return
                function, scope = behind
            if not isinstance(function, ast.Call) or not self.names(function.func, scope) & _PARTIALS:
                return
            yield function, scope
            function = function.args[0] if function.args else function.func

    def _hidden_partial(self, function: ast.expr, scope: Scope) -> bool:
        """The function is one of several, and some of them was made with `partial`: arguments are given that are not followed."""
        meant = self._meant(function, scope)
        if len(meant) == 1 and isinstance(meant[0][0], ast.Call):
            return False
        inner = ((item, where) for value, where in meant for item in ast.walk(value) if isinstance(item, ast.Call))
        return any(self.names(item.func, where) & _PARTIALS for item, where in inner)

    def _meant(self, function: ast.expr, scope: Scope) -> list[tuple[ast.expr, Scope]]:
        """The expressions behind a name, or behind a field of a class of this file."""
        if isinstance(function, ast.Attribute):
            owner = self.owner(function.value, scope)
            return self.built.fields.get(id(owner), {}).get(function.attr, []) if owner is not None else []
        found = scope.find(function.id) if isinstance(function, ast.Name) else None
        return [(item, found[1]) for item in found[0] if isinstance(item, ast.expr)] if found is not None else []

    def _keywords(self, node: ast.Call, scope: Scope, into: dict[str, ast.expr]) -> bool:
        opaque = False
        for item in node.keywords:
            if item.arg is not None:
                into[item.arg] = item.value
            else:
                table = self.table(item.value, scope)
                opaque |= table is None
                into.update(self._put_in(item.value, scope) if table is None else table)
        return opaque

    def table(self, node: ast.expr, scope: Scope, depth: int = 0) -> dict[str, ast.expr] | None:
        """A dict literal, `dict(...)`, or a name bound once to one: key -> value; None where it cannot be told."""
        if depth > 3:
            return None
        parts = parted(node, "builtins.dict" in self.names(node.func, scope) if isinstance(node, ast.Call) else False)
        if parts is not None:
            whole: dict[str, ast.expr] = {}
            for part in parts:
                piece = part if isinstance(part, dict) else self.table(part, scope, depth + 1)
                if piece is None:
                    return None
                whole.update(piece)
            return whole
        only = self._only(node, scope) if isinstance(node, (ast.Name, ast.Attribute)) else None
        table = self.table(*only, depth + 1) if only is not None else None
        return table if table is None or not isinstance(node, ast.Name) or only is None else table | self._added_later.get((node.id, id(only[1])), {})

    @cached_property
    def _added_later(self) -> dict[tuple[str, int], dict[str, ast.expr]]:
        return added(self.built)

    def _put_in(self, node: ast.expr, scope: Scope) -> dict[str, ast.expr]:
        """Keys that are known of a table of which some are not: put into `**kwargs` of the function around it, or written beside it in one literal."""
        only = self._only(node, scope)
        literal = only[0] if only is not None else node
        known = written(literal)
        found = scope.find(node.id) if isinstance(node, ast.Name) else None
        return known | self._added_later.get((node.id, id(found[1])), {}) if found is not None and isinstance(node, ast.Name) else known

    def values(self, node: ast.expr | None, scope: Scope, depth: int = 0) -> frozenset[Constant] | None:
        """Constants that an expression may be worth; a parameter is worth its default; None where it cannot be told."""
        if node is None or depth > _DEPTH:
            return None
        if isinstance(node, ast.Name):
            return self._bound_values(node.id, scope, depth + 1)
        if isinstance(node, ast.Attribute):
            return self._field_values(node, scope, depth + 1)
        if isinstance(node, ast.Subscript):
            return self._looked_up(node, scope, depth + 1)
        return evaluated(node, lambda part: self.values(part, scope, depth + 1))

    def likely(self, node: ast.expr | None, scope: Scope) -> frozenset[Constant] | None:
        """`values`, and where nobody can tell, what it is worth unless somebody says otherwise (`options.likely`)."""
        return likely(self, node, scope)

    def _looked_up(self, node: ast.Subscript, scope: Scope, depth: int) -> frozenset[Constant] | None:
        """What a table that is written here holds under a key; all that it holds where the key is not known."""
        table = self.table(node.value, scope)
        if not table:
            return None
        key = node.slice.value if isinstance(node.slice, ast.Constant) else None
        found = [table[key]] if isinstance(key, str) and key in table else list(table.values()) if key is None else []
        parts = [self.values(value, scope, depth) for value in found[: 4 * _MOST]]
        known = [part for part in parts if part is not None]
        return frozenset().union(*known) if known and len(known) == len(parts) else None

    def _field_values(self, node: ast.Attribute, scope: Scope, depth: int) -> frozenset[Constant] | None:
        """Constants of a class's own field."""
        known = owned(self.built, node.value, scope)
        said = told(known, node.attr) if known is not None else None
        held = [said] if said is not None else self.built.fields.get(id(known[0]), {}).get(node.attr) if known is not None else None
        every: frozenset[Constant] = frozenset()
        for value, where in (held or ())[:_MOST]:
            values = self.values(value, where, depth)
            if values is None:
                return None
            every |= values
        return every or None

    def _bound_values(self, name: str, scope: Scope, depth: int) -> frozenset[Constant] | None:
        found = scope.find(name)
        if found is None:
            return None
        every: frozenset[Constant] = frozenset()
        for binding in found[0][:_MOST]:
            value = binding.default if isinstance(binding, Parameter) else binding
            values = self.values(value, found[1], depth) if isinstance(value, ast.expr) else None
            if values is None:
                return None
            every |= values
        return every

    @cached_property
    def _poured(self) -> dict[tuple[str, int], list[tuple[ast.expr, Scope]]]:
        return poured(self.built)

    def poured(self, name: str, scope: Scope) -> list[tuple[ast.expr, Scope]]:
        """What is put into a named list, text or table after it was made."""
        return self._poured.get((name, id(scope)), [])

    @cached_property
    def _returns(self) -> dict[int, list[tuple[ast.expr, Scope]]]:
        table: dict[int, list[tuple[ast.expr, Scope]]] = {}
        for value, where in self.built.returns:
            if where.function is not None:
                table.setdefault(id(where.function.node), []).append((value, where))
        return table

    def returns(self, function: ast.FunctionDef | ast.AsyncFunctionDef) -> list[tuple[ast.expr, Scope]]:
        """What a function of this file gives back, by `return` or `yield`, with the scope that it stands in."""
        return self._returns.get(id(function), [])[:_MOST]

    def flagged(self, site: Site, node: ast.expr | None, bad: Callable[[Constant], bool]) -> Iterator[int]:
        """Lines at which an argument of a call is given a bad constant: the call's own, or those of callers of the function around it."""
        if node is None:
            return
        values = self.likely(node, site.scope)
        if values is not None and any(bad(value) for value in values):
            yield site.line
            return
        parameter = self._parameter(node, site.scope)
        if parameter is not None:
            yield from self._callers(parameter, bad)

    def _parameter(self, node: ast.expr, scope: Scope) -> Parameter | None:
        found = scope.find(node.id) if isinstance(node, ast.Name) else None
        binding = found[0][0] if found is not None and len(found[0]) == 1 else None
        return binding if isinstance(binding, Parameter) else None

    def _callers(self, parameter: Parameter, bad: Callable[[Constant], bool]) -> Iterator[int]:
        node = parameter.function.node
        if isinstance(node, ast.Lambda):
            return
        position = position_of(parameter)
        for site in self.calls(f"<here>.{node.name}", f"?.{node.name}"):
            values = self.values(site.argument(position, parameter.name), site.scope)
            if values is not None and any(bad(value) for value in values):
                yield site.line
