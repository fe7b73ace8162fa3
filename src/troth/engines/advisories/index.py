"""The index: one SQLite file with what every source says, its date and what it covers.

Rules: a source is replaced as a whole, in one transaction, so that an import that breaks off leaves the index as it was; the date of a source is that of its newest
record (or an earlier one that the user gives), never that of a file; entries that could not be read are counted in it, because a source with holes gives no all-clear.
The file is opened for reading without the right to write. It is not signed: it is a cache of what its owner imported.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from troth.detectors.cache import directory
from troth.engines.advisories.records import Record, Span
from troth.errors import LookError, UsageError
from troth.terms.facts.advisories import AdvisorySource

__all__ = ["Index", "Row", "default_path", "open_index", "write_source"]

FORM: Final = 1
_APPLICATION: Final = 0x7402A0D5
_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS source (
    id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, taken TEXT NOT NULL, imported TEXT NOT NULL,
    advisories INTEGER NOT NULL, withdrawn INTEGER NOT NULL, unread INTEGER NOT NULL, coverage TEXT NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS advisory (
    id INTEGER PRIMARY KEY, source INTEGER NOT NULL, name TEXT NOT NULL, aliases TEXT NOT NULL, summary TEXT NOT NULL,
    severity TEXT NOT NULL, kind TEXT NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS affected (
    ecosystem TEXT NOT NULL, name TEXT NOT NULL, advisory INTEGER NOT NULL, spans TEXT NOT NULL, versions TEXT NOT NULL, unclear INTEGER NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS affected_by_name ON affected (ecosystem, name);
CREATE INDEX IF NOT EXISTS affected_by_advisory ON affected (advisory);
CREATE INDEX IF NOT EXISTS advisory_by_source ON advisory (source);
"""


@dataclass(frozen=True, slots=True)
class Row:
    """What one advisory says of one package, as the index holds it."""

    advisory: int
    spans: tuple[Span, ...]
    versions: tuple[str, ...]
    unclear: bool


@dataclass(frozen=True, slots=True)
class Heading:
    """What is shown of an advisory."""

    name: str
    aliases: tuple[str, ...]
    summary: str
    severity: str
    kind: str
    source: str


def default_path() -> Path:
    """The user's own index, in Troth's cache directory.

    Raises:
        UsageError: there can be no cache directory (TROTH_CACHE is empty, or others may write to it).
    """
    folder = directory()
    if folder is None:
        raise UsageError("there is no cache directory for the index; name a file with --index FILE")
    return folder / "advisories.sqlite"


class Index:
    """An index opened for reading; close it, or use it as a context.

    Attributes:
        sources: what it was made from.
    """

    def __init__(self, connection: sqlite3.Connection, sources: tuple[AdvisorySource, ...]) -> None:
        self._connection = connection
        self.sources = sources

    def __enter__(self) -> Index:
        """The index itself."""
        return self

    def __exit__(self, *error: object) -> None:
        """Close the file."""
        self._connection.close()

    def about(self, ecosystem: str, name: str) -> tuple[Row, ...]:
        """What is known of one package.

        Raises:
            LookError: the file is damaged.
        """
        with _damage():
            rows = self._connection.execute(
                "SELECT advisory, spans, versions, unclear FROM affected WHERE ecosystem = ? AND name = ?", (ecosystem, name)
            ).fetchall()
            return tuple(
                Row(advisory, tuple(tuple(span) for span in json.loads(spans)), tuple(versions.split()), bool(unclear))
                for advisory, spans, versions, unclear in rows
            )

    def heading(self, advisory: int) -> Heading:
        """What is shown of an advisory.

        Raises:
            LookError: the file is damaged.
        """
        with _damage():
            row = self._connection.execute(
                "SELECT a.name, a.aliases, a.summary, a.severity, a.kind, s.name FROM advisory a JOIN source s ON s.id = a.source WHERE a.id = ?",
                (advisory,),
            ).fetchone()
            if row is None:
                raise LookError("a whole index", "The index names an advisory that it does not hold.")
            return Heading(row[0], tuple(json.loads(row[1])), row[2], row[3], row[4], row[5])


@contextmanager
def _damage() -> Iterator[None]:
    try:
        yield
    except (sqlite3.Error, ValueError, TypeError) as error:
        raise LookError("a whole index of advisories", f"The index of advisories is damaged ({type(error).__name__}).") from error


def open_index(path: Path) -> Index:
    """Open an index for reading.

    Raises:
        LookError: there is none, it is damaged, or of another form.
    """
    if not path.is_file():
        raise LookError("an index of advisories (troth advisories import PATH...)", f"There is no index at {path.name}.")
    with _damage():
        connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)
        try:
            _demand_form(connection)
            found = tuple(_sources(connection))
        except BaseException:
            connection.close()
            raise
    return Index(connection, found)


def _demand_form(connection: sqlite3.Connection) -> None:
    connection.execute("PRAGMA trusted_schema = OFF")
    marks = [connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("application_id", "user_version")]
    if marks != [_APPLICATION, FORM]:
        raise LookError("an index of advisories of this version (troth advisories import)", "The file is no index of advisories, or one of another version.")


def _sources(connection: sqlite3.Connection) -> Iterator[AdvisorySource]:
    query = "SELECT name, taken, imported, advisories, withdrawn, unread, coverage FROM source ORDER BY name"
    for name, taken, imported, advisories, withdrawn, unread, coverage in connection.execute(query):
        counts = tuple(sorted((str(key), int(value)) for key, value in json.loads(coverage).items()))
        yield AdvisorySource(name, datetime.fromisoformat(taken), datetime.fromisoformat(imported), advisories, withdrawn, unread, counts)


def write_source(path: Path, name: str, records: Iterator[Record | None], *, now: datetime, as_of: datetime | None = None) -> AdvisorySource:
    """Put a source in the place of what the index held under its name.

    Args:
        path: the index; made where it is missing.
        name: of the source.
        records: advisories; None for an entry that could not be read.
        now: moment of the import.
        as_of: date of the source where the user knows it; never later than `now`.

    Raises:
        UsageError: the index cannot be written, or the date lies in the future.
        LookError: the source holds no advisory, or cannot be read.
    """
    if as_of is not None and as_of > now:
        raise UsageError("the date of a source cannot lie in the future")
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with closing(_writable(path)) as connection:
            try:
                written = _replace(connection, name, records, now, as_of)
                connection.execute("COMMIT")
            except BaseException:
                connection.execute("ROLLBACK")
                raise
            return written
    except (sqlite3.Error, OSError) as error:
        raise UsageError(f"the index {path} cannot be written: {error}") from error


def _writable(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None)
    try:
        marks = [connection.execute(f"PRAGMA {mark}").fetchone()[0] for mark in ("application_id", "user_version")]
        tables = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
        _demand_ours(path, fresh=not tables, marks=marks)
        connection.execute(f"PRAGMA application_id = {_APPLICATION}")
        connection.execute(f"PRAGMA user_version = {FORM}")
        connection.executescript(_SCHEMA)
        connection.execute("BEGIN IMMEDIATE")
    except BaseException:
        connection.close()
        raise
    return connection


def _demand_ours(path: Path, *, fresh: bool, marks: list[int]) -> None:
    if not fresh and marks != [_APPLICATION, FORM]:
        raise UsageError(f"{path} is no index of advisories of this version; name another file, or delete it")


def _replace(
    connection: sqlite3.Connection, name: str, records: Iterator[Record | None], now: datetime, as_of: datetime | None
) -> AdvisorySource:
    old = connection.execute("SELECT id FROM source WHERE name = ?", (name,)).fetchone()
    if old is not None:
        connection.execute("DELETE FROM affected WHERE advisory IN (SELECT id FROM advisory WHERE source = ?)", old)
        connection.execute("DELETE FROM advisory WHERE source = ?", old)
        connection.execute("DELETE FROM source WHERE id = ?", old)
    number = connection.execute("SELECT coalesce(max(id), 0) + 1 FROM source").fetchone()[0]
    serial = connection.execute("SELECT coalesce(max(id), 0) FROM advisory").fetchone()[0]
    read = withdrawn = unread = 0
    newest: datetime | None = None
    coverage: dict[str, int] = {}
    for record in records:
        if record is None:
            unread += 1
            continue
        read += 1
        newest = record.moment if newest is None else max(newest, record.moment)
        if record.withdrawn:
            withdrawn += 1
            continue
        serial += 1
        _insert(connection, number, serial, record, coverage)
    if newest is None:
        raise LookError("a source that holds advisories", f"{name} holds no advisory that can be read ({unread} entries cannot).")
    taken = min(now, newest if as_of is None else as_of)
    values = (number, name, taken.isoformat(), now.isoformat(), read, withdrawn, unread, json.dumps(coverage, sort_keys=True))
    connection.execute("INSERT INTO source VALUES (?, ?, ?, ?, ?, ?, ?, ?)", values)
    return AdvisorySource(name, taken, now, read, withdrawn, unread, tuple(sorted(coverage.items())))


def _insert(connection: sqlite3.Connection, source: int, serial: int, record: Record, coverage: dict[str, int]) -> None:
    heading = (serial, source, record.id, json.dumps(record.aliases), record.summary, record.severity, record.kind)
    connection.execute("INSERT INTO advisory VALUES (?, ?, ?, ?, ?, ?, ?)", heading)
    for item in record.affected:
        if item.ecosystem:
            listed = "" if any(" " in version for version in item.versions) else " ".join(item.versions)
            unclear = item.unclear or (bool(item.versions) and not listed)
            row = (item.ecosystem, item.name, serial, json.dumps(item.spans), listed, int(unclear))
            connection.execute("INSERT INTO affected VALUES (?, ?, ?, ?, ?, ?)", row)
    for ecosystem in {item.ecosystem for item in record.affected if item.ecosystem}:
        coverage[ecosystem] = coverage.get(ecosystem, 0) + 1


def coverage_of(sources: tuple[AdvisorySource, ...]) -> Mapping[str, tuple[AdvisorySource, ...]]:
    """Sources by the ecosystems that they cover."""
    found: dict[str, list[AdvisorySource]] = {}
    for source in sources:
        for ecosystem, _ in source.coverage:
            found.setdefault(ecosystem, []).append(source)
    return {ecosystem: tuple(listed) for ecosystem, listed in found.items()}
