"""Tables of the jobs: jobs, spent permits, revocations, rosters seen, outbox, rates."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from troth.store.migrations import ddl

revision = "jobs_0001"
down_revision = None
branch_labels = ("jobs",)
depends_on = None


def upgrade() -> None:
    """Make the tables and their protections."""
    _jobs()
    _permits()
    _around()
    for table in ("jobs", "jobs_spent", "jobs_revocations", "jobs_rosters", "jobs_outbox", "jobs_rates"):
        ddl.tenant_rows(table)
    for table in ("jobs_spent", "jobs_revocations", "jobs_rosters"):
        ddl.append_only(table)


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=False)


def _moment(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), nullable=False)


def _tenant() -> sa.Column[str]:
    return sa.Column("tenant", sa.String(127), nullable=False)


def _jobs() -> None:
    op.create_table(
        "jobs",
        _tenant(),
        _text("id"),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        _text("type"),
        sa.Column("category", sa.Integer(), nullable=False),
        _text("requester"),
        _text("idempotency_key"),
        _text("state"),
        _text("reason"),
        sa.Column("plan", sa.LargeBinary(), nullable=True),
        _text("plan_sha256"),
        sa.Column("outcome", sa.LargeBinary(), nullable=True),
        sa.Column("attempt", sa.Integer(), nullable=False),
        _text("owner"),
        _moment("lease_until"),
        sa.Column("cancel", sa.Integer(), nullable=False),
        _moment("submitted_at"),
        _moment("changed_at"),
        _moment("starts_before"),
        sa.PrimaryKeyConstraint("tenant", "id", name="pk_jobs"),
        sa.UniqueConstraint("tenant", "idempotency_key", name="uq_jobs_tenant_idempotency_key"),
        sa.CheckConstraint(
            "state in ('submitted', 'planned', 'queued', 'running', 'done', 'failed', 'lost', 'cancelled')", name=op.f("ck_jobs_state")
        ),
        sqlite_strict=True,
    )
    op.create_index("ix_jobs_tenant_state", "jobs", ["tenant", "state"])


def _permits() -> None:
    op.create_table(
        "jobs_spent",
        _tenant(),
        _text("id"),
        _text("job"),
        _text("permit_sha256"),
        _moment("at"),
        sa.PrimaryKeyConstraint("tenant", "id", name="pk_jobs_spent"),
        sqlite_strict=True,
    )
    op.create_table(
        "jobs_revocations",
        _tenant(),
        _text("kind"),
        _text("value"),
        _moment("at"),
        _text("actor"),
        _text("reason"),
        sa.PrimaryKeyConstraint("tenant", "kind", "value", name="pk_jobs_revocations"),
        sa.CheckConstraint("kind in ('approver', 'jti', 'key', 'permit')", name=op.f("ck_jobs_revocations_kind")),
        sqlite_strict=True,
    )
    op.create_table(
        "jobs_rosters",
        _tenant(),
        _text("issuer"),
        sa.Column("version", sa.Integer(), nullable=False),
        _moment("at"),
        sa.PrimaryKeyConstraint("tenant", "issuer", "version", name="pk_jobs_rosters"),
        sqlite_strict=True,
    )


def _around() -> None:
    op.create_table(
        "jobs_outbox",
        _tenant(),
        _text("id"),
        _text("job"),
        _text("kind"),
        _text("key"),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        _text("state"),
        sa.Column("attempt", sa.Integer(), nullable=False),
        _moment("not_before"),
        _text("reason"),
        sa.PrimaryKeyConstraint("tenant", "id", name="pk_jobs_outbox"),
        sa.CheckConstraint("state in ('waiting', 'sent', 'dead')", name=op.f("ck_jobs_outbox_state")),
        sqlite_strict=True,
    )
    op.create_table(
        "jobs_rates",
        _tenant(),
        sa.Column("tokens", sa.Integer(), nullable=False),
        _moment("at"),
        sa.PrimaryKeyConstraint("tenant", name="pk_jobs_rates"),
        sqlite_strict=True,
    )
