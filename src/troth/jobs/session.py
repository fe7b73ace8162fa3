"""Who is asking: what a front door (CLI, HTTP, MCP) has authenticated, handed to the executor in place of arguments that a caller could choose."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from troth.jobs.refusals import JobStateError
from troth.terms.tenant import Tenant

__all__ = ["ACTOR", "Session"]

ACTOR: Final = re.compile(r"[a-z0-9][a-z0-9._@+:/-]{0,199}")
"""Grammar of a person's or program's name: ASCII, lower case, so that two names that look alike are alike."""


@dataclass(frozen=True, slots=True)
class Session:
    """An authenticated caller.

    Attributes:
        tenant: the tenant and project that the caller was authenticated for; the only source of a tenant besides a permit.
        actor: who it is; becomes the requester of a job and the actor of ledger entries.
        person: whether a human is behind it; only people settle a lost job.
    """

    tenant: Tenant
    actor: str
    person: bool = False

    def __post_init__(self) -> None:
        if not isinstance(self.tenant, Tenant) or not ACTOR.fullmatch(self.actor):
            raise JobStateError("session", "A session needs a tenant and the name of whoever asks.")
