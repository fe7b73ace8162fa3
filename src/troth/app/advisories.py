"""Chooses where known vulnerabilities come from: an index that the user imported, or nowhere. Nothing is downloaded.

An index that somebody names must be there; the user's own one in the cache is used where it is. What goes wrong with it costs the promises that need it, and is told.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from troth.app.engines import ENGINES
from troth.check.looks import Engine, Looks
from troth.engines.advisories.index import default_path, open_index
from troth.engines.advisories.matching import match
from troth.engines.git.repository import open_repository
from troth.errors import CatalogueError, LookError, UsageError
from troth.terms.facts.advisories import AdvisoriesShown
from troth.terms.facts.clock import Clock
from troth.terms.facts.dependencies import Dependencies
from troth.terms.facts.forge_answer import NotSeen
from troth.terms.facts.policies import PolicySet

__all__ = ["AdvisoryIndex", "advisories_engine", "dependencies_of"]

_WHERE = "(advisories)"
_MISSING = "an index of advisories (troth advisories import PATH...)"


@dataclass(frozen=True, slots=True)
class AdvisoryIndex:
    """Which index is asked.

    Attributes:
        path: the file; the user's own one in the cache where it is None.
    """

    path: Path | None = None


def advisories_engine(source: AdvisoryIndex | None) -> Engine:
    """An engine for the fact `AdvisoriesShown`; None asks nothing."""

    def look(dependencies: Dependencies, clock: Clock) -> AdvisoriesShown:
        """What an index says of the tree's dependencies, or why it says nothing."""
        none = NotSeen(_WHERE, _MISSING, "No index of advisories was asked.")
        if source is None:
            return AdvisoriesShown(None, none)
        named = source.path is not None
        try:
            with open_index(source.path or default_path()) as index:
                return AdvisoriesShown(match(dependencies, index, clock.now), none, asked=named)
        except LookError as error:
            return AdvisoriesShown(None, NotSeen(_WHERE, error.missing, error.because), asked=named)
        except UsageError as error:
            return AdvisoriesShown(None, NotSeen(_WHERE, _MISSING, f"{error}."), asked=named)

    return look


def dependencies_of(root: Path, now: datetime) -> Dependencies:
    """What a tree depends on, without looking at anything else.

    Raises:
        UsageError: there is no such tree.
        LookError: it cannot be read.
    """
    looks = Looks(ENGINES, given=(open_repository(root), Clock(now), PolicySet()))
    found = looks.get(Dependencies)
    if not isinstance(found, Dependencies):
        raise CatalogueError("the dependency engine gave something else")
    return found
