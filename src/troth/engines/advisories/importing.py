"""From files of a database to records: tells OSV's JSON and YAML from RustSec's Markdown by name and shape, and counts what it cannot read."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

import yaml

from troth.engines.advisories.holdings import entries
from troth.engines.advisories.index import write_source
from troth.engines.advisories.records import Record, osv
from troth.engines.advisories.rustsec import rustsec
from troth.engines.documents import DocumentError, parse_json
from troth.errors import FormatError
from troth.terms.facts.advisories import AdvisorySource

__all__ = ["import_source", "read_records"]

Tell = Callable[[str, int, int], None]
_EVERY = 500
_LOADER: type = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def import_source(
    path: Path, index: Path, *, now: datetime, name: str = "", as_of: datetime | None = None, tell: Tell | None = None, trouble: Callable[[str, str], None] | None = None
) -> AdvisorySource:
    """Import one source into the index.

    Args:
        path: folder, zip, tar or file.
        index: the index file.
        now: moment of the import.
        name: of the source; the path's own name where it is "".
        as_of: date of the source, where the user knows it.
        tell: progress.
        trouble: called with the name of each entry that cannot be read, and why.

    Raises:
        LookError: the path cannot be read or holds no advisory.
        UsageError: the index cannot be written.
    """
    label = name or path.name or str(path.absolute())
    return write_source(index, label[:200], read_records(path, tell, trouble), now=now, as_of=as_of)


def read_records(path: Path, tell: Tell | None = None, trouble: Callable[[str, str], None] | None = None) -> Iterator[Record | None]:
    """Every advisory of a source; None for an entry that cannot be read.

    Raises:
        LookError: the path cannot be read.
    """
    for number, (name, data) in enumerate(entries(path)):
        if tell is not None and number % _EVERY == 0:
            tell(f"reading {path.name}", number, 0)
        try:
            yield _record(name, data)
        except FormatError as error:
            if trouble is not None:
                trouble(name, error.reason)
            yield None


def _record(name: str, data: bytes | None) -> Record:
    if data is None:
        raise FormatError("it is larger than an advisory may be")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise FormatError("it is not UTF-8") from error
    if name.endswith(".md"):
        return rustsec(text)
    try:
        if name.endswith(".json"):
            return osv(parse_json(text))
        return osv(yaml.load(text, Loader=_LOADER))  # noqa: S506 - a safe loader, the C one where it is there
    except DocumentError as error:
        raise FormatError(error.says) from error
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        raise FormatError(f"it is not YAML ({type(error).__name__})") from error
