"""Checking who someone is: passkeys (WebAuthn level 2, by `webauthn`) and an identity provider (OpenID Connect, by `authlib`).

Rules: challenges are made here, count once and last five minutes, in whichever process of the desk they are answered; a passkey is bound to the desk's host name; a provider's subject is kept as a keyed digest,
and only members whom a coordinator named come in: an identity provider never makes one, a member binds an account to themselves while signed in, and what a
provider answers counts in the browser that asked.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
from collections.abc import Mapping
from datetime import timedelta
from typing import Final

from webauthn import (
    base64url_to_bytes,
    generate_authentication_options,
    generate_registration_options,
    options_to_json,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.helpers import bytes_to_base64url
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from troth.app.desk.gates import spend_once
from troth.app.desk.opening import TENANT, Desk
from troth.desk.storage.people_rows import Member, Passkey
from troth.errors import DeskError, SettingsError
from troth.store import Transaction

__all__ = ["bind", "challenge", "demand_confirmed", "has_passkeys", "key_named_in", "member_of", "oidc_address", "oidc_return", "register", "registration", "verify"]

_LIFE: Final = timedelta(minutes=5)


def _give(desk: Desk, purpose: str) -> bytes:
    """A challenge for a purpose: random, with its end and a code of ours, so that any process of the desk knows it again and none has to remember it."""
    ends = int((desk.now() + _LIFE).timestamp())
    made = os.urandom(16) + ends.to_bytes(8, "big")
    return made + _code(desk, purpose, made)


def _code(desk: Desk, purpose: str, made: bytes) -> bytes:
    return hmac.new(desk.keys.forms, b"challenge " + purpose.encode() + b"\0" + made, hashlib.sha256).digest()


def _take(desk: Desk, purpose: str, given: str) -> bool:
    """Whether a challenge (base64url) was given for this purpose within the last five minutes, and is used for the first time; it is used up now."""
    try:
        raw = base64url_to_bytes(given)
    except ValueError:
        return False
    made, code = raw[:24], raw[24:]
    if not hmac.compare_digest(code, _code(desk, purpose, made)) or int.from_bytes(made[16:], "big") <= desk.now().timestamp():
        return False
    return spend_once(desk, hashlib.sha256(b"challenge " + made).hexdigest())


def registration(desk: Desk, member: Member) -> str:
    """Options for the browser to make a passkey, as JSON."""
    with desk.store.read(TENANT) as t:
        known = desk.people.passkeys(t, member.id)
    options = generate_registration_options(
        rp_id=desk.settings.host,
        rp_name=f"{desk.settings.project} desk",
        user_id=bytes.fromhex(member.id),
        user_name=member.name,
        exclude_credentials=[PublicKeyCredentialDescriptor(base64url_to_bytes(one)) for one in known],
        challenge=_give(desk, f"passkey {member.id}"),
        authenticator_selection=AuthenticatorSelectionCriteria(resident_key=ResidentKeyRequirement.REQUIRED, user_verification=UserVerificationRequirement.REQUIRED),
    )
    return options_to_json(options)


def register(desk: Desk, member: Member, credential: str, confirmed_by: str) -> None:
    """Keep a passkey, and say in the ledger whose it is and how they showed who they are.

    Args:
        desk: the desk.
        member: who is signed in.
        credential: what the browser answered.
        confirmed_by: the link, or one of their passkeys; empty: nothing.

    Raises:
        DeskError: nothing confirms it, or the browser's answer does not verify.
    """
    demand_confirmed(confirmed_by)
    given = _challenge_in(credential)
    if not _take(desk, f"passkey {member.id}", given):
        raise DeskError("this took too long: load the page again")
    try:
        checked = verify_registration_response(
            credential=credential, expected_challenge=base64url_to_bytes(given), expected_rp_id=desk.settings.host, expected_origin=desk.settings.origin, require_user_verification=True,
        )  # fmt: skip
    except (WebAuthnException, ValueError, KeyError) as error:
        raise DeskError("the passkey was not accepted") from error
    key = Passkey(bytes_to_base64url(checked.credential_id), member.id, checked.credential_public_key, checked.sign_count)

    def work(t: Transaction) -> None:
        if confirmed_by == "link" and desk.people.passkeys(t, member.id):
            demand_confirmed("")  # another answer to the same link was quicker
        now = desk.now()
        desk.people.add_passkey(t, key, now)
        told = {"passkey": hashlib.sha256(key.id.encode()).hexdigest()[:16], "confirmed_by": confirmed_by}
        desk.events.chronicle.tell(t, "passkey.added", now, member.actor, told)

    desk.writer.write(work)


def demand_confirmed(by: str) -> None:
    """Refuse to add a way to sign in for somebody who has not shown a moment ago who they are.

    Raises:
        DeskError: they have not.
    """
    if not by:
        raise DeskError("first confirm with a passkey that you have; where you have none, with the link that you were given, within a quarter of an hour")


def has_passkeys(desk: Desk, member: Member) -> bool:
    """Whether a member has a passkey."""
    with desk.store.read(TENANT) as t:
        return bool(desk.people.passkeys(t, member.id))


def challenge(desk: Desk, member: Member | None = None) -> str:
    """Options for the browser to sign in, as JSON; for a member who is signed in: to confirm that it is still them, with one of their passkeys."""
    known: tuple[str, ...] = ()
    if member is not None:
        with desk.store.read(TENANT) as t:
            known = desk.people.passkeys(t, member.id)
    options = generate_authentication_options(
        rp_id=desk.settings.host, challenge=_give(desk, _purpose(member)), user_verification=UserVerificationRequirement.REQUIRED,
        allow_credentials=[PublicKeyCredentialDescriptor(base64url_to_bytes(one)) for one in known],
    )  # fmt: skip
    return options_to_json(options)


def _purpose(member: Member | None) -> str:
    return "sign in" if member is None else f"confirm {member.id}"


def key_named_in(credential: str) -> str:
    """Id of the passkey that an answer is by, as it says itself; empty where it says none."""
    try:
        return str(json.loads(credential[:20_000]).get("id", ""))[:344]
    except (ValueError, AttributeError):
        return ""


def verify(desk: Desk, credential: str, signed_in: Member | None = None) -> Member | None:
    """Whom a passkey signs in, or confirms where somebody is signed in; None where it is unknown, of somebody else, does not verify, or the member left."""
    given = _challenge_in(credential)
    if not _take(desk, _purpose(signed_in), given):
        return None
    with desk.store.read(TENANT) as t:
        key = desk.people.passkey(t, key_named_in(credential))
        member = desk.people.get(t, key.member) if key is not None else None
    if key is None or member is None or member.left or (signed_in is not None and member.id != signed_in.id):
        return None
    try:
        checked = verify_authentication_response(
            credential=credential, expected_challenge=base64url_to_bytes(given), expected_rp_id=desk.settings.host, expected_origin=desk.settings.origin,
            credential_public_key=key.public_key, credential_current_sign_count=key.sign_count, require_user_verification=True,
        )  # fmt: skip
    except (WebAuthnException, ValueError, KeyError):
        return None
    desk.writer.write(lambda t: desk.people.counted(t, key.id, checked.new_sign_count))
    return member


def _challenge_in(credential: str) -> str:
    """The challenge that an answer says it is for; empty where it is none."""
    try:
        raw = json.loads(credential[:20_000])
        return str(json.loads(base64url_to_bytes(raw["response"]["clientDataJSON"]))["challenge"])[:200]
    except (ValueError, KeyError, TypeError, AttributeError):
        return ""


def oidc_address(desk: Desk, member: Member | None = None) -> tuple[str, str]:
    """Where to send a browser to be identified, and the state that the same browser has to bring back.

    Args:
        desk: the desk.
        member: who is signed in and wants to sign in this way from now on; None to sign in.
    """
    from authlib.integrations.httpx_client import OAuth2Client

    wanted = member.id if member is not None else ""
    state = f"{wanted}.{bytes_to_base64url(_give(desk, f'oidc {wanted}'))}"
    verifier, nonce = _oidc_secrets(desk, state)
    with OAuth2Client(desk.settings.oidc.client, redirect_uri=f"{desk.settings.origin}/oidc/back", scope="openid", code_challenge_method="S256") as client:
        address, _state = client.create_authorization_url(_discovered(desk)["authorization_endpoint"], state=state, code_verifier=verifier, nonce=nonce)
    return str(address), state


def oidc_return(desk: Desk, answer: Mapping[str, str], state: str) -> tuple[str, str] | None:
    """Whom an identity provider's answer names, as a keyed digest, and the id of the member who wanted to be bound to it (empty for signing in).

    Args:
        desk: the desk.
        answer: parameters with which the browser came back.
        state: that this browser was sent away with; another one's answer is nobody's.

    Returns:
        None where the answer is not for this browser, was used before, or does not verify.
    """
    if not state or not hmac.compare_digest(answer.get("state", "").encode(), state.encode()):
        return None
    member, _, given = state.partition(".")
    if not _take(desk, f"oidc {member}", given) or "code" not in answer:
        return None
    verifier, nonce = _oidc_secrets(desk, state)
    subject = _subject(desk, answer["code"], verifier, nonce)
    return (desk.sender(f"oidc {desk.settings.oidc.issuer} {subject}"), member) if subject else None


def _oidc_secrets(desk: Desk, state: str) -> tuple[str, str]:
    """The verifier (RFC 7636) and the nonce that go with a state: only this desk can say them."""
    verifier, nonce = (bytes_to_base64url(hmac.new(desk.keys.forms, f"oidc {name} {state}".encode(), hashlib.sha256).digest()) for name in ("verifier", "nonce"))
    return verifier, nonce


def _subject(desk: Desk, code: str, verifier: str, nonce: str) -> str:
    """The `sub` of a code's identity token (OpenID Connect Core 1.0, 3.1.3.7); empty where anything about it is not right."""
    import httpx
    from authlib.common.errors import AuthlibBaseError
    from authlib.integrations.httpx_client import OAuth2Client
    from joserfc import jwt
    from joserfc.errors import JoseError
    from joserfc.jwk import KeySet

    found, settings = _discovered(desk), desk.settings.oidc
    try:
        with OAuth2Client(settings.client, os.environ.get("TROTH_DESK_OIDC_SECRET"), redirect_uri=f"{desk.settings.origin}/oidc/back") as client:
            token = client.fetch_token(found["token_endpoint"], code=code, code_verifier=verifier)
        # without the token: a client of OAuth would send it along
        keys = KeySet.import_key_set(httpx.get(found["jwks_uri"], timeout=10).raise_for_status().json())
        claims = jwt.decode(token["id_token"], keys, algorithms=["RS256", "ES256", "EdDSA", "PS256"]).claims
        audience = claims["aud"] if isinstance(claims["aud"], list) else [claims["aud"]]
        right = claims["iss"] == settings.issuer and settings.client in audience and claims["nonce"] == nonce and float(claims["exp"]) >= desk.now().timestamp()
        if len(audience) > 1 or "azp" in claims:
            right = right and claims["azp"] == settings.client
        return str(claims["sub"])[:255] if right else ""
    except (AuthlibBaseError, JoseError, httpx.HTTPError, KeyError, ValueError, TypeError):
        return ""


def bind(desk: Desk, member: Member, subject: str) -> None:
    """Let a member sign in as what a provider calls them, and say so in the ledger.

    Raises:
        DeskError: that account signs in somebody else.
    """

    def work(t: Transaction) -> None:
        other = desk.people.by_subject(t, subject)
        if other is not None and other.id != member.id:
            raise DeskError("this account signs in another member of this desk")
        desk.people.bind(t, member.id, subject)
        desk.events.chronicle.tell(t, "account.bound", desk.now(), member.actor, {"account": subject[:16]})

    desk.writer.write(work)


def member_of(desk: Desk, subject: str) -> Member | None:
    """Whom a provider's account signs in; None where that is nobody of this desk."""
    with desk.store.read(TENANT) as t:
        found = desk.people.by_subject(t, subject)
    return None if found is None or found.left else found


def _discovered(desk: Desk) -> dict[str, str]:
    """What the provider says of itself.

    Raises:
        SettingsError: it does not answer, or names another issuer.
    """
    import httpx

    issuer = desk.settings.oidc.issuer.rstrip("/")
    try:
        found = httpx.get(f"{issuer}/.well-known/openid-configuration", timeout=10).raise_for_status().json()
        wanted = {name: str(found[name]) for name in ("issuer", "authorization_endpoint", "token_endpoint", "jwks_uri")}
    except (httpx.HTTPError, ValueError, KeyError, TypeError) as error:
        raise SettingsError("the identity provider does not answer") from error
    if wanted["issuer"].rstrip("/") != issuer:
        raise SettingsError("the identity provider calls itself by another name")
    return wanted
