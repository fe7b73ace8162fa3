"""The port: what an engine does with work, whichever engine it is.

Rules:

* a job is a registered name and a JSON payload; no object, function or pickle travels;
* enqueued with a transaction, a job exists exactly if that transaction is committed (the outbox pattern); without one, at once;
* two jobs with one key, tenant and queue are one job: the second is the first, whatever its payload says, also after it is done;
* a job runs at least once, and again where its worker dies or it fails, with growing pauses, up to `ATTEMPTS` times; so its function asks the domain's own
  state whether there is still something to do;
* tenants take turns: of one queue no tenant has more than `per_tenant` jobs running at once, whatever it has waiting.
"""

from __future__ import annotations

import enum
import hashlib
import json
import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Final, Protocol

from troth.errors import TrothError, UsageError
from troth.terms.tenant import Tenant

if TYPE_CHECKING:
    from sqlalchemy import Connection

__all__ = ["ATTEMPTS", "Engine", "EngineError", "Function", "JobState", "Json", "Outbox", "Queue", "job_id", "payload_text"]

Json = str | int | float | bool | None | list["Json"] | dict[str, "Json"]
"""What a payload can be."""
Function = Callable[[Json], None]
"""What a job does; it may run again with the same payload."""

ATTEMPTS: Final = 5
_PAYLOAD_LIMIT: Final = 64 * 1024
_NAME: Final = re.compile(r"[a-z][a-z0-9]*(?:[._-][a-z0-9]+)*")


class EngineError(TrothError):
    """The durable engine cannot take a job or give an answer about one."""

    code: ClassVar[str] = "engine"
    help: ClassVar[str] = "Look at the engine's database and its workers; what was enqueued stays enqueued."


class JobState(enum.Enum):
    """Where a job is."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Queue:
    """A queue and its limits.

    Attributes:
        name: lower-case words.
        per_worker: most jobs of it that one worker runs at once.
        per_tenant: most jobs of one tenant that run at once, over all workers.
    """

    name: str
    per_worker: int = 8
    per_tenant: int = 2

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name) or not 1 <= self.per_tenant <= self.per_worker:
            raise UsageError("a queue has a lower-case name, and at least one job per tenant and no more of them than per worker")


class Outbox(Protocol):
    """What an engine needs of the caller's transaction; `troth.store.Transaction` is one."""

    @property
    def connection(self) -> Connection:
        """The database connection on which the transaction is open."""

    @property
    def tenant(self) -> Tenant:
        """On whose behalf."""

    def after_commit(self, act: Callable[[], None]) -> None:
        """Have something done once the transaction is committed."""


class Engine(Protocol):
    """An engine. Made by `troth.durable.open_engine`."""

    def register(self, name: str, function: Function) -> None:
        """Say what jobs of a name do; before `start`."""

    def enqueue(
        self, transaction: Outbox | None, queue: str, name: str, payload: Json, key: str | None = None, *, delay_seconds: float = 0.0, tenant: Tenant | None = None
    ) -> str:
        """Have a job done; gives its id.

        Args:
            transaction: with which the job comes to be; None: at once.
            queue: its queue.
            name: of a registered function.
            payload: JSON, up to 64 KiB.
            key: jobs with one key (in one queue, of one tenant) are one job.
            delay_seconds: not before so many seconds from now.
            tenant: whose job; the transaction's, where there is one.

        Raises:
            UsageError: no such queue, no tenant, or a payload that is no JSON.
            EngineError: the engine cannot take it.
        """

    def state(self, job: str) -> JobState:
        """Where a job is."""

    def start(self) -> None:
        """Begin to run jobs, also those that a dead worker left."""

    def stop(self, seconds: float = 10.0) -> None:
        """Take no more jobs, and wait up to so many seconds for those that run."""


def job_id(tenant: Tenant, queue: str, key: str | None) -> str:
    """Id of a job: the same for one key of one tenant in one queue, random without a key."""
    if key is None:
        return os.urandom(16).hex()
    return hashlib.sha256(json.dumps([str(tenant), queue, key]).encode()).hexdigest()


def payload_text(payload: Json) -> str:
    """A payload as JSON.

    Raises:
        UsageError: it is none, or too large.
    """
    try:
        text = json.dumps(payload, allow_nan=False)
    except (TypeError, ValueError, RecursionError) as error:
        raise UsageError("a job's payload is JSON") from error
    if len(text) > _PAYLOAD_LIMIT:
        raise UsageError(f"a job's payload has at most {_PAYLOAD_LIMIT} bytes: store it, and pass its key")
    return text


def demand_name(name: str) -> str:
    """A name of a function or queue.

    Raises:
        UsageError: it is none.
    """
    if not _NAME.fullmatch(name):
        raise UsageError("names of jobs and queues are lower-case words with dots or hyphens")
    return name


def whose(transaction: Outbox | None, tenant: Tenant | None) -> Tenant:
    """The tenant of a job.

    Raises:
        UsageError: there is none, or two.
    """
    owner: Any = transaction.tenant if transaction is not None else tenant
    if not isinstance(owner, Tenant) or (tenant is not None and tenant != owner):
        raise UsageError("a job has one tenant: that of its transaction")
    return owner
