"""Which actions may run is a setting of the repository: the forge shows it, or settings kept as code (Terraform)."""

from __future__ import annotations

import re

from troth.judgement.settings import actions_allowed, actions_limited
from troth.judgement.shown_settings import settings_or
from troth.terms.facts.forge_shown import ForgeShown
from troth.terms.facts.tree import Tree
from troth.terms.facts.workflows import Workflows
from troth.terms.values import Params
from troth.terms.verdict import Broken, Evidence, How, Kept, Unknown, Verdict

_MISSING = "the repository's Actions permissions (REST `actions/permissions`, a token with administration read)"
_CODE = re.compile(r"^\s*allowed_actions\s*=\s*\"(all|local_only|selected)\"")
_VALUES = {
    "all": "all",
    "selected": "selected",
    "select": "selected",
    "local": "local_only",
    "local_only": "local_only",
}


def verify(params: Params, workflows: Workflows, tree: Tree, shown: ForgeShown) -> Verdict:
    """Compare with the setting, else with settings kept as code; else say what the workflows use, and when the promise asks for the weakest value."""
    wanted = next(
        (value for word, value in _VALUES.items() if (params.text("policy") or "").lower().startswith(word)), ""
    )
    return settings_or(
        shown,
        lambda forge: actions_allowed(forge, wanted) if wanted else actions_limited(forge),
        lambda: _files(wanted, workflows, tree),
    )


def _files(wanted: str, workflows: Workflows, tree: Tree) -> Verdict:
    coded = _coded(tree)
    if coded and wanted:
        shown = tuple(evidence for _, evidence in coded)
        if all(value == wanted for value, _ in coded):
            return Kept(shown, f"The settings kept as code allow {wanted}.")
        return Broken(
            How.CONTRADICTED,
            shown,
            f"The settings kept as code do not say {wanted}.",
            "Make the policy and the settings agree.",
        )
    foreign = {
        step.uses.name.split("/", maxsplit=1)[0]: (workflow.path, step.uses.line)
        for workflow in workflows.valid
        for job in workflow.jobs
        for step in job.steps
        if step.uses is not None and not step.uses.local and not step.uses.docker
    }
    used = tuple(
        tree.evidence(path, line, f"actions of {owner} are used") for owner, (path, line) in sorted(foreign.items())[:5]
    )
    note = " The promise asks for the weakest value of this setting: all actions may run." if wanted == "all" else ""
    return Unknown(_MISSING, f"Which actions may run is a setting, not a file.{note}", used)


def _coded(tree: Tree) -> list[tuple[str, Evidence]]:
    found: list[tuple[str, Evidence]] = []
    for path in tree.paths("*.tf"):
        for at, line in enumerate(tree.lines(path)[:5000], 1):
            match = _CODE.match(line)
            if match:
                found.append((match.group(1), tree.evidence(path, at, f"allowed_actions is {match.group(1)}")))
    return found
