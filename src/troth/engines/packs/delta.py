"""git's delta format: apply it, and tell cheaply which parts of the result are new.

Format: gitformat-pack(5), "Deltified representation". dulwich's compiled `apply_delta` is used where it is installed.
Both stop as soon as a delta makes more than it announces, so the announced size bounds the memory (tests/engines/packs).
"""

from __future__ import annotations

from collections.abc import Callable

from troth.errors import FormatError

__all__ = ["BACKEND", "Ranges", "apply", "changed", "header", "sizes", "written"]

Ranges = list[tuple[int, int]]
"""Half-open byte ranges, ascending and disjoint."""

_OFFSET_BYTES = [bin(op & 0x0F).count("1") for op in range(256)]
_SIZE_64K = 0x10000


def sizes(delta: bytes) -> tuple[int, int, int]:
    """Announced size of the base, of the result, and where the operations begin.

    Raises:
        FormatError: the header is cut short or absurdly long.
    """
    base, position = _varint(delta, 0)
    result, position = _varint(delta, position)
    return base, result, position


def _varint(delta: bytes, position: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        if position >= len(delta) or shift > 63:
            raise FormatError("damaged delta header")
        byte = delta[position]
        position += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, position
        shift += 7


def apply_slowly(base: bytes, delta: bytes) -> bytes:
    """Apply a delta in plain Python (fall-back and oracle of the tests).

    Raises:
        FormatError: an operation reaches outside of the base or of the delta, or the result has the wrong length.
    """
    base_size, size, position = sizes(delta)
    if base_size != len(base):
        raise FormatError("delta was made for another base")
    parts: list[bytes] = []
    length, end = 0, len(delta)
    while position < end:
        op = delta[position]
        position += 1
        if op & 0x80:
            start, count, position = _copy(delta, op, position)
            if start + count > base_size:
                raise FormatError("delta copies from outside of its base")
            parts.append(base[start : start + count])
        elif op:
            count = op
            if position + count > end:
                raise FormatError("delta is cut short")
            parts.append(delta[position : position + count])
            position += count
        else:
            raise FormatError("delta has a reserved operation")
        length += count
        if length > size:
            raise FormatError("delta makes more than it announces")
    if length != size:
        raise FormatError("delta makes less than it announces")
    return b"".join(parts)


def _copy(delta: bytes, op: int, position: int) -> tuple[int, int, int]:
    start = count = 0
    try:
        for bit in range(4):
            if op & (1 << bit):
                start |= delta[position] << (8 * bit)
                position += 1
        for bit in range(3):
            if op & (0x10 << bit):
                count |= delta[position] << (8 * bit)
                position += 1
    except IndexError as error:
        raise FormatError("delta is cut short") from error
    return start, count or _SIZE_64K, position


_fast: Callable[[bytes, bytes], list[bytes]] | None
try:
    from dulwich._pack import apply_delta as _fast  # type: ignore[import-not-found,no-redef,unused-ignore]

    BACKEND = "dulwich"
except ImportError:  # the extra is not installed, or dulwich came without its compiled module
    _fast = None
    BACKEND = "python"


def apply(base: bytes, delta: bytes) -> bytes:
    """Apply a delta.

    Raises:
        FormatError: the delta does not fit the base, or is damaged.
    """
    if _fast is None:
        return apply_slowly(base, delta)
    try:
        parts = _fast(base, delta)
    except Exception as error:
        # dulwich raises its own ApplyDeltaError, and ValueError or IndexError on hostile operations
        raise FormatError(f"damaged delta ({type(error).__name__})") from error
    return parts[0] if len(parts) == 1 else b"".join(parts)


def header(delta: bytes, base: bytes) -> tuple[int, int]:
    """Size of the result, and where the operations begin. `base` is how the size of the base at hand is written (`written`).

    Raises:
        FormatError: the delta was made for a base of another size, or its header is damaged.
    """
    if not delta.startswith(base):
        announced, size, position = sizes(delta)
        if written(announced) != base:  # a longer way to write the same number is allowed
            raise FormatError("delta was made for another base")
        return size, position
    position = len(base)
    try:
        size = delta[position]
        if size < 0x80:
            return size, position + 1
        second = delta[position + 1]
    except IndexError as error:
        raise FormatError("damaged delta header") from error
    if second < 0x80:
        return size & 0x7F | second << 7, position + 2
    return _varint(delta, position)


def written(number: int) -> bytes:
    """A size as a delta's header writes it."""
    found = bytearray()
    while number > 0x7F:
        found.append(number & 0x7F | 0x80)
        number >>= 7
    found.append(number)
    return bytes(found)


def changed(delta: bytes, start: int, size: int, margin: int, base_size: int = -1) -> Ranges:
    """Parts of the result that its base does not have as they stand, each widened by `margin` bytes on both sides.

    A pattern of at most `margin` bytes that lies outside of all ranges lies wholly inside one copied run, and so in the base as well. What is
    copied from the base's beginning to the result's, or from end to end, needs no margin there: nothing lies beyond it in either.

    Args:
        delta: the delta, already applied once without error.
        start: where its operations begin.
        size: size of the result.
        margin: longest pattern that must not be missed, in bytes.
        base_size: size of the base; -1 where it is not known.
    """
    ranges: Ranges = []
    low = at = 0
    position, end, least = start, len(delta), margin
    while position < end:
        op = delta[position]
        if op < 0x80:
            at += op
            position += op + 1
            continue
        begin = position
        position += 1 + _OFFSET_BYTES[op]
        bits = op & 0x70
        if bits == 0x30:
            count = delta[position] | delta[position + 1] << 8
            position += 2
        elif bits == 0x10:
            count = delta[position]
            position += 1
        else:
            count, position = _long_size(delta, bits, position)
        if count > least:
            first = at + margin if at or op & 0x0F else 0
            last = at + count - margin
            if last + margin == size and _copy(delta, op, begin + 1)[0] + count == base_size:
                last = size
            if first < last:
                if first > low:
                    ranges.append((low, first))
                low = last
        at += count
    if low < size:
        ranges.append((low, size))
    return ranges


def _long_size(delta: bytes, bits: int, position: int) -> tuple[int, int]:
    count = 0
    for bit in range(3):
        if bits & (0x10 << bit):
            count |= delta[position] << (8 * bit)
            position += 1
    return count or _SIZE_64K, position
