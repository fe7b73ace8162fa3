"""The compiled part gives what the Python parts give: streams, deltas, headers, whole walks, faults. Without a compiler there is nothing to compare."""

from __future__ import annotations

import random
import zlib
from array import array
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.engines.packs.test_delta import copy, deltas, varint
from troth.engines.packs import native
from troth.engines.packs.delta import apply_slowly, changed, sizes
from troth.engines.packs.inflate import inflate
from troth.engines.packs.survey import Survey
from troth.errors import FormatError

compiled = native.module()
ROOT = Path(__file__).resolve().parents[3]
pytestmark = pytest.mark.skipif(compiled is None, reason="the compiled pack reader is not installed (no C compiler, or TROTH_NATIVE=0)")
LIMIT = 1 << 20


def slowly(base: bytes, delta: bytes) -> bytes | None:
    try:
        return apply_slowly(base, delta)
    except FormatError:
        return None


def test_what_is_installed_was_made_from_the_sources_that_are_here():
    spec = spec_from_file_location("native_build", ROOT / "native" / "build.py")
    build = module_from_spec(spec)
    spec.loader.exec_module(build)

    assert compiled.SOURCES == build.sources_digest(), "the compiled part is not of these sources: python native/build.py"


STRATEGIES = (zlib.Z_DEFAULT_STRATEGY, zlib.Z_FILTERED, zlib.Z_HUFFMAN_ONLY, zlib.Z_RLE, zlib.Z_FIXED)


@st.composite
def streams(draw):
    content = draw(st.one_of(st.binary(max_size=2000), st.text("ab \n", max_size=3000).map(str.encode), st.binary(max_size=40).map(lambda part: part * 300)))
    maker = zlib.compressobj(draw(st.integers(0, 9)), zlib.DEFLATED, 15, draw(st.integers(1, 9)), draw(st.sampled_from(STRATEGIES)))
    middle = draw(st.integers(0, len(content)))
    packed = maker.compress(content[:middle]) + (maker.flush(draw(st.sampled_from((zlib.Z_FULL_FLUSH, zlib.Z_SYNC_FLUSH)))) if draw(st.booleans()) else b"")
    return content, packed + maker.compress(content[middle:]) + maker.flush()


@given(streams(), st.binary(max_size=20))
@settings(max_examples=300, deadline=None)
def test_streams_are_inflated_and_what_stands_behind_them_is_let_be(case, behind):
    content, packed = case
    assert compiled.inflate(packed + behind, len(content)) == content
    for other in (len(content) - 1, len(content) + 1, len(content) + 5000):
        assert other < 0 or compiled.inflate(packed, other) is None


@given(streams(), st.data())
@settings(max_examples=400, deadline=None)
def test_damaged_streams_are_refused_where_zlib_refuses_them(case, data):
    content, packed = case
    broken = bytearray(packed)
    for _ in range(data.draw(st.integers(0, 3))):
        broken[data.draw(st.integers(0, len(broken) - 1))] = data.draw(st.integers(0, 255))
    broken = bytes(broken[: data.draw(st.integers(0, len(broken)))])
    try:
        there = inflate_with_zlib(broken, len(content))
    except zlib.error:
        there = None
    assert compiled.inflate(broken, len(content)) == there


def inflate_with_zlib(packed: bytes, size: int) -> bytes | None:
    stream = zlib.decompressobj()
    made = stream.decompress(packed, size + 1)
    if not stream.eof:
        made += stream.decompress(stream.unconsumed_tail, 1)
    return made if stream.eof and len(made) == size else None


def test_large_streams_and_every_truncation():
    chance = random.Random(3)
    words = [chance.randbytes(chance.randrange(1, 12)) for _ in range(200)]
    content = b" ".join(chance.choice(words) for _ in range(60_000))
    for level in (0, 1, 6, 9):
        packed = zlib.compress(content, level)
        assert compiled.inflate(packed, len(content)) == content
        assert inflate(packed, len(content)) == content
    short = zlib.compress(content[:700])
    assert [end for end in range(len(short) + 1) if compiled.inflate(short[:end], 700) is not None] == [len(short)]


def test_a_stream_that_lies_about_its_size_takes_no_memory():
    packed = zlib.compress(b"x" * 1000)
    assert compiled.inflate(packed, 1 << 40) is None
    assert compiled.inflate(packed, len(packed) * 1032 + 5000) is None


@given(deltas(), st.integers(0, 700))
@settings(max_examples=300, deadline=None)
def test_good_deltas(case, margin):
    base, delta, result = case
    assert compiled.apply(base, delta, LIMIT) == result
    assert compiled.changed(delta, margin) == changed(delta, sizes(delta)[2], len(result), margin, len(base))


@given(deltas(), st.data())
@settings(max_examples=600, deadline=None)
def test_damaged_deltas_are_refused_alike(case, data):
    base, delta, _ = case
    broken = bytearray(delta)
    for _ in range(data.draw(st.integers(0, 4))):
        broken[data.draw(st.integers(0, len(broken) - 1))] = data.draw(st.integers(0, 255))
    broken = bytes(broken[: data.draw(st.integers(0, len(broken)))])
    made = slowly(base, broken)
    assert compiled.apply(base, broken, LIMIT) == (made if made is None or len(made) <= LIMIT else None)


@pytest.mark.parametrize(
    ("base", "delta"),
    [
        (b"abc", b""),
        (b"abc", b"\x80" * 20),
        (b"abc", b"\xff" * 20),
        (b"abc", varint(3)),
        (b"abc", varint(3) + varint(0)),
        (b"abc", varint(3) + varint(1 << 70) + b"\x01a"),
        (b"abc", varint(3) + varint((1 << 64) + 1) + b"\x01a"),
        (b"abc", varint((1 << 64) + 3) + varint(1) + b"\x01a"),
        (b"abc", varint(3) + varint(1) + b"\x00"),
        (b"abc", varint(3) + varint(1) + b"\x02a"),
        (b"abc", varint(3) + varint(4) + copy(0, 4)),
        (b"abc", varint(3) + varint(3) + copy(1, 3)),
        (b"abc", varint(3) + varint(3) + b"\x8f\xff\xff\xff\xff"),
        (b"abc", varint(3) + varint(3) + b"\xff\xff\xff\xff\xff\xff\xff\xff"),
        (b"abc", varint(3) + varint(65536) + b"\x80"),
        (b"x" * 70000, varint(70000) + varint(65536) + b"\x80"),
        (b"x" * 70000, varint(70000) + varint(65537) + b"\x80\x01z"),
        (b"abc", varint(3) + varint(2) + b"\x01a"),
        (b"abc", varint(3) + varint(1) + b"\x01a\x01b"),
        (b"abcd", varint(3) + varint(1) + b"\x01a"),
        (b"abc", b"\x83\x00" + varint(1) + b"\x01a"),
        (b"", varint(0) + varint(0)),
    ],
)
def test_lies_of_every_kind_are_refused_alike(base, delta):
    assert compiled.apply(base, delta, LIMIT) == slowly(base, delta)


def test_a_bomb_takes_no_more_memory_than_it_announces():
    import tracemalloc

    base = b"x" * (4 << 20)
    delta = varint(len(base)) + varint(100) + copy(0, 0xFFFFFF & len(base)) * 5000
    tracemalloc.start()
    assert compiled.apply(base, delta, 1 << 30) is None
    assert compiled.apply(base, varint(len(base)) + varint(1 << 29) + copy(0, 100), 1 << 30) is None
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 1 << 20


def surveyed(count: int) -> tuple[Survey, tuple]:
    found = Survey(
        array("i", bytes(4 * count)), array("q", bytes(8 * count)), bytearray(count), array("q", bytes(8 * count)), array("q", bytes(8 * count)),
        array("i", b"\xff" * 4 * count), array("i", b"\xff" * 4 * count), array("i", b"\xff" * 4 * count),
    )  # fmt: skip
    return found, (found.order, found.start, found.kind, found.size, found.at, found.base, found.first_child, found.next_child)


def test_a_survey_checks_what_it_is_given():
    _, arrays = surveyed(2)
    names, fan = bytes(40), array("q", [2] * 256)
    pack = bytes(100)
    for offsets, wrong_fan in ((array("q", [3, 500]), fan), (array("q", [-1, 5]), fan), (array("q", [3, 5]), array("q", [2] * 255 + [3])), (array("q", [3]), fan)):
        with pytest.raises(ValueError, match=r"survey is made of|another length"):
            compiled.survey(pack, 100, (offsets, names, wrong_fan), arrays)
    with pytest.raises(ValueError, match="survey is made of"):
        compiled.survey(pack, 101, (array("q", [3, 5]), names, fan), arrays)


def test_a_walker_checks_what_it_is_given():
    def arrays(count):
        return (*(array("q", bytes(8 * count)) for _ in range(3)), *(array("i", b"\xff" * 4 * count) for _ in range(3)), *(bytearray(count) for _ in range(3)))

    limits = (1 << 20, 1 << 20, 1 << 30, 50, 480)
    walker = compiled.Walker(b"pack", arrays(3), limits, (b"PK",))
    for roots in ((3,), (-1,), (1 << 40,)):
        with pytest.raises((ValueError, OverflowError)):
            walker.start(roots)
    for wrong in (arrays(3)[:8], (*arrays(3)[:8], bytearray(2))):
        with pytest.raises(ValueError, match=r"lengths|made of"):
            compiled.Walker(b"pack", wrong, limits, ())
    with pytest.raises(ValueError, match="magic"):
        compiled.Walker(b"pack", arrays(3), limits, (b"123456789",))
    for ask in (walker.item, walker.ranges, walker.where):
        with pytest.raises(IndexError):
            ask(0)
    with memoryview(walker), pytest.raises(BufferError):
        walker.fill()
    assert walker.fill() == compiled.DONE


def test_a_walk_over_random_headers_ends():
    """Links that no survey makes: whatever they say, nothing is read beside the pack."""
    chance = random.Random(11)
    for _ in range(300):
        count = chance.randrange(1, 12)
        pack = b"".join(zlib.compress(chance.randbytes(chance.randrange(30))) for _ in range(count))

        def numbers(code, low, high, count=count):
            return array(code, [chance.randrange(low, high) for _ in range(count)])

        forest = array("i", [chance.choice((-1, *range(k + 1, count), count + 5)) for k in range(count)])
        arrays = (
            numbers("q", -3, len(pack) + 3), numbers("q", -3, len(pack) + 3), numbers("q", -3, 60), forest, forest[:], numbers("i", -3, count + 2),
            bytearray(chance.randrange(5) for _ in range(count)), bytearray(chance.randrange(3) for _ in range(count)), bytearray(chance.randrange(2) for _ in range(count)),
        )  # fmt: skip
        walker = compiled.Walker(pack, arrays, (1 << 16, 1 << 16, 1 << 20, 20, 5), ())
        walker.start(tuple(range(count)))
        for _ in range(1000):
            if walker.fill() == compiled.DONE:
                break
            with memoryview(walker) as text:
                assert len(text) < 1 << 20
            walker.events()
        else:
            pytest.fail("the walk does not end")
