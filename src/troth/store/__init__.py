"""The storage port: one schema on SQLite and PostgreSQL, and transactions that know whose they are.

    store = open_store("sqlite:///var/troth.db")          # or postgresql+psycopg://role@host/database
    store.migrate()
    with store.write(Tenant("acme", "web")) as transaction:
        transaction.execute(insert(THINGS), [{"tenant": str(transaction.tenant), "id": "1"}])

How an owner of tables (ledger, jobs, desk) adds one:

1. Declare it on `METADATA` in the owner's `tables.py`, its name beginning with the owner's (`jobs_spent`). A table whose rows belong to a tenant has
   `Column("tenant", String(127), nullable=False)` holding `str(tenant)` ("id/project"), and `tenant` is part of its primary key and of every unique
   constraint. Types: String, Text, Integer, BigInteger, Float, Boolean, LargeBinary, `Utc`, `Json`; nothing else. A table that only grows is wrapped:
   `append_only(Table(...))`.
2. Add `src/troth/store/migrations/versions/OWNER/__init__.py` and a script `OWNER_0001.py` there: `revision = "OWNER_0001"`, `down_revision = None`,
   `branch_labels = ("OWNER",)` (the next one: `down_revision = "OWNER_0001"`, `branch_labels = None`), and `upgrade()` with plain
   `op.create_table(..., sqlite_strict=True)`; `Utc` and `Json` are written out (`Utc`: `sa.Text().with_variant(postgresql.TIMESTAMP(timezone=True), "postgresql")`,
   `Json`: `sa.Text()`). Constraint names as `METADATA` gives them. Then, for each table with tenants, `ddl.tenant_rows("name")`, and for each append-only one
   `ddl.append_only("name")` (`from troth.store.migrations import ddl`). `ledger_0001.py` is the example. A script that has been released is never edited.
3. `tests/store/test_schema.py` finds the table by itself: empty autogenerate difference on both back ends, STRICT, row-level security, triggers.

Importing this package imports SQLAlchemy (half a second): import it inside the function that needs it wherever `troth check` could pass.
"""

from __future__ import annotations

from troth.store.failures import SchemaError, ScopeError, StoreAwayError, StoreValueError
from troth.store.schema import METADATA, Json, JsonValue, Utc, append_only
from troth.store.transactions import Store, Transaction, open_store
from troth.store.writer import GroupWriter

__all__ = [
    "METADATA",
    "GroupWriter",
    "Json",
    "JsonValue",
    "SchemaError",
    "ScopeError",
    "Store",
    "StoreAwayError",
    "StoreValueError",
    "Transaction",
    "Utc",
    "append_only",
    "open_store",
]
