"""A new way to sign in is added by somebody who has shown a moment ago who they are, and the ledger says how; a session alone adds none."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import re

import pytest

from tests.web.conftest import Room, csrf
from troth.app.desk import entry
from troth.app.desk.opening import TENANT
from troth.desk.storage.people_rows import Passkey
from troth.web.desk.confirming import named

cbor2 = pytest.importorskip("cbor2", reason="made passkeys need cbor2, which comes with webauthn")
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, SECP256R1, generate_private_key  # noqa: E402
from cryptography.hazmat.primitives.hashes import SHA256  # noqa: E402


def text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


class Authenticator:
    """A passkey in software: answers as a browser with a security key would (WebAuthn level 2, 6.1 and 6.5)."""

    def __init__(self, room: Room) -> None:
        self.room, self.key, self.id = room, generate_private_key(SECP256R1()), os.urandom(16)
        self.count = 0

    def _data(self, extra: bytes = b"") -> bytes:
        self.count += 1
        flags = 0x05 | (0x40 if extra else 0)
        return hashlib.sha256(self.room.desk.settings.host.encode()).digest() + bytes([flags]) + self.count.to_bytes(4, "big") + extra

    def _client(self, kind: str, challenge: str) -> bytes:
        return json.dumps({"type": kind, "challenge": challenge, "origin": self.room.desk.settings.origin, "crossOrigin": False}).encode()

    def make(self, options: dict) -> str:
        numbers = self.key.public_key().public_numbers()
        public = cbor2.dumps({1: 2, 3: -7, -1: 1, -2: numbers.x.to_bytes(32, "big"), -3: numbers.y.to_bytes(32, "big")})
        extra = bytes(16) + len(self.id).to_bytes(2, "big") + self.id + public
        made = cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": self._data(extra)})
        answer = {"clientDataJSON": text(self._client("webauthn.create", options["challenge"])), "attestationObject": text(made)}
        return json.dumps({"id": text(self.id), "rawId": text(self.id), "type": "public-key", "response": answer, "clientExtensionResults": {}})

    def show(self, options: dict) -> str:
        client, data = self._client("webauthn.get", options["challenge"]), self._data()
        signature = self.key.sign(data + hashlib.sha256(client).digest(), ECDSA(SHA256()))
        answer = {"clientDataJSON": text(client), "authenticatorData": text(data), "signature": text(signature), "userHandle": None}
        return json.dumps({"id": text(self.id), "rawId": text(self.id), "type": "public-key", "response": answer, "clientExtensionResults": {}})


def offered(client) -> dict:
    """Options that the page about passkeys holds; empty where it offers none."""
    import html

    found = re.search(r'data-options="([^"]*)"', client.get("/passkey").text)
    return json.loads(html.unescape(found.group(1))) if found is not None else {}


def add(client, key: Authenticator, options: dict | None = None):
    return client.post("/passkey", data={"csrf": csrf(client, "/board"), "credential": key.make(options or offered(client))})


def confirm(client, key: Authenticator, options: dict | None = None):
    return client.post("/passkey/confirm", data={"csrf": csrf(client, "/board"), "credential": key.show(options or offered(client))})


def keys_of(room: Room, member) -> int:
    with room.desk.store.read(TENANT) as t:
        return len(room.desk.people.passkeys(t, member.id))


def told(room: Room, kind: str) -> list[dict]:
    with room.desk.store.read(TENANT) as t:
        rows = [(json.loads(leaf), json.loads(body or b"{}")) for leaf, _salt, body in room.desk.events.chronicle.log.leaves(t)]
    return [{**body, "actor": leaf["actor"]} for leaf, body in rows if leaf["kind"] == kind]


def test_the_link_confirms_the_first_passkey_and_no_second_one(room: Room) -> None:
    member, client = room.member()
    first, second = Authenticator(room), Authenticator(room)
    options = offered(client)
    assert add(client, first, options).status_code == 303
    assert told(room, "passkey.added") == [{"passkey": named(text(first.id)).removeprefix("passkey "), "confirmed_by": "link", "actor": member.actor}]

    assert "allowCredentials" in offered(client)  # a question to the passkey that is there, no offer to make one
    fresh = json.loads(entry.registration(room.desk, member))
    assert add(client, second, fresh).status_code == 400
    assert keys_of(room, member) == 1


def test_a_passkey_confirms_another_for_five_minutes_and_once(room: Room) -> None:
    member, client = room.member()
    first, second, third = (Authenticator(room) for _ in range(3))
    add(client, first)
    assert confirm(client, first).status_code == 303
    assert add(client, second).status_code == 303
    assert told(room, "passkey.added")[1]["confirmed_by"] == named(text(first.id))
    # what was confirmed was used up with it
    assert add(client, third, json.loads(entry.registration(room.desk, member))).status_code == 400
    assert confirm(client, second).status_code == 303
    room.clock.go(minutes=5)
    assert add(client, third, json.loads(entry.registration(room.desk, member))).status_code == 400
    assert keys_of(room, member) == 2


def test_a_link_confirms_for_a_quarter_of_an_hour_and_an_owner_makes_another(room: Room) -> None:
    _owner, owner = room.member("Olga")
    member, client = room.member("Mia", "member")
    key = Authenticator(room)
    room.clock.go(minutes=16)
    assert offered(client) == {}
    assert "older than a quarter of an hour" in client.get("/passkey").text
    assert add(client, key, json.loads(entry.registration(room.desk, member))).status_code == 400
    page = owner.post("/board/desk/link", data={"csrf": csrf(owner), "member": member.id})
    link = re.search(r"/welcome/[A-Za-z0-9_-]{43}", page.text).group(0)
    assert told(room, "link.made") == [{"member": member.id, "actor": _owner.actor}]
    again = room.client()
    assert again.post(link).status_code == 303
    assert add(again, key).status_code == 303
    assert keys_of(room, member) == 1


def test_a_stolen_session_and_other_people_s_passkeys_confirm_nothing(room: Room) -> None:
    member, client = room.member("Mia", "member")
    other, others = room.member("Eve", "member")
    mine, theirs, planted = (Authenticator(room) for _ in range(3))
    add(client, mine)
    add(others, theirs)
    thief = room.client()
    thief.headers["cookie"] = f"troth={client.cookies['troth']}"
    registration = json.loads(entry.registration(room.desk, member))
    assert add(thief, planted, registration).status_code == 400
    # another member's passkey, and one's own answer to the question of signing in
    assert confirm(thief, theirs, offered(thief)).status_code == 403
    assert confirm(thief, mine, json.loads(entry.challenge(room.desk))).status_code == 403
    # a confirmation of one session is none of another
    assert confirm(client, mine).status_code == 303
    thief.headers["cookie"] = f"troth={room.signed_in(member).headers['cookie'].partition('=')[2]}; troth-sure={client.cookies['troth-sure']}"
    assert add(thief, planted, json.loads(entry.registration(room.desk, member))).status_code == 400
    assert keys_of(room, member) == 1
    assert other.id != member.id


@pytest.mark.parametrize("change", [lambda cookie: cookie[:-1] + ("0" if cookie[-1] != "0" else "1"), lambda cookie: "9" + cookie, lambda cookie: cookie.replace("link", "passkey-0000000000000000"), lambda cookie: "", lambda cookie: "a.b.c"])
def test_a_confirmation_that_was_written_by_hand_is_none(room: Room, change) -> None:
    member, client = room.member()
    cookie = client.cookies["troth-sure"]
    session = client.cookies["troth"]
    forged = room.client()
    forged.headers["cookie"] = f"troth={session}; troth-sure={change(cookie)}"
    assert add(forged, Authenticator(room), json.loads(entry.registration(room.desk, member))).status_code == 400
    forged.headers["cookie"] = f"troth={session}; troth-sure={cookie}"
    assert add(forged, Authenticator(room)).status_code == 303


def test_an_account_of_the_organisation_is_bound_only_by_who_confirmed(room: Room) -> None:
    member, client = room.member()
    room.desk.writer.write(lambda t: room.desk.people.add_passkey(t, Passkey("x", member.id, b"k", 0), room.clock()))
    page = client.get("/board").text
    token = re.search(r'name="csrf" value="([0-9a-f]+)"', page).group(1)
    assert client.get(f"/oidc/keep?csrf={token}").status_code == 400
