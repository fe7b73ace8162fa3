"""One advisory, whichever database it comes from, and how OSV's JSON and YAML (GHSA, PyPA, every OSV zip) become one.

Rules: a withdrawn advisory is counted and affects nothing; a record without ranges and versions that can be judged (only git commits, or none at all) is kept as
`unclear`, because silence about versions is no all-clear; a record that is not what the schema says raises `FormatError` and is counted by the importer.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from packaging.utils import canonicalize_name

from troth.engines.advisories.orders import Key, UnorderableError, key_of
from troth.engines.documents.plain import Plain, as_list, as_map, as_text
from troth.errors import FormatError

__all__ = ["ECOSYSTEMS", "Affected", "Record", "moment", "normalised", "osv"]

ECOSYSTEMS: Final[Mapping[str, str]] = {
    "PyPI": "pypi",
    "npm": "npm",
    "crates.io": "cargo",
    "Go": "golang",
    "RubyGems": "gem",
    "Maven": "maven",
}
"""OSV's name of an ecosystem -> the package URL's; others are counted and not kept, because their versions have no order here."""

_MOST_EVENTS: Final = 20_000
_MOST_VERSIONS: Final = 50_000

Span = tuple[str | None, bool, str | None, bool]
"""Low end, whether it belongs, high end, whether it belongs; None is open."""


@dataclass(frozen=True, slots=True)
class Affected:
    """What one advisory says of one package.

    Attributes:
        ecosystem: as package URLs name it; "" where it is none that has an order here.
        name: normalised.
        spans: affected ranges.
        versions: affected versions, listed one by one.
        unclear: it names neither ranges nor versions that could be judged.
    """

    ecosystem: str
    name: str
    spans: tuple[Span, ...] = ()
    versions: tuple[str, ...] = ()
    unclear: bool = False


@dataclass(frozen=True, slots=True)
class Record:
    """One advisory.

    Attributes:
        id, aliases, summary: as written; the summary is cut at 200 characters.
        severity: CVSS vector or word; "" where none is given.
        kind: `vulnerability`, or what it says it is instead (`unmaintained`, `unsound`, `notice`).
        moment: when it last changed.
        withdrawn: it was taken back.
        affected: packages.
    """

    id: str
    aliases: tuple[str, ...]
    summary: str
    severity: str
    kind: str
    moment: datetime
    withdrawn: bool
    affected: tuple[Affected, ...]


def normalised(ecosystem: str, name: str) -> str:
    """A package's name as its registry compares it."""
    if ecosystem == "pypi":
        return canonicalize_name(name)
    return name.replace("-", "_").lower() if ecosystem == "cargo" else name


def moment(text: str) -> datetime:
    """A moment of a record, UTC.

    Raises:
        FormatError: it is none.
    """
    try:
        found = datetime.fromisoformat(text)
    except ValueError as error:
        raise FormatError(f"{text[:40]!r} is no time") from error
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)


def osv(data: Plain) -> Record:
    """An advisory in OSV's form.

    Raises:
        FormatError: it is none.
    """
    record = as_map(data)
    identity, changed = as_text(record.get("id")), _time(record.get("modified"))
    if not identity or len(identity) > 200:
        raise FormatError("it has no id")
    if changed is None:
        raise FormatError("it has no time of change")
    severities = [as_text(as_map(each).get("score")) for each in as_list(record.get("severity"))]
    return Record(
        identity,
        tuple(as_text(each)[:200] for each in as_list(record.get("aliases"))[:100]),
        (as_text(record.get("summary")) or as_text(record.get("details"))).strip().split("\n")[0][:200],
        next((each[:200] for each in severities if each), ""),
        "vulnerability",
        changed,
        _time(record.get("withdrawn")) is not None,
        tuple(_affected(as_list(record.get("affected")))),
    )


def _time(value: object) -> datetime | None:
    if isinstance(value, datetime):
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
    return moment(value) if isinstance(value, str) and value else None


def _affected(items: object) -> Iterator[Affected]:
    for item in items if isinstance(items, (list, tuple)) else ():
        one = as_map(item)
        package = as_map(one.get("package"))
        ecosystem = ECOSYSTEMS.get(as_text(package.get("ecosystem")).partition(":")[0], "")
        name = as_text(package.get("name"))
        if not name:
            # commits of a repository without a package: nothing that a lock file could name
            continue
        versions = tuple(as_text(each) for each in as_list(one.get("versions"))[:_MOST_VERSIONS])
        spans: list[Span] = []
        for each in as_list(one.get("ranges")):
            kind = as_text(as_map(each).get("type"))
            if kind in ("SEMVER", "ECOSYSTEM"):
                spans += _spans(ecosystem, as_list(as_map(each).get("events")))
        yield Affected(ecosystem, normalised(ecosystem, name), tuple(spans), versions, not spans and not versions)


_TURN: Final = {"fixed": 0, "introduced": 1, "last_affected": 2}


def _spans(ecosystem: str, events: object) -> Iterator[Span]:
    """Spans of a range's events; they may stand in any order, so they are sorted by version first. `introduced: 0` is open below."""
    listed = [_event(each) for each in (events if isinstance(events, (list, tuple)) else ())[:_MOST_EVENTS]]
    steps = [each for each in listed if each[0] != "limit"]
    # without an order the events are taken as they stand; whoever matches meets the same version again and says that it cannot be judged
    with contextlib.suppress(UnorderableError):
        steps.sort(key=lambda step: _turn(ecosystem, *step))
    low, begun = "", False
    for kind, version in steps:
        if kind == "introduced":
            if not begun:
                low, begun = version, True
        elif begun or low == "":
            yield (None if low in ("", "0") else low, True, version, kind == "last_affected")
            low, begun = version, False
    if begun:
        yield (None if low == "0" else low, True, None, False)


def _turn(ecosystem: str, kind: str, version: str) -> tuple[Key, int]:
    return ((0,) if version == "0" else (1, key_of(ecosystem, version)), _TURN[kind])


def _event(event: Plain) -> tuple[str, str]:
    found = as_map(event)
    for kind in ("introduced", "fixed", "last_affected", "limit"):
        if kind in found:
            return kind, as_text(found[kind])
    raise FormatError("a range has an event of no known kind")
