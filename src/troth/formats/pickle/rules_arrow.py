"""Validators for Arrow arrays inside pickled tables: every buffer is as long as the type says, and the places of texts rise and end inside their bytes.

Arrow's own reader takes buffers as they are, and reads beyond them where a place lies: what is checked here is what it trusts.
"""

# All validators share one signature.
# ruff: noqa: ARG001
from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING, Final, NamedTuple

from troth.formats.pickle.arguments import LARGEST, bad, is_int
from troth.formats.pickle.values import Blob, Global, Items, Obj, size_of

if TYPE_CHECKING:
    from troth.formats.pickle.machine import Machine

__all__ = ["CALLS"]

Args = tuple[object, ...]

_BITS: Final = {
    "bool": 1, "bool_": 1, "int8": 8, "uint8": 8, "int16": 16, "uint16": 16, "int32": 32, "uint32": 32, "int64": 64, "uint64": 64, "halffloat": 16, "float16": 16, "float": 32, "float32": 32,
    "double": 64, "float64": 64, "date32": 32, "date64": 64, "date32[day]": 32, "date64[ms]": 64,
}  # fmt: skip
_TEXTS: Final = {"string": 4, "utf8": 4, "binary": 4, "large_string": 8, "large_utf8": 8, "large_binary": 8}
_UNITS: Final = ("s", "ms", "us", "ns")
_ZONE: Final = re.compile(r"[A-Za-z0-9_+:-]{1,40}(?:/[A-Za-z0-9_+-]{1,40}){0,3}\Z")
_STEP: Final = 1 << 16


class Arrow(NamedTuple):
    """A type: bits of an element, or (for texts) bytes of a place."""

    bits: int
    place: int = 0


def _type(vm: Machine, func: Global, args: Args, offset: int) -> object:
    """A type by its name, or a time by its unit."""
    name = args[0] if args else None
    if func.name == "type_for_alias":
        if len(args) != 1 or type(name) is not str or not (name in _BITS or name in _TEXTS or re.fullmatch(r"(?:timestamp|duration)\[(?:s|ms|us|ns)\]", name)):
            bad(func, offset, f"the type {name!r:.60} is not one of numbers, times or texts")
        return Obj("arrow-type", func, Arrow(0, _TEXTS[name]) if name in _TEXTS else Arrow(_BITS.get(name, 64)))
    zone = args[1] if len(args) > 1 else None
    if not 1 <= len(args) <= 2 or name not in _UNITS or not (zone is None or (type(zone) is str and _ZONE.match(zone))):
        bad(func, offset, "takes a unit and a time zone")
    return Obj("arrow-type", func, Arrow(64))


def _buffer(vm: Machine, func: Global, args: Args, offset: int) -> object:
    if len(args) != 1 or size_of(args[0]) < 0:
        bad(func, offset, "takes bytes")
    return Obj("arrow-buffer", func, args[0])


def _array(vm: Machine, func: Global, args: Args, offset: int) -> object:
    """(type, length, nulls, first, buffers, children, dictionary), as Arrow reduces an array."""
    data = args[0] if len(args) == 1 else None
    if not isinstance(data, tuple) or len(data) != 7 or not isinstance(data[0], Obj) or not isinstance(data[0].info, Arrow) or data[0].kind != "arrow-type":
        bad(func, offset, "takes an array of numbers, times or texts")
    kind, length, nulls, first, buffers = data[0].info, data[1], data[2], data[3], data[4]
    if not is_int(length) or not is_int(first) or not is_int(nulls, -1, length) or length + first > LARGEST >> 8:
        bad(func, offset, "its length, nulls and first element do not go together")
    if not isinstance(buffers, Items) or buffers.kind != "list" or not (isinstance(data[5], Items) and not data[5].items) or data[6] is not None:
        bad(func, offset, "has children or a dictionary")
    if len(buffers.items) != (3 if kind.place else 2) or not all(item is None or (isinstance(item, Obj) and item.kind == "arrow-buffer") for item in buffers.items):
        bad(func, offset, "has other buffers than its type")
    sizes = [size_of(item.info) if isinstance(item, Obj) else -1 for item in buffers.items]
    count = length + first
    if (sizes[0] < 0 and nulls) or (0 <= sizes[0] < (count + 7) // 8):
        bad(func, offset, "its nulls are not marked for every element")
    if kind.place:
        _texts(vm, func, buffers.items[1], (count, kind.place, max(sizes[2], 0)), offset)
    elif max(sizes[1], 0) * 8 < count * kind.bits:
        bad(func, offset, f"has {count} elements of {kind.bits} bits in {max(sizes[1], 0)} bytes")
    vm.spend(sum(max(size, 0) for size in sizes), "array", offset)
    vm.tensors += 1
    return Obj("value", func, parts=args)


def _texts(vm: Machine, func: Global, buffer: object, plan: tuple[int, int, int], offset: int) -> None:
    """Places rise, and the last lies within the bytes of the texts."""
    count, width, room = plan
    held = buffer.info if isinstance(buffer, Obj) else b""
    if size_of(held) < (count + 1) * width:
        if count == 0:
            return
        bad(func, offset, f"has {count} texts and not as many places")
    data = vm.source.read(held.offset, (count + 1) * width) if isinstance(held, Blob) else bytes(held)[: (count + 1) * width]  # type: ignore[call-overload]
    places = memoryview(data).cast("q" if width == 8 else "i")
    last = 0
    for start in range(0, count + 1, _STEP):
        part = [last, *places[start : start + _STEP].tolist()]
        if any(left > right for left, right in pairwise(part)):
            bad(func, offset, "has a text that ends before it begins")
        last = part[-1]
    if last > room:
        bad(func, offset, f"has a text that ends at {last} of {room} bytes")


CALLS: Final = {"arrow-type": _type, "arrow-buffer": _buffer, "arrow-array": _array}
