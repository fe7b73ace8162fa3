"""TensorFlow SavedModel: every operator of every graph and function is on a list of operators that only compute.

A SavedModel is a program for TensorFlow's runtime; operators that reach files, Python or the network are not on the list, and neither is what is unknown.
"""

from __future__ import annotations

import re

from troth.formats.protobuf import Field, fields, text
from troth.formats.source import Source
from troth.formats.tf_operators import operators
from troth.formats.tf_places import SINKS, body_of, check_places
from troth.formats.verdict import INERT, Budget, Judgement, Refusal

__all__ = ["looks_like_graph", "looks_like_saved_model", "read_companion", "read_graph", "read_saved_model"]

_OPERATOR_NAME = re.compile(r"[A-Z][A-Za-z0-9]*\Z")
_SMALL = 4096


def looks_like_saved_model(source: Source) -> bool:
    """Whether the file is a message of field 1 = 1 and field 2 = graphs."""
    try:
        seen = [(field.number, field.wire, field.value) for field in fields(source, 64)]
    except Refusal:
        return False
    return bool(seen) and seen[0] == (1, 0, 1) and all(number == 2 and wire == 2 for number, wire, _ in seen[1:]) and len(seen) > 1


def read_saved_model(source: Source, budget: Budget) -> Judgement:  # noqa: ARG001
    """Prove a `saved_model.pb`."""
    counted = 0
    for field in fields(source):
        if field.number != 2:
            continue
        for inner in fields(field.body):
            if inner.number == 2:
                counted += _graph(inner.body)
            elif inner.number == 7:
                _objects(inner.body)
            elif inner.number == 6:
                _asset(inner)
    return Judgement("tf-savedmodel", INERT, (), 0, counted)


def looks_like_graph(source: Source) -> bool:
    """Whether the file is a bare graph (`frozen_graph.pb`): nodes of a name and an operator, perhaps a library and versions."""
    try:
        first = next(iter(fields(source)))
        parts = [part.number for part in fields(first.body, 4096)] if first.number == 1 and first.wire == 2 else []
    except (Refusal, StopIteration):
        return False
    return parts[:2] == [1, 2]


def read_graph(source: Source, budget: Budget) -> Judgement:  # noqa: ARG001
    """Prove a bare graph."""
    return Judgement("tf-graph", INERT, (), 0, _graph(source))


def read_companion(source: Source, name: str) -> Judgement | None:
    """What lies beside a SavedModel: its fingerprint (numbers and a uuid), and Keras' metadata (settings of layers); None where it is neither."""
    if name == "keras_metadata.pb":
        for field in fields(source):
            if field.number == 1:
                _user_object(field, 4)
        return Judgement("keras-metadata", INERT)
    if name != "fingerprint.pb" or source.size > _SMALL:
        return None
    for field in fields(source, 16):
        if field.number > 7 or (field.wire == 2 and field.body.size > 128):
            raise Refusal("fingerprint", f"a fingerprint has no field {field.number}", field.at)
    return Judgement("tf-fingerprint", INERT)


def _bodies(body: Source, own: dict[str, int]) -> list[tuple[str, list[str], list[Field]]]:
    """(name, arguments, nodes) of the graph, and of each function of its library, whose names go into `own`."""
    bodies: list[tuple[str, list[str], list[Field]]] = [("", [], [field for field in fields(body) if field.number == 1])]
    for field in fields(body):
        for function in fields(field.body) if field.number == 2 else ():
            if function.number == 1:
                bodies.append(_function(function, own))
    return bodies


def _graph(body: Source) -> int:
    nodes: list[tuple[str, int]] = []
    own: dict[str, int] = {}
    bodies = _bodies(body, own)
    for _, _, inside in bodies:
        nodes += [_node(node) for node in inside]
    if not SINKS.keys().isdisjoint(name for name, _ in nodes):
        check_places([body_of(*one) for one in bodies])
    for name, at in own.items():
        if _OPERATOR_NAME.match(name) and name not in operators():
            raise Refusal("function-shadows", f"a function under the name of an operator: {name[:80]}", at, name[:200])
    for name, at in nodes:
        if name not in operators() and name not in own and name not in SINKS:
            raise Refusal("operator-not-allowed", f"the operator {name[:80]} may do more than compute", at, name[:200])
    return len(nodes)


def _function(function: Field, own: dict[str, int]) -> tuple[str, list[str], list[Field]]:
    nodes: list[Field] = []
    arguments: list[str] = []
    label = ""
    for part in fields(function.body):
        if part.number == 1:
            for inner in fields(part.body):
                if inner.number == 1:
                    label = text(inner)
                    own[label] = inner.at
                elif inner.number == 2:
                    arguments += [text(name) for name in fields(inner.body) if name.number == 1]
        elif part.number == 3:
            nodes.append(part)
    return label, arguments, nodes


def _node(node: Field) -> tuple[str, int]:
    for field in fields(node.body):
        if field.number == 2:
            return text(field), node.at
    return "", node.at


def _objects(body: Source) -> None:
    for field in fields(body):
        if field.number != 1:
            continue
        for part in fields(field.body):
            if part.number == 4 and part.wire == 2:
                _user_object(part)


def _user_object(field: Field, number: int = 3) -> None:
    from troth.formats.keras import check_config
    from troth.formats.structured import parse_json

    for part in fields(field.body):
        if part.number in (number, 3) and part.wire == 2 and part.body.size:
            metadata = text(part, 16 << 20).lstrip()
            if metadata.startswith("{"):
                check_config(parse_json(metadata.encode()), "metadata")


def _asset(field: Field) -> None:
    for part in fields(field.body):
        if part.number == 2:
            name = text(part)
            if name.startswith("/") or ".." in name.replace("\\", "/").split("/") or ":" in name:
                raise Refusal("foreign-path", f"an asset outside of the model: {name[:120]!r}", field.at, name[:200])
