"""Git's plumbing, for writing one commit on one new branch: objects, an index of its own outside the repository, one reference. Nothing else of a repository is touched.

No hook, filter, signature program or helper of the repository's configuration runs (the settings of `engines.git.command` are given with every call, and these commands
use no others); the user's index, HEAD and checked-out files are never opened; the reference is created only if it is not there (`update-ref` with an empty old value).
"""

from __future__ import annotations

import os
import re
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from troth.engines.git import command
from troth.jobs.handler import HandlerError
from troth.jobs.handlers.patching import Entry, Planned, folded

__all__ = ["Author", "GitTree", "branch_ref"]

_COMMIT: Final = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_BRANCH: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,60}(?:/[A-Za-z0-9][A-Za-z0-9._-]{0,60}){0,5}")
_MORE_CONFIG: Final = ("core.splitIndex=false", "index.sparse=false", "i18n.commitEncoding=UTF-8", "core.ignoreCase=false", "core.precomposeUnicode=false", "index.threads=1")
_SECONDS: Final = 120.0
_BLOB_BYTES: Final = 16 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Author:
    """Who a commit is by."""

    name: str
    email: str


def branch_ref(branch: str) -> str:
    """`refs/heads/...` of a branch's name.

    Raises:
        HandlerError: no branch can have that name.
    """
    if not _BRANCH.fullmatch(branch) or ".." in branch or any(part.endswith((".lock", ".")) for part in branch.split("/")):
        raise HandlerError("branch", "The branch has a name that no branch may have here.")
    return f"refs/heads/{branch}"


class GitTree:
    """The tree of one commit of a repository; a `Source` for patches.

    Args:
        root: a work tree or a bare repository.
        commit: full id.

    Raises:
        HandlerError: there is no such commit.
    """

    def __init__(self, root: Path, commit: str) -> None:
        self.root, self.commit = root, commit
        self._git = command.find_git()
        if not _COMMIT.fullmatch(commit) or self.run("rev-parse", "--verify", "--quiet", f"{commit}^{{commit}}", refused="no-commit").strip().decode() != commit:
            raise HandlerError("no-commit", "The commit that the change is for is not in the repository.")

    def run(self, *words: str, content: bytes = b"", index: Path | None = None, author: Author | None = None, refused: str = "git") -> bytes:
        """Output of one plumbing command.

        Raises:
            HandlerError: git refused; `refused` is the reason.
        """
        line = [self._git, "--no-pager", "--literal-pathspecs"]
        for setting in (*command._SAFE_CONFIG, *_MORE_CONFIG):
            line += ["-c", setting]
        environment = command._environment()
        if index is not None:
            environment["GIT_INDEX_FILE"] = str(index)
        if author is not None:
            for role in ("AUTHOR", "COMMITTER"):
                environment |= {f"GIT_{role}_NAME": author.name, f"GIT_{role}_EMAIL": author.email}
        try:
            done = subprocess.run(  # noqa: S603 - our own argument list, no shell
                [*line, "-C", os.fspath(self.root), *words], input=content, capture_output=True, env=environment, timeout=_SECONDS, check=False
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise HandlerError(refused, f"git {words[0]} did not end.") from error
        if done.returncode:
            told = done.stderr.decode("utf-8", "replace").strip().splitlines()
            raise HandlerError(refused, f"git {words[0]} refused: {told[-1][:200] if told else 'it said nothing'}")
        return done.stdout

    def entry(self, path: str) -> Entry | None:
        """See `patching.Source`."""
        told = self.run("ls-tree", "-z", "--full-tree", self.commit, "--", path)
        if not told:
            return None
        head, _, _name = told.rstrip(b"\0").partition(b"\t")
        mode, kind, blob = head.decode("ascii").split(" ")
        if kind != "blob" or mode == "120000":
            return Entry(mode, blob, b"")
        size = int(self.run("cat-file", "-s", blob))
        if size > _BLOB_BYTES:
            raise HandlerError("too-large", f"{path} is larger than {_BLOB_BYTES} bytes.")
        return Entry(mode, blob, self.run("cat-file", "blob", blob))

    def names(self, folder: str) -> frozenset[str]:
        """See `patching.Source`."""
        told = self.run("ls-tree", "-z", "--name-only", "--full-tree", self.commit, *(("--", f"{folder}/") if folder else ()))
        return frozenset(path.rpartition("/")[2] for path in told.decode("utf-8", "surrogateescape").split("\0") if path)

    def tip(self, branch: str) -> str:
        """Commit of a branch; "" where there is no such branch."""
        told = self.run("for-each-ref", "--format=%(objectname) %(refname)", branch_ref(branch)).decode("utf-8", "replace")
        return next((line.split(" ")[0] for line in told.splitlines() if line.split(" ")[1:] == [branch_ref(branch)]), "")

    def lies_over(self, branch: str) -> bool:
        """Whether a branch of another spelling would be the same file, or lie in it, where case or accents do not count."""
        told = self.run("for-each-ref", "--format=%(refname:strip=2)", "refs/heads").decode("utf-8", "replace")
        new = folded(branch)
        return any(
            old != branch and (folded(old) == new or (f"{folded(old)}/".startswith(f"{new}/") and not old.startswith(f"{branch}/")) or (f"{new}/".startswith(f"{folded(old)}/") and not branch.startswith(f"{old}/")))
            for old in told.splitlines()
        )

    def tree_with(self, files: Sequence[Planned]) -> str:
        """Write the blobs and the tree; its id. The index lives in a temporary directory."""
        lines = []
        for one in files:
            blob = one.blob if one.content is None else self.run("hash-object", "-w", "--no-filters", "--stdin", content=one.content).decode().strip()
            lines.append(f"{one.mode} {blob}\t{one.path}\0" if one.mode else f"0 {'0' * len(self.commit)}\t{one.path}\0")
        with tempfile.TemporaryDirectory(prefix="troth-index-") as folder:
            index = Path(folder, "index")
            self.run("read-tree", self.commit, index=index)
            self.run("update-index", "-z", "--index-info", content="".join(lines).encode("utf-8"), index=index, refused="tree")
            tree = self.run("write-tree", index=index).decode().strip()
        changed = self.run("diff-tree", "-r", "-z", "--name-only", "--no-renames", f"{self.commit}^{{tree}}", tree).decode("utf-8", "surrogateescape")
        if set(filter(None, changed.split("\0"))) - {one.path for one in files}:
            raise HandlerError("tree", "The tree would change in more places than the patch says.")
        return tree

    def commit_on(self, tree: str, branch: str, message: str, author: Author) -> str:
        """Write the commit and create the branch; its id.

        Raises:
            HandlerError: `branch-exists` where somebody else was quicker.
        """
        made = self.run("commit-tree", tree, "-p", self.commit, "-F", "-", content=message.encode("utf-8"), author=author).decode().strip()
        self.run("update-ref", "--no-deref", "-m", "troth: open a change", branch_ref(branch), made, "0" * len(made), refused="branch-exists")
        return made

    def drop(self, branch: str, commit: str) -> None:
        """Delete the branch if it is still at that commit."""
        self.run("update-ref", "--no-deref", "-d", branch_ref(branch), commit, refused="branch-moved")

    def about(self, commit: str) -> tuple[str, tuple[str, ...]]:
        """Tree and parents of a commit."""
        words = self.run("rev-parse", f"{commit}^{{tree}}", f"{commit}^@").decode().split()
        return words[0], tuple(words[1:])
