"""Protects a branch on a forge: reads the protection, works out what differs from what is asked for, writes only then, and can put back what was before.

The forge's interface takes a protection as a whole. What is there already is therefore carried over into what is written, and read again afterwards: where anything but
the asked-for difference has changed, the former protection is restored and the job fails.
"""

from __future__ import annotations

import hashlib
import json
from typing import Final

from troth.jobs.handler import Change, Diff, HandlerError, Outcome, Reader, Tools
from troth.jobs.handlers.forge_client import Answer, ForgeClient, below, part
from troth.jobs.handlers.patching import text_of
from troth.jobs.request import JobRequest
from troth.jobs.strict import Json

__all__ = ["ProtectBranch", "asked", "normal"]

_SWITCHES: Final = (
    "required_linear_history", "allow_force_pushes", "allow_deletions", "block_creations", "required_conversation_resolution", "lock_branch", "allow_fork_syncing",
)  # fmt: skip
_BARE: Final[dict[str, Json]] = {
    "required_status_checks": None, "enforce_admins": False, "required_pull_request_reviews": None, "restrictions": None, "signatures": False,
    **dict.fromkeys(_SWITCHES, False),
}  # fmt: skip
"""A branch whose protection is on and asks for nothing."""


class ProtectBranch:
    """Parameters: `repository`, `api`, `branch`, `approvals`, `checks`, `strict`, `dismiss_stale`, `code_owners`, `linear`, `signatures`, `admins`."""

    name = "protect-branch"
    safe_to_retry = True

    def plan(self, request: JobRequest, reader: Reader) -> Diff:
        """The protection before and after."""
        before = _read(ForgeClient(request, reader), text_of(request.params, "branch"))
        after = asked(before, request)
        if before == after:
            raise HandlerError("nothing-to-do", "The branch is protected like this already.")
        old, new = _text(before), _text(after)
        shown = "\n".join((*_differences(before, after), "", "before:", old, "after:", new))
        target = f"{text_of(request.params, 'repository')}: protection of {text_of(request.params, 'branch')}"
        change = Change(target, "change" if before else "create", shown, _digest(old) if before else "", _digest(new))
        return Diff(f"Protect {text_of(request.params, 'branch')}: {'; '.join(_differences(before, after))}"[:200], (change,))

    def act(self, request: JobRequest, diff: Diff, tools: Tools) -> Outcome:
        """Write what is asked for, and look whether exactly that came of it."""
        forge, branch = ForgeClient(request, tools), text_of(request.params, "branch")
        before, after = _stored(diff)
        if _read(forge, branch) not in (before, after, {**after, "signatures": (before or _BARE)["signatures"]}):
            raise HandlerError("plan-changed", "Somebody has changed the protection since it was looked at.")
        _write(forge, branch, after)
        now = _read(forge, branch)
        if now != after:
            _write(forge, branch, before)
            raise HandlerError("not-as-asked", "The forge made something else of it; the former protection is back.")
        return Outcome(f"Protected {branch}.", {"branch": branch, "changed": list(_differences(before, after))})

    def undo(self, request: JobRequest, diff: Diff, tools: Tools) -> Outcome:
        """Put the former protection back."""
        forge, branch = ForgeClient(request, tools), text_of(request.params, "branch")
        before, _after = _stored(diff)
        _write(forge, branch, before)
        if _read(forge, branch) != before:
            raise HandlerError("not-restored", "The forge does not show the former protection.")
        return Outcome(f"The former protection of {branch} is back.", {"branch": branch})


def asked(before: Answer | None, request: JobRequest) -> Answer:
    """The protection with what the request asks for, and all that was there: nothing gets weaker."""
    after: Answer = dict(before or _BARE)
    params = request.params
    reviews = after["required_pull_request_reviews"]
    approvals = params.get("approvals")
    if isinstance(approvals, int) or params.get("dismiss_stale") is True or params.get("code_owners") is True:
        kept: Answer = dict(reviews) if isinstance(reviews, dict) else {"required_approving_review_count": 0, "dismiss_stale_reviews": False, "require_code_owner_reviews": False}
        count = kept.get("required_approving_review_count")
        kept["required_approving_review_count"] = max(count if isinstance(count, int) else 0, approvals if isinstance(approvals, int) else 0)
        kept["dismiss_stale_reviews"] = params.get("dismiss_stale") is True or kept.get("dismiss_stale_reviews") is True
        kept["require_code_owner_reviews"] = params.get("code_owners") is True or kept.get("require_code_owner_reviews") is True
        after["required_pull_request_reviews"] = kept
    wanted = params.get("checks")
    if isinstance(wanted, list) and wanted:
        checks = after["required_status_checks"]
        present = below(checks, "contexts")
        names = sorted({str(name) for name in (*(present if isinstance(present, list) else ()), *wanted)})
        after["required_status_checks"] = {"strict": params.get("strict") is True or below(checks, "strict") is True, "contexts": list(names)}
    for name, field in (("linear", "required_linear_history"), ("admins", "enforce_admins"), ("signatures", "signatures")):
        if params.get(name) is True:
            after[field] = True
    return after


def normal(answer: Answer) -> Answer:
    """A protection as the forge shows it, in the form in which it is written."""
    made: Answer = dict(_BARE)
    for name in (*_SWITCHES, "enforce_admins"):
        made[name] = below(answer, name, "enabled") is True
    made["signatures"] = below(answer, "required_signatures", "enabled") is True
    reviews = answer.get("required_pull_request_reviews")
    if isinstance(reviews, dict):
        fields = ("required_approving_review_count", "dismiss_stale_reviews", "require_code_owner_reviews", "require_last_push_approval")
        kept: Answer = {name: reviews[name] for name in fields if name in reviews}
        for name in ("dismissal_restrictions", "bypass_pull_request_allowances"):
            if isinstance(reviews.get(name), dict):
                kept[name] = _people(reviews[name])
        made["required_pull_request_reviews"] = kept
    checks = answer.get("required_status_checks")
    if isinstance(checks, dict):
        contexts = checks.get("contexts")
        made["required_status_checks"] = {"strict": checks.get("strict") is True, "contexts": _sorted(contexts)}
    if isinstance(answer.get("restrictions"), dict):
        made["restrictions"] = _people(answer["restrictions"])
    return made


def _people(answer: Json) -> Json:
    found: Answer = {}
    for kind, field in (("users", "login"), ("teams", "slug"), ("apps", "slug")):
        listed = below(answer, kind)
        found[kind] = _sorted([below(one, field) for one in listed] if isinstance(listed, list) else [])
    return found


def _sorted(listed: Json) -> Json:
    names: list[Json] = []
    names.extend(sorted(str(one) for one in listed) if isinstance(listed, list) else [])
    return names


def _read(forge: ForgeClient, branch: str) -> Answer | None:
    found = forge.object(f"/branches/{part(branch)}/protection", missing=True)
    return None if found is None else normal(found)


def _write(forge: ForgeClient, branch: str, wanted: Answer | None) -> None:
    path = f"/branches/{part(branch)}/protection"
    if wanted is None:
        forge.send("DELETE", path, allowed=(204, 404))
        return
    forge.send("PUT", path, {name: value for name, value in wanted.items() if name != "signatures"})
    forge.send("POST" if wanted["signatures"] else "DELETE", f"{path}/required_signatures", allowed=(200, 204, 404))


def _text(protection: Answer | None) -> str:
    return json.dumps(protection, sort_keys=True, indent=1)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _stored(diff: Diff) -> tuple[Answer | None, Answer]:
    _, _, rest = diff.changes[0].text.partition("\nbefore:\n")
    before, _, after = rest.partition("\nafter:\n")
    return json.loads(before), json.loads(after)


def _differences(before: Answer | None, after: Answer) -> tuple[str, ...]:
    old = before or {}
    return tuple(f"{name}: {json.dumps(old.get(name), sort_keys=True)} -> {json.dumps(value, sort_keys=True)}" for name, value in sorted(after.items()) if old.get(name, _BARE[name]) != value) or ("switch protection on",)
