"""Envelopes: one text under one key, bound to the place where it stands.

Rules: AES-256-GCM (NIST SP 800-38D) with a random 96-bit nonce; a key per case, so no key comes near the 2^32 messages that random nonces bear; the place
(tenant, case, what) is authenticated data, so that an envelope moved to another row, case or column does not open. An envelope that does not open raises;
nothing is ever returned unauthenticated. Stores nothing and makes no copies on disk.
"""

from __future__ import annotations

import secrets
from typing import ClassVar, Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from troth.errors import DeskError

__all__ = ["KEY_BYTES", "CryptError", "derive", "new_key", "place", "seal", "unseal"]

KEY_BYTES: Final = 32
"""AES-256."""
_NONCE: Final = 12
_VERSION: Final = b"\x01"


class CryptError(DeskError):
    """Content cannot be decrypted: wrong key, destroyed key, or bytes that were changed or moved."""

    code: ClassVar[str] = "desk-crypt"
    help: ClassVar[str] = "Use the keyring that belongs to this desk; where a case was erased, its content is gone for good."


def new_key() -> bytes:
    """A fresh 256-bit key."""
    return secrets.token_bytes(KEY_BYTES)


def place(*parts: str) -> bytes:
    """Authenticated data that names a place; no two different tuples give the same bytes."""
    return b"troth-desk-1" + b"".join(len(raw).to_bytes(4, "big") + raw for raw in (part.encode() for part in parts))


def seal(key: bytes, plaintext: bytes, where: bytes) -> bytes:
    """An envelope: version, nonce, ciphertext with its tag (29 bytes more than the text).

    Args:
        key: 32 bytes.
        plaintext: what to keep.
        where: its place, from `place`.
    """
    nonce = secrets.token_bytes(_NONCE)
    return _VERSION + nonce + AESGCM(key).encrypt(nonce, plaintext, where)


def unseal(key: bytes, envelope: bytes, where: bytes) -> bytes:
    """What `seal` kept.

    Raises:
        CryptError: another key, another place, or changed bytes.
    """
    if len(envelope) < 1 + _NONCE + 16 or envelope[:1] != _VERSION:
        raise CryptError("these bytes are no envelope of this desk")
    try:
        return AESGCM(key).decrypt(envelope[1 : 1 + _NONCE], envelope[1 + _NONCE :], where)
    except InvalidTag as error:
        raise CryptError("an envelope does not open: another key or place, or its bytes were changed") from error


def derive(key: bytes, purpose: str, salt: bytes = b"") -> bytes:
    """A key for one purpose from another key (HKDF-SHA-256, RFC 5869)."""
    return HKDF(SHA256(), KEY_BYTES, salt or None, b"troth-desk-1 " + purpose.encode()).derive(key)
