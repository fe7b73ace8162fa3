"""One pack: which entry is made from which, and a walk that rebuilds every object once, base before delta.

The walk keeps a base only as long as its deltas are being made, so memory follows the depth of the chains and not the size of the pack;
beyond `Limits.held_bytes` bases are dropped and rebuilt when their turn comes. Entries that no walk reaches (their base is missing, or
they are in a cycle) are faults.
"""

from __future__ import annotations

import mmap
from collections.abc import Callable, Collection, Iterable, Iterator
from itertools import compress
from operator import and_
from pathlib import Path

from troth.engines.packs.faults import Limits
from troth.engines.packs.index import BLOB, COMMIT, OFS_DELTA, TAG, TREE, Index, read_index
from troth.engines.packs.survey import survey
from troth.errors import FormatError

__all__ = ["KIND_NAMES", "Pack"]

KIND_NAMES = {COMMIT: "commit", TREE: "tree", BLOB: "blob", TAG: "tag"}
UNWANTED, WANTED, ONLY_BASE = 0, 1, 2
_WHOLE = bytes(0 < kind < OFS_DELTA for kind in range(256))
_ANY = bytes(want != UNWANTED for want in range(256))


class Pack:
    """A pack file with its index, surveyed.

    Entries are numbered by their place in the pack (0 = first). Attributes that begin with `entry` are indexed by that number.

    Attributes:
        path: the `.pack` file.
        count: number of entries.
        index: its index.
        entry_kind: object kind for whole entries; OFS_DELTA or REF_DELTA for deltas; 0 for an entry with a damaged header.
        entry_size: announced size of the entry's own data (of the delta, for deltas).
        entry_at: where its zlib stream begins.
        entry_end: where the next entry begins.
        entry_base: number of the base entry, -1 for none, -2 for a base that is not in this pack.
        view: the whole file.
        want: per entry: 1 = to be read, 2 = only needed as a base, 0 = neither.
    """

    def __init__(
        self, path: Path, hash_bytes: int, limits: Limits, wanted: Callable[[bytes], bool] | None = None
    ) -> None:
        """Map the pack and survey its entries.

        Args:
            path: the `.pack` file; its `.idx` lies beside it.
            hash_bytes: 20 or 32.
            limits: bounds.
            wanted: tells by object id what is to be read; None = everything.

        Raises:
            FormatError: pack or index are damaged beyond use.
            OSError: they cannot be opened.
        """
        self.path, self.limits = path, limits
        with path.open("rb") as file:
            size = path.stat().st_size
            if size < 12 + hash_bytes:
                raise FormatError("pack is truncated")
            self._map = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        self._end = size - hash_bytes
        self._view = self.view = memoryview(self._map)
        head = bytes(self._view[:12])
        if head[:4] != b"PACK" or int.from_bytes(head[4:8], "big") not in (2, 3):
            raise FormatError("not a pack of version 2 or 3")
        self.announced = int.from_bytes(head[8:12], "big")
        self.index: Index = read_index(path.with_suffix(".idx"), size, hash_bytes)
        self.count = self.index.count
        if self.count != self.announced:
            raise FormatError(f"index lists {self.count} objects, pack announces {self.announced}")
        if self.index.pack_checksum != bytes(self._view[self._end :]):
            raise FormatError("index belongs to another pack")
        found = survey(self._map, self._end, self.index)
        self._order, self._odd = found.order, found.odd
        self.entry_start, self.entry_kind, self.entry_size = found.start, found.kind, found.size
        self.entry_at, self.entry_base = found.at, found.base
        self.first_child, self.next_child = found.first_child, found.next_child
        self.entry_end = self.entry_start[1:]
        self.entry_end.append(self._end)
        self._choose(wanted)

    def _choose(self, wanted: Callable[[bytes], bool] | None) -> None:
        if wanted is None:
            self.want = bytearray(b"\x01") * self.count
            return
        self.want = bytearray(self.count)
        for k in range(self.count):
            if not wanted(self.oid(k)):
                continue
            self.want[k] = WANTED
            base, steps = self.entry_base[k], 0
            while base >= 0 and not self.want[base] and steps <= self.limits.depth:
                self.want[base] = ONLY_BASE
                base, steps = self.entry_base[base], steps + 1

    def oid(self, k: int) -> bytes:
        """Object id of an entry."""
        return self.index.name(self._order[k])

    def roots(self) -> list[int]:
        """Entries that are whole objects and are wanted, or needed by a wanted one, in the order of the pack."""
        whole: bytes | bytearray = self.entry_kind.translate(_WHOLE)
        if self.want.find(UNWANTED) >= 0:
            whole = bytes(map(and_, whole, self.want.translate(_ANY)))
        return list(compress(range(self.count), whole))

    def orphans(self) -> list[int]:
        """Wanted entries that no walk reaches: a damaged header, a base that is not here, a cycle."""
        if not self._odd:
            return []  # bases by offset lie before their deltas: there can be no cycle
        reached = bytearray(self.count)
        stack = [k for k in range(self.count) if 0 < self.entry_kind[k] < OFS_DELTA]
        while stack:
            k = stack.pop()
            reached[k] = 1
            child = self.first_child[k]
            while child >= 0:
                stack.append(child)
                child = self.next_child[child]
        return [k for k in range(self.count) if not reached[k] and self.want[k] == WANTED]

    def ends_outside(self, k: int) -> bool:
        """For an entry that no walk reaches: true where its chain ends (in a damaged entry, or outside of the pack), false in a cycle."""
        steps = 0
        while self.entry_base[k] >= 0 and self.entry_kind[k]:
            k = self.entry_base[k]
            steps += 1
            if steps > self.limits.depth:
                return False
        return True

    def packed(self, k: int) -> memoryview:
        """The zlib stream of an entry (and nothing of the next one)."""
        return self._view[self.entry_at[k] : self.entry_end[k]]

    def children(self, k: int) -> list[int]:
        """Wanted deltas made directly from an entry."""
        found, following, want = [], self.next_child, self.want
        child = self.first_child[k]
        while child >= 0:
            if want[child]:
                found.append(child)
            child = following[child]
        return found

    def below(self, k: int) -> Iterator[int]:
        """All wanted entries made from an entry, directly or not. Ends on any input: the links form a forest below a whole entry."""
        stack = [k]
        while stack:
            for child in self.children(stack.pop()):
                yield child
                stack.append(child)

    def all_below(self, roots: Iterable[int], without: Collection[int] = ()) -> list[int]:
        """All wanted entries made from some whole ones, in the order of the pack, those made from `without` left out."""
        first, following, want = self.first_child, self.next_child, self.want
        stack = [root for root in roots if root not in without]
        found: list[int] = []
        while stack:
            child = first[stack.pop()]
            while child >= 0:
                if want[child]:
                    found.append(child)
                    if first[child] >= 0:
                        stack.append(child)
                child = following[child]
        found.sort()
        return found

    def chain(self, k: int) -> list[int]:
        """An entry and its bases, down to the whole one.

        Raises:
            FormatError: the chain is longer than the limit, or ends in nothing.
        """
        found = [k]
        while self.entry_base[k] != -1:
            k = self.entry_base[k]
            if k < 0 or len(found) > self.limits.depth:
                raise FormatError("delta chain has no end")
            found.append(k)
        return found

    def close(self) -> None:
        """Let go of the mapping."""
        self._view.release()
        self._map.close()
