"""Whether every torch that a project may resolve to loads weights alone by default: 2.6 and later do.

A lock file decides for the manifests that it covers; a manifest without one is judged by its range: a range that admits an older torch is not safe, though today's
newest would be.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.version import InvalidVersion, Version

from troth.terms.facts.dependencies import Dependencies, Ecosystem, Entry, Manifest
from troth.terms.place import Place

__all__ = ["SAFE_SINCE", "TorchDefault", "torch_default"]

SAFE_SINCE: Final = Version("2.6")
_OLDER: Final = ("1.13.1", "2.0.0", "2.0.1", "2.1.0", "2.1.2", "2.2.0", "2.2.2", "2.3.0", "2.3.1", "2.4.0", "2.4.1", "2.5.0", "2.5.1")
"""Published versions before the change; a range is unsafe if it admits any of them."""


@dataclass(frozen=True, slots=True)
class TorchDefault:
    """The default of the torch that is asked for.

    Attributes:
        safe: true where no torch before 2.6 can be resolved; None where nothing asks for torch by a version that can be read.
        says: one sentence.
        place: the line that decides; None where none does.
    """

    safe: bool | None
    says: str
    place: Place | None = None


def torch_default(dependencies: Dependencies) -> TorchDefault:
    """What the manifests and lock files say, the worst first."""
    found = [_of(entry, item, dependencies) for item in dependencies.manifests for entry in item.entries if _is_torch(entry)]
    for wanted in (False, None, True):
        for one in found:
            if one.safe is wanted:
                return one
    locked = [
        _locked(package.version, Place(lock.path, package.line))
        for lock in dependencies.locks
        for package in lock.packages
        if lock.ecosystem is Ecosystem.PYPI and package.name == "torch"
    ]
    unsafe = [one for one in locked if not one.safe]
    return next(iter(unsafe or locked), TorchDefault(None, "No manifest asks for torch."))


def _is_torch(entry: Entry) -> bool:
    return entry.ecosystem in (Ecosystem.PYPI, Ecosystem.CONDA) and entry.name in ("torch", "pytorch")


def _of(entry: Entry, manifest: Manifest, dependencies: Dependencies) -> TorchDefault:
    locked = [
        _locked(package.version, Place(lock.path, package.line))
        for lock in dependencies.locks_of(manifest.path)
        if lock.read
        for package in lock.packages
        if package.name == "torch"
    ]
    if locked:
        return next((one for one in locked if not one.safe), locked[0])
    try:
        wish = SpecifierSet(entry.spec)
    except InvalidSpecifier:
        return TorchDefault(None, f"What {entry.spec!r} admits cannot be told.", entry.place)
    older = next((version for version in _OLDER if wish.contains(version, prereleases=True)), None)
    if older is not None or not entry.spec:
        return TorchDefault(False, f"torch {entry.spec or 'without a version'} admits {older or _OLDER[0]}, which loads everything by default.", entry.place)
    return TorchDefault(True, f"torch {entry.spec} loads weights alone by default.", entry.place)


def _locked(version: str, place: Place) -> TorchDefault:
    try:
        safe = Version(version) >= SAFE_SINCE
    except InvalidVersion:
        return TorchDefault(None, f"torch {version!r} is no version that can be read.", place)
    return TorchDefault(safe, f"The lock file resolves torch to {version}.", place)
