"""Forged, malleated and confused permits: T1 to T5, T24, T25, T27."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time

from tests.attacks.jobs.cases import Tried, case, runs
from tests.jobs.world import World
from troth.jobs.permits.claims import Claims
from troth.jobs.permits.envelope import PAYLOAD_TYPE, read
from troth.ledger.evidence import pae

ORDER = 2**252 + 27742317777372353535851937790883648493
"""Order of Ed25519's group: adding it to the second half of a signature gives another text for lenient verifiers (RFC 8032, 5.1.7)."""


def _present(letter: str, title: str, *reasons: str):
    """A case that presents bytes made from a good permit; the twin is that permit."""

    def register(change):
        @case(letter, title, *reasons)
        def prepare(world: World) -> Tried:
            good = world.permit(world.planned())
            bad = change(world, good)
            return Tried(lambda: world.executor.run([bad]), lambda: runs(world, good))

        return change

    return register


def _signed(world: World, payload: bytes, name: str = "ana", kind: str = PAYLOAD_TYPE) -> bytes:
    """An envelope around any payload, truly signed."""
    signer = world.people.keys[name]
    signature = base64.b64encode(signer.sign(pae(kind, payload))).decode()
    return json.dumps({"payload": base64.b64encode(payload).decode(), "payloadType": kind, "signatures": [{"keyid": signer.key_id, "sig": signature}]}, separators=(",", ":")).encode()


def _claims(world: World, good: bytes, **changes: object) -> bytes:
    """The good permit's claims with some changed, truly signed."""
    told = read(good).claims.plain()
    for name, value in changes.items():
        if value is ...:
            del told[name]
        else:
            told[name] = value  # type: ignore[assignment]
    return _signed(world, json.dumps(told, sort_keys=True, separators=(",", ":")).encode())


_present("T1", "any string of 32 characters", "form")(lambda w, good: b"A" * 32)
_present("T1", "an empty permit", "form")(lambda w, good: b"")
_present("T1", "the claims without an envelope", "form")(lambda w, good: read(good).payload)
_present("T2", "no signature at all", "signatures")(lambda w, good: good[: good.index(b'"signatures":[') + 14] + b"]}")
_present("T2", "a signature of zeros", "signature")(lambda w, good: _with_signature(good, bytes(64)))
_present("T2", "an empty signature", "form")(lambda w, good: _with_signature(good, b""))
_present("T2", "an HMAC with an empty secret in the signature's place", "signature")(
    lambda w, good: _with_signature(good, hmac.digest(b"", read(good).signed, "sha512"))
)
_present("T4", "an HMAC keyed with the public key", "signature")(
    lambda w, good: _with_signature(good, hmac.digest(w.people.keys["ana"].key.public_key().public_bytes_raw(), read(good).signed, "sha512"))
)


def _with_signature(good: bytes, signature: bytes) -> bytes:
    told = json.loads(good)
    told["signatures"][0]["sig"] = base64.b64encode(signature).decode()
    return json.dumps(told, separators=(",", ":")).encode()


def _sig(good: bytes) -> bytes:
    return json.loads(good)["signatures"][0]["sig"].encode()


_present("T3", "an appended newline", "form")(lambda w, good: good + b"\n")
_present("T3", "an appended NUL", "form")(lambda w, good: good + b"\0")
_present("T3", "more padding in the signature", "form")(lambda w, good: good.replace(_sig(good), _sig(good) + b"="))
_present("T3", "no padding in the signature", "form")(lambda w, good: good.replace(_sig(good), _sig(good).rstrip(b"=")))
_present("T3", "a character of no alphabet in the signature", "form")(lambda w, good: good.replace(_sig(good), _sig(good)[:8] + b"!" + _sig(good)[8:]))
_present("T3", "a newline inside the payload's base64", "form")(lambda w, good: good.replace(b'"payload":"', b'"payload":"\\n'))
_present("T3", "the other base64 alphabet", "form", "signature")(
    lambda w, good: good.replace(_sig(good), (_sig(good)[:-3] + b"-==") if b"+" not in _sig(good) and b"/" not in _sig(good) else _sig(good).translate(bytes.maketrans(b"+/", b"-_")))
)
_present("T3", "spare bits of the last base64 character set", "base64")(
    lambda w, good: good.replace(_sig(good), _sig(good)[:-3] + bytes([_bumped(_sig(good)[-3])]) + b"==")
)
_present("T3", "the group's order added to the signature", "signature")(lambda w, good: _with_signature(good, _plus_order(base64.b64decode(_sig(good)))))
_present("T3", "spaces between the parts of the envelope", "form")(lambda w, good: json.dumps(json.loads(good)).encode())
_present("T3", "the envelope's keys in another order", "form")(
    lambda w, good: json.dumps(dict(reversed(json.loads(good).items())), separators=(",", ":")).encode()
)
_present("T3", "the payload named twice", "form")(lambda w, good: b'{"payload":"AAAA",' + good[1:])
_present("T3", "an escape in a key of the envelope", "form")(lambda w, good: good.replace(b'"payload"', b'"p\\u0061yload"'))
_present("T3", "a field of the envelope that nobody knows", "form")(lambda w, good: good[:-1] + b',"z":1}')
_present("T3", "the same signature twice", "signatures", "form")(
    lambda w, good: json.dumps({**json.loads(good), "signatures": json.loads(good)["signatures"] * 2}, separators=(",", ":")).encode()
)


def _bumped(char: int) -> int:
    alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    return alphabet[alphabet.index(char) | 1]


def _plus_order(signature: bytes) -> bytes:
    return signature[:32] + (int.from_bytes(signature[32:], "little") + ORDER).to_bytes(33, "little")[:32]


def _header(name: str, value: object):
    def change(world: World, good: bytes) -> bytes:
        told = json.loads(good)
        told["signatures"][0][name] = value
        return json.dumps(told, separators=(",", ":")).encode()

    return change


for _name, _value in (("alg", "none"), ("alg", "HS256"), ("b64", False), ("crit", ["b64"]), ("jwk", {"kty": "oct"}), ("jku", "https://evil.example/keys"), ("x5c", ["AAAA"])):
    _present("T4", f"a signature with the header {_name}: {_value}", "signatures")(_header(_name, _value))
_present("T4", "an algorithm in the envelope", "form")(lambda w, good: good[:-1] + b',"alg":"none"}')
_present("T4", "a key id that is a path", "form")(_header("keyid", "../../../../etc/passwd"))
_present("T4", "a key id that is SQL", "form")(_header("keyid", "' OR 1=1 --"))
_present("T4", "a key id in capitals", "form")(lambda w, good: good.replace(_key(good), _key(good).upper()))
_present("T4", "a JWT without algorithm", "form")(
    lambda w, good: b".".join(base64.urlsafe_b64encode(part).rstrip(b"=") for part in (b'{"alg":"none"}', read(good).payload)) + b"."
)
_present("T4", "a signed statement of another kind", "payload-type")(lambda w, good: _signed(w, read(good).payload, kind="application/vnd.in-toto+json"))
_present("T4", "a permit of another version", "payload-type")(lambda w, good: _signed(w, read(good).payload, kind="application/vnd.troth.permit+json; v=2"))
_present("T4", "a signature over the payload without its type", "signature")(
    lambda w, good: _with_signature(good, w.people.keys["ana"].sign(read(good).payload))
)


def _key(good: bytes) -> bytes:
    return json.loads(good)["signatures"][0]["keyid"].encode()


NOW = int(time.time())
_present("T5", "a permit that ran out a second ago", "expired")(lambda w, good: _claims(w, good, nbf=int(time.time()) - 500, exp=int(time.time()) - 1))
_present("T5", "a permit that runs out in this very second", "expired")(lambda w, good: _claims(w, good, nbf=int(time.time()) - 500, exp=int(time.time())))
_present("T5", "a permit of tomorrow", "not-yet")(lambda w, good: _claims(w, good, nbf=int(time.time()) + 3600, exp=int(time.time()) + 3700))
_present("T5", "a permit for ten years", "lifetime")(lambda w, good: _claims(w, good, exp=NOW + 315_360_000))
_present("T5", "a permit for a second more than fifteen minutes", "lifetime")(lambda w, good: _claims(w, good, nbf=NOW - 1, exp=NOW + 900))
_present("T5", "a permit that ends before it begins", "lifetime")(lambda w, good: _claims(w, good, nbf=NOW + 10, exp=NOW))
# the words are names of tests: what is read from the clock would differ between the processes that collect them
for _word, _value in (
    ("1e+308", 1e308),
    ("-1", -1),
    ("a text of digits", "2999999999"),
    ("a float", float(NOW + 600)),
    ("True", True),
    ("None", None),
    ("2**53", 2**53),
    ("a list", [NOW + 600]),
):
    _present("T5", f"an end that is {_word}", "claims", "form")(lambda w, good, value=_value: _claims(w, good, exp=value))
_present("T5", "a use more than one", "max-uses")(lambda w, good: _claims(w, good, max_uses=2))
_present("T5", "uses that are true", "max-uses")(lambda w, good: _claims(w, good, max_uses=True))
_present("T5", "uses that are 1.0", "max-uses")(lambda w, good: _claims(w, good, max_uses=1.0))
_present("T5", "no end", "claims")(lambda w, good: _claims(w, good, exp=...))
_present("T5", "an unknown claim", "claims")(lambda w, good: _claims(w, good, admin=True))
_present("new", "claims named twice, the last one wider", "form")(
    lambda w, good: _signed(w, read(good).payload.replace(b'"tenant":"acme"', b'"tenant":"acme","tenant":"other"'))
)
_present("new", "claims in another order", "form")(lambda w, good: _signed(w, json.dumps(dict(reversed(json.loads(read(good).payload).items())), separators=(",", ":")).encode()))
_present("T25", "a permit of 8 MB", "size")(lambda w, good: good + b" " * 8_000_000)
_present("T25", "a permit nested 10^5 deep", "size", "form")(lambda w, good: b"[" * 16_000)
_present("T25", "a hundred signatures", "size", "signatures")(
    lambda w, good: json.dumps({**json.loads(good), "signatures": json.loads(good)["signatures"] * 17}, separators=(",", ":")).encode()
)
_present("T25", "names of 10^4 characters of another script", "size", "form")(lambda w, good: good.replace(b'"payload"', ('"' + "д" * 5000 + '"').encode()))


class _Untouched:
    """A roster that must not be asked."""

    def __getattr__(self, name: str) -> object:
        raise AssertionError(f"asked for {name} before size and form were looked at")


@case("T25", "floods are refused before any key is looked at")
def _before_crypto(world: World) -> Tried:
    from troth.jobs.permits.verify import verify
    from troth.jobs.refusals import PermitError

    good = world.permit(world.planned())

    def attack() -> None:
        for flood in (b"A" * 100_000_000, b"[" * 16_000, good + b" ", good[:-1] + b',"signatures":[]}'):
            begun = time.process_time()
            try:
                verify([flood], _Untouched(), executor="executor-1", at=NOW)  # type: ignore[arg-type]
            except PermitError:
                assert time.process_time() - begun < 1.0
            else:
                raise AssertionError("a flood was let in")

    return Tried(attack, lambda: runs(world, good))


@case("T24", "no permit, no number of one and no signature is kept anywhere")
def _not_kept(world: World) -> Tried:
    good = world.permit(world.planned())

    def attack() -> None:
        world.executor.run([good])
        claims: Claims = read(good).claims
        wanted = [claims.jti, base64.b64encode(read(good).payload).decode()[:60], read(good).signatures[0][1].hex()]
        for text in kept_text(world):
            assert not any(one in text for one in wanted), text[:200]

    return Tried(attack, lambda: runs(world, world.permit(world.planned())))


def kept_text(world: World) -> list[str]:
    """Everything that the tables hold for one tenant, as text."""
    from sqlalchemy import select

    from tests.jobs.world import ACME
    from troth.store import METADATA

    found = []
    with world.store.read(ACME) as t:
        for table in METADATA.tables.values():
            if table.name.startswith(("jobs", "ledger")):
                for row in t.execute(select(table).where(table.c.tenant == str(ACME))):
                    found += [value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value) for value in row]
    return found


@case("T27", "a forged permit with a spent number learns nothing", "signature")
def _no_oracle(world: World) -> Tried:
    good = world.permit(world.planned())
    world.executor.run([good])
    forged = _with_signature(good, hashlib.sha512(b"x").digest())
    return Tried(lambda: world.executor.run([forged]), lambda: runs(world, world.permit(world.planned())))
