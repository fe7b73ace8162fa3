"""Finds manifests and lock files in the tree, hands each to its parser, and says which lock covers which manifest."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterable
from dataclasses import replace
from fnmatch import fnmatchcase

from troth.engines.dependencies import npm, other_manifests, pyproject, requirements, setup_files
from troth.engines.dependencies.locks import KINDS, kind_of, parse_lock
from troth.engines.documents import DocumentError, parse_yaml
from troth.terms.facts.dependencies import Dependencies, Ecosystem, Lock, Manifest, Package, Problem
from troth.terms.facts.tree import Tree, is_foreign
from troth.terms.place import Place

__all__ = ["look"]

_CONDA = re.compile(r"(?:^|/)(?:environment|conda)[\w.-]*\.ya?ml\Z")
_CONSTRAINED = re.compile(r"(?:^|[-_.])(?:lock|locked|frozen|freeze|pinned|constraints?)(?=[-_.]|\Z)")
_PYTHON_LOCKS = {
    "poetry.lock": ("pyproject",),
    "uv.lock": ("pyproject",),
    "pdm.lock": ("pyproject",),
    "pylock.toml": ("pyproject",),
    "Pipfile.lock": ("Pipfile",),
}


def look(tree: Tree) -> Dependencies:
    """Everything that the tree says about packages; files that cannot be read are `problems`, not silence."""
    problems: list[Problem] = []
    manifests = []
    for path in tree.paths():
        if is_foreign(path):
            continue
        try:
            manifest = _manifest(path, tree)
        except DocumentError as error:
            problems.append(Problem(Place(path, error.line), error.says))
            continue
        if manifest is not None:
            manifests.append(manifest)
    completed = tuple(_shared_versions(manifests))
    locks = tuple(_locks(tree, completed, problems))
    return Dependencies(completed, locks, tuple(problems))


def _manifest(path: str, tree: Tree) -> Manifest | None:
    name = posixpath.basename(path)
    kind = _kind(path, name)
    if not kind:
        return None
    text = tree.text(path)
    if text is None:
        if tree.files[path].mode in ("120000", "160000"):
            return None
        raise DocumentError("It cannot be read as text (binary, missing, or over the size limit).")
    return _PARSERS[kind](path, text, tree)


_PARSERS: dict[str, Callable[[str, str, Tree], Manifest | None]] = {
    "requirements": lambda path, text, tree: requirements.parse(path, text, tree.text),
    "pyproject": lambda path, text, tree: pyproject.parse(path, text, tree.text),
    "setup.py": lambda path, text, _: setup_files.parse_setup_py(path, text),
    "setup.cfg": lambda path, text, tree: setup_files.parse_setup_cfg(path, text, tree.text),
    "Pipfile": lambda path, text, _: pyproject.parse_pipfile(path, text),
    "package.json": lambda path, text, tree: npm.parse(path, text, _pnpm_members(path, tree)),
    "Cargo.toml": lambda path, text, _: other_manifests.parse_cargo(path, text),
    "go.mod": lambda path, text, _: other_manifests.parse_go(path, text),
    "conda": lambda path, text, _: other_manifests.parse_conda(path, text),
}
_BY_NAME = {
    "pyproject.toml": "pyproject",
    "setup.py": "setup.py",
    "setup.cfg": "setup.cfg",
    "Pipfile": "Pipfile",
    "package.json": "package.json",
    "Cargo.toml": "Cargo.toml",
    "go.mod": "go.mod",
}


def _kind(path: str, name: str) -> str:
    if name in _BY_NAME:
        return _BY_NAME[name]
    if requirements.is_requirements(path):
        return "requirements"
    return "conda" if _CONDA.search(path) and not path.startswith(".github/") else ""


def _pnpm_members(path: str, tree: Tree) -> tuple[str, ...]:
    text = tree.text(posixpath.join(posixpath.dirname(path), "pnpm-workspace.yaml"))
    if text is None:
        return ()
    try:
        documents = parse_yaml(text)
    except DocumentError:
        # an unreadable workspace file declares no members; package managers refuse it too
        return ()
    return documents[0].texts("packages") if documents else ()


def _shared_versions(manifests: Iterable[Manifest]) -> Iterable[Manifest]:
    """Cargo members with `version.workspace = true` get the version of the workspace above them."""
    found = list(manifests)
    shared = {
        item.folder: item.package
        for item in found
        if item.kind == "Cargo.toml" and item.package is not None and item.package.version and item.workspaces
    }
    for item in found:
        package = item.package
        if item.kind != "Cargo.toml" or package is None or not package.dynamic or package.version:
            yield item
            continue
        above = next((shared[folder] for folder in _above(item.folder) if folder in shared), None)
        yield replace(item, package=_with_version(package, above)) if above is not None else item


def _with_version(package: Package, above: Package) -> Package:
    return replace(package, version=above.version, version_place=above.version_place, dynamic=False)


def _above(folder: str) -> Iterable[str]:
    while folder:
        folder = folder.rpartition("/")[0]
        yield folder


def _locks(tree: Tree, manifests: tuple[Manifest, ...], problems: list[Problem]) -> Iterable[Lock]:
    for path in tree.paths():
        kind = None if is_foreign(path) else kind_of(path)
        if kind is None:
            continue
        ecosystem = KINDS[kind][1]
        covers = tuple(_covered(path, kind, ecosystem, manifests))
        text = tree.text(path)
        if text is None:
            if KINDS[kind][0] is not None:
                problems.append(
                    Problem(Place(path), "It cannot be read as text (binary, missing, or over the size limit).")
                )
            yield Lock(path, kind, ecosystem, covers)
            continue
        try:
            yield Lock(path, kind, ecosystem, covers, parse_lock(kind, text), read=True)
        except DocumentError as error:
            problems.append(Problem(Place(path, error.line), error.says))
            yield Lock(path, kind, ecosystem, covers)
    yield from _requirement_locks(manifests)


def _covered(path: str, kind: str, ecosystem: Ecosystem, manifests: tuple[Manifest, ...]) -> Iterable[str]:
    folder = posixpath.dirname(path)
    for manifest in manifests:
        wanted = _PYTHON_LOCKS.get(kind)
        if wanted is not None:
            if manifest.folder == folder and manifest.kind in wanted:
                yield manifest.path
        elif (
            manifest.ecosystem is ecosystem
            and manifest.kind in ("package.json", "Cargo.toml", "go.mod")
            and (manifest.folder == folder or _is_member(manifest, folder, manifests))
        ):
            yield manifest.path


def _is_member(manifest: Manifest, folder: str, manifests: tuple[Manifest, ...]) -> bool:
    """Whether a manifest is a workspace member of the one in `folder`."""
    root = next((item for item in manifests if item.folder == folder and item.kind == manifest.kind), None)
    if root is None:
        return False
    inside = posixpath.relpath(manifest.folder or ".", folder or ".")
    if inside.startswith("..") or inside == ".":
        return False
    wanted = [glob.removeprefix("./").rstrip("/") for glob in root.workspaces]
    return any(
        fnmatchcase(inside, glob) and (inside.count("/") == glob.count("/") or "**" in glob)
        for glob in wanted
        if not glob.startswith("!")
    )


def _requirement_locks(manifests: tuple[Manifest, ...]) -> Iterable[Lock]:
    """A requirements file that is exact throughout and named like a lock covers the lists of its folder."""
    for manifest in manifests:
        name = posixpath.basename(manifest.path).rpartition(".")[0].lower()
        if manifest.kind != "requirements" or not manifest.entries or not _CONSTRAINED.search(name):
            continue
        if not all(entry.pin.exact for entry in manifest.entries):
            continue
        others = tuple(
            item.path for item in manifests
            if item.folder == manifest.folder and item.path != manifest.path and item.ecosystem is Ecosystem.PYPI
            and not _CONSTRAINED.search(posixpath.basename(item.path).lower())
        )  # fmt: skip
        yield Lock(manifest.path, "requirements", Ecosystem.PYPI, others, read=True)
