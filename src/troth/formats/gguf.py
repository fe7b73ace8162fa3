"""GGUF: metadata of plain values under unique keys, tensors whose places and sizes are proved, and a chat template that is judged as a program."""

from __future__ import annotations

import struct
from struct import Struct
from typing import Final

from troth.formats.source import Source
from troth.formats.verdict import BUDGET, INERT, Budget, Judgement, Refusal

__all__ = ["read_gguf"]

_SIZES: Final = {0: 1, 1: 1, 2: 2, 3: 2, 4: 4, 5: 4, 6: 4, 7: 1, 10: 8, 11: 8, 12: 8}
_BLOCKS: Final = {
    0: (1, 4), 1: (1, 2), 2: (32, 18), 3: (32, 20), 6: (32, 22), 7: (32, 24), 8: (32, 34), 9: (32, 40), 10: (256, 84), 11: (256, 110),
    12: (256, 144), 13: (256, 176), 14: (256, 210), 15: (256, 292), 16: (256, 66), 17: (256, 74), 18: (256, 98), 19: (256, 50), 20: (32, 18),
    21: (256, 110), 22: (256, 82), 23: (256, 136), 24: (1, 1), 25: (1, 2), 26: (1, 4), 27: (1, 8), 28: (1, 8), 29: (256, 56), 30: (1, 2),
    34: (256, 54), 35: (256, 66), 39: (32, 17),
}  # fmt: skip
"""Tensor type -> (elements per block, bytes per block), from ggml's own table."""
_HEADER_LIMIT: Final = 512 << 20
_u4 = Struct("<I").unpack_from
_u8 = Struct("<Q").unpack_from


class _Reader:
    """The header, read in windows; every read is bounded by the file."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.base = 0
        self.data = source.head(1 << 20)
        self.pos = 4
        self.templates: list[tuple[str, str, int]] = []
        self.alignment = 32

    @property
    def at(self) -> int:
        return self.base + self.pos

    def take(self, size: int) -> bytes:
        if self.pos + size > len(self.data):
            at = self.at
            if at + size > min(self.source.size, _HEADER_LIMIT):
                raise Refusal("truncated", "the header reaches beyond the file, or its limit", at)
            self.data = self.source.read(at, min(max(size, 1 << 20), self.source.size - at))
            self.base, self.pos = at, 0
        found = self.data[self.pos : self.pos + size]
        self.pos += size
        return found

    def u4(self) -> int:
        return int(_u4(self.take(4))[0])

    def u8(self) -> int:
        return int(_u8(self.take(8))[0])

    def text(self, limit: int) -> str:
        at, size = self.at, self.u8()
        if size > limit:
            raise Refusal("string-size", f"a text of {size} bytes", at)
        try:
            return self.take(size).decode("utf-8", "surrogateescape" if limit > 65536 else "strict")
        except UnicodeDecodeError as error:
            raise Refusal("bad-text", "a key that is not UTF-8", at) from error

    def value(self, key: str, kind: int, depth: int) -> None:
        at = self.at
        if kind == 8:
            text = self.text(64 << 20)
            if "chat_template" in key or "{%" in text or "{{" in text:
                self.templates.append((key, text, at))
        elif kind == 9:
            self.array(key, depth, at)
        elif kind in _SIZES:
            raw = self.take(_SIZES[kind])
            if kind == 7 and raw not in (b"\0", b"\1"):
                raise Refusal("bad-value", "a truth value that is neither 0 nor 1", at, key)
            if key == "general.alignment":
                self.alignment = int.from_bytes(raw, "little")
        else:
            raise Refusal("bad-value", f"a value of unknown type {kind}", at, key)

    def array(self, key: str, depth: int, at: int) -> None:
        kind, count = self.u4(), self.u8()
        if depth > 3 or count > self.source.size:
            raise Refusal("array-size", f"an array of {count} values", at, key)
        if kind in _SIZES:
            size = _SIZES[kind] * count
            while size > 0:
                step = min(size, 1 << 20)
                self.take(step)
                size -= step
            return
        for _ in range(count):
            self.value(key, kind, depth + 1)


def read_gguf(source: Source, budget: Budget = BUDGET) -> Judgement:
    """Prove a file."""
    try:
        return _read(source, budget)
    except (struct.error, IndexError) as error:
        raise Refusal("truncated", "the header ends too early", source.size) from error


def _read(source: Source, budget: Budget) -> Judgement:
    reader = _Reader(source)
    version, tensors, pairs = reader.u4(), reader.u8(), reader.u8()
    if version not in (2, 3):
        raise Refusal("gguf-version", f"version {version}, or another byte order", 4)
    if tensors > min(budget.tensors, source.size // 24) or pairs > min(1_000_000, source.size // 13):
        raise Refusal("header-size", f"{tensors} tensors and {pairs} values in a file of {source.size} bytes", 8)
    keys: set[str] = set()
    for _ in range(pairs):
        at, key = reader.at, reader.text(65535)
        if key in keys or not key:
            raise Refusal("duplicate-key", "a key twice; readers choose differently", at, key[:200])
        keys.add(key)
        reader.value(key, reader.u4(), 0)
    align = reader.alignment
    if not 1 <= align <= 1 << 20 or align & (align - 1):
        raise Refusal("gguf-alignment", f"an alignment of {align}", None, "general.alignment")
    spans = _tensors(reader, tensors, align)
    start = (reader.at + align - 1) // align * align if tensors else reader.at
    total = _layout(spans, start, source, align)
    from troth.formats.templates import check_template

    for key, text, at in reader.templates:
        try:
            check_template(text, key, at)
        except Refusal as refusal:
            if refusal.detail.code != "template-syntax" or "chat_template" in key:  # a token or a note with braces in it is no template
                raise
    if total > budget.memory:
        raise Refusal("budget-memory", f"loading would allocate {total} bytes; the limit is {budget.memory}")
    return Judgement("gguf", INERT, (), total, tensors)


def _tensors(reader: _Reader, count: int, align: int) -> list[tuple[int, int, str]]:
    spans, names = [], set()
    for _ in range(count):
        at, name = reader.at, reader.text(65535)
        dims = reader.u4()
        if len(name) >= 128:
            raise Refusal("tensor-entry", "a name longer than readers hold", at, name[:200])
        if name in names or not 0 <= dims <= 8:
            raise Refusal("tensor-entry", "a tensor twice, or with too many dimensions", at, name[:200])
        names.add(name)
        shape = [reader.u8() for _ in range(dims)]
        kind, offset = reader.u4(), reader.u8()
        elements = 1
        for size in shape:
            elements *= max(size, 1)
        if elements >= 1 << 62:
            raise Refusal("shape-overflow", "a tensor with more elements than a machine can address", at, name[:200])
        elements = 0 if 0 in shape else elements
        if kind not in _BLOCKS or offset % align:
            raise Refusal("tensor-entry", f"an unknown type {kind}, or a place off the alignment", at, name[:200])
        per, size = _BLOCKS[kind]
        if shape and shape[0] % per:
            raise Refusal("tensor-shape", "a row that is not whole blocks of its type", at, name[:200])
        spans.append((offset, offset + elements // per * size, name))
    return sorted(spans)


def _layout(spans: list[tuple[int, int, str]], start: int, source: Source, align: int) -> int:
    place = total = 0
    for begin, end, name in spans:
        if begin < place or begin - place >= max(align, 1):
            raise Refusal("tensor-overlap", "tensors overlap, or leave a gap that could hide anything", start + begin, name[:200])
        if start + end > source.size:
            raise Refusal("tensor-bounds", "a tensor reaches beyond the file", start + begin, name[:200])
        place, total = end, total + end - begin
    if spans and source.size - start - place >= max(align, 1) * 2:
        raise Refusal("trailing-bytes", "bytes behind the last tensor", start + place)
    if not spans and source.size > start + align:
        raise Refusal("trailing-bytes", "bytes behind the header", start)
    return total
