"""Keys for mail that comes encrypted, and for signing security.txt: an age identity, and an OpenPGP key where `pysequoia` is installed.

Rules: they lie beside the desk's other keys (0700, 0600, O_EXCL), never in its data; what does not open stays as it came; a sealed desk has none, for its server
must not read. OpenPGP (RFC 9580) is done by Sequoia, messages of strangers in a process of their own; no keyring of a user is touched.
"""

from __future__ import annotations

import importlib
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from troth.desk.crypt.envelope import CryptError
from troth.desk.crypt.quarantine import packed
from troth.desk.crypt.wraps import new_identity

__all__ = ["AGE_ARMOR", "PGP_ARMOR", "MailKeys"]

AGE_ARMOR: Final = b"-----BEGIN AGE ENCRYPTED FILE-----"
PGP_ARMOR: Final = b"-----BEGIN PGP MESSAGE-----"
_AGE: Final = "mail.age"
_PGP: Final = "openpgp.asc"
_LIMIT: Final = 1024 * 1024
_SECONDS: Final = 60


def _sequoia() -> Any:  # noqa: ANN401 - a module that may be absent
    try:
        return importlib.import_module("pysequoia")
    except ModuleNotFoundError as error:
        raise CryptError("OpenPGP needs the package pysequoia") from error


@dataclass(frozen=True)
class MailKeys:
    """Keys of one desk's mail.

    Attributes:
        identity: age identity; empty where there is none.
        armored: OpenPGP secret key; empty where there is none.
    """

    identity: str = ""
    armored: str = ""

    def __repr__(self) -> str:
        """Says nothing of the keys."""
        return "MailKeys(...)"

    @staticmethod
    def make(folder: Path, address: str) -> MailKeys:
        """Make what is missing; existing keys stay.

        Args:
            folder: of the desk's keys.
            address: whose mail it is; names the OpenPGP key.

        Raises:
            CryptError: pysequoia is missing, or a file cannot be written.
        """
        if not (folder / _AGE).exists():
            _keep(folder / _AGE, new_identity()[0] + "\n")
        if not (folder / _PGP).exists():
            _keep(folder / _PGP, str(_sequoia().Tsk.generate(f"Security reports <{address}>")))
        return MailKeys.read(folder)

    @staticmethod
    def read(folder: Path) -> MailKeys:
        """Read what there is.

        Raises:
            CryptError: others can read a key.
        """
        return MailKeys(_kept(folder / _AGE).strip(), _kept(folder / _PGP))

    @property
    def recipient(self) -> str:
        """The age recipient to encrypt to; empty without one."""
        import pyrage

        return str(pyrage.x25519.Identity.from_str(self.identity).to_public()) if self.identity else ""

    @property
    def certificate(self) -> str:
        """The OpenPGP public key; empty without one."""
        return str(self._key().extract_certificate()) if self.armored else ""

    def _key(self) -> Any:  # noqa: ANN401 - Sequoia's type
        return _sequoia().Tsk.from_bytes(self.armored.encode())

    def clearsign(self, text: str) -> str:
        """A text with an OpenPGP signature around it (RFC 9580, section 7), as RFC 9116, section 2.3, wants it.

        Raises:
            CryptError: there is no key, or it cannot sign.
        """
        if not self.armored:
            raise CryptError("this desk has no OpenPGP key")
        sequoia = _sequoia()
        try:
            signed: bytes = sequoia.sign(self._key().signer(), text.encode(), mode=sequoia.SignatureMode.CLEAR)
        except Exception as error:
            raise CryptError("the OpenPGP key does not sign") from error
        return signed.decode()

    def opened(self, content: bytes) -> bytes | None:
        """What an encrypted message says; None where no key of this desk opens it, or it is none.

        Args:
            content: armored, at its beginning.
        """
        if content.startswith(AGE_ARMOR) and self.identity:
            import pyrage

            try:
                return bytes(pyrage.decrypt(content, [pyrage.x25519.Identity.from_str(self.identity)]))
            except (pyrage.DecryptError, ValueError):
                return None
        return self._opened_apart(content) if content.startswith(PGP_ARMOR) and self.armored else None

    def _opened_apart(self, content: bytes) -> bytes | None:
        """An OpenPGP message, opened by a process whose memory and time are bounded."""
        command = [sys.executable, "-I", "-m", "troth.desk.crypt.quarantine"]
        try:
            done = subprocess.run(command, input=packed(self.armored.encode(), content), capture_output=True, timeout=_SECONDS, check=False, env={})  # noqa: S603 - our own module
        except (OSError, subprocess.TimeoutExpired):
            return None
        return done.stdout if done.returncode == 0 else None


def _keep(path: Path, text: str) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise CryptError(f"the key {path} cannot be written: {error.strerror}") from error


def _kept(path: Path) -> str:
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
    except FileNotFoundError:
        return ""
    except OSError as error:
        raise CryptError(f"the key {path} cannot be read: {error.strerror}") from error
    with os.fdopen(handle, "r", encoding="utf-8") as file:
        if os.fstat(file.fileno()).st_mode & 0o077:
            raise CryptError(f"the key {path} can be read by others: chmod 600 it, and think of it as known to them")
        return file.read(_LIMIT)
