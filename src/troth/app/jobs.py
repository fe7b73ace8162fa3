"""Use cases of jobs: ask, plan, approve, run, look back. The only place above the executor; the command line and the board stand on this.

A caller is a `Session`; whose tenant it is was decided where it was authenticated. Approving is signing: this module makes the claims from the job as the executor keeps
it, so that a permit is for exactly what was shown.
"""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from types import TracebackType
from typing import TYPE_CHECKING, Final

from troth.app.jobs_home import SELF, Home
from troth.errors import JobError
from troth.jobs.compliance import Recorded, pack
from troth.jobs.executor import Executor, Settings
from troth.jobs.handlers.forge_client import TOKEN
from troth.jobs.handlers.types import HANDLERS, job_types
from troth.jobs.job import Job, State
from troth.jobs.permits.claims import Binding, Claims, new_jti
from troth.jobs.permits.envelope import read, seal
from troth.jobs.permits.signers import LocalSigner, Signer
from troth.jobs.registry import Registry
from troth.jobs.request import JobRequest, evidence_root
from troth.jobs.session import Session
from troth.jobs.strict import Json
from troth.ledger.entry import parse_leaf
from troth.ledger.export import export_lines
from troth.ledger.notes import NoteKey, note_signer, open_checkpoint
from troth.ledger.proofs import Inclusion
from troth.ledger.tree import leaf_hash
from troth.store import Store, open_store
from troth.terms.tenant import Tenant

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

__all__ = ["ApprovalError", "Entry", "Jobs", "Story", "open_jobs"]

_SECONDS: Final = 600
"""Life of a permit that is used at once."""

_TOKENS: Final = ("TROTH_WRITE_TOKEN",)
"""Where the token is looked for with which handlers write to a forge; never the read-only one of `check`."""


class ApprovalError(JobError):
    """Whoever holds this key may not approve this job here."""

    code = "approval"
    help = "Have somebody else approve it, or allow self-approval for the project: troth jobs init TREE --self-approve."


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of the ledger, with the proof that it is in it."""

    number: int
    leaf: bytes
    salt: bytes | None
    body: bytes | None
    proof: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Story:
    """A tenant's ledger as it can be handed to somebody: entries, proofs and a signed checkpoint. `key` is the note key that signed."""

    origin: str
    checkpoint: bytes
    key: str
    entries: tuple[Entry, ...]


class Jobs:
    """One home's jobs.

    Args:
        home: whose.
        store: migrated.
        handlers: `module:Class` for handlers; Troth's own by default.
    """

    def __init__(self, home: Home, store: Store, handlers: Mapping[str, str] = HANDLERS) -> None:
        self.home, self.store = home, store
        self.registry = Registry(job_types(home.host))
        settings = Settings(
            name=home.executor, roster=home.roster, handlers=handlers, trees=home.trees, secrets=_secret, seal=home.seal_key(), journal=home.path / "spent.journal",
            may_approve=lambda person, wanted: wanted.requester != f"{SELF}{person.id}" or wanted.tenant in home.self_approve,
        )  # fmt: skip
        self.executor = Executor(store, self.registry, settings)

    def __enter__(self) -> Jobs:
        """The jobs themselves."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """End workers, close the store."""
        self.close()

    def close(self) -> None:
        """End workers, close the store."""
        self.executor.close()
        self.store.close()

    def submit(self, session: Session, content: bytes) -> Job:
        """Take a request in and plan it: evidence verified, dry run made."""
        return self.executor.plan(session, self.executor.submit(session, content).id)

    def claims(self, job: Job, approvers: Sequence[str], seconds: int = _SECONDS) -> Claims:
        """What a permit for exactly this job says.

        Raises:
            ApprovalError: the job has no plan yet.
        """
        if job.diff is None:
            raise ApprovalError("not-planned", "The job has no plan that somebody could approve.")
        request = JobRequest.parse(job.content)
        now = int(time.time())
        binding = Binding(job.id, job.diff.sha256, evidence_root(request.evidence))
        return Claims(
            self.home.issuer, self.home.executor, job.tenant.id, job.tenant.project, (job.type,), (binding,), tuple(sorted(set(approvers))), new_jti(), now - 1, now + seconds
        )

    def sign(self, job: Job, key: Ed25519PrivateKey | Signer, seconds: int = _SECONDS) -> bytes:
        """A permit for this job by the person whose key it is.

        Raises:
            ApprovalError: the roster does not know the key, or the job is the person's own.
        """
        signer = LocalSigner(key) if not hasattr(key, "key_id") else key
        roster = self.home.roster()
        trusted = roster.key(signer.key_id)
        person = roster.approver(trusted.holder) if trusted is not None and not trusted.revoked else None
        if person is None or not person.may(job.tenant):
            raise ApprovalError("not-an-approver", "The roster does not let the holder of this key approve here.")
        if person.is_called(job.requester) or (job.requester == f"{SELF}{person.id}" and job.tenant not in self.home.self_approve):
            raise ApprovalError("self-approval", "Whoever asks for a job does not approve it.")
        return seal(self.claims(job, (person.id,), seconds), [signer])

    def demand(self, job: Job, permits: Sequence[bytes]) -> None:
        """Hold that permits which somebody hands in are for the job that they are looking at.

        Raises:
            ApprovalError: they are for another one.
            PermitError: they are none.
        """
        if not permits or any(binding.sha256 != job.id for permit in permits for binding in read(permit).claims.jobs):
            raise ApprovalError("other-job", "The permit is for another job than this one.")

    def run(self, permits: Sequence[bytes]) -> Job:
        """Spend permits and run their job."""
        return self.executor.run(permits)

    def pending(self, session: Session) -> tuple[Job, ...]:
        """Jobs that wait for somebody to approve them."""
        return self.executor.list(session, State.PLANNED)

    def story(self, tenant: Tenant) -> Story:
        """The tenant's whole ledger, with proofs and a fresh signed checkpoint."""
        log = self.executor.works.log
        key = self.home.checkpoint_key()
        with self.store.read(tenant) as t:
            size = log.head(t).size
            note = log.checkpoint(t, note_signer(key))
            kept = tuple(log.leaves(t, 0, size))
            entries = tuple(Entry(number, *one, log.inclusion(t, number, size).hashes) for number, one in enumerate(kept))
        return Story(log.name(tenant), note, str(NoteKey(log.name(tenant), key.public_key().public_bytes_raw())), entries)

    def export(self, tenant: Tenant) -> tuple[str, ...]:
        """The tenant's ledger as JSON lines that the independent verifier of docs/ledger.md takes, with a fresh signed checkpoint."""
        log = self.executor.works.log
        with self.store.read(tenant) as t:
            note = log.checkpoint(t, note_signer(self.home.checkpoint_key()))
            return tuple(export_lines(log, t, note, log.head(t).size))

    def evidence_pack(self, tenant: Tenant, *, retention_days: int = 0) -> dict[str, Json]:
        """What the tenant's ledger shows about SOC 2, GDPR and HIPAA, and what not; every entry is verified against the checkpoint first.

        Raises:
            LedgerError: the ledger does not verify.
        """
        story = self.story(tenant)
        checkpoint = open_checkpoint(story.checkpoint, [NoteKey.parse(story.key)], story.origin)
        found = []
        for entry in story.entries:
            Inclusion(entry.number, checkpoint.size, entry.proof).verify(leaf_hash(entry.leaf), checkpoint.root)
            leaf = parse_leaf(entry.leaf)
            known = entry.salt is not None and entry.body is not None and hashlib.sha256(entry.salt + entry.body).hexdigest() == leaf.body
            found.append(Recorded(entry.number, leaf.kind, leaf.at, leaf.actor, leaf.subject, json.loads(entry.body or b"{}") if known else None))
        return pack(found, origin=story.origin, size=checkpoint.size, retention_days=retention_days, made=datetime.now(UTC))

    def expire(self, session: Session, retention_days: int) -> int:
        """Erase bodies of entries older than so many days; the entries, and every proof, stay. How many were erased."""
        log, erased = self.executor.works.log, 0
        now = self.executor.works.now()
        with self.store.write(session.tenant) as t:
            size = log.head(t).size
            old = [number for number, (leaf, _, body) in enumerate(tuple(log.leaves(t, 0, size))) if body is not None and now - parse_leaf(leaf).at > retention_days * 86_400_000]
            for number in old:
                erased += log.erase(t, number, at=now, actor=session.actor, reason=f"older than {retention_days} days")
        return erased

    def record(self, tenant: Tenant, kind: str, actor: str, subject: str, body: dict[str, object]) -> None:
        """Write what was found into the tenant's ledger."""
        with self.store.write(tenant) as t:
            self.executor.works.leaf(t, kind, actor, subject, body)  # type: ignore[arg-type]


def open_jobs(home: Home) -> Jobs:
    """The jobs of a home; the database is made and brought up to date."""
    store = open_store(home.database)
    store.migrate()
    return Jobs(home, store)


def _secret(name: str) -> str:
    if name == TOKEN:
        for variable in _TOKENS:
            if os.environ.get(variable):
                return os.environ[variable]
    raise KeyError(name)
