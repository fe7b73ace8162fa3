"""The quick reader of pickles keeps what `pickletools` names, on good and on damaged ones."""

from __future__ import annotations

import pickle
import pickletools
import random
import struct

from hypothesis import given, settings
from hypothesis import strategies as st

from troth.engines.secrets.pickled import ERRORS, LONGEST, SHORTEST, STEPS, texts_of


def slowly(data: bytes, left: int) -> tuple[list[bytes], bool]:
    texts: list[bytes] = []
    try:
        for number, (_, argument, _) in enumerate(pickletools.genops(data)):
            if isinstance(argument, str) and len(argument) >= SHORTEST:
                texts.append(argument.encode("utf-8", "replace"))
                left -= len(argument)
            elif isinstance(argument, bytes | bytearray) and SHORTEST <= len(argument) <= LONGEST:
                texts.append(bytes(argument))
                left -= len(argument)
            if left <= 0 or number > STEPS:
                return texts, True
    except ERRORS:
        return texts, not texts
    return texts, False


values = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.integers(-(1 << 80), 1 << 80), st.floats(), st.text(max_size=30), st.binary(max_size=300), st.just("x" * 300)),
    lambda inner: st.one_of(st.lists(inner, max_size=5), st.dictionaries(st.text(max_size=12), inner, max_size=5), st.tuples(inner, inner), st.frozensets(st.text(max_size=9))),
    max_leaves=20,
)


@given(values, st.integers(0, 5), st.integers(1, 400))
@settings(max_examples=200, deadline=None)
def test_good_pickles(value, protocol, left):
    data = pickle.dumps(value, protocol)
    assert texts_of(data, 1 << 20) == slowly(data, 1 << 20)
    assert texts_of(data, left) == slowly(data, left)


@given(values, st.integers(0, 5), st.data())
@settings(max_examples=400, deadline=None)
def test_damaged_pickles(value, protocol, data):
    broken = bytearray(pickle.dumps(value, protocol))
    for _ in range(data.draw(st.integers(1, 5))):
        broken[data.draw(st.integers(0, len(broken) - 1))] = data.draw(st.integers(0, 255))
    broken = bytes(broken[: data.draw(st.integers(0, len(broken)))])
    assert texts_of(broken, 1 << 20) == slowly(broken, 1 << 20)


def test_every_opcode_with_every_kind_of_argument():
    chance = random.Random(2)
    tails = [b"", b"\n", b"12\n", b"abcdefghijkl\nmnopqrstuvwx\n", b"'abcdefghijkl'\n", bytes(9), b"\xff" * 9, b"\x0a" + b"abcdefghijkl", struct.pack("<I", 12) + b"abcdefghijkl", struct.pack("<Q", 12) + b"abcdefghijkl"]
    tails += [chance.randbytes(chance.randrange(40)) for _ in range(30)]
    for code in range(256):
        for tail in tails:
            data = bytes([code]) + tail + b"X\x09\0\0\0ninechars."
            assert texts_of(data, 1 << 20) == slowly(data, 1 << 20), (code, tail)


def test_what_goes_on_forever_is_cut():
    assert texts_of(b"N" * (STEPS + 10) + b".", 100) == ([], True)
    assert texts_of(b"N" * 100 + b".", 100) == ([], False)
