"""Opens a pull request with a change, through the forge's interface alone: blobs, a tree, a commit, a branch, the request. No clone and no git program takes part.

Where `fork` names one, the branch is written there, and nothing but the request itself to the repository that it is for.
"""

from __future__ import annotations

import base64
import binascii

from troth.jobs.handler import Change, Diff, HandlerError, Outcome, Reader, Tools
from troth.jobs.handlers.forge_client import Answer, ForgeClient, below, part
from troth.jobs.handlers.forks import demand_fork, fork_there, made_fork
from troth.jobs.handlers.git_tree import branch_ref
from troth.jobs.handlers.patching import Entry, Planned, planned, text_of, unpack
from troth.jobs.request import JobRequest
from troth.jobs.strict import Json

__all__ = ["OpenPullRequest"]


class _ForgeTree:
    """The tree of one commit on the forge; a `patching.Source`."""

    def __init__(self, forge: ForgeClient, commit: str) -> None:
        self._forge = forge
        about = forge.object(f"/git/commits/{part(commit)}", missing=True)
        if about is None:
            raise HandlerError("no-base", "The forge does not have the commit that the change is for; push it first.")
        self.commit, self.tree = commit, str(below(about, "tree", "sha"))
        listed = forge.object(f"/git/trees/{part(self.tree)}?recursive=1") or {}
        entries = listed.get("tree")
        if listed.get("truncated") or not isinstance(entries, list):
            raise HandlerError("tree-too-large", "The forge does not show the whole tree; open the change on a branch of a clone instead.")
        self._entries = {str(one["path"]): one for one in entries if isinstance(one, dict) and "path" in one}

    def entry(self, path: str) -> Entry | None:
        """See `patching.Source`."""
        found = self._entries.get(path)
        if found is None:
            return None
        mode, blob = str(found.get("mode")), str(found.get("sha"))
        if found.get("type") != "blob" or mode == "120000":
            return Entry(mode, blob, b"")
        told = self._forge.object(f"/git/blobs/{part(blob)}") or {}
        try:
            return Entry(mode, blob, base64.b64decode(str(told.get("content")).replace("\n", ""), validate=True))
        except binascii.Error as error:
            raise HandlerError("forge-answer", "The forge's blob is not what it says.") from error

    def names(self, folder: str) -> frozenset[str]:
        """See `patching.Source`."""
        return frozenset(name for above, _, name in (path.rpartition("/") for path in self._entries) if above == folder)


class OpenPullRequest:
    """Parameters: `repository`, `api`, `base` (full commit id), `into` (branch), `branch`, `patch`, `title`, `body`, perhaps `fork` (OWNER/NAME)."""

    name = "open-pull-request"
    safe_to_retry = True

    def plan(self, request: JobRequest, reader: Reader) -> Diff:
        """The files as they will be, and the request's text."""
        forge = ForgeClient(request, reader)
        tree, files = _ready(request, forge)
        branch, into = text_of(request.params, "branch"), text_of(request.params, "into")
        branch_ref(branch)
        if _tip(forge, into) != tree.commit:
            raise HandlerError("base-moved", f"{into} is no longer at the commit that the change is for.")
        own = _own(request, reader, forge)
        made = None if own is forge else demand_fork(forge, own)
        if made is None and _tip(own, branch):
            raise HandlerError("branch-exists", "There is a branch of that name already.")
        name = branch if own is forge else f"{own.repository}:{branch}"
        opened = Change(f"{forge.repository}: {name} into {into}", "create", f"{text_of(request.params, 'title')}\n\n{_text(request)}")
        return Diff(text_of(request.params, "title"), (*(one.change for one in files), *(() if made is None else (made,)), opened), tree.commit)

    def act(self, request: JobRequest, diff: Diff, tools: Tools) -> Outcome:
        """Make the branch, then the request; a second try goes on where the first ended."""
        del diff
        forge = ForgeClient(request, tools)
        tree, files = _ready(request, forge)
        branch = text_of(request.params, "branch")
        own = _own(request, tools, forge)
        if own is not forge:
            made_fork(forge, own, tree.commit)
        wanted = _post(own, "/git/trees", {"base_tree": tree.tree, "tree": [_blob(own, one) for one in files]})
        made = _tip(own, branch)
        if made:
            about = own.object(f"/git/commits/{made}")
            if below(about, "tree", "sha") != wanted:
                raise HandlerError("branch-exists", "There is a branch of that name with something else on it.")
        else:
            message = f"{text_of(request.params, 'title')}\n\nTroth-Job: {request.sha256}\n"
            made = _post(own, "/git/commits", {"message": message, "tree": wanted, "parents": [tree.commit]})
            own.send("POST", "/git/refs", {"ref": branch_ref(branch), "sha": made})
        head = _head(own, branch)
        found = _pull(forge, head)
        if found is None:
            told = {"title": text_of(request.params, "title"), "body": _text(request), "head": branch if own is forge else head, "base": text_of(request.params, "into")}
            _, answer = forge.send("POST", "/pulls", {**told, "maintainer_can_modify": True})
            found = answer if isinstance(answer, dict) else {}
        return Outcome(f"Opened pull request {found.get('number')}.", {"number": found.get("number"), "url": found.get("html_url"), "branch": branch, "commit": made, "tree": wanted})

    def undo(self, request: JobRequest, diff: Diff, tools: Tools) -> Outcome:
        """Close the request and delete the branch, if it is still where this job left it. A fork that was made stays."""
        del diff
        forge = ForgeClient(request, tools)
        branch, own = text_of(request.params, "branch"), _own(request, tools, forge)
        there = own is forge or fork_there(forge, own)
        found, made = _pull(forge, _head(own, branch)), _tip(own, branch) if there else ""
        if made:
            message = str(below(own.object(f"/git/commits/{made}"), "message"))
            if f"Troth-Job: {request.sha256}" not in message:
                raise HandlerError("branch-moved", "Somebody has gone on working on the branch; it stays.")
        if found is not None:
            forge.send("PATCH", f"/pulls/{found['number']}", {"state": "closed"})
        if made:
            own.send("DELETE", f"/git/refs/heads/{branch}")
        return Outcome("Closed the pull request and deleted its branch.", {"branch": branch})


def _own(request: JobRequest, given: Reader | Tools, forge: ForgeClient) -> ForgeClient:
    """Where the branch is written: the fork, or the repository itself."""
    fork = text_of(request.params, "fork")
    return ForgeClient(request, given, fork) if fork else forge


def _head(own: ForgeClient, branch: str) -> str:
    return f"{own.repository.partition('/')[0]}:{branch}"


def _ready(request: JobRequest, forge: ForgeClient) -> tuple[_ForgeTree, tuple[Planned, ...]]:
    tree = _ForgeTree(forge, text_of(request.params, "base"))
    return tree, planned(unpack(request.params.get("patch")), tree)


def _text(request: JobRequest) -> str:
    return f"{text_of(request.params, 'body').rstrip()}\n\n<!-- troth-job: {request.sha256} -->\n"


def _tip(forge: ForgeClient, branch: str) -> str:
    found = below(forge.object(f"/git/ref/heads/{branch}", missing=True), "object", "sha")
    return found if isinstance(found, str) else ""


def _post(forge: ForgeClient, path: str, body: dict[str, Json]) -> str:
    _, answer = forge.send("POST", path, body)
    made = below(answer, "sha")
    if not isinstance(made, str):
        raise HandlerError("forge-answer", "The forge does not say what it made.")
    return made


def _blob(forge: ForgeClient, one: Planned) -> Json:
    told: dict[str, Json] = {"path": one.path, "mode": one.mode or "100644", "type": "blob"}
    if not one.mode:
        return {**told, "sha": None}
    if one.content is None:
        return {**told, "sha": one.blob}
    return {**told, "sha": _post(forge, "/git/blobs", {"content": base64.b64encode(one.content).decode(), "encoding": "base64"})}


def _pull(forge: ForgeClient, head: str) -> Answer | None:
    listed = forge.get(f"/pulls?state=open&head={part(head)}")
    return next((one for one in listed if isinstance(one, dict)), None) if isinstance(listed, list) else None
