"""Files under a case's key, chunk by chunk: nothing larger than a chunk is held in the clear, and no clear byte reaches a disk.

Rules: the STREAM construction (Hoang, Reyhanitabar, Rogaway, Vizar 2015): a key of its own per file, the nonce counts chunks and marks the last one, so that
chunks cannot be dropped, repeated, reordered or taken from another file. Reads and writes no files itself.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from troth.desk.crypt.envelope import CryptError, derive

__all__ = ["CHUNK", "Sealer", "open_chunks"]

CHUNK: Final = 64 * 1024
"""Clear bytes per chunk."""
_MAX_CHUNKS: Final = 2**32


class Sealer:
    """Turns a file that arrives in pieces of any size into sealed chunks.

    Args:
        key: the case's key.
        file: id of the file; part of the file's own key.
    """

    def __init__(self, key: bytes, file: str) -> None:
        self._cipher = AESGCM(derive(key, "file", file.encode()))
        self._held = bytearray()
        self._number = 0
        self._told = hashlib.sha256()
        self.size = 0

    def feed(self, piece: bytes) -> list[bytes]:
        """Chunks that are now complete; the last one always waits for `finish`."""
        self._held += piece
        self.size += len(piece)
        self._told.update(piece)
        ready = []
        while len(self._held) > CHUNK:
            ready.append(self._seal(bytes(self._held[:CHUNK]), last=False))
            del self._held[:CHUNK]
        return ready

    def finish(self) -> bytes:
        """The last chunk; an empty file has one too."""
        chunk = self._seal(bytes(self._held), last=True)
        self._held.clear()
        return chunk

    @property
    def digest(self) -> str:
        """SHA-256 of the clear bytes so far, hex; never to be stored, for it tells whether a file is a known one."""
        return self._told.hexdigest()

    def _seal(self, clear: bytes, *, last: bool) -> bytes:
        nonce = _nonce(self._number, last=last)
        self._number += 1
        return self._cipher.encrypt(nonce, clear, b"")


def open_chunks(key: bytes, file: str, chunks: Iterable[bytes]) -> Iterator[bytes]:
    """The clear pieces of a file, in order.

    Raises:
        CryptError: a chunk is missing, repeated, moved or changed; what was yielded before was authentic, but the file is not whole.
    """
    cipher = AESGCM(derive(key, "file", file.encode()))
    held: bytes | None = None
    number = 0
    for chunk in chunks:
        if held is not None:
            yield _open(cipher, held, number, last=False)
            number += 1
        held = chunk
    if held is None:
        raise CryptError("a file has no content left")
    yield _open(cipher, held, number, last=True)


def _open(cipher: AESGCM, chunk: bytes, number: int, *, last: bool) -> bytes:
    try:
        return cipher.decrypt(_nonce(number, last=last), chunk, b"")
    except InvalidTag as error:
        raise CryptError("a chunk of a file does not open: missing, moved or changed") from error


def _nonce(number: int, *, last: bool) -> bytes:
    if number >= _MAX_CHUNKS:
        raise CryptError("a file has more chunks than a stream can number")
    return number.to_bytes(11, "big") + (b"\x01" if last else b"\x00")
