"""Seals: what the executor said about a job, under a key that is not in the database."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from troth.store.migrations import ddl

revision = "jobs_0002"
down_revision = "jobs_0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table and its protections. Jobs that wait from before have no seal, and are asked for again."""
    op.create_table(
        "jobs_seals",
        sa.Column("tenant", sa.String(127), nullable=False),
        sa.Column("job", sa.Text(), nullable=False),
        sa.Column("moment", sa.Text(), nullable=False),
        sa.Column("words", sa.LargeBinary(), nullable=False),
        sa.Column("mac", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "job", "moment", name="pk_jobs_seals"),
        sa.CheckConstraint("moment in ('begun', 'done', 'queued', 'submitted')", name=op.f("ck_jobs_seals_moment")),
        sqlite_strict=True,
    )
    ddl.tenant_rows("jobs_seals")
    ddl.append_only("jobs_seals")
