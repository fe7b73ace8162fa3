"""A case's key for those who may read the case: under the desk's key, for a member's age key, for the reporter's secret link.

Rules: who may read a case is who has a wrap of its key, nothing else. A wrap names tenant, case and holder in its authenticated data (the desk's and the
link's) or inside what age encrypts (members'), so that it cannot be handed to another case. Destroying all wraps erases the case.
"""

from __future__ import annotations

from typing import Final

from troth.desk.crypt.envelope import KEY_BYTES, CryptError, derive, place, seal, unseal

__all__ = ["DESK", "LINK", "MEMBER", "new_identity", "recipient_of", "unwrap", "unwrap_link", "unwrap_member", "wrap", "wrap_link", "wrap_member"]

DESK: Final = "desk"
"""Holder of the wrap that the serving process can open by itself."""
LINK: Final = "link"
"""Holder of the wrap that opens with the reporter's secret link."""
MEMBER: Final = "member:"
"""Before a member's id: the wrap that opens with that member's age identity."""


def wrap(desk_key: bytes, key: bytes, tenant: str, case: str) -> bytes:
    """The case's key under the desk's."""
    return seal(desk_key, key, place(tenant, case, DESK))


def unwrap(desk_key: bytes, blob: bytes, tenant: str, case: str) -> bytes:
    """The case's key.

    Raises:
        CryptError: another desk's key, or another case's wrap.
    """
    return unseal(desk_key, blob, place(tenant, case, DESK))


def wrap_link(token: str, key: bytes, tenant: str, case: str) -> bytes:
    """The case's key for whoever has the secret link; the store knows only the token's digest."""
    return seal(derive(token.encode(), "link"), key, place(tenant, case, LINK))


def unwrap_link(token: str, blob: bytes, tenant: str, case: str) -> bytes:
    """The case's key, with the link's token.

    Raises:
        CryptError: another token or case.
    """
    return unseal(derive(token.encode(), "link"), blob, place(tenant, case, LINK))


def new_identity() -> tuple[str, str]:
    """A member's age key pair: (identity, recipient)."""
    import pyrage

    identity = pyrage.x25519.Identity.generate()
    return str(identity), str(identity.to_public())


def recipient_of(text: str) -> str:
    """A checked age recipient (`age1...`).

    Raises:
        CryptError: it is none.
    """
    import pyrage

    try:
        return str(pyrage.x25519.Recipient.from_str(text.strip()))
    except pyrage.RecipientError as error:
        raise CryptError(f"{text.strip()[:20]!r} is no age recipient (age1...)") from error


def wrap_member(recipient: str, key: bytes, tenant: str, case: str) -> bytes:
    """The case's key for a member's age recipient."""
    import pyrage

    return bytes(pyrage.encrypt(key + place(tenant, case), [pyrage.x25519.Recipient.from_str(recipient)]))


def unwrap_member(identity: str, blob: bytes, tenant: str, case: str) -> bytes:
    """The case's key, with a member's age identity.

    Raises:
        CryptError: another identity, or another case's wrap.
    """
    import pyrage

    try:
        content = bytes(pyrage.decrypt(blob, [pyrage.x25519.Identity.from_str(identity)]))
    except (pyrage.DecryptError, pyrage.IdentityError) as error:
        raise CryptError("this member holds no key of the case") from error
    if content[KEY_BYTES:] != place(tenant, case):
        raise CryptError("this key belongs to another case")
    return content[:KEY_BYTES]
