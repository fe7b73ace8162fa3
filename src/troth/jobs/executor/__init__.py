"""The executor: the only code that acts. Only `troth.app` may import it; an import contract holds that.

    with Executor(store, registry, settings) as executor:
        job = executor.submit(session, request_bytes)
        job = executor.plan(session, job.id)          # evidence verified, dry run; people see job.diff
        job = executor.run([permit])                  # permit bound to the request, plan and evidence; spent, recorded and begun in one transaction

A tenant comes from an authenticated session or a verified permit, never from an argument.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from types import TracebackType

from troth.jobs.executor import acting, doors, outbox
from troth.jobs.executor.journal import Journal
from troth.jobs.executor.outbox import Sender
from troth.jobs.executor.queue import QUEUE, Queue
from troth.jobs.executor.settings import Rate, Settings
from troth.jobs.executor.spending import Presented, admit
from troth.jobs.executor.tending import EVERY_SECONDS, Round, Tending
from troth.jobs.executor.trees import settled
from troth.jobs.executor.works import Works
from troth.jobs.job import Job, State
from troth.jobs.lane import Lane
from troth.jobs.permits.oidc import Identity
from troth.jobs.registry import Registry
from troth.jobs.session import Session
from troth.ledger.log import Log
from troth.store import Store
from troth.terms.tenant import Tenant

__all__ = ["QUEUE", "Executor", "Queue", "Rate", "Round", "Settings", "Tending"]


class Executor:
    """One executor.

    Args:
        store: where jobs, permits and the ledger are kept; migrated.
        registry: what kinds of job there are.
        settings: what the operator says.
        log: the ledger; by default one whose origin names this executor.
        queue: where approved jobs wait for their turn; None where every job is run by `run`.
    """

    def __init__(self, store: Store, registry: Registry, settings: Settings, *, log: Log | None = None, queue: Queue | None = None) -> None:
        lane = Lane(settings.handlers.values())
        ledger = Log(origin=f"troth/jobs/{settings.name}") if log is None else log
        journal = None if settings.journal is None else Journal(settings.journal)
        self.works = Works(store, registry, settings, lane, ledger, journal, settled(settings.trees.items()))
        self._queue = queue
        if queue is not None:
            queue.serves(self.work)

    def __enter__(self) -> Executor:
        """The executor itself."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """End its workers."""
        self.close()

    def close(self) -> None:
        """End its workers; what still runs is killed, and found lost later."""
        self.works.lane.close()

    def submit(self, session: Session, content: bytes) -> Job:
        """Take a request in; the same bytes again are the same job. See `doors.submit`."""
        return doors.submit(self.works, session, content)

    def plan(self, session: Session, job_id: str) -> Job:
        """Verify the evidence and make the plan that approvers will see. See `doors.plan`."""
        return doors.plan(self.works, session, job_id)

    def run(self, permits: Sequence[bytes], identities: Sequence[Identity] = ()) -> Job:
        """Spend permits and run their job. See `acting.run`."""
        return acting.run(self.works, Presented(permits, identities))

    def approve(self, permits: Sequence[bytes], identities: Sequence[Identity] = ()) -> Job:
        """Spend permits and queue their job: spend, ledger, state and queue in one transaction. See `spending.admit`."""
        queue = self._queue
        return admit(self.works, Presented(permits, identities), State.QUEUED, "", None if queue is None else queue.enqueue)

    def work(self, tenant: Tenant, job_id: str) -> Job:
        """Run a queued job, for the queue that `approve` filled. See `acting.work`."""
        return acting.work(self.works, tenant, job_id)

    def sweep(self, tenant: Tenant) -> tuple[str, ...]:
        """Make lost jobs visible. See `acting.sweep`."""
        return acting.sweep(self.works, tenant)

    def deliver(self, tenant: Tenant, senders: Mapping[str, Sender]) -> int:
        """Deliver what jobs left for other systems. See `outbox.deliver`."""
        return outbox.deliver(self.works, tenant, senders)

    def tending(
        self, tenants: Iterable[Tenant] = (), senders: Mapping[str, Sender] | None = None, *, every_seconds: float = EVERY_SECONDS, told: Callable[[Round], None] = lambda _: None
    ) -> Tending:
        """What sweeps and delivers from time to time, not yet begun. See `tending.Tending`.

        Args:
            tenants: whom; all that have a tree where none is named.
            senders: who delivers messages, by kind.
            every_seconds: between two rounds.
            told: called after each round.
        """
        named = tuple(tenants)
        return Tending(self.works, lambda: named or tuple(self.works.settings.trees), senders, every_seconds=every_seconds, told=told)

    def show(self, session: Session, job_id: str) -> Job:
        """A job of the session's tenant."""
        return doors.show(self.works, session, job_id)

    def list(self, session: Session, state: State | None = None, most: int = 100) -> tuple[Job, ...]:
        """Jobs of the session's tenant and project, newest first."""
        return doors.listed(self.works, session, state, most)

    def cancel(self, session: Session, job_id: str) -> Job:
        """Cancel a job. See `doors.cancel`."""
        return doors.cancel(self.works, session, job_id)

    def settle(self, session: Session, job_id: str, *, done: bool, note: str) -> Job:
        """What a person found out about a lost job. See `doors.settle`."""
        return doors.settle(self.works, session, job_id, done=done, note=note)

    def revoke(self, session: Session, kind: str, value: str, reason: str) -> None:
        """Let a permit, key or approver count no longer. See `doors.revoke`."""
        doors.revoke(self.works, session, kind, value, reason)
