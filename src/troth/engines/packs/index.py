"""Pack index files, version 1 and 2, and the headers of pack entries. Only reads; every offset is checked against the pack.

Formats: gitformat-pack(5). An index that contradicts its pack is refused as a whole.
"""

from __future__ import annotations

import struct
import sys
from array import array
from dataclasses import dataclass
from pathlib import Path

from troth.errors import FormatError

__all__ = ["BLOB", "COMMIT", "OFS_DELTA", "REF_DELTA", "TAG", "TREE", "Index", "read_index"]

COMMIT, TREE, BLOB, TAG, OFS_DELTA, REF_DELTA = 1, 2, 3, 4, 6, 7
MAGIC_V2 = b"\xfftOc"
MAX_OBJECTS = 200_000_000


@dataclass(frozen=True, slots=True)
class Index:
    """The objects of one pack, in the order of their ids.

    Attributes:
        count: number of objects.
        names: their ids, concatenated.
        offsets: where each begins in the pack, same order.
        hash_bytes: length of an id.
        pack_checksum: what the index says the pack ends with.
        fan: cumulated counts by first byte.
    """

    count: int
    names: bytes
    offsets: array[int]
    hash_bytes: int
    pack_checksum: bytes
    fan: tuple[int, ...]

    def name(self, number: int) -> bytes:
        """Object id by its position in the index."""
        return self.names[number * self.hash_bytes : (number + 1) * self.hash_bytes]

    def find(self, oid: bytes) -> int:
        """Position of an object id, or -1."""
        width, names = self.hash_bytes, self.names
        low = self.fan[oid[0] - 1] if oid[0] else 0
        high = self.fan[oid[0]]
        while low < high:
            middle = (low + high) // 2
            name = names[middle * width : middle * width + width]
            if name < oid:
                low = middle + 1
            elif name > oid:
                high = middle
            else:
                return middle
        return -1


def read_index(path: Path, pack_bytes: int, hash_bytes: int) -> Index:
    """Read an index file.

    Args:
        path: the `.idx` file.
        pack_bytes: length of its pack, against which offsets are checked.
        hash_bytes: 20 or 32.

    Raises:
        FormatError: the file is truncated, inconsistent, or points outside of the pack.
        OSError: it cannot be read.
    """
    size = path.stat().st_size
    if size > 64 + MAX_OBJECTS * 40:
        raise FormatError("index is larger than any real one")
    data = path.read_bytes()
    if data[:4] == MAGIC_V2:
        if struct.unpack_from(">I", data, 4)[0] != 2 if len(data) >= 8 else True:
            raise FormatError("unknown index version")
        return _version_2(data, pack_bytes, hash_bytes)
    return _version_1(data, pack_bytes, hash_bytes)


def _fan(data: bytes, start: int) -> tuple[int, ...]:
    if len(data) < start + 1024:
        raise FormatError("index is truncated")
    fan = struct.unpack_from(">256I", data, start)
    if any(fan[i] > fan[i + 1] for i in range(255)):
        raise FormatError("index has a damaged fan-out table")
    return fan


def _array(data: bytes) -> array[int]:
    """Big-endian 32-bit numbers as an array of 64-bit ones."""
    if array("I").itemsize != 4:  # no platform we know; the standard only promises two bytes
        return array("q", struct.unpack(f">{len(data) // 4}I", data))
    numbers = array("I", data)
    if sys.byteorder == "little":
        numbers.byteswap()
    return array("q", numbers)


def _version_2(data: bytes, pack_bytes: int, width: int) -> Index:
    fan = _fan(data, 8)
    count = fan[255]
    names_at = 8 + 1024
    offsets_at = names_at + count * (width + 4)
    large_at = offsets_at + count * 4
    large_bytes = len(data) - large_at - 2 * width
    if large_bytes < 0 or large_bytes % 8:
        raise FormatError("index is truncated")
    offsets = _array(data[offsets_at:large_at])
    large = struct.unpack_from(f">{large_bytes // 8}Q", data, large_at)
    for number, offset in enumerate(offsets) if large else ():
        if offset & 0x80000000:
            which = offset & 0x7FFFFFFF
            if which >= len(large) or large[which] >= 1 << 62:
                raise FormatError("index has a damaged offset")
            offsets[number] = large[which]
    names = data[names_at : names_at + count * width]
    return _checked(Index(count, names, offsets, width, data[-2 * width : -width], fan), pack_bytes)


def _version_1(data: bytes, pack_bytes: int, width: int) -> Index:
    fan = _fan(data, 0)
    count = fan[255]
    entry = width + 4
    if len(data) != 1024 + count * entry + 2 * width:
        raise FormatError("index is truncated or of an unknown kind")
    body = data[1024 : 1024 + count * entry]
    names = b"".join(body[i * entry + 4 : (i + 1) * entry] for i in range(count))
    offsets = array("q", (struct.unpack_from(">I", body, i * entry)[0] for i in range(count)))
    return _checked(Index(count, names, offsets, width, data[-2 * width : -width], fan), pack_bytes)


def _checked(index: Index, pack_bytes: int) -> Index:
    offsets = index.offsets
    if index.count and (min(offsets) < 12 or max(offsets) >= pack_bytes - index.hash_bytes):
        raise FormatError("index points outside of its pack")
    return index
