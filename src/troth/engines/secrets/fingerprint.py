"""Keyed fingerprints: the same secret gets the same name, and the name does not give the secret away.

Long random tokens are hashed with BLAKE2b under the key. Values that could be guessed (passwords) are stretched with scrypt first, so
that a fingerprint in a committed baseline is no shortcut to them.
"""

from __future__ import annotations

import os

from troth.detectors import cache
from troth.detectors.scanner import entropy

__all__ = ["Fingerprints", "local_key"]

GUESSABLE_BITS = 96.0
KEY_NAME = "fingerprint.key"
ENVIRONMENT = "TROTH_FINGERPRINT_KEY"


def local_key() -> bytes:
    """The key: from `TROTH_FINGERPRINT_KEY` (hex), else one kept in the user's cache, else a new one for this run only."""
    named = os.environ.get(ENVIRONMENT, "")
    try:
        if len(bytes.fromhex(named)) >= 16:
            return bytes.fromhex(named)[:32]
    except ValueError:
        pass  # not hex: treated as absent, a fingerprint key is a convenience for comparing runs
    kept = cache.read(KEY_NAME)
    if kept is not None and len(kept) == 32:
        return kept
    key = os.urandom(32)
    cache.write(KEY_NAME, key)
    return key


class Fingerprints:
    """Makes fingerprints under one key, and remembers the slow ones."""

    def __init__(self, key: bytes) -> None:
        self._key = key
        self._known: dict[bytes, str] = {}

    def of(self, value: bytes) -> str:
        """Fingerprint of a secret: 16 hex digits."""
        import hashlib  # loads OpenSSL, and most scans find nothing

        plain = hashlib.blake2b(value, key=self._key, digest_size=16).digest()
        found = self._known.get(plain)
        if found is None:
            guessable = len(value) * entropy(value) < GUESSABLE_BITS
            raw = hashlib.scrypt(value, salt=self._key, n=4096, r=8, p=1, dklen=8) if guessable else plain[:8]
            found = raw.hex()
            if len(self._known) < 100_000:
                self._known[plain] = found
        return found
