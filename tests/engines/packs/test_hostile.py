"""Damaged and hostile stores: a partial result that adds up, never a crash, never another error, bounded memory."""

from __future__ import annotations

import hashlib
import os
import random
import struct
import zlib
from pathlib import Path

import pytest

from tests.engines.packs.test_delta import copy, varint
from tests.engines.packs.test_store import Everything, make, of_git, read
from tests.engines.secrets.planted import Planted
from troth.engines.packs import Fault, Limits, ObjectStore, open_repository

pytestmark = pytest.mark.usefixtures("walks")


def only_pack(root: Path) -> Path:
    return next((root / ".git" / "objects" / "pack").glob("*.pack"))


def writable(path: Path) -> bytearray:
    os.chmod(path, 0o644)
    return bytearray(path.read_bytes())


@pytest.fixture
def packed(tmp_path):
    repository = make(tmp_path / "r")
    repository.git("repack", "-q", "-a", "-d", "-f")
    return repository


def test_every_kind_of_truncation_is_counted_and_nothing_crashes(packed):
    pack = only_pack(packed.root)
    whole, index = bytes(writable(pack)), bytes(writable(pack.with_suffix(".idx")))
    total = len(of_git(packed))
    for data, target in ((whole, pack), (index, pack.with_suffix(".idx"))):
        for size in (0, 3, 11, 40, 1000, len(data) // 2, len(data) - 1):
            target.write_bytes(data[:size])
            _, store = read(packed.root)
            assert not store.coverage.complete
            assert store.coverage.missing > 0 or size < 12
            assert store.coverage.total <= total + 1
        target.write_bytes(data)
    _, store = read(packed.root)
    assert store.coverage.complete


def test_a_flipped_byte_costs_its_object_and_what_is_made_from_it_only(packed):
    pack = only_pack(packed.root)
    whole, truth = bytes(writable(pack)), of_git(packed)
    chance = random.Random(11)
    for _ in range(25):
        broken = bytearray(whole)
        broken[chance.randrange(12, len(whole) - 20)] ^= 1 << chance.randrange(8)
        pack.write_bytes(broken)
        sink, store = read(packed.root)
        assert store.coverage.total == len(truth)
        for oid, thing in sink.objects.items():
            if truth[oid] != thing:
                # the only way to be wrong unseen is a delta that still checks out; zlib's checksum leaves one in four thousand million
                raise AssertionError(oid.hex())
    pack.write_bytes(whole)


def test_a_damaged_index_never_crashes(packed):
    pack = only_pack(packed.root)
    path = pack.with_suffix(".idx")
    whole = bytes(writable(path))
    chance = random.Random(12)
    for _ in range(40):
        broken = bytearray(whole)
        for _ in range(chance.randrange(1, 6)):
            broken[chance.randrange(len(broken))] = chance.randrange(256)
        path.write_bytes(broken)
        _, store = read(packed.root)
        assert store.coverage.total > 0


def entry(kind: int, size: int, body: bytes, link: bytes = b"") -> bytes:
    byte, rest, head = (kind << 4) | (size & 15), size >> 4, b""
    while rest:
        head += bytes([byte | 128])
        byte, rest = rest & 127, rest >> 7
    return head + bytes([byte]) + link + body


def write_pack(root: Path, entries: list[tuple[bytes, bytes]]) -> Planted:
    """A pack of hand-made entries (object id, bytes) with an index that git itself would accept in form."""
    repository = Planted.__new__(Planted)
    repository.root = root
    root.mkdir()
    repository.git("init", "-q")
    data = b"PACK" + struct.pack(">II", 2, len(entries))
    rows = []
    for oid, raw in entries:
        rows.append((oid, len(data), zlib.crc32(raw)))
        data += raw
    checksum = hashlib.sha1(data).digest()
    rows.sort()
    fan = [sum(oid[0] <= first for oid, _, _ in rows) for first in range(256)]
    index = b"\xfftOc" + struct.pack(">I256I", 2, *fan) + b"".join(oid for oid, _, _ in rows)
    index += b"".join(struct.pack(">I", crc) for _, _, crc in rows) + b"".join(
        struct.pack(">I", at) for _, at, _ in rows
    )
    index += checksum
    folder = root / ".git" / "objects" / "pack"
    (folder / "pack-hostile.pack").write_bytes(data + checksum)
    (folder / "pack-hostile.idx").write_bytes(index + hashlib.sha1(index).digest())
    return repository


def oid(number: int) -> bytes:
    return hashlib.sha1(b"%d" % number).digest()


def ref_delta(number: int, base: int, delta: bytes) -> tuple[bytes, bytes]:
    return oid(number), entry(7, len(delta), zlib.compress(delta), oid(base))


def test_delta_cycles_and_missing_bases_are_faults(tmp_path):
    delta = varint(4) + varint(4) + copy(0, 4)
    entries = [ref_delta(1, 2, delta), ref_delta(2, 1, delta), ref_delta(3, 3, delta), ref_delta(4, 99, delta)]
    entries.append((oid(5), entry(3, 4, zlib.compress(b"good"))))
    repository = write_pack(tmp_path / "r", entries)
    sink, store = read(repository.root)
    assert [data for _, data in sink.objects.values()] == [b"good"]
    assert store.coverage.missing == 4
    assert store.coverage.total == 5


def test_a_chain_of_bombs_stays_below_the_cap(tmp_path):
    """Every link doubles: a dozen links of a few bytes would make four gibibytes."""
    size = 1 << 20
    entries = [(oid(0), entry(3, size, zlib.compress(b"x" * size)))]
    for number in range(1, 13):
        half = copy(0, 0x800000) * (size // 0x800000) if size > 0x800000 else copy(0, size)
        delta = varint(size) + varint(2 * size) + half * 2
        entries.append(ref_delta(number, number - 1, delta))
        size *= 2
    repository = write_pack(tmp_path / "r", entries)
    limits = Limits(object_bytes=32 << 20)
    import tracemalloc

    tracemalloc.start()
    _, store = read(repository.root, limits)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert store.coverage.faults[Fault.TOO_LARGE] == 7
    assert store.coverage.total == 13
    assert peak < 400 << 20


def test_a_header_that_lies_about_its_size_is_refused(tmp_path):
    bomb = zlib.compress(b"\0" * (64 << 20), 9)
    entries = [
        (oid(1), entry(3, 10, bomb)),
        (oid(2), entry(3, 1 << 40, zlib.compress(b"small"))),
        (oid(3), entry(3, 0, zlib.compress(b""))),
    ]
    repository = write_pack(tmp_path / "r", entries)
    import tracemalloc

    tracemalloc.start()
    _, store = read(repository.root)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert store.coverage.total == 3
    assert store.coverage.missing == 2
    assert peak < 80 << 20


def test_impossible_loose_objects_are_faults(tmp_path):
    repository = make(tmp_path / "r")
    folder = repository.root / ".git" / "objects"
    total = len(of_git(repository))
    for number, data in enumerate(
        [
            b"",
            b"junk",
            zlib.compress(b"blob 5\0no"),
            zlib.compress(b"blob 99999999999999999\0x"),
            zlib.compress(b"evil 3\0abc"),
            zlib.compress(b"blob -1\0"),
        ]
    ):
        name = oid(1000 + number).hex()
        (folder / name[:2]).mkdir(exist_ok=True)
        (folder / name[:2] / name[2:]).write_bytes(data)
    _, store = read(repository.root)
    assert store.coverage.missing == 6
    assert store.coverage.total == total + 6


def test_a_pack_that_vanishes_meanwhile_is_still_read(packed):
    store = ObjectStore(open_repository(packed.root))
    only_pack(packed.root).unlink()
    sink = Everything()
    for task in store.tasks():
        store.coverage.add(store.run(task, sink)[0])
    assert store.coverage.objects.total() == store.count
