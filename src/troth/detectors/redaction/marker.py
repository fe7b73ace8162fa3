"""What stands in place of a secret: the rule's name and a short keyed fingerprint, never a part of the text.

The key is per process unless the program sets one, so that fingerprints in two logs can be compared only on purpose.
"""

from __future__ import annotations

import hashlib
import secrets

__all__ = ["KEY_BYTES", "marker", "process_key"]

KEY_BYTES = 32
_PROCESS_KEY = secrets.token_bytes(KEY_BYTES)


def process_key() -> bytes:
    """The key of this process, random."""
    return _PROCESS_KEY


def marker(rule: str, value: bytes, key: bytes) -> bytes:
    """`[redacted rule #fingerprint]`, without a fingerprint where no value is given; 24 bits of the fingerprint are shown: enough to see that two places hold the same secret."""
    if not value:
        return b"[redacted %b]" % rule.encode()
    shown = hashlib.blake2b(value, key=key, digest_size=3).hexdigest()
    return f"[redacted {rule} #{shown}]".encode()
