"""The executor's statements: each changes one row, under a condition that the row must still meet, so that two executors cannot both win."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Row, Update, and_, or_, select, update
from sqlalchemy.sql import ColumnElement

from troth.jobs.executor.settings import Rate
from troth.jobs.handler import Diff, Outcome
from troth.jobs.job import Job, State
from troth.jobs.permits.verify import Allowed
from troth.jobs.refusals import JobStateError, PermitError
from troth.jobs.registry import Category
from troth.jobs.request import JobRequest
from troth.jobs.tables import JOBS, OUTBOX, RATES, REVOCATIONS, ROSTERS, SPENT
from troth.store import Transaction
from troth.terms.tenant import Tenant

__all__ = ["add", "find", "find_key", "heartbeat", "job_of", "listed", "message_digest", "move", "moved", "need", "not_revoked", "number_revoked", "overdue", "revoked", "seen_roster", "spend", "spent_name", "take_token"]


def _mine(table: Any, tenant: Tenant) -> ColumnElement[bool]:  # noqa: ANN401 - any table
    """The access layer's condition, on every statement: on SQLite nothing else holds tenants apart, on PostgreSQL it is the second wall."""
    found: ColumnElement[bool] = table.c.tenant == str(tenant)
    return found


def job_of(row: Row[Any]) -> Job:
    """The job in a row."""
    return Job(
        id=row.id,
        tenant=Tenant(*row.tenant.split("/")),
        content=bytes(row.content),
        type=row.type,
        category=Category(row.category),
        requester=row.requester,
        state=State(row.state),
        reason=row.reason,
        diff=None if row.plan is None else Diff.decode(bytes(row.plan)),
        outcome=None if row.outcome is None else Outcome.decode(bytes(row.outcome)),
        attempt=row.attempt,
        submitted_at=row.submitted_at,
        changed_at=row.changed_at,
        starts_before=row.starts_before,
    )


def find(t: Transaction, job_id: str) -> Job | None:
    """The tenant's job of this id; None where the tenant has none."""
    row = t.execute(select(JOBS).where(_mine(JOBS, t.tenant), JOBS.c.id == job_id)).one_or_none()
    return None if row is None else job_of(row)


def find_key(t: Transaction, key: str) -> Job | None:
    """The tenant's job with this idempotency key."""
    row = t.execute(select(JOBS).where(_mine(JOBS, t.tenant), JOBS.c.idempotency_key == key)).one_or_none()
    return None if row is None else job_of(row)


def need(t: Transaction, job_id: str) -> Job:
    """The tenant's job of this id.

    Raises:
        JobStateError: `no-such-job`: also where it is another tenant's.
    """
    job = find(t, job_id)
    if job is None:
        raise JobStateError("no-such-job", "There is no such job.")
    return job


def listed(t: Transaction, state: State | None, most: int) -> tuple[Job, ...]:
    """The tenant's jobs, newest first."""
    query = select(JOBS).where(_mine(JOBS, t.tenant))
    if state is not None:
        query = query.where(JOBS.c.state == state.value)
    return tuple(job_of(row) for row in t.execute(query.order_by(JOBS.c.submitted_at.desc(), JOBS.c.id).limit(most)))


def overdue(t: Transaction, now: int) -> tuple[tuple[str, State], ...]:
    """Jobs whose runner gave no sign of life in time, and queued ones whose permit has run out."""
    silent = (JOBS.c.state == State.RUNNING.value) & (JOBS.c.lease_until < now)
    late = (JOBS.c.state == State.QUEUED.value) & (JOBS.c.starts_before <= now)
    rows = t.execute(select(JOBS.c.id, JOBS.c.state).where(_mine(JOBS, t.tenant), silent | late))
    return tuple((row.id, State(row.state)) for row in rows)


def add(t: Transaction, request: JobRequest, category: Category, requester: str, now: int) -> bool:
    """Add a job; False where its id or key is taken."""
    values = {
        "id": request.sha256, "content": request.content, "type": request.type,
        "category": int(category), "requester": requester, "idempotency_key": request.idempotency_key, "state": State.SUBMITTED.value,
        "reason": "", "plan": None, "plan_sha256": "", "outcome": None, "attempt": 0, "owner": "", "lease_until": 0, "cancel": 0,
        "submitted_at": now, "changed_at": now, "starts_before": 0,
    }  # fmt: skip
    return t.insert_new(JOBS, values)


def move(t: Transaction, job_id: str, state: State, now: int, *, was: Iterable[State], where: Mapping[str, str] | None = None, **more: Any) -> bool:  # noqa: ANN401
    """Move a job to a state if it is still in one of `was`, and its columns still hold what `where` says; whether it was."""
    return bool(t.execute(_moving(t, job_id, was, where, {"state": state.value, "changed_at": now, **more})).rowcount)


def moved(t: Transaction, job_id: str, state: State, now: int, *, was: Iterable[State], where: Mapping[str, str] | None = None, **more: Any) -> Job | None:  # noqa: ANN401
    """Move a job as `move` does, and tell what it is now, in one journey to the database; None where it did not move."""
    row = t.execute(_moving(t, job_id, was, where, {"state": state.value, "changed_at": now, **more}).returning(*JOBS.c)).one_or_none()
    return None if row is None else job_of(row)


def _moving(t: Transaction, job_id: str, was: Iterable[State], where: Mapping[str, str] | None, values: Mapping[str, Any]) -> Update:
    condition = _mine(JOBS, t.tenant) & (JOBS.c.id == job_id) & JOBS.c.state.in_([one.value for one in was])
    for name, value in (where or {}).items():
        condition &= JOBS.c[name] == value
    return update(JOBS).where(condition).values(**values)


def heartbeat(t: Transaction, job_id: str, owner: str, until: int) -> bool:
    """Extend a lease; False where the job is no longer this owner's, or someone cancelled it."""
    mine = _mine(JOBS, t.tenant) & (JOBS.c.id == job_id) & (JOBS.c.owner == owner) & (JOBS.c.state == State.RUNNING.value)
    return bool(t.execute(update(JOBS).where(mine, JOBS.c.cancel == 0).values(lease_until=until)).rowcount)


def spent_name(jti: str) -> str:
    """What is kept of a permit's number."""
    return hashlib.sha256(jti.encode("ascii")).hexdigest()


def spend(t: Transaction, allowed: Allowed, job_id: str, now: int) -> None:
    """Spend every permit of the chain.

    Raises:
        PermitError: `spent`: one of them was.
    """
    for jti, permit in zip(allowed.jtis, allowed.permits, strict=True):
        values = {"id": spent_name(jti), "job": job_id, "permit_sha256": permit, "at": now}
        if not t.insert_new(SPENT, values):
            raise PermitError("spent", "The permit was spent before.")


def not_revoked(t: Transaction, allowed: Allowed) -> None:
    """Hold a permit, its parents, its keys and its approvers against what was revoked.

    Raises:
        PermitError: `revoked`.
    """
    named = {"jti": allowed.jtis, "permit": allowed.permits, "key": allowed.keys, "approver": tuple(name for person in allowed.approvers for name in (person.id, *person.also))}
    if revoked(t, named):
        raise PermitError("revoked", "The permit, a parent, a key or an approver of it was revoked.")


def revoked(t: Transaction, named: Mapping[str, Sequence[str]]) -> bool:
    """Whether one of these, by kind, was revoked; asked in one statement, as each is a journey to the database."""
    named_so = [and_(REVOCATIONS.c.kind == kind, REVOCATIONS.c.value.in_(list(values))) for kind, values in named.items() if values]
    if not named_so:
        return False
    return t.execute(select(REVOCATIONS.c.value).where(_mine(REVOCATIONS, t.tenant), or_(*named_so)).limit(1)).first() is not None


def number_revoked(t: Transaction, names: Iterable[str]) -> bool:
    """Whether a permit's number was revoked of which only `spent_name` is known."""
    numbers = t.execute(select(REVOCATIONS.c.value).where(_mine(REVOCATIONS, t.tenant), REVOCATIONS.c.kind == "jti")).scalars()
    return not set(names).isdisjoint(spent_name(value) for value in numbers)


def revoke(t: Transaction, kind: str, value: str, *, actor: str, reason: str, now: int) -> bool:
    """Write a revocation; False where it stands already."""
    values = {"kind": kind, "value": value, "at": now, "actor": actor, "reason": reason}
    return t.insert_new(REVOCATIONS, values)


def seen_roster(t: Transaction, issuer: str, version: int, now: int) -> None:
    """Remember the roster's version, and refuse one that is older than the newest seen.

    Raises:
        PermitError: `roster-rolled-back`.
    """
    mine = _mine(ROSTERS, t.tenant) & (ROSTERS.c.issuer == issuer)
    newest = t.execute(select(ROSTERS.c.version).where(mine).order_by(ROSTERS.c.version.desc()).limit(1)).scalar_one_or_none()
    if newest is not None and version < newest:
        raise PermitError("roster-rolled-back", "The roster is older than one that was used before.")
    if newest != version:
        t.insert_new(ROSTERS, {"issuer": issuer, "version": version, "at": now})


def message_digest(kind: str, key: str, body: bytes) -> str:
    """What tells one message from every other."""
    return hashlib.sha256(b"\0".join((kind.encode(), key.encode(), body))).hexdigest()


def post(t: Transaction, job_id: str, outcome: Outcome, now: int) -> tuple[str, ...]:
    """Write an outcome's messages to the outbox; the same key of the same tenant once. Their digests."""
    from troth.jobs.strict import encode

    digests = []
    for one in outcome.outbox:
        body = encode(dict(one.body))
        digests.append(message_digest(one.kind, one.key, body))
        name = hashlib.sha256(f"{one.kind}\0{one.key}".encode()).hexdigest()
        values = {
            "id": name, "job": job_id, "kind": one.kind, "key": one.key,
            "body": body, "state": "waiting", "attempt": 0, "not_before": now, "reason": "",
        }  # fmt: skip
        t.insert_new(OUTBOX, values)
    return tuple(digests)


def take_token(t: Transaction, rate: Rate, now: int) -> None:
    """Take one submission out of the tenant's bucket.

    Raises:
        JobStateError: `rate`: it is empty.
    """
    full = rate.burst * 1000
    mine = _mine(RATES, t.tenant)
    row = t.execute(select(RATES.c.tokens, RATES.c.at).where(mine).with_for_update()).one_or_none()
    if row is None:
        if not t.insert_new(RATES, {"tokens": full - 1000, "at": now}):
            take_token(t, rate, now)
        return
    # A clock that went back gives nothing; one that leapt gives a full bucket at most.
    tokens = min(full, row.tokens + max(0, now - row.at) * rate.per_minute // 60)
    if tokens < 1000:
        raise JobStateError("rate", "This tenant's project submits faster than it may.")
    t.execute(update(RATES).where(mine).values(tokens=tokens - 1000, at=max(now, row.at)))


