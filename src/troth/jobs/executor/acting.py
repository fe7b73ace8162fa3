"""Running a job whose permit is spent: once, with a lease that others can see, to an end that is written down.

If this process dies at any point, the job stays `running` until its lease is over and then becomes `lost`: it is never started again, because nobody can know how far it came.
What a handler reports after its job was called lost is written beside it and changes nothing.
"""

from __future__ import annotations

import hashlib
import secrets
import time
from datetime import UTC, datetime
from typing import Any

from troth.errors import JobError
from troth.jobs.evidence import verify_evidence
from troth.jobs.executor import rows, seals
from troth.jobs.executor.spending import Presented, admit
from troth.jobs.executor.works import Works
from troth.jobs.handler import HandlerError, Outcome
from troth.jobs.job import Job, State
from troth.jobs.lane import Report, StoppedError
from troth.jobs.permits.verify import Wanted, demand_entitled
from troth.jobs.refusals import JobEvidenceError, JobStateError
from troth.jobs.registry import JobType
from troth.jobs.request import JobRequest, evidence_root
from troth.jobs.strict import Json
from troth.store import Transaction
from troth.terms.tenant import Tenant

__all__ = ["run", "sweep", "work"]

_UNDO_SECONDS = 60.0
_LONGEST_WAIT = 60.0


def run(works: Works, presented: Presented) -> Job:
    """Spend permits and run their job, here and now.

    Raises:
        PermitError: the permit does not allow it.
        JobEvidenceError: evidence is no longer what it was.
        JobStateError: the job is not waiting for a permit.
    """
    owner = secrets.token_hex(8)
    job = admit(works, presented, State.RUNNING, owner)
    return _Run(works, job, owner).to_its_end()


def work(works: Works, tenant: Tenant, job_id: str) -> Job:
    """Run a queued job; nothing happens if another has taken it. What was approved is looked at again: a row that says `queued` is no approval.

    Args:
        works: the executor.
        tenant: whose it is, from the queue that the executor itself filled.
        job_id: the job.

    Raises:
        JobStateError: `no-such-job`.
    """
    owner = secrets.token_hex(8)
    with works.store.read(tenant) as t:
        job = rows.need(t, job_id)
    if job.state is not State.QUEUED:
        return job
    refused = _evidence(works, job)
    with works.store.write(tenant) as t:
        now = works.now()
        job = rows.need(t, job_id)
        if job.state is not State.QUEUED:
            return job
        if now >= job.starts_before:
            _refuse(works, t, job, now, "permit-ran-out")
            return rows.need(t, job_id)
        refused = _approval(works, t, job, now) or refused
        if refused:
            _refuse(works, t, job, now, refused)
            return rows.need(t, job_id)
        lease = now + works.settings.lease_milliseconds
        if works.journal is not None:
            works.journal.spend((f"begun {tenant} {job_id}",), job.starts_before // 1000)
        begun = rows.moved(t, job_id, State.RUNNING, now, was=(State.QUEUED,), owner=owner, lease_until=lease, attempt=1)
        if begun is None:
            return job
        works.leaf(t, "job.running", works.settings.name, job_id, {"executor": works.settings.name})
    return _Run(works, begun, owner).to_its_end()


def _evidence(works: Works, job: Job) -> str:
    """Why the evidence of a queued job does not hold any more; "" where it does."""
    try:
        request = JobRequest.parse(job.content)
        verify_evidence(request.evidence, works.witness(job.tenant, works.registry.admit(request)))
    except JobError as error:
        return f"evidence-{error.reason}" if isinstance(error, JobEvidenceError) else error.reason
    return ""


def _approval(works: Works, t: Transaction, job: Job, now: int) -> str:
    """Why a queued job is not one that was approved, or not any more; "" where it is."""
    words = seals.told(works, t, job.id, seals.QUEUED)
    if words is None:
        return "unapproved"
    try:
        request = JobRequest.parse(job.content)
        seals.demand_whole(job, request)
    except JobError:
        return "tampered"
    if request.expires_at <= datetime.fromtimestamp(now / 1000, UTC):
        return "request-ran-out"
    plan = "" if job.diff is None else job.diff.sha256
    if (words["plan"], words["requester"], words["until"]) != (plan, job.requester, job.starts_before) or now >= job.starts_before:
        return "tampered"
    named = {kind: _texts(words[kind]) for kind in ("permit", "key", "approver")}
    roster = works.settings.roster()
    keys = [roster.key(name) for name in named["key"] if name not in _texts(words.get("vouched"))]
    people = [person for name in named["approver"] if (person := roster.approver(name)) is not None]
    gone = len(people) < len(named["approver"]) or any(key is None or key.revoked for key in keys)
    if not seals.put(works, t, job.id, seals.BEGUN, {}):
        return "begun-before"
    named["approver"] = tuple(name for person in people for name in (person.id, *person.also))
    if gone or rows.revoked(t, named) or rows.number_revoked(t, _texts(words["jti"])):
        return "revoked"
    if words.get("issuer") != roster.issuer:
        return "issuer"
    try:
        rows.seen_roster(t, roster.issuer, roster.version, now)
        category = works.registry.of(job.type).category
        wanted = Wanted(job.tenant, job.type, category, job.id, plan, evidence_root(request.evidence), job.requester)
        demand_entitled(people, wanted, roster, works.settings.may_approve)
    except JobError as error:
        return error.reason
    return ""


def _texts(value: Json | None) -> tuple[str, ...]:
    return tuple(str(one) for one in value) if isinstance(value, list) else ()


def _refuse(works: Works, t: Transaction, job: Job, now: int, reason: str) -> None:
    if rows.move(t, job.id, State.FAILED, now, was=(State.QUEUED,), reason=reason):
        works.leaf(t, "job.failed", works.settings.name, job.id, {"reason": reason, "partial": False})


def sweep(works: Works, tenant: Tenant) -> tuple[str, ...]:
    """Make visible what was lost: running jobs without a sign of life, and queued ones whose permit ran out.

    Returns:
        Ids of the jobs that are lost now.
    """
    lost = []
    with works.store.write(tenant) as t:
        now = works.now()
        for job_id, state in rows.overdue(t, now):
            if state is State.QUEUED:
                _refuse(works, t, rows.need(t, job_id), now, "permit-ran-out")
            elif rows.move(t, job_id, State.LOST, now, was=(State.RUNNING,), reason="no-sign-of-life"):
                works.leaf(t, "job.lost", works.settings.name, job_id, {"reason": "no-sign-of-life"})
                lost.append(job_id)
    return tuple(lost)


class _Run:
    """One job in this process's hands."""

    def __init__(self, works: Works, job: Job, owner: str) -> None:
        self._works = works
        self._job = job
        self._owner = owner
        self._kind: JobType = works.registry.of(job.type)
        self._request = JobRequest.parse(job.content)
        self._step = works.settings.step
        self._held = False

    def to_its_end(self) -> Job:
        attempts = min(self._kind.attempts, self._request.constraints.attempts)
        for attempt in range(1, attempts + 1):
            self._step("run:begin")
            try:
                report = self._act(attempt)
            except StoppedError as error:
                return self._failed(error.reason, error.says, partial=True)
            except (HandlerError, JobStateError) as error:
                return self._failed(error.reason, error.says, partial=error.reason == "worker-died")
            self._step("run:acted")
            if report.kind == "ok":
                return self._done(report)
            if report.kind != "again" or not report.safe_to_retry or attempt == attempts:
                return self._failed(report.reason or report.kind, report.says, partial=report.kind == "broke")
            if not self._waited(attempt):
                return self._failed("cancelled", "The job was cancelled between two tries.", partial=False)
        raise AssertionError("a job has at least one try")

    def _act(self, attempt: int) -> Report:
        task = self._works.task("act", self._job, self._kind, attempt, held=self._held)
        seconds = min(self._kind.timeout_seconds, self._request.constraints.timeout_seconds)
        report = self._works.lane.run(task, float(seconds), self._alive)
        self._held = report.held
        return report

    def _alive(self) -> bool:
        with self._works.store.write(self._job.tenant) as t:
            until = self._works.now() + self._works.settings.lease_milliseconds
            return rows.heartbeat(t, self._job.id, self._owner, until)

    def _waited(self, attempt: int) -> bool:
        """Wait before the next try, giving signs of life; False where the job was cancelled or called lost meanwhile."""
        seconds = min(self._works.settings.backoff_seconds * 2 ** (attempt - 1), _LONGEST_WAIT)
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            if not self._alive():
                return False
            time.sleep(min(1.0, max(0.0, until - time.monotonic())))
        with self._works.store.write(self._job.tenant) as t:
            mine = {"owner": self._owner}
            moved = rows.move(t, self._job.id, State.RUNNING, self._works.now(), was=(State.RUNNING,), where=mine, attempt=attempt + 1)
            if moved:
                self._works.leaf(t, "job.again", self._works.settings.name, self._job.id, {"attempt": attempt + 1})
            return moved

    def _done(self, report: Report) -> Job:
        try:
            outcome = Outcome.decode(report.content)
        except HandlerError as error:
            return self._failed(error.reason, error.says, partial=True)
        if any(one.kind not in self._kind.outbox for one in outcome.outbox):
            return self._failed("undeclared-message", "The handler left a message of a kind that its type does not declare.", partial=True)
        body = {"outcome": hashlib.sha256(outcome.encoded()).hexdigest(), "summary": outcome.summary[:500]}
        return self._end(State.DONE, "", body, outcome)

    def _failed(self, reason: str, says: str, *, partial: bool) -> Job:
        body: dict[str, Any] = {"reason": reason, "says": says, "partial": partial}
        if partial:
            body["undo"] = self._undone()
        return self._end(State.FAILED, reason, body, None)

    def _undone(self) -> str:
        """Let the handler take back what it did, where it can; what came of it."""
        self._step("run:undo")
        try:
            report = self._works.lane.run(self._works.task("undo", self._job, self._kind), _UNDO_SECONDS, self._keep)
        except (HandlerError, JobStateError) as error:
            return error.reason
        return "taken-back" if report.kind == "ok" else report.reason or report.kind

    def _keep(self) -> bool:
        """Hold the lease while something is taken back, which a wish to cancel does not stop."""
        self._alive()
        return True

    def _end(self, state: State, reason: str, body: dict[str, Any], outcome: Outcome | None) -> Job:
        self._step("end:begin")
        with self._works.store.write(self._job.tenant) as t:
            now = self._works.now()
            mine = {"owner": self._owner}
            values = {"reason": reason[:100], "outcome": None if outcome is None else outcome.encoded(), "lease_until": 0}
            found = rows.moved(t, self._job.id, state, now, was=(State.RUNNING,), where=mine, **values)
            if found is not None:
                self._step("end:moved")
                self._works.leaf(t, f"job.{state.value}", self._works.settings.name, self._job.id, body)
                if outcome is not None and outcome.outbox:
                    seals.put(self._works, t, self._job.id, seals.DONE, {"messages": list(rows.post(t, self._job.id, outcome, now))})
            else:
                self._works.leaf(t, "job.late-report", self._works.settings.name, self._job.id, {**body, "as": state.value})
                found = rows.need(t, self._job.id)
            self._step("end:written")
        self._step("end:committed")
        if found.state is not state:
            raise JobStateError("lost", "The job was called lost before its end could be written; its report stands in the ledger.")
        return found
