"""What a module is, and where modules are found.

A module is an object with a name, the controls whose findings it mends, the files that it wants to see, and one function. It is named by the entry point group
`troth.modules` (`name = "package.module:OBJECT"`), or stands in `troth.jobs.recommend.modules`, one file each, as `MODULE`. A program in another language
speaks the JSON form of `wire`.

Nothing here runs a module: `host` does, in a process of its own.
"""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections.abc import Iterable
from dataclasses import dataclass
from importlib import metadata
from typing import Final, Protocol, runtime_checkable

from troth.jobs.recommend import modules
from troth.jobs.recommend.facts import Facts
from troth.jobs.recommend.recommendation import Advice, RecommendationError

__all__ = ["GROUP", "Module", "Reference", "installed", "loaded", "shipped"]

GROUP: Final = "troth.modules"
"""Entry point group in which other packages name their modules."""

NAME: Final = re.compile(r"[a-z][a-z0-9]*(?:-[a-z0-9]+){0,7}")


@runtime_checkable
class Module(Protocol):
    """Recommends.

    Attributes:
        name: lower case with hyphens.
        controls: ids of the controls whose findings it mends; `*` for all.
        wants: globs of the files whose texts it wants to see (`*` also matches `/`).
    """

    name: str
    controls: tuple[str, ...]
    wants: tuple[str, ...]

    def recommend(self, facts: Facts) -> Iterable[Advice]:
        """What to do about the complaints in `facts`. Pure: same facts, same advice."""


@dataclass(frozen=True, slots=True)
class Reference:
    """Where a module is: `package.module:OBJECT`, the package that brings it ("" for Troth itself), and its name."""

    name: str
    target: str
    package: str = ""


def shipped() -> tuple[Reference, ...]:
    """Modules that come with Troth, by name; found by looking, so that none can be forgotten in a list."""
    found = [
        Reference(info.name.replace("_", "-"), f"{modules.__name__}.{info.name}:MODULE")
        for info in pkgutil.iter_modules(modules.__path__)
        if not info.name.startswith("_")
    ]
    return tuple(sorted(found, key=lambda one: one.name))


def installed() -> tuple[Reference, ...]:
    """Modules that other packages bring, by name. Only their metadata is read; none is imported.

    Raises:
        RecommendationError: two modules have one name.
    """
    own = {one.name for one in shipped()}
    found: dict[str, Reference] = {}
    for point in metadata.entry_points(group=GROUP):
        if point.name in own or point.name in found or not NAME.fullmatch(point.name):
            raise RecommendationError("module-name", f"The module {point.name!r} has a name that is taken or impossible.")
        found[point.name] = Reference(point.name, point.value, point.dist.name if point.dist else "")
    return tuple(found[name] for name in sorted(found))


def loaded(reference: Reference) -> Module:
    """The module itself. Only ever called in a module's own process, and by tests.

    Raises:
        RecommendationError: there is nothing there, or it is no module.
    """
    where, _, attribute = reference.target.partition(":")
    try:
        found = getattr(importlib.import_module(where), attribute)
    except (ImportError, AttributeError) as error:
        raise RecommendationError("module-missing", f"The module {reference.name} cannot be loaded.") from error
    if not isinstance(found, Module):
        raise RecommendationError("module-form", f"The module {reference.name} lacks what every module has.")
    if found.name != reference.name:
        raise RecommendationError("module-name", f"The module {reference.name} calls itself something else.")
    return found
