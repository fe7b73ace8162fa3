"""The job types of these handlers: what a request may say, how far it reaches, which hosts and secrets its handler gets."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from troth.jobs.handlers.forge_client import TOKEN
from troth.jobs.recommend.plain_text import LINE, TEXT
from troth.jobs.registry import Category, JobType, Kind, Param

__all__ = ["HANDLERS", "job_types"]

HANDLERS: Final = {
    "open-branch": "troth.jobs.handlers.open_branch:OpenBranch",
    "restrict-files": "troth.jobs.handlers.restrict_files:RestrictFiles",
    "open-pull-request": "troth.jobs.handlers.open_pull:OpenPullRequest",
    "open-issue": "troth.jobs.handlers.open_issue:OpenIssue",
    "protect-branch": "troth.jobs.handlers.protect_branch:ProtectBranch",
    "security-features": "troth.jobs.handlers.security_features:SecurityFeatures",
}
"""Name -> `module:Class`, for the executor."""

_COMMIT: Final = Param(Kind.TEXT, pattern=r"[0-9a-f]{40}|[0-9a-f]{64}")
_BRANCH: Final = Param(Kind.TEXT, longest=200, pattern=r"[A-Za-z0-9][A-Za-z0-9._/-]*")
_STEP: Final = r"(?!\.{1,2}(?:/|\Z))"
"""Before a part of a way: neither this folder nor the one above, which the forge's interface would follow."""
_REPOSITORY: Final = Param(Kind.TEXT, longest=201, pattern=rf"{_STEP}[A-Za-z0-9_.-]{{1,100}}/{_STEP}[A-Za-z0-9_.-]{{1,100}}")
_INTO: Final = Param(Kind.TEXT, longest=200, pattern=r"(?!.*(?:\.\.|\.lock(?:/|\Z)|\.(?:/|\Z)))[A-Za-z0-9][A-Za-z0-9._-]*(?:/[A-Za-z0-9][A-Za-z0-9._-]*)*")
_PROTECTED: Final = Param(Kind.TEXT, longest=200, pattern=rf"{_STEP}[^\x00-\x20\x7f~^:?*\[\\]+")
_TITLE: Final = Param(Kind.TEXT, longest=200, pattern=LINE)
_BODY: Final = Param(Kind.TEXT, required=False, longest=16_000, pattern=rf"(?![\s\S]*(?:\A|\n)[^\S\n]*(?i:troth-job)[^\S\n]*:){TEXT}")
"""The line that names a job in a commit is the executor's own."""
_PATCH: Final = Param(Kind.TEXT, longest=56_000)
_FLAG: Final = Param(Kind.FLAG, required=False)


def job_types(host: str = "api.github.com") -> tuple[JobType, ...]:
    """All of them.

    Args:
        host: the forge's interface; the only host that forge jobs may speak with.
    """
    api = Param(Kind.TEXT, required=False, longest=300, pattern=rf"https://{host.replace('.', '[.]')}(?:/api/v3)?")
    forge = {"repository": _REPOSITORY, "api": api}
    change = {"base": _COMMIT, "branch": _BRANCH, "patch": _PATCH, "title": _TITLE, "body": _BODY}
    protection = {
        "branch": _PROTECTED, "approvals": Param(Kind.INTEGER, required=False, highest=6), "checks": Param(Kind.TEXTS, required=False, longest=200),
        **dict.fromkeys(("strict", "dismiss_stale", "code_owners", "linear", "signatures", "admins"), _FLAG),
    }  # fmt: skip

    def on_forge(name: str, params: dict[str, Param], evidence: int = 0) -> JobType:
        return JobType(name, Category.ACTION, name.removeprefix("forge."), {**forge, **params}, 120, 3, (TOKEN,), (host,), (), evidence)

    return (
        JobType("repo.open-branch", Category.NON_ACTION, "open-branch", change, 120, 2, evidence=1),
        JobType("repo.restrict-files", Category.ACTION, "restrict-files", {"files": Param(Kind.TEXTS, longest=500, most=50, pattern=r"[^\x00-\x1f\x7f]+")}, 60, 2),
        on_forge("forge.open-pull-request", {**change, "into": _INTO, "fork": replace(_REPOSITORY, required=False)}),
        on_forge("forge.open-issue", {"title": _TITLE, "body": _BODY}),
        on_forge("forge.protect-branch", protection),
        on_forge("forge.security-features", {"features": Param(Kind.TEXTS, longest=40, most=10)}),
    )
