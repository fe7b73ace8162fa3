"""The Merkle tree of RFC 6962 (and RFC 9162), as pure functions over hashes.

Rules: a leaf is hashed behind 0x00 and a node behind 0x01, so that neither can be taken for the other; the tree of n leaves splits at the largest power of two
below n; the empty tree's root is SHA-256 of nothing. Sizes are below 2^63.

Nothing here reads a store: proofs ask a `Hashes` for the roots of complete subtrees. https://www.rfc-editor.org/rfc/rfc9162#section-2.1
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from typing import Final

__all__ = ["EMPTY", "LIMIT", "Frontier", "Hashes", "complete", "consistency_path", "inclusion_path", "leaf_hash", "node_hash", "root_of"]

HASH_BYTES: Final = 32
LIMIT: Final = 1 << 63
"""No tree reaches this size: what claims it is refused."""
EMPTY: Final = hashlib.sha256(b"").digest()

Hashes = Callable[[int, int], bytes]
"""(level, number) -> root of the complete subtree over leaves number * 2^level .. (number + 1) * 2^level."""


def leaf_hash(leaf: bytes) -> bytes:
    """Hash of an entry's bytes."""
    return hashlib.sha256(b"\x00" + leaf).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Hash of two subtrees."""
    return hashlib.sha256(b"\x01" + left + right).digest()


class Frontier:
    """Roots of the complete subtrees at a tree's right edge: enough to add leaves and to tell the root.

    Args:
        size: leaves so far.
        roots: of the subtrees, one for each bit that is set in `size`, the largest first.

    Raises:
        ValueError: the number of roots is not that of the size.
    """

    __slots__ = ("roots", "size")

    def __init__(self, size: int = 0, roots: Iterable[bytes] = ()) -> None:
        self.size, self.roots = size, list(roots)
        if not 0 <= size < LIMIT or len(self.roots) != size.bit_count() or any(len(root) != HASH_BYTES for root in self.roots):
            raise ValueError("a frontier that is not of its size")

    @classmethod
    def parse(cls, size: int, packed: bytes) -> Frontier:
        """From `pack`.

        Raises:
            ValueError: it is not of that size.
        """
        if len(packed) % HASH_BYTES:
            raise ValueError("a frontier that is not whole")
        return cls(size, (packed[at : at + HASH_BYTES] for at in range(0, len(packed), HASH_BYTES)))

    def pack(self) -> bytes:
        """The roots, one after the other."""
        return b"".join(self.roots)

    def add(self, hashed: bytes) -> list[tuple[int, int, bytes]]:
        """Add a leaf's hash; returns the subtrees that became complete, as (level, number, root), the leaf's own left out."""
        number, level, made = self.size, 0, []
        root = hashed
        while number & 1:
            root = node_hash(self.roots.pop(), root)
            number >>= 1
            level += 1
            made.append((level, number, root))
        self.roots.append(root)
        self.size += 1
        return made

    def root(self) -> bytes:
        """Root of the tree."""
        return _folded(self.roots) if self.roots else EMPTY


def _folded(roots: Sequence[bytes]) -> bytes:
    root = roots[-1]
    for left in reversed(roots[:-1]):
        root = node_hash(left, root)
    return root


def root_of(hashes: Iterable[bytes]) -> bytes:
    """Root over leaf hashes."""
    frontier = Frontier()
    for hashed in hashes:
        frontier.add(hashed)
    return frontier.root()


def complete(start: int, end: int) -> list[tuple[int, int]]:
    """Leaves `start..end` as complete subtrees (level, number), left to right; `start` is a multiple of the first one's size."""
    parts = []
    while start < end:
        level = (end - start).bit_length() - 1
        if start:
            level = min(level, (start & -start).bit_length() - 1)
        parts.append((level, start >> level))
        start += 1 << level
    return parts


def _range(start: int, end: int, hashes: Hashes) -> bytes:
    return _folded([hashes(level, number) for level, number in complete(start, end)])


def _split(size: int) -> int:
    return 1 << (size - 1).bit_length() - 1


def inclusion_path(index: int, size: int, hashes: Hashes) -> list[bytes]:
    """Hashes that lead from leaf `index` to the root of the tree of `size` leaves, from below.

    Raises:
        ValueError: the tree has no such leaf.
    """
    if not 0 <= index < size < LIMIT:
        raise ValueError(f"no entry {index} in a log of {size}")
    path, start, end = [], 0, size
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            path.append(_range(middle, end, hashes))
            end = middle
        else:
            path.append(_range(start, middle, hashes))
            start = middle
    return path[::-1]


def consistency_path(old: int, new: int, hashes: Hashes) -> list[bytes]:
    """Hashes that show that the tree of `old` leaves is the beginning of the tree of `new`.

    Raises:
        ValueError: `old` is not between 0 and `new`.
    """
    if not 0 <= old <= new < LIMIT:
        raise ValueError(f"a log of {old} is no beginning of one of {new}")
    if old in (0, new):
        return []
    path, start, end, whole = [], 0, new, True
    while old != end:
        middle = start + _split(end - start)
        if old <= middle:
            path.append(_range(middle, end, hashes))
            end = middle
        else:
            path.append(_range(start, middle, hashes))
            start, whole = middle, False
    if not whole:
        path.append(_range(start, end, hashes))
    return path[::-1]
