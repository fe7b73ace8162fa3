"""Secret links: what a reporter without an account comes back with.

Rules: 256 bits; the store keeps only the SHA-256 of the token; the token follows from the submission's nonce under a key of the desk, so that a form that is
sent twice (a double click, a retry after a crash) leads to the same case and the same link, and nothing on the disk gives the token.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import secrets
from typing import Final

__all__ = ["bound_to", "digest_of", "new_nonce", "short_code", "token_for", "well_formed"]

_TOKEN: Final = re.compile(r"[A-Za-z0-9_-]{43}\Z")


def new_nonce() -> str:
    """A nonce for a form: 43 characters, 256 bits."""
    return base64.urlsafe_b64encode(secrets.token_bytes(32)).rstrip(b"=").decode()


def well_formed(token: str) -> bool:
    """Whether a text has the shape of a token or nonce."""
    return _TOKEN.match(token) is not None


def bound_to(nonce: str, *words: bytes) -> str:
    """A name for a nonce with exactly these words: whoever sends the same nonce with other words, or in another case, has another one, so that neither can take the place of the other.

    Args:
        nonce: of a form, or a client's own key.
        words: what comes with it.
    """
    told = hashlib.sha256(b"troth-desk-nonce " + nonce.encode())
    for one in words:
        told.update(hashlib.sha256(one).digest())
    return told.hexdigest()


def token_for(links_key: bytes, nonce: str) -> str:
    """The token of the link that a submission with this nonce gets."""
    raw = hmac.new(links_key, b"link " + nonce.encode(), hashlib.sha256).digest()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def digest_of(token: str) -> str:
    """What the store knows of a token: SHA-256, hex."""
    return hashlib.sha256(b"troth-desk-token " + token.encode()).hexdigest()


def short_code(prefix: str, number: int) -> str:
    """The short id of a case (`T-12`)."""
    return f"{prefix}-{number}"
