"""Use cases of the ledger: open a tenant's log in a store, verify it against checkpoints from elsewhere, show, prove, export and sign it.

Rules: reading needs the store and the keys that are trusted; signing takes the user's own key (`troth.ledger.keys`); the only thing written outside the store is a
checkpoint where the user asks for it: a file, or a note in a git repository that the user names (`refs/notes/troth-checkpoints`, on its HEAD).
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from troth.engines.git.command import Git, find_git
from troth.errors import LedgerError, UsageError
from troth.ledger.audit import Audit, audit
from troth.ledger.entry import Leaf, parse_leaf
from troth.ledger.export import export_lines, verify_export
from troth.ledger.keys import own_key, read_public_key
from troth.ledger.log import Log
from troth.ledger.notes import Checkpoint, NoteKey, note_signer, open_checkpoint
from troth.ledger.proofs import Consistency
from troth.ledger.tree import leaf_hash
from troth.ledger.witness import KeptCheckpoint
from troth.store import Store, open_store
from troth.terms.tenant import Tenant

__all__ = ["Shown", "TenantLog", "git_notes", "keep_in_git", "trusted_keys", "verify_file"]

_REF: Final = "troth-checkpoints"
_NOTE_LIMIT: Final = 64 * 1024


@dataclass(frozen=True, slots=True)
class Shown:
    """An entry, as it is shown.

    Attributes:
        leaf: what is in the log.
        body: what it says, as JSON text; None where it was erased.
    """

    leaf: Leaf
    body: str | None


@dataclass(frozen=True, slots=True)
class TenantLog:
    """One tenant's log in an open store.

    Attributes:
        store: where it is.
        log: which.
        tenant: whose.
    """

    store: Store
    log: Log
    tenant: Tenant

    @classmethod
    @contextmanager
    def opened(cls, url: str, tenant: str, origin: str) -> Iterator[TenantLog]:
        """Open one.

        Args:
            url: of the store.
            tenant: `tenant/project`.
            origin: of the log, without the tenant.

        Raises:
            UsageError: one of them is none.
            StoreError: the database does not answer.
        """
        id_, slash, project = tenant.partition("/")
        if not slash:
            raise UsageError("a tenant is named TENANT/PROJECT")
        with open_store(url) as store:
            yield cls(store, Log(origin), Tenant(id_, project))

    @property
    def name(self) -> str:
        """Origin line of its checkpoints."""
        return self.log.name(self.tenant)

    def verify(self, keys: Sequence[NoteKey], notes: Sequence[bytes], revoked: Sequence[bytes] = ()) -> Audit:
        """Read all of it, and hold it against checkpoints from elsewhere.

        Raises:
            LedgerError: a checkpoint does not verify.
        """
        checkpoints = [open_checkpoint(note, keys, self.name, revoked=revoked) for note in notes]
        with self.store.read(self.tenant) as transaction:
            return audit(self.log, transaction, checkpoints, now=int(time.time() * 1000))

    def show(self, start: int, count: int) -> list[Shown]:
        """Entries from `start`; from the end where it is negative.

        Raises:
            LedgerError: one of them cannot be read.
        """
        with self.store.read(self.tenant) as transaction:
            first = max(0, self.log.head(transaction).size + start) if start < 0 else start
            return [
                Shown(parse_leaf(leaf), None if body is None else body.decode("ascii", "replace"))
                for leaf, _salt, body in self.log.leaves(transaction, first, first + count)
            ]

    def prove(self, number: int) -> str:
        """That an entry is in the log, as JSON: the entry, a proof and a checkpoint, enough to verify without the store.

        Raises:
            LedgerError: there is no such entry.
            UsageError: there is no key to sign a checkpoint with.
        """
        note, checkpoint = self.sign()
        with self.store.read(self.tenant) as transaction:
            found = next(iter(self.log.leaves(transaction, number, number + 1)), None)
            if found is None or number >= checkpoint.size:
                raise LedgerError(f"the log has no entry {number}")
            proof = self.log.inclusion(transaction, number, checkpoint.size)
        leaf, salt, body = found
        proof.verify(leaf_hash(leaf), checkpoint.root)
        told = {
            "leaf": leaf.decode("ascii"),
            "salt": None if salt is None else salt.hex(),
            "body": None if body is None else body.decode("ascii"),
            "proof": json.loads(proof.to_json()),
            "checkpoint": note.decode(),
        }
        return json.dumps(told, indent=2, ensure_ascii=False) + "\n"

    def consistency(self, old: int, new: int) -> Consistency:
        """That the log at `new` continues the log at `old`."""
        with self.store.read(self.tenant) as transaction:
            return self.log.consistency(transaction, old, new)

    def sign(self) -> tuple[bytes, Checkpoint]:
        """A checkpoint of now, signed with the user's own key."""
        signer = note_signer(own_key())
        with self.store.read(self.tenant) as transaction:
            note = self.log.checkpoint(transaction, signer)
        return note, open_checkpoint(note, [NoteKey(self.name, signer.public)], self.name)

    def keep(self, note: bytes, path: Path, keys: Sequence[NoteKey]) -> Checkpoint:
        """Replace the checkpoint kept at `path`, if the new one continues it.

        Raises:
            LedgerError: it does not; what was kept stays.
        """
        return KeptCheckpoint(path, keys, self.name).accept(note, self.consistency)

    def export(self, path: Path) -> Checkpoint:
        """Write the whole log to a file that anyone can verify; an existing file is not overwritten.

        Raises:
            UsageError: the file cannot be written.
        """
        signer = note_signer(own_key())
        try:
            with self.store.read(self.tenant) as transaction, path.open("x", encoding="utf-8", newline="\n") as file:
                note = self.log.checkpoint(transaction, signer)
                checkpoint = open_checkpoint(note, [NoteKey(self.name, signer.public)], self.name)
                file.writelines(export_lines(self.log, transaction, note, checkpoint.size))
        except OSError as error:
            raise UsageError(f"cannot write {path}: {error.strerror or error}") from error
        return checkpoint


def trusted_keys(given: Sequence[str], name: str) -> list[NoteKey]:
    """Keys that the user trusts: each a note key (`NAME+ID+KEY`) or a file with a public key in PEM; without any, the user's own.

    Args:
        given: of the command line.
        name: of the log, under which keys from files sign.

    Raises:
        UsageError: one of them is no key.
    """
    if not given:
        return [NoteKey(name, note_signer(own_key()).public)]
    return [NoteKey.parse(text) if text.count("+") >= 2 else NoteKey(name, read_public_key(Path(text)).public_bytes_raw()) for text in given]


def verify_file(path: Path, keys: Sequence[str], notes: Sequence[bytes] = ()) -> Audit:
    """Verify an export.

    Args:
        path: of the file.
        keys: that are trusted, as for `trusted_keys`.
        notes: checkpoints from elsewhere.

    Raises:
        LedgerError: it is no export, or a checkpoint does not verify.
        UsageError: it cannot be read.
    """
    try:
        with path.open("rb") as file:
            header = file.readline(_NOTE_LIMIT)
            name = _name_of(header)
            trusted = trusted_keys(keys, name)
            checkpoints = [open_checkpoint(note, trusted, name) for note in notes]
            file.seek(0)
            return verify_export(file, trusted, checkpoints=checkpoints, now=int(time.time() * 1000))
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror or error}") from error


def _name_of(header: bytes) -> str:
    try:
        told = json.loads(header)
    except (ValueError, RecursionError) as error:
        raise LedgerError("the file is no export of a ledger") from error
    name = told.get("log") if isinstance(told, dict) else None
    if not isinstance(name, str):
        raise LedgerError("the file is no export of a ledger")
    return name


def keep_in_git(repository: Path, note: bytes) -> None:
    """Put a checkpoint into a note on a repository's HEAD; whoever fetches `refs/notes/troth-checkpoints` keeps it too.

    Raises:
        LookError: git is missing, or refuses.
    """
    who = ("-c", "user.name=troth", "-c", "user.email=troth@invalid")
    Git(repository, find_git()).run(*who, "notes", f"--ref={_REF}", "add", "--force", "--file=-", "HEAD", stdin=note)


def git_notes(repository: Path) -> list[bytes]:
    """Checkpoints in a repository's notes; those of other logs among them.

    Raises:
        LookError: git is missing, or refuses.
    """
    git = Git(repository, find_git())
    listed = git.try_run("notes", f"--ref={_REF}", "list")
    return [git.run("cat-file", "blob", line.split()[0].decode("ascii")) for line in (listed or b"").splitlines() if line]
