"""Core ML specifications: known fields, no custom layers or custom models, no linked or external files outside of the package."""

from __future__ import annotations

from troth.formats.protobuf import fields, text
from troth.formats.source import Source
from troth.formats.verdict import INERT, Budget, Judgement, Refusal

__all__ = ["looks_like_coreml", "read_coreml"]

_TYPES = {200, 201, 202, 300, 301, 302, 303, 304, 400, 401, 402, 403, 404, 500, 501, 502, 600, 601, 602, 603, 604, 606, 607, 608, 609, 610, 900, 2000, 2001, 2002, 2003, 2004, 2005, 2006, 3000}
_NETWORKS = (303, 403, 500)
_PIPELINES = (200, 201, 202)
_CUSTOM_LAYER = 500


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
        elif field.number in _PIPELINES:
            _pipeline(field.body, field.number != _PIPELINES[-1], depth)
    if not seen:
        raise Refusal("coreml", "no model in the specification", source.start)


def _network(body: Source) -> None:
    for layer in fields(body):
        if layer.number != 1:
            continue
        for part in fields(layer.body):
            if part.number == _CUSTOM_LAYER and part.wire == 2:
                name = next((text(inner) for inner in fields(part.body) if inner.number == 10), "")
                raise Refusal("custom-code", f"a custom layer {name[:80]!r}, whose class the loading program brings", part.at, name[:200])
