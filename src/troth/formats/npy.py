"""numpy's `.npy` files: magic, a header that is a literal dict in numpy's own spelling, and exactly the bytes of the array.

Object arrays hold a pickle, which is proved; `allow_pickle` is what loads it.
"""

from __future__ import annotations

import re
from struct import unpack_from
from typing import TYPE_CHECKING

from troth.formats.pickle.arguments import count_of
from troth.formats.pickle.rules_numpy import DType, parse_dtype
from troth.formats.source import Source
from troth.formats.verdict import BUDGET, INERT, Budget, Judgement, Refusal

if TYPE_CHECKING:
    from troth.formats.pickle.allow import AllowList

__all__ = ["MAGIC", "read_npy"]

MAGIC = b"\x93NUMPY"
_HEADER = re.compile(
    r"\{'descr': (?P<descr>'[^'\\]{1,64}'|\[.{1,1000000}\]|\('.{1,200}\)), 'fortran_order': (?P<order>True|False), "
    r"'shape': \((?P<shape>(?:[0-9]{1,19}(?:, ?[0-9]{1,19})*,?)?)\),? *\} *\n\Z",
    re.DOTALL,
)


def read_npy(source: Source, allow: AllowList, budget: Budget = BUDGET) -> Judgement:
    """Prove an array file."""
    head = source.read(0, min(12, source.size))
    if len(head) < 10 or head[:6] != MAGIC or head[6] not in (1, 2, 3) or head[7] != 0:
        raise Refusal("npy-header", "not a version of the format that numpy writes", 6)
    start = 10 if head[6] == 1 else 12
    size = unpack_from("<H" if head[6] == 1 else "<I", head.ljust(12), 8)[0]
    if size > 1 << 20:
        raise Refusal("npy-header", f"a header of {size} bytes", 8)
    text = source.read(start, size).decode("utf-8" if head[6] == 3 else "latin-1", "replace")
    found = _HEADER.match(text)
    if found is None:
        raise Refusal("npy-header", "a header in another spelling than numpy's", start)
    shape = tuple(int(part) for part in found["shape"].replace(" ", "").split(",") if part)
    if len(shape) > 64:
        raise Refusal("npy-header", f"{len(shape)} dimensions", start)
    dtype = _descr(found["descr"], start)
    count, data = count_of(shape), start + size
    if dtype.objects:
        return _objects(source, data, count, allow, budget)
    if dtype.size == 0 and count > 1 << 31:
        raise Refusal("array-bounds", f"{count} elements without a byte", data)
    if data + count * dtype.size != source.size:
        raise Refusal("array-bounds", f"the header promises {count * dtype.size} bytes, the file holds {source.size - data}", data)
    if count * dtype.size > budget.memory:
        raise Refusal("budget-memory", f"loading would allocate {count * dtype.size} bytes; the limit is {budget.memory}")
    return Judgement("npy", INERT, (), count * dtype.size, 1)


def _objects(source: Source, at: int, count: int, allow: AllowList, budget: Budget) -> Judgement:
    from troth.formats.stream import read_pickles

    try:
        found = read_pickles(source.part(at, source.size - at), allow, budget)
    except Refusal as refusal:
        raise refusal.inside(f"pickle at {at}") from refusal
    return found._replace(format="npy", tensors=found.tensors + 1, memory=found.memory + 8 * count)


def _descr(text: str, at: int) -> DType:
    if text.startswith("'"):
        simple = parse_dtype(text.strip("'"))
        if simple is None:
            raise Refusal("npy-header", f"the type {text[:80]} is not a plain one", at)
        return simple
    import ast

    try:
        value = ast.literal_eval(text)
    except (ValueError, SyntaxError, MemoryError, RecursionError) as error:
        raise Refusal("npy-header", "fields that are not a literal", at) from error
    return _nested(value, at, 0)


def _nested(value: object, at: int, depth: int) -> DType:
    if isinstance(value, str):
        found = parse_dtype(value)
        if found is not None:
            return found
    elif isinstance(value, tuple) and len(value) == 2 and isinstance(value[1], tuple) and all(type(n) is int and n >= 0 for n in value[1]):
        inner = _nested(value[0], at, depth + 1)
        return DType(inner.size * count_of(value[1]), inner.objects)
    elif isinstance(value, list) and depth < 16:
        return _record(value, at, depth)
    raise Refusal("npy-header", "a type that numpy does not write", at)


def _record(fields: list[object], at: int, depth: int) -> DType:
    size, objects = 0, False
    for field in fields:
        if not isinstance(field, tuple) or not 2 <= len(field) <= 3:
            raise Refusal("npy-header", "a field without name and type", at)
        inner = _nested(field[1] if len(field) == 2 else (field[1], field[2]), at, depth + 1)
        size, objects = size + inner.size, objects or inner.objects
    return DType(size, objects)
