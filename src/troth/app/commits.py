"""Which commit an action's ref names: from a map that somebody wrote, from repositories on this machine, or from the forge. Nothing is guessed, and a source that does not know says nothing."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from troth.engines.git.command import Git, find_git
from troth.errors import UsageError
from troth.jobs.recommend.modules.pin_actions import reference
from troth.terms.facts.tree import Tree

__all__ = ["CommitSources", "known_commits", "read_refs", "wanted_refs"]

_USES: Final = re.compile(r"""(?<![\w-])uses:[ \t]*["']?([A-Za-z0-9_.-]+/[^\s"'#,}]+)""")
_COMMIT: Final = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_FILES: Final = (".github/workflows/*.yml", ".github/workflows/*.yaml", "*action.yml", "*action.yaml")
_MOST: Final = 500
_SIZE: Final = 8 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class CommitSources:
    """Where to look, in this order.

    Attributes:
        refs: a JSON file: `{"owner/name@ref": "<commit>"}`.
        mirror: a directory of git repositories: `owner/name`, `owner/name.git`, `owner_name` or `owner+name`.
        forge: ask the forge, at `api`.
        api: address of the forge's interface.
    """

    refs: Path | None = None
    mirror: Path | None = None
    forge: bool = False
    api: str = "https://api.github.com"


def wanted_refs(tree: Tree) -> tuple[str, ...]:
    """Refs of actions that the tree's workflows and actions name, sorted."""
    found: set[str] = set()
    for path in tree.paths(*_FILES):
        for match in _USES.finditer(tree.text(path) or ""):
            found.add(reference(match[1]))
    return tuple(sorted(found - {""}))[:_MOST]


def known_commits(sources: CommitSources, tree: Tree) -> dict[str, str]:
    """Ref -> commit, for as many of the tree's refs as the sources know.

    Raises:
        UsageError: the map cannot be read.
        LookError: the forge was asked for, and cannot be spoken with.
    """
    wanted = wanted_refs(tree)
    found = {name: commit for name, commit in read_refs(sources.refs).items() if name in wanted} if sources.refs else {}
    if sources.mirror is not None:
        found |= {name: commit for name in wanted if name not in found and (commit := _in_mirror(sources.mirror, name))}
    missing = [name for name in wanted if name not in found]
    if sources.forge and missing:
        found |= _on_forge(missing, sources.api)
    return found


def read_refs(path: Path) -> dict[str, str]:
    """The map of a refs file; owners and names in lower case.

    Raises:
        UsageError: it is no such file.
    """
    try:
        if path.stat().st_size > _SIZE:
            raise UsageError(f"{path} is larger than {_SIZE:,} bytes")
        told = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise UsageError(f"{path} cannot be read as JSON: {error}") from error
    if not isinstance(told, Mapping):
        raise UsageError(f'{path} is not an object of "owner/name@ref": "commit"')
    found: dict[str, str] = {}
    for name, commit in told.items():
        repository, at, ref = str(name).partition("@")
        if not at or not isinstance(commit, str) or not _COMMIT.fullmatch(commit.lower()):
            raise UsageError(f"{path}: {str(name)[:80]!r} does not name a full commit id")
        found[f"{repository.lower()}@{ref}"] = commit.lower()
    return found


def _in_mirror(mirror: Path, name: str) -> str:
    repository, _, ref = name.partition("@")
    owner, _, bare = repository.partition("/")
    places = {f"{owner}/{bare}", f"{owner}/{bare}.git", f"{owner}_{bare}", f"{owner}+{bare}"}
    for path in _named(mirror, places):
        git = Git(path, find_git())
        for full in (f"refs/tags/{ref}", f"refs/heads/{ref}", f"refs/remotes/origin/{ref}"):
            answer = git.try_run("rev-parse", "--verify", "--quiet", "--end-of-options", f"{full}^{{commit}}")
            commit = (answer or b"").decode("ascii", "replace").strip()
            if _COMMIT.fullmatch(commit):
                return commit
    return ""


def _named(mirror: Path, places: Iterable[str]) -> list[Path]:
    """Directories of the mirror with one of these names, whatever their case."""
    wanted = set(places)
    if not mirror.is_dir():
        raise UsageError(f"{mirror} is not a directory of repositories")
    listed = [path for path in mirror.iterdir() if path.is_dir()]
    owners = {place.partition("/")[0] for place in wanted if "/" in place}
    nested = [child for path in listed if path.name.lower() in owners for child in path.iterdir() if child.is_dir()]
    return [path for path in sorted([*listed, *nested]) if path.relative_to(mirror).as_posix().lower() in wanted]


def _on_forge(names: Iterable[str], api: str) -> dict[str, str]:
    from urllib.parse import quote

    from troth.app.forge import token
    from troth.engines.forge.client import Client
    from troth.engines.forge.endpoints import Endpoint
    from troth.engines.forge.shapes import Node

    endpoint = Endpoint("commit", "/repos/{owner}/{repo}/commits/{ref}", "Contents: read", {"sha!": "str"})
    found: dict[str, str] = {}
    with Client(token(), api=api) as client:
        for name in names:
            repository, _, ref = name.partition("@")
            page = client.page(endpoint, f"/repos/{repository}/commits/{quote(ref, safe='')}")
            commit = Node(page.body).text("sha", "") if page.status == 200 else ""
            if _COMMIT.fullmatch(commit):
                found[name] = commit
    return found
