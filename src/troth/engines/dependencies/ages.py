"""Walks the main line for commits that touched lock files and manifests, and compares what they named before and after.

Bounded: the newest commits of some files, and an amount of text in all; what lies beyond is told as partial.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from troth.engines.dependencies.look import look
from troth.engines.git.command import Git
from troth.engines.git.repository import Repository
from troth.errors import LookError
from troth.terms.facts.dependencies import Dependencies, Entry, Pin
from troth.terms.facts.dependency_ages import Ages, DependencyAges, FileAge, Move
from troth.terms.facts.history import History
from troth.terms.facts.tree import File, Tree

__all__ = ["look_ages"]

_FILES: Final = 8
_COMMITS: Final = 40
_BYTES: Final = 24 * 1024 * 1024
_LARGEST: Final = 8 * 1024 * 1024

Versions = Mapping[str, frozenset[str]]


def look_ages(repository: Repository, dependencies: Dependencies, history: History) -> DependencyAges:
    """When dependencies moved, read when a verifier asks.

    Raises:
        LookError: there is no git history.
    """
    git, tip = repository.need_git(), repository.commit
    if tip is None:
        raise LookError("a first commit", "The repository has no commit yet.")
    return DependencyAges(lambda: _ages(git, tip, dependencies, history))


def _ages(git: Git, tip: str, dependencies: Dependencies, history: History) -> Ages:
    covered = {path for lock in dependencies.locks if lock.read for path in lock.covers}
    paths = [lock.path for lock in dependencies.locks if lock.read and lock.packages]
    paths += [manifest.path for manifest in dependencies.manifests if manifest.path not in covered and _has_own(manifest.entries)]
    budget = _Budget(_BYTES)
    named = list(dict.fromkeys(paths))
    files = tuple(_age(git, tip, path, budget) for path in named[:_FILES])
    return Ages(files, history.shallow or budget.left <= 0 or len(named) > _FILES)


def _has_own(entries: tuple[Entry, ...]) -> bool:
    return any(entry.pin is not Pin.LOCAL for entry in entries)


class _Budget:
    def __init__(self, size: int) -> None:
        self.left = size


def _age(git: Git, tip: str, path: str, budget: _Budget) -> FileAge:
    listed = git.run("log", "--first-parent", "-m", "--no-renames", "--no-show-signature", f"--max-count={_COMMITS}", "--format=%H %ct", tip, "--", path)
    commits = [line.split() for line in listed.decode("ascii", "replace").split("\n") if line]
    moves: list[Move] = []
    after: Versions | None = None
    for index, (commit, when) in enumerate(commits):
        if budget.left <= 0:
            break
        now = after if after is not None else _versions(git, commit, path, budget)
        before = _versions(git, commits[index + 1][0], path, budget) if index + 1 < len(commits) else None
        moved = tuple(sorted(name for name in now if before and name in before and before[name] != now[name]))
        if moved:
            moves.append(Move(commit, int(when), moved))
        after = before
    return FileAge(path, int(commits[-1][1]) if commits else 0, tuple(moves))


def _versions(git: Git, commit: str, path: str, budget: _Budget) -> Versions:
    """Names and versions (or wishes) that a file named at a commit; empty where it was not there or cannot be read."""
    size = git.try_run("cat-file", "-s", f"{commit}:{path}")
    if size is None or int(size) > _LARGEST:
        return {}
    budget.left -= int(size)
    data = git.run("cat-file", "blob", f"{commit}:{path}")
    found = look(Tree({path: File(path, len(data))}, {path: data}.get))
    named: dict[str, set[str]] = {}
    for lock in found.locks:
        for package in lock.packages:
            named.setdefault(package.name, set()).add(package.version)
    for manifest in found.manifests:
        for entry in manifest.entries:
            named.setdefault(entry.name, set()).add(entry.spec)
    return {name: frozenset(versions) for name, versions in named.items()}
