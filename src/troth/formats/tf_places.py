"""Where the graphs of a SavedModel read and write files: only at a place that the loading program hands in, or at a plain name beside it.

The place is followed backwards from each operator on files, through operators that keep its beginning, and out of functions to all who call them. Whatever else makes a
text (a separator, a replacement, a default that is a path) could name any file.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from troth.formats.protobuf import Field, fields, text
from troth.formats.verdict import Refusal

__all__ = ["SINKS", "Body", "body_of", "check_places"]

SINKS: Final = {"SaveV2": (0,), "RestoreV2": (0,), "MergeV2Checkpoints": (0, 1), "InitializeTableFromTextFile": (1,), "InitializeTableFromTextFileV2": (1,)}
"""Operator on files -> inputs that are places. A vocabulary is a file that came with the model: its place is handed in as that of an asset."""
_KEEP: Final = frozenset(("Identity", "Reshape", "ExpandDims", "Squeeze", "StringJoin", "ShardedFilename", "StridedSlice", "Slice", "Unpack", "Fill"))
"""Operators whose result begins as their first input does (`Fill`: its second)."""
_ALL: Final = frozenset(("Pack", "ConcatV2", "Select", "SelectV2", "IdentityN"))
_PLAIN: Final = re.compile(rb"[\w.-]{1,255}\Z")
_AFTER: Final = re.compile(rb"[\w.%-]{0,255}(?:/[\w.%-]{1,255}){0,4}/?\Z")
_BRANCHES: Final = frozenset(("If", "StatelessIf", "Case", "StatelessCase"))
_CALLS: Final = frozenset(("PartitionedCall", "StatefulPartitionedCall", "While", "StatelessWhile"))
_DEPTH: Final = 200


class Node(NamedTuple):
    """One operator: what it is, its data inputs, functions that it names, texts that it holds, its separator, and its byte."""

    operator: str
    inputs: tuple[str, ...]
    calls: tuple[str, ...]
    held: tuple[bytes, ...]
    separator: bytes
    at: int


class Body(NamedTuple):
    """A graph or a function: names of its arguments in order, its operators by name."""

    name: str
    arguments: tuple[str, ...]
    nodes: dict[str, Node]


def body_of(name: str, arguments: list[str], nodes: list[Field]) -> Body:
    """What is needed of one graph or function."""
    found = {}
    for field in nodes:
        label, node = _node(field)
        found[label] = node
    return Body(name, tuple(arguments), found)


def _node(field: Field) -> tuple[str, Node]:
    label = operator = ""
    inputs: list[str] = []
    calls: list[str] = []
    held: list[bytes] = []
    separator = b""
    for part in fields(field.body):
        if part.number == 1:
            label = text(part)
        elif part.number == 2:
            operator = text(part)
        elif part.number == 3:
            inputs.append(text(part))
        elif part.number == 5 and part.wire == 2:
            key, value = _attribute(part)
            for inner in fields(value.body) if value is not None else ():
                if inner.number == 2 and key == "separator":
                    separator = inner.body.whole(4096)
                elif inner.number in (10, 1) and inner.wire == 2:
                    calls += _functions(inner)
                elif inner.number == 8 and key == "value" and operator == "Const":
                    held += [one.body.whole(1 << 20) for one in fields(inner.body) if one.number == 8 and one.wire == 2]
    data = tuple(one.split(":", 1)[0] for one in inputs if not one.startswith("^"))
    return label, Node(operator, data, tuple(calls), tuple(held), separator, field.at)


def _attribute(field: Field) -> tuple[str, Field | None]:
    key, value = "", None
    for part in fields(field.body):
        if part.number == 1:
            key = text(part)
        elif part.number == 2 and part.wire == 2:
            value = part
    return key, value


def _functions(field: Field) -> list[str]:
    """Names of functions in an attribute: a function itself (10), or those of a list (1.9)."""
    if field.number == 10:
        return [text(part) for part in fields(field.body) if part.number == 1]
    return [text(part) for inner in fields(field.body) if inner.number == 9 and inner.wire == 2 for part in fields(inner.body) if part.number == 1]


def check_places(bodies: list[Body]) -> None:
    """Refuse graphs that name a place of files themselves.

    Raises:
        Refusal: `foreign-path`, with the byte of the operator.
    """
    needed: set[tuple[str, int]] = set()
    for body in bodies:
        for node in body.nodes.values():
            for index in SINKS.get(node.operator, ()):
                needed |= _follow(body, node, index)
    done: set[tuple[str, int]] = set()
    while needed - done:
        function, index = min(needed - done)
        done.add((function, index))
        for body in bodies:
            for node in body.nodes.values():
                if function == node.operator or function in node.calls:
                    if node.operator not in _CALLS | _BRANCHES | {function}:
                        _foreign(node)
                    needed |= _follow(body, node, index + (node.operator in _BRANCHES))


def _foreign(node: Node) -> None:
    raise Refusal("foreign-path", f"files are read or written at a place that the graph names itself ({node.operator[:60]})", node.at, node.operator[:200])


def _follow(body: Body, node: Node, index: int) -> set[tuple[str, int]]:
    """Arguments of the body that an input stands for."""
    if index >= len(node.inputs):
        _foreign(node)
    needed: set[tuple[str, int]] = set()
    _trace(body, node.inputs[index], node, needed, 0)
    return needed


def _trace(body: Body, name: str, user: Node, needed: set[tuple[str, int]], depth: int) -> None:
    if name in body.arguments:
        needed.add((body.name, body.arguments.index(name)))
        return
    node = body.nodes.get(name)
    if node is None or depth > _DEPTH:
        _foreign(user)
        return
    if node.operator in _SOURCES:
        _source(body, node, needed, depth + 1)
    elif node.operator in _KEEP and node.inputs:
        first = 1 if node.operator == "Fill" and len(node.inputs) > 1 else 0
        _trace(body, node.inputs[first], node, needed, depth + 1)
        if node.operator == "StringJoin" and (node.separator not in (b"", b"/") or not all(_behind(body, one, 0) for one in node.inputs[1:])):
            _foreign(node)
    elif node.operator in _ALL and node.inputs:
        for one in node.inputs[1:] if node.operator in ("Select", "SelectV2") else node.inputs[:-1] if node.operator == "ConcatV2" else node.inputs:
            _trace(body, one, node, needed, depth + 1)
    else:
        _foreign(node)


_SOURCES: Final = frozenset(("Placeholder", "Const", "PlaceholderWithDefault", "ReadVariableOp"))


def _source(body: Body, node: Node, needed: set[tuple[str, int]], depth: int) -> None:
    """Where a place can come from: the loading program, a plain name, a default for it, a variable that holds one of these."""
    if node.operator == "Const" and not all(_PLAIN.match(one) and one != b".." for one in node.held):
        _foreign(node)
    if node.operator in ("PlaceholderWithDefault", "ReadVariableOp"):
        if not node.inputs:
            _foreign(node)
        follow = _default if node.operator == "PlaceholderWithDefault" else _assigned
        follow(body, node.inputs[0], node, needed, depth)


def _default(body: Body, name: str, user: Node, needed: set[tuple[str, int]], depth: int) -> None:
    """What stands for a place until one is handed in: a plain name, or another such default."""
    node = body.nodes.get(name)
    if node is None or node.operator not in ("Const", "PlaceholderWithDefault"):
        _foreign(user)
    _trace(body, name, user, needed, depth)


def _assigned(body: Body, variable: str, user: Node, needed: set[tuple[str, int]], depth: int) -> None:
    """A variable holds a place (that of an asset): every value that the graph gives it must be handed in."""
    given = [node for node in body.nodes.values() if node.operator == "AssignVariableOp" and len(node.inputs) > 1 and node.inputs[0] == variable]
    if not given:
        _foreign(user)
    for node in given:
        _trace(body, node.inputs[1], node, needed, depth)


def _behind(body: Body, name: str, depth: int) -> bool:
    """Whether what stands behind the place stays below it."""
    node = body.nodes.get(name)
    if node is None or depth > _DEPTH:
        return False
    if node.operator == "Const":
        return all(_AFTER.match(one.removeprefix(b"/")) and b".." not in one and one != b"." for one in node.held)
    if node.operator in ("Select", "SelectV2"):
        return all(_behind(body, one, depth + 1) for one in node.inputs[1:])
    return node.operator in ("Identity", "AsString") and bool(node.inputs) and (node.operator == "AsString" or _behind(body, node.inputs[0], depth + 1))
