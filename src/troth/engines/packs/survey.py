"""Reads the headers of all entries of a pack: kind, size, place of the data, base. Three ways that give the same: the compiled part, numpy for a pack of many entries, plain Python.

Where the compiled part is not there, numpy reads the headers of all entries at once, which saves most of the time of a loop. It is not needed:
without it, and for small packs, the loop does the same (tests/engines/packs/test_survey.py and test_native.py compare them).
"""

from __future__ import annotations

import mmap
from array import array
from bisect import bisect_left
from dataclasses import dataclass
from importlib.util import find_spec
from types import ModuleType
from typing import TYPE_CHECKING, Any

from troth.engines.packs import native
from troth.engines.packs.index import OFS_DELTA, REF_DELTA, Index

if TYPE_CHECKING:
    import numpy
    from numpy.typing import NDArray

__all__ = ["Survey", "survey"]

HEAD = 9
"""Longest header of an entry that is believed: sizes below 2^60."""
OFFSET_BYTES = 10
"""Longest distance to a base that is believed."""
MANY = 20_000
"""Entries from which on numpy is worth its import."""
NOT_HERE = -2


@dataclass(slots=True)
class Survey:
    """What the headers say. Arrays by entry, numbered by place in the pack (0 = first).

    Attributes:
        order: position of the entry in the index.
        start: offset of the entry.
        kind: object kind of whole entries; OFS_DELTA or REF_DELTA; 0 for a damaged header.
        size: announced size of the entry's own data.
        at: offset of its zlib stream.
        base: number of the base, -1 for none, -2 for one that is not in this pack.
        first_child, next_child: the entries made from an entry, as a linked list; -1 ends it.
        odd: true where a header is damaged, a base is missing, or bases are named by id (then there may be cycles).
    """

    order: array[int]
    start: array[int]
    kind: bytearray
    size: array[int]
    at: array[int]
    base: array[int]
    first_child: array[int]
    next_child: array[int]
    odd: bool = False

    def number(self, offset: int) -> int:
        """Number of the entry that begins at an offset; -2 where none does."""
        k = bisect_left(self.start, offset)
        return k if k < len(self.start) and self.start[k] == offset else NOT_HERE


def survey(data: mmap.mmap | bytes, end: int, index: Index, many: int = MANY) -> Survey:
    """Read all headers.

    Args:
        data: the pack.
        end: where its entries end.
        index: of the pack.
        many: from how many entries on numpy is used, where it is installed.
    """
    compiled = native.module()
    if compiled is not None:
        return _compiled(compiled, data, end, index)
    if index.count >= many and find_spec("numpy") is not None:
        return _at_once(data, end, index)
    return _one_by_one(data, end, index)


def _compiled(module: ModuleType, data: mmap.mmap | bytes, end: int, index: Index) -> Survey:
    count = index.count
    found = _empty(array("i", bytes(4 * count)), array("q", bytes(8 * count)))
    filled = (found.order, found.start, found.kind, found.size, found.at, found.base, found.first_child, found.next_child)
    found.odd = module.survey(data, end, (index.offsets, index.names, array("q", index.fan)), filled)
    return found


def _empty(order: array[int], start: array[int]) -> Survey:
    count = len(order)
    none = b"\xff" * (4 * count)
    zeros = bytes(8 * count)
    return Survey(
        order, start, bytearray(count), array("q", zeros), array("q", zeros),
        array("i", none), array("i", none), array("i", none),
    )  # fmt: skip


def _one_by_one(data: mmap.mmap | bytes, end: int, index: Index) -> Survey:
    order = array("i", sorted(range(index.count), key=index.offsets.__getitem__))
    found = _empty(order, array("q", (index.offsets[i] for i in order)))
    kinds, sizes, places = found.kind, found.size, found.at
    last = index.count - 1
    for k, start in enumerate(found.start):
        head = data[start : min(start + HEAD, end)]
        byte = head[0]
        kind, size, shift, at = (byte >> 4) & 7, byte & 15, 4, 1
        while byte > 127 and at < len(head):
            byte = head[at]
            at += 1
            size |= (byte & 127) << shift
            shift += 7
        if kind >= OFS_DELTA:
            at = _link(found, (data, end, index), (k, kind, at))
        behind = found.start[k + 1] if k < last else end
        if kind not in (0, 5) and byte < 128 and start + at < behind:
            kinds[k] = kind
        else:
            found.odd = True
        sizes[k], places[k] = size, start + at
    return found


def _link(found: Survey, pack: tuple[mmap.mmap | bytes, int, Index], entry: tuple[int, int, int]) -> int:
    """Note the base of a delta; returns where its data begin, counted from the entry's start."""
    k, kind, at = entry
    start = found.start[k]
    base, behind = _base(found, pack, (kind, start, start + at))
    found.base[k] = base
    found.odd = found.odd or base < 0 or kind == REF_DELTA
    if base >= 0:
        found.next_child[k] = found.first_child[base]
        found.first_child[base] = k
    return behind - start


def _base(found: Survey, pack: tuple[mmap.mmap | bytes, int, Index], entry: tuple[int, int, int]) -> tuple[int, int]:
    """Number of the base entry (-2: not here) and where the delta's data begin."""
    data, limit, index = pack
    kind, start, at = entry
    if kind == REF_DELTA:
        width = index.hash_bytes
        place = index.find(bytes(data[at : at + width])) if at + width <= limit else -1
        return (NOT_HERE if place < 0 else found.number(index.offsets[place])), at + width
    value, count = -1, 0
    while at < limit and count < OFFSET_BYTES:
        byte = data[at]
        at += 1
        count += 1
        value = ((value + 1) << 7) | (byte & 0x7F)
        if byte < 0x80:
            break
    return (found.number(start - value) if value > 0 else NOT_HERE), at


def _at_once(data: mmap.mmap | bytes, end: int, index: Index) -> Survey:
    import numpy as np

    offsets: NDArray[numpy.int64] = np.frombuffer(index.offsets, dtype=np.int64)
    order = np.argsort(offsets, kind="stable")
    start = offsets[order]
    found = _empty(array("i", order.astype(np.int32).tobytes()), array("q", start.tobytes()))
    raw: NDArray[numpy.uint8] = np.frombuffer(data, dtype=np.uint8, count=end)
    byte, at, left = raw[start], start + 1, np.arange(index.count)
    kind, size = (byte >> 4) & 7, (byte & 15).astype(np.int64)
    for step in range(HEAD - 1):  # one byte of all headers that go on
        left = left[(byte[left] > 127) & (at[left] < end)]
        if not len(left):
            break
        byte[left] = raw[at[left]]
        size[left] |= (byte[left] & 127).astype(np.int64) << (4 + 7 * step)
        at[left] += 1
    base = _distances(np, raw, (start, at, kind), end)
    found.base = array("i", base.astype(np.int32).tobytes())
    found.at = array("q", at.tobytes())
    by_id = np.flatnonzero(kind == REF_DELTA).tolist()
    for k in by_id:
        found.base[k], found.at[k] = _base(found, (data, end, index), (REF_DELTA, found.start[k], found.at[k]))
    base, at = np.array(found.base, dtype=np.int64), np.array(found.at, dtype=np.int64)
    good = (kind != 0) & (kind != 5) & (byte < 128) & (at < np.append(start[1:], end))
    found.kind[:] = np.where(good, kind, 0).astype(np.uint8).tobytes()
    found.size = array("q", size.tobytes())
    found.odd = bool(by_id) or not bool(good.all()) or bool((base == NOT_HERE).any())
    _children(np, found, base)
    del raw  # the map can only be closed once nothing looks into it
    return found


def _distances(np: Any, raw: Any, entries: tuple[Any, Any, Any], end: int) -> Any:  # noqa: ANN401 - arrays of an optional library
    """Bases of the deltas that name them by distance; moves `at` behind the distance."""
    start, at, kind = entries
    base = np.full(len(start), -1, dtype=np.int64)
    all_of_them = left = np.flatnonzero(kind == OFS_DELTA)
    value = np.full(len(start), -1, dtype=np.int64)
    for _ in range(OFFSET_BYTES):
        left = left[at[left] < end]
        if not len(left):
            break
        byte = raw[at[left]].astype(np.int64)
        with np.errstate(over="ignore"):
            value[left] = ((value[left] + 1) << 7) | (byte & 0x7F)
        at[left] += 1
        left = left[byte >= 0x80]
    wanted = start[all_of_them] - value[all_of_them]
    place = np.minimum(np.searchsorted(start, wanted), len(start) - 1)
    known = (value[all_of_them] > 0) & (start[place] == wanted)
    base[all_of_them] = np.where(known, place, NOT_HERE)
    return base


def _children(np: Any, found: Survey, base: Any) -> None:  # noqa: ANN401
    """Link the children of every base, the last in the pack first."""
    made = np.flatnonzero(base >= 0)
    if not len(made):
        return
    made = made[np.argsort(base[made], kind="stable")]
    parents = base[made]
    same = np.append(False, parents[1:] == parents[:-1])
    following = np.full(len(base), -1, dtype=np.int32)
    following[made] = np.where(same, np.append(-1, made[:-1]), -1)
    first = np.full(len(base), -1, dtype=np.int32)
    first[parents] = made  # assigned in order: the last one of each base stays
    found.next_child, found.first_child = array("i", following.tobytes()), array("i", first.tobytes())
