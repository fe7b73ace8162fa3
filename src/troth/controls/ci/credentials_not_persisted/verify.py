"""No checkout leaves the job's token in the repository's configuration."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from troth.terms.facts.tree import Tree
from troth.terms.facts.workflows import Job, Setting, Step, Workflows
from troth.terms.promise import Statement
from troth.terms.verdict import Broken, Evidence, How, Kept, NotApplicable, Partly, Unknown, Verdict

_CHECKOUT = "actions/checkout"
_INPUT = "persist-credentials"
_EXCEPTION = re.compile(r"\b(?:unless|except|needed|necessary|required|where possible|other than)\b", re.IGNORECASE)
_PUSHES = re.compile(r"\bgit(?:\s+-[cC]\s+\S+|\s+-\S+)*\s+push\b")
_FIRST = re.compile(r"v?1(?:\.\d+)*")
"""Versions without the input: it came with the second. https://github.com/actions/checkout/blob/main/CHANGELOG.md"""
_FORGE = frozenset(("actions", "github"))
_MOST = 10


@dataclass(frozen=True, slots=True)
class _Checkout:
    path: str
    step: Step
    foreign: bool
    """Other people's actions run in the same job."""
    pushes: bool

    @property
    def setting(self) -> Setting | None:
        return next((item for item in self.step.inputs if item.name.lower() == _INPUT), None)

    @property
    def leaves(self) -> bool | None:
        """Whether the token stays; None where an expression decides. The input is on by default."""
        setting = self.setting
        if setting is None or (self.step.uses is not None and _FIRST.fullmatch(self.step.uses.ref)):
            return True
        if "${{" in setting.value:
            return None
        return setting.value.strip().lower() != "false"

    @property
    def line(self) -> int:
        if self.setting is not None and self.leaves is not True:
            return self.setting.line
        return self.step.uses.line if self.step.uses is not None else self.step.line


def verify(statement: Statement, workflows: Workflows, tree: Tree) -> Verdict:
    """Count the checkouts that say so; without jobs that push where the sentence makes that exception."""
    found = list(_all(workflows))
    if _EXCEPTION.search(statement.text) is not None:
        found = [one for one in found if not one.pushes or one.leaves is not True]
    if not found:
        return NotApplicable("No workflow checks out the repository with the forge's action, or only jobs that push do.")
    leaving = sorted((one for one in found if one.leaves is True), key=lambda one: not one.foreign)
    unsure = [one for one in found if one.leaves is None]
    ratio = f"{len(found) - len(leaving) - len(unsure)} of {len(found)} checkouts say that credentials are not to stay"
    if leaving:
        shown = tuple(_shown(one, tree, "the token stays in the repository's configuration until the job ends") for one in leaving)[:_MOST]
        mend = "Give each checkout `persist-credentials: false`; where a later step pushes, hand the token to that step alone."
        if len(leaving) == len(found):
            return Broken(How.ABSENT, shown, f"{ratio}.", mend)
        return Partly(How.INCOMPLETE, shown, f"{ratio}.", mend)
    if unsure:
        return Unknown("the value of the expression", f"{ratio}; of the rest, an expression decides.", tuple(_shown(one, tree, "an expression decides") for one in unsure)[:_MOST])
    return Kept(tuple(_shown(one, tree, "the token is taken away after the checkout") for one in found)[:_MOST], f"{ratio}.")


def _all(workflows: Workflows) -> Iterator[_Checkout]:
    for workflow in workflows.valid:
        for job in workflow.jobs:
            foreign, pushes = _foreign(job.steps), _pushing(job)
            yield from (_Checkout(workflow.path, step, foreign, pushes) for step in job.steps if _checks_out(step))
    for action in workflows.actions:
        if not action.problems:
            yield from (_Checkout(action.path, step, _foreign(action.steps), pushes=False) for step in action.steps if _checks_out(step))


def _checks_out(step: Step) -> bool:
    return step.uses is not None and step.uses.name == _CHECKOUT


def _foreign(steps: tuple[Step, ...]) -> bool:
    return any(step.uses is not None and not step.uses.local and step.uses.name.split("/")[0] not in _FORGE for step in steps)


def _pushing(job: Job) -> bool:
    return any(step.run is not None and _PUSHES.search(step.run.text) is not None for step in job.steps)


def _shown(one: _Checkout, tree: Tree, says: str) -> Evidence:
    return tree.evidence(one.path, one.line, says)
