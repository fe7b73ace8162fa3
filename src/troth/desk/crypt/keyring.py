"""The desk's keys on disk: one root key, from which the keys for single purposes come, and the key that signs receipts.

Rules: the folder is 0700, its files 0600 and made with O_EXCL; a key that others could read is refused; keys lie beside the data, never in it, so that a
backup of the data holds none. Losing the root key loses every case of an unsealed desk.
"""

from __future__ import annotations

import base64
import binascii
import os
import stat
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Final

from troth.desk.crypt.envelope import KEY_BYTES, CryptError, derive, new_key
from troth.ledger.keys import own_key

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

__all__ = ["Keyring"]

_ROOT: Final = "desk.key"
_RECEIPTS: Final = "receipts.pem"


@dataclass(frozen=True)
class Keyring:
    """Keys of one desk.

    Attributes:
        root: 32 bytes; used for nothing but deriving.
        signer: the Ed25519 key of receipts and statements.
    """

    root: bytes
    signer: Ed25519PrivateKey

    def __repr__(self) -> str:
        """Says nothing of the keys."""
        return "Keyring(...)"

    @cached_property
    def wrapping(self) -> bytes:
        """Wraps the cases' keys, and seals what belongs to no case."""
        return derive(self.root, "wrap")

    @cached_property
    def search(self) -> bytes:
        """Keys the words of the search index."""
        return derive(self.root, "search")

    @cached_property
    def links(self) -> bytes:
        """Makes the secret links out of the nonces of submissions."""
        return derive(self.root, "links")

    @cached_property
    def mails(self) -> bytes:
        """Makes the Message-IDs of mails that the desk sends, so that an answer shows that its writer got one."""
        return derive(self.root, "mails")

    @cached_property
    def forms(self) -> bytes:
        """Authenticates forms (CSRF), proofs of work and short-lived states."""
        return derive(self.root, "forms")

    @cached_property
    def senders(self) -> bytes:
        """Keys what is kept of addresses and networks for quotas and bans."""
        return derive(self.root, "senders")

    @staticmethod
    def make(folder: Path) -> Keyring:
        """Make the keys; existing ones stay.

        Raises:
            CryptError: the folder or a key in it cannot be used.
        """
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        path = folder / _ROOT
        if not path.exists():
            text = base64.b64encode(new_key()) + b"\n"
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
            with os.fdopen(handle, "wb") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
        return Keyring.read(folder)

    @staticmethod
    def read(folder: Path) -> Keyring:
        """Read the keys of a desk that exists.

        Raises:
            CryptError: there is none, others can read it, or it is no key.
        """
        path = folder / _ROOT
        try:
            handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
            with os.fdopen(handle, "rb") as file:
                mode = os.fstat(file.fileno())
                text = file.read(1024)
        except OSError as error:
            raise CryptError(f"the desk's key {path} cannot be read: {error.strerror}") from error
        if stat.S_IMODE(mode.st_mode) & 0o077 or mode.st_uid not in (0, os.getuid()):
            raise CryptError(f"the desk's key {path} can be read by others: chmod 600 it, and think of it as known to them")
        try:
            root = base64.b64decode(text.strip(), validate=True)
        except binascii.Error as error:
            raise CryptError(f"{path} is no key") from error
        if len(root) != KEY_BYTES:
            raise CryptError(f"{path} is no key of {KEY_BYTES} bytes")
        return Keyring(root, own_key(folder / _RECEIPTS))
