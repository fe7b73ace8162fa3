"""The walk of `walk.Walk`, with the entries read by the compiled part: the same objects in the same order, the same limits, the same faults.

What stays here: what to do with what was found, large blobs, and whatever could not be read. The compiled part hands over a batch at a time, in which of an
object that is made from another only the changed parts stand; an object's content is made into `bytes` only where somebody asks for it.
"""

from __future__ import annotations

from heapq import heapify, heappop, heappush
from types import ModuleType

from troth.engines.packs.faults import Coverage, Fault, Limits
from troth.engines.packs.pack import KIND_NAMES, ONLY_BASE, Pack
from troth.engines.packs.sink import Sink
from troth.engines.packs.walk import Walk
from troth.errors import FormatError

__all__ = ["NativeWalk", "Reader"]

REASONS = (Fault.CORRUPT, Fault.TOO_LARGE, Fault.DEPTH, Fault.BUDGET)
ITSELF, BELOW = 0, 1


class Reader:
    """The compiled part set up for one pack and one sink; kept from task to task."""

    def __init__(self, native: ModuleType, pack: Pack, sink: Sink, limits: Limits) -> None:
        """Set up.

        Args:
            native: the compiled part.
            pack: surveyed.
            sink: who looks.
            limits: bounds.
        """
        self.sink = sink
        self.marks = bytearray(pack.count)
        """1 for entries for which the sink answered True: what is made from them is looked at as a whole."""
        k = pack.want.find(ONLY_BASE)
        while k >= 0:
            self.marks[k] = sink.marked(pack.oid(k))
            k = pack.want.find(ONLY_BASE, k + 1)
        arrays = (
            pack.entry_at, pack.entry_end, pack.entry_size, pack.first_child, pack.next_child, pack.entry_base,
            pack.entry_kind, pack.want, self.marks,
        )  # fmt: skip
        bounds = (limits.object_bytes, limits.held_bytes, limits.expanded_bytes, limits.depth, sink.margin)
        self.native = native
        self.walker = native.Walker(pack.view, arrays, bounds, sink.magics)


class NativeWalk(Walk):
    """One pass over some whole entries of a pack and everything made from them, read by the compiled part."""

    def __init__(self, pack: Pack, reader: Reader, coverage: Coverage, limits: Limits) -> None:
        super().__init__(pack, reader.sink, coverage, limits)
        self._reader, self._walker = reader, reader.walker

    def run(self, roots: list[int]) -> None:
        """See `Walk.run`."""
        native, walker = self._reader.native, self._walker
        walker.start(tuple(roots))
        step = -1
        while step != native.DONE:
            step = walker.fill()
            self._events()
            if step == native.LOOK:
                self._look_at_batch()
            elif step == native.NAMES:
                self._look_at_names()
            elif step == native.LARGE:
                before = self.expanded
                self._large(walker.large())
                walker.spent(self.expanded - before)
        objects, sizes, self.expanded = walker.totals()
        for number, kind in KIND_NAMES.items():
            if objects[number - 1]:
                self._coverage.objects[kind] += objects[number - 1]
                self._coverage.bytes[kind] += sizes[number - 1]

    def _events(self) -> None:
        """Count what could not be read."""
        for k, reason, again, about in self._walker.events():
            if about == ITSELF:
                self._fault(k, REASONS[reason], bool(again))
            elif about == BELOW:
                self._lost_below(k, REASONS[reason], bool(again))
            else:
                self._lost(k, REASONS[reason], bool(again))

    def _look_at_batch(self) -> None:
        """Look at a batch. Bases stand before what is made from them, so an answer is there when it is needed."""
        walker, marks, pack = self._walker, self._reader.marks, self._pack
        chosen = self._sink.screen_batch(walker)
        if not chosen:
            return  # of bases in earlier batches the answer was known when this one was made
        waiting = list(chosen)
        heapify(waiting)
        places: dict[int, int] | None = None
        while waiting:
            number = heappop(waiting)
            k, base, kind, data = walker.item(number)
            spoiled = base >= 0 and bool(marks[base])
            ranges = None if base < 0 or spoiled else walker.ranges(number)
            if not self._sink.whole(KIND_NAMES[kind], pack.oid(k), data, ranges, -1 if spoiled else number):
                continue
            marks[k] = 1
            if places is None:
                places = walker.places()
            for child in pack.children(k):
                below = places.get(child)
                if below is not None and below not in chosen:
                    heappush(waiting, below)

    def _look_at_names(self) -> None:
        """Look at what deltas add to trees, and rebuild the trees that the sink wants to see."""
        with memoryview(self._walker) as text:
            if self._sink.plain(bytes(text)):
                return
        fragments = self._walker.fragments()
        for number in self._sink.names([data for _, data in fragments]):
            k, data = fragments[number]
            try:
                self._sink.whole("tree", self._pack.oid(k), self._rebuild(k), None)
            except FormatError:
                self._coverage.objects["tree"] -= 1
                self._coverage.bytes["tree"] -= len(data)
                self._fault(k, Fault.CORRUPT)
