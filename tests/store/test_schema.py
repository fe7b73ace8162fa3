"""One schema: what the tables say and what the migrations made is the same on both back ends, with every protection in place."""

from __future__ import annotations

import importlib.util

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import UniqueConstraint, text

import troth.ledger.tables  # noqa: F401
from troth.store import METADATA, SchemaError, Store
from troth.store.migration import script_directory

OWNERS = ["ledger", *(owner for owner in ("jobs", "desk") if importlib.util.find_spec(f"troth.{owner}.tables"))]


@pytest.mark.parametrize("owner", OWNERS)
def test_the_migrations_make_exactly_the_tables_that_are_declared(store: Store, owner: str) -> None:
    importlib.import_module(f"troth.{owner}.tables")

    def ours(name: str | None, kind: str, parents: dict[str, str | None]) -> bool:
        table = name if kind == "table" else parents.get("table_name")
        return kind == "schema" or str(table).startswith(f"{owner}_")

    def declared(item: object, name: str | None, kind: str, *_: object) -> bool:
        table = item.name if kind == "table" else item.table.name
        return table.startswith(f"{owner}_")

    with store.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True, "include_name": ours, "include_object": declared})
        difference = compare_metadata(context, METADATA)

    assert difference == []


def test_every_owner_has_a_branch_of_its_own_and_goes_forwards_only() -> None:
    scripts = script_directory()
    for script in scripts.walk_revisions():
        assert not hasattr(script.module, "downgrade"), script.revision
    assert {base.split("_")[0] for base in scripts.get_bases()} >= set(OWNERS)


@pytest.mark.parametrize("owner", OWNERS)
def test_a_table_with_tenants_has_them_in_every_key(owner: str) -> None:
    importlib.import_module(f"troth.{owner}.tables")
    tables = [table for name, table in METADATA.tables.items() if name.startswith(f"{owner}_") and "tenant" in table.c]

    assert tables
    for table in tables:
        assert not table.c.tenant.nullable
        assert table.c.tenant.type.length == 127
        for constraint in table.constraints:
            if isinstance(constraint, UniqueConstraint) or constraint is table.primary_key:
                assert "tenant" in constraint.columns, constraint


def test_a_database_of_a_newer_version_is_refused(store: Store) -> None:
    with store.engine.connect() as connection, connection.begin():
        connection.execute(text("INSERT INTO troth_revisions VALUES ('from_the_future')"))

    with pytest.raises(SchemaError, match="from_the_future"):
        store.migrate()


def test_a_table_that_lost_its_protection_is_refused(store: Store) -> None:
    with store.engine.connect() as connection, connection.begin():
        if store.dialect == "sqlite":
            connection.execute(text("DROP TRIGGER ledger_leaves_append_only_delete"))
        else:
            connection.execute(text("ALTER TABLE ledger_leaves DISABLE TRIGGER ledger_leaves_append_only_rows"))
            connection.execute(text("ALTER TABLE ledger_bodies NO FORCE ROW LEVEL SECURITY"))

    with pytest.raises(SchemaError, match="append only"):
        store.migrate()
