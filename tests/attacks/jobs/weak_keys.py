"""Keys under which anybody can sign, whoever is said to hold them: T20."""

from __future__ import annotations

import base64
import json
import time

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from tests.attacks.jobs.cases import Tried, case, runs
from tests.jobs.world import DAY, World
from troth.jobs.permits.roster import TrustedKey, parse_roster
from troth.ledger.notes import Checkpoint, NoteKey, note_signer, open_checkpoint, sign_checkpoint

P = 2**255 - 19
ORDER_8 = "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05", "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a"
WEAK = {
    "the neutral point": 1, "the neutral point with a sign": 1 | 1 << 255, "the point of order two": P - 1, "a point of order four": 0, "a point of order four with a sign": 1 << 255,
    "a point of order eight": int.from_bytes(bytes.fromhex(ORDER_8[0]), "little"), "another point of order eight": int.from_bytes(bytes.fromhex(ORDER_8[1]), "little") | 1 << 255,
    "zero, spelled as the field's size": P, "the neutral point, spelled beyond the field": P + 1,
}  # fmt: skip


def _roster(world: World, raw: bytes) -> bytes:
    """A roster in its file's form, with one more key of ana's."""
    now = int(time.time())
    keys = [{"holder": "ana", "public": key.hex(), "not_before": now - DAY, "not_after": now + DAY} for key in (world.people.keys["ana"].key.public_key().public_bytes_raw(), raw)]
    return json.dumps({"version": 1, "issuer": "board", "approvers": [{"id": "ana", "scopes": ["acme/*"]}], "keys": keys}).encode()


for _title, _number in WEAK.items():

    @case("T20", f"a roster with {_title} for a key", "weak-key")
    def _weak(world: World, number: int = _number) -> Tried:
        return Tried(lambda: parse_roster(_roster(world, number.to_bytes(32, "little"))), lambda: parse_roster(_roster(world, world.people.keys["ben"].key.public_key().public_bytes_raw())))


@case("T20", "a permit signed by nobody under the neutral point", "weak-key")
def _nobody(world: World) -> Tried:
    neutral = Ed25519PublicKey.from_public_bytes((1).to_bytes(32, "little"))
    now = int(time.time())
    job = world.planned()
    good = world.permit(job)

    def attack() -> object:
        roster = world.people.roster().with_key(TrustedKey(neutral, "ana", now - DAY, now + DAY))
        told = json.loads(good)
        told["signatures"] = [{"keyid": TrustedKey(neutral, "ana", 0, 1).id, "sig": base64.b64encode((1).to_bytes(32, "little") + bytes(32)).decode()}]
        kept, world.people.roster = world.people.roster, lambda: roster  # type: ignore[method-assign]
        try:
            return world.executor.run([json.dumps(told, separators=(",", ":")).encode()])
        finally:
            world.people.roster = kept  # type: ignore[method-assign]

    return Tried(attack, lambda: runs(world, good))


@case("T20", "checkpoints under a key that signs anything", "usage")
def _checkpoints(world: World) -> Tried:
    own = world.people.keys["ana"].key.public_key().public_bytes_raw()
    weak, good = (str(NoteKey("troth/jobs/acme/web", public)) for public in ((P - 1).to_bytes(32, "little"), own))
    return Tried(lambda: NoteKey.parse(weak), lambda: NoteKey.parse(good))


@case("T20", "a checkpoint signed by nobody under the neutral point", "ledger-checkpoint")
def _signed_by_nobody(world: World) -> Tried:
    key = world.people.keys["ana"].key
    origin = "troth/jobs/acme/web"
    signer = note_signer(key)
    note = sign_checkpoint(Checkpoint(origin, 1, bytes(32)), [signer])
    weak = NoteKey(origin, (1).to_bytes(32, "little"))
    text = note.decode().rpartition("\n\n")[0]
    blob = base64.b64encode(weak.id + (1).to_bytes(32, "little") + bytes(32)).decode()
    forged = f"{text}\n\n\u2014 {origin} {blob}\n".encode()
    return Tried(lambda: open_checkpoint(forged, [weak], origin), lambda: open_checkpoint(note, [NoteKey(origin, signer.public)], origin))


@case("T20", "a roster that names one person's key under two spellings", "weak-key", "twins", "holder", "form")
def _spellings(world: World) -> Tried:
    good = _roster(world, world.people.keys["ben"].key.public_key().public_bytes_raw())
    own = world.people.keys["ana"].key.public_key().public_bytes_raw().hex()
    return Tried(lambda: parse_roster(good.replace(own.encode(), own.upper().encode())), lambda: parse_roster(good))


