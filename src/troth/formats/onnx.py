"""ONNX: operators of the standard's domains or of the model's own functions, tensors whose bytes match their shape, external data beside the model only."""

from __future__ import annotations

import math
import re

from troth.formats.protobuf import Field, fields, text
from troth.formats.source import Source
from troth.formats.verdict import INERT, Budget, Judgement, Refusal

__all__ = ["looks_like_onnx", "read_onnx"]

_DOMAINS = frozenset(("", "ai.onnx", "ai.onnx.ml", "ai.onnx.training", "ai.onnx.preview.training", "ai.onnx.preview", "com.microsoft", "com.microsoft.nchwc", "pkg.onnxscript.torch_lib", "pkg.onnxscript.torch_lib.common"))
_SIZES = {1: 4, 2: 1, 3: 1, 4: 2, 5: 2, 6: 4, 7: 8, 9: 1, 10: 2, 11: 8, 12: 4, 13: 8, 14: 8, 15: 16, 16: 2, 17: 1, 18: 1, 19: 1, 20: 1, 24: 1}
_PACKED = {21: 2, 22: 2, 23: 2, 25: 4, 26: 4}
_LOCATION = re.compile(r"[A-Za-z0-9_.+=@ -]{1,255}(?:/[A-Za-z0-9_.+=@ -]{1,255}){0,8}\Z")
_FILLS = {"ConstantOfShape": 1, "Expand": 2, "Tile": 2}
"""Operator that fills -> which input is the shape."""
_NATIVE = frozenset(("PyOp", "PyCustomOp", "PythonOp", "PythonOpGrad", "ATen", "ATenOp", "YieldOp", "CustomGradOp", "ExternalOp", "EPContext"))
"""Operators of known domains that leave the graph: they run Python, a shared library or a compiled context."""


class _Model:
    def __init__(self, budget: Budget) -> None:
        self.budget = budget
        self.memory = self.tensors = 0
        self.used: list[tuple[str, str, int]] = []
        self.external: list[str] = []
        self.shapes: list[tuple[str, str, int]] = []
        self.small: dict[str, int] = {}


def looks_like_onnx(source: Source) -> bool:
    """Whether the file opens with fields of a model: a version, then a producer, a domain, a graph or an opset."""
    try:
        seen: dict[int, int] = {}
        for count, field in enumerate(fields(source, 64)):
            seen[field.number] = field.wire
            if field.number > 25 or count > 40:
                return False
        return seen.get(1) == 0 and seen.get(7) == 2 and set(seen) <= {1, 2, 3, 4, 5, 6, 7, 8, 14, 20, 25}
    except Refusal:
        head = source.head(32)
        return len(head) > 2 and head[:1] == b"\x08" and 1 <= head[1] <= 20 and head[2:3] in (b"\x12", b"\x3a", b"\x42") and any(
            word in source.head(256) for word in (b"pytorch", b"onnx", b"ONNX", b"keras2onnx", b"skl2onnx", b"tf2onnx")
        )


def read_onnx(source: Source, budget: Budget) -> Judgement:
    """Prove a model."""
    model, own = _Model(budget), set()
    domains: set[str] = set()
    calls: dict[tuple[str, str], set[tuple[str, str]]] = {}
    for field in fields(source):
        if field.number == 7 and field.wire == 2:
            _graph(model, field.body, 0)
        elif field.number == 25:
            before = len(model.used)
            label = _function(model, field.body)
            calls[label] = {(domain, name) for domain, name, _ in model.used[before:]}
            own.add(label)
        elif field.number == 8:
            domains.update(text(inner) for inner in fields(field.body) if inner.number == 1)
        elif field.number == 20 and field.wire == 2:
            _training(model, field.body)
        elif field.number not in (1, 2, 3, 4, 5, 6, 14):
            raise Refusal("onnx-field", f"a model has no field {field.number}", field.at)
    _bounded(model)
    _acyclic(calls)
    for domain, name, at in model.used:
        if (domain, name) not in own and (domain not in _DOMAINS or name in _NATIVE):
            raise Refusal("custom-operator", f"the operator {domain}.{name} is code that the model does not hold", at, f"{domain}.{name}"[:200])
    if model.memory > budget.memory:
        raise Refusal("budget-memory", f"loading would allocate {model.memory} bytes; the limit is {budget.memory}")
    return Judgement("onnx", INERT, (), model.memory, model.tensors)


def _acyclic(calls: dict[tuple[str, str], set[tuple[str, str]]]) -> None:
    """Refuse functions that come back to themselves: readers write them out in the place of their calls."""
    for start in calls:
        seen: set[tuple[str, str]] = set()
        todo = [start]
        while todo:
            for inner in calls.get(todo.pop(), set()) - seen:
                if inner == start:
                    raise Refusal("nesting", "a function that calls itself", None, ".".join(inner)[:200])
                seen.add(inner)
                todo.append(inner)


_FILLED = 1 << 31
_DENSE = 1 << 40
"""Elements that a sparse tensor may stand for."""


def _bounded(model: _Model) -> None:
    """Refuse constants that a reader computes while it loads the model (`ConstantOfShape` of a shape that is written down), where they are larger than any."""
    for operator, given, at in model.shapes:
        count = model.small.get(given, 0)
        if count > _FILLED:
            raise Refusal("budget-memory", f"{operator} makes {count} elements of a constant while the model is loaded", at, given[:200])


def _training(model: _Model, body: Source) -> None:
    """Graphs of training: initialization and algorithm."""
    for part in fields(body):
        if part.number in (1, 2) and part.wire == 2:
            _graph(model, part.body, 0)


def _function(model: _Model, body: Source) -> tuple[str, str]:
    name = domain = ""
    for field in fields(body):
        if field.number == 1:
            name = text(field)
        elif field.number == 10:
            domain = text(field)
        elif field.number == 7:
            _node(model, field, 1)
    return domain, name


def _graph(model: _Model, body: Source, depth: int) -> None:
    if depth > 32:
        raise Refusal("nesting", "graphs inside graphs inside ...", body.start)
    for field in fields(body):
        if field.number == 1:
            _node(model, field, depth)
        elif field.number == 5:
            _tensor(model, field)
        elif field.number == 15:
            for inner in fields(field.body):
                if inner.number in (1, 2):
                    _tensor(model, inner)
            dense = math.prod(max(size, 1) for inner in fields(field.body) if inner.number == 3 for size in _numbers(inner))
            if dense > _DENSE:
                raise Refusal("tensor-bounds", f"a sparse tensor that stands for {dense} elements", field.at)


def _node(model: _Model, node: Field, depth: int) -> None:
    name = domain = ""
    inputs: list[str] = []
    for field in fields(node.body):
        if field.number == 4:
            name = text(field)
        elif field.number == 7:
            domain = text(field)
        elif field.number == 1:
            inputs.append(text(field))
        elif field.number == 5:
            for part in fields(field.body):
                if part.number in (5, 10) and part.wire == 2:
                    _tensor(model, part)
                elif part.number in (6, 11) and part.wire == 2:
                    _graph(model, part.body, depth + 1)
    if name in _FILLS and len(inputs) >= _FILLS[name]:
        model.shapes.append((name, inputs[_FILLS[name] - 1], node.at))
    model.used.append((domain, name, node.at))


def _numbers(field: Field) -> list[int]:
    if field.wire == 0:
        return [field.value]
    found, pos, data = [], 0, field.body.whole(4096, "shape")
    while pos < len(data):
        value = shift = 0
        while pos < len(data) and shift < 70:
            value |= (data[pos] & 0x7F) << shift
            shift += 7
            pos += 1
            if data[pos - 1] < 0x80:
                break
        found.append(value)
    return found


_FEW = 512


class _Tensor:
    """What is read of one tensor."""

    def __init__(self, tensor: Field) -> None:
        self.at, self.kind, self.raw, self.name, self.external, self.typed = tensor.at, 0, -1, "", False, 0
        self.texts = 0
        self.bytes = b""
        self.words: list[int] = []
        self.dims: list[int] = []
        self.entries: dict[str, str] = {}
        for field in fields(tensor.body):
            self.read(field)

    def read(self, field: Field) -> None:
        match field.number:
            case 1:
                self.dims.extend(_numbers(field))
            case 2:
                self.kind = field.value
            case 8:
                self.name = text(field)
            case 9:
                self.raw = field.body.size
                self.bytes = field.body.whole(_FEW) if field.body.size <= _FEW else b""
            case 13:
                self.entry(field)
            case 14:
                self.external = field.value == 1
            case 6:
                self.texts += 1
            case 4 | 5 | 7 | 10 | 11:
                if field.number == 7 and (field.wire == 0 or field.body.size <= _FEW):
                    self.words += _numbers(field)
                self.typed += field.body.size if field.wire == 2 else 8

    def entry(self, field: Field) -> None:
        key, value = "", ""
        for part in fields(field.body):
            key, value = (text(part), value) if part.number == 1 else (key, text(part))
        if key in self.entries:
            raise Refusal("duplicate-key", "external data described twice", field.at, self.name)
        self.entries[key] = value


def _tensor(model: _Model, field: Field) -> None:
    tensor = _Tensor(field)
    count, kind = _count(tensor.dims, tensor.at, tensor.name), tensor.kind
    model.tensors += 1
    if tensor.kind == 7 and tensor.name:
        numbers = [int.from_bytes(tensor.bytes[at : at + 8], "little", signed=True) for at in range(0, len(tensor.bytes), 8)] or tensor.words
        model.small[tensor.name] = math.prod(max(number, 1) for number in numbers if number < 1 << 62)
    if tensor.raw >= 0 and tensor.typed:
        raise Refusal("tensor-bounds", "a tensor with its values twice; readers choose differently", tensor.at, tensor.name[:200])
    if tensor.external or tensor.entries:
        _external(model, tensor.entries, count * _SIZES.get(kind, 1), tensor.at, tensor.name)
    elif tensor.raw >= 0:
        per = _PACKED.get(kind)
        size = (count + per - 1) // per if per else count * _SIZES.get(kind, -1)
        if kind == 8 or size != tensor.raw:
            raise Refusal("tensor-bounds", f"a tensor of {count} elements with {tensor.raw} bytes", tensor.at, tensor.name[:200])
        model.memory += tensor.raw
    elif kind == 8 and count != tensor.texts:
        raise Refusal("tensor-bounds", f"a tensor of {count} texts that holds {tensor.texts}", tensor.at, tensor.name[:200])
    elif kind != 8 and count > max(tensor.typed, 1) * 8:
        raise Refusal("tensor-bounds", f"a tensor of {count} elements without that many values", tensor.at, tensor.name[:200])


def _count(dims: list[int], at: int, name: str) -> int:
    product = 1
    for size in dims:
        if size >= 1 << 62 or product * max(size, 1) >= 1 << 62:
            raise Refusal("shape-overflow", "a shape with a negative or huge size", at, name[:200])
        product *= max(size, 1)
    return 0 if 0 in dims else product


def _external(model: _Model, entries: dict[str, str], size: int, at: int, name: str) -> None:
    location = entries.get("location", "")
    if not _LOCATION.match(location) or any(part in ("", ".", "..") or part.startswith("-") for part in location.split("/")):
        raise Refusal("external-data", f"data outside of the model's folder: {location[:120]!r}", at, name[:200])
    for key in ("offset", "length"):
        if key in entries and not (entries[key].isdigit() and len(entries[key]) < 19):
            raise Refusal("external-data", f"an odd {key}", at, name[:200])
    if "length" in entries and int(entries["length"]) != size:
        raise Refusal("tensor-bounds", "external data of another length than the shape", at, name[:200])
    if set(entries) - {"location", "offset", "length", "checksum", "basepath"} or entries.get("basepath"):
        raise Refusal("external-data", "external data described in an unknown way", at, name[:200])
    model.external.append(location)
    model.memory += size
