"""One parsed TypeScript or JavaScript file: every call with the dotted names that it may mean, its arguments, and what expressions are worth as constants.

Names are followed through `import`, `require`, `await import`, `promisify`, destructuring, assignments, and fields of classes. A call's result is written `openai()`, an element `a[]`; a name that nothing in the
file binds is itself (`process`, `eval`). A default import and a namespace import both stand for the module.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

from troth.engines.code.grown.ecma_scopes import FUNCTIONS, Binding, Built, Scope, build, string_of
from troth.engines.code.grown.syntax import Node, children, inside, line_of, text_of, unwrapped
from troth.engines.code.grown.syntax import field as field_of

__all__ = ["Call", "Constant", "EcmaFile"]

Constant = str | bool | float | None
_DEPTH: Final = 12
_MOST: Final = 8
_UNKNOWN: Final = frozenset(("?",))
_PROMISED: Final = frozenset(("util.promisify", "promisify"))
_CLASSES: Final = ("class_declaration", "class", "abstract_class_declaration")


@dataclass(frozen=True, slots=True)
class Call:
    """One call or `new`: its node, where it stands, the dotted names that it may mean, and its arguments."""

    node: Node
    scope: Scope
    names: frozenset[str]
    arguments: tuple[Node, ...]
    tagged: bool

    @property
    def line(self) -> int:
        """Line of the call."""
        return line_of(self.node)

    def argument(self, place: int) -> Node | None:
        """An argument by its place; negative: from the end."""
        return self.arguments[place] if -len(self.arguments) <= place < len(self.arguments) else None


@dataclass
class EcmaFile:
    """A parsed file, asked by rules."""

    path: str
    text: str
    root: Node
    _cache: dict[tuple[int, int], frozenset[str]] = field(default_factory=dict, repr=False)

    @cached_property
    def built(self) -> Built:
        """Scopes of the file."""
        return build(self.root)

    @cached_property
    def calls(self) -> tuple[Call, ...]:
        """All calls, in the order of the source."""
        found = []
        for node, scope in self.built.calls:
            function = field_of(node, "function") or field_of(node, "constructor")
            listed = field_of(node, "arguments")
            tagged = listed is not None and listed.type == "template_string"
            arguments = () if listed is None else (listed,) if tagged else tuple(children(listed))
            if function is not None:
                found.append(Call(node, scope, self.names(function, scope), arguments, tagged))
        return tuple(found)

    def named(self, *names: str) -> Iterator[Call]:
        """Calls that may mean any of the names."""
        wanted = frozenset(names)
        return (call for call in self.calls if not wanted.isdisjoint(call.names))

    def ending(self, *ends: str) -> Iterator[Call]:
        """Calls whose name ends in any of the given."""
        return (call for call in self.calls if any(name.endswith(ends) for name in call.names))

    def names(self, node: Node, scope: Scope, depth: int = 0) -> frozenset[str]:
        """Dotted names that an expression may stand for."""
        if depth > _DEPTH:
            return _UNKNOWN
        key = (node.id, id(scope))
        if key not in self._cache:
            self._cache[key] = _UNKNOWN
            found = self._names(unwrapped(node), scope, depth + 1)
            self._cache[key] = frozenset(sorted(found)[:_MOST]) if len(found) > _MOST else found
        return self._cache[key]

    def _names(self, node: Node, scope: Scope, depth: int) -> frozenset[str]:
        kind = node.type
        if kind in ("identifier", "shorthand_property_identifier"):
            bindings = scope.find(text_of(node))
            parts = [self._binding(item, depth) for item in bindings[-_MOST:]]
            return frozenset().union(*parts) if parts else frozenset((text_of(node),))
        if kind == "member_expression":
            return self._member(node, scope, depth)
        if kind == "subscript_expression":
            key = field_of(node, "index")
            name = string_of(key) if key is not None else None
            owner = field_of(node, "object")
            return frozenset(f"{one}.{name}" if name is not None else f"{one}[]" for one in self.names(owner, scope, depth)) if owner is not None else _UNKNOWN
        if kind in ("call_expression", "new_expression"):
            return self._result(node, scope, depth)
        if kind in ("ternary_expression", "binary_expression"):
            sides = [field_of(node, name) for name in ("consequence", "alternative", "left", "right")]
            return frozenset().union(*(self.names(side, scope, depth) for side in sides if side is not None))
        return frozenset((kind,)) if kind in ("this", "super", "import") else _UNKNOWN

    def _binding(self, binding: Binding, depth: int) -> frozenset[str]:
        if binding.kind == "import":
            return frozenset((binding.told,))
        if binding.kind == "value" and binding.node is not None and binding.node.type not in FUNCTIONS:
            return self.names(binding.node, binding.scope, depth)
        if binding.kind == "part" and binding.node is not None:
            return frozenset(f"{name}[]" if binding.told == "*" or binding.told.isdigit() else f"{name}.{binding.told}" for name in self.names(binding.node, binding.scope, depth))
        if binding.kind in ("function", "class", "value"):
            return frozenset(("<here>",))
        return _UNKNOWN

    def _member(self, node: Node, scope: Scope, depth: int) -> frozenset[str]:
        owner, name = field_of(node, "object"), field_of(node, "property")
        if owner is None or name is None:
            return _UNKNOWN
        if owner.type == "this" and scope.owner is not None:
            held = self.built.fields.get((scope.owner.id, text_of(name)), ())
            if held:
                return frozenset().union(*(_UNKNOWN if value.type in FUNCTIONS else self.names(value, where, depth) for value, where in held[:_MOST]))
        return frozenset((one if text_of(name) == "default" else f"{one}.{text_of(name)}") for one in self.names(owner, scope, depth))

    def _result(self, node: Node, scope: Scope, depth: int) -> frozenset[str]:
        function = field_of(node, "function") or field_of(node, "constructor")
        listed = field_of(node, "arguments")
        first = next(iter(children(listed)), None) if listed is not None and listed.type == "arguments" else None
        if function is None:
            return _UNKNOWN
        functions = self.names(function, scope, depth)
        if first is not None and functions & {"require", "import"}:
            module = string_of(first)
            return frozenset((module.removeprefix("node:"),)) if module is not None else _UNKNOWN
        if first is not None and functions & _PROMISED:
            return self.names(first, scope, depth)
        return frozenset(f"{name}()" for name in functions)

    def worth(self, node: Node | None, scope: Scope, depth: int = 0) -> frozenset[Constant] | None:
        """Constants that an expression may be worth; what it is worth unless somebody says otherwise for `a || b` and `a ?? b`; None where it cannot be told."""
        if node is None or depth > _DEPTH:
            return None
        node = unwrapped(node)
        kind = node.type
        text = string_of(node)
        if text is not None:
            return frozenset((text,))
        if kind in ("true", "false"):
            return frozenset((kind == "true",))
        if kind == "number":
            return frozenset((_number(text_of(node)),))
        if kind == "identifier":
            parts = [self.worth(item.node, item.scope, depth + 1) if item.kind == "value" else None for item in scope.find(text_of(node))]
            known = [part for part in parts if part is not None]
            return frozenset().union(*known) if parts and len(known) == len(parts) else None
        if kind == "member_expression":
            return self._field_worth(node, scope, depth)
        if kind == "ternary_expression":
            first, second = (self.worth(field_of(node, name), scope, depth + 1) for name in ("consequence", "alternative"))
            return None if first is None or second is None else first | second
        if kind == "binary_expression":
            return self._joined(node, scope, depth)
        return None

    def certain(self, node: Node | None, scope: Scope) -> frozenset[Constant] | None:
        """Constants that an expression is worth whatever anybody says; what has only a default (`given ?? ""`) is not told."""
        return None if node is None or self._defaulted(node, scope) else self.worth(node, scope)

    def _defaulted(self, node: Node, scope: Scope, depth: int = 0) -> bool:
        node = unwrapped(node)
        if node.type == "identifier" and depth < 4:
            return any(self._defaulted(item.node, item.scope, depth + 1) for item in scope.find(text_of(node)) if item.kind == "value" and item.node is not None)
        operator = field_of(node, "operator") if node.type == "binary_expression" else None
        return operator is not None and operator.type in ("||", "??") and self.worth(field_of(node, "left"), scope) is None

    def _field_worth(self, node: Node, scope: Scope, depth: int) -> frozenset[Constant] | None:
        """Constants of a field of the class around it."""
        owner, name = field_of(node, "object"), field_of(node, "property")
        if owner is None or name is None or owner.type != "this" or scope.owner is None:
            return None
        parts = [self.worth(value, where, depth + 1) for value, where in self.built.fields.get((scope.owner.id, text_of(name)), ())]
        known = [part for part in parts if part is not None]
        return frozenset().union(*known) if parts and len(known) == len(parts) else None

    def _joined(self, node: Node, scope: Scope, depth: int) -> frozenset[Constant] | None:
        operator = field_of(node, "operator")
        left, right = (self.worth(field_of(node, name), scope, depth + 1) for name in ("left", "right"))
        if operator is not None and operator.type in ("||", "??"):
            return right if left is None else left | (right or frozenset())
        if operator is not None and operator.type == "+" and left and right and len(left) == len(right) == 1:
            return frozenset((str(next(iter(left))) + str(next(iter(right))),))
        return None

    def options(self, node: Node | None, scope: Scope, depth: int = 0) -> dict[str, Node]:
        """Keys of an object literal, or of a name that is bound once to one, with their values; of spread objects of the file, too."""
        if node is None or depth > 4:
            return {}
        node = unwrapped(node)
        if node.type == "identifier":
            found = scope.find(text_of(node))
            return self.options(found[0].node, found[0].scope, depth + 1) if len(found) == 1 and found[0].kind == "value" else {}
        known: dict[str, Node] = {}
        for item in children(node) if node.type == "object" else ():
            if item.type == "pair":
                key, value = field_of(item, "key"), field_of(item, "value")
                if key is not None and value is not None:
                    known[string_of(key) or text_of(key)] = value
            elif item.type == "shorthand_property_identifier":
                known[text_of(item)] = item
            elif item.type == "spread_element":
                known |= self.options(children(item)[0], scope, depth + 1)
            elif item.type == "method_definition":
                name = field_of(item, "name")
                known |= {text_of(name): item} if name is not None else {}
        return known

    def functions_of(self, call: Call) -> list[Node]:
        """Functions of this file that a call may mean: by their name, or as a method of `this`."""
        function = field_of(call.node, "function")
        if function is None:
            return []
        if function.type == "identifier":
            return [item.node for item in call.scope.find(text_of(function)) if item.node is not None and item.node.type in FUNCTIONS and item.kind in ("function", "value")]
        owner, name = field_of(function, "object"), field_of(function, "property")
        if owner is not None and owner.type == "this" and name is not None and call.scope.owner is not None:
            return [value for value, _ in self.built.fields.get((call.scope.owner.id, text_of(name)), ()) if value.type in FUNCTIONS]
        return []

    @cached_property
    def callers(self) -> dict[int, list[Call]]:
        """By a function's node: the calls of it in this file."""
        table: dict[int, list[Call]] = {}
        for call in self.calls:
            for function in self.functions_of(call):
                table.setdefault(function.id, []).append(call)
        return table

    @cached_property
    def call_of(self) -> dict[int, Call]:
        """By a node: the call that it is."""
        return {call.node.id: call for call in self.calls}


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def function_name(node: Node) -> str:
    """How the function around a node is called; empty where nothing says."""
    function = inside(node, *FUNCTIONS)
    if function is None:
        return ""
    name = field_of(function, "name")
    if name is not None:
        return text_of(name)
    parent = function.parent
    named = field_of(parent, "name") or field_of(parent, "key") if parent is not None else None
    return text_of(named) if named is not None else ""
