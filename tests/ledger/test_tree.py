"""The tree against an oracle that follows the words of RFC 9162, and the notes against what may be in them."""

from __future__ import annotations

import hashlib

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from troth.errors import LedgerError
from troth.ledger.entry import Entry, Leaf, leaf_bytes, parse_leaf
from troth.ledger.notes import Checkpoint, NoteKey, note_signer, open_checkpoint, sign_checkpoint
from troth.ledger.proofs import Consistency, Inclusion, ProofError
from troth.ledger.tree import EMPTY, Frontier, complete, consistency_path, inclusion_path, leaf_hash, root_of

BOUNDED = settings(max_examples=150, deadline=None)


def mth(leaves: list[bytes]) -> bytes:
    """RFC 9162, 2.1.1, word for word."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return hashlib.sha256(b"\x00" + leaves[0]).digest()
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    return hashlib.sha256(b"\x01" + mth(leaves[:split]) + mth(leaves[split:])).digest()


def path(index: int, leaves: list[bytes]) -> list[bytes]:
    """RFC 9162, 2.1.3.1."""
    if len(leaves) == 1:
        return []
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    if index < split:
        return [*path(index, leaves[:split]), mth(leaves[split:])]
    return [*path(index - split, leaves[split:]), mth(leaves[:split])]


def subproof(old: int, leaves: list[bytes], whole: bool) -> list[bytes]:
    """RFC 9162, 2.1.4.1."""
    if old == len(leaves):
        return [] if whole else [mth(leaves)]
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    if old <= split:
        return [*subproof(old, leaves[:split], whole), mth(leaves[split:])]
    return [*subproof(old - split, leaves[split:], False), mth(leaves[:split])]


LEAVES = st.lists(st.binary(max_size=8), min_size=1, max_size=70)


@BOUNDED
@given(LEAVES, st.data())
def test_roots_and_proofs_are_those_of_the_rfc(leaves: list[bytes], data: st.DataObject) -> None:
    def hashes(level: int, number: int) -> bytes:
        return mth(leaves[number << level : (number + 1) << level])

    size = len(leaves)
    index, old = data.draw(st.integers(0, size - 1)), data.draw(st.integers(1, size))
    root = mth(leaves)

    assert root_of(leaf_hash(leaf) for leaf in leaves) == root
    assert inclusion_path(index, size, hashes) == path(index, leaves)
    assert consistency_path(old, size, hashes) == subproof(old, leaves, True)
    Inclusion(index, size, tuple(path(index, leaves))).verify(leaf_hash(leaves[index]), root)
    Consistency(old, size, tuple(subproof(old, leaves, True))).verify(mth(leaves[:old]), root)


@BOUNDED
@given(LEAVES, st.data())
def test_a_proof_of_anything_else_is_refused(leaves: list[bytes], data: st.DataObject) -> None:
    size = len(leaves)
    index, old = data.draw(st.integers(0, size - 1)), data.draw(st.integers(1, size))
    root = mth(leaves)
    inclusion, consistency = path(index, leaves), subproof(old, leaves, True)
    if inclusion:
        at, bit = data.draw(st.integers(0, len(inclusion) - 1)), data.draw(st.integers(0, 255))
        bent = bytearray(inclusion[at])
        bent[bit // 8] ^= 1 << bit % 8
        with pytest.raises(ProofError):
            Inclusion(index, size, (*inclusion[:at], bytes(bent), *inclusion[at + 1 :])).verify(leaf_hash(leaves[index]), root)
    changed = [*leaves[: old - 1], leaves[old - 1] + b"x"]
    with pytest.raises(ProofError):
        Consistency(old, size, tuple(consistency)).verify(mth(changed), root)


@BOUNDED
@given(st.integers(0, 300), st.integers(0, 300))
def test_a_frontier_is_the_same_however_it_was_reached(first: int, second: int) -> None:
    one = Frontier()
    for number in range(first + second):
        one.add(leaf_hash(str(number).encode()))
    two = Frontier()
    for number in range(first):
        two.add(leaf_hash(str(number).encode()))
    three = Frontier.parse(two.size, two.pack())
    for number in range(first, first + second):
        three.add(leaf_hash(str(number).encode()))

    assert three.pack() == one.pack()
    assert three.root() == one.root()
    assert (one.root() == EMPTY) == (first + second == 0)


@BOUNDED
@given(st.integers(0, 1 << 40), st.integers(1, 1 << 20))
def test_a_range_is_cut_into_complete_subtrees_without_gap_or_overlap(start: int, length: int) -> None:
    at = start
    for level, number in complete(start, start + length):
        assert number << level == at
        at += 1 << level
    assert at == start + length


@pytest.mark.parametrize(("size", "packed"), [(1, b""), (0, bytes(32)), (3, bytes(32)), (2, bytes(31)), (-1, b""), (1 << 63, bytes(32))])
def test_a_frontier_of_another_size_is_none(size: int, packed: bytes) -> None:
    with pytest.raises(ValueError, match="frontier"):
        Frontier.parse(size, packed)


@BOUNDED
@given(st.binary(max_size=400))
def test_bytes_that_are_no_checkpoint_or_entry_are_refused_and_nothing_else_happens(content: bytes) -> None:
    key = NoteKey("log", bytes(32))
    with pytest.raises(LedgerError):
        open_checkpoint(content, [key], "log")
    with pytest.raises(LedgerError):
        parse_leaf(content)


SIGNER = note_signer(Ed25519PrivateKey.from_private_bytes(bytes(32)))
NAMES = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Zs", "Zl", "Zp"], exclude_characters="+"), min_size=1, max_size=40)


@BOUNDED
@given(NAMES, st.integers(1, (1 << 63) - 1), st.binary(min_size=32, max_size=32), st.data())
def test_a_checkpoint_comes_back_and_one_flipped_bit_is_seen(origin: str, size: int, root: bytes, data: st.DataObject) -> None:
    key = NoteKey(origin, SIGNER.public)
    note = sign_checkpoint(Checkpoint(origin, size, root), [SIGNER])
    assert open_checkpoint(note, [key], origin) == Checkpoint(origin, size, root)

    bit = data.draw(st.integers(0, len(note) * 8 - 1))
    bent = bytearray(note)
    bent[bit // 8] ^= 1 << bit % 8
    with pytest.raises(LedgerError):
        open_checkpoint(bytes(bent), [key], origin)


TEXT = st.text(st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"]), max_size=40)


@BOUNDED
@given(st.integers(0, 1 << 62), TEXT, st.integers(0, 10**14), TEXT, TEXT)
def test_a_leaf_has_one_spelling(number: int, log: str, at: int, actor: str, subject: str) -> None:
    leaf = Leaf(number, log, "job.step", at, actor, subject, "00" * 32)

    assert parse_leaf(leaf_bytes(leaf)) == leaf
    assert leaf_bytes(leaf).isascii()
    Entry("job.step", at, actor, subject, {})


def test_the_forms_are_those_of_the_published_examples() -> None:
    """The empty tree and the seven leaves that RFC 6962's own test data uses (its section 2.1.3 shows their shapes)."""
    inputs = [bytes.fromhex(text) for text in ("", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f")]

    assert EMPTY.hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    assert root_of(map(leaf_hash, inputs)).hex() == "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"
    assert root_of(map(leaf_hash, inputs[:1])).hex() == "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"
    assert root_of(map(leaf_hash, inputs[:3])).hex() == "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77"
