"""Limits what workflow tokens may do: `contents: read` for the workflow, more only in the jobs whose steps are known to need it.

Which steps need what is a table of well-known actions and commands; a job that uses the token in a way that the table does not know is named as a caution.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

import yaml

from troth.jobs.recommend.edits import Edit, edited
from troth.jobs.recommend.facts import Facts, Seen
from troth.jobs.recommend.modules._workflows import WORKFLOWS, Job, jobs, steps, workflows
from troth.jobs.recommend.recommendation import Advice, Risk, patch
from troth.jobs.recommend.yaml_spans import YamlFile, is_block, pair, pairs

__all__ = ["MODULE", "LimitPermissions", "needs"]

_ACTIONS: Final = (
    (r"softprops/action-gh-release|ncipollo/release-action|goreleaser/goreleaser-action|actions/create-release|googleapis/release-please-action|google-github-actions/release-please-action|stefanzweifel/git-auto-commit-action|ad-m/github-push-action|peaceiris/actions-gh-pages|jamesives/github-pages-deploy-action", ("contents: write",)),
    (r"peter-evans/create-pull-request|changesets/action|googleapis/release-please-action|google-github-actions/release-please-action|crazy-max/ghaction-github-pages", ("contents: write", "pull-requests: write")),
    (r"github/codeql-action/(?:analyze|upload-sarif)|ossf/scorecard-action", ("security-events: write",)),
    (r"actions/deploy-pages", ("pages: write", "id-token: write")),
    (r"pypa/gh-action-pypi-publish|aws-actions/configure-aws-credentials|google-github-actions/auth|azure/login|rust-lang/crates-io-auth-action", ("id-token: write",)),
    (r"actions/attest(?:-build-provenance|-sbom)?", ("id-token: write", "attestations: write")),
    (r"actions/stale", ("issues: write", "pull-requests: write")),
    (r"actions/labeler|marocchino/sticky-pull-request-comment|peter-evans/create-or-update-comment|thollander/actions-comment-pull-request|amannn/action-semantic-pull-request", ("pull-requests: write",)),
    (r"dorny/test-reporter|mikepenz/action-junit-report|enricomi/publish-unit-test-result-action", ("checks: write",)),
    (r"dorny/paths-filter|tj-actions/changed-files|actions/dependency-review-action", ("pull-requests: read",)),
)  # fmt: skip
_COMMANDS: Final = (
    (r"\bgit\s+push\b|\bgh\s+release\s+(?:create|upload|edit|delete)\b|\bsemantic-release\b", ("contents: write",)),
    (r"\bgh\s+pr\s+(?:create|comment|edit|merge|review|close)\b", ("pull-requests: write",)),
    (r"\bgh\s+issue\s+(?:create|comment|edit|close)\b", ("issues: write",)),
    (r"\bcosign\b|--provenance\b|\bnpm\s+publish\b.*--provenance", ("id-token: write",)),
    (r"\bghcr\.io\b.*\bpush\b|docker\s+push\s+ghcr\.io", ("packages: write",)),
    (r"github\.rest\.issues\.\w*(?:create|update|add)", ("issues: write", "pull-requests: write")),
    (r"github\.rest\.(?:repos\.createRelease|git\.create)", ("contents: write",)),
)
_TOKEN: Final = re.compile(r"secrets\.GITHUB_TOKEN|github\.token")
_IDENTITY: Final = "id-token: write"


def needs(job: Job) -> tuple[str, ...]:
    """Rights beyond `contents: read` that the steps of a job are known to need, `scope: level`."""
    found: dict[str, str] = {}
    for step in steps(job):
        uses, run = step.text("uses").lower().partition("@")[0], step.text("run")
        script = run + " ".join(str(one.value.value) for one in pairs(getattr(pair(step.body, "with"), "value", None)) if isinstance(one.value, yaml.ScalarNode))
        wanted = [rights for pattern, rights in _ACTIONS if uses and re.fullmatch(pattern, uses)]
        wanted += [rights for pattern, rights in _COMMANDS if re.search(pattern, script)]
        if "docker/login-action" in uses and "ghcr.io" in script:
            wanted.append(("packages: write",))
        for right in (item for rights in wanted for item in rights):
            scope, _, level = right.partition(": ")
            found[scope] = "write" if "write" in (level, found.get(scope)) else level
    return tuple(f"{scope}: {level}" for scope, level in sorted(found.items()))


class LimitPermissions:
    """See the module."""

    name = "limit-permissions"
    controls = ("ci/minimal-permissions",)
    wants = WORKFLOWS

    def recommend(self, facts: Facts) -> Iterable[Advice]:
        """One patch over all workflows that leave a token unlimited."""
        texts: dict[str, str] = {}
        cautions: list[str] = []
        unused = [seen for one in facts.complaints for seen in one.evidence if _IDENTITY in seen.says]
        for file, document in workflows(facts):
            edits = [*_edits(document, file.path, cautions), *_unused(document, file.path, unused)]
            if edits:
                texts[file.path] = edited(document.file, edits)
        made = patch(
            facts, self.name, texts, title="Limit the rights of workflow tokens", mends=facts.complaints, risk=Risk.MEDIUM, cautions=tuple(cautions[:20]),
            why="Without `permissions` a job's token may do what the repository's setting allows, often writing everywhere. The workflow now grants reading, and a job more only where its steps are known to need it.",
        )  # fmt: skip
        if made is not None:
            yield made


def _edits(document: YamlFile, path: str, cautions: list[str]) -> Iterable[Edit]:
    listed = tuple(jobs(document))
    own = pair(document.root, "permissions")
    head = pair(document.root, "jobs")
    if head is None or not listed or document.root.flow_style:
        return
    loose = [job for job in listed if pair(job.body, "permissions") is None]
    if own is not None and _is_write_all(own.value):
        yield from _replaced(document, own.value, 0)
    elif own is None and loose:
        yield document.above(head, "permissions:\n  contents: read\n")
    for job in listed:
        block = pair(job.body, "permissions")
        if block is not None and _is_write_all(block.value):
            yield from _replaced(document, block.value, block.key.start_mark.column, *needs(job))
        elif block is None and (own is None or _is_write_all(own.value)):
            yield from _more(document, job)
            cautions += _doubts(job, path)


def _is_write_all(node: yaml.Node) -> bool:
    return isinstance(node, yaml.ScalarNode) and node.value == "write-all"


def _replaced(document: YamlFile, node: yaml.Node, column: int, *rights: str) -> Iterable[Edit]:
    start, end = document.span(node)
    before = document.file.body.rfind(":", 0, start) + 1
    tail = document.file.body[end : document.file.line_end(end)]
    if tail.strip() and not tail.lstrip().startswith("#"):
        return
    lines = "".join(f"\n{' ' * (column + 2)}{right}" for right in _with_reading(rights))
    yield Edit(before, end + len(tail), (tail if tail.strip() else "") + lines)


def _with_reading(rights: tuple[str, ...]) -> tuple[str, ...]:
    return rights if any(right.startswith("contents:") for right in rights) else tuple(sorted(("contents: read", *rights)))


def _more(document: YamlFile, job: Job) -> Iterable[Edit]:
    rights = needs(job)
    first = pairs(job.body)[0] if is_block(job.body) and pairs(job.body) else None
    if not rights or first is None or document.file.line(first.key.start_mark.index)[: first.key.start_mark.column].strip():
        return
    yield document.above(first, "permissions:\n" + "\n".join(f"  {right}" for right in _with_reading(rights)))


def _doubts(job: Job, path: str) -> list[str]:
    if job.text("uses"):
        return [f"{path}: the job {job.id} calls another workflow, which may need more than reading."]
    if any(_TOKEN.search(str(leaf)) for step in steps(job) for leaf in _scalars(step.body)) and not needs(job):
        return [f"{path}: the job {job.id} hands its token to a step; see whether that step only reads."]
    return []


def _scalars(node: yaml.Node) -> Iterable[str]:
    pending = [node]
    while pending:
        one = pending.pop()
        if isinstance(one, yaml.ScalarNode):
            yield str(one.value)
        elif isinstance(one, yaml.MappingNode):
            pending += [value for _, value in one.value]
        elif isinstance(one, yaml.SequenceNode):
            pending += one.value


def _unused(document: YamlFile, path: str, unused: list[Seen]) -> Iterable[Edit]:
    """Take away the identity token where a finding shows that nothing uses it."""
    lines = {seen.line for seen in unused if seen.path == path}
    for one in document.walk():
        rights = pairs(one.value) if one.name == "permissions" and is_block(one.value) else ()
        for right in rights:
            start = document.file.line_start(right.key.start_mark.index)
            if right.name != "id-token" or document.file.body.count("\n", 0, start) + 1 not in lines:
                continue
            if len(rights) > 1:
                yield Edit(start, document.file.next_line(start), "")
            else:
                yield Edit(right.value.start_mark.index, right.value.end_mark.index, "none")


MODULE = LimitPermissions()
