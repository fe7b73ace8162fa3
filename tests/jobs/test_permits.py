"""Permits: one text, k of n people, keys with a time, chains that shrink, identity from a provider, policies."""

from __future__ import annotations

import base64
import hashlib
import json
import stat
import time
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.jobs.world import ACME, EXECUTOR, ISSUER, People
from troth.errors import UsageError
from troth.jobs.permits.claims import Binding, Claims, narrow, new_jti
from troth.jobs.permits.envelope import countersign, read, seal
from troth.jobs.permits.roster import Approver, Roster, load_roster, parse_roster
from troth.jobs.permits.signers import (
    DoorSigner,
    LocalSigner,
    MemoryDoor,
    file_signer,
    keyring_signer,
    make_keyring_key,
    public_half,
)
from troth.jobs.permits.verify import Wanted, verify
from troth.jobs.refusals import PermitError, RosterError
from troth.jobs.registry import Category
from troth.jobs.strict import encode

HEX = st.text("0123456789abcdef", min_size=64, max_size=64)
ACTORS = st.from_regex(r"[a-z0-9][a-z0-9._@+:/-]{0,20}", fullmatch=True)
SLUGS = st.from_regex(r"[a-z0-9][a-z0-9-]{0,20}", fullmatch=True)


@st.composite
def claims(draw: st.DrawFn) -> Claims:
    begin = draw(st.integers(1, 2**40))
    lists = [tuple(sorted(draw(st.sets(strategy, min_size=1, max_size=4)))) for strategy in (st.sampled_from(["a", "a.b", "repo.x-1", "z9"]), ACTORS)]
    jobs = tuple(sorted(draw(st.sets(st.builds(Binding, HEX, HEX, HEX), min_size=1, max_size=3))))
    delegates = tuple(sorted(draw(st.sets(HEX, max_size=2))))
    return Claims(
        draw(ACTORS), draw(ACTORS), draw(SLUGS), draw(SLUGS), lists[0], jobs, lists[1], draw(st.text("0123456789abcdef", min_size=32, max_size=32)),
        begin, begin + draw(st.integers(1, 900)), draw(st.one_of(st.just(""), HEX)), delegates,
    )  # fmt: skip


@given(claims())
@settings(max_examples=100, deadline=None)
def test_claims_are_written_as_strict_json_writes_them_and_come_back(one: Claims) -> None:
    assert encode(one.plain()) == one.encoded()
    assert one == Claims.decode(one.encoded())
    assert one == Claims.from_plain(json.loads(one.encoded()))


KEY = LocalSigner(Ed25519PrivateKey.from_private_bytes(b"k" * 32))


@given(claims(), st.data())
@settings(max_examples=150, deadline=None)
def test_no_other_bytes_are_the_same_permit(one: Claims, data: st.DataObject) -> None:
    content = seal(one, [KEY])
    place = data.draw(st.integers(0, len(content) - 1))
    change = data.draw(st.sampled_from(["flip", "drop", "double", "space"]))
    other = {
        "flip": content[:place] + bytes([content[place] ^ (1 << data.draw(st.integers(0, 7)))]) + content[place + 1 :],
        "drop": content[:place] + content[place + 1 :],
        "double": content[:place] + content[place : place + 1] + content[place:],
        "space": content[:place] + b" " + content[place:],
    }[change]
    if other == content:
        return
    try:
        sealed = read(other)
    except PermitError:
        return
    assert (sealed.payload, sealed.signatures) != (read(content).payload, read(content).signatures)


@given(st.binary(max_size=400))
@settings(max_examples=150, deadline=None)
def test_any_bytes_are_refused_with_a_typed_error(content: bytes) -> None:
    with pytest.raises(PermitError):
        read(content)


def made(people: People, *signers: str, **other: object) -> tuple[bytes, Wanted]:
    now = int(time.time())
    binding = Binding("0" * 64, "1" * 64, "2" * 64)
    holders = tuple(sorted({people.holders[name] for name in signers}))
    one = Claims(ISSUER, EXECUTOR, "acme", "web", ("repo.touch",), (binding,), holders, new_jti(), now - 1, now + 600)
    wanted = Wanted(ACME, "repo.touch", Category.ACTION, binding.sha256, binding.plan, binding.evidence, "requester")
    return seal(replace(one, **other), [people.keys[name] for name in signers]), wanted  # type: ignore[arg-type]


def test_two_keys_hold_while_one_replaces_the_other() -> None:
    people, now = People(), int(time.time())
    people.add("ana-new", holder="ana")
    people.windows = {"ana": (now - 1000, now + 10), "ana-new": (now - 10, now + 1000)}

    for name in ("ana", "ana-new"):
        verify([made(people, name)[0]], people.roster(), executor=EXECUTOR, at=now)
    people.windows["ana"] = (now - 1000, now - 5)
    with pytest.raises(PermitError, match="key-window"):
        verify([made(people, "ana")[0]], people.roster(), executor=EXECUTOR, at=now)


def test_an_offline_key_signs_what_another_has_signed() -> None:
    people = People()
    content, _ = made(people, "ana", "ben")
    one = read(content).claims
    half = seal(one, [people.keys["ana"]])

    assert content == countersign(half, people.keys["ben"])


def test_a_child_can_be_spent_in_its_parents_stead() -> None:
    people = People()
    holder = people.add("holder")
    content, wanted = made(people, "ana", delegates=(holder.key_id,))
    parent = read(content)
    child = seal(narrow(parent.claims, parent.sha256, expires=parent.claims.expires - 100), [holder])
    allowed = verify([content, child], people.roster(), executor=EXECUTOR, at=int(time.time()))

    allowed.require(wanted, people.roster())
    assert 2 == len(allowed.jtis)
    with pytest.raises(PermitError, match="broader"):
        narrow(parent.claims, parent.sha256, expires=parent.claims.expires + 1)


def test_a_permit_signed_through_a_door_verifies_and_a_lying_door_is_found_out() -> None:
    door = MemoryDoor()
    door.make("approver")
    people = People()
    signer = DoorSigner(door, "approver")
    message = b"what is signed"

    door.public("approver").verify(signer.sign(message), message)
    with pytest.raises(UsageError, match="already"):
        door.make("approver")
    with pytest.raises(UsageError, match="no key"):
        door.sign("other", message)

    class Lying(MemoryDoor):
        def sign(self, name: str, message: bytes) -> bytes:
            return super().sign(name, message + b"!")

    lying = Lying()
    lying.make("approver")
    with pytest.raises(UsageError, match="something else"):
        DoorSigner(lying, "approver").sign(message)
    assert people.roster().key(signer.key_id) is None


def test_a_key_in_a_file_is_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "approver.pem"
    signer = file_signer(path, make=True)

    assert 0o600 == stat.S_IMODE(path.stat().st_mode)
    assert signer.key_id == file_signer(path).key_id
    assert "PRIVATE" not in repr(signer)
    path.chmod(0o640)
    with pytest.raises(UsageError, match="others can read"):
        file_signer(path)


def test_a_key_in_the_keyring_is_never_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    keyring = pytest.importorskip("keyring", reason="keys in the keyring are the extra troth[keyring]")
    kept: dict[tuple[str, str], str] = {}

    class Memory(keyring.backend.KeyringBackend):  # type: ignore[misc,name-defined]
        priority = 1

        def get_password(self, service: str, username: str) -> str | None:
            return kept.get((service, username))

        def set_password(self, service: str, username: str, password: str) -> None:
            kept[service, username] = password

        def delete_password(self, service: str, username: str) -> None:
            del kept[service, username]

    before = keyring.get_keyring()
    keyring.set_keyring(Memory())
    try:
        signer = make_keyring_key("ana")
        assert signer.key_id == keyring_signer("ana").key_id
        with pytest.raises(UsageError, match="already"):
            make_keyring_key("ana")
        with pytest.raises(UsageError, match="no permit key"):
            keyring_signer("ben")
        monkeypatch.setattr(Memory, "set_password", lambda self, service, username, password: None)
        with pytest.raises(UsageError, match="did not keep"):
            make_keyring_key("ben")
    finally:
        keyring.set_keyring(before)


def roster_bytes(**changes: object) -> bytes:
    told = {
        "version": 4,
        "issuer": ISSUER,
        "approvers": [{"id": "ana", "scopes": ["acme/*"], "roles": ["security"], "also": ["ana@example.org"]}],
        "keys": [{"holder": "ana", "public": public_half(KEY), "not_before": 1, "not_after": 4_000_000_000}],
        "rules": [{"match": "forge.*", "needed": 2, "roles": ["security"], "category": "action"}],
    }
    return json.dumps({**told, **changes}).encode()


def test_a_roster_says_who_which_keys_and_how_many(tmp_path: Path) -> None:
    path = tmp_path / "roster.json"
    path.write_bytes(roster_bytes())
    path.chmod(0o600)
    roster = load_roster(path)

    assert 4 == roster.version
    assert "ana" == roster.key(KEY.key_id).holder  # type: ignore[union-attr]
    assert [1, 2] == [rule.needed for rule in roster.rules]
    assert roster.approver("ana").is_called("ana@example.org")  # type: ignore[union-attr]
    path.chmod(0o622)
    with pytest.raises(RosterError, match="open-to-others"):
        load_roster(path)
    path.unlink()
    path.symlink_to("/etc/hostname")
    with pytest.raises(RosterError, match="unreadable"):
        load_roster(path)


@pytest.mark.parametrize(
    "changes",
    [
        {"version": 1.0}, {"version": True}, {"issuer": ""}, {"approvers": {}}, {"keys": [1]}, {"extra": 1},
        {"approvers": [{"id": "ana", "scopes": ["*"]}]}, {"approvers": [{"id": "Ana", "scopes": ["acme/*"]}]}, {"approvers": []},
        {"keys": [{"holder": "ana", "public": "00", "not_before": 1, "not_after": 2}]},
        {"keys": [{"holder": "ana", "public": public_half(KEY), "not_before": 5, "not_after": 5}]},
        {"keys": [{"holder": "ana", "public": public_half(KEY), "not_before": 1, "not_after": 5, "revoked": "no"}]},
        {"rules": [{"match": "forge.*", "needed": 0}]}, {"rules": [{"match": "forge.*", "needed": 1, "category": "harmless"}]}, {"rules": [{"match": "(", "needed": 1}]},
    ],
)  # fmt: skip
def test_a_roster_that_is_none_is_refused(changes: dict[str, object]) -> None:
    with pytest.raises(RosterError):
        parse_roster(roster_bytes(**changes))


def test_a_person_or_key_twice_is_no_roster() -> None:
    people = People()
    ana = Approver("ana", frozenset({"acme/*"}))
    key = people.roster().key(people.keys["ana"].key_id)
    assert key is not None
    with pytest.raises(RosterError, match="twins"):
        Roster(1, ISSUER, [ana, ana], [])
    with pytest.raises(RosterError, match="twins"):
        Roster(1, ISSUER, [ana], [key, key])
    with pytest.raises(RosterError, match="holder"):
        Roster(1, ISSUER, [], [key])


def test_cedar_policies_decide_beside_the_rules() -> None:
    pytest.importorskip("cedarpy", reason="Cedar policies are the extra troth[cedar]")
    from troth.jobs.permits.cedar import CedarPolicy

    people = People()
    content, wanted = made(people, "ana")
    allowed = verify([content], people.roster(), executor=EXECUTOR, at=int(time.time()))
    lets = 'permit(principal, action == Action::"approve", resource) when { principal.roles.contains("security") && resource.category == "action" };'

    allowed.require(wanted, people.roster(), CedarPolicy(lets))
    for refuses in (
        "",
        lets + 'forbid(principal == Approver::"ana", action, resource);',
        lets.replace("security", "release"),
        lets + 'forbid(principal, action, resource) when { resource.type like "repo.*" };',
        'permit(principal, action == Action::"approve", resource) when { principal.nothing };',
    ):
        with pytest.raises(PermitError, match="policy"):
            allowed.require(wanted, people.roster(), CedarPolicy(refuses))
    with pytest.raises(RosterError, match="cedar"):
        CedarPolicy("permit everything")


def _token(key: object, header: dict[str, object], payload: dict[str, object]) -> bytes:
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import padding

    parts = [base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=") for part in (header, payload)]
    signed = b".".join(parts)
    signature = key.sign(signed, padding.PKCS1v15(), hashes.SHA256())  # type: ignore[attr-defined]
    return signed + b"." + base64.urlsafe_b64encode(signature).rstrip(b"=")


def id_provider():
    """A provider that knows ana as subject-1, and its private key."""
    from cryptography.hazmat.primitives.asymmetric import rsa

    from troth.jobs.permits.oidc import Provider

    key = rsa.generate_private_key(65537, 2048)
    numbers = key.public_key().public_numbers()

    def number(value: int) -> str:
        return base64.urlsafe_b64encode(value.to_bytes((value.bit_length() + 7) // 8, "big")).rstrip(b"=").decode()

    jwk = {"kty": "RSA", "kid": "k1", "n": number(numbers.n), "e": number(numbers.e)}
    return key, Provider("https://id.example.org", "troth", "RS256", {"keys": [jwk]}, {"subject-1": "ana"})  # type: ignore[dict-item]


def test_an_id_token_vouches_for_one_key_for_minutes() -> None:
    pytest.importorskip("joserfc", reason="identity tokens are the extra troth[oidc]")
    from cryptography.hazmat.primitives.asymmetric import rsa

    from troth.jobs.permits.oidc import Provider, nonce_of, vouched_key

    (rsa_key, provider), now = id_provider(), int(time.time())
    jwk = provider.jwks["keys"][0]  # type: ignore[index]
    signer = LocalSigner(Ed25519PrivateKey.generate())
    public = signer.key.public_key()
    header: dict[str, object] = {"alg": "RS256", "kid": "k1", "typ": "JWT"}
    payload: dict[str, object] = {"iss": "https://id.example.org", "aud": "troth", "sub": "subject-1", "iat": now - 5, "exp": now + 300, "nonce": nonce_of(public)}

    people = People()
    roster = people.roster().with_key(vouched_key(_token(rsa_key, header, payload), public, provider, at=now))
    people.keys["device"], people.holders["device"] = signer, "ana"
    verify([made(people, "device", not_before=now)[0]], roster, executor=EXECUTOR, at=now)

    stranger = rsa.generate_private_key(65537, 2048)
    refused = [_token(rsa_key, header, {**payload, **change}) for change in (
        {"iss": "https://evil.example"}, {"aud": "other"}, {"aud": ["troth", "other"]}, {"sub": "subject-2"}, {"nonce": "x"}, {"exp": now}, {"exp": now + 9999},
        {"iat": now + 60}, {"exp": float(now + 300)}, {"exp": True}, {"sub": ["subject-1"]}, {"nonce": nonce_of(People().keys["ana"].key.public_key())}, {"nbf": now + 60},
    )]  # fmt: skip
    refused += [_token(rsa_key, {**header, **change}, payload) for change in (
        {"alg": "none"}, {"alg": "HS256"}, {"alg": "PS256"}, {"crit": ["b64"]}, {"b64": False}, {"jwk": jwk}, {"jku": "https://evil.example"}, {"x5c": ["A"]}, {"kid": "k2"}, {"kid": "../k1"},
    )]  # fmt: skip
    good = _token(rsa_key, header, payload)
    refused += [_token(stranger, header, payload), good + b"=", good[:-4], good.replace(b".", b"", 1), b"", good + b".", b"A" * 20_000]
    for token in refused:
        with pytest.raises(PermitError):
            vouched_key(token, public, provider, at=now)
    with pytest.raises(PermitError, match="identity"):
        Provider("https://id.example.org", "troth", "none", {"keys": [jwk]}, {})  # type: ignore[dict-item]
    secret = base64.urlsafe_b64encode(hashlib.sha256(b"x").digest()).decode()
    symmetric = Provider("https://id.example.org", "troth", "RS256", {"keys": [{"kty": "oct", "kid": "k1", "k": secret}]}, {"subject-1": "ana"})
    with pytest.raises(PermitError, match="identity"):
        vouched_key(good, public, symmetric, at=now)
