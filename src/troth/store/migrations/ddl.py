"""The protections that a migration puts on its tables. Frozen: a change of meaning gets a new function, for old scripts must go on doing what they did.

Row-level security compares the row's `tenant` with what the transaction set. Unset it is NULL and empty it is `/`: neither equals any tenant, so both see
nothing. It is FORCEd, so that it binds the owner of the tables too.
"""

from __future__ import annotations

import re

from alembic import op

__all__ = ["append_only", "tenant_rows"]

_NAME = re.compile(r"[a-z][a-z0-9_]{0,50}")


def tenant_rows(table: str) -> None:
    """Row-level security for a table with a `tenant` column; nothing on SQLite."""
    _demand_name(table)
    if op.get_bind().dialect.name != "postgresql":
        return
    own = "current_setting('troth.tenant', true) || '/' || current_setting('troth.project', true)"
    op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
    op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY {table}_own_tenant ON {table} USING (tenant = {own}) WITH CHECK (tenant = {own})")


def append_only(table: str) -> None:
    """Triggers that refuse every UPDATE, DELETE and TRUNCATE of a table."""
    _demand_name(table)
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            f"CREATE FUNCTION {table}_append_only() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog AS "
            f"$$ BEGIN RAISE EXCEPTION '{table} is append-only' USING ERRCODE = 'restrict_violation'; END $$"
        )
        op.execute(f"CREATE TRIGGER {table}_append_only_rows BEFORE UPDATE OR DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION {table}_append_only()")
        op.execute(f"CREATE TRIGGER {table}_append_only_all BEFORE TRUNCATE ON {table} FOR EACH STATEMENT EXECUTE FUNCTION {table}_append_only()")
        return
    for change in ("update", "delete"):
        op.execute(
            f"CREATE TRIGGER {table}_append_only_{change} BEFORE {change.upper()} ON {table} BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
        )


def _demand_name(table: str) -> None:
    if not _NAME.fullmatch(table):
        raise ValueError(f"{table!r} is no name of a table")
