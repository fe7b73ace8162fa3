"""A second blind set on the ledger and what is signed beside it: entries, bodies, checkpoints, kept checkpoints, exports, statements and transparency logs. Each attack has a twin that differs in nothing else."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import text

from tests.attacks.ledger.scene import NOW, OTHER, OWN, SIZE, START, Scene, entry
from tests.desk.test_statement import START as BEGAN
from tests.desk.test_statement import case as one_case
from tests.desk.test_statement import policy
from tests.ledger.test_rekor import NOTE as ARTIFACT
from tests.ledger.test_rekor import Log as Transparency
from troth.desk.measures import measures, observations
from troth.desk.statement import sign_statement, statement
from troth.errors import EvidenceFileError, LedgerError, TrothError
from troth.ledger.desk_statement import verify_desk_statement
from troth.ledger.entry import Entry
from troth.ledger.evidence import verify as verify_evidence
from troth.ledger.export import export_lines, verify_export
from troth.ledger.keys import key_id
from troth.ledger.log import Log
from troth.ledger.notes import Checkpoint, NoteKey, note_signer, open_checkpoint, sign_checkpoint
from troth.ledger.proofs import Consistency
from troth.ledger.rekor import entry_for, verify_entry
from troth.ledger.witness import KeptCheckpoint

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(7, 39)))
SECRET = "ghp_" + "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8"


@dataclass
class Tried:
    """An attack and its twin."""

    attack: Callable[[], object]
    twin: Callable[[], object]


CASES: dict[str, Callable[[Scene], Tried]] = {}


def case(title: str) -> Callable[[Callable[[Scene], Tried]], Callable[[Scene], Tried]]:
    def register(prepare: Callable[[Scene], Tried]) -> Callable[[Scene], Tried]:
        assert title not in CASES
        CASES[title] = prepare
        return prepare

    return register


def holds(scene: Scene) -> None:
    """The audit with the client's checkpoints finds nothing wrong.

    Raises:
        LedgerError: it does.
    """
    scene.audit().demand()


# --- rows -------------------------------------------------------------------------------------------------------------------


def _rows(title: str, *statements: str, **given: Any) -> None:
    """Whoever holds the database changes rows; the twin is the log as it is."""

    @case(title)
    def prepare(scene: Scene) -> Tried:
        def attack() -> None:
            for one in statements:
                scene.sql(one if scene.dialect == "sqlite" else one.replace("CAST(salt || substr(body, 1, 1) AS BLOB)", "salt || substr(body, 1, 1)"), **given)
            holds(scene)

        return Tried(attack, lambda: holds(scene))


_rows("a body that is replaced by its salt's and its own bytes moved by one", "UPDATE ledger_bodies SET salt = CAST(salt || substr(body, 1, 1) AS BLOB), body = substr(body, 2) WHERE {own} AND number = 40")
_rows("a body of no bytes with the salt of another entry", "UPDATE ledger_bodies SET body = substr(body, 1, 0) WHERE {own} AND number = 41")
_rows("two bodies exchanged with their salts", "UPDATE ledger_bodies SET number = 1000000 WHERE {own} AND number = 50", "UPDATE ledger_bodies SET number = 50 WHERE {own} AND number = 51", "UPDATE ledger_bodies SET number = 51 WHERE {own} AND number = 1000000")
_rows("a body of an entry that never was", "INSERT INTO ledger_bodies (tenant, origin, number, salt, body) SELECT tenant, origin, 5000, salt, body FROM ledger_bodies WHERE {own} AND number = 60")
_rows("an entry far behind the end", "INSERT INTO ledger_leaves (tenant, origin, number, leaf, hash) SELECT tenant, origin, 9000000, leaf, hash FROM ledger_leaves WHERE {own} AND number = 0")
_rows("the head of the other tenant", "UPDATE ledger_heads SET size = (SELECT size FROM ledger_heads WHERE tenant = 'acme/api'), frontier = (SELECT frontier FROM ledger_heads WHERE tenant = 'acme/api') WHERE {own}")
_rows("a second head under another origin's name, and this one's gone", "UPDATE ledger_heads SET origin = 'troth/test2' WHERE {own}")
_rows("all of the log renamed, so that an empty one is in its place", *(f"UPDATE ledger_{name} SET origin = 'troth/gone' WHERE {{own}}" for name in ("leaves", "bodies", "tiles", "heads")))
_rows("the newest checkpoint's entries, and those after it for the other tenant", "UPDATE ledger_leaves SET tenant = 'acme/api' WHERE {own} AND number >= 250", "UPDATE ledger_bodies SET tenant = 'acme/api' WHERE {own} AND number >= 250")


@case("an erasure that is made up, in an entry of the log's own form, behind what was kept")
def _made_up(scene: Scene) -> Tried:
    def attack() -> None:
        scene.sql("DELETE FROM ledger_bodies WHERE {own} AND number = 70")
        with scene.store.write(OWN) as t:
            scene.log.append(t, entry(SIZE, kind="ledger.erased", subject="70"))
        holds(scene)

    def twin() -> None:
        with scene.store.write(OWN) as t:
            scene.log.erase(t, 71, at=START + SIZE, actor="ana", reason="asked for")
        holds(scene)

    return Tried(attack, twin)


@case("an erasure of an entry that has not been written yet")
def _beforehand(scene: Scene) -> Tried:
    def attack() -> None:
        with scene.store.write(OWN) as t:
            assert scene.log.erase(t, SIZE + 5, at=START + SIZE, actor="ana", reason="asked for"), "there was nothing to erase"

    def twin() -> None:
        with scene.store.write(OWN) as t:
            scene.log.erase(t, 5, at=START + SIZE, actor="ana", reason="asked for")

    return Tried(attack, twin)


# --- entries ----------------------------------------------------------------------------------------------------------------


def _kept(title: str, make: Callable[[str], Entry], hidden: Callable[[str], str] = lambda value: value) -> None:
    """A secret on its way into the log in a form of its own."""

    @case(title)
    def prepare(scene: Scene) -> Tried:
        def written(value: str) -> bytes:
            with scene.store.write(OWN) as t:
                scene.log.append(t, make(value))
            leaf, _salt, body = scene.rows()[-1]
            return leaf + b"|" + (body or b"")

        def attack() -> None:
            assert hidden(SECRET).encode() in written(SECRET), "it was redacted"

        def twin() -> None:
            assert b"plain-words" in written("plain-words")

        return Tried(attack, twin)


_kept("a secret as a key below a list below a mapping", lambda value: entry(SIZE, body={"a": [{"b": {value: 1}}]}))
_kept("a secret in the last of a thousand places", lambda value: entry(SIZE, body={"a": [*["x"] * 999, value]}))
_kept("a secret at the end of the subject", lambda value: entry(SIZE, subject=f"job of {value}"))
_kept("a secret in the actor's address", lambda value: entry(SIZE, actor=f"https://example.org/{value}"))
_kept("a secret behind fifty thousand letters", lambda value: entry(SIZE, body={"a": "lorem ipsum " * 4_000 + value}))


# --- checkpoints --------------------------------------------------------------------------------------------------------------


def _note(title: str, make: Callable[[Scene], tuple[bytes, list[NoteKey]]]) -> None:
    @case(title)
    def prepare(scene: Scene) -> Tried:
        def attack() -> object:
            note, keys = make(scene)
            return open_checkpoint(note, keys, scene.name)

        return Tried(attack, lambda: open_checkpoint(scene.notes[-1], scene.keys, scene.name))


_note("a checkpoint whose name differs in case", lambda s: (sign_checkpoint(replace(s.kept[-1], origin=s.name.upper()), [s.signer]), s.keys))
_note("a checkpoint with a signature of the right key under another name", lambda s: (sign_checkpoint(s.kept[-1], [s.signer], "troth/elsewhere"), s.keys))
_note("a checkpoint whose true signature stands beside a wrong one of a second trusted key", lambda s: (s.notes[-1] + b"\xe2\x80\x94 " + s.name.encode() + b" " + base64.b64encode(NoteKey(s.name, note_signer(KEY).public).id + bytes(64)) + b"\n", [*s.keys, NoteKey(s.name, note_signer(KEY).public)]))
_note("a checkpoint of an empty log with the root of a full one", lambda s: (s.notes[-1].replace(b"\n300\n", b"\n0\n"), s.keys))


@case("a client is given a smaller checkpoint with a proof the wrong way round")
def _rollback(scene: Scene) -> Tried:
    kept = KeptCheckpoint(scene.folder / "kept", scene.keys, scene.name)

    def prove(old: int, new: int) -> Consistency:
        with scene.store.read(OWN) as t:
            return scene.log.consistency(t, min(old, new), max(old, new))

    kept.accept(scene.notes[-1], prove)
    return Tried(lambda: kept.accept(scene.notes[0], prove), lambda: kept.accept(scene.notes[-1], prove))


@case("a client is given a checkpoint of the same size and another root")
def _fork(scene: Scene) -> Tried:
    kept = KeptCheckpoint(scene.folder / "kept", scene.keys, scene.name)
    other = sign_checkpoint(Checkpoint(scene.name, SIZE, b"\x01" * 32), [scene.signer])
    nothing = Consistency(SIZE, SIZE, ())
    kept.accept(scene.notes[-1], lambda old, new: nothing)
    return Tried(lambda: kept.accept(other, lambda old, new: nothing), lambda: kept.accept(scene.notes[-1], lambda old, new: nothing))


@case("a client whose kept file was emptied takes whatever comes")
def _emptied(scene: Scene) -> Tried:
    place = scene.folder / "kept"
    kept = KeptCheckpoint(place, scene.keys, scene.name)

    def attack() -> object:
        place.write_bytes(b"")
        return kept.accept(scene.notes[0], lambda old, new: Consistency(old, new, ()))

    def twin() -> object:
        place.unlink(missing_ok=True)
        return kept.accept(scene.notes[0], lambda old, new: Consistency(old, new, ()))

    return Tried(attack, twin)


# --- exports ------------------------------------------------------------------------------------------------------------------


def _export(title: str, change: Callable[[list[bytes]], list[bytes]]) -> None:
    @case(title)
    def prepare(scene: Scene) -> Tried:
        with scene.store.read(OWN) as t:
            lines = [line.encode() for line in export_lines(scene.log, t, scene.notes[-1], SIZE)]

        def read(content: list[bytes]) -> None:
            verify_export(content, scene.keys, checkpoints=scene.kept, now=NOW).demand()

        return Tried(lambda: read(change(lines)), lambda: read(lines))


def _row(lines: list[bytes], number: int, **changed: Any) -> list[bytes]:
    told = {**json.loads(lines[number + 1]), **changed}
    return [*lines[: number + 1], json.dumps(told).encode() + b"\n", *lines[number + 2 :]]


_export("an export whose leaf has a letter that ASCII has not", lambda lines: _row(lines, 5, leaf=json.loads(lines[6])["leaf"].replace("robot", "r\u043ebot")))
_export("an export whose salt is in capitals of another alphabet", lambda lines: _row(lines, 5, salt=json.loads(lines[6])["salt"].replace("a", "\uff41").replace("0", "\uff10")))
_export("an export whose header speaks of another size as a fraction", lambda lines: [lines[0].replace(b"300", b"300.0"), *lines[1:]])
_export("an export with an empty line in its middle", lambda lines: [*lines[:7], b"\n", *lines[7:]])
_export("an export with the same body under two salts", lambda lines: _row(lines, 5, salt="00" * 16))
_export("an export whose body is erased and whose log does not say so", lambda lines: _row(lines, 5, salt=None, body=None))


# --- statements -----------------------------------------------------------------------------------------------------------------


def _statement(title: str, change: Callable[[dict[str, Any]], object]) -> None:
    """A desk signs what its own counts do not give."""

    @case(title)
    def prepare(scene: Scene) -> Tried:
        from datetime import timedelta

        now = BEGAN + timedelta(hours=100)

        def made(spoil: Callable[[dict[str, Any]], object]) -> object:
            told: Any = statement(measures(observations([one_case(1, 5), one_case(2, 6), one_case(3, 60)], now)), project="maple/leaf", at=now, period=(BEGAN, now), policies={policy().digest: "SECURITY.md"}, version="0")
            spoil(told["predicate"])
            return verify_desk_statement(sign_statement(told, KEY).encode(), trusted_id=key_id(KEY.public_key()))

        return Tried(lambda: made(change), lambda: made(lambda told: None))


def _first(told: dict[str, Any]) -> dict[str, Any]:
    return next(one for one in told["promises"] if one["clock"] == "acknowledge")


_statement("a statement whose bound is the share itself", lambda told: _first(told).update(atLeast=_first(told)["kept"] / _first(told)["cases"]))
_statement("a statement whose bound is a little above what the counts give", lambda told: _first(told).update(atLeast=_first(told)["atLeast"] + 0.001))
_statement("a statement of one promise twice", lambda told: told["promises"].append(dict(_first(told))))
_statement("a statement whose longest time is below its median", lambda told: _first(told).update(longestSeconds=1))
_statement("a statement whose times are endless", lambda told: _first(told).update(longestSeconds=10**400))
_statement("a statement whose sentence claims more than its counts", lambda told: _first(told).update(says="Kept in all of 1,000 cases."))
_statement("a statement with a period in the future", lambda told: told["period"].update(to="2199-01-01T00:00:00+00:00"))


# --- evidence and transparency logs -------------------------------------------------------------------------------------------


@case("a desk's statement that is given for a run of check")
def _mistaken(scene: Scene) -> Tried:
    from datetime import timedelta

    now = BEGAN + timedelta(hours=100)
    content = sign_statement(statement(measures(observations([one_case(1, 5)], now)), project="m/l", at=now, period=(BEGAN, now), policies={policy().digest: "SECURITY.md"}, version="0"), KEY).encode()
    name = key_id(KEY.public_key())
    return Tried(lambda: verify_evidence(content, trusted_id=name), lambda: verify_desk_statement(content, trusted_id=name))


def _rekor(title: str, change: Callable[[Transparency, dict[str, Any]], bytes]) -> None:
    @case(title)
    def prepare(scene: Scene) -> Tried:
        log = Transparency()
        answer = log.take(entry_for(ARTIFACT, Ed25519PrivateKey.generate()))
        return Tried(lambda: verify_entry(change(log, answer), ARTIFACT, log.pem()), lambda: verify_entry(json.dumps(answer).encode(), ARTIFACT, log.pem()))


_rekor("a transparency log's answer with its body twice", lambda log, told: json.dumps(told).replace('"body":', '"body": "AAAA", "body":').encode())
_rekor("a transparency log's answer whose index is a fraction", lambda log, told: json.dumps(told).replace('"logIndex": 11', '"logIndex": 11.0').encode())
_rekor("a transparency log's answer with a number that JSON has not", lambda log, told: json.dumps({**told, "integratedTime": float("nan")}).encode())
_rekor("a transparency log's answer that is a file of anything behind it", lambda log, told: json.dumps(told).encode() + b"\n{}")


@case("a log that another tenant's transaction is asked to continue")
def _foreign(scene: Scene) -> Tried:
    def attack() -> None:
        with scene.store.read(OTHER) as t:
            assert scene.name.encode() in b"".join(leaf for leaf, _salt, _body in Log("troth/test").leaves(t)), "it is another log"

    def twin() -> None:
        with scene.store.read(OWN) as t:
            assert scene.name.encode() in b"".join(leaf for leaf, _salt, _body in Log("troth/test").leaves(t))

    return Tried(attack, twin)


@pytest.mark.parametrize("title", list(CASES))
def test_an_attack_is_seen_and_its_twin_is_let_be(scene: Scene, title: str) -> None:
    tried = CASES[title](scene)

    tried.twin()
    with pytest.raises((TrothError, LedgerError, EvidenceFileError, AssertionError)):
        tried.attack()


def test_the_attacker_is_one(scene: Scene) -> None:
    with scene.attacker() as connection:
        assert connection.execute(text("SELECT count(*) FROM ledger_leaves WHERE tenant = :own"), {"own": str(OWN)}).scalar() == SIZE
    assert Path(scene.folder).exists()
