"""An approver's identity from an identity provider: an ID token vouches for a key that lives for minutes.

The approver's device makes an Ed25519 key, signs in with the digest of its public half as `nonce`, and signs permits with it; the ID token travels beside the permit.
Verified offline: the provider's keys (JWKS), issuer, audience, the one algorithm and the map from subject to approver stand in the executor's settings. The token's
header is believed in nothing: its algorithm must be the pinned one, its key one of the listed, and every other field of a header (`jwk`, `jku`, `x5c`, `crit`, `b64`)
refuses the token.

`joserfc` does the signature (extra `troth[oidc]`). No key is fetched.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from troth.errors import LookError
from troth.jobs.permits.roster import Roster, TrustedKey
from troth.jobs.refusals import PermitError
from troth.jobs.strict import Json, parse

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

__all__ = ["Identity", "Provider", "nonce_of", "vouched_key", "with_identities"]

LIMIT_BYTES: Final = 16 * 1024
LONGEST_SECONDS: Final = 60 * 60
"""Longest life of an ID token that vouches for a key."""

_MOST: Final = 16
_ALGORITHMS: Final = frozenset({"RS256", "PS256", "ES256", "EdDSA", "Ed25519"})


@dataclass(frozen=True, slots=True)
class Provider:
    """An identity provider as the executor's settings know it.

    Attributes:
        issuer: its `iss`, exactly.
        audience: our client id, exactly.
        algorithm: the one algorithm that its tokens have.
        jwks: its public keys, as its JWKS document lists them; each must have a `kid`.
        subjects: which `sub` is which approver.
    """

    issuer: str
    audience: str
    algorithm: str
    jwks: Mapping[str, Json]
    subjects: Mapping[str, str]

    def __post_init__(self) -> None:
        if self.algorithm not in _ALGORITHMS:
            raise PermitError("identity", "An identity provider is pinned to one algorithm with public keys.")


@dataclass(frozen=True, slots=True)
class Identity:
    """What an approver without a key of their own presents beside a permit.

    Attributes:
        token: ID token in compact form.
        public: the key that signed the permit, 32 bytes.
    """

    token: bytes
    public: bytes


def with_identities(roster: Roster, providers: Sequence[Provider], identities: Sequence[Identity], *, at: int) -> Roster:
    """The roster, with the keys that identity providers vouch for; each token must be good at one of the providers.

    Raises:
        PermitError: `identity`: one is not, or there are too many.
    """
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    if len(identities) > _MOST or any(len(one.public) != 32 for one in identities):
        raise PermitError("identity", "Too many identities are presented, or one names no key.")
    for one in identities:
        public = Ed25519PublicKey.from_public_bytes(one.public)
        issuer = _claimed_issuer(one.token)
        provider = next((each for each in providers if each.issuer == issuer), None)
        if provider is None:
            raise PermitError("identity", "The identity token comes from a provider that this executor does not know.")
        roster = roster.with_key(vouched_key(one.token, public, provider, at=at))
    return roster


def _claimed_issuer(token: bytes) -> Json:
    """Which provider to ask about a token; believed in nothing else."""
    if len(token) > LIMIT_BYTES or token.count(b".") != 2:
        raise PermitError("identity", "The identity token is too long, or none.")
    return parse(_plain(token.split(b".")[1]), limit=LIMIT_BYTES, depth=6, error=PermitError, what="identity token").get("iss")


def nonce_of(public: Ed25519PublicKey) -> str:
    """What the sign-in must carry as `nonce` so that its token vouches for this key."""
    digest = hashlib.sha256(b"troth permit key v1\0" + public.public_bytes_raw()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode("ascii")


def vouched_key(token: bytes, public: Ed25519PublicKey, provider: Provider, *, at: int) -> TrustedKey:
    """The key, as one of the approver's, for as long as the token holds.

    Args:
        token: ID token in compact form.
        public: the key that signed the permit.
        provider: who issued the token.
        at: now, POSIX seconds.

    Raises:
        LookError: the extra is not installed.
        PermitError: `identity`: the token does not vouch for this key.
    """
    claims = _verified(token, provider)
    begin, end = _seconds(claims.get("iat")), _seconds(claims.get("exp"))
    audience = claims.get("aud")
    approver = provider.subjects.get(str(claims.get("sub")))
    if claims.get("iss") != provider.issuer or audience not in (provider.audience, [provider.audience]):
        raise PermitError("identity", "The identity token comes from, or is for, someone else.")
    if not begin <= at < end or end - begin > LONGEST_SECONDS or _seconds(claims.get("nbf", begin)) > at:
        raise PermitError("identity", "The identity token does not hold now, or holds too long.")
    if not isinstance(claims.get("sub"), str) or approver is None:
        raise PermitError("identity", "The identity token names nobody who approves.")
    if claims.get("nonce") != nonce_of(public):
        raise PermitError("identity", "The identity token vouches for another key.")
    return TrustedKey(public, approver, begin, end)


def _verified(token: bytes, provider: Provider) -> dict[str, Json]:
    if len(token) > LIMIT_BYTES or token.count(b".") != 2:
        raise PermitError("identity", "The identity token is too long, or none.")
    parts = token.split(b".")
    header = parse(_plain(parts[0]), limit=LIMIT_BYTES, depth=2, error=PermitError, what="identity token's header")
    if header.get("alg") != provider.algorithm or not header.keys() <= {"alg", "kid", "typ"}:
        raise PermitError("identity", "The identity token asks to be verified in another way.")
    key = next((item for item in _keys(provider) if isinstance(header.get("kid"), str) and item.get("kid") == header["kid"]), None)
    if key is None:
        raise PermitError("identity", "The identity token is signed by a key that its provider does not list.")
    payload = _checked(token, key, provider.algorithm)
    return parse(payload, limit=LIMIT_BYTES, depth=6, error=PermitError, what="identity token")


def _keys(provider: Provider) -> list[dict[str, Json]]:
    listed = provider.jwks.get("keys")
    return [item for item in listed if isinstance(item, dict)] if isinstance(listed, list) else []


def _checked(token: bytes, key: dict[str, Json], algorithm: str) -> bytes:
    try:
        from joserfc import jws
        from joserfc.errors import JoseError
        from joserfc.jwk import JWKRegistry
    except ImportError as error:
        raise LookError("the extra troth[oidc]", "Identity tokens cannot be verified.") from error
    if key.get("kty") == "oct" or "d" in key:
        raise PermitError("identity", "The identity provider lists a key that is not a public one.")
    material: Any = dict(key)
    try:
        found = jws.deserialize_compact(token, JWKRegistry.import_key(material), algorithms=[algorithm])
    except (JoseError, ValueError) as error:
        raise PermitError("identity", "The identity token's signature does not verify.") from error
    payload: bytes = found.payload
    return payload


def _plain(part: bytes) -> bytes:
    try:
        found = base64.urlsafe_b64decode(part + b"=" * (-len(part) % 4))
    except (binascii.Error, ValueError) as error:
        raise PermitError("identity", "The identity token is not base64.") from error
    if base64.urlsafe_b64encode(found).rstrip(b"=") != part:
        raise PermitError("identity", "The identity token is not base64 in its one form.")
    return found


def _seconds(value: Json) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value <= 0:
        raise PermitError("identity", "The identity token has a time that is not one.")
    return value
