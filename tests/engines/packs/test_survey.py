"""The two ways of reading headers give the same, on whole packs and on damaged ones."""

from __future__ import annotations

import random
from array import array

import pytest

from tests.engines.packs.test_hostile import only_pack
from tests.engines.packs.test_store import make
from troth.engines.packs.index import Index, read_index
from troth.engines.packs.survey import Survey, survey

pytest.importorskip("numpy")
FIELDS = ("order", "start", "kind", "size", "at", "base", "first_child", "next_child", "odd")


def both(data: bytes, end: int, index: Index) -> tuple[Survey, Survey]:
    return survey(data, end, index, many=0), survey(data, end, index, many=1 << 60)


def same(one: Survey, other: Survey) -> None:
    for name in FIELDS:
        assert getattr(one, name) == getattr(other, name), name


@pytest.mark.parametrize("setting", ["true", "false"])
def test_both_ways_read_the_same_headers(tmp_path, setting):
    repository = make(tmp_path / "r")
    repository.git("-c", f"repack.useDeltaBaseOffset={setting}", "repack", "-q", "-a", "-d", "-f", "--depth=30")
    path = only_pack(repository.root)
    data = path.read_bytes()
    index = read_index(path.with_suffix(".idx"), len(data), 20)
    fast, slow = both(data, len(data) - 20, index)
    same(fast, slow)
    assert sum(base >= 0 for base in fast.base) > 20
    assert fast.odd == (setting == "false")


def test_both_ways_read_the_same_from_damaged_packs(tmp_path):
    repository = make(tmp_path / "r")
    repository.git("repack", "-q", "-a", "-d", "-f", "--depth=30")
    path = only_pack(repository.root)
    whole = path.read_bytes()
    index = read_index(path.with_suffix(".idx"), len(whole), 20)
    chance = random.Random(3)
    heads = [offset + step for offset in index.offsets for step in range(3)]
    for _ in range(200):
        data = bytearray(whole)
        for _ in range(chance.randrange(1, 6)):
            data[chance.choice(heads)] = chance.choice((0, 0xFF, 0x6F, 0x7F, 0xEF, chance.randrange(256)))
        same(*both(bytes(data), len(data) - 20, index))


def test_both_ways_read_the_same_from_noise(tmp_path):
    chance = random.Random(4)
    for _ in range(300):
        data = bytes(chance.choice((0x80, 0xFF, 0xE1, 0x6F, 0x90, chance.randrange(256))) for _ in range(120))
        count = chance.randrange(1, 12)
        offsets = array("q", sorted(chance.sample(range(12, 100), count)))
        index = Index(count, bytes(20 * count), offsets, 20, b"", (count,) * 256)
        same(*both(data, 100, index))
