"""What one executor is told by its operator; nothing of it comes from a request or a permit."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

from troth.jobs.permits.oidc import Provider
from troth.jobs.permits.roster import Roster
from troth.jobs.permits.verify import MayApprove
from troth.terms.tenant import Tenant

__all__ = ["Rate", "Settings", "milliseconds"]


def milliseconds() -> int:
    """Now, POSIX milliseconds."""
    return time.time_ns() // 1_000_000


def _no_secret(name: str) -> str:
    raise KeyError(name)


@dataclass(frozen=True, slots=True)
class Rate:
    """How often a tenant's project may submit: a bucket that fills steadily.

    Attributes:
        burst: most requests at once.
        per_minute: requests that come back each minute.
    """

    burst: int = 1000
    per_minute: int = 600


@dataclass(frozen=True, slots=True)
class Settings:
    """One executor.

    Attributes:
        name: its name: what permits name as their audience.
        roster: gives the roster as it is now; asked for every permit, so that a removed approver counts no longer.
        handlers: `module:Class` for each handler that the registry names.
        trees: the tree of each tenant and project that has one.
        secrets: gives the value of a declared secret; raises KeyError where there is none.
        may_approve: a further policy about who may approve what; None for the roster's rules alone.
        providers: identity providers that may vouch for an approver's key of minutes.
        rate: how often a tenant's project may submit.
        clock: now, POSIX milliseconds.
        lease_milliseconds: how long a running job may be without a sign of life before it counts as lost.
        backoff_seconds: wait before the second try; doubled for each further one, at most 60 s.
        journal: file outside the database that remembers spent permits, so that restoring a backup does not bring them back; None for no such second wall.
        seal: key of the executor's own under which it remembers who asked for a job and what was approved; kept outside the database (32 random bytes). Executors that share a
            database share it. Empty: changes by somebody who can write the database are noticed only where they are careless.
        step: called with the name of each step; for tests that kill the process there.
    """

    name: str
    roster: Callable[[], Roster]
    handlers: Mapping[str, str]
    trees: Mapping[Tenant, Path] = field(default_factory=lambda: MappingProxyType({}))
    secrets: Callable[[str], str] = _no_secret
    may_approve: MayApprove | None = None
    providers: tuple[Provider, ...] = ()
    rate: Rate = Rate()
    clock: Callable[[], int] = milliseconds
    lease_milliseconds: int = 30_000
    backoff_seconds: float = 1.0
    journal: Path | None = None
    seal: bytes = field(default=b"", repr=False)
    step: Callable[[str], None] = lambda _: None
