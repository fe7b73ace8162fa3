"""Proofs and checkpoints that claim what is not so. Every attack is refused; its twin beside it, one step away, is accepted."""

from __future__ import annotations

import base64
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from troth.errors import LedgerError
from troth.ledger.notes import Checkpoint, CheckpointError, NoteKey, note_signer, open_checkpoint, sign_checkpoint
from troth.ledger.proofs import Consistency, Inclusion, ProofError, parse_proof
from troth.ledger.tree import EMPTY, LIMIT, consistency_path, inclusion_path, leaf_hash, node_hash, root_of
from troth.ledger.witness import KeptCheckpoint

SIZES = [1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 32, 33]
LEAVES = [leaf_hash(str(number).encode()) for number in range(40)]


def hashes(level: int, number: int) -> bytes:
    return root_of(LEAVES[number << level : (number + 1) << level])


def inclusion(index: int, size: int) -> Inclusion:
    return Inclusion(index, size, tuple(inclusion_path(index, size, hashes)))


def consistency(old: int, new: int) -> Consistency:
    return Consistency(old, new, tuple(consistency_path(old, new, hashes)))


def root(size: int) -> bytes:
    return root_of(LEAVES[:size])


@pytest.mark.parametrize("size", SIZES)
def test_a_proof_holds_for_its_own_entry_size_and_root_only(size: int) -> None:
    for index in range(size):
        proof = inclusion(index, size)
        proof.verify(LEAVES[index], root(size))
        wrong = [
            (proof, LEAVES[index + 1], root(size)), (proof, LEAVES[index], root(size + 1)), (replace(proof, hashes=(*proof.hashes, bytes(32))), LEAVES[index], root(size)),
            (replace(proof, hashes=(*proof.hashes, LEAVES[0])), LEAVES[index], root(size)), (replace(proof, index=size), LEAVES[index], root(size)),
            (replace(proof, index=index + size), LEAVES[index], root(size)), (replace(proof, size=0), LEAVES[index], EMPTY), (proof, root(size), root(size) if size > 1 else EMPTY),
        ]  # fmt: skip
        wrong += [(replace(proof, hashes=proof.hashes[:-1]), LEAVES[index], root(size))] if proof.hashes else []
        wrong += [(replace(proof, index=other), LEAVES[index], root(size)) for other in range(size) if other != index]
        for claimed, leaf, end in wrong:
            with pytest.raises(ProofError):
                claimed.verify(leaf, end)


@pytest.mark.parametrize("new", SIZES)
def test_a_log_continues_its_own_beginnings_only(new: int) -> None:
    for old in range(new + 1):
        proof = consistency(old, new)
        proof.verify(root(old), root(new))
        forked = root_of([*LEAVES[: max(old - 1, 0)], leaf_hash(b"another")])
        wrong = [(proof, forked, root(new)), (replace(proof, hashes=(*proof.hashes, bytes(32))), root(old), root(new)), (replace(proof, old=new + 1), root(old), root(new))]
        wrong += [(proof, root(old), root(new + 1))] if old else []
        wrong += [(replace(proof, hashes=proof.hashes[1:]), root(old), root(new))] if proof.hashes else []
        for claimed, one, other in wrong:
            with pytest.raises(ProofError):
                claimed.verify(one, other)


def test_an_inner_node_is_not_taken_for_an_entry() -> None:
    """Without the prefixes, the two children of a node would be the bytes of an entry whose proof is one shorter."""
    inner = LEAVES[0] + LEAVES[1]
    shorter = Inclusion(0, 2, inclusion(0, 4).hashes[1:])

    with pytest.raises(ProofError):
        shorter.verify(leaf_hash(inner), root(4))
    assert node_hash(LEAVES[0], LEAVES[1]) != leaf_hash(inner)
    inclusion(0, 4).verify(LEAVES[0], root(4))


@pytest.mark.parametrize("number", [-1, LIMIT, LIMIT * 2, True, 1.0, "1", None])
def test_sizes_and_indexes_that_are_none_are_refused(number: object) -> None:
    for claimed in (Inclusion(number, 8, ()), Inclusion(0, number, ()), Consistency(number, 8, ()), Consistency(1, number, ())):  # type: ignore[arg-type]
        with pytest.raises(ProofError):
            claimed.verify(LEAVES[0], root(8))


def test_the_largest_size_is_handled_and_no_longer_proof_is_walked() -> None:
    path = tuple([bytes(32)] * 63)
    with pytest.raises(ProofError, match="not in the log"):
        Inclusion(LIMIT - 2, LIMIT - 1, path[:62]).verify(LEAVES[0], root(8))
    with pytest.raises(ProofError, match="too long"):
        Inclusion(0, LIMIT - 1, path * 3).verify(LEAVES[0], root(8))
    Inclusion(0, 1, ()).verify(LEAVES[0], LEAVES[0])


@pytest.mark.parametrize(
    "content",
    [
        b"", b"[]", b"{}", b'{"proof":"inclusion","index":0,"size":1,"hashes":["AA=="]}', b'{"proof":"inclusion","index":true,"size":1,"hashes":[]}', b'{"proof":"other","index":0,"size":1,"hashes":[]}',
        b'{"proof":"inclusion","index":0,"size":1,"hashes":[],"more":1}', b'{"proof":"inclusion","index":0,"size":9223372036854775808,"hashes":[]}', b"[" * 100_000, b"x" * 70_000,
    ],
    ids=range(10),
)  # fmt: skip
def test_a_proof_that_is_none_is_refused(content: bytes) -> None:
    with pytest.raises(ProofError):
        parse_proof(content)


def test_proofs_come_back_from_both_their_forms() -> None:
    for proof in (inclusion(3, 7), consistency(3, 7)):
        assert parse_proof(proof.to_json().encode()) == proof
    assert Inclusion.from_bytes(3, 7, inclusion(3, 7).to_bytes()) == inclusion(3, 7)
    assert Consistency.from_bytes(3, 7, consistency(3, 7).to_bytes()) == consistency(3, 7)
    with pytest.raises(ProofError):
        Inclusion.from_bytes(3, 7, inclusion(3, 7).to_bytes() + b"\n")


ORIGIN = "troth/test/acme/web"
KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
STRANGER = Ed25519PrivateKey.from_private_bytes(bytes(range(1, 33)))
MINE = NoteKey(ORIGIN, note_signer(KEY).public)
THEIRS = NoteKey(ORIGIN, note_signer(STRANGER).public)
NOTE = sign_checkpoint(Checkpoint(ORIGIN, 8, root(8)), [note_signer(KEY)])
LINE = NOTE.split(b"\n")[4]


@pytest.mark.parametrize(
    ("note", "says"),
    [
        (sign_checkpoint(Checkpoint(ORIGIN, 8, root(8)), [note_signer(STRANGER)]), "unknown key"),
        (sign_checkpoint(Checkpoint("troth/test/acme/api", 8, root(8)), [note_signer(KEY)]), "not of"),
        (sign_checkpoint(Checkpoint(ORIGIN, 8, root(8)), [note_signer(KEY)], "troth/other"), "unknown key"),
        (NOTE.replace(b"\n8\n", b"\n9\n"), "wrong"),
        (NOTE.replace(b"\n8\n", b"\n08\n"), "begins with"),
        (NOTE.replace(b"\n8\n", b"\n+8\n"), "begins with"),
        (NOTE.replace(b"\n8\n", b"\n-8\n"), "begins with"),
        (NOTE.replace(b"\n8\n", b"\n99999999999999999999\n"), "begins with"),
        (NOTE.replace(base64.b64encode(root(8)), base64.b64encode(root(9))), "wrong"),
        (NOTE + b"garbage\n", "not one"),
        (NOTE + b"\n", "not one|is text"),
        (NOTE[:-1], "is text"),
        (NOTE.replace(b"\n\n", b"\n"), "is text"),
        (NOTE.replace(b"\n\n", b"\nextension\n\n"), "wrong"),
        (NOTE[:-4] + b"AA==\n", "wrong|base64|unknown|not one"),
        (NOTE.replace(b"\n", b"\r\n"), "is text"),
        (b"\xff" + NOTE, "UTF-8"),
        (b"", "is text"),
        (NOTE * 2000, "many bytes"),
        (NOTE.replace(LINE, LINE[:-9] + bytes([LINE[-9] ^ 1]) + LINE[-8:]), "wrong|base64"),
    ],
    ids=range(20),
)
def test_a_checkpoint_that_was_changed_or_is_not_ours_is_refused(note: bytes, says: str) -> None:
    with pytest.raises(CheckpointError, match=says):
        open_checkpoint(note, [MINE], ORIGIN)


def test_checkpoints_that_are_ours_are_accepted() -> None:
    both = sign_checkpoint(Checkpoint(ORIGIN, 8, root(8), ("an extension",)), [note_signer(STRANGER), note_signer(KEY)])
    for note in (NOTE, both):
        assert open_checkpoint(note, [MINE], ORIGIN).root == root(8)
    assert open_checkpoint(sign_checkpoint(Checkpoint(ORIGIN, 0, EMPTY), [note_signer(KEY)]), [MINE], ORIGIN).size == 0
    assert NoteKey.parse(str(MINE)) == MINE


def test_a_revoked_key_is_no_key_and_its_neighbour_still_is() -> None:
    both = sign_checkpoint(Checkpoint(ORIGIN, 8, root(8)), [note_signer(KEY), note_signer(STRANGER)])

    with pytest.raises(CheckpointError, match="revoked"):
        open_checkpoint(NOTE, [MINE, THEIRS], ORIGIN, revoked=[MINE.public])
    assert open_checkpoint(both, [MINE, THEIRS], ORIGIN, revoked=[MINE.public]).size == 8


def test_a_key_whose_id_was_swapped_is_refused() -> None:
    from troth.errors import UsageError

    for text in (str(MINE).replace(MINE.id.hex(), THEIRS.id.hex()), str(MINE)[:-4], ORIGIN, f"{ORIGIN}+{MINE.id.hex()}+AAAA", f"other+{MINE.id.hex()}+{str(MINE).split('+', 2)[2]}"):
        with pytest.raises(UsageError):
            NoteKey.parse(text)


def test_two_views_of_one_log_are_found_by_whoever_saw_the_other(tmp_path: Path) -> None:
    kept = KeptCheckpoint(tmp_path / "kept", [MINE], ORIGIN)
    kept.accept(NOTE, consistency)
    signer = note_signer(KEY)
    fork = [*LEAVES[:7], leaf_hash(b"another"), *LEAVES[8:16]]

    def forked(level: int, number: int) -> bytes:
        return root_of(fork[number << level : (number + 1) << level])

    attacks = [
        (sign_checkpoint(Checkpoint(ORIGIN, 16, root_of(fork)), [signer]), lambda old, new: Consistency(old, new, tuple(consistency_path(old, new, forked)))),
        (sign_checkpoint(Checkpoint(ORIGIN, 8, root_of(fork[:8])), [signer]), consistency),
        (sign_checkpoint(Checkpoint(ORIGIN, 7, root(7)), [signer]), consistency),
        (sign_checkpoint(Checkpoint(ORIGIN, 0, EMPTY), [signer]), consistency),
        (sign_checkpoint(Checkpoint("troth/test/acme/api", 16, root(16)), [signer]), consistency),
        (sign_checkpoint(Checkpoint(ORIGIN, 16, root(16)), [note_signer(STRANGER)]), consistency),
    ]
    for note, prove in attacks:
        with pytest.raises(LedgerError):
            kept.accept(note, prove)
        assert kept.path.read_bytes() == NOTE

    assert kept.accept(NOTE, consistency).size == 8
    assert kept.accept(sign_checkpoint(Checkpoint(ORIGIN, 16, root(16)), [signer]), consistency).size == 16
