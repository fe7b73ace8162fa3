"""Tables of the ledger: leaves that are only ever added, their bodies that may be erased, and where each log ends.

Rules: a leaf's row holds exactly the bytes that are hashed; the body, with the salt of its commitment, lies beside it and may be deleted; heads and tiles are
derived from the leaves (so that appending and proving stay quick) and are never believed by a verifier.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import BigInteger, CheckConstraint, Column, Integer, LargeBinary, PrimaryKeyConstraint, String, Table

from troth.store import METADATA, append_only

__all__ = ["BODIES", "HEADS", "LEAVES", "TILES"]

_ORIGIN: Final = 255


def _log() -> tuple[Column[str], Column[str]]:
    return Column("tenant", String(127), nullable=False), Column("origin", String(_ORIGIN), nullable=False)


HEADS = Table(
    "ledger_heads", METADATA, *_log(),
    Column("size", BigInteger, nullable=False),
    Column("frontier", LargeBinary, nullable=False),
    Column("latest", BigInteger, nullable=False),
    CheckConstraint("size >= 0", name="size"),
    PrimaryKeyConstraint("tenant", "origin"),
)  # fmt: skip
"""Where a log ends: its size and the roots of its complete subtrees, the largest first, 32 bytes each; `latest` is the latest time of its entries."""

LEAVES = append_only(
    Table(
        "ledger_leaves", METADATA, *_log(),
        Column("number", BigInteger, nullable=False, autoincrement=False),
        Column("leaf", LargeBinary, nullable=False),
        Column("hash", LargeBinary, nullable=False),
        CheckConstraint("number >= 0", name="number"),
        CheckConstraint("length(hash) = 32", name="hash"),
        PrimaryKeyConstraint("tenant", "origin", "number"),
    )
)  # fmt: skip
"""One row per entry: the bytes that are hashed, and RFC 6962's leaf hash of them (which a verifier computes anew)."""

BODIES = Table(
    "ledger_bodies", METADATA, *_log(),
    Column("number", BigInteger, nullable=False, autoincrement=False),
    Column("salt", LargeBinary, nullable=False),
    Column("body", LargeBinary, nullable=False),
    PrimaryKeyConstraint("tenant", "origin", "number"),
)  # fmt: skip
"""What an entry says, redacted, and the salt of its commitment; erasing it leaves every proof as it is."""

TILES = append_only(
    Table(
        "ledger_tiles", METADATA, *_log(),
        Column("level", Integer, nullable=False, autoincrement=False),
        Column("number", BigInteger, nullable=False, autoincrement=False),
        Column("hash", LargeBinary, nullable=False),
        CheckConstraint("length(hash) = 32", name="hash"),
        PrimaryKeyConstraint("tenant", "origin", "level", "number"),
    )
)  # fmt: skip
"""Roots of complete subtrees of 2^8, 2^16, ... leaves: what makes a proof at 10^6 entries a matter of milliseconds."""
