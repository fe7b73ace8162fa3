"""TensorFlow Lite: the flat buffer's tables within the file, and no operator that leaves the built-in set."""

from __future__ import annotations

import struct
from struct import unpack_from

from troth.formats.source import Source
from troth.formats.verdict import INERT, NOT_A_MODEL, Budget, Judgement, Refusal

__all__ = ["read_tflite"]

_CUSTOM = 32
_KNOWN_CUSTOM = frozenset(("TFLite_Detection_PostProcess", "Convolution2DTransposeBias", "MaxPoolingWithArgmax2D", "MaxUnpooling2D"))
_LIMIT = 1 << 31
_TAIL = 66_000
_MEMBERS = 1000


def _table(data: bytes, at: int) -> list[int]:
    """Absolute positions of a table's fields, 0 where absent."""
    vtable = at - unpack_from("<i", data, at)[0]
    if vtable < 0:
        raise Refusal("flatbuffer", "a table outside of the file", at)
    size, _ = unpack_from("<HH", data, vtable)
    if size < 4 or size % 2 or size > 512:
        raise Refusal("flatbuffer", "a damaged table", vtable)
    offsets = unpack_from(f"<{(size - 4) // 2}H", data, vtable + 4)
    return [at + offset if offset else 0 for offset in offsets]


def _vector(data: bytes, at: int) -> tuple[int, int]:
    start = at + unpack_from("<I", data, at)[0]
    count = unpack_from("<I", data, start)[0]
    if count > len(data):
        raise Refusal("flatbuffer", "a vector longer than the file", start)
    return start + 4, count


def read_tflite(source: Source, budget: Budget) -> Judgement:
    """Prove a model."""
    data = source.whole(min(_LIMIT, budget.file), "model")
    found = _beside(data, budget)
    try:
        root = _table(data, unpack_from("<I", data, 0)[0])
        codes = root[1] if len(root) > 1 else 0
        if not codes:
            raise Refusal("flatbuffer", "a model without operators", 0)
        start, count = _vector(data, codes)
        for index in range(count):
            place = start + 4 * index
            _operator(data, place + unpack_from("<I", data, place)[0])
    except (struct.error, IndexError) as error:
        raise Refusal("flatbuffer", "a table that reaches beyond the file") from error
    return Judgement("tflite", INERT, (), source.size + found)


def _beside(data: bytes, budget: Budget) -> int:
    """Labels and vocabularies that are appended as an archive (the format's "associated files"): texts only, whose offsets count from the begin of the file.

    Returns:
        Bytes that they expand to.
    """
    end = data.rfind(b"PK\5\6", max(len(data) - _TAIL, 0))
    if end < 0 or end + 22 > len(data):
        return 0
    size, place = unpack_from("<II", data, end + 12)
    first = min((unpack_from("<I", data, at + 42)[0] for at in _entries(data, place, place + size)), default=place)
    if first < 8 or place + size != end:
        raise Refusal("zip-gap", "an archive behind the model that readers see differently", end)
    moved = bytearray(data[first:])
    for at in _entries(data, place, place + size):
        struct.pack_into("<I", moved, at - first + 42, unpack_from("<I", data, at + 42)[0] - first)
    struct.pack_into("<I", moved, end - first + 16, place - first)
    from troth.formats.judge import judge
    from troth.formats.zipped import read_zip

    archive, total = Source(bytes(moved)), 0
    for member in read_zip(archive, budget):
        if not member.name.endswith("/"):
            judged = judge(Source(member.data(archive, budget)), member.name, budget=budget, depth=2)
            if judged.verdict != NOT_A_MODEL or not member.name.endswith((".txt", ".json", ".csv", ".vocab", ".bin")):
                raise Refusal("extra-member", "a file behind the model that is no list of words", first, member.name[:200])
            total += member.size
    return total


def _entries(data: bytes, at: int, end: int) -> list[int]:
    """Where the entries of the archive's directory begin."""
    found: list[int] = []
    while at + 46 <= end <= len(data) and data[at : at + 4] == b"PK\1\2" and len(found) < _MEMBERS:
        found.append(at)
        at += 46 + sum(unpack_from("<HHH", data, at + 28))
    return found


def _operator(data: bytes, at: int) -> None:
    table = [*_table(data, at), 0, 0, 0, 0]
    old = unpack_from("<b", data, table[0])[0] if table[0] else 0
    new = unpack_from("<i", data, table[3])[0] if table[3] else 0
    if max(old, new) != _CUSTOM and not table[1]:
        return
    name = ""
    if table[1]:
        start, count = _vector(data, table[1])
        name = data[start : start + count].decode("utf-8", "replace")
    if name not in _KNOWN_CUSTOM:
        raise Refusal("custom-operator", f"the operator {name[:80]!r} is code that the model does not hold", at, name[:200])
