"""Packages are published with the workflow's own identity (OIDC), and no stored registry token is read."""

from __future__ import annotations

import re

from troth.judgement.exposure import readings
from troth.judgement.releasing import publishing_runs
from troth.terms.facts.dependencies import Dependencies, Ecosystem
from troth.terms.facts.tools import ToolRun, ToolRuns
from troth.terms.facts.tree import Tree
from troth.terms.facts.workflows import Workflows
from troth.terms.promise import Statement
from troth.terms.values import Params
from troth.terms.verdict import Broken, Evidence, How, Kept, Partly, Unknown, Verdict

_TOKEN = re.compile(r"NPM|PYPI|TWINE|CARGO|CRATES|RUBYGEMS|GEM_HOST|NODE_AUTH|REGISTRY|PUBLISH", re.IGNORECASE)
_OIDC = frozenset(("npm", "pypi", "crates.io", "rubygems"))
_ALL = re.compile(r"\b(all|every|each)\b[^.]*\bpackages?\b(?!\s+published)", re.IGNORECASE)
_MOST = 8


def verify(  # noqa: PLR0917 - facts are injected by type
    params: Params, statement: Statement, tools: ToolRuns, workflows: Workflows, dependencies: Dependencies, tree: Tree
) -> Verdict:
    """Which publishing jobs may get an identity token, and which read a stored one."""
    registry = (params.text("registry") or "").lower()
    registry = registry if registry in _OIDC else ""
    runs = [
        run
        for run in publishing_runs(tools)
        if run.reaches and run.registry in _OIDC and registry in ("", run.registry)
    ]
    if not runs:
        return Unknown(
            "a workflow that publishes", "No workflow publishes to a registry that knows trusted publishing."
        )
    if not re.search(r"test ?pypi", statement.text, re.IGNORECASE) and all(any("test.pypi" in item.value for item in run.options) or "testpypi" in " ".join(run.argv) for run in runs):
        return Unknown("a workflow that publishes", "What the workflow publishes goes to a registry for trials alone.", tuple(item for run in runs for item in _calls(run, workflows, tree))[:_MOST])
    stored = _stored(workflows, tree)
    rights = [item for run in runs if (item := _right(run, workflows, tree)) is not None]
    calls = tuple(item for run in runs for item in _calls(run, workflows, tree))
    mend = "Register the workflow as trusted publisher, grant `id-token: write`, and delete the token."
    if stored:
        how = Partly if rights else Broken
        return how(How.CONTRADICTED, (*stored, *calls, *rights)[:_MOST], "A stored registry token is read.", mend)
    if not rights:
        return Broken(
            How.VACUOUS,
            calls[:_MOST],
            "The publishing job may not get an identity token, and reads no token either.",
            mend,
        )
    private = _never_published(dependencies) if _ALL.search(statement.text) else ()
    if private:
        shown = tuple(tree.evidence(path, line, "private: never published") for path, line in private[:3])
        because = f"What is published uses OIDC, but {len(private)} packages are private and are not published at all."
        return Partly(How.INCOMPLETE, (*calls, *shown, *rights)[:_MOST], because, "Say which packages are published.")
    tokens = tuple(
        tree.evidence(workflow.path, use.line, f"the only secret read is {use.name}")
        for workflow in workflows.valid
        for job in workflow.jobs
        for use in job.secrets
        if use.is_token
    )
    return Kept(
        (*rights, *calls, *tokens)[:_MOST],
        "The workflow publishes with its own identity, and no registry token is read.",
    )


def _stored(workflows: Workflows, tree: Tree) -> tuple[Evidence, ...]:
    return tuple(
        tree.evidence(item.workflow.path, item.use.line, f"{item.use.name} is a stored token")
        for item in readings(workflows)
        if _TOKEN.search(item.use.name) or _TOKEN.search(item.use.key) or item.use.key.endswith("password")
    )


def _calls(run: ToolRun, workflows: Workflows, tree: Tree) -> tuple[Evidence, ...]:
    """The call, and the step that it stands in where that begins elsewhere: a long script hides its call."""
    call = tree.evidence(run.place.path, run.place.line, f"{run.tool} publishes here")
    workflow = workflows.workflow(run.workflow or "")
    job = workflow.job(run.job or "") if workflow is not None else None
    step = next((item for item in job.steps if item.index == run.step), None) if job is not None else None
    if workflow is None or step is None or run.place.path != workflow.path or run.place.line - step.line < 4:
        return (call,)
    return (call, tree.evidence(workflow.path, step.line, "the step that publishes begins here"))


def _right(run: ToolRun, workflows: Workflows, tree: Tree) -> Evidence | None:
    workflow = workflows.workflow(run.workflow or "")
    job = workflow.job(run.job or "") if workflow is not None else None
    if workflow is None or job is None or job.permissions.level("id-token") != "write":
        return None
    line = next((item.line for item in job.permissions.scopes if item.name == "id-token"), job.permissions.line)
    return tree.evidence(workflow.path, line, "the publishing job may get an identity token")


def _never_published(dependencies: Dependencies) -> tuple[tuple[str, int], ...]:
    return tuple(
        (item.path, item.package.place.line)
        for item in dependencies.manifests
        if item.ecosystem is Ecosystem.NPM
        and item.package is not None
        and item.package.private
        and item.folder
        and not item.workspaces
    )
