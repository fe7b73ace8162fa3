"""What is put into an entry: secrets, oversized and crafted texts."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from sqlalchemy import text

from tests.attacks.ledger.scene import NOW, OWN, SIZE, START, Scene, entry
from troth.ledger.entry import BODY_LIMIT, Entry, EntryError

TOKEN = "ghp_" + "aZ3" * 12
PASSWORD = "correct-horse-battery-9"


def stored(scene: Scene) -> bytes:
    """Everything that the database holds of the log."""
    if scene.dialect == "sqlite":
        scene.store.close()
        return Path(scene.url.removeprefix("sqlite:///")).read_bytes()
    with scene.attacker() as connection:
        rows = connection.execute(text("SELECT leaf FROM ledger_leaves UNION ALL SELECT body FROM ledger_bodies")).scalars()
        return b"\n".join(bytes(row) for row in rows)


@pytest.mark.parametrize(
    "changed",
    [
        {"actor": TOKEN}, {"subject": f"job with {TOKEN}"}, {"body": {"said": f"token={TOKEN}"}}, {"body": {"deep": [{"er": [f"x {TOKEN} y"]}]}}, {"body": {TOKEN: 1}},
        {"body": {"password": PASSWORD}}, {"body": {"db_password": PASSWORD, "n": 1}}, {"body": {"said": "line\n" + TOKEN + "\nline"}},
        {"body": {"url": f"https://user:{PASSWORD}@example.org/"}},
    ],
    ids=range(9),
)  # fmt: skip
def test_a_secret_never_reaches_the_log(scene: Scene, changed: dict[str, object]) -> None:
    with scene.store.write(OWN) as transaction:
        scene.log.append(transaction, entry(SIZE, **changed))

    assert scene.audit().problems == ()
    held = stored(scene)
    assert TOKEN.encode() not in held
    assert PASSWORD.encode() not in held
    assert b"redacted" in held


def test_what_is_no_secret_is_kept_to_the_letter(scene: Scene) -> None:
    body = {"commit": "9c9296b0" * 5, "sha256": os.urandom(32).hex(), "text": "the password is checked", "attempts": 3, "ok": True, "token_count": 12, "n": None, "ü": "\u2028"}
    with scene.store.write(OWN) as transaction:
        leaf = scene.log.append(transaction, entry(SIZE, body=body))
        import json

        kept = json.loads(next(iter(scene.log.leaves(transaction, leaf.number)))[2])

    assert kept == body


@pytest.mark.parametrize(
    "changed",
    [
        {"kind": "Job Step"}, {"kind": ""}, {"kind": "a" * 65}, {"kind": "job.step\n"}, {"actor": "two\nlines"}, {"actor": "esc\x1b[31m"}, {"actor": "x" * 257}, {"actor": "\ud800"}, {"subject": "line\u2028line"},
        {"at": -1}, {"at": True}, {"at": 1.5}, {"at": 10**18}, {"body": []}, {"body": {"x": float("nan")}}, {"body": {"x": b"bytes"}}, {"body": {1: 2}}, {"body": {"x": {1, 2}}},
        {"body": {"x": "y" * (BODY_LIMIT + 1)}}, {"at": START - 10_000_000},
    ],
    ids=range(20),
)  # fmt: skip
def test_what_is_no_entry_is_refused_and_leaves_no_trace(scene: Scene, changed: dict[str, object]) -> None:
    with pytest.raises(EntryError), scene.store.write(OWN) as transaction:
        scene.log.append(transaction, entry(SIZE, **changed))

    assert scene.audit().size == SIZE


def test_nesting_that_would_exhaust_a_reader_is_refused_and_depth_that_people_write_is_not(scene: Scene) -> None:
    deep: dict[str, object] = {}
    for _ in range(5_000):
        deep = {"x": deep}
    usual: dict[str, object] = {}
    for _ in range(20):
        usual = {"x": usual}
    with scene.store.write(OWN) as transaction:
        with pytest.raises(EntryError):
            scene.log.append(transaction, entry(SIZE, body=deep))
        scene.log.append(transaction, entry(SIZE, body=usual))
        scene.log.append(transaction, Entry("job.step", NOW, "x" * 256, "", {"x": "y" * 60_000}))

    assert scene.audit().problems == ()


def test_an_erased_body_is_gone_and_the_proofs_still_hold(scene: Scene) -> None:
    with scene.store.write(OWN) as transaction:
        leaf = scene.log.append(transaction, entry(SIZE, body={"name": "a person of that name"}))
    note = scene.checkpoint()
    with scene.store.write(OWN) as transaction:
        assert scene.log.erase(transaction, leaf.number, at=NOW, actor="dpo", reason="asked for")
        assert not scene.log.erase(transaction, leaf.number, at=NOW, actor="dpo", reason="asked for")

    from troth.ledger.notes import open_checkpoint
    from troth.ledger.tree import leaf_hash

    scene.kept.append(open_checkpoint(note, scene.keys, scene.name))
    found = scene.audit()
    assert found.problems == ()
    assert found.erased == 1
    with scene.store.read(OWN) as transaction:
        proof = scene.log.inclusion(transaction, leaf.number, scene.kept[-1].size)
    proof.verify(leaf_hash(scene.leaf(leaf.number)), scene.kept[-1].root)
    if scene.dialect == "postgresql":
        assert b"a person of that name" not in stored(scene)
