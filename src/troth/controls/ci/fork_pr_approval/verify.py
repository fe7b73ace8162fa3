"""Whether pull requests from outside wait for a person is a setting; one event of workflows goes round it whatever the setting says."""

from __future__ import annotations

from typing import TYPE_CHECKING

from troth.judgement.settings import fork_approval
from troth.judgement.shown_settings import settings_or
from troth.terms.facts.forge_answer import NotSeen, Seen
from troth.terms.facts.forge_shown import ForgeShown
from troth.terms.facts.tree import Tree
from troth.terms.facts.workflows import Workflows
from troth.terms.place import Place
from troth.terms.promise import Statement
from troth.terms.values import Params
from troth.terms.verdict import Broken, Evidence, How, Kept, Partly, Unknown, Verdict

if TYPE_CHECKING:
    from troth.terms.facts.forge import Forge

_SETTING = "the repository's approval setting for fork pull requests (a snapshot of the forge, or a token that may read its administration)"
_ROUND = "pull_request_target"
_MOST = 4


def verify(params: Params, statement: Statement, *, workflows: Workflows, tree: Tree, shown: ForgeShown) -> Verdict:
    """Kept needs the setting for the promised people, and no workflow that starts without any approval."""
    audience = _audience(params.text("audience") or statement.text)
    return settings_or(
        shown,
        lambda forge: _beside(_setting(forge, audience, params), workflows, tree),
        lambda: Unknown(_SETTING, "Who must wait for approval is a setting, which no file shows.", _round(workflows, tree)),
    )


def _audience(words: str) -> str:
    return "first_time_contributors" if "first" in words.lower() or "new " in words.lower() else "all_external_contributors"


def _setting(forge: Forge, audience: str, params: Params) -> Verdict:
    private = forge.actions.private_forks
    hidden = isinstance(forge.about, Seen) and forge.about.value.private
    if params.text("audience") != "fork-pr" or not hidden:
        return fork_approval(forge, audience)
    if isinstance(private, NotSeen):
        return Unknown(private.missing, private.because)
    approval, runs = private.value.approval, private.value.run_workflows
    says = f"Workflows of fork pull requests: {'run' if runs else 'never run'}; approval {'needed' if approval else 'not needed'}."
    evidence = (Evidence(says, Place("(settings)"), source=str(private.source)),)
    if approval or not runs:
        return Kept(evidence, "No fork's workflow runs without approval.")
    return Broken(How.ABSENT, evidence, "Workflows of fork pull requests run without approval.", "Switch approval on.")


def _beside(verdict: Verdict, workflows: Workflows, tree: Tree) -> Verdict:
    found = _round(workflows, tree)
    if not isinstance(verdict, Kept) or not found:
        return verdict
    because = "The setting is on, but workflows on pull_request_target start without any approval."
    return Partly(How.BYPASSED, (*found, *verdict.evidence), because, "Use pull_request, or let the job wait in a guarded environment.")


def _round(workflows: Workflows, tree: Tree) -> tuple[Evidence, ...]:
    return tuple(
        tree.evidence(workflow.path, trigger.line, "this event starts the workflow without any approval")
        for workflow in workflows.valid
        for trigger in workflow.triggers
        if trigger.event == _ROUND
    )[:_MOST]
