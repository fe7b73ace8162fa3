"""The two walks agree object by object: order, content, what is looked at because its base asked for it, coverage, faults, samples, what is left to git."""

from __future__ import annotations

import os
import random
from dataclasses import asdict

import pytest

from tests.engines.packs.test_store import make
from troth.engines.packs import Limits, ObjectStore, native, open_repository

pytestmark = pytest.mark.skipif(native.module() is None, reason="the compiled pack reader is not installed (no C compiler, or TROTH_NATIVE=0)")


class Noting:
    """Notes everything in order; wants some objects, and asks for what is made from some of them as a whole."""

    margin = 40
    magics = (b"bin",)

    def __init__(self) -> None:
        self.noted: list = []

    def wants(self, data: bytes) -> bool:
        return len(data) % 3 != 0

    def screen(self, objects):
        return {number for number, (*_, data, _) in enumerate(objects) if self.wants(data)}

    def screen_batch(self, batch):
        with memoryview(batch) as text:
            for number, low, length, place in batch.parts(False):
                _, _, _, data = batch.item(number)
                if place >= 0:  # every part stands in the text as it does in its object, and offsets lead back
                    assert bytes(text[place : place + length]) == data[low : low + length]
                    assert batch.where(place + length) == (number, low + length)
        return {number for number in range(batch.count()) if self.wants(batch.item(number)[3])}

    def whole(self, kind, oid, data, ranges, number=-1):
        marked = oid[0] % 4 == 0
        self.noted.append((kind, oid, data, marked))
        return marked

    def piece(self, oid, data, offset, last):
        self.noted.append(("piece", oid, data, offset, last))

    def plain(self, names):
        return len(names) % 5 == 0

    def names(self, fragments):
        return [] if self.plain(b"\0\n\0".join(fragments)) else [number for number, part in enumerate(fragments) if len(part) % 2]

    def marked(self, oid):
        return oid[0] % 4 == 0


def walked(root, limits, wanted, compiled, monkeypatch):
    monkeypatch.setenv("TROTH_NATIVE", "1" if compiled else "0")
    store = ObjectStore(open_repository(root, limits), limits, wanted)
    sink, retry = Noting(), []
    for task in store.tasks(16):
        coverage, again = store.run(task, sink)
        store.coverage.add(coverage)
        retry += again
    survey = [(list(p.entry_start), bytes(p.entry_kind), list(p.entry_size), list(p.entry_at), list(p.entry_base), p.roots(), p.orphans()) for p in store.packs]
    store.close()
    return survey, sink.noted, retry, asdict(store.coverage)


LIMITS = [
    Limits(),
    Limits(held_bytes=4000),
    Limits(depth=3),
    Limits(object_bytes=2500, piece_bytes=700, overlap_bytes=50),
    Limits(expanded_bytes=30_000),
    Limits(object_bytes=300, held_bytes=0, depth=2, expanded_bytes=9_000, streamed_bytes=2900),
]


@pytest.fixture(scope="module")
def packed(tmp_path_factory):
    """A repository of one pack with chains of deltas; made once, since git takes most of the time."""
    repository = make(tmp_path_factory.mktemp("walks") / "r")
    repository.git("repack", "-q", "-a", "-d", "-f", "--depth=12")
    pack = next((repository.root / ".git" / "objects" / "pack").glob("*.pack"))
    os.chmod(pack, 0o644)
    return repository.root, pack, pack.read_bytes()


@pytest.mark.parametrize("number", range(len(LIMITS)))
@pytest.mark.parametrize("state", ["sound", "some wanted", "damaged"])
def test_both_walks_hand_over_the_same(packed, monkeypatch, number, state):
    root, pack, whole = packed
    chance = random.Random(number)
    wanted = (lambda oid: oid[1] % 3 == 0) if state == "some wanted" else None
    for _ in range(8 if state == "damaged" else 1):
        broken = bytearray(whole)
        for _ in range(chance.randrange(1, 5) if state == "damaged" else 0):
            broken[chance.randrange(12, len(whole) - 20)] ^= 1 << chance.randrange(8)
        pack.write_bytes(broken)
        slow = walked(root, LIMITS[number], wanted, False, monkeypatch)
        assert walked(root, LIMITS[number], wanted, True, monkeypatch) == slow
        assert slow[1] or state == "damaged"
