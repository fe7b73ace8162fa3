"""Core ML specifications: known fields, no custom layers or custom models, no linked or external files outside of the package."""

from __future__ import annotations

import re

from troth.formats.protobuf import fields, text
from troth.formats.source import Source
from troth.formats.verdict import INERT, Budget, Judgement, Refusal

__all__ = ["looks_like_coreml", "read_coreml"]

_TYPES = {200, 201, 202, 300, 301, 302, 303, 304, 400, 401, 402, 403, 404, 500, 501, 502, 600, 601, 602, 603, 604, 606, 607, 608, 609, 610, 900, 2000, 2001, 2002, 2003, 2004, 2005, 2006, 3000}
_NETWORKS = (303, 403, 500)
_PIPELINES = (200, 201, 202)
_CUSTOM_LAYER = 500
_PROGRAM = 502


def looks_like_coreml(source: Source) -> bool:
    """Whether the file is a specification: a version, a description, one model."""
    try:
        numbers = [field.number for field in fields(source, 64)]
    except Refusal:
        return False
    return len(numbers) >= 3 and numbers[0] == 1 and 2 in numbers and any(number in _TYPES | {555, 556, 560} for number in numbers)


def read_coreml(source: Source, budget: Budget) -> Judgement:
    """Prove a specification, with the models of its pipelines."""
    _model(source, 0)
    return Judgement("coreml", INERT, (), min(source.size, budget.memory))


def _pipeline(body: Source, wrapped: bool, depth: int) -> None:
    for field in fields(body):
        if field.number != 1 or field.wire != 2:
            continue
        if wrapped:
            _pipeline(field.body, False, depth)
        else:
            _model(field.body, depth + 1)


def _model(source: Source, depth: int) -> None:
    if depth > 8:
        raise Refusal("nesting", "pipelines inside pipelines inside ...", source.start)
    seen = 0
    for field in fields(source):
        if field.number in (555, 556):
            raise Refusal("custom-code", "a custom or linked model, whose class the loading program brings", field.at)
        if field.number not in _TYPES | {1, 2, 10}:
            raise Refusal("coreml", f"a model of unknown kind {field.number}", field.at)
        seen += field.number in _TYPES
        if field.number in _NETWORKS:
            _network(field.body)
        elif field.number == _PROGRAM:
            _program(field.body)
        elif field.number in _PIPELINES:
            _pipeline(field.body, field.number != _PIPELINES[-1], depth)
    if not seen:
        raise Refusal("coreml", "no model in the specification", source.start)


_BLOB = re.compile(r"@model_path/[\w.+-]{1,255}(?:/[\w.+-]{1,255}){0,8}\Z")
_MESSAGES = {
    "program": {2: "function entry", 4: "value entry"}, "function entry": {2: "function"}, "function": {3: "block entry", 4: "value entry"}, "block entry": {2: "block"}, "block": {3: "operation", 4: "value entry"},
    "operation": {2: "argument entry", 4: "block", 5: "value entry"}, "argument entry": {2: "argument"}, "argument": {1: "binding"}, "binding": {2: "value"}, "value entry": {2: "value"}, "value": {3: "immediate", 5: "blob"}, "immediate": {2: "values", 3: "values", 4: "pairs"}, "values": {1: "value"}, "pairs": {1: "pair"}, "pair": {1: "value", 2: "value"},
}  # fmt: skip
"""Where values lie in a program: message -> field -> message."""


def _program(body: Source, kind: str = "program", depth: int = 0) -> None:
    """Constants that lie in files: beside the model only."""
    if depth > 120:
        raise Refusal("nesting", "blocks inside blocks inside ...", body.start)
    for field in fields(body):
        inner = _MESSAGES.get(kind, {}).get(field.number)
        if kind == "blob" and field.number == 1:
            name = text(field)
            if not _BLOB.match(name) or ".." in name.split("/"):
                raise Refusal("foreign-path", f"a constant lies outside of the model: {name[:120]!r}", field.at, name[:200])
        elif inner is not None and field.wire == 2:
            _program(field.body, inner, depth + 1)


def _network(body: Source) -> None:
    for layer in fields(body):
        if layer.number != 1:
            continue
        for part in fields(layer.body):
            if part.number == _CUSTOM_LAYER and part.wire == 2:
                name = next((text(inner) for inner in fields(part.body) if inner.number == 10), "")
                raise Refusal("custom-code", f"a custom layer {name[:80]!r}, whose class the loading program brings", part.at, name[:200])
