"""Under which licences a tree's dependencies come, as far as files in the tree tell without asking a registry."""

from __future__ import annotations

from dataclasses import dataclass

from troth.terms.place import Place

__all__ = ["Licences", "PackageLicence"]


@dataclass(frozen=True, slots=True)
class PackageLicence:
    """One dependency and its licence.

    Attributes:
        name, version: as the lock file or the vendored package's own metadata name it.
        expression: licence as written (SPDX where its author kept to it); empty where the file says none.
        place: where it says so.
    """

    name: str
    version: str
    expression: str
    place: Place


@dataclass(frozen=True, slots=True)
class Licences:
    """What is known of licences.

    Attributes:
        packages: dependencies whose licence a file of the tree tells, or should tell and leaves empty.
        silent: lock files whose format holds no licences, with the number of packages that they name.
        unread: lock files that could not be read.
    """

    packages: tuple[PackageLicence, ...] = ()
    silent: tuple[tuple[str, int], ...] = ()
    unread: tuple[str, ...] = ()
