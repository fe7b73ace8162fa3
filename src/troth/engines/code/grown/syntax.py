"""Nodes of tree-sitter as the code rules use them. The library carries no types where it is not installed, so a node is `Any` here."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

__all__ = ["Node", "children", "field", "inside", "line_of", "parents", "text_of", "unwrapped", "walk"]

Node = Any
"""A node of a syntax tree."""
_WRAPS: Final = frozenset((
    "parenthesized_expression", "await_expression", "as_expression", "satisfies_expression", "non_null_expression", "type_assertion", "reference_expression", "try_expression",
))  # fmt: skip
"""Nodes that are worth what stands in them."""


def text_of(node: Node) -> str:
    """The source of a node."""
    return str(node.text.decode("utf-8", "replace"))


def line_of(node: Node) -> int:
    """The line on which a node begins, from 1."""
    return int(node.start_point[0]) + 1


def field(node: Node, name: str) -> Node | None:
    """A named child; None where there is none."""
    return node.child_by_field_name(name)


def children(node: Node) -> list[Node]:
    """Named children, comments left out."""
    return [child for child in node.named_children if "comment" not in child.type]


def unwrapped(node: Node) -> Node:
    """What a node is worth: brackets, `await`, casts, `&` and `?` taken away."""
    while node.type in _WRAPS:
        inner = field(node, "value") or next(iter(children(node)), None)
        if inner is None:
            break
        node = inner
    return node


def walk(node: Node) -> Iterator[Node]:
    """A node and all named nodes below it, in the order of the source."""
    pending = [node]
    while pending:
        at = pending.pop()
        yield at
        pending.extend(reversed(at.named_children))


def parents(node: Node) -> Iterator[Node]:
    """Nodes around one, from the nearest."""
    at = node.parent
    while at is not None:
        yield at
        at = at.parent


def inside(node: Node, *kinds: str) -> Node | None:
    """The nearest node of some kinds around one."""
    return next((at for at in parents(node) if at.type in kinds), None)
