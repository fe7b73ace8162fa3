"""Rebuilds the objects of one pack and hands each of them, once, to a sink."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from troth.engines.packs.delta import apply, changed, header, written
from troth.engines.packs.faults import Coverage, Fault, Limits
from troth.engines.packs.index import BLOB, TREE
from troth.engines.packs.inflate import inflate, inflate_each, inflate_pieces
from troth.engines.packs.pack import KIND_NAMES, WANTED, Pack
from troth.engines.packs.sink import Sink, Waiting
from troth.errors import FormatError

__all__ = ["Walk", "stream_pieces"]

BYTES_PER_OP = 12
"""A delta whose result is at least this many times longer is worth looking through for what it changes (measured: bench/secrets)."""
BATCH = 128 << 10
"""Bytes to be looked at that are handed to the sink's `screen` at a time: small objects cost a call each otherwise."""
BATCH_HELD = 4 << 20
"""Bytes of objects that wait at most, looked at or not."""
FRAGMENTS = 128 << 10
"""Parts of trees are handed over in batches of about this many bytes."""


class Walk:
    """One pass over some whole entries of a pack and everything made from them."""

    def __init__(self, pack: Pack, sink: Sink, coverage: Coverage, limits: Limits) -> None:
        self._pack, self._sink, self._coverage, self._limits = pack, sink, coverage, limits
        self.retry: list[bytes] = []
        """Objects that could not be read here and that git may still be able to read."""
        self._held = 0
        self._marked: set[int] = set()
        """Entries for which the sink answered True."""
        self._batch: list[Waiting] = []
        self._look = self._hold = 0
        self._fragments: list[tuple[int, bytes]] = []
        self.expanded = 0

    def run(self, roots: list[int]) -> None:
        """Read the entries `roots` and all wanted entries below them."""
        pack, limits = self._pack, self._limits
        alone: list[int] = []
        trees: list[int] = []
        pending = 0
        for root in roots:
            size = pack.entry_size[root]
            if self.expanded + pending > limits.expanded_bytes:
                self._lost(root, Fault.BUDGET, again=False)
            elif pack.entry_kind[root] == TREE:
                trees.append(root)
                pending += size
            elif size > limits.object_bytes:
                self._flush()  # the order of what is found does not depend on the size of batches
                self._large(root)
            elif pack.first_child[root] >= 0:
                self._family(root)
            else:
                alone.append(root)
                pending += size
        self._alone(alone)
        self._trees(trees)
        self._flush()
        self._names()

    def _each(self, entries: Iterable[int]) -> Iterator[bytes | None]:
        """Contents of small entries; None where one is damaged or over the limit."""
        pack = self._pack
        return inflate_each(pack.view, entries, (pack.entry_at, pack.entry_end, pack.entry_size), self._limits.object_bytes)

    def _alone(self, roots: list[int]) -> None:
        """Whole objects from which nothing is made."""
        kinds = self._pack.entry_kind
        for root, data in zip(roots, self._each(roots), strict=True):
            if data is None:
                self._lost(root, Fault.CORRUPT)
            else:
                self._take((root, -1, KIND_NAMES[kinds[root]], data, None))

    def _family(self, root: int) -> None:
        pack, kind = self._pack, KIND_NAMES[self._pack.entry_kind[root]]
        try:
            data = inflate(pack.packed(root), pack.entry_size[root])
        except FormatError:
            self._lost(root, Fault.CORRUPT)
            return
        self._take((root, -1, kind, data, None))
        stack = [_Node(root, data, 1)]
        self._held = len(data)
        while stack:
            node = stack.pop()
            k, base, depth = node
            if base is None:
                try:
                    base = self._rebuild(k)
                except FormatError:
                    self._lost_below(k, Fault.CORRUPT)
                    continue
            else:
                self._held -= len(base)
            if depth > self._limits.depth or self.expanded > self._limits.expanded_bytes:
                deep = depth > self._limits.depth
                self._lost_below(k, Fault.DEPTH if deep else Fault.BUDGET, again=deep)
                continue
            self._deltas(kind, _Node(k, base, depth), stack)

    def _deltas(self, kind: str, parent: _Node, stack: list[_Node]) -> None:
        """Make everything that is made directly from one object."""
        pack, margin, base = self._pack, self._sink.margin, parent.data or b""
        head, from_marked = written(len(base)), parent.entry in self._marked
        children = pack.children(parent.entry)
        for child, delta in zip(children, self._each(children), strict=True):
            try:
                size, start = self._announced(child, delta, head)
                data = apply(base, delta or b"")
            except FormatError:
                self._lost(child, Fault.CORRUPT)
                continue
            except _TooLarge:
                self._lost(child, Fault.TOO_LARGE, again=False)
                continue
            ranges = None
            if not from_marked and delta and len(delta) * BYTES_PER_OP < size and size > 2 * margin:
                ranges = changed(delta, start, size, margin, len(base))
            self._take((child, parent.entry, kind, data, ranges))
            if pack.first_child[child] >= 0:
                keep = self._held + size <= self._limits.held_bytes
                self._held += size if keep else 0
                stack.append(_Node(child, data if keep else None, parent.depth + 1))

    def _announced(self, k: int, delta: bytes | None, base: bytes) -> tuple[int, int]:
        """Size of a delta's result, and where its operations begin; refuses results over the limit.

        Args:
            k: the entry.
            delta: as inflated; None where that failed.
            base: the size of its base as `written`.
        """
        limit = self._limits.object_bytes
        if self._pack.entry_size[k] > limit:
            raise _TooLarge
        if delta is None:
            raise FormatError("damaged delta")
        size, start = header(delta, base)
        if size > limit:
            raise _TooLarge
        return size, start

    def _inflated(self, k: int) -> bytes:
        """An entry's own data.

        Raises:
            FormatError: it is damaged or over the limit.
        """
        size = self._pack.entry_size[k]
        if size > self._limits.object_bytes:
            raise FormatError("object larger than the limit")
        return inflate(self._pack.packed(k), size)

    def _rebuild(self, k: int) -> bytes:
        """An object from its whole chain, holding two objects at a time."""
        pack = self._pack
        chain = pack.chain(k)
        root = chain.pop()
        if pack.entry_size[root] > self._limits.object_bytes:
            raise FormatError("base is too large")
        data = inflate(pack.packed(root), pack.entry_size[root])
        for entry in reversed(chain):
            delta = self._inflated(entry)
            try:
                self._announced(entry, delta, written(len(data)))
            except _TooLarge as error:
                raise FormatError("base is too large") from error
            data = apply(data, delta)
        return data

    def _take(self, item: Waiting) -> None:
        """Note an object; what is to be read waits until a batch is full."""
        entry, _, kind, data, ranges = item
        size = len(data)
        self.expanded += size
        if self._pack.want[entry] != WANTED:
            if self._sink.marked(self._pack.oid(entry)):
                self._marked.add(entry)
            return
        self._coverage.objects[kind] += 1
        self._coverage.bytes[kind] += size
        self._batch.append(item)
        self._hold += size
        self._look += size if ranges is None else len(ranges) * 3 * self._sink.margin
        if self._look > BATCH or self._hold > BATCH_HELD:
            self._flush()

    def _flush(self) -> None:
        """Look at what waits. Bases stand before what is made from them, so an answer is there when it is needed."""
        batch, self._batch = self._batch, []
        self._look = self._hold = 0
        chosen, marked = self._sink.screen(batch) if batch else (), self._marked
        if not chosen and not marked:
            return
        for number, (k, base, kind, data, ranges) in enumerate(batch):
            spoiled = ranges is not None and base in marked
            if (spoiled or number in chosen) and self._sink.whole(
                kind, self._pack.oid(k), data, None if spoiled else ranges, -1 if spoiled else number
            ):
                marked.add(k)

    def _trees(self, roots: list[int]) -> None:
        """Trees: whole ones are handed over, of deltas only what they add (names are literal there), unless the sink asks for more."""
        pack, want = self._pack, self._pack.want
        wanted = [root for root in roots if want[root] == WANTED]
        damaged = set()
        for root, data in zip(wanted, self._each(wanted), strict=True):
            if data is None:
                self._lost(root, Fault.CORRUPT)
                damaged.add(root)
            else:
                self._take((root, -1, "tree", data, None))
        self._flush()
        below = [k for k in pack.all_below(roots, damaged) if want[k] == WANTED]
        most, waiting = self._limits.expanded_bytes, 0
        for k, fragment in zip(below, self._each(below), strict=True):
            if fragment is None:
                self._fault(k, Fault.CORRUPT)
            elif self.expanded > most:
                self._fault(k, Fault.BUDGET, again=False)
            else:
                self._fragments.append((k, fragment))
                waiting += len(fragment)
                if waiting > FRAGMENTS:
                    self._names()
                    waiting = 0

    def _names(self) -> None:
        """Hand over the parts of trees that wait, and rebuild the trees that the sink wants to see."""
        waiting, self._fragments = self._fragments, []
        if not waiting:
            return
        fragments = [fragment for _, fragment in waiting]
        size = sum(map(len, fragments))
        self._coverage.objects["tree"] += len(fragments)
        self._coverage.bytes["tree"] += size
        self.expanded += size
        for number in self._sink.names(fragments):
            k = waiting[number][0]
            try:
                self._sink.whole("tree", self._pack.oid(k), self._rebuild(k), None)
            except FormatError:
                self._coverage.objects["tree"] -= 1
                self._coverage.bytes["tree"] -= len(waiting[number][1])
                self._fault(k, Fault.CORRUPT)

    def _large(self, root: int) -> None:
        pack, limits = self._pack, self._limits
        if pack.entry_kind[root] != BLOB or pack.entry_size[root] > limits.streamed_bytes:
            self._lost(root, Fault.TOO_LARGE, again=False)
            return
        oid = pack.oid(root)
        if pack.want[root] == WANTED:
            try:
                stream_pieces(self._sink, oid, pack.packed(root), pack.entry_size[root], limits)
            except FormatError:
                self._lost(root, Fault.CORRUPT, again=False)
                return
            self._coverage.objects["blob"] += 1
            self._coverage.bytes["blob"] += pack.entry_size[root]
            self.expanded += pack.entry_size[root]
        self._lost_below(root, Fault.TOO_LARGE, again=False)

    def _fault(self, k: int, reason: Fault, again: bool = True) -> None:
        if self._pack.want[k] != WANTED:
            return
        oid = self._pack.oid(k)
        if again:
            self.retry.append(oid)
        else:
            self._coverage.fault(reason, oid.hex())

    def _lost_below(self, k: int, reason: Fault, again: bool = True) -> None:
        for child in self._pack.below(k):
            self._fault(child, reason, again)

    def _lost(self, k: int, reason: Fault, again: bool = True) -> None:
        self._fault(k, reason, again)
        self._lost_below(k, reason, again)


class _Node(NamedTuple):
    """An entry whose deltas are still to be made: its number, content (None = to be rebuilt), depth in the chain."""

    entry: int
    data: bytes | None
    depth: int


class _TooLarge(Exception):  # noqa: N818 - a signal inside of this module, never seen outside
    """A delta's result is over the limit."""


def stream_pieces(sink: Sink, oid: bytes, packed: memoryview, size: int, limits: Limits) -> None:
    """Hand a large blob to the sink in overlapping pieces.

    Raises:
        FormatError: the stream is damaged; pieces before the damage were handed over.
    """
    carry, offset = b"", 0
    done = 0
    for data in inflate_pieces(packed, size, limits.piece_bytes):
        done += len(data)
        whole = carry + data
        sink.piece(oid, whole, offset, done >= size)
        keep = whole[-limits.overlap_bytes :]
        offset += len(whole) - len(keep)
        carry = keep
