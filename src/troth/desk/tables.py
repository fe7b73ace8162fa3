"""Tables of the desk, declared on the store's metadata.

Rules: whatever people wrote is in a `sealed` column (an envelope under the case's key, or under the desk's where it belongs to no case); in the clear stand
ids, times, states, sizes and digests. Rows of events are never changed or deleted; a case is erased by deleting the wraps of its key.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

from sqlalchemy import (
    Boolean,
    Column,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    String,
    Table,
    UniqueConstraint,
)

from troth.store import METADATA, Json, Utc, append_only

__all__ = [
    "BANS", "CASES", "CHUNKS", "CREDENTIALS", "EVENTS", "FILES", "INVITES", "ITEMS", "LABELS", "LINKS", "MEMBERS", "NEVER", "OUTBOX", "PUBLISHED", "REPLIES", "SESSIONS", "SPENT",
    "TAGS", "WORDS", "WRAPS",
]  # fmt: skip

NEVER: Final = datetime(9999, 12, 31, tzinfo=UTC)
"""The due date of what is never due."""
_ID: Final = 32
"""Random ids: 128 bits, hex."""


def _tenant() -> Column[str]:
    return Column("tenant", String(127), nullable=False)


CASES = Table(
    "desk_cases", METADATA, _tenant(),
    Column("uid", String(_ID), nullable=False),
    Column("number", Integer, nullable=False),
    Column("nonce", String(64), nullable=False),
    Column("channel", String(16), nullable=False),
    Column("lane", String(8), nullable=False),
    Column("received_at", Utc, nullable=False),
    Column("updated_at", Utc, nullable=False),
    Column("policy", String(64), nullable=False),
    Column("state", String(16), nullable=False),
    Column("advisory", String(16), nullable=False),
    Column("severity", String(8), nullable=False),
    Column("assignee", String(_ID), nullable=False),
    Column("acknowledged", Boolean, nullable=False),
    Column("waiting", Boolean, nullable=False),
    Column("restricted", Boolean, nullable=False),
    Column("blind", Boolean, nullable=False),
    Column("cluster", Integer, nullable=False),
    Column("clock", String(32), nullable=False),
    Column("due_at", Utc, nullable=True),
    Column("erased_at", Utc, nullable=True),
    Column("title_sealed", LargeBinary, nullable=False),
    PrimaryKeyConstraint("tenant", "uid"),
    UniqueConstraint("tenant", "number"),
    UniqueConstraint("tenant", "nonce"),
    Index("ix_desk_cases_due", "tenant", "lane", "due_at", "number"),
    Index("ix_desk_cases_state", "tenant", "state", "lane", "due_at", "number"),
    Index("ix_desk_cases_figures", "tenant", "erased_at", "state", "waiting", "due_at", "assignee"),
    Index("ix_desk_cases_assignee", "tenant", "assignee", "state"),
    Index("ix_desk_cases_updated", "tenant", "updated_at"),
)  # fmt: skip
"""One row per case; what lists need is derived from the events whenever one is added. `due_at` is `NEVER` once nothing is due, so that one
index gives the order of every list."""

WRAPS = Table(
    "desk_wraps", METADATA, _tenant(),
    Column("case_uid", String(_ID), nullable=False),
    Column("holder", String(48), nullable=False),
    Column("wrap", LargeBinary, nullable=False),
    PrimaryKeyConstraint("tenant", "case_uid", "holder"),
)  # fmt: skip
"""Who may read a case: its key, once per holder."""

LINKS = Table(
    "desk_links", METADATA, _tenant(),
    Column("digest", String(64), nullable=False),
    Column("case_uid", String(_ID), nullable=False),
    Column("made_at", Utc, nullable=False),
    Column("revoked_at", Utc, nullable=True),
    PrimaryKeyConstraint("tenant", "digest"),
    Index("ix_desk_links_case", "tenant", "case_uid"),
)  # fmt: skip
"""Secret links, by the digest of their token."""

ITEMS = Table(
    "desk_items", METADATA, _tenant(),
    Column("id", String(_ID), nullable=False),
    Column("case_uid", String(_ID), nullable=False),
    Column("seq", Integer, nullable=False),
    Column("kind", String(12), nullable=False),
    Column("audience", String(12), nullable=False),
    Column("author", String(48), nullable=False),
    Column("at", Utc, nullable=False),
    Column("nonce", String(64), nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    PrimaryKeyConstraint("tenant", "id"),
    UniqueConstraint("tenant", "nonce"),
    Index("ix_desk_items_case", "tenant", "case_uid", "seq"),
)  # fmt: skip
"""Reports, messages, notes, advisories and receipts. `audience`: `team` or `reporter` (team and reporter)."""

FILES = Table(
    "desk_files", METADATA, _tenant(),
    Column("id", String(_ID), nullable=False),
    Column("case_uid", String(_ID), nullable=False),
    Column("item", String(_ID), nullable=False),
    Column("size", Integer, nullable=False),
    Column("chunks", Integer, nullable=False),
    Column("name_sealed", LargeBinary, nullable=False),
    PrimaryKeyConstraint("tenant", "id"),
    Index("ix_desk_files_case", "tenant", "case_uid"),
)  # fmt: skip
CHUNKS = Table(
    "desk_chunks", METADATA, _tenant(),
    Column("file", String(_ID), nullable=False),
    Column("number", Integer, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    PrimaryKeyConstraint("tenant", "file", "number"),
)  # fmt: skip

EVENTS = append_only(Table(
    "desk_events", METADATA, _tenant(),
    Column("case_uid", String(_ID), nullable=False),
    Column("seq", Integer, nullable=False),
    Column("kind", String(32), nullable=False),
    Column("at", Utc, nullable=False),
    Column("actor", String(64), nullable=False),
    Column("data", Json, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    PrimaryKeyConstraint("tenant", "case_uid", "seq"),
    Index("ix_desk_events_kind", "tenant", "kind", "at"),
))  # fmt: skip
"""The truth. `data` has what clocks and machines need; free words are in `sealed`. `case_uid` is empty for what concerns the desk."""

MEMBERS = Table(
    "desk_members", METADATA, _tenant(),
    Column("id", String(_ID), nullable=False),
    Column("role", String(16), nullable=False),
    Column("recipient", String(128), nullable=False),
    Column("made_at", Utc, nullable=False),
    Column("left_at", Utc, nullable=True),
    Column("subject", String(64), nullable=False),
    Column("identity_sealed", LargeBinary, nullable=False),
    Column("who_sealed", LargeBinary, nullable=False),
    PrimaryKeyConstraint("tenant", "id"),
)  # fmt: skip
CREDENTIALS = Table(
    "desk_credentials", METADATA, _tenant(),
    Column("id", String(344), nullable=False),
    Column("member", String(_ID), nullable=False),
    Column("public_key", LargeBinary, nullable=False),
    Column("sign_count", Integer, nullable=False),
    Column("made_at", Utc, nullable=False),
    PrimaryKeyConstraint("tenant", "id"),
)  # fmt: skip
SESSIONS = Table(
    "desk_sessions", METADATA, _tenant(),
    Column("digest", String(64), nullable=False),
    Column("member", String(_ID), nullable=False),
    Column("made_at", Utc, nullable=False),
    Column("seen_at", Utc, nullable=False),
    Column("ends_at", Utc, nullable=False),
    PrimaryKeyConstraint("tenant", "digest"),
)  # fmt: skip
INVITES = Table(
    "desk_invites", METADATA, _tenant(),
    Column("digest", String(64), nullable=False),
    Column("member", String(_ID), nullable=False),
    Column("ends_at", Utc, nullable=False),
    Column("used_at", Utc, nullable=True),
    PrimaryKeyConstraint("tenant", "digest"),
)  # fmt: skip
"""Links that sign a member in once: for setting up, and where a passkey was lost."""

OUTBOX = Table(
    "desk_outbox", METADATA, _tenant(),
    Column("id", String(_ID), nullable=False),
    Column("key", String(160), nullable=False),
    Column("case_uid", String(_ID), nullable=False),
    Column("made_at", Utc, nullable=False),
    Column("due_at", Utc, nullable=False),
    Column("state", String(12), nullable=False),
    Column("tries", Integer, nullable=False),
    Column("done_at", Utc, nullable=True),
    Column("sealed", LargeBinary, nullable=False),
    PrimaryKeyConstraint("tenant", "id"),
    UniqueConstraint("tenant", "key"),
    Index("ix_desk_outbox_state", "tenant", "state", "due_at"),
)  # fmt: skip
"""Mail to send. `key` is unique: whatever asks twice gets one mail. `state`: waiting, sending, sent, failed, unsure."""

LABELS = Table(
    "desk_labels", METADATA, _tenant(),
    Column("id", String(_ID), nullable=False),
    Column("name_sealed", LargeBinary, nullable=False),
    PrimaryKeyConstraint("tenant", "id"),
)  # fmt: skip
TAGS = Table(
    "desk_tags", METADATA, _tenant(),
    Column("case_uid", String(_ID), nullable=False),
    Column("label", String(_ID), nullable=False),
    PrimaryKeyConstraint("tenant", "case_uid", "label"),
    Index("ix_desk_tags_label", "tenant", "label"),
)  # fmt: skip
WORDS = Table(
    "desk_words", METADATA, _tenant(),
    Column("word", String(16), nullable=False),
    Column("case_uid", String(_ID), nullable=False),
    PrimaryKeyConstraint("tenant", "word", "case_uid"),
    Index("ix_desk_words_case", "tenant", "case_uid"),
)  # fmt: skip
"""Search index: words of titles under a key of the desk (HMAC), never the words."""

PUBLISHED = Table(
    "desk_published", METADATA, _tenant(),
    Column("case_uid", String(_ID), nullable=False),
    Column("at", Utc, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    PrimaryKeyConstraint("tenant", "case_uid"),
)  # fmt: skip
"""What was published of a case: public, and therefore under the desk's key; it outlives the case's."""
REPLIES = Table(
    "desk_replies", METADATA, _tenant(),
    Column("id", String(_ID), nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    PrimaryKeyConstraint("tenant", "id"),
)  # fmt: skip
BANS = Table(
    "desk_bans", METADATA, _tenant(),
    Column("sender", String(64), nullable=False),
    Column("at", Utc, nullable=False),
    Column("actor", String(64), nullable=False),
    Column("case_uid", String(_ID), nullable=False),
    PrimaryKeyConstraint("tenant", "sender"),
)  # fmt: skip
SPENT = Table(
    "desk_spent", METADATA, _tenant(),
    Column("name", String(64), nullable=False),
    Column("ends_at", Utc, nullable=False),
    PrimaryKeyConstraint("tenant", "name"),
)  # fmt: skip
"""Proofs of work and form tokens that were used: each counts once."""
