"""An index for what one member has in hand: counted at every look at the board."""

from __future__ import annotations

from alembic import op

revision = "desk_0002"
down_revision = "desk_0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the index."""
    op.create_index("ix_desk_cases_assignee", "desk_cases", ["tenant", "assignee", "state"])
