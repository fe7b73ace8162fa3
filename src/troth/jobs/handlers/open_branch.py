"""Opens a change on a new branch of the tenant's repository (a work tree or a bare clone)."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from troth.jobs.handler import Change, Diff, HandlerError, Outcome, Reader, Tools
from troth.jobs.handlers.git_tree import Author, GitTree, branch_ref
from troth.jobs.handlers.patching import Planned, planned, text_of, unpack
from troth.jobs.request import JobRequest

__all__ = ["OpenBranch"]

_AUTHOR: Final = Author("Troth", "troth@invalid")
"""Who the commit is by; `.invalid` (RFC 2606) reaches nobody. Who asked and who approved stands in the ledger."""


class OpenBranch:
    """Parameters: `base` (full commit id), `branch`, `patch`, `title`, `body`."""

    name = "open-branch"
    safe_to_retry = True

    def plan(self, request: JobRequest, reader: Reader) -> Diff:
        """The files as they will be, and the branch."""
        tree, files = _ready(request, reader.root)
        branch = text_of(request.params, "branch")
        if tree.tip(branch) or tree.lies_over(branch):
            raise HandlerError("branch-exists", "There is a branch of that name already, or one that has its name where case or accents do not count.")
        ref = Change(branch_ref(branch), "create", _message(request))
        return Diff(text_of(request.params, "title"), (*(one.change for one in files), ref), tree.commit)

    def act(self, request: JobRequest, diff: Diff, tools: Tools) -> Outcome:
        """Write objects, and create the branch in one step. A second try finds the branch of the first."""
        del diff
        tree, files = _ready(request, tools.root)
        branch = text_of(request.params, "branch")
        wanted = tree.tree_with(files)
        made = tree.tip(branch)
        if made and tree.about(made) != (wanted, (tree.commit,)):
            raise HandlerError("branch-exists", "There is a branch of that name with something else on it.")
        made = made or tree.commit_on(wanted, branch, _message(request), _AUTHOR)
        return Outcome(f"Opened {branch} at {made[:12]}.", {"branch": branch, "commit": made, "base": tree.commit, "files": [one.path for one in files]})

    def undo(self, request: JobRequest, diff: Diff, tools: Tools) -> Outcome:
        """Delete the branch, if it holds what this job put there and nothing more."""
        del diff
        tree, files = _ready(request, tools.root)
        branch = text_of(request.params, "branch")
        made = tree.tip(branch)
        if not made:
            return Outcome("There was no branch to take back.", {"branch": branch})
        if tree.about(made) != (tree.tree_with(files), (tree.commit,)):
            raise HandlerError("branch-moved", "Somebody has gone on working on the branch; it stays.")
        tree.drop(branch, made)
        return Outcome(f"Deleted {branch}.", {"branch": branch, "commit": made})


def _ready(request: JobRequest, root: Path | None) -> tuple[GitTree, tuple[Planned, ...]]:
    if root is None:
        raise HandlerError("no-tree", "The executor has no tree for this tenant.")
    tree = GitTree(root, text_of(request.params, "base"))
    return tree, planned(unpack(request.params.get("patch")), tree)


def _message(request: JobRequest) -> str:
    body = text_of(request.params, "body").strip()
    return f"{text_of(request.params, 'title').strip()}\n\n{body}\n\nTroth-Job: {request.sha256}\n"
