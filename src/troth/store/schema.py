"""What tables are made of: the one metadata, its names, times and JSON, and the marks that a table carries.

Rules:

* every table is declared on `METADATA` by the package that owns it; names of constraints come from one convention, so that both back ends and every
  migration call them the same;
* on SQLite every table is STRICT: a value of another type is refused, not converted; the only types there are TEXT, INTEGER, REAL and BLOB;
* `Utc` is an instant: microseconds, UTC, refused without a zone; as text on SQLite it sorts as time does;
* `Json` is text with one spelling (sorted keys, ASCII, no NaN): what is written on one back end is, byte for byte, what the other would hold;
* `append_only(table)` marks a table whose rows are never changed or deleted; its migration installs the triggers, and the store refuses to work without them.

This module opens no database.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import MetaData, Table, Text, event
from sqlalchemy.dialects.postgresql import TIMESTAMP
from sqlalchemy.dialects.sqlite.base import SQLiteTypeCompiler
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator, TypeEngine

from troth.store.failures import StoreValueError

__all__ = ["METADATA", "Json", "JsonValue", "StrictTypes", "Utc", "append_only", "is_append_only", "stamp"]

JsonValue = str | int | float | bool | None | Sequence["JsonValue"] | Mapping[str, "JsonValue"]
"""What JSON can hold; tuples are written as lists."""

METADATA: Final = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)
"""All tables of Troth."""

_APPEND_ONLY: Final = "append_only"


@event.listens_for(Table, "after_parent_attach")
def _strict(table: Table, parent: object) -> None:
    if parent is METADATA:
        table.dialect_options["sqlite"]["strict"] = True


def append_only(table: Table) -> Table:
    """Mark a table as one whose rows are never changed or deleted; returns it.

    The migration that makes the table calls `append_only` of its `ddl` module, which installs the triggers; `Store.migrate` fails where they are missing.
    """
    table.info[_APPEND_ONLY] = True
    return table


def is_append_only(table: Table) -> bool:
    """Whether `append_only` marked the table."""
    return bool(table.info.get(_APPEND_ONLY))


def stamp(moment: datetime) -> str:
    """An instant as text of fixed width: `2026-11-21T10:00:00.000000Z`.

    Raises:
        StoreValueError: it has no time zone.
    """
    if moment.tzinfo is None or moment.utcoffset() is None:
        raise StoreValueError("a time without a zone says no instant")
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


class Utc(TypeDecorator[datetime]):
    """An instant; comes back in UTC, to the microsecond."""

    impl = Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """`timestamptz` on PostgreSQL, text of fixed width elsewhere."""
        if dialect.name == "postgresql":
            return dialect.type_descriptor(TIMESTAMP(timezone=True))
        return dialect.type_descriptor(Text())

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:  # noqa: ANN401 - the driver's type
        """Refuse what is no instant; UTC otherwise."""
        if value is None:
            return None
        text = stamp(value)
        return text if dialect.name == "sqlite" else value.astimezone(UTC)

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:  # noqa: ANN401, ARG002 - the driver's type
        """The instant, in UTC."""
        if value is None:
            return None
        moment = datetime.fromisoformat(value) if isinstance(value, str) else value
        return moment.astimezone(UTC)


class Json(TypeDecorator[JsonValue]):
    """JSON as text with one spelling, equal on every back end."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: JsonValue, dialect: Dialect) -> str | None:  # noqa: ARG002
        """The one spelling."""
        if value is None:
            return None
        try:
            return json.dumps(value, ensure_ascii=True, allow_nan=False, sort_keys=True, separators=(",", ":"))
        except (TypeError, ValueError, RecursionError) as error:
            raise StoreValueError("a value is not JSON") from error

    def process_result_value(self, value: str | None, dialect: Dialect) -> JsonValue:  # noqa: ARG002
        """What it says."""
        if value is None:
            return None
        told: JsonValue = json.loads(value)
        return told


class StrictTypes(SQLiteTypeCompiler):
    """Names of column types that a STRICT table of SQLite takes."""

    def process(self, type_: TypeEngine[Any], **kw: Any) -> str:  # noqa: ANN401
        """The affinity of a type's usual name.

        Raises:
            StoreValueError: the type has none that keeps its meaning.
        """
        name = super().process(type_, **kw).upper()
        if name.startswith(("VARCHAR", "CHAR", "TEXT", "CLOB")):
            return "TEXT"
        if name.startswith(("INT", "BIGINT", "SMALLINT", "BOOLEAN")):
            return "INTEGER"
        if name.startswith(("FLOAT", "REAL", "DOUBLE")):
            return "REAL"
        if name.startswith("BLOB"):
            return "BLOB"
        raise StoreValueError(f"a column of type {name} has no place in a STRICT table: use Utc, Json, text, numbers or bytes")
