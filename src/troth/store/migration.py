"""Bringing the tables up to date: Alembic without its command line, forwards only, and a look at the protections afterwards.

Rules:

* each owner of tables has a folder and a branch of revisions of its own (`migrations/versions/OWNER/`, `down_revision = None` at its start), so that parts
  that are built side by side never fight for one line of revisions; all branches go up together, in one transaction;
* of several processes that start at once one migrates and the others wait (advisory lock; on SQLite the write lock);
* afterwards every declared table with a `tenant` column has forced row-level security (PostgreSQL), every table marked append-only has its triggers, and every
  table on SQLite is STRICT; otherwise the store does not open.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from alembic.config import Config
from alembic.runtime.environment import EnvironmentContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection, Engine, Table, inspect, text

from troth.store.connections import PG_SCHEMA, demand_bound_role
from troth.store.failures import SchemaError
from troth.store.schema import METADATA, is_append_only

__all__ = ["migrate", "script_directory"]

_SCRIPTS: Final = Path(__file__).with_name("migrations")
_LOCK: Final = 0x54524F5448
"""Number of the advisory lock: TROTH."""


def script_directory() -> ScriptDirectory:
    """All migration scripts, of every owner."""
    config = Config()
    config.set_main_option("script_location", str(_SCRIPTS))
    folders = sorted(str(folder) for folder in (_SCRIPTS / "versions").iterdir() if (folder / "__init__.py").is_file())
    config.set_main_option("version_locations", ";".join(folders))
    config.set_main_option("path_separator", ";")
    return ScriptDirectory.from_config(config)


def migrate(engine: Engine) -> None:
    """Upgrade every branch to its head, then look at the protections.

    Raises:
        SchemaError: unknown revisions, or a protection is missing.
    """
    scripts = script_directory()
    with engine.connect() as connection, connection.begin():
        if engine.dialect.name == "postgresql":
            demand_bound_role(connection)
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
            connection.exec_driver_sql(f"CREATE SCHEMA IF NOT EXISTS {PG_SCHEMA}")
        try:
            _upgrade(scripts, connection)
        except CommandError as error:
            raise SchemaError(f"the database's revisions are not those of this version: {error}") from error
        missing = _unprotected(connection)
        if missing:
            raise SchemaError("tables without their protection: " + "; ".join(missing))


def _upgrade(scripts: ScriptDirectory, connection: Connection) -> None:
    def revisions(current: Any, _context: object) -> Any:  # noqa: ANN401 - Alembic's own shapes
        return scripts._upgrade_revs("heads", current)

    with EnvironmentContext(Config(), scripts, fn=revisions, destination_rev="heads") as environment:
        environment.configure(connection=connection, transactional_ddl=False, version_table="troth_revisions")
        environment.run_migrations()


def _unprotected(connection: Connection) -> list[str]:
    present = set(inspect(connection).get_table_names())
    tables = [table for table in METADATA.tables.values() if table.name in present]
    postgres = connection.dialect.name == "postgresql"
    return [said for table in tables for said in (_lacks_postgres if postgres else _lacks_sqlite)(connection, table)]


def _lacks_postgres(connection: Connection, table: Table) -> list[str]:
    row = connection.execute(
        text(
            "SELECT c.relrowsecurity AND c.relforcerowsecurity, (SELECT count(*) FROM pg_catalog.pg_policy p WHERE p.polrelid = c.oid),"
            " (SELECT count(*) FROM pg_catalog.pg_trigger t WHERE t.tgrelid = c.oid AND NOT t.tgisinternal AND t.tgenabled <> 'D' AND t.tgname LIKE '%_append_only%')"
            " FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = :schema AND c.relname = :name"
        ),
        {"schema": PG_SCHEMA, "name": table.name},
    ).one()
    said = []
    if "tenant" in table.c and not (row[0] and row[1] == 1):
        said.append(f"{table.name} (row-level security)")
    if is_append_only(table) and row[2] != 2:
        said.append(f"{table.name} (append only)")
    return said


def _lacks_sqlite(connection: Connection, table: Table) -> list[str]:
    said = []
    strict = connection.execute(text("SELECT strict FROM pragma_table_list WHERE schema = 'main' AND name = :name"), {"name": table.name}).scalar()
    if strict != 1:
        said.append(f"{table.name} (not STRICT)")
    count = connection.execute(
        text("SELECT count(*) FROM sqlite_master WHERE type = 'trigger' AND tbl_name = :name AND name LIKE '%_append_only_%'"), {"name": table.name}
    ).scalar()
    if is_append_only(table) and count != 2:
        said.append(f"{table.name} (append only)")
    return said
