"""Approved jobs on their way to a worker, in the durable engine: enqueued in the transaction that spends their permit, taken in turns by tenant.

The engine carries the tenant's name and the job's id; no request, permit or plan. It may deliver twice or late: the job's state decides, and a job that is not queued any
more is left alone. How many jobs of one tenant run at once is the engine's queue's business, so that the backlog of one tenant is nobody else's wait.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from troth.durable import Engine, Json
from troth.durable import Queue as EngineQueue
from troth.jobs.job import Job
from troth.jobs.refusals import JobStateError
from troth.store import Transaction
from troth.terms.tenant import Tenant

__all__ = ["QUEUE", "Queue"]

QUEUE: Final = EngineQueue("jobs", per_worker=8, per_tenant=3)
"""The queue that an engine for jobs is opened with: `open_engine(url, [QUEUE])`."""

_WORK: Final = "jobs.work"


class Queue:
    """The executor's end of an engine.

    Args:
        engine: opened with `QUEUE` (or one of the same name), not yet started.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def serves(self, work: Callable[[Tenant, str], Job]) -> None:
        """Name the function that runs a queued job; before the engine is started."""

        def arrived(payload: Json) -> None:
            if not isinstance(payload, dict):
                raise JobStateError("no-such-job", "The queue delivered something that is no job.")
            work(Tenant(str(payload["tenant"]), str(payload["project"])), str(payload["job"]))

        self._engine.register(_WORK, arrived)

    def enqueue(self, transaction: Transaction, job: Job) -> None:
        """Put an approved job into the engine, in the transaction that approves it."""
        payload: Json = {"tenant": job.tenant.id, "project": job.tenant.project, "job": job.id}
        self._engine.enqueue(transaction, QUEUE.name, _WORK, payload, key=job.id)
