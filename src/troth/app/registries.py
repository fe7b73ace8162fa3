"""Chooses where answers of package registries come from: a snapshot, the registries themselves, or nowhere. Nothing is asked unless the caller names a source."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from troth.app.advisories import dependencies_of
from troth.check.looks import Engine
from troth.engines.registries.look import look_at, own_packages
from troth.engines.registries.pages import LivePages, read_pages, write_pages
from troth.errors import LookError, UsageError
from troth.terms.facts.clock import Clock
from troth.terms.facts.dependencies import Dependencies
from troth.terms.facts.forge_answer import NotSeen
from troth.terms.facts.registries import Registries, RegistriesShown

__all__ = ["registries_engine", "take_snapshot"]

_WHERE = "(registries)"


def registries_engine(snapshot: Path | None) -> Engine:
    """An engine for the fact `RegistriesShown`; None asks nothing."""

    def look(dependencies: Dependencies, clock: Clock) -> RegistriesShown:
        """What the registries told of the tree's packages, or why nothing is known."""
        missing = "answers of the registries (troth registries TREE -o FILE, then --registries FILE)"
        none = NotSeen(_WHERE, missing, "Nobody asked the registries.")
        if snapshot is None:
            return RegistriesShown(None, none)
        try:
            pages = read_pages(snapshot)
            pages.demand_fresh(clock.now)
            return RegistriesShown(look_at(own_packages(dependencies), pages), none, asked=True)
        except LookError as error:
            return RegistriesShown(None, NotSeen(_WHERE, error.missing, error.because), asked=True)

    return look


@dataclass(frozen=True, slots=True)
class Taken:
    """What a look at the registries brought: what they told, and how many answers were stored."""

    registries: Registries
    answers: int


def take_snapshot(tree: Path, output: Path) -> Taken:
    """Ask the registries about a tree's own packages and store their answers.

    Raises:
        UsageError: the tree publishes no package, or the file cannot be written.
        ForgeUnreachableError: a registry cannot be reached.
    """
    packages = own_packages(dependencies_of(tree, datetime.now(UTC)))
    if not packages:
        raise UsageError("no manifest of the tree describes a package that npm or PyPI could hold")
    with LivePages() as pages:
        found = look_at(packages, pages)
        write_pages(output, pages.pages.values())
        return Taken(found, len(pages.pages))
