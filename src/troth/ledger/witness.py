"""Places where a checkpoint is kept that the log's writer cannot reach: without one, a log that was cut off or replaced as a whole looks whole.

Rules:

* a kept checkpoint is replaced only by one of the same log, signed by a trusted key, not smaller, and proven to continue it; a fork or a rollback is refused
  and the old one stays;
* a timestamp (RFC 3161) says that a checkpoint existed at a time that a third party vouches for; it is verified offline against certificates that the reader names;
* transparency logs such as Rekor are `rekor`'s.

A checkpoint in a git note is `troth.app.ledger`'s: it runs git.
"""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from troth.errors import LedgerError, UsageError
from troth.ledger.notes import Checkpoint, NoteKey, open_checkpoint
from troth.ledger.proofs import Consistency

__all__ = ["KeptCheckpoint", "timestamp_request", "verify_timestamp"]

_LIMIT_BYTES: Final = 64 * 1024


@dataclass(frozen=True, slots=True)
class KeptCheckpoint:
    """The last checkpoint that a client saw, in a file of its own.

    Attributes:
        path: of the file.
        keys: that are trusted.
        origin: name of the log.
        revoked: public keys that are not trusted any more.
    """

    path: Path
    keys: Sequence[NoteKey]
    origin: str
    revoked: tuple[bytes, ...] = ()

    def seen(self) -> Checkpoint | None:
        """The checkpoint that is kept; None where none is.

        Raises:
            CheckpointError: what is kept does not verify.
            UsageError: the file cannot be read.
        """
        try:
            with self.path.open("rb") as file:
                note = file.read(_LIMIT_BYTES + 1)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise UsageError(f"cannot read {self.path}: {error.strerror or error}") from error
        return open_checkpoint(note, self.keys, self.origin, revoked=self.revoked)

    def accept(self, note: bytes, prove: Callable[[int, int], Consistency]) -> Checkpoint:
        """Replace the kept checkpoint by a newer one.

        Args:
            note: the newer one, as it came.
            prove: asks the log for a proof from the kept size to the new one.

        Raises:
            LedgerError: untrusted, of another log, smaller, or no continuation; the kept one stays.
        """
        new = open_checkpoint(note, self.keys, self.origin, revoked=self.revoked)
        old = self.seen()
        if old is not None:
            if new.size < old.size:
                raise LedgerError(f"the log shrank from {old.size} to {new.size} entries")
            prove(old.size, new.size).verify(old.root, new.root)
        self._replace(note)
        return new

    def _replace(self, note: bytes) -> None:
        try:
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            descriptor, name = tempfile.mkstemp(dir=self.path.parent, prefix=".checkpoint-")
            try:
                with os.fdopen(descriptor, "wb") as file:
                    file.write(note)
                    file.flush()
                    os.fsync(file.fileno())
                os.replace(name, self.path)
            except OSError:
                with contextlib.suppress(FileNotFoundError):
                    os.unlink(name)
                raise
        except OSError as error:
            raise UsageError(f"cannot keep the checkpoint at {self.path}: {error.strerror or error}") from error


def timestamp_request(note: bytes) -> bytes:
    """A request (DER) for a timestamp over a note, to be sent to a timestamp authority.

    Raises:
        UsageError: rfc3161-client is not installed.
    """
    try:
        from rfc3161_client import TimestampRequestBuilder
    except ModuleNotFoundError as error:
        raise UsageError("timestamps need rfc3161-client: pip install rfc3161-client") from error
    return bytes(TimestampRequestBuilder().data(note).build().as_bytes())


def verify_timestamp(response: bytes, note: bytes, roots: Iterable[bytes]) -> datetime:
    """When a note existed, according to a timestamp authority; offline.

    Args:
        response: the authority's answer (DER).
        note: the checkpoint.
        roots: certificates (PEM) of authorities that are trusted.

    Raises:
        LedgerError: the timestamp is not over this note, or by no authority that is trusted.
        UsageError: rfc3161-client is not installed.
    """
    try:
        from cryptography.x509 import load_pem_x509_certificate
        from rfc3161_client import VerificationError, VerifierBuilder, decode_timestamp_response
    except ModuleNotFoundError as error:
        raise UsageError("timestamps need rfc3161-client: pip install rfc3161-client") from error
    try:
        told = decode_timestamp_response(response)
        builder = VerifierBuilder()
        for root in roots:
            builder = builder.add_root_certificate(load_pem_x509_certificate(root))
        builder.build().verify_message(told, note)
        when: datetime = told.tst_info.gen_time
    except (ValueError, VerificationError) as error:
        raise LedgerError(f"the timestamp does not verify: {error}") from error
    return when
