"""An engine without a database: one thread in this process. For tests, and for a command that does its one job and ends; what waits is lost with the process."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from troth.durable.port import (
    ATTEMPTS,
    Function,
    JobState,
    Json,
    Outbox,
    Queue,
    demand_name,
    job_id,
    payload_text,
    whose,
)
from troth.errors import UsageError
from troth.terms.tenant import Tenant

__all__ = ["InlineEngine"]

_FIRST_PAUSE: Final = 0.1


@dataclass(slots=True)
class _Job:
    id: str
    queue: str
    tenant: Tenant
    name: str
    text: str
    due: float
    tries: int = 0
    state: JobState = JobState.WAITING


class InlineEngine:
    """Runs one job at a time; the tenant that was served least in its queue is next.

    Args:
        queues: that there are.
        pause: before a failed job is tried again; doubled each time.
    """

    def __init__(self, queues: Iterable[Queue], pause: float = _FIRST_PAUSE) -> None:
        self._queues = {queue.name for queue in queues}
        self._pause = pause
        self._functions: dict[str, Function] = {}
        self._jobs: dict[str, _Job] = {}
        self._served: Counter[tuple[str, Tenant]] = Counter()
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None
        self._stopping = False

    def register(self, name: str, function: Function) -> None:
        """Say what jobs of a name do."""
        self._functions[demand_name(name)] = function

    def enqueue(
        self, transaction: Outbox | None, queue: str, name: str, payload: Json, key: str | None = None, *, delay_seconds: float = 0.0, tenant: Tenant | None = None
    ) -> str:
        """See `troth.durable.port.Engine`; the job exists once the transaction is committed."""
        owner, text = whose(transaction, tenant), payload_text(payload)
        if queue not in self._queues:
            raise UsageError(f"there is no queue {queue!r}")
        job = _Job(job_id(owner, queue, key), queue, owner, demand_name(name), text, time.monotonic() + delay_seconds)
        if transaction is None:
            self._take(job)
        else:
            transaction.after_commit(lambda: self._take(job))
        return job.id

    def _take(self, job: _Job) -> None:
        with self._changed:
            self._jobs.setdefault(job.id, job)
            self._changed.notify_all()

    def state(self, job: str) -> JobState:
        """Where a job is."""
        with self._changed:
            found = self._jobs.get(job)
            return found.state if found is not None else JobState.UNKNOWN

    def start(self) -> None:
        """Begin to run jobs."""
        if self._thread is None:
            self._stopping = False
            self._thread = threading.Thread(target=self._run, name="troth-inline", daemon=True)
            self._thread.start()

    def stop(self, seconds: float = 10.0) -> None:
        """Take no more jobs, and wait for the one that runs."""
        with self._changed:
            self._stopping = True
            self._changed.notify_all()
        if self._thread is not None:
            self._thread.join(seconds)
            self._thread = None

    def _next(self) -> _Job | None:
        """The next job, waiting for one; None at the end."""
        with self._changed:
            while not self._stopping:
                now = time.monotonic()
                waiting = [job for job in self._jobs.values() if job.state is JobState.WAITING]
                due = [job for job in waiting if job.due <= now]
                if due:
                    job = min(due, key=lambda job: (self._served[(job.queue, job.tenant)], job.due))
                    self._served[(job.queue, job.tenant)] += 1
                    job.state = JobState.RUNNING
                    return job
                self._changed.wait(min((job.due - now for job in waiting), default=None))
            return None

    def _run(self) -> None:
        import json

        while (job := self._next()) is not None:
            function = self._functions.get(job.name)
            try:
                if function is None:
                    raise UsageError(f"nothing is registered as {job.name!r}")  # noqa: TRY301 - one way for every failure
                function(json.loads(job.text))
            except Exception:  # noqa: BLE001 - a failed job is tried again, then shown as failed; that is its record
                outcome = self._after_failure(job)
            else:
                outcome = JobState.DONE
            with self._changed:
                job.state = outcome
                self._changed.notify_all()

    def _after_failure(self, job: _Job) -> JobState:
        job.tries += 1
        job.due = time.monotonic() + self._pause * 2 ** (job.tries - 1)
        return JobState.FAILED if job.tries >= ATTEMPTS else JobState.WAITING
