"""Whose tree is it? Asked each time before a tenant's tree is looked into or written: what lies at a path may have been swapped since the executor was told of it.

A tree is where it was when the executor began (no link has come between) and is the same folder (by device and inode: one that was renamed into its place is another), and its repository, with the objects that it borrows, does not lie in a tree of another tenant: a
`.git` file, a link or `objects/info/alternates` would otherwise let one tenant's evidence be looked up in another's history, or a branch be opened there.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from troth.engines.git.command import Git, find_git
from troth.errors import LookError
from troth.jobs.refusals import JobStateError
from troth.terms.tenant import Tenant

__all__ = ["Ground", "own_tree", "settled"]


@dataclass(frozen=True, slots=True)
class Ground:
    """Where a tree is, and which folder that is.

    Attributes:
        path: without links.
        folder: its device and inode; None where there was none when the executor began.
    """

    path: Path
    folder: tuple[int, int] | None


def settled(trees: Iterable[tuple[Tenant, Path]]) -> dict[Tenant, Ground]:
    """Where each tenant's tree really is."""
    return {tenant: Ground(place := path.resolve(), _folder(place)) for tenant, path in trees}


def _folder(place: Path) -> tuple[int, int] | None:
    try:
        found = place.lstat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def own_tree(tenant: Tenant, given: Path | None, places: Mapping[Tenant, Ground]) -> Path | None:
    """A tenant's tree; None where it has none.

    Args:
        tenant: whose.
        given: as the settings name it.
        places: where all trees were when the executor began.

    Raises:
        JobStateError: `tree`: it is elsewhere now, is another folder, or its repository is another tenant's.
    """
    if given is None:
        return None
    place, known = given.resolve(), places.get(tenant)
    if known is None or place != known.path or (known.folder is not None and _folder(place) != known.folder):
        raise JobStateError("tree", "The tenant's tree is not where it was: something was put in its place.")
    others = [ground.path for owner, ground in places.items() if owner.id != tenant.id]
    for used in _repository(place):
        if any(used == other or other in used.parents for other in others) and not (used == place or place in used.parents):
            raise JobStateError("tree", "The repository of the tenant's tree lies in another tenant's.")
    return place


def _repository(place: Path) -> Iterator[Path]:
    """Directories that hold the history of what lies at a place."""
    if not os.path.lexists(place / ".git") and not (place / "objects").is_dir():
        return
    git = Git(place, find_git())
    try:
        for question in ("--absolute-git-dir", "--git-common-dir"):
            yield (place / os.fsdecode(git.run("rev-parse", question)).rstrip("\n")).resolve()
        for line in os.fsdecode(git.run("count-objects", "-v")).splitlines():
            name, _, value = line.partition(": ")
            if name == "alternate":
                yield (place / value.strip('"')).resolve()
    except LookError:
        return
