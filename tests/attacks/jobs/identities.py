"""Sign-ins that vouch for a key of minutes: tokens that vouch for more than they may, keys that come back, people who approve for themselves."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tests.attacks.jobs.cases import Tried, case
from tests.jobs.world import REGISTRY, World
from troth.jobs.executor import Executor
from troth.jobs.job import Job, State
from troth.jobs.permits.envelope import countersign, seal
from troth.jobs.permits.oidc import Identity, Provider, nonce_of
from troth.jobs.permits.signers import LocalSigner

HOST, SECOND = "https://id.example.org", "https://other.example.org"


def needs_library() -> None:
    """Identity tokens are verified by the extra troth[oidc]."""
    pytest.importorskip("joserfc", reason="identity tokens are the extra troth[oidc]")


def _base64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


@cache
def _key(name: str) -> rsa.RSAPrivateKey:
    assert name
    return rsa.generate_private_key(65537, 2048)


def _provider(issuer: str = HOST) -> Provider:
    numbers = _key(issuer).public_key().public_numbers()
    parts = {name: _base64(value.to_bytes((value.bit_length() + 7) // 8, "big")) for name, value in (("n", numbers.n), ("e", numbers.e))}
    return Provider(issuer, "troth", "RS256", {"keys": [{"kty": "RSA", "kid": "k1", **parts}]}, {"subject-1": "ana"})  # type: ignore[dict-item]


class Device:
    """A new key, its token, and what is changed in it."""

    def __init__(self, *, issuer: str = HOST, by: str = "", header: dict[str, object] | None = None, **claims: object) -> None:
        self.signer = LocalSigner(Ed25519PrivateKey.generate())
        self.public = self.signer.key.public_key()
        now = int(time.time())
        self.header = {"alg": "RS256", "kid": "k1", "typ": "JWT", **(header or {})}
        self.claims: dict[str, object] = {"iss": issuer, "aud": "troth", "sub": "subject-1", "iat": now - 5, "exp": now + 300, "nonce": nonce_of(self.public), **claims}
        self.by = by or issuer

    def token(self) -> bytes:
        head = ".".join(_base64(json.dumps(part).encode()) for part in (self.header, self.claims)).encode()
        if self.header["alg"] == "none":
            return head + b"."
        if self.header["alg"] == "HS256":
            pem = _key(self.by).public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
            return head + b"." + _base64(hmac.new(pem, head, hashlib.sha256).digest()).encode()
        return head + b"." + _base64(_key(self.by).sign(head, padding.PKCS1v15(), hashes.SHA256())).encode()

    def identity(self) -> Identity:
        return Identity(self.token(), self.public.public_bytes_raw())


def _executor(world: World) -> Executor:
    return Executor(world.store, REGISTRY, replace(world.settings, providers=(_provider(), _provider(SECOND))))


def _run(world: World, job: Job, device: Device, *identities: Identity) -> Job:
    with _executor(world) as executor:
        return executor.run([seal(world.claims(job), [device.signer])], identities or (device.identity(),))


def _twin(world: World) -> None:
    assert _run(world, world.planned(), Device()).state is State.DONE


def _presented(letter: str, title: str, *reasons: str) -> Callable[[Callable[[World], tuple[Any, ...]]], None]:
    def register(make: Callable[[World], tuple[Any, ...]]) -> None:
        @case(letter, title, *reasons)
        def prepare(world: World) -> Tried:
            needs_library()
            job, device, *identities = make(world)
            return Tried(lambda: _run(world, job, device, *identities), lambda: _twin(world))

    return register


_presented("T4", "an identity token without a signature", "identity")(lambda w: (w.planned(), Device(header={"alg": "none"})))
_presented("T4", "an identity token under the provider's public key as a secret", "identity")(lambda w: (w.planned(), Device(header={"alg": "HS256"})))
_presented("T4", "an identity token of one provider, signed by another", "identity")(lambda w: (w.planned(), Device(by=SECOND)))
_presented("T4", "an identity token that brings its own key", "identity")(lambda w: (w.planned(), Device(header={"jwk": {"kty": "RSA"}})))
_presented("T17", "an identity token for another program", "identity")(lambda w: (w.planned(), Device(aud="mail")))
_presented("T17", "an identity token for this program and another", "identity")(lambda w: (w.planned(), Device(aud=["troth", "mail"])))
_presented("T5", "an identity token that holds for a day", "identity")(lambda w: (w.planned(), Device(exp=int(time.time()) + 86_400)))
_presented("T5", "an identity token that has run out", "identity")(lambda w: (w.planned(), Device(iat=int(time.time()) - 400, exp=int(time.time()) - 1)))
_presented("T5", "an identity token that begins in an hour", "identity", "expired", "not-yet", "key-window")(lambda w: (w.planned(), Device(nbf=int(time.time()) + 3600)))
_presented("T18", "an identity token that vouches for another key", "identity")(lambda w: (w.planned(), Device(nonce=nonce_of(w.people.keys["ben"].key.public_key()))))
_presented("T18", "an identity token without a nonce", "identity")(lambda w: (w.planned(), Device(nonce="")))
_presented("T21", "an identity token of somebody who approves nothing", "identity")(lambda w: (w.planned(), Device(sub="subject-2")))
_presented("T21", "whoever asked for a job signs in to approve it", "self-approval")(lambda w: (w.planned(actor="ana"), Device()))
_presented("T20", "a key without order, vouched for by a true token", "weak-key", "identity", "signature")(lambda w: (w.planned(), *_weak()))
_presented("T25", "a hundred sign-ins beside one permit", "identity")(lambda w: (w.planned(), *_many()))


def _weak() -> tuple[Device, Identity]:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    point = Ed25519PublicKey.from_public_bytes(bytes([1]) + bytes(31))
    device = Device(nonce=nonce_of(point))
    return device, Identity(device.token(), bytes([1]) + bytes(31))


def _many() -> tuple[Any, ...]:
    device = Device()
    return (device, *(Device().identity() for _ in range(99)), device.identity())


@case("T20", "a key that the roster has revoked, vouched for again", "twins", "revoked", "identity")
def _revoked(world: World) -> Tried:
    needs_library()
    job, device = world.planned(), Device(nonce="")
    world.people.revoked.add("ana")
    device.signer = world.people.keys["ana"]
    device.public = device.signer.key.public_key()
    device.claims["nonce"] = nonce_of(device.public)

    def twin() -> None:
        world.people.revoked.discard("ana")
        _twin(world)

    return Tried(lambda: _run(world, job, device), twin)


@case("T20", "a sign-in of somebody who was removed", "holder", "identity", "approvers")
def _removed(world: World) -> Tried:
    needs_library()
    job = world.planned()
    world.people.removed.add("ana")

    def twin() -> None:
        world.people.removed.discard("ana")
        _twin(world)

    return Tried(lambda: _run(world, job, Device()), twin)


@case("T20", "a key that the project has revoked, with a new token", "revoked")
def _revoked_here(world: World) -> Tried:
    needs_library()
    job, device = world.planned(), Device()
    world.executor.revoke(world.session(), "key", device.signer.key_id, "lost")
    return Tried(lambda: _run(world, job, device), lambda: _twin(world))


@case("T21", "one person with a key and a sign-in where two people are needed", "threshold", "approvers", "form", "claims")
def _twice(world: World) -> Tried:
    needs_library()
    job, device = world.planned("grave.touch"), Device()

    def both(claims: Any, *keys: Any) -> bytes:
        content = seal(claims, [keys[0]])
        return countersign(content, keys[1])

    def present(content: bytes) -> Job:
        with _executor(world) as executor:
            return executor.run([content], (device.identity(),))

    def twin() -> None:
        other = world.planned("grave.touch")
        assert present(both(world.claims(other, ("ana", "ben")), device.signer, world.people.keys["ben"])).state is State.DONE

    return Tried(lambda: present(both(world.claims(job, ("ana",)), device.signer, world.people.keys["ana"])), twin)


