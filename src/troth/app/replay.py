"""Goes through a job again from what is kept, and compares: nothing is run, nothing is changed, and what can no longer be compared says so."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass

from troth.app.jobs import Jobs
from troth.errors import JobError, LedgerError
from troth.jobs.evidence import verify_evidence
from troth.jobs.handler import Reader
from troth.jobs.handlers.types import HANDLERS
from troth.jobs.job import Job, State
from troth.jobs.lane.work import load_handler
from troth.jobs.request import JobRequest
from troth.ledger.notes import NoteKey, open_checkpoint
from troth.ledger.proofs import Inclusion
from troth.ledger.tree import leaf_hash

__all__ = ["Compared", "replayed"]


@dataclass(frozen=True, slots=True)
class Compared:
    """One thing that was gone through: whether it is what the record says, and in words."""

    what: str
    same: bool
    says: str


def replayed(jobs: Jobs, job: Job) -> tuple[Compared, ...]:
    """Request, evidence, plan and ledger of a job, one after the other."""
    request = JobRequest.parse(job.content)
    found = [Compared("request", hashlib.sha256(job.content).hexdigest() == job.id, f"the bytes have the digest {job.id[:16]}")]
    try:
        verify_evidence(request.evidence, jobs.executor.works.witness(job.tenant, jobs.registry.of(job.type)))
        found.append(Compared("evidence", True, f"{len(request.evidence)} pieces stand where they were"))
    except JobError as error:
        found.append(Compared("evidence", False, str(error)))
    return (*found, _plan(jobs, job, request), _ledger(jobs, job))


def _plan(jobs: Jobs, job: Job, request: JobRequest) -> Compared:
    kind = jobs.registry.of(job.type)
    if kind.hosts:
        return Compared("plan", True, "not made again: it needs the forge")
    root = jobs.home.trees.get(job.tenant)
    try:
        again = load_handler(HANDLERS[kind.handler]).plan(request, Reader(root=root))
    except JobError as error:
        expected = job.state is State.DONE and getattr(error, "reason", "") == "branch-exists"
        return Compared("plan", expected, "its effect is there" if expected else str(error))
    return Compared("plan", job.diff is not None and again.sha256 == job.diff.sha256, f"made again, it has the digest {again.sha256[:16]}")


def _ledger(jobs: Jobs, job: Job) -> Compared:
    story = jobs.story(job.tenant)
    try:
        checkpoint = open_checkpoint(story.checkpoint, [NoteKey.parse(story.key)], story.origin)
        about = 0
        for entry in story.entries:
            Inclusion(entry.number, checkpoint.size, entry.proof).verify(leaf_hash(entry.leaf), checkpoint.root)
            about += json.loads(entry.leaf)["subject"] == job.id
    except LedgerError as error:
        return Compared("ledger", False, str(error))
    return Compared("ledger", about > 0, f"{about} entries about this job, each proven to be in the log of {checkpoint.size}")
