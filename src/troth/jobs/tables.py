"""Tables of the jobs. Every row names its tenant and project in one column (`tenant/project`); on PostgreSQL row-level security holds them apart, on SQLite the store's transactions do.

Times are POSIX milliseconds, UTC. The primary key of `jobs_spent` is what makes a permit single-use: whatever happens at once, one INSERT wins
(a permit is for one project, so that the key may begin with it).
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from troth.jobs.job import State
from troth.store.schema import METADATA, append_only

__all__ = ["JOBS", "OUTBOX", "RATES", "REVOCATIONS", "ROSTERS", "SEALS", "SPENT"]

_MILLISECONDS: Final = BigInteger


def _whose() -> Column[str]:
    return Column("tenant", String(127), primary_key=True, nullable=False)


JOBS: Final = Table(
    "jobs",
    METADATA,
    _whose(),
    Column("id", Text, primary_key=True),
    Column("content", LargeBinary, nullable=False),
    Column("type", Text, nullable=False),
    Column("category", Integer, nullable=False),
    Column("requester", Text, nullable=False),
    Column("idempotency_key", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("plan", LargeBinary, nullable=True),
    Column("plan_sha256", Text, nullable=False),
    Column("outcome", LargeBinary, nullable=True),
    Column("attempt", Integer, nullable=False),
    Column("owner", Text, nullable=False),
    Column("lease_until", _MILLISECONDS, nullable=False),
    Column("cancel", Integer, nullable=False),
    Column("submitted_at", _MILLISECONDS, nullable=False),
    Column("changed_at", _MILLISECONDS, nullable=False),
    Column("starts_before", _MILLISECONDS, nullable=False),
    UniqueConstraint("tenant", "idempotency_key"),
    CheckConstraint("state in (" + ", ".join(f"'{state.value}'" for state in State) + ")", name="state"),
    Index(None, "tenant", "state"),
)
"""One row for each job; its history is in the ledger."""

SPENT: Final = append_only(
    Table(
        "jobs_spent",
        METADATA,
        _whose(),
        Column("id", Text, primary_key=True),
        Column("job", Text, nullable=False),
        Column("permit_sha256", Text, nullable=False),
        Column("at", _MILLISECONDS, nullable=False),
    )
)
"""Permits that were spent; `id` is a digest of the jti: neither a permit nor its number is stored."""

REVOCATIONS: Final = append_only(
    Table(
        "jobs_revocations",
        METADATA,
        _whose(),
        Column("kind", Text, primary_key=True),
        Column("value", Text, primary_key=True),
        Column("at", _MILLISECONDS, nullable=False),
        Column("actor", Text, nullable=False),
        Column("reason", Text, nullable=False),
        CheckConstraint("kind in ('approver', 'jti', 'key', 'permit')", name="kind"),
    )
)
"""What no longer counts. Rows are added and never taken away."""

ROSTERS: Final = append_only(
    Table(
        "jobs_rosters",
        METADATA,
        _whose(),
        Column("issuer", Text, primary_key=True),
        Column("version", Integer, primary_key=True, autoincrement=False),
        Column("at", _MILLISECONDS, nullable=False),
    )
)
"""Versions of rosters that were used, so that an older one is refused. Rows are added and never taken away."""

SEALS: Final = append_only(
    Table(
        "jobs_seals",
        METADATA,
        _whose(),
        Column("job", Text, primary_key=True),
        Column("moment", Text, primary_key=True),
        Column("words", LargeBinary, nullable=False),
        Column("mac", Text, nullable=False),
        CheckConstraint("moment in ('begun', 'done', 'queued', 'submitted')", name="moment"),
    )
)
"""What the executor said about a job at a moment, under its own key: see `troth.jobs.executor.seals`."""

OUTBOX: Final = Table(
    "jobs_outbox",
    METADATA,
    _whose(),
    Column("id", Text, primary_key=True),
    Column("job", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("state", Text, nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("not_before", _MILLISECONDS, nullable=False),
    Column("reason", Text, nullable=False),
    CheckConstraint("state in ('waiting', 'sent', 'dead')", name="state"),
)
"""Messages to other systems, written with the job's end and delivered after it."""

RATES: Final = Table(
    "jobs_rates",
    METADATA,
    _whose(),
    Column("tokens", Integer, nullable=False),
    Column("at", _MILLISECONDS, nullable=False),
)
"""How many more requests a tenant's project may submit just now, in thousandths."""
