"""Private keys of approvers: in a file of mode 0600, in the operating system's keyring, or behind a door that never hands them out.

A signer signs; it does not decide what. Keys are Ed25519 and named by the SHA-256 of their public half (`troth.ledger.keys`), so that an id cannot be used again for
another key. A key that stays offline signs on its own machine (`seal` needs nothing but the claims) and the permit travels as a file.

`keyring` is an extra (`troth[keyring]`), imported when a key of its kind is asked for.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from troth.errors import UsageError
from troth.ledger.keys import key_id, own_key, read_private_key

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

__all__ = ["DoorSigner", "KeyDoor", "LocalSigner", "MemoryDoor", "Signer", "file_signer", "keyring_signer", "make_keyring_key", "public_half"]

_SERVICE = "troth permits"


class Signer(Protocol):
    """Signs permits with one key."""

    @property
    def key_id(self) -> str:
        """SHA-256 of the public half, hex."""

    def sign(self, message: bytes) -> bytes:
        """Ed25519 signature over `message`, 64 bytes."""


class KeyDoor(Protocol):
    """A key management service or a PKCS#11 token: it signs with keys that it keeps.

    Implementations speak with the service; they must sign pure Ed25519 (RFC 8032), no prehash, over the message as given.
    """

    def public(self, name: str) -> Ed25519PublicKey:
        """Public half of the key of this name."""

    def sign(self, name: str, message: bytes) -> bytes:
        """Signature by the key of this name."""


@dataclass(frozen=True, slots=True)
class LocalSigner:
    """Signs with a key in this process's memory."""

    key: Ed25519PrivateKey

    @property
    def key_id(self) -> str:
        """SHA-256 of the public half, hex."""
        return key_id(self.key.public_key())

    def sign(self, message: bytes) -> bytes:
        """Ed25519 signature over `message`."""
        return self.key.sign(message)

    def __repr__(self) -> str:
        return f"LocalSigner({self.key_id[:16]})"


@dataclass(frozen=True, slots=True)
class DoorSigner:
    """Signs through a door, and holds each answer against the key's public half: a door that signs something else is not believed.

    Attributes:
        door: the service.
        name: what it calls the key.
    """

    door: KeyDoor
    name: str

    @property
    def key_id(self) -> str:
        """SHA-256 of the public half, hex."""
        return key_id(self.door.public(self.name))

    def sign(self, message: bytes) -> bytes:
        """Ed25519 signature over `message`.

        Raises:
            UsageError: the door's signature does not verify.
        """
        from cryptography.exceptions import InvalidSignature

        signature = self.door.sign(self.name, message)
        try:
            self.door.public(self.name).verify(signature, message)
        except InvalidSignature as error:
            raise UsageError(f"the key service signed something else than was asked (key {self.name})") from error
        return signature


class MemoryDoor:
    """A door without a service behind it: keys live in memory and die with it. For tests and for trying out."""

    def __init__(self) -> None:
        self._keys: dict[str, Ed25519PrivateKey] = {}

    def make(self, name: str) -> None:
        """Make a key of this name.

        Raises:
            UsageError: there is one; a key is never replaced.
        """
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

        if name in self._keys:
            raise UsageError(f"there is a key {name} already")
        self._keys[name] = Ed25519PrivateKey.generate()

    def _key(self, name: str) -> Ed25519PrivateKey:
        if name not in self._keys:
            raise UsageError(f"there is no key {name}")
        return self._keys[name]

    def public(self, name: str) -> Ed25519PublicKey:
        """Public half of the key of this name."""
        return self._key(name).public_key()

    def sign(self, name: str, message: bytes) -> bytes:
        """Signature by the key of this name."""
        return self._key(name).sign(message)


def file_signer(path: Path, *, make: bool = False) -> LocalSigner:
    """Signer with the key in a file that only its owner can read.

    Args:
        path: PEM file, PKCS#8.
        make: make the key where there is none.

    Raises:
        UsageError: the file cannot be read, or others can read it.
    """
    return LocalSigner(own_key(path) if make else read_private_key(path))


def keyring_signer(name: str) -> LocalSigner:
    """Signer with a key from the operating system's keyring.

    Raises:
        UsageError: the extra is not installed, the keyring is locked, or it has no such key.
    """
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    kept = _ask_keyring("get_password", name)
    if kept is None:
        raise UsageError(f"the keyring has no permit key named {name}")
    try:
        return LocalSigner(Ed25519PrivateKey.from_private_bytes(bytes.fromhex(kept)))
    except ValueError as error:
        raise UsageError(f"what the keyring keeps as {name} is no key") from error


def make_keyring_key(name: str) -> LocalSigner:
    """Make a key and keep it in the operating system's keyring; a key that is there is never replaced.

    Raises:
        UsageError: there is one, or the keyring cannot be used.
    """
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    if _ask_keyring("get_password", name) is not None:
        raise UsageError(f"the keyring has a permit key named {name} already")
    key = Ed25519PrivateKey.generate()
    _ask_keyring("set_password", name, key.private_bytes_raw().hex())
    if _ask_keyring("get_password", name) != key.private_bytes_raw().hex():
        raise UsageError("the keyring did not keep the key: no real keyring is running")
    return LocalSigner(key)


def public_half(signer: LocalSigner) -> str:
    """Public half as a roster writes it: 32 bytes, hex."""
    return signer.key.public_key().public_bytes_raw().hex()


def _ask_keyring(question: str, *arguments: str) -> str | None:
    try:
        import keyring
        from keyring.errors import KeyringError
    except ImportError as error:
        raise UsageError("keys in the keyring need the extra troth[keyring]") from error
    ask: Any = getattr(keyring, question)
    try:
        answer: str | None = ask(_SERVICE, *arguments)
    except KeyringError as error:
        raise UsageError(f"the keyring does not answer ({type(error).__name__})") from error
    return answer
