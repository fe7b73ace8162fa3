"""Lays what an index knows over what a tree depends on.

Rules: a lock file's versions are compared; where no readable lock file covers a manifest, its pinned versions are compared and its open wishes are laid over the affected
ranges ("the range admits a vulnerable version"); Go's versions are those of `go.mod`, because `go.sum` also holds versions that nothing selects any more. What cannot be compared is
listed with its reason. Nothing is resolved and nothing is fetched. Files below folders of tests, examples and documents are left out unless asked for.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from troth.engines.advisories.index import Index, Row, coverage_of
from troth.engines.advisories.intervals import Interval, end, overlap
from troth.engines.advisories.orders import Key, UnorderableError, key_of
from troth.engines.advisories.records import Span, normalised
from troth.engines.advisories.wishes import admits, intervals_of
from troth.terms.facts.advisories import Advisories, AdvisorySource, Hit, Reach
from troth.terms.facts.dependencies import Dependencies, Ecosystem, Entry, Lock, Manifest, Pin, Scope
from troth.terms.place import Place

__all__ = ["MAX_AGE_DAYS", "match"]

MAX_AGE_DAYS: Final = 14
"""Days after which a source gives no all-clear any more: the databases change daily. What it knew to be vulnerable stays so."""

_ASIDE: Final = re.compile(
    r"(?:^|/)(?:tests?|examples?|docs?|fixtures?|testdata|samples?|bench\w*|fuzz|templates?|playground\w*|demos?)/", re.IGNORECASE
)
_LEADING: Final = re.compile(r"[v=\s]*0*(\d*)")
_DAY: Final = 86_400


@dataclass(slots=True)
class _Asked:
    """One dependency as it is compared."""

    ecosystem: str
    name: str
    version: str
    reach: Reach
    place: Place
    development: bool = False


@dataclass(slots=True)
class _Found:
    hits: list[Hit] = field(default_factory=list)
    undecided: dict[str, str] = field(default_factory=dict)


def match(
    dependencies: Dependencies, index: Index, now: datetime, *, limit_days: float = MAX_AGE_DAYS, everything: bool = False
) -> Advisories:
    """What the index says of a tree's dependencies.

    Args:
        dependencies: manifests and lock files.
        index: the opened index.
        now: moment of judgement, for the age of the sources.
        limit_days: age at which a source gives no all-clear any more.
        everything: also files of tests, examples and documents.

    Raises:
        LookError: the index is damaged.
    """
    asked, judged, undecided = _asked(dependencies, everything=everything)
    found = _Found(undecided=undecided)
    for item in asked:
        _compare(item, index, found)
    ecosystems = sorted({item.ecosystem for item in asked})
    covering = coverage_of(index.sources)
    used = [source for name in ecosystems for source in covering.get(name, ())]
    hits = list(dict.fromkeys(found.hits))
    return Advisories(
        index.sources,
        tuple(hit for hit in hits if hit.kind == "vulnerability"),
        tuple(hit for hit in hits if hit.kind != "vulnerability"),
        tuple(judged),
        tuple(name for name in ecosystems if name not in covering),
        tuple(name for name in ecosystems if name in covering and not _fresh(covering[name], now, limit_days)),
        tuple(dict.fromkeys(source.name for source in used if source.unread)),
        tuple(found.undecided.items()),
        tuple(_open(dependencies, everything=everything)),
        limit_days,
    )


def _fresh(sources: tuple[AdvisorySource, ...], now: datetime, limit_days: float) -> bool:
    newest = max(source.taken for source in sources)
    return -_DAY <= (now - newest).total_seconds() <= limit_days * _DAY


def _counts(path: str, *, everything: bool) -> bool:
    return everything or not _ASIDE.search(path)


def _locks_of(manifest: Manifest, dependencies: Dependencies) -> tuple[Lock, ...]:
    return tuple(lock for lock in dependencies.locks_of(manifest.path) if lock.read)


def _open(dependencies: Dependencies, *, everything: bool) -> Iterator[Place]:
    for manifest in dependencies.manifests:
        entries = [entry for entry in manifest.entries if entry.pin is not Pin.LOCAL and entry.scope is not Scope.PEER]
        complete = manifest.kind == "go.mod" or all(entry.pin is Pin.HASH for entry in entries)
        if entries and not complete and _counts(manifest.path, everything=everything) and not _locks_of(manifest, dependencies):
            yield entries[0].place


def _asked(dependencies: Dependencies, *, everything: bool) -> tuple[list[_Asked], list[tuple[Place, int]], dict[str, str]]:
    asked: list[_Asked] = []
    judged: list[tuple[Place, int]] = []
    undecided: dict[str, str] = {}
    for lock in dependencies.locks:
        if not lock.read or lock.kind == "go.sum" or not _counts(lock.path, everything=everything):
            continue
        own = list(_of_lock(lock, undecided))
        asked += own
        judged += [(own[0].place, len(own))] if own else []
    for manifest in dependencies.manifests:
        locked = manifest.kind != "go.mod" and _locks_of(manifest, dependencies)
        if locked or not _counts(manifest.path, everything=everything):
            continue
        own = [item for entry in manifest.entries if (item := _of_entry(entry, undecided)) is not None]
        asked += own
        judged += [(own[0].place, len(own))] if own else []
    return asked, judged, undecided


def _of_lock(lock: Lock, undecided: dict[str, str]) -> Iterator[_Asked]:
    ecosystem = str(lock.ecosystem)
    for package in lock.packages:
        if package.source or not package.version:
            undecided[package.name] = "it comes from a repository or an address, not from the registry"
            continue
        name = normalised(ecosystem, package.name)
        yield _Asked(ecosystem, name, package.version, Reach.LOCKED, Place(lock.path, package.line))


def _of_entry(entry: Entry, undecided: dict[str, str]) -> _Asked | None:
    if entry.pin is Pin.LOCAL:
        return None
    if entry.source:
        undecided[entry.name] = "it comes from a repository or an address, not from the registry"
        return None
    exact = entry.pin.exact
    version = entry.spec.strip().lstrip("=").strip() if exact else entry.spec
    ecosystem = str(entry.ecosystem)
    reach = Reach.PINNED if exact else Reach.ADMITTED
    return _Asked(ecosystem, normalised(ecosystem, entry.name), version, reach, entry.place, entry.scope in (Scope.DEV, Scope.BUILD))


def _compare(item: _Asked, index: Index, found: _Found) -> None:
    if item.ecosystem == str(Ecosystem.CONDA):
        return
    for row in index.about(item.ecosystem, item.name):
        if row.unclear:
            heading = index.heading(row.advisory)
            found.undecided[item.name] = f"{heading.name} does not say which versions it affects"
            continue
        try:
            says = _admitted(item, row) if item.reach is Reach.ADMITTED else _affected(item, row)
        except UnorderableError:
            found.undecided[item.name] = f"version {item.version[:60] or '(none)'} or a range of an advisory has no place in the registry's order"
            continue
        if says:
            found.hits.append(_hit(item, row, index, says))


def _hit(item: _Asked, row: Row, index: Index, says: str) -> Hit:
    about = index.heading(row.advisory)
    return Hit(
        about.name, about.aliases, about.summary, about.severity, item.name, item.ecosystem, item.version, item.reach, says, item.place,
        about.kind, about.source, item.development,
    )  # fmt: skip


def _interval(ecosystem: str, span: Span) -> Interval:
    low, low_in, high, high_in = span
    return Interval(
        None if low is None else end(ecosystem, low, inside=low_in), None if high is None else end(ecosystem, high, inside=high_in)
    )


def _affected(item: _Asked, row: Row) -> str:
    """The range or listed version that holds the item's version; empty where none does."""
    key = key_of(item.ecosystem, item.version)
    for span in row.spans:
        interval = _interval(item.ecosystem, span)
        if interval.holds(key):
            return str(interval)
    return next(_listed(item, key, row.versions), "")


def _listed(item: _Asked, key: Key, versions: Iterable[str]) -> Iterator[str]:
    first = _LEADING.match(item.version)
    for version in versions:
        lead = _LEADING.match(version)
        same = first is not None and lead is not None and first.group(1) == lead.group(1)
        if version == item.version or (same and _key(item.ecosystem, version) == key):
            yield version


def _key(ecosystem: str, version: str) -> Key | None:
    try:
        return key_of(ecosystem, version)
    except UnorderableError:
        # a listed version without a place in the order equals none that has one
        return None


def _admitted(item: _Asked, row: Row) -> str:
    """The affected range or version that the item's wish lets in; empty where it lets none in."""
    wishes = intervals_of(item.ecosystem, item.version)
    if wishes is None:
        raise UnorderableError("the wish cannot be read")
    if row.versions and item.ecosystem == "pypi":
        # released versions are known one by one: only those that were released can be admitted
        return next((version for version in reversed(row.versions) if admits("pypi", item.version, version)), "")
    for span in row.spans:
        interval = _interval(item.ecosystem, span)
        both = next((common for wish in wishes if (common := overlap(wish, interval)) is not None), None)
        if both is not None:
            return str(both)
    return next((each for each in row.versions if _inside(item.ecosystem, each, wishes)), "")


def _inside(ecosystem: str, version: str, wishes: tuple[Interval, ...]) -> bool:
    key = _key(ecosystem, version)
    return key is not None and any(wish.holds(key) for wish in wishes)
