"""Heads, leaves, bodies and tiles of the ledger's logs."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from troth.store.migrations import ddl

revision = "ledger_0001"
down_revision = None
branch_labels = ("ledger",)
depends_on = None


def _log() -> tuple[sa.Column[str], sa.Column[str]]:
    return sa.Column("tenant", sa.String(127), nullable=False), sa.Column("origin", sa.String(255), nullable=False)


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "ledger_heads", *_log(),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("frontier", sa.LargeBinary(), nullable=False),
        sa.Column("latest", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("size >= 0", name="ck_ledger_heads_size"),
        sa.PrimaryKeyConstraint("tenant", "origin", name="pk_ledger_heads"),
        sqlite_strict=True,
    )  # fmt: skip
    op.create_table(
        "ledger_leaves", *_log(),
        sa.Column("number", sa.BigInteger(), nullable=False, autoincrement=False),
        sa.Column("leaf", sa.LargeBinary(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint("number >= 0", name="ck_ledger_leaves_number"),
        sa.CheckConstraint("length(hash) = 32", name="ck_ledger_leaves_hash"),
        sa.PrimaryKeyConstraint("tenant", "origin", "number", name="pk_ledger_leaves"),
        sqlite_strict=True,
    )  # fmt: skip
    op.create_table(
        "ledger_bodies", *_log(),
        sa.Column("number", sa.BigInteger(), nullable=False, autoincrement=False),
        sa.Column("salt", sa.LargeBinary(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "origin", "number", name="pk_ledger_bodies"),
        sqlite_strict=True,
    )  # fmt: skip
    op.create_table(
        "ledger_tiles", *_log(),
        sa.Column("level", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("number", sa.BigInteger(), nullable=False, autoincrement=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint("length(hash) = 32", name="ck_ledger_tiles_hash"),
        sa.PrimaryKeyConstraint("tenant", "origin", "level", "number", name="pk_ledger_tiles"),
        sqlite_strict=True,
    )  # fmt: skip
    for table in ("ledger_heads", "ledger_leaves", "ledger_bodies", "ledger_tiles"):
        ddl.tenant_rows(table)
    for table in ("ledger_leaves", "ledger_tiles"):
        ddl.append_only(table)
