"""Lines of descent: the commits of a main line, which of them touched some paths, and the head of one commit. For those who walk through history; judges nothing."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass

from troth.engines.git.command import Git
from troth.errors import LookError

__all__ = ["CommitHead", "ancestors", "commit_head", "main_line", "touching"]

_MOST_PATHS = 200


@dataclass(frozen=True, slots=True)
class CommitHead:
    """Who, when and what of a commit.

    Attributes:
        id: full object id.
        parents: ids, the main line's first.
        author: name.
        date: committer's date, ISO 8601.
        subject: first line of the message.
    """

    id: str
    parents: tuple[str, ...]
    author: str
    date: str
    subject: str


def main_line(git: Git, tip: str) -> list[str]:
    """Ids from `tip` back along first parents, newest first.

    Raises:
        LookError: git cannot read the history.
    """
    return git.run("rev-list", "--first-parent", tip, "--").decode("ascii").split()


def touching(git: Git, tip: str, paths: Iterable[str]) -> frozenset[str]:
    """Commits of the main line from `tip` whose step (a merge's whole step) changed any of `paths`.

    Raises:
        LookError: git cannot read the history.
    """
    named = [path for path in dict.fromkeys(paths) if path and not path.startswith("(")][:_MOST_PATHS]
    if not named:
        return frozenset()
    listed = git.run(
        "log", "--first-parent", "-m", "--format=%x00%H", "--name-only", "-z", "--no-show-signature", "--no-renames", tip, "--"
    )  # fmt: skip
    wanted = frozenset(os.fsencode(name) for name in named)
    found, commit = set(), ""
    for field in listed.split(b"\0"):
        text = field.strip(b"\n")
        if len(text) in (40, 64) and not text.strip(b"0123456789abcdef"):
            commit = text.decode("ascii")
        elif text in wanted and commit:
            found.add(commit)
    return frozenset(found)


def commit_head(git: Git, commit: str) -> CommitHead:
    """The head of a commit.

    Raises:
        LookError: there is no such commit, or git cannot read it.
    """
    said = git.run("log", "-1", "--no-show-signature", "--format=%H%x00%P%x00%an%x00%cI%x00%s", commit, "--")
    fields = said.decode("utf-8", "replace").rstrip("\n").split("\0")
    if len(fields) != 5:
        raise LookError("a commit that git can show", f"git does not show {commit[:12]} as expected.")
    return CommitHead(fields[0], tuple(fields[1].split()), fields[2], fields[3], fields[4])


def ancestors(git: Git, commit: str) -> frozenset[str]:
    """Ids of a commit and of all that it descends from.

    Raises:
        LookError: git cannot read the history.
    """
    return frozenset(git.run("rev-list", commit, "--").decode("ascii").split())
