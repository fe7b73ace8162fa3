"""Jobs that read production secrets name the promised environment, and nothing tells people to keep the secret elsewhere."""

from __future__ import annotations

import re

from troth.judgement.exposure import Reading, readings, told_to_store
from troth.judgement.forge_features import secrets_in_environment
from troth.judgement.shown_settings import settings_or
from troth.terms.facts.forge_shown import ForgeShown
from troth.terms.facts.tree import Tree
from troth.terms.facts.workflows import Environment, Workflow, Workflows
from troth.terms.promise import Statement
from troth.terms.values import Params
from troth.terms.verdict import Broken, Evidence, How, NotApplicable, Partly, Unknown, Verdict

_OTHER = re.compile(
    r"\benv(?:ironment)? var|\.env\b|\b(?:staging|dev(?:elopment)?|prod(?:uction)?|each|every|per|all|across|between|different|separate|distinct|your) environments?\b"
    r"|per[- ]environment",
    re.IGNORECASE,
)
"""Environments of a deployment, or variables of a process."""
_FORGES = re.compile(r"github|actions?\b|workflow|\bci\b|pipeline", re.IGNORECASE)


def verify(params: Params, statement: Statement, workflows: Workflows, tree: Tree, shown: ForgeShown) -> Verdict:
    """Compare the environments of workflows with the promise; where a secret lies and what guards it, the settings say."""
    about = " ".join((statement.text, *statement.headings[1:], *statement.lead_in))
    if statement.text and _OTHER.search(statement.text) and not _FORGES.search(about):
        return Unknown("the deployments", "The sentence speaks of the environments that the software runs in, not of the forge's.")
    declared = [
        (workflow, job.environment)
        for workflow in workflows.valid
        for job in workflow.jobs
        if job.environment is not None
    ]
    read = list(readings(workflows))
    reads = tuple(tree.evidence(item.workflow.path, item.use.line, f"{item.use.name} is read here") for item in read)[
        :4
    ]
    if not declared:
        if not read:
            return NotApplicable("No workflow reads a stored secret, and none names an environment.")
        return Broken(
            How.ABSENT, reads, "No job names an environment.", "Name an environment in the job that reads the secret."
        )
    found = tuple(tree.evidence(workflow.path, item.line, f"environment {item.name}") for workflow, item in declared)[
        :4
    ]
    differs = _differs(params, declared, tree)
    if differs:
        because = f"An environment is named, but not as promised: {differs[0].says}."
        return Partly(How.CONTRADICTED, (*differs, *found), because, "Make the policy and the workflow agree.")
    bare = [item for item in read if item.job is None or item.job.environment is None]
    if bare or any(item.use.name == "*" for item in read) or any("${{" in item.name for _, item in declared) or not read:
        return _files(bare, (*found, *reads), found, tree)
    uses = tuple((item.use.name, item.job.environment.name) for item in read if item.job and item.job.environment)
    return settings_or(
        shown,
        lambda forge: secrets_in_environment(forge, uses),
        lambda: _files(bare, (*found, *reads), found, tree),
    )


def _files(bare: list[Reading], seen: tuple[Evidence, ...], found: tuple[Evidence, ...], tree: Tree) -> Verdict:
    told = told_to_store(tree)
    if told:
        because = "The job names an environment, but the documents tell people to keep the secret in the repository."
        return Partly(How.CONTRADICTED, (*found, *told), because, "Keep it as a secret of the environment, and say so.")
    if bare:
        outside = tuple(
            tree.evidence(item.workflow.path, item.use.line, f"{item.use.name} is read without an environment")
            for item in bare
        )[:4]
        return Partly(
            How.INCOMPLETE,
            (*outside, *found),
            "Some jobs read secrets without an environment.",
            "Name the environment there too.",
        )
    return Unknown(
        "the environment's secrets and protection rules (settings)",
        "Every job that reads a secret names an environment; what protects it, no file tells.",
        seen,
    )


def _differs(params: Params, declared: list[tuple[Workflow, Environment]], tree: Tree) -> tuple[Evidence, ...]:
    name, url = params.text("name"), params.text("url")
    evidence: list[Evidence] = []
    if name and not any(item.name.lower() == name.lower() or "${{" in item.name for _, item in declared):
        for workflow, item in declared[:2]:
            evidence.append(
                tree.evidence(workflow.path, item.line, f"the environment is {item.name}, the policy says {name}")
            )
    if url and not any(item.url.rstrip("/") == url.rstrip("/") or "${{" in item.url for _, item in declared):
        for workflow, item in declared[:2]:
            if item.url:
                evidence.append(
                    tree.evidence(workflow.path, item.url_line, f"the address is {item.url}, the policy says {url}")
                )
    return tuple(evidence)
