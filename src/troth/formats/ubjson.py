"""Universal Binary JSON as XGBoost writes it: checked for bounds without building anything, then read."""

from __future__ import annotations

import struct
import sys
from array import array

from troth.formats.verdict import Refusal

__all__ = ["check", "load"]

_FIXED = {0x5A: 0, 0x4E: 0, 0x54: 0, 0x46: 0, 0x69: 1, 0x55: 1, 0x49: 2, 0x6C: 4, 0x4C: 8, 0x64: 4, 0x44: 8, 0x43: 1}
_INTS = {0x69: 1, 0x55: 1, 0x49: 2, 0x6C: 4, 0x4C: 8}


def _length(data: bytes, pos: int) -> tuple[int, int]:
    size = _INTS.get(data[pos] if pos < len(data) else 0)
    if size is None:
        raise Refusal("ubjson", "a length that is not a number", pos)
    value = int.from_bytes(data[pos + 1 : pos + 1 + size], "big", signed=data[pos] != 0x55)
    if value < 0 or value > len(data):
        raise Refusal("ubjson", f"a length of {value}", pos)
    return value, pos + 1 + size


def _array(data: bytes, pos: int) -> tuple[int, bool, int]:
    """Position after the head of an array, or after all of it where it is typed; whether it is done; number of values, -1 = until its bracket."""
    if data[pos : pos + 1] == b"#":
        count, pos = _length(data, pos + 1)
        return pos, False, count
    if data[pos : pos + 1] != b"$":
        return pos, False, -1
    size = _FIXED.get(data[pos + 1]) if pos + 1 < len(data) else None
    if size is None or data[pos + 2 : pos + 3] != b"#":
        raise Refusal("ubjson", "an array of an odd type", pos)
    count, pos = _length(data, pos + 3)
    if size == 0 and count:
        raise Refusal("ubjson", "an array that takes no bytes and much memory", pos)
    return pos + count * size, True, 0


def check(data: bytes) -> None:
    """Refuse what is not one object within the bytes.

    Raises:
        Refusal: with the byte at fault.
    """
    if data[:1] != b"{":
        raise Refusal("ubjson", "not an object", 0)
    pos = 1
    stack: list[list[object]] = [["{", -1]]
    while stack:
        top = stack[-1]
        if top[1] == 0:
            stack.pop()
            continue
        code = data[pos] if pos < len(data) else 0
        if top[1] == -1 and code == (0x7D if top[0] == "{" else 0x5D):
            stack.pop()
            pos += 1
            continue
        if top[0] == "{":
            size, pos = _length(data, pos)
            pos += size
        if isinstance(top[1], int) and top[1] > 0:
            top[1] -= 1
        pos = _value(data, pos, stack)
        if len(stack) > 200 or pos > len(data):
            raise Refusal("ubjson", "nested too deep, or cut", pos)
    if pos != len(data):
        raise Refusal("ubjson", "bytes behind the object", pos)


def _value(data: bytes, pos: int, stack: list[list[object]]) -> int:
    code = data[pos] if pos < len(data) else 0
    if code == 0x7B:
        stack.append(["{", -1])
    elif code == 0x5B:
        place, done, count = _array(data, pos + 1)
        if not done:
            stack.append(["[", count])
        return place
    elif code == 0x53:
        size, place = _length(data, pos + 1)
        return place + size
    elif code in _FIXED:
        return pos + 1 + _FIXED[code]
    else:
        raise Refusal("ubjson", "an unknown type", pos)
    return pos + 1


_NUMBERS = {0x69: "b", 0x55: "B", 0x49: "h", 0x6C: "i", 0x4C: "q", 0x64: "f", 0x44: "d"}


def load(data: bytes) -> dict[str, object]:
    """The object, once `check` has passed; typed arrays are tuples of numbers, texts keep bytes beyond UTF-8 as surrogates."""
    value, _ = _read(data, 0)
    return value if isinstance(value, dict) else {}


def _read(data: bytes, pos: int) -> tuple[object, int]:
    code = data[pos]
    if code == 0x7B:
        return _read_object(data, pos + 1)
    if code == 0x5B:
        return _read_array(data, pos + 1)
    if code == 0x53:
        size, at = _length(data, pos + 1)
        return data[at : at + size].decode("utf-8", "surrogateescape"), at + size
    width = _FIXED[code]
    if code in _NUMBERS:
        return struct.unpack_from(f">{_NUMBERS[code]}", data, pos + 1)[0], pos + 1 + width
    return {0x54: True, 0x46: False, 0x43: chr(data[pos + 1])}.get(code), pos + 1 + width


def _read_object(data: bytes, pos: int) -> tuple[object, int]:
    found: dict[str, object] = {}
    while data[pos] != 0x7D:
        size, at = _length(data, pos)
        key = data[at : at + size].decode("utf-8", "surrogateescape")
        if key in found:
            raise Refusal("duplicate-key", "an object has one key twice; readers choose differently", pos, key[:200])
        found[key], pos = _read(data, at + size)
    return found, pos + 1


def _read_array(data: bytes, pos: int) -> tuple[object, int]:
    begin, done, count = _array(data, pos)
    if done:
        kind = _NUMBERS.get(data[pos + 1], "B")
        numbers = array(kind)
        _, start = _length(data, pos + 3)
        numbers.frombytes(data[start:begin])
        if sys.byteorder == "little":
            numbers.byteswap()
        return tuple(numbers), begin
    items: list[object] = []
    pos = begin
    while len(items) != count and not (count < 0 and data[pos] == 0x5D):
        value, pos = _read(data, pos)
        items.append(value)
    return items, pos + (count < 0)
