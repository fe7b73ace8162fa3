"""A job as it is kept: its state, and everything that was decided about it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from troth.jobs.handler import Diff, Outcome
from troth.jobs.registry import Category
from troth.terms.tenant import Tenant

__all__ = ["Job", "State"]


class State(Enum):
    """Where a job is. `submitted > planned > (queued >) running > done | failed | lost`; `cancelled` from any state before `running`."""

    SUBMITTED = "submitted"
    PLANNED = "planned"
    QUEUED = "queued"
    """Its permit is spent; it runs when its turn comes, or not at all."""
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    LOST = "lost"
    """Whoever ran it is gone, and nobody knows how far it came. A person looks and settles it; it never runs again."""
    CANCELLED = "cancelled"

    @property
    def over(self) -> bool:
        """Whether nothing more happens to it by itself."""
        return self in (State.DONE, State.FAILED, State.LOST, State.CANCELLED)


@dataclass(frozen=True, slots=True)
class Job:
    """One job.

    Attributes:
        id: SHA-256 of the request's bytes, hex.
        tenant: whose it is.
        content: the request's bytes.
        type: its job type.
        category: from the registry.
        requester: who asked.
        state: where it is.
        reason: why it failed, was lost or cancelled; "" otherwise.
        diff: the plan; None before it is planned.
        outcome: what acting did; None before it is done.
        attempt: tries begun.
        submitted_at: POSIX milliseconds.
        changed_at: POSIX milliseconds of the last change of state.
        starts_before: POSIX milliseconds after which a queued job no longer starts (its permit's end); 0 where it is not queued.
    """

    id: str
    tenant: Tenant
    content: bytes
    type: str
    category: Category
    requester: str
    state: State
    reason: str
    diff: Diff | None
    outcome: Outcome | None
    attempt: int
    submitted_at: int
    changed_at: int
    starts_before: int = 0
