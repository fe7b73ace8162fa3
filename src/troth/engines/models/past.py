"""Model blobs of history: which are pointers of Git LFS, and which are models in git itself.

Only objects of the clone are asked, by size first; a blob is read only if it is small enough to be a pointer. What is not here, or beyond a limit, is named.
"""

from __future__ import annotations

import os
from typing import Final

from troth.engines.git.command import Git
from troth.engines.git.repository import Repository
from troth.engines.models.look import is_model
from troth.engines.models.objects import pointer_of
from troth.terms.facts.history import Changes
from troth.terms.facts.model_history import Committed, ModelHistory, PastModel

__all__ = ["BLOBS_LIMIT", "SMALL_BYTES", "look"]

BLOBS_LIMIT: Final = 50_000
"""Blobs whose size is asked."""
BRANCH_COMMITS: Final = 20_000
"""Commits of other branches that are looked at."""
SMALL_BYTES: Final = 16_384
"""Below this, a file in git is a test's data rather than a model."""
_POINTER_BYTES: Final = 1_024
"""A pointer is shorter, by the specification of git-lfs."""


def look(repository: Repository, changes: Changes) -> ModelHistory:
    """What HEAD and its history hold of models.

    Raises:
        LookError: no repository, or git cannot read it.
    """
    git = repository.need_git()
    head = _head(git, repository.commit or "")
    past = _changed(changes)
    elsewhere, limits = _other_branches(git, repository.commit or "")
    past = {**elsewhere, **past}
    if len(past) > BLOBS_LIMIT:
        limits.append(f"{len(past)} model blobs are in history; a check asks for {BLOBS_LIMIT}")
    wanted = [*head.values(), *list(past)[:BLOBS_LIMIT]]
    sizes = _sizes(git, wanted)
    pointers = _pointers(git, [blob for blob, size in sizes.items() if size < _POINTER_BYTES])
    missing = len({blob for blob in wanted if blob not in sizes})
    if missing:
        limits.append(f"{missing} model blobs are not in this clone")
    if any("shallow" in note for note in repository.notes):
        limits.append("the history is cut off (a shallow clone)")
    plain: dict[str, PastModel] = {}
    for blob, (path, commit) in past.items():
        size = sizes.get(blob, 0)
        if size > SMALL_BYTES and (path not in plain or size > plain[path].size):
            plain[path] = PastModel(path, size, commit)
    committed = {path: Committed(sizes[blob], pointers.get(blob)) for path, blob in head.items() if blob in sizes}
    return ModelHistory(committed, tuple(plain[path] for path in sorted(plain)), len(sizes), tuple(limits))


def _changed(changes: Changes) -> dict[str, tuple[str, str]]:
    """Model blobs of HEAD's history: blob -> path, commit."""
    past: dict[str, tuple[str, str]] = {}
    for change in changes.changes:
        if is_model(change.path):
            for blob in (change.after, change.before):
                if blob.strip("0"):
                    past.setdefault(blob, (change.path, change.commit))
    return past


def _other_branches(git: Git, commit: str) -> tuple[dict[str, tuple[str, str]], list[str]]:
    """Model blobs that only other branches, tags and notes of the clone reach (blob -> path, commit), and what was not looked at: every clone fetches them as well."""
    if not commit:
        return {}, []
    raw = git.run(
        "log", "--all", "--raw", "-z", "-m", "--no-abbrev", "--no-renames", "--no-ext-diff", "--no-textconv", "--no-show-signature", f"--max-count={BRANCH_COMMITS}", "--format=%x01%H", "--not", commit, "--",
    )  # fmt: skip
    found: dict[str, tuple[str, str]] = {}
    at, blobs, commits = "", ("", ""), 0
    for token in raw.split(b"\0"):
        word = token.lstrip(b"\n")
        if word.startswith(b"\x01"):
            at, commits = word[1:41].decode("ascii", "replace"), commits + 1
            word = word[41:].lstrip(b"\n")
        if word.startswith(b":"):
            parts = word.decode("ascii", "replace").split(" ")
            blobs = (parts[3], parts[2]) if len(parts) >= 5 else ("", "")
        elif word and blobs[0] and is_model(path := os.fsdecode(word)):
            for blob in blobs:
                if blob.strip("0"):
                    found.setdefault(blob, (path, at))
            blobs = ("", "")
    limits = [f"more than {BRANCH_COMMITS} commits lie on other branches"] if commits >= BRANCH_COMMITS else []
    return found, limits


def _head(git: Git, commit: str) -> dict[str, str]:
    """Blob by path, of the models of a commit."""
    if not commit:
        return {}
    found = {}
    for record in git.run("ls-tree", "-r", "-z", "--full-tree", commit).split(b"\0")[:-1]:
        head, _, raw = record.partition(b"\t")
        mode, _kind, blob = head.decode("ascii").split(" ")
        path = os.fsdecode(raw)
        if mode in ("100644", "100755") and is_model(path):
            found[path] = blob
    return found


def _sizes(git: Git, blobs: list[str]) -> dict[str, int]:
    """Size in bytes of each blob that is here."""
    if not blobs:
        return {}
    listing = git.run("cat-file", "--batch-check=%(objectname) %(objecttype) %(objectsize)", stdin="".join(f"{blob}\n" for blob in dict.fromkeys(blobs)).encode())
    words = (line.split(" ") for line in listing.decode("ascii", "replace").splitlines())
    return {item[0]: int(item[2]) for item in words if len(item) == 3 and item[1] == "blob"}


def _pointers(git: Git, blobs: list[str]) -> dict[str, int]:
    """Those of some small blobs that are pointers, with the size that they stand for."""
    if not blobs:
        return {}
    data = git.run("cat-file", "--batch", stdin="".join(f"{blob}\n" for blob in blobs).encode())
    found, pos = {}, 0
    while pos < len(data):
        line = data.index(b"\n", pos)
        name, _kind, size = data[pos:line].decode("ascii").split(" ")
        content = data[line + 1 : line + 1 + int(size)]
        pointer = pointer_of(content)
        if pointer is not None:
            found[name] = pointer[1]
        pos = line + 2 + int(size)
    return found
