"""One parsed Rust file: its calls and macros outside of tests, and what names and arguments are worth.

Rust's types do most of what scopes would: a path such as `Command::new` is taken at its word, and names are followed through `let` and `const` of the file by their name alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

from troth.engines.code.grown.syntax import Node, children, inside, line_of, parents, text_of, unwrapped
from troth.engines.code.grown.syntax import field as field_of

__all__ = ["Called", "RustFile", "function_of"]

_TEST: Final = re.compile(rb"#\[(?:cfg\(\s*(?:any\(|all\()?\s*test|test\b|tokio::test|\w+::test)")
_STRINGS: Final = frozenset(("string_literal", "raw_string_literal"))
_FORMAT: Final = re.compile(r'format!\s*[(\[{]\s*r?#*"((?:[^"\\]|\\.|"(?!#*\s*[,)\]}]))*)"#*\s*,?', re.DOTALL)
"""A `format!` up to the end of its text."""
_SAME: Final = frozenset(("to_string", "to_owned", "into", "as_str", "clone", "as_ref", "to_string_lossy", "as_os_str", "unwrap", "expect", "trim"))
"""Methods whose result is what they are called on, as far as text goes."""


@dataclass(frozen=True, slots=True)
class Called:
    """One call: its node, the path or method name as written without type arguments, what a method is called on, and the arguments."""

    node: Node
    name: str
    receiver: Node | None
    arguments: tuple[Node, ...]

    @property
    def line(self) -> int:
        """The line of the name: of a method in a chain, its own."""
        function = field_of(self.node, "function")
        named = field_of(function, "field") if function is not None and function.type == "field_expression" else None
        return line_of(named or self.node)


@dataclass
class RustFile:
    """A parsed file, asked by rules."""

    path: str
    text: str
    root: Node
    nodes: list[Node] = field(default_factory=list, repr=False)

    def __post_init__(self) -> None:
        """Gather the nodes that are no test's, once."""
        self.nodes = list(_outside_tests(self.root))

    @cached_property
    def calls(self) -> tuple[Called, ...]:
        """All calls, in the order of the source."""
        return tuple(_called(node) for node in self.nodes if node.type == "call_expression")

    def paths(self, *ends: str) -> Iterator[Called]:
        """Calls of a path that ends in any of the given: `Command::new`."""
        return (call for call in self.calls if call.receiver is None and any(call.name == end or call.name.endswith(f"::{end}") for end in ends))

    def methods(self, *names: str) -> Iterator[Called]:
        """Calls of a method with any of the names."""
        return (call for call in self.calls if call.receiver is not None and call.name in names)

    @cached_property
    def bound(self) -> dict[str, list[Node]]:
        """By a name: what `let`, `const` and `static` of the file give it."""
        table: dict[str, list[Node]] = {}
        for node in self.nodes:
            if node.type in ("let_declaration", "const_item", "static_item"):
                name, value = field_of(node, "pattern") or field_of(node, "name"), field_of(node, "value")
                if name is not None and value is not None:
                    table.setdefault(text_of(name).removeprefix("mut "), []).append(value)
        return table

    def is_fixed(self, node: Node, depth: int = 0) -> bool:
        """Whether an expression is a text or number that is written in the file."""
        node = unwrapped(node)
        if node.type in _STRINGS or node.type in ("integer_literal", "char_literal", "boolean_literal", "float_literal"):
            return True
        if node.type == "identifier" and depth < 4:
            values = [value for value in self.bound.get(text_of(node), ()) if _reaches(value, node)]
            return bool(values) and all(self.is_fixed(value, depth + 1) for value in values)
        if node.type in ("array_expression", "tuple_expression"):
            return all(self.is_fixed(item, depth + 1) for item in children(node))
        if node.type == "call_expression":
            call = _called(node)
            return call.receiver is not None and call.name in _SAME and self.is_fixed(call.receiver, depth + 1)
        if node.type == "macro_invocation":
            return text_of(node).startswith(("concat!", "env!", "include_str!", "stringify!")) or (text_of(node).startswith("format!") and not self.formatted(node))
        return False

    def formatted(self, node: Node) -> list[str]:
        """Names and expressions that `format!` puts into a text, those that are fixed left out; of a name, what it is bound to."""
        node = unwrapped(node)
        if node.type == "identifier":
            values = [value for value in self.bound.get(text_of(node), ()) if _reaches(value, node)]
            return [item for value in values[:4] for item in self.formatted(value)] if values else []
        if node.type == "call_expression":
            call = _called(node)
            return self.formatted(call.receiver) if call.receiver is not None and call.name in _SAME else []
        if node.type != "macro_invocation" or not text_of(node).startswith("format!"):
            return []
        written = text_of(node)
        told = _FORMAT.match(written)
        named = re.findall(r"(?<!\{)\{([A-Za-z_]\w*)", told.group(1) if told is not None else "")
        given = _parts(written[told.end() : -1]) if told is not None else []
        return [item for item in (*named, *given) if not self._fixed_name(item.rpartition("=")[2].strip().lstrip("&"), node)]

    def _fixed_name(self, name: str, near: Node) -> bool:
        if re.fullmatch(r"[A-Z][A-Z0-9_]*|\d+|\"[^\"]*\"", name):
            return True
        values = [value for value in self.bound.get(name, ()) if _reaches(value, near)]
        return bool(values) and all(self.is_fixed(value, 1) for value in values)


def _parts(text: str) -> list[str]:
    """What stands between the commas of a macro's arguments, brackets and texts kept whole."""
    parts, depth, start, quoted = [], 0, 0, False
    for at, letter in enumerate(text):
        if letter == '"' and text[at - 1 : at] != "\\":
            quoted = not quoted
        elif not quoted and letter in "([{":
            depth += 1
        elif not quoted and letter in ")]}":
            depth -= 1
        elif letter == "," and not quoted and depth == 0:
            parts.append(text[start:at])
            start = at + 1
    return [item for part in (*parts, text[start:]) if (item := part.strip())]


def _reaches(value: Node, node: Node) -> bool:
    """Whether a binding can be what a name stands for: it stands at the top, or in the same function."""
    function = function_of(value)
    return function is None or function == function_of(node)


def function_of(node: Node) -> Node | None:
    """The function around a node."""
    return inside(node, "function_item")


def name_of_function(node: Node) -> str:
    """How the function around a node is called; empty at the top."""
    function = function_of(node)
    name = field_of(function, "name") if function is not None else None
    return text_of(name) if name is not None else ""


def chain(node: Node) -> Iterator[Node]:
    """The calls of a chain that a call stands in, from itself outwards: `a().b().c()`."""
    at = node
    for parent in parents(node):
        if parent.type == "call_expression" and field_of(parent, "function") is not None and field_of(parent, "function") == at:
            yield parent
        elif parent.type not in ("field_expression", "await_expression", "try_expression"):
            return
        at = parent


def _called(node: Node) -> Called:
    function = field_of(node, "function")
    listed = field_of(node, "arguments")
    arguments = tuple(children(listed)) if listed is not None else ()
    if function is not None and function.type == "generic_function":
        function = field_of(function, "function")
    if function is not None and function.type == "field_expression":
        name, receiver = field_of(function, "field"), field_of(function, "value")
        return Called(node, text_of(name) if name is not None else "", receiver, arguments)
    return Called(node, re.sub(r"::<[^>]*>", "", text_of(function)) if function is not None else "", None, arguments)


def _outside_tests(root: Node) -> Iterator[Node]:
    """All nodes of a file but those of tests."""
    pending = [root]
    while pending:
        node = pending.pop()
        yield node
        test = False
        kept = []
        for child in node.named_children:
            if child.type == "attribute_item":
                test = test or bool(_TEST.match(child.text))
            elif "comment" in child.type:
                continue
            elif test:
                test = False
            else:
                kept.append(child)
        pending.extend(reversed(kept))
