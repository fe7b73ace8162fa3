"""Ed25519 keys that sign evidence: read, made at first use, named by their digest.

Rules:

* a private key that Troth makes is created with `O_EXCL` and mode 0600 in a directory of mode 0700; an existing file is never overwritten;
* a private key that others could read or change (mode, owner) is refused: a signature by such a key says nothing about who signed;
* a key's id is the SHA-256 of its public half (DER, SubjectPublicKeyInfo), hex: short enough to publish, long enough to trust.

`cryptography` is imported inside the functions: most runs sign nothing.
"""

from __future__ import annotations

import hashlib
import os
import stat
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

from troth.errors import UsageError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

__all__ = ["is_weak", "key_id", "own_key", "own_key_path", "public_pem", "read_private_key", "read_public_key"]

_LIMIT_BYTES: Final = 16 * 1024
"""No Ed25519 key in PEM comes near this; a longer file is not one."""


_FIELD: Final = 2**255 - 19
_SMALL: Final = frozenset(
    {0, 1, _FIELD - 1}
    | {int.from_bytes(bytes.fromhex(y), "little") for y in ("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05", "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a")}
)
"""Second coordinates of the points of order 1, 2, 4 and 8 of edwards25519 (RFC 8032, 5.1; the same list as libsodium's `ge25519_has_small_order`)."""


def is_weak(public: bytes) -> bool:
    """Whether a public key is one under which anybody can sign: a point of small order, however it is spelled. RFC 8032 lets verifiers accept these, and OpenSSL does."""
    return (int.from_bytes(public, "little") & (2**255 - 1)) % _FIELD in _SMALL


def own_key_path() -> Path:
    """Where the user's own key lies: `$XDG_CONFIG_HOME/troth/signing-key.pem`, by default below `~/.config`.

    Raises:
        UsageError: the system knows no home directory of this user.
    """
    if sys.platform == "win32":
        base = Path(os.environ.get("APPDATA") or _home() / "AppData" / "Roaming")
    else:
        base = Path(os.environ.get("XDG_CONFIG_HOME") or _home() / ".config")
    return base / "troth" / "signing-key.pem"


def _home() -> Path:
    try:
        return Path.home()
    except RuntimeError as error:
        raise UsageError("no home directory to keep a key in: name a key with --key FILE") from error


def key_id(key: Ed25519PublicKey) -> str:
    """Name of a public key: SHA-256 over its DER SubjectPublicKeyInfo, 64 hex digits."""
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    return hashlib.sha256(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).hexdigest()


def public_pem(key: Ed25519PublicKey) -> str:
    """A public key as PEM text."""
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode("ascii")


def own_key(path: Path | None = None) -> Ed25519PrivateKey:
    """The user's own key, made now if there is none; its public half is written beside it (`.pub`).

    Args:
        path: where it lies, if not in `own_key_path`.

    Raises:
        UsageError: the key cannot be made or read, or others can read it.
    """
    path = own_key_path() if path is None else path
    try:
        return read_private_key(path) if path.exists() else _make(path)
    except FileExistsError:
        return read_private_key(path)
    except OSError as error:
        raise UsageError(f"cannot make a signing key at {path}: {error.strerror or error}") from error


def _make(path: Path) -> Ed25519PrivateKey:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    key = Ed25519PrivateKey.generate()
    _create(path, key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()), 0o600)
    public = path.with_suffix(".pub")
    public.unlink(missing_ok=True)
    _create(public, public_pem(key.public_key()).encode("ascii"), 0o644)
    return key


def _create(path: Path, content: bytes, mode: int) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0), mode)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _read(path: Path, *, private: bool) -> bytes:
    try:
        with path.open("rb") as file:
            if private:
                _refuse_loose(path, os.fstat(file.fileno()))
            content = file.read(_LIMIT_BYTES + 1)
    except OSError as error:
        raise UsageError(f"cannot read the key {path}: {error.strerror or error}") from error
    if len(content) > _LIMIT_BYTES:
        raise UsageError(f"{path} is too long to be a key")
    return content


def _refuse_loose(path: Path, status: os.stat_result) -> None:
    """Refuse a private key that someone else can read or put in place."""
    if not stat.S_ISREG(status.st_mode):
        raise UsageError(f"the key {path} is not a file")
    if sys.platform == "win32":
        return
    if status.st_mode & 0o077:
        mode = stat.S_IMODE(status.st_mode)
        raise UsageError(
            f"others can read the key {path} (mode {mode:04o}): run chmod 600 on it, and think of making a new one"
        )
    if status.st_uid not in (os.geteuid(), 0):
        raise UsageError(f"the key {path} belongs to someone else")


def read_private_key(path: Path) -> Ed25519PrivateKey:
    """Private key from a PEM file (PKCS#8, not encrypted).

    Raises:
        UsageError: it cannot be read, others can read it, or it is no Ed25519 private key.
    """
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    try:
        key = load_pem_private_key(_read(path, private=True), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise UsageError(f"{path} is not an unencrypted private key in PEM") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise UsageError(f"{path} is not an Ed25519 key")
    return key


def read_public_key(path: Path) -> Ed25519PublicKey:
    """Public key from a PEM file.

    Raises:
        UsageError: it cannot be read, or it is no Ed25519 public key.
    """
    return parse_public_key(_read(path, private=False), str(path))


def parse_public_key(pem: bytes, name: str) -> Ed25519PublicKey:
    """Public key from PEM bytes; `name` is what an error calls them.

    Raises:
        UsageError: it is no Ed25519 public key.
    """
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    from cryptography.hazmat.primitives.serialization import load_pem_public_key

    try:
        key = load_pem_public_key(pem)
    except (ValueError, UnsupportedAlgorithm) as error:
        raise UsageError(f"{name} is not a public key in PEM") from error
    if not isinstance(key, Ed25519PublicKey):
        raise UsageError(f"{name} is not an Ed25519 public key")
    return key
