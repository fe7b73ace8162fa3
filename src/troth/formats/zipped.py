"""A strict reader of ZIP archives: accepts only archives that every reader sees the same way.

Refused: bytes before the first member, between members (beyond a declared descriptor) or after the end record; members that overlap; a central directory
that contradicts a local header; duplicate names, also by case; names that leave the folder; encryption, multiple disks, and methods other than stored
and deflated (bzip2 and lzma only where the caller says so). Sizes come from the central directory and are held to the local layout.
"""

from __future__ import annotations

import zlib
from struct import unpack_from
from typing import NamedTuple

from troth.formats.source import Source
from troth.formats.verdict import BUDGET, Budget, Refusal

__all__ = ["Member", "read_zip"]

STORED, DEFLATED = 0, 8
_DIRECTORY_LIMIT = 512 << 20


class Member(NamedTuple):
    """One entry: name, method, sizes in bytes, CRC-32 and where its data lies."""

    name: str
    method: int
    packed: int
    size: int
    crc: int
    at: int

    def data(self, source: Source, budget: Budget = BUDGET, limit: int | None = None) -> bytes:
        """The content, decompressed within limits and held to size and CRC."""
        limit = budget.expanded if limit is None else limit
        if self.size > limit:
            raise Refusal("budget-expanded", f"the member has {self.size} bytes, the limit is {limit}", self.at, self.name)
        raw = source.read(self.at, self.packed)
        if self.method == DEFLATED:
            raw = self._inflate(raw, budget)
        if len(raw) != self.size or zlib.crc32(raw) != self.crc:
            raise Refusal("zip-crc", "the member's content does not have the declared size and checksum", self.at, self.name)
        return raw

    def _inflate(self, raw: bytes, budget: Budget) -> bytes:
        if self.size > 1 << 20 and self.size > budget.ratio * max(self.packed, 1):
            raise Refusal("budget-ratio", f"the member expands {self.size // max(self.packed, 1)} times", self.at, self.name)
        reader = zlib.decompressobj(-15)
        try:
            found = reader.decompress(raw, self.size + 1)
        except zlib.error as error:
            raise Refusal("zip-damaged", f"the member cannot be decompressed: {error}", self.at, self.name) from error
        if not reader.eof or reader.unused_data:
            raise Refusal("zip-damaged", "the compressed member has another length than declared", self.at, self.name)
        return found


def read_zip(source: Source, budget: Budget = BUDGET, methods: tuple[int, ...] = (STORED, DEFLATED)) -> list[Member]:
    """Members in the order of their data.

    Raises:
        Refusal: the archive could be read in more than one way, or damaged.
    """
    count, size, at, end = _end_record(source)
    if size > _DIRECTORY_LIMIT or count > budget.members:
        raise Refusal("budget-members", f"an archive of {count} members; the limit is {budget.members}", at)
    directory = source.read(at, size)
    members = _directory(directory, count, at, methods)
    members.sort(key=lambda member: member[1])
    found, place = [], 0
    for index, (member, header, flags) in enumerate(members):
        if header != place:
            raise Refusal("zip-gap", "bytes before, between or inside members that readers would see differently", place, member.name)
        following = members[index + 1][1] if index + 1 < len(members) else at
        start, place = _local(source, member, header, flags, following)
        found.append(member._replace(at=start))
    if place != at or end != source.size:
        raise Refusal("zip-gap", "bytes between the last member and the directory, or after the archive", place)
    _names(found)
    return found


def _end_record(source: Source) -> tuple[int, int, int, int]:
    if source.size < 22:
        raise Refusal("truncated", "too short for an archive", 0)
    at = source.size - 22
    tail = source.read(at, 22)
    if tail[:4] != b"PK\5\6" or tail[20:] != b"\0\0":
        raise Refusal("zip-end", "the archive does not end with its end record (a comment, or bytes after it)", at)
    disk, start_disk, here, count, size, offset = unpack_from("<4H2I", tail, 4)
    if disk or start_disk or here != count:  # noqa: SIM102
        if not (disk == start_disk == 0xFFFF):
            raise Refusal("zip-disks", "an archive of several disks", at)
    if source.size >= 42 and source.read(at - 20, 4) == b"PK\6\7":
        return _zip64(source, at - 20, (count, size, offset))
    if 0xFFFFFFFF in (size, offset) or count == 0xFFFF:
        raise Refusal("zip-end", "the end record points to another one that is not there", at)
    if offset + size != at:
        raise Refusal("zip-gap", "the directory does not lie right before the end record", offset)
    return count, size, offset, source.size


def _zip64(source: Source, locator: int, short: tuple[int, int, int]) -> tuple[int, int, int, int]:
    disk, record, disks = unpack_from("<IQI", source.read(locator, 20), 4)
    if disk or disks != 1 or record + 56 != locator:
        raise Refusal("zip-end", "the 64-bit end record is not where it must be", locator)
    data = source.read(record, 56)
    length, _made, _need, disk1, disk2, here, count, size, offset = unpack_from("<QHHIIQQQQ", data, 4)
    if data[:4] != b"PK\6\6" or length != 44 or disk1 or disk2 or here != count or offset + size != record:
        raise Refusal("zip-end", "the 64-bit end record contradicts itself", record)
    limits = (0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF)
    for value, wide, full in zip(short, (count, size, offset), limits, strict=True):
        if value not in (full, wide):
            raise Refusal("zip-end", "the two end records contradict each other", record)
    return count, size, offset, source.size


def _directory(data: bytes, count: int, base: int, methods: tuple[int, ...]) -> list[tuple[Member, int, int]]:
    found, pos = [], 0
    for _ in range(count):
        if data[pos : pos + 4] != b"PK\1\2" or pos + 46 > len(data):
            raise Refusal("zip-directory", "the directory is damaged", base + pos)
        flags, method = unpack_from("<HH", data, pos + 8)
        crc, packed, size, name_size, extra_size, note_size, disk, _inner, _outer, header = unpack_from("<IIIHHHHHII", data, pos + 16)
        raw = data[pos + 46 : pos + 46 + name_size]
        extra = data[pos + 46 + name_size : pos + 46 + name_size + extra_size]
        pos_next = pos + 46 + name_size + extra_size + note_size
        if pos_next > len(data) or note_size or disk not in (0, 0xFFFF):
            raise Refusal("zip-directory", "the directory is damaged, or carries comments", base + pos)
        name = _name(raw, flags, base + pos)
        if flags & ~0x080E or flags & 0x2041 or method not in methods:
            raise Refusal("zip-method", f"flags {flags:#x} or method {method}: encrypted, or read by few programs", base + pos, name)
        size, packed, header = _wide(extra, size, packed, header, base + pos)
        if method == STORED and size != packed:
            raise Refusal("zip-directory", "a stored member with two sizes", base + pos, name)
        found.append((Member(name, method, packed, size, crc, 0), header, flags))
        pos = pos_next
    if pos != len(data):
        raise Refusal("zip-directory", "bytes behind the last entry of the directory", base + pos)
    return found


def _name(raw: bytes, flags: int, at: int) -> str:
    try:
        return raw.decode("utf-8" if flags & 0x800 else "ascii")
    except UnicodeDecodeError as error:
        raise Refusal("zip-name", "a member's name in an encoding that readers guess", at) from error


def _wide(extra: bytes, size: int, packed: int, header: int, at: int) -> tuple[int, int, int]:
    pos, wide = 0, b""
    while pos + 4 <= len(extra):
        tag, length = unpack_from("<HH", extra, pos)
        if pos + 4 + length > len(extra):
            break
        if tag == 1:
            wide = extra[pos + 4 : pos + 4 + length]
        if tag in (0x7075, 0x9901):
            raise Refusal("zip-name", "a second name, or encryption, in an extra field", at)
        pos += 4 + length
    values, used = [size, packed, header], 0
    for index, value in enumerate(values):
        if value == 0xFFFFFFFF:
            if used + 8 > len(wide):
                raise Refusal("zip-directory", "a size beyond 32 bits is missing", at)
            values[index] = unpack_from("<Q", wide, used)[0]
            used += 8
    return values[0], values[1], values[2]


def _local(source: Source, member: Member, at: int, flags: int, following: int) -> tuple[int, int]:
    """Start of the data, and the end of the member with its descriptor."""
    head = source.read(at, 30)
    if head[:4] != b"PK\3\4":
        raise Refusal("zip-local", "no member begins where the directory says", at, member.name)
    lflags, method = unpack_from("<HH", head, 6)
    crc, packed, size, name_size, extra_size = unpack_from("<IIIHH", head, 14)
    behind = source.read(at + 30, name_size + extra_size)
    name = behind[:name_size]
    if extra_size:
        _local_extra(behind[name_size:], member, (packed, size), at)
    described = bool(flags & 8)
    start = at + 30 + name_size + extra_size
    same_sizes = (packed in (member.packed, 0xFFFFFFFF) and size in (member.size, 0xFFFFFFFF) and crc == member.crc) or (
        described and packed in (0, 0xFFFFFFFF, member.packed) and size in (0, 0xFFFFFFFF, member.size) and crc in (0, member.crc)
    )
    if lflags != flags or method != member.method or name.decode("utf-8", "replace") != member.name or not same_sizes:
        raise Refusal("zip-local", "a member's own header contradicts the directory", at, member.name)
    end = start + member.packed
    if end > following:
        raise Refusal("zip-overlap", "a member's data reaches into the next one", at, member.name)
    if described:
        end = _descriptor(source, member, end, following)
    return start, end


def _local_extra(extra: bytes, member: Member, short: tuple[int, int], at: int) -> None:
    """Nothing in a member's own header may give it another name or other sizes: readers of streams believe that header."""
    if b"\x75\x70" not in extra and b"\x01\x99" not in extra and 0xFFFFFFFF not in short:
        return
    wide = [member.size if short[1] == 0xFFFFFFFF else short[1], member.packed if short[0] == 0xFFFFFFFF else short[0]]
    size, packed, _ = _wide(extra, short[1], short[0], 0, at)
    if [size, packed] != wide and [size, packed] != [0, 0]:
        raise Refusal("zip-local", "a member's own header contradicts the directory", at, member.name)


def _descriptor(source: Source, member: Member, end: int, following: int) -> int:
    length = following - end
    if length == 0:
        return end
    data = source.read(end, min(length, 24))
    if length in (16, 24) and data[:4] == b"PK\7\x08":
        found = unpack_from("<III" if length == 16 else "<IQQ", data, 4)
        if found == (member.crc, member.packed, member.size):
            return following
    raise Refusal("zip-gap", "bytes behind a member that are not its descriptor", end, member.name)


def _names(members: list[Member]) -> None:
    seen: set[str] = set()
    for member in members:
        name = member.name
        parts = name.rstrip("/").split("/")
        if not name or "\\" in name or "\0" in name or name.startswith("/") or ".." in parts or "." in parts or "" in parts or ":" in parts[0]:
            raise Refusal("zip-name", "a name that leaves the folder, or that systems read differently", member.at, name[:200])
        if name.rstrip("/").casefold() in seen:
            raise Refusal("zip-duplicate", "two members of one name; readers choose differently", member.at, name[:200])
        seen.add(name.rstrip("/").casefold())
