"""Two tables that belong to nobody, for looking at the store alone."""

from __future__ import annotations

from sqlalchemy import Column, Integer, LargeBinary, MetaData, PrimaryKeyConstraint, String, Table, text

from troth.store import Json, Store, Utc
from troth.terms.tenant import Tenant

OWN, OTHER = Tenant("acme", "web"), Tenant("acme", "api")
META = MetaData()
THINGS = Table(
    "things", META,
    Column("tenant", String(127), nullable=False), Column("id", String(32), nullable=False), Column("count", Integer), Column("at", Utc), Column("data", Json), Column("raw", LargeBinary),
    PrimaryKeyConstraint("tenant", "id"), sqlite_strict=True,
)  # fmt: skip
PARTS = Table(
    "parts", META, Column("tenant", String(127), nullable=False), Column("id", String(32), nullable=False), Column("thing", String(32), nullable=False), PrimaryKeyConstraint("tenant", "id"), sqlite_strict=True
)
NAMES = Table("names", META, Column("name", String(32), primary_key=True), sqlite_strict=True)


def declared(store: Store) -> None:
    """Make them, with the protections that a migration would put on."""
    from alembic.migration import MigrationContext
    from alembic.operations import Operations

    from troth.store.migrations import ddl

    with store.engine.connect() as connection, connection.begin():
        META.create_all(connection)
        if store.dialect == "postgresql":
            connection.execute(text("SET search_path = troth"))
        with Operations.context(MigrationContext.configure(connection)):
            ddl.tenant_rows("things")
            ddl.tenant_rows("parts")


def thing(id_: str, tenant: Tenant = OWN, **values: object) -> dict[str, object]:
    return {"tenant": str(tenant), "id": id_, "count": None, "at": None, "data": None, "raw": None, **values}
