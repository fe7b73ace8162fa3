"""What a session may do to jobs of its tenant: submit, plan, look, cancel, settle, revoke. None of it makes a job act.

Every function takes the tenant from the session. A job of another tenant is a job that does not exist.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Final

from troth.jobs.evidence import verify_evidence
from troth.jobs.executor import rows, seals
from troth.jobs.executor.works import Works
from troth.jobs.handler import Diff, HandlerError, TryAgainError
from troth.jobs.job import Job, State
from troth.jobs.lane import Report
from troth.jobs.refusals import JobStateError, RequestError
from troth.jobs.registry import Category
from troth.jobs.request import JobRequest
from troth.jobs.session import ACTOR, Session

__all__ = ["cancel", "listed", "plan", "revoke", "settle", "show", "submit"]

_LATEST_DAYS: Final = 90
_REVOCABLE: Final = {"approver": ACTOR, "jti": re.compile("[0-9a-f]{32}"), "key": re.compile("[0-9a-f]{64}"), "permit": re.compile("[0-9a-f]{64}")}


def submit(works: Works, session: Session, content: bytes) -> Job:
    """Take a request in; the same bytes again are the same job.

    Raises:
        RequestError: it is none, is another tenant's, has run out, or its idempotency key belongs to other bytes.
        JobStateError: `rate`.
    """
    request = JobRequest.parse(content)
    if request.tenant != session.tenant:
        raise RequestError("tenant", "The request is for another tenant or project than its sender's.")
    kind = works.registry.admit(request)
    now = works.now()
    _timely(request, now)
    with works.store.write(session.tenant) as t:
        known = rows.find_key(t, request.idempotency_key)
        if known is None:
            rows.take_token(t, works.settings.rate, now)
            if rows.add(t, request, kind.category, session.actor, now):
                body = {"type": request.type, "category": kind.category.name.lower(), "risk": request.risk.value}
                seals.put(works, t, request.sha256, seals.SUBMITTED, {"requester": session.actor})
                works.leaf(t, "job.submitted", session.actor, request.sha256, {**body, "executor": works.settings.name})
            known = rows.find_key(t, request.idempotency_key)
        if known is None or known.id != request.sha256:
            raise RequestError("idempotency", "The idempotency key belongs to another request.")
        return known


def _timely(request: JobRequest, now: int) -> None:
    left = request.expires_at - datetime.fromtimestamp(now / 1000, UTC)
    if left.total_seconds() <= 0 or left.days > _LATEST_DAYS:
        raise RequestError("expired", f"The request has run out, or runs for more than {_LATEST_DAYS} days.")


def plan(works: Works, session: Session, job_id: str) -> Job:
    """Verify the evidence and make the plan that approvers will see; changes nothing in the world. May be repeated until the job is approved.

    Raises:
        JobEvidenceError: a piece of evidence is not what the request says.
        HandlerError: the handler has no plan.
        JobStateError: the job is past that, or `tampered`.
    """
    job = show(works, session, job_id)
    if job.state not in (State.SUBMITTED, State.PLANNED):
        raise JobStateError("state", f"The job is {job.state.value} and is not planned any more.")
    request = JobRequest.parse(job.content)
    seals.demand_whole(job, request)
    kind = works.registry.admit(request)
    _timely(request, works.now())
    verify_evidence(request.evidence, works.witness(job.tenant, kind))
    report = works.lane.run(works.task("plan", job, kind), float(request.constraints.timeout_seconds))
    diff = Diff.decode(_content(report))
    after = State.DONE if kind.category <= Category.RECOMMEND else State.PLANNED
    with works.store.write(session.tenant) as t:
        now = works.now()
        before = (State.SUBMITTED, State.PLANNED)
        if not rows.move(t, job.id, after, now, was=before, plan=diff.encoded(), plan_sha256=diff.sha256):
            raise JobStateError("state", "The job was approved or cancelled meanwhile.")
        works.leaf(t, "job.planned", session.actor, job.id, {"plan": diff.sha256, "changes": len(diff.changes)})
        return rows.need(t, job.id)


def _content(report: Report) -> bytes:
    if report.kind == "again":
        raise TryAgainError(report.reason, report.says)
    if report.kind != "ok":
        raise HandlerError(report.reason or "broke", report.says)
    return report.content


def show(works: Works, session: Session, job_id: str) -> Job:
    """A job of the session's tenant.

    Raises:
        JobStateError: `no-such-job`.
    """
    with works.store.read(session.tenant) as t:
        return rows.need(t, job_id)


def listed(works: Works, session: Session, state: State | None = None, most: int = 100) -> tuple[Job, ...]:
    """Jobs of the session's tenant and project, newest first."""
    with works.store.read(session.tenant) as t:
        return rows.listed(t, state, max(1, min(most, 1000)))


def cancel(works: Works, session: Session, job_id: str) -> Job:
    """Cancel a job; one that runs is told to stop, and ends as failed with what it did left to look at.

    Raises:
        JobStateError: `no-such-job` or `state`.
    """
    before = (State.SUBMITTED, State.PLANNED, State.QUEUED)
    with works.store.write(session.tenant) as t:
        job = rows.need(t, job_id)
        now = works.now()
        if rows.move(t, job_id, State.CANCELLED, now, was=before, reason="cancelled"):
            seals.put(works, t, job_id, seals.BEGUN, {"cancelled": True})
            works.leaf(t, "job.cancelled", session.actor, job_id, {"was": job.state.value})
        elif rows.move(t, job_id, State.RUNNING, now, was=(State.RUNNING,), cancel=1):
            works.leaf(t, "job.stopping", session.actor, job_id, {})
        else:
            raise JobStateError("state", f"The job is {job.state.value}; there is nothing to cancel.")
        return rows.need(t, job_id)


def settle(works: Works, session: Session, job_id: str, *, done: bool, note: str) -> Job:
    """What a person found out about a lost job. It does not run again; a new request may be made.

    Raises:
        JobStateError: `person`, `no-such-job` or `state`.
    """
    if not session.person or not 0 < len(note.strip()) <= 2000:
        raise JobStateError("person", "A lost job is settled by a person, who says what they found.")
    with works.store.write(session.tenant) as t:
        rows.need(t, job_id)
        state = State.DONE if done else State.FAILED
        if not rows.move(t, job_id, state, works.now(), was=(State.LOST,), reason="settled"):
            raise JobStateError("state", "Only a lost job is settled.")
        works.leaf(t, "job.settled", session.actor, job_id, {"as": state.value, "note": note.strip()})
        return rows.need(t, job_id)


def revoke(works: Works, session: Session, kind: str, value: str, reason: str) -> None:
    """Let a permit (by `jti`, or `permit`: the digest of its payload, a parent's included), a `key` or an `approver` (by any of their names) count no longer, in this tenant's project, from now on.

    Capitals and spaces around a value are forgiven: a revocation that counts for nothing would be worse.

    Raises:
        JobStateError: `person` or `revocation`.
    """
    if not session.person:
        raise JobStateError("person", "Revoking is for people.")
    value = value.strip().lower()
    form = _REVOCABLE.get(kind)
    if form is None or not form.fullmatch(value) or len(reason) > 500:
        raise JobStateError("revocation", "What is revoked is a jti, a permit, a key or an approver, spelled as such.")
    with works.store.write(session.tenant) as t:
        if rows.revoke(t, kind, value, actor=session.actor, reason=reason, now=works.now()):
            works.leaf(t, "permit.revoked", session.actor, value if kind != "jti" else "jti", {"kind": kind, "reason": reason})
