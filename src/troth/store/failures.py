"""What can go wrong with a database, in the words of whoever has to act. Raised by this package only."""

from __future__ import annotations

from typing import ClassVar

from troth.errors import StoreError

__all__ = ["SchemaError", "ScopeError", "StoreAwayError", "StoreValueError"]


class StoreAwayError(StoreError):
    """The database does not answer or cannot write: away, locked for too long, full, read-only. Nothing of the transaction was kept."""

    code: ClassVar[str] = "store-away"
    help: ClassVar[str] = "Look at the database (is it running, is the disk full, who holds the lock?), then repeat: nothing was written."


class SchemaError(StoreError):
    """The tables are not those of this version, or lack a protection that this version needs."""

    code: ClassVar[str] = "store-schema"
    help: ClassVar[str] = "Bring the tables up to date with `Store.migrate`; a database of a newer Troth needs that Troth."


class ScopeError(StoreError):
    """A statement could reach rows of another tenant, or would change what is only ever added to. A mistake of the program; nothing was executed."""

    code: ClassVar[str] = "store-scope"
    help: ClassVar[str] = "Compare the `tenant` column of every table in the statement with `str(transaction.tenant)`."


class StoreValueError(StoreError):
    """A value that no column here can hold: a time without zone, JSON that is none, text that the database refuses."""

    code: ClassVar[str] = "store-value"
    help: ClassVar[str] = "The message names the value's kind; nothing was written."
