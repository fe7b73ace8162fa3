"""What databases of known vulnerabilities say of a tree's dependencies, and how far that answer can be trusted: which sources, how old, and what they do not cover."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from troth.terms.facts.forge_answer import NotSeen
from troth.terms.place import Place

__all__ = ["Advisories", "AdvisoriesShown", "AdvisorySource", "Hit", "Reach"]


class Reach(StrEnum):
    """How a vulnerable version gets in. LOCKED: a lock file names it. PINNED: a manifest names exactly it. ADMITTED: a manifest's range lets it in."""

    LOCKED = "locked"
    PINNED = "pinned"
    ADMITTED = "admitted"


@dataclass(frozen=True, slots=True)
class AdvisorySource:
    """One imported database.

    Attributes:
        name: as it was imported.
        taken: date of its newest record, or the date that its importer gave.
        imported: when.
        advisories, withdrawn, unread: records read, of those taken back, and entries that could not be read.
        coverage: ecosystem (as package URLs name it) and number of its advisories.
    """

    name: str
    taken: datetime
    imported: datetime
    advisories: int
    withdrawn: int = 0
    unread: int = 0
    coverage: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Hit:
    """An advisory that concerns a dependency.

    Attributes:
        advisory: its id; aliases are other names of it.
        package, ecosystem: what it concerns.
        version: the locked or pinned version; for ADMITTED the wish as written.
        reach: how it gets in.
        affected: the affected range (or the listed version) that was met, as text.
        place: line of the lock file or manifest.
        kind: `vulnerability`, or what the advisory says it is instead (`unmaintained`).
        source: name of the database.
        development: only entries for development ask for it (known for manifests; false for lock files, which seldom tell).
    """

    advisory: str
    aliases: tuple[str, ...]
    summary: str
    severity: str
    package: str
    ecosystem: str
    version: str
    reach: Reach
    affected: str
    place: Place
    kind: str
    source: str
    development: bool = False


@dataclass(frozen=True, slots=True)
class Advisories:
    """The answer.

    Attributes:
        sources: what was asked.
        hits: vulnerabilities first met first.
        notes: hits that are no vulnerabilities (unmaintained, unsound).
        judged: places of packages that were compared, one a file, with their number.
        uncovered: ecosystems of the tree that no source covers.
        stale: ecosystems whose newest source is older than `limit_days`.
        holes: names of the sources, of those that cover the tree's ecosystems, with entries that could not be read.
        undecided: package and reason, where a version or an advisory could not be compared.
        open: manifests with dependencies that no readable lock file covers: what they pull in is not known.
        limit_days: age at which a source gives no all-clear any more.
    """

    sources: tuple[AdvisorySource, ...]
    hits: tuple[Hit, ...] = ()
    notes: tuple[Hit, ...] = ()
    judged: tuple[tuple[Place, int], ...] = ()
    uncovered: tuple[str, ...] = ()
    stale: tuple[str, ...] = ()
    holes: tuple[str, ...] = ()
    undecided: tuple[tuple[str, str], ...] = ()
    open: tuple[Place, ...] = ()
    limit_days: float = 0


@dataclass(frozen=True, slots=True)
class AdvisoriesShown:
    """The answer, or why there is none; always there, so that controls which files can decide too do not go blind without an index.

    Attributes:
        advisories: the answer; None where there is none.
        gap: why there is none; not used where `advisories` is there.
        asked: somebody named an index, so that its failure is a failure of the run.
    """

    advisories: Advisories | None
    gap: NotSeen
    asked: bool = False
