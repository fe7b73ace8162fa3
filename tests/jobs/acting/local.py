"""The forge's handlers, in the lane's own processes, speaking with the forge of a test: its port lies in the tree's git folder."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from tests.jobs.acting.made import LocalWeb
from troth.jobs.handler import Diff, Outcome, Reader, Tools
from troth.jobs.handlers import open_issue, open_pull, protect_branch, security_features
from troth.jobs.request import JobRequest

PORT = "troth-test-port"
HANDLERS = {"protect-branch": f"{__name__}:ProtectBranch", "security-features": f"{__name__}:SecurityFeatures", "open-issue": f"{__name__}:OpenIssue", "open-pull-request": f"{__name__}:OpenPullRequest"}


def _web(root: Path | None) -> LocalWeb:
    assert root is not None
    return LocalWeb(int((root / ".git" / PORT).read_text()))


class ProtectBranch(protect_branch.ProtectBranch):
    def plan(self, request: JobRequest, reader: Reader) -> Diff:
        return super().plan(request, replace(reader, http=_web(reader.root)))

    def act(self, request: JobRequest, diff: Diff, tools: Tools) -> Outcome:
        return super().act(request, diff, replace(tools, http=_web(tools.root)))


class SecurityFeatures(security_features.SecurityFeatures):
    def plan(self, request: JobRequest, reader: Reader) -> Diff:
        return super().plan(request, replace(reader, http=_web(reader.root)))

    def act(self, request: JobRequest, diff: Diff, tools: Tools) -> Outcome:
        return super().act(request, diff, replace(tools, http=_web(tools.root)))


class OpenIssue(open_issue.OpenIssue):
    def plan(self, request: JobRequest, reader: Reader) -> Diff:
        return super().plan(request, replace(reader, http=_web(reader.root)))

    def act(self, request: JobRequest, diff: Diff, tools: Tools) -> Outcome:
        return super().act(request, diff, replace(tools, http=_web(tools.root)))


class OpenPullRequest(open_pull.OpenPullRequest):
    def plan(self, request: JobRequest, reader: Reader) -> Diff:
        return super().plan(request, replace(reader, http=_web(reader.root)))

    def act(self, request: JobRequest, diff: Diff, tools: Tools) -> Outcome:
        return super().act(request, diff, replace(tools, http=_web(tools.root)))
