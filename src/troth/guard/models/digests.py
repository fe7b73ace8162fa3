"""Digests of an open file, computed beside its proof: SHA-256 and BLAKE2b by the standard library, BLAKE3 by its package (an extra)."""

from __future__ import annotations

import hashlib
import os
import threading
from typing import Final, Protocol

from troth.errors import GuardError

__all__ = ["ALGORITHMS", "Digest", "named"]

ALGORITHMS: Final = {"sha256": 64, "blake3": 64, "blake2b": 128}
"""Algorithm -> hexadecimal digits."""
_CHUNK: Final = 4 << 20


class _Hash(Protocol):
    def update(self, data: bytes, /) -> object: ...

    def hexdigest(self) -> str: ...


def named(expect: str) -> tuple[str, str]:
    """Algorithm and digest of `algorithm:hex`.

    Raises:
        GuardError: it is not of that form.
    """
    kind, _, digest = expect.partition(":")
    if len(digest) != ALGORITHMS.get(kind, -1) or set(digest.lower()) - set("0123456789abcdef"):
        raise GuardError("a digest is written sha256:, blake3: or blake2b: and its hexadecimal digits")
    return kind, digest.lower()


def _made(algorithm: str) -> _Hash:
    if algorithm != "blake3":
        return hashlib.new(algorithm)
    try:
        from blake3 import blake3
    except ImportError as error:
        raise GuardError("BLAKE3 digests need the package blake3 (pip install 'troth[models]')") from error
    found: _Hash = blake3(max_threads=blake3.AUTO)
    return found


class Digest(threading.Thread):
    """The digest of a descriptor's bytes, in a thread of its own.

    Args:
        descriptor: an open regular file; it is read by position and not moved.
        algorithm: of `ALGORITHMS`.

    Attributes:
        hex: the digest, once the thread has ended.
        failed: why there is none; "" where there is.
    """

    def __init__(self, descriptor: int, algorithm: str = "sha256") -> None:
        super().__init__(daemon=True)
        self._descriptor, self._hash = descriptor, _made(algorithm)
        self.algorithm, self.hex, self.failed = algorithm, "", ""

    def run(self) -> None:
        """Read everything."""
        pos = 0
        try:
            while chunk := os.pread(self._descriptor, _CHUNK, pos):
                self._hash.update(chunk)
                pos += len(chunk)
            self.hex = self._hash.hexdigest()
        except OSError as error:
            self.failed = str(error)
