"""All objects of a repository: packs of all object directories and loose objects, each object once, in tasks that processes can share."""

from __future__ import annotations

import mmap
import os
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from troth.engines.packs import native
from troth.engines.packs.catfile import read_objects
from troth.engines.packs.faults import Coverage, Fault, Limits
from troth.engines.packs.inflate import inflate, inflate_pieces
from troth.engines.packs.layout import Repository, loose_in, packs_in
from troth.engines.packs.pack import Pack
from troth.engines.packs.sink import Sink
from troth.engines.packs.walk import Walk
from troth.engines.packs.walk_native import NativeWalk, Reader
from troth.errors import FormatError

__all__ = ["Item", "ObjectStore", "Sink", "Task"]

KINDS = ("blob", "commit", "tag", "tree")
HEADER = 64
LOOSE_READ = 1 << 20


class Item(NamedTuple):
    """One object with its content."""

    kind: str
    oid: bytes
    data: bytes


@dataclass(frozen=True, slots=True)
class Task:
    """A part of the work: some whole entries of one pack (with everything made from them), or some loose objects.

    Attributes:
        pack: number of the pack; -1 for loose objects.
        roots: entry numbers, or numbers of loose objects.
    """

    pack: int
    roots: tuple[int, ...]


class ObjectStore:
    """The objects of a repository.

    Opening it surveys every pack (headers only). What cannot be used at all is counted in `coverage` at once.
    """

    def __init__(
        self, repository: Repository, limits: Limits | None = None, wanted: Callable[[bytes], bool] | None = None
    ) -> None:
        """Survey the store.

        Args:
            repository: from `open_repository`.
            limits: bounds.
            wanted: tells by object id what to read; None = everything.
        """
        self.repository = repository
        self.limits = limits or Limits()
        self.coverage = Coverage(notes=list(repository.notes))
        self.packs: list[Pack] = []
        self._retry: list[bytes] = []
        self._readers: dict[int, Reader] = {}
        for folder in repository.object_dirs:
            for path in packs_in(folder):
                self._open(path, wanted)
        self.loose = self._loose(wanted)

    def _open(self, path: Path, wanted: Callable[[bytes], bool] | None) -> None:
        earlier = tuple(pack.index for pack in self.packs)

        def mine(oid: bytes) -> bool:
            return (wanted is None or wanted(oid)) and all(index.find(oid) < 0 for index in earlier)

        try:
            pack = Pack(path, self.repository.hash_bytes, self.limits, mine if earlier or wanted else None)
        except (FormatError, OSError, ValueError) as error:
            self.coverage.note(f"pack {path.name[:60]} was not read: {_plain(error)}")
            self.coverage.fault(Fault.NO_INDEX, count=_announced(path))
            return
        self.packs.append(pack)
        for k in pack.orphans():
            # git may still find a base elsewhere; in a cycle it would recurse without end
            if pack.ends_outside(k):
                self._retry.append(pack.oid(k))
            else:
                self.coverage.fault(Fault.BASE, pack.oid(k).hex())

    def _loose(self, wanted: Callable[[bytes], bool] | None) -> list[tuple[bytes, Path]]:
        found: dict[bytes, Path] = {}
        for folder in self.repository.object_dirs:
            for oid, path in loose_in(folder, self.repository.hash_bytes):
                if (wanted is None or wanted(oid)) and all(pack.index.find(oid) < 0 for pack in self.packs):
                    found.setdefault(oid, path)
        return sorted(found.items())

    @property
    def count(self) -> int:
        """How many objects are to be read (faults that are known already are not among them)."""
        return sum(pack.want.count(1) for pack in self.packs) + len(self.loose)

    def has(self, oid: bytes) -> bool:
        """True where the object is in a pack that was surveyed or loose in one of the object directories."""
        if len(oid) != self.repository.hash_bytes:
            return False
        name = oid.hex()
        return any(pack.index.find(oid) >= 0 for pack in self.packs) or any(
            (folder / name[:2] / name[2:]).is_file() for folder in self.repository.object_dirs
        )

    def tasks(self, size: int = 256) -> list[Task]:
        """The whole work, in parts of about `size` families of objects."""
        found = []
        for number, pack in enumerate(self.packs):
            roots = pack.roots()
            found += [Task(number, tuple(roots[at : at + size])) for at in range(0, len(roots), size)]
        step = size * 8
        found += [Task(-1, tuple(range(at, min(at + step, len(self.loose))))) for at in range(0, len(self.loose), step)]
        return found

    def run(self, task: Task, sink: Sink) -> tuple[Coverage, list[bytes]]:
        """Do one task.

        Returns:
            What was read, and the ids of objects to try again with `retry`.
        """
        coverage = Coverage()
        if task.pack < 0:
            return coverage, self._run_loose(task, sink, coverage)
        walk = self._walk(task.pack, sink, coverage)
        walk.run(list(task.roots))
        return coverage, walk.retry

    def _walk(self, number: int, sink: Sink, coverage: Coverage) -> Walk:
        """The walk for one pack: by the compiled part where it is there."""
        pack, compiled = self.packs[number], native.module()
        if compiled is None:
            return Walk(pack, sink, coverage, self.limits)
        reader = self._readers.get(number)
        if reader is None or reader.sink is not sink:
            reader = self._readers[number] = Reader(compiled, pack, sink, self.limits)
        return NativeWalk(pack, reader, coverage, self.limits)

    def _run_loose(self, task: Task, sink: Sink, coverage: Coverage) -> list[bytes]:
        retry = []
        for number in task.roots:
            oid, path = self.loose[number]
            try:
                kind, size = self._one_loose(oid, path, sink)
            except (FormatError, OSError):
                retry.append(oid)
                continue
            coverage.objects[kind] += 1
            coverage.bytes[kind] += size
        return retry

    def _one_loose(self, oid: bytes, path: Path, sink: Sink) -> tuple[str, int]:
        with path.open("rb") as file:
            length = os.fstat(file.fileno()).st_size
            if not 0 < length <= self.limits.streamed_bytes:
                raise FormatError("loose object is empty or larger than the limit")
            if length <= LOOSE_READ:
                return self._loose_object(oid, memoryview(file.read(LOOSE_READ)), sink)
            with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped, memoryview(mapped) as packed:
                return self._loose_object(oid, packed, sink)

    def _loose_object(self, oid: bytes, packed: memoryview, sink: Sink) -> tuple[str, int]:
        kind, size, skip = _head(bytes(packed[:4096]))
        if size <= self.limits.object_bytes:
            sink.whole(kind, oid, inflate(packed, size + skip)[skip:], None)
        elif kind == "blob" and size <= self.limits.streamed_bytes:
            _stream_loose(sink, oid, packed, (size, skip), self.limits)
        else:
            raise FormatError("object larger than the limit")
        return kind, size

    def retry(self, oids: list[bytes], sink: Sink) -> Coverage:
        """Read through git what this reader could not, and count as faults what git cannot read either."""
        coverage = Coverage()

        def take(kind: str, oid: bytes, data: bytes) -> None:
            coverage.objects[kind] += 1
            coverage.bytes[kind] += len(data)
            sink.whole(kind, oid, data, None)

        failed, large = read_objects(self.repository, self._retry + oids, self.limits.object_bytes, take)
        for oid in failed:
            coverage.fault(Fault.CORRUPT, oid.hex())
        for oid in large:
            coverage.fault(Fault.TOO_LARGE, oid.hex())
        if coverage.objects:
            coverage.note(
                f"{coverage.objects.total()} object(s) were read through git because the pack reader could not"
            )
        return coverage

    def close(self) -> None:
        """Let go of all mappings."""
        self._readers.clear()
        for pack in self.packs:
            pack.close()


def _plain(error: BaseException) -> str:
    return str(error) if isinstance(error, FormatError) else type(error).__name__


def _announced(path: Path) -> int:
    """How many objects an unusable pack says it has; at least one, at most what its length allows."""
    try:
        with path.open("rb") as file:
            head = file.read(12)
        return max(1, min(int.from_bytes(head[8:12], "big"), path.stat().st_size // 10)) if head[:4] == b"PACK" else 1
    except OSError:
        return 1


def _head(start: bytes) -> tuple[str, int, int]:
    """Kind, size and header length of a loose object."""
    try:
        head = zlib.decompressobj().decompress(start, HEADER)
    except zlib.error as error:
        raise FormatError("damaged loose object") from error
    line, nul, _ = head.partition(b"\0")
    kind, _, size = line.partition(b" ")
    if not nul or not size.isdigit() or len(size) > 15 or kind.decode("ascii", "replace") not in KINDS:
        raise FormatError("damaged header of a loose object")
    return kind.decode(), int(size), len(line) + 1


def _stream_loose(sink: Sink, oid: bytes, packed: memoryview, lengths: tuple[int, int], limits: Limits) -> None:
    size, skip = lengths
    carry, offset, done = b"", 0, 0
    for data in inflate_pieces(packed, size + skip, limits.piece_bytes):
        part = data[skip:] if not done else data
        done += len(data)
        whole = carry + part
        sink.piece(oid, whole, offset, done >= size + skip)
        carry = whole[-limits.overlap_bytes :]
        offset += len(whole) - len(carry)
