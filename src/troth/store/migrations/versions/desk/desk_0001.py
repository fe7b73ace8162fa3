"""Tables of the desk: cases with the wraps of their keys, threads, files, events, people, mail."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from troth.store.migrations import ddl

revision = "desk_0001"
down_revision = None
branch_labels = ("desk",)
depends_on = None


_TABLES = (
    "desk_cases",
    "desk_wraps",
    "desk_links",
    "desk_items",
    "desk_files",
    "desk_chunks",
    "desk_events",
    "desk_members",
    "desk_credentials",
    "desk_sessions",
    "desk_invites",
    "desk_outbox",
    "desk_labels",
    "desk_tags",
    "desk_words",
    "desk_published",
    "desk_replies",
    "desk_bans",
    "desk_spent",
)


def upgrade() -> None:
    """Make the tables and their protections."""
    _cases()
    _threads()
    _files()
    _people()
    _mail_and_tags()
    _around()
    for table in _TABLES:
        ddl.tenant_rows(table)
    ddl.append_only("desk_events")


def _utc() -> sa.types.TypeEngine[str]:
    return sa.Text().with_variant(postgresql.TIMESTAMP(timezone=True), "postgresql")


def _cases() -> None:
    op.create_table(
        "desk_cases",
        sa.Column("tenant", sa.String(127), nullable=False),
        sa.Column("uid", sa.String(32), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("nonce", sa.String(64), nullable=False),
        sa.Column("channel", sa.String(16), nullable=False),
        sa.Column("lane", sa.String(8), nullable=False),
        sa.Column("received_at", _utc(), nullable=False),
        sa.Column("updated_at", _utc(), nullable=False),
        sa.Column("policy", sa.String(64), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("advisory", sa.String(16), nullable=False),
        sa.Column("severity", sa.String(8), nullable=False),
        sa.Column("assignee", sa.String(32), nullable=False),
        sa.Column("acknowledged", sa.Boolean(), nullable=False),
        sa.Column("waiting", sa.Boolean(), nullable=False),
        sa.Column("restricted", sa.Boolean(), nullable=False),
        sa.Column("blind", sa.Boolean(), nullable=False),
        sa.Column("cluster", sa.Integer(), nullable=False),
        sa.Column("clock", sa.String(32), nullable=False),
        sa.Column("due_at", _utc(), nullable=True),
        sa.Column("erased_at", _utc(), nullable=True),
        sa.Column("title_sealed", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "uid", name="pk_desk_cases"),
        sa.UniqueConstraint("tenant", "nonce", name="uq_desk_cases_tenant_nonce"),
        sa.UniqueConstraint("tenant", "number", name="uq_desk_cases_tenant_number"),
        sqlite_strict=True,
    )
    op.create_index("ix_desk_cases_due", "desk_cases", ["tenant", "lane", "due_at", "number"])
    op.create_index("ix_desk_cases_figures", "desk_cases", ["tenant", "erased_at", "state", "waiting", "due_at", "assignee"])
    op.create_index("ix_desk_cases_state", "desk_cases", ["tenant", "state", "lane", "due_at", "number"])
    op.create_index("ix_desk_cases_updated", "desk_cases", ["tenant", "updated_at"])
    op.create_table(
        "desk_wraps",
        sa.Column("tenant", sa.String(127), nullable=False),
        sa.Column("case_uid", sa.String(32), nullable=False),
        sa.Column("holder", sa.String(48), nullable=False),
        sa.Column("wrap", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "case_uid", "holder", name="pk_desk_wraps"),
        sqlite_strict=True,
    )


def _threads() -> None:
    op.create_table(
        "desk_links",
        sa.Column("tenant", sa.String(127), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("case_uid", sa.String(32), nullable=False),
        sa.Column("made_at", _utc(), nullable=False),
        sa.Column("revoked_at", _utc(), nullable=True),
        sa.PrimaryKeyConstraint("tenant", "digest", name="pk_desk_links"),
        sqlite_strict=True,
    )
    op.create_index("ix_desk_links_case", "desk_links", ["tenant", "case_uid"])
    op.create_table(
        "desk_items",
        sa.Column("tenant", sa.String(127), nullable=False),
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("case_uid", sa.String(32), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(12), nullable=False),
        sa.Column("audience", sa.String(12), nullable=False),
        sa.Column("author", sa.String(48), nullable=False),
        sa.Column("at", _utc(), nullable=False),
        sa.Column("nonce", sa.String(64), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "id", name="pk_desk_items"),
        sa.UniqueConstraint("tenant", "nonce", name="uq_desk_items_tenant_nonce"),
        sqlite_strict=True,
    )
    op.create_index("ix_desk_items_case", "desk_items", ["tenant", "case_uid", "seq"])
    op.create_table(
        "desk_files",
        sa.Column("tenant", sa.String(127), nullable=False),
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("case_uid", sa.String(32), nullable=False),
        sa.Column("item", sa.String(32), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("chunks", sa.Integer(), nullable=False),
        sa.Column("name_sealed", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "id", name="pk_desk_files"),
        sqlite_strict=True,
    )
    op.create_index("ix_desk_files_case", "desk_files", ["tenant", "case_uid"])


def _files() -> None:
    op.create_table(
        "desk_chunks",
        sa.Column("tenant", sa.String(127), nullable=False),
        sa.Column("file", sa.String(32), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "file", "number", name="pk_desk_chunks"),
        sqlite_strict=True,
    )
    op.create_table(
        "desk_events",
        sa.Column("tenant", sa.String(127), nullable=False),
        sa.Column("case_uid", sa.String(32), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("at", _utc(), nullable=False),
        sa.Column("actor", sa.String(64), nullable=False),
        sa.Column("data", sa.Text(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "case_uid", "seq", name="pk_desk_events"),
        sqlite_strict=True,
    )
    op.create_index("ix_desk_events_kind", "desk_events", ["tenant", "kind", "at"])
    op.create_table(
        "desk_members",
        sa.Column("tenant", sa.String(127), nullable=False),
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("role", sa.String(16), nullable=False),
        sa.Column("recipient", sa.String(128), nullable=False),
        sa.Column("made_at", _utc(), nullable=False),
        sa.Column("left_at", _utc(), nullable=True),
        sa.Column("subject", sa.String(64), nullable=False),
        sa.Column("identity_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("who_sealed", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "id", name="pk_desk_members"),
        sqlite_strict=True,
    )


def _people() -> None:
    op.create_table(
        "desk_credentials",
        sa.Column("tenant", sa.String(127), nullable=False),
        sa.Column("id", sa.String(344), nullable=False),
        sa.Column("member", sa.String(32), nullable=False),
        sa.Column("public_key", sa.LargeBinary(), nullable=False),
        sa.Column("sign_count", sa.Integer(), nullable=False),
        sa.Column("made_at", _utc(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "id", name="pk_desk_credentials"),
        sqlite_strict=True,
    )
    op.create_table(
        "desk_sessions",
        sa.Column("tenant", sa.String(127), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("member", sa.String(32), nullable=False),
        sa.Column("made_at", _utc(), nullable=False),
        sa.Column("seen_at", _utc(), nullable=False),
        sa.Column("ends_at", _utc(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "digest", name="pk_desk_sessions"),
        sqlite_strict=True,
    )
    op.create_table(
        "desk_invites",
        sa.Column("tenant", sa.String(127), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("member", sa.String(32), nullable=False),
        sa.Column("ends_at", _utc(), nullable=False),
        sa.Column("used_at", _utc(), nullable=True),
        sa.PrimaryKeyConstraint("tenant", "digest", name="pk_desk_invites"),
        sqlite_strict=True,
    )
    op.create_table(
        "desk_outbox",
        sa.Column("tenant", sa.String(127), nullable=False),
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("key", sa.String(160), nullable=False),
        sa.Column("case_uid", sa.String(32), nullable=False),
        sa.Column("made_at", _utc(), nullable=False),
        sa.Column("due_at", _utc(), nullable=False),
        sa.Column("state", sa.String(12), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("done_at", _utc(), nullable=True),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "id", name="pk_desk_outbox"),
        sa.UniqueConstraint("tenant", "key", name="uq_desk_outbox_tenant_key"),
        sqlite_strict=True,
    )
    op.create_index("ix_desk_outbox_state", "desk_outbox", ["tenant", "state", "due_at"])


def _mail_and_tags() -> None:
    op.create_table(
        "desk_labels",
        sa.Column("tenant", sa.String(127), nullable=False),
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("name_sealed", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "id", name="pk_desk_labels"),
        sqlite_strict=True,
    )
    op.create_table(
        "desk_tags",
        sa.Column("tenant", sa.String(127), nullable=False),
        sa.Column("case_uid", sa.String(32), nullable=False),
        sa.Column("label", sa.String(32), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "case_uid", "label", name="pk_desk_tags"),
        sqlite_strict=True,
    )
    op.create_index("ix_desk_tags_label", "desk_tags", ["tenant", "label"])
    op.create_table(
        "desk_words",
        sa.Column("tenant", sa.String(127), nullable=False),
        sa.Column("word", sa.String(16), nullable=False),
        sa.Column("case_uid", sa.String(32), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "word", "case_uid", name="pk_desk_words"),
        sqlite_strict=True,
    )
    op.create_index("ix_desk_words_case", "desk_words", ["tenant", "case_uid"])
    op.create_table(
        "desk_published",
        sa.Column("tenant", sa.String(127), nullable=False),
        sa.Column("case_uid", sa.String(32), nullable=False),
        sa.Column("at", _utc(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "case_uid", name="pk_desk_published"),
        sqlite_strict=True,
    )


def _around() -> None:
    op.create_table(
        "desk_replies",
        sa.Column("tenant", sa.String(127), nullable=False),
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "id", name="pk_desk_replies"),
        sqlite_strict=True,
    )
    op.create_table(
        "desk_bans",
        sa.Column("tenant", sa.String(127), nullable=False),
        sa.Column("sender", sa.String(64), nullable=False),
        sa.Column("at", _utc(), nullable=False),
        sa.Column("actor", sa.String(64), nullable=False),
        sa.Column("case_uid", sa.String(32), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "sender", name="pk_desk_bans"),
        sqlite_strict=True,
    )
    op.create_table(
        "desk_spent",
        sa.Column("tenant", sa.String(127), nullable=False),
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("ends_at", _utc(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "name", name="pk_desk_spent"),
        sqlite_strict=True,
    )
