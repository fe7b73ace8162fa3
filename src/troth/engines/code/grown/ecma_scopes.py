"""The names of one TypeScript or JavaScript file: one walk, nothing resolved.

Scopes are those of functions; a name that is bound twice in one stands for both, and blocks count as part of their function.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Final

from troth.engines.code.grown.syntax import Node, children, text_of
from troth.engines.code.grown.syntax import field as field_of

__all__ = ["FUNCTIONS", "Binding", "Built", "Scope", "build", "string_of"]

FUNCTIONS: Final = frozenset(("function_declaration", "function_expression", "arrow_function", "method_definition", "generator_function", "generator_function_declaration"))
_CLASSES: Final = frozenset(("class_declaration", "class", "abstract_class_declaration"))
_SKIPPED: Final = frozenset(("comment", "interface_declaration", "type_alias_declaration", "type_annotation", "type_arguments", "type_parameters", "ambient_declaration"))


@dataclass(frozen=True, slots=True)
class Binding:
    """What a name may stand for.

    Attributes:
        kind: `import`, `value`, `part` (a property or an element of a value), `state` (what a setter of a hook is given), `param`, `function` or `class`.
        node: the value, the function or the class; None for an import.
        scope: where the node stands.
        told: the dotted name of an import, the key of a part (`*` for an element of a loop), the name of a setter.
        place: position of a parameter.
    """

    kind: str
    node: Node | None
    scope: Scope
    told: str = ""
    place: int = -1


@dataclass(eq=False, slots=True)
class Scope:
    """One function, or the file."""

    node: Node
    outer: Scope | None
    owner: Node | None = None
    names: dict[str, list[Binding]] = field(default_factory=dict)

    def find(self, name: str) -> list[Binding]:
        """Meanings of a name, of the nearest scope that has any."""
        at: Scope | None = self
        while at is not None:
            if name in at.names:
                return at.names[name]
            at = at.outer
        return []


@dataclass(slots=True)
class Built:
    """All scopes of a file with its calls, assignments, returns, keys of object literals and attributes of JSX; `fields` by class and name."""

    module: Scope
    calls: list[tuple[Node, Scope]] = field(default_factory=list)
    stores: list[tuple[Node, Node, Scope]] = field(default_factory=list)
    returns: dict[int, list[tuple[Node, Scope]]] = field(default_factory=dict)
    pairs: list[tuple[Node, Node, Scope]] = field(default_factory=list)
    fields: dict[tuple[int, str], list[tuple[Node, Scope]]] = field(default_factory=dict)
    texts: list[tuple[Node, Scope]] = field(default_factory=list)


def build(root: Node) -> Built:
    """Scopes of a parsed file."""
    module = Scope(root, None)
    built = Built(module)
    pending: list[tuple[Node, Scope]] = [(root, module)]
    while pending:
        node, scope = pending.pop()
        kind = node.type
        if kind in _SKIPPED:
            continue
        if kind in _CLASSES:
            name = field_of(node, "name")
            if name is not None:
                _bind(scope, text_of(name), Binding("class", node, scope))
            inner = Scope(node, scope, node)
            pending.extend((child, inner) for child in reversed(node.named_children))
            continue
        if kind in FUNCTIONS:
            scope = _function(node, scope, built)
        else:
            _note(node, kind, scope, built)
        pending.extend((child, scope) for child in reversed(node.named_children))
    return built


def string_of(node: Node) -> str | None:
    """A string literal, or a template without substitutions, as it is read; None for anything else."""
    if node.type == "string":
        return "".join(_piece(child) for child in node.named_children)
    if node.type == "template_string" and not any(child.type == "template_substitution" for child in node.named_children):
        return text_of(node)[1:-1]
    return None


def _piece(node: Node) -> str:
    from troth.engines.code.programs.literals import javascript_string

    return javascript_string(f'"{text_of(node)}"') if node.type == "escape_sequence" else text_of(node)


def _bind(scope: Scope, name: str, binding: Binding) -> None:
    scope.names.setdefault(name, []).append(binding)


def _function(node: Node, scope: Scope, built: Built) -> Scope:
    name = field_of(node, "name")
    inner = Scope(node, scope, scope.owner)
    if name is not None and node.type.endswith("declaration"):
        _bind(scope, text_of(name), Binding("function", node, scope))
    elif name is not None and node.type == "method_definition" and scope.owner is not None:
        built.fields.setdefault((scope.owner.id, text_of(name)), []).append((node, scope))
    listed = field_of(node, "parameters")
    given = children(listed) if listed is not None else [item for item in (field_of(node, "parameter"),) if item is not None]
    for place, item in enumerate(given):
        pattern = field_of(item, "pattern") or item
        if pattern.type == "assignment_pattern":
            pattern = field_of(pattern, "left") or pattern
        for leaf, key in _leaves(pattern):
            _bind(inner, leaf, Binding("param", node, inner, key, place))
    body = field_of(node, "body")
    if node.type == "arrow_function" and body is not None and body.type != "statement_block":
        built.returns.setdefault(node.id, []).append((body, inner))
    return inner


def _leaves(pattern: Node, key: str = "") -> Iterator[tuple[str, str]]:
    """Names that a pattern binds, each with the property or element that it stands for; empty for the whole."""
    kind = pattern.type
    if kind in ("identifier", "shorthand_property_identifier_pattern"):
        yield text_of(pattern), key or (text_of(pattern) if kind.startswith("short") else "")
    elif kind in ("object_pattern", "array_pattern"):
        for place, item in enumerate(children(pattern)):
            if item.type == "pair_pattern":
                name, value = field_of(item, "key"), field_of(item, "value")
                if name is not None and value is not None:
                    yield from _leaves(value, text_of(name).strip("\"'"))
            else:
                yield from _leaves(item, str(place) if kind == "array_pattern" else "")
    elif kind in ("assignment_pattern", "object_assignment_pattern"):
        left = field_of(pattern, "left")
        if left is not None:
            yield from _leaves(left, key)
    elif kind == "rest_pattern":
        for item in children(pattern):
            yield from _leaves(item, "*")


def _note(node: Node, kind: str, scope: Scope, built: Built) -> None:
    handler = _HANDLERS.get(kind)
    if handler is not None:
        handler(node, scope, built)


def _note_call(node: Node, scope: Scope, built: Built) -> None:
    built.calls.append((node, scope))


def _note_declared(node: Node, scope: Scope, _: Built) -> None:
    value, name = field_of(node, "value"), field_of(node, "name")
    if value is not None and name is not None:
        _declare(name, value, scope)


def _note_assigned(node: Node, scope: Scope, built: Built) -> None:
    left, right = field_of(node, "left"), field_of(node, "right")
    if left is None or right is None:
        return
    if node.type == "assignment_expression":
        _assign(left, right, scope, built)
    elif left.type == "identifier":
        _rebind(left, right, scope)


def _note_loop(node: Node, scope: Scope, _: Built) -> None:
    left, right = field_of(node, "left"), field_of(node, "right")
    for leaf, _key in _leaves(left) if left is not None and right is not None else ():
        _bind(scope, leaf, Binding("part", right, scope, "*"))


def _note_returned(node: Node, scope: Scope, built: Built) -> None:
    for item in children(node)[:1]:
        built.returns.setdefault(scope.node.id, []).append((item, scope))


def _note_pair(node: Node, scope: Scope, built: Built) -> None:
    parts = children(node)
    if len(parts) == 2:
        built.pairs.append((parts[0], parts[1], scope))


def _note_field(node: Node, scope: Scope, built: Built) -> None:
    name, value = field_of(node, "name") or field_of(node, "property"), field_of(node, "value")
    if name is not None and value is not None and scope.owner is not None:
        built.fields.setdefault((scope.owner.id, text_of(name)), []).append((value, scope))


def _note_text(node: Node, scope: Scope, built: Built) -> None:
    built.texts.append((node, scope))


def _note_import(node: Node, scope: Scope, _: Built) -> None:
    source = field_of(node, "source")
    module = (string_of(source) or "").removeprefix("node:") if source is not None else ""
    for clause in node.named_children:
        for item in clause.named_children if clause.type == "import_clause" else ():
            _import(item, module, scope)


_HANDLERS: Final[dict[str, Callable[[Node, Scope, Built], None]]] = {
    "call_expression": _note_call, "new_expression": _note_call, "variable_declarator": _note_declared, "assignment_expression": _note_assigned, "augmented_assignment_expression": _note_assigned,
    "for_in_statement": _note_loop, "import_statement": _note_import, "return_statement": _note_returned, "pair": _note_pair, "jsx_attribute": _note_pair, "public_field_definition": _note_field,
    "field_definition": _note_field, "regex": _note_text, "template_string": _note_text,
}  # fmt: skip
"""By the kind of a node: what is written down of it."""


def _declare(name: Node, value: Node, scope: Scope) -> None:
    if name.type == "identifier":
        _bind(scope, text_of(name), Binding("value", value, scope))
        return
    called = field_of(value, "function") if value.type == "call_expression" else None
    leaves = list(_leaves(name))
    if called is not None and name.type == "array_pattern" and len(leaves) == 2 and text_of(called).rpartition(".")[2].startswith("use"):
        _bind(scope, leaves[0][0], Binding("state", value, scope, leaves[1][0]))
        _bind(scope, leaves[1][0], Binding("part", value, scope, "1"))
        return
    for leaf, key in leaves:
        _bind(scope, leaf, Binding("part", value, scope, key))


def _assign(left: Node, right: Node, scope: Scope, built: Built) -> None:
    if left.type == "identifier":
        _rebind(left, right, scope)
    elif left.type in ("object_pattern", "array_pattern"):
        for leaf, key in _leaves(left):
            _bind(scope, leaf, Binding("part", right, scope, key))
    else:
        built.stores.append((left, right, scope))
        target, name = field_of(left, "object"), field_of(left, "property")
        if target is not None and target.type == "this" and name is not None and scope.owner is not None:
            built.fields.setdefault((scope.owner.id, text_of(name)), []).append((right, scope))


def _rebind(left: Node, right: Node, scope: Scope) -> None:
    """An assignment to a name of the scope that declared it."""
    name = text_of(left)
    at: Scope | None = scope
    while at is not None and name not in at.names:
        at = at.outer
    _bind(at or scope, name, Binding("value", right, scope))


def _import(item: Node, module: str, scope: Scope) -> None:
    """One part of an import: the default, a namespace, or names."""
    if item.type == "identifier":
        _bind(scope, text_of(item), Binding("import", None, scope, module))
    elif item.type == "namespace_import":
        _bind(scope, text_of(children(item)[0]), Binding("import", None, scope, module))
    elif item.type == "named_imports":
        for one in children(item):
            name, alias = field_of(one, "name"), field_of(one, "alias")
            if name is not None:
                _bind(scope, text_of(alias or name), Binding("import", None, scope, f"{module}.{text_of(name)}"))
