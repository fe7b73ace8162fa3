"""From a permit to a job that may act: one transaction in which the permit is spent, the ledger says so, and the job changes its state, or none of it.

What needs no transaction (signatures, evidence) is done before it; what others could change meanwhile (the job's state and plan, revocations, the roster's newest version) is
looked at inside. A refusal of a permit whose signatures are true is written to its tenant's ledger; anything else could be written there by anybody.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from troth.errors import JobError
from troth.jobs.evidence import verify_evidence
from troth.jobs.executor import rows, seals
from troth.jobs.executor.works import Works
from troth.jobs.job import Job, State
from troth.jobs.permits.oidc import Identity, with_identities
from troth.jobs.permits.roster import Roster
from troth.jobs.permits.verify import Allowed, Wanted, verify
from troth.jobs.refusals import JobStateError, PermitError
from troth.jobs.request import JobRequest, evidence_root
from troth.jobs.strict import Json
from troth.store import Transaction

__all__ = ["Presented", "admit"]

_REMEMBERED: Final = 10_000


Also = Callable[[Transaction, Job], None]


@dataclass(frozen=True, slots=True)
class Presented:
    """What someone brings to the executor's door.

    Attributes:
        permits: the permit, or the chain of permits that narrow each other, root first.
        identities: ID tokens that vouch for keys which signed them.
    """

    permits: Sequence[bytes]
    identities: Sequence[Identity] = ()


def admit(
    works: Works, presented: Presented, to: State, owner: str, also: Also | None = None
) -> Job:
    """Spend permits for the job that they name.

    Args:
        works: the executor.
        presented: the permit, or the chain of permits that narrow each other, and who vouches for their keys.
        to: `RUNNING` for a runner that goes on at once, `QUEUED` for later.
        owner: who runs it; "" for later.
        also: something more for the same transaction.

    Raises:
        PermitError: the permit does not allow it.
        JobEvidenceError: evidence is no longer what it was.
        JobStateError: the job is not waiting for a permit.
    """
    own = roster = works.settings.roster()
    if presented.identities:
        roster = with_identities(roster, works.settings.providers, presented.identities, at=works.now() // 1000)
    allowed = verify(presented.permits, roster, executor=works.settings.name, at=works.now() // 1000)
    try:
        vouched = tuple(name for name in allowed.keys if own.key(name) is None)
        return _admit(works, allowed, roster, _Way(to, owner, also, vouched))
    except JobError as error:
        _written_once(works, allowed, error)
        raise


def _written_once(works: Works, allowed: Allowed, error: JobError) -> None:
    known = (allowed.permits[-1], error.reason)
    if known in works.refused:
        return
    if len(works.refused) >= _REMEMBERED:
        works.refused.clear()
    with works.store.write(allowed.tenant) as t:
        body = {"reason": error.reason, "job": allowed.leaf.jobs[0].sha256, "executor": works.settings.name}
        works.leaf(t, "permit.refused", allowed.approvers[0].id, allowed.permits[-1], body)
    works.refused.add(known)


@dataclass(frozen=True, slots=True)
class _Way:
    """Where an admitted job goes: its state, its owner, what else is written with it, and which keys an identity provider vouched for."""

    to: State
    owner: str
    also: Also | None
    vouched: tuple[str, ...] = ()


def _admit(works: Works, allowed: Allowed, roster: Roster, way: _Way) -> Job:
    with works.store.read(allowed.tenant) as t:
        job = _named(t, allowed)
        request = JobRequest.parse(job.content)
        seals.demand_whole(job, request)
        seals.demand_requester(works, t, job)
    kind = works.registry.admit(request)
    # The registry's category, not the row's: a type that became graver since counts as what it is now.
    if job.state is not State.PLANNED:
        raise JobStateError("state", "The job is not waiting for a permit.")
    wanted = Wanted(
        job.tenant, job.type, kind.category, job.id, "" if job.diff is None else job.diff.sha256, evidence_root(request.evidence), job.requester
    )
    allowed.require(wanted, roster, works.settings.may_approve)
    verify_evidence(request.evidence, works.witness(job.tenant, kind))
    works.settings.step("admit:checked")
    with works.store.write(allowed.tenant) as t:
        now = works.now()
        _still(t, allowed, roster, request, now)
        rows.spend(t, allowed, job.id, now)
        works.settings.step("admit:spent")
        lease = now + works.settings.lease_milliseconds if way.owner else 0
        values = {"owner": way.owner, "lease_until": lease, "starts_before": allowed.leaf.expires * 1000, "attempt": 1 if way.owner else 0}
        found = _move(t, job, way.to, now, values)
        if found is None:
            raise JobStateError("state", "The job is not waiting for a permit.")
        works.settings.step("admit:moved")
        names = ",".join(person.id for person in allowed.approvers)
        body = {"permit": allowed.permits[-1], "approvers": names, "plan": wanted.plan, "evidence": wanted.evidence}
        works.leaf(t, f"job.{way.to.value}", allowed.approvers[0].id, job.id, {**body, "executor": works.settings.name})
        moment, words = (seals.QUEUED, _approval(allowed, wanted, way.vouched)) if way.to is State.QUEUED else (seals.BEGUN, {})
        if not seals.put(works, t, job.id, moment, words):
            raise JobStateError("state", "The job was admitted before; its row was put back.")
        if way.also is not None:
            way.also(t, job)
        if works.journal is not None:
            works.journal.spend((*allowed.jtis, f"admitted {job.tenant} {job.id}"), allowed.leaf.expires)
        works.settings.step("admit:written")
    works.settings.step("admit:committed")
    return found


def _approval(allowed: Allowed, wanted: Wanted, vouched: Sequence[str]) -> dict[str, Json]:
    """What a queued job was approved for and by whom; of numbers only digests."""
    return {
        "plan": wanted.plan,
        "requester": wanted.requester,
        "until": allowed.leaf.expires * 1000,
        "jti": [rows.spent_name(jti) for jti in allowed.jtis],
        "permit": list(allowed.permits),
        "key": list(allowed.keys),
        "vouched": list(vouched),
        "issuer": allowed.leaf.issuer,
        "approver": [person.id for person in allowed.approvers],
    }


def _named(t: Transaction, allowed: Allowed) -> Job:
    job = rows.find(t, allowed.leaf.jobs[0].sha256)
    if job is None:
        raise PermitError("job", "The permit is for a job that its tenant has not.")
    return job


def _still(t: Transaction, allowed: Allowed, roster: Roster, request: JobRequest, now: int) -> None:
    """What time or others may have changed since the permit was looked at."""
    if now // 1000 >= allowed.leaf.expires:
        raise PermitError("expired", "The permit no longer holds.")
    if request.expires_at <= datetime.fromtimestamp(now / 1000, UTC):
        raise JobStateError("expired", "The request has run out.")
    rows.seen_roster(t, roster.issuer, roster.version, now)
    rows.not_revoked(t, allowed)


def _move(t: Transaction, job: Job, to: State, now: int, values: dict[str, object]) -> Job | None:
    """Move the job, only with the very plan that the permit was held against."""
    plan = {"plan_sha256": "" if job.diff is None else job.diff.sha256}
    return rows.moved(t, job.id, to, now, was=(State.PLANNED,), where=plan, **values)
