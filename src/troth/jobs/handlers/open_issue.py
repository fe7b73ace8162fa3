"""Opens an issue on a forge, once: its text carries the job's id, and a second try finds it."""

from __future__ import annotations

import hashlib

from troth.jobs.handler import Change, Diff, HandlerError, Outcome, Reader, Tools
from troth.jobs.handlers.forge_client import Answer, ForgeClient
from troth.jobs.handlers.patching import text_of
from troth.jobs.request import JobRequest

__all__ = ["OpenIssue"]


class OpenIssue:
    """Parameters: `repository`, `api`, `title`, `body`."""

    name = "open-issue"
    safe_to_retry = True

    def plan(self, request: JobRequest, reader: Reader) -> Diff:
        """The issue's text, exactly; refused where an open issue has the same title."""
        title, text = text_of(request.params, "title"), _text(request)
        if any(one.get("title") == title and _mark(request) not in str(one.get("body")) for one in _open(ForgeClient(request, reader))):
            raise HandlerError("issue-exists", "An open issue has the same title.")
        shown = f"{title}\n\n{text}"
        change = Change(f"{text_of(request.params, 'repository')}/issues", "create", shown, "", hashlib.sha256(shown.encode()).hexdigest())
        return Diff(f"Open an issue: {title}"[:200], (change,))

    def act(self, request: JobRequest, diff: Diff, tools: Tools) -> Outcome:
        """Open it, or find the one of an earlier try."""
        del diff
        forge = ForgeClient(request, tools)
        found = next((one for one in _open(forge) if _mark(request) in str(one.get("body"))), None)
        if found is None:
            _, made = forge.send("POST", "/issues", {"title": text_of(request.params, "title"), "body": _text(request)})
            found = made if isinstance(made, dict) else {}
        return Outcome(f"Opened issue {found.get('number')}.", {"number": found.get("number"), "url": found.get("html_url")})

    def undo(self, request: JobRequest, diff: Diff, tools: Tools) -> Outcome:
        """Close it."""
        del diff
        forge = ForgeClient(request, tools)
        closed = []
        for one in _open(forge):
            if _mark(request) in str(one.get("body")):
                forge.send("PATCH", f"/issues/{one['number']}", {"state": "closed", "state_reason": "not_planned"})
                closed.append(one["number"])
        return Outcome(f"Closed {len(closed)} issues.", {"numbers": closed})


def _mark(request: JobRequest) -> str:
    return f"<!-- troth-job: {request.sha256} -->"


def _text(request: JobRequest) -> str:
    return f"{text_of(request.params, 'body').rstrip()}\n\n{_mark(request)}\n"


def _open(forge: ForgeClient) -> list[Answer]:
    listed = forge.get("/issues?state=open&per_page=100&sort=created&direction=desc")
    if not isinstance(listed, list):
        raise HandlerError("forge-answer", "The forge's list of issues is none.")
    return [one for one in listed if isinstance(one, dict) and "pull_request" not in one]
