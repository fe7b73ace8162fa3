"""When dependencies really moved: changes of versions in lock files and manifests, along the main line."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

__all__ = ["Ages", "DependencyAges", "FileAge", "Move"]


@dataclass(frozen=True, slots=True)
class Move:
    """One commit that changed versions of dependencies: full id, seconds since the epoch, and names whose version or wish is another one now."""

    commit: str
    when: int
    packages: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FileAge:
    """One lock file, or manifest that no lock file covers.

    Attributes:
        path: POSIX path.
        born: when the oldest commit on it that was looked at was made; seconds since the epoch.
        moves: newest first; commits that only added or removed packages, or only changed the project's own version, are none.
    """

    path: str
    born: int
    moves: tuple[Move, ...] = ()


@dataclass(frozen=True, slots=True)
class Ages:
    """Files by path; `partial` where history was too long or too large to be looked at as a whole, or is shallow."""

    files: tuple[FileAge, ...] = ()
    partial: bool = False


@dataclass(frozen=True)
class DependencyAges:
    """Reads them on demand, as `Tree.reader` reads files: comparing old lock files costs seconds, and few promises need it.

    Attributes:
        read: the ages; may raise LookError.
    """

    read: Callable[[], Ages]
