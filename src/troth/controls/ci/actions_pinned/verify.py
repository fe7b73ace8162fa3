"""Actions are pinned to a commit; a tag or branch can be moved, and a script from the network can be anything."""

from __future__ import annotations

import re
from dataclasses import dataclass

from troth.judgement.second_opinion import doubted
from troth.terms.facts.tree import Tree
from troth.terms.facts.workflow_audit import WorkflowAudit
from troth.terms.facts.workflows import Job, Uses, Workflow, Workflows
from troth.terms.promise import Statement
from troth.terms.verdict import Broken, Evidence, How, Kept, NotApplicable, Partly, Verdict

_PIPED = re.compile(
    r"(curl|wget|iwr|irm)\b[^\n|;]*\|\s*(sudo\s+)?(ba|z|da)?sh\b|(ba|z)?sh\s+<\(\s*(curl|wget)|(iwr|irm)[^\n]*\|\s*iex",
    re.IGNORECASE,
)
_VERSION = re.compile(r"v?\d+(\.\d+)*([.-][\w.]+)?")
_TO_TAGS = re.compile(r"\btag(?:s|ged)?\b", re.IGNORECASE)
_TO_COMMITS = re.compile(r"\bsha\b|commit|hash|digest|immutab|\bnot\b|never|instead|rather", re.IGNORECASE)
_FORGE = frozenset(("actions", "github"))
_MOST = 10


@dataclass(frozen=True, slots=True)
class _Use:
    workflow: Workflow
    job: Job
    uses: Uses
    path: str = ""
    """Of a local action that the job calls; empty where the workflow itself uses it."""

    @property
    def foreign(self) -> bool:
        """It is not one of the forge's own."""
        return self.uses.name.split("/")[0] not in _FORGE

    @property
    def moving(self) -> bool:
        """Its ref is a branch, which moves by design."""
        return not self.uses.docker and not _VERSION.fullmatch(self.uses.ref)

    def rank(self) -> tuple[bool, bool, bool]:
        """The gravest first: jobs with stored secrets, branches, other people's actions."""
        secrets = any(not use.is_token for use in self.job.secrets)
        return (not secrets, not self.moving, not self.foreign)


def verify(statement: Statement, workflows: Workflows, tree: Tree, audit: WorkflowAudit) -> Verdict:
    """Count what is pinned; only other people's actions where the sentence speaks of third parties. A second auditor may object."""
    third = re.search(r"third[- ]part|external|community", statement.text, re.IGNORECASE) is not None
    if _TO_TAGS.search(statement.text) and not _TO_COMMITS.search(statement.text):
        return _tagged(workflows, tree)
    told = _count(statement, workflows, tree)
    return told if third else doubted(told, audit, "unpinned-uses")


def _tagged(workflows: Workflows, tree: Tree) -> Verdict:
    """Where the sentence asks for tags: no action by its branch."""
    uses = _all(workflows)
    if not uses:
        return NotApplicable("No workflow uses an action.")
    moving = [use for use in uses if use.moving and not use.uses.pinned]
    if not moving:
        return Kept(tuple(_shown(use, tree) for use in uses)[:_MOST], f"All {len(uses)} uses name a version or a commit.")
    shown = tuple(_shown(use, tree) for use in moving)[:_MOST]
    verdict = Broken if len(moving) == len(uses) else Partly
    how = How.ABSENT if len(moving) == len(uses) else How.INCOMPLETE
    return verdict(how, shown, f"{len(moving)} of {len(uses)} uses name a branch.", "Name a version for each.")


def _count(statement: Statement, workflows: Workflows, tree: Tree) -> Verdict:
    uses = _all(workflows)
    third = re.search(r"third[- ]part|external|community", statement.text, re.IGNORECASE) is not None
    counted = [use for use in uses if use.foreign or not third]
    piped = _piped(workflows, tree)
    if not counted and not piped:
        return NotApplicable("No workflow uses an action of somebody else." if third else "No workflow uses an action.")
    loose = sorted((use for use in counted if not use.uses.pinned), key=_Use.rank)
    shown = (*(_shown(use, tree) for use in loose[:4]), *piped[:2], *(_shown(use, tree) for use in loose[4:]))[:_MOST]
    ratio = f"{len(counted) - len(loose)} of {len(counted)} uses are pinned to a commit"
    if not loose and not piped:
        return Kept(tuple(_shown(use, tree) for use in counted)[:_MOST], f"{ratio}.")
    mend = "Pin each action to a full commit id, with the version as a comment; download scripts by digest."
    if len(loose) == len(counted):
        return Broken(How.ABSENT, shown, f"{ratio}.", mend)
    return Partly(
        How.INCOMPLETE, shown, f"{ratio}{'; a script is piped from the network into a shell' if piped else ''}.", mend
    )


def _all(workflows: Workflows) -> list[_Use]:
    found: list[_Use] = []
    for workflow in workflows.valid:
        for job in workflow.jobs:
            for uses in (job.uses, *(step.uses for step in job.steps)):
                if uses is not None and not uses.local:
                    found.append(_Use(workflow, job, uses))
    return found + _inside(workflows)


def _inside(workflows: Workflows) -> list[_Use]:
    """What local composite actions use, once each, for the first job that calls them, also through one another."""
    known = {action.folder.strip("./"): action for action in workflows.actions}
    waiting = [(workflow, job, step.uses) for workflow in workflows.valid for job in workflow.jobs for step in job.steps if step.uses is not None and step.uses.local]
    found, met = list[_Use](), set[str]()
    while waiting:
        workflow, job, call = waiting.pop()
        action = known.get(call.text.strip().strip("./"))
        if action is None or action.path in met:
            continue
        met.add(action.path)
        for step in action.steps:
            if step.uses is not None and step.uses.local:
                waiting.append((workflow, job, step.uses))
            elif step.uses is not None:
                found.append(_Use(workflow, job, step.uses, action.path))
    return found


def _shown(use: _Use, tree: Tree) -> Evidence:
    what = "pinned" if use.uses.pinned else "a moving branch" if use.moving else "a tag that can be moved"
    return tree.evidence(use.path or use.workflow.path, use.uses.line, f"{use.uses.text[:80]}: {what}")


def _piped(workflows: Workflows, tree: Tree) -> list[Evidence]:
    found: list[Evidence] = []
    for workflow in workflows.valid:
        for job in workflow.jobs:
            for step in job.steps:
                match = _PIPED.search(step.run.text) if step.run is not None else None
                if match and step.run is not None:
                    line = step.run.line(step.run.text.count("\n", 0, match.start()))
                    found.append(tree.evidence(workflow.path, line, "a script from the network is piped into a shell"))
    return found
