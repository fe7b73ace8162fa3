"""Signed checkpoints: a log's name, size and root in C2SP's signed-note form, which every verifier of the sumdb family reads.

    troth/jobs/acme/web
    1024
    mZJL3p0oGXV1VN9Wd7aZ0Gp0r1vwTQEbCFtvlMGmuBM=

    — troth/jobs/acme/web GwdvPm9b...

Rules:

* the first line (origin) names the log; a checkpoint of another log is refused, whoever signed it;
* signatures are Ed25519 over the text with its last newline; a key is known by name and key id, SHA-256(name, newline, 0x01, key)[:4];
* a checkpoint counts only if a key that the reader trusts signed it; a signature of a trusted key that is wrong spoils the note, one of an unknown key is
  ignored, as C2SP has it; a key that was revoked is not trusted, even for what it signed earlier: keep a checkpoint countersigned by another key, or a timestamp.

Forms: https://github.com/C2SP/C2SP/blob/main/signed-note.md and tlog-checkpoint.md
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Final, Protocol

from troth.errors import LedgerError, UsageError
from troth.ledger.keys import is_weak
from troth.ledger.tree import EMPTY, HASH_BYTES, LIMIT

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

__all__ = ["Checkpoint", "CheckpointError", "NoteKey", "NoteSigner", "note_signer", "open_checkpoint", "sign_checkpoint"]

_ED25519: Final = b"\x01"
_LIMIT_BYTES: Final = 64 * 1024
_SIGNATURES: Final = 100
_NAME: Final = re.compile(r"[^\s+\x00-\x1f\x7f]{1,255}")
_SIGNATURE: Final = re.compile(r"\u2014 (?P<name>[^\s+]+) (?P<blob>[A-Za-z0-9+/]+={0,2})")
_SIZE: Final = re.compile(r"0|[1-9][0-9]{0,18}")


class CheckpointError(LedgerError):
    """A checkpoint is malformed, of another log, or not signed by a key that is trusted."""

    code: ClassVar[str] = "ledger-checkpoint"
    help: ClassVar[str] = "Check which key the log is signed with and whether the file is whole; an untrusted checkpoint shows nothing."


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What a log was at one moment.

    Attributes:
        origin: name of the log.
        size: entries.
        root: of the tree over them, 32 bytes.
        extensions: further lines, signed too.
    """

    origin: str
    size: int
    root: bytes
    extensions: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.origin):
            raise CheckpointError("a log's name has no spaces and no plus sign")
        if isinstance(self.size, bool) or not 0 <= self.size < LIMIT or len(self.root) != HASH_BYTES:
            raise CheckpointError("a checkpoint has a size below 2^63 and a root of 32 bytes")
        if self.size == 0 and self.root != EMPTY:
            raise CheckpointError("an empty log has another root")
        if any(not line or not line.isprintable() for line in self.extensions):
            raise CheckpointError("an extension line is one line of text")

    def text(self) -> str:
        """The text that is signed."""
        return "\n".join((self.origin, str(self.size), base64.b64encode(self.root).decode("ascii"), *self.extensions, ""))


@dataclass(frozen=True, slots=True)
class NoteKey:
    """A public key and the name under which it signs.

    Attributes:
        name: usually the log's.
        public: 32 bytes.
    """

    name: str
    public: bytes

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name) or len(self.public) != 32:
            raise UsageError("a note key is a name without spaces or plus signs, and 32 bytes")

    @property
    def id(self) -> bytes:
        """Four bytes that a signature line begins with."""
        return hashlib.sha256(self.name.encode() + b"\n" + _ED25519 + self.public).digest()[:4]

    def __str__(self) -> str:
        """`name+id+key`: the text form that sumdb verifiers take."""
        return f"{self.name}+{self.id.hex()}+{base64.b64encode(_ED25519 + self.public).decode('ascii')}"

    @classmethod
    def parse(cls, text: str) -> NoteKey:
        """From the text form.

        Raises:
            UsageError: it is none, or its id is not that of its key.
        """
        parts = text.strip().split("+", 2)
        try:
            raw = base64.b64decode(parts[2], validate=True) if len(parts) == 3 else b""
        except (binascii.Error, ValueError) as error:
            raise UsageError("a note key is NAME+ID+KEY") from error
        if len(raw) != 33 or raw[:1] != _ED25519:
            raise UsageError("a note key is NAME+ID+KEY, with an Ed25519 key")
        key = cls(parts[0], raw[1:])
        if str(key) != text.strip():
            raise UsageError("a note key's id is not that of its name and key")
        if is_weak(key.public):
            raise UsageError("anybody can sign under this key")
        return key


class NoteSigner(Protocol):
    """Who signs checkpoints: a key in a file, in a keyring, or behind a door of its own."""

    @property
    def public(self) -> bytes:
        """The public key, 32 bytes."""

    def sign(self, content: bytes) -> bytes:
        """An Ed25519 signature."""


@dataclass(frozen=True, slots=True)
class _Local:
    key: Ed25519PrivateKey

    @property
    def public(self) -> bytes:
        return self.key.public_key().public_bytes_raw()

    def sign(self, content: bytes) -> bytes:
        return self.key.sign(content)


def note_signer(key: Ed25519PrivateKey) -> NoteSigner:
    """A signer from a private key (`troth.ledger.keys` reads and makes them)."""
    return _Local(key)


def sign_checkpoint(checkpoint: Checkpoint, signers: Sequence[NoteSigner], name: str | None = None) -> bytes:
    """A signed note.

    Args:
        checkpoint: what is signed.
        signers: one signature line each.
        name: under which they sign; the log's by default.
    """
    text = checkpoint.text()
    lines = []
    for signer in signers:
        key = NoteKey(name or checkpoint.origin, signer.public)
        blob = base64.b64encode(key.id + signer.sign(text.encode())).decode("ascii")
        lines.append(f"\u2014 {key.name} {blob}\n")
    return f"{text}\n{''.join(lines)}".encode()


def open_checkpoint(note: bytes, keys: Iterable[NoteKey], origin: str, *, revoked: Iterable[bytes] = ()) -> Checkpoint:
    """The checkpoint that a note holds, once a trusted key is seen to have signed it.

    Args:
        note: its bytes.
        keys: that are trusted.
        origin: the log that is meant.
        revoked: public keys that are not trusted any more, whatever `keys` says.

    Raises:
        CheckpointError: malformed, of another log, or signed by nobody who is trusted.
    """
    text, lines = _parts(note)
    checkpoint = _parse(text)
    if checkpoint.origin != origin:
        raise CheckpointError(f"it is a checkpoint of {checkpoint.origin!r}, not of {origin!r}")
    withdrawn = set(revoked)
    known = {(key.name, key.id): key for key in keys}
    trusted = False
    said = []
    for name, blob in lines:
        key = known.get((name, blob[:4]))
        if key is None:
            said.append(f"{name} (unknown key)")
        elif key.public in withdrawn:
            said.append(f"{name} (revoked key)")
        else:
            _check(key, blob[4:], text)
            trusted = True
    if not trusted:
        raise CheckpointError("no key that is trusted signed it, only " + ", ".join(said))
    return checkpoint


def _parts(note: bytes) -> tuple[str, list[tuple[str, bytes]]]:
    if len(note) > _LIMIT_BYTES:
        raise CheckpointError("a checkpoint has never that many bytes")
    try:
        whole = note.decode("utf-8")
    except UnicodeDecodeError as error:
        raise CheckpointError("a checkpoint is UTF-8") from error
    text, separator, signatures = whole.rpartition("\n\n")
    if not separator or not signatures.endswith("\n") or any(ord(char) < 32 and char != "\n" for char in whole):
        raise CheckpointError("a checkpoint is text, an empty line, and signature lines")
    lines = []
    for line in signatures[:-1].split("\n"):
        found = _SIGNATURE.fullmatch(line)
        if found is None:
            raise CheckpointError("a signature line is not one")
        lines.append((found["name"], _decoded(found["blob"])))
    if len(lines) > _SIGNATURES or any(len(blob) < 5 for _name, blob in lines):
        raise CheckpointError("a signature line is not one")
    return text + "\n", lines


def _decoded(text: str) -> bytes:
    try:
        made = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise CheckpointError("not base64") from error
    if base64.b64encode(made).decode("ascii") != text:
        raise CheckpointError("base64 that has another spelling")
    return made


def _parse(text: str) -> Checkpoint:
    lines = text[:-1].split("\n")
    if len(lines) < 3 or not _SIZE.fullmatch(lines[1]):
        raise CheckpointError("a checkpoint begins with a name, a size and a root")
    return Checkpoint(lines[0], int(lines[1]), _decoded(lines[2]), tuple(lines[3:]))


def _check(key: NoteKey, signature: bytes, text: str) -> None:
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    if is_weak(key.public):
        raise CheckpointError("the checkpoint is signed under a key under which anybody can sign")
    try:
        Ed25519PublicKey.from_public_bytes(key.public).verify(signature, text.encode())
    except (InvalidSignature, ValueError) as error:
        raise CheckpointError(f"the signature of {key.name} is wrong: the checkpoint was changed after it was signed") from error
