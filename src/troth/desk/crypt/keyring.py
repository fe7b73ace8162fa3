"""The desk's keys on disk: one root key, from which the keys for single purposes come, and the key that signs receipts.

Rules: the folder is 0700, its files 0600 and made with O_EXCL; a key that others could read is refused; keys lie beside the data, never in it, so that a
backup of the data holds none. Losing the root key loses every case of an unsealed desk.

The root key can be changed. What wraps and seals comes from the new one then; digests that are kept (links, words of titles, senders) and Message-IDs that were
given out cannot be made anew, so their keys stay as they are, in a file of their own, and the old root is needed for nothing but old backups. While rows are
being wrapped anew both roots lie there, and nobody opens the desk; the change is done with one renaming.
"""

from __future__ import annotations

import base64
import binascii
import contextlib
import os
import stat
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from troth.desk.crypt.envelope import KEY_BYTES, CryptError, derive, new_key
from troth.ledger.keys import own_key

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

__all__ = ["Keyring", "wrapping_of"]

_ROOT: Final = "desk.key"
_NEXT: Final = "desk.next"
"""The root that comes; there is one only while a change is under way."""
_NAMES: Final = "names.key"
"""Keys of what stays under its digest after the root was changed."""
_KEPT: Final = ("search", "links", "mails", "senders")
_RECEIPTS: Final = "receipts.pem"


@dataclass(frozen=True)
class Keyring:
    """Keys of one desk.

    Attributes:
        root: 32 bytes; used for nothing but deriving.
        signer: the Ed25519 key of receipts and statements.
        names: keys that stayed when the root was changed, by purpose.
    """

    root: bytes
    signer: Ed25519PrivateKey
    names: Mapping[str, bytes] = field(default_factory=lambda: MappingProxyType({}))

    def _named(self, purpose: str) -> bytes:
        """A key that stays when the root is changed."""
        return self.names.get(purpose) or derive(self.root, purpose)

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
        return self._named("search")

    @cached_property
    def links(self) -> bytes:
        """Makes the secret links out of the nonces of submissions."""
        return self._named("links")

    @cached_property
    def mails(self) -> bytes:
        """Makes the Message-IDs of mails that the desk sends, so that an answer shows that its writer got one."""
        return self._named("mails")

    @cached_property
    def forms(self) -> bytes:
        """Authenticates forms (CSRF), proofs of work and short-lived states."""
        return derive(self.root, "forms")

    @cached_property
    def senders(self) -> bytes:
        """Keys what is kept of addresses and networks for quotas and bans."""
        return self._named("senders")

    @staticmethod
    def make(folder: Path) -> Keyring:
        """Make the keys; existing ones stay.

        Raises:
            CryptError: the folder or a key in it cannot be used.
        """
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not (folder / _ROOT).exists():
            _write(folder / _ROOT, (new_key(),))
        return Keyring.read(folder)

    @staticmethod
    def read(folder: Path, *, changing: bool = False) -> Keyring:
        """Read the keys of a desk that exists.

        Args:
            folder: of the keys.
            changing: whoever asks goes on with a change of the root key.

        Raises:
            CryptError: there is none, others can read it, it is no key, or its change was not finished.
        """
        if not changing and (folder / _NEXT).exists():
            raise CryptError("the change of the desk's key was not finished: run `troth desk rotate` once more")
        (root,) = _read(folder / _ROOT, 1)
        names = dict(zip(_KEPT, _read(folder / _NAMES, len(_KEPT)), strict=True)) if (folder / _NAMES).exists() else {}
        return Keyring(root, own_key(folder / _RECEIPTS), MappingProxyType(names))

    def begin_change(self, folder: Path) -> Keyring:
        """Make the keys that come, or read those of a change that was begun before."""
        if not (folder / _NAMES).exists():
            _write(folder / _NAMES, [self._named(one) for one in _KEPT])
        if not (folder / _NEXT).exists():
            _write(folder / _NEXT, (new_key(),))
        (root,) = _read(folder / _NEXT, 1)
        return replace(Keyring.read(folder, changing=True), root=root)

    def end_change(self, folder: Path) -> Path:
        """Put the new root in the place of this one, which is kept for old backups; returns where."""
        retired = folder / f"retired-{derive(self.root, 'name')[:6].hex()}.key"
        with contextlib.suppress(FileExistsError):
            os.link(folder / _ROOT, retired)
        (folder / _NEXT).replace(folder / _ROOT)
        _sync(folder)
        return retired


def wrapping_of(path: Path) -> bytes:
    """The key that wraps and seals, of a root that was replaced.

    Raises:
        CryptError: the file is no key, or others can read it.
    """
    (root,) = _read(path, 1)
    return derive(root, "wrap")


def _write(path: Path, keys: Sequence[bytes]) -> None:
    """A file of keys, whole or not there at all."""
    new = path.with_name(f".{path.name}.new")
    new.unlink(missing_ok=True)
    handle = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(b"".join(base64.b64encode(key) + b"\n" for key in keys))
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(new, path)  # never over a key that is there
    finally:
        new.unlink()
    _sync(path.parent)


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _read(path: Path, count: int) -> tuple[bytes, ...]:
    """Keys of a file.

    Raises:
        CryptError: there is none, others can read it, or it is no file of so many keys.
    """
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
        keys = tuple(base64.b64decode(line, validate=True) for line in text.split())
    except binascii.Error as error:
        raise CryptError(f"{path} is no key") from error
    if len(keys) != count or any(len(key) != KEY_BYTES for key in keys):
        raise CryptError(f"{path} is no key of {KEY_BYTES} bytes")
    return keys
