"""No run that a stranger's pull request causes gets to see the secret."""

from __future__ import annotations

from collections.abc import Sequence

from troth.judgement.exposure import Exposure, Trust, exposures, readings, told_to_store
from troth.judgement.second_opinion import doubted
from troth.judgement.worst import evidence_of
from troth.terms.control import Parts
from troth.terms.facts.tree import Tree
from troth.terms.facts.workflow_audit import WorkflowAudit
from troth.terms.facts.workflows import Workflows
from troth.terms.promise import Statement
from troth.terms.values import Params
from troth.terms.verdict import Broken, Evidence, How, Kept, NotApplicable, Partly, Unknown, Verdict

_MOST = 10
_STRANGERS = frozenset(
    ("pull_request_target", "issues", "issue_comment", "discussion", "discussion_comment", "pull_request_review", "pull_request_review_comment", "workflow_run", "fork", "watch")
)  # fmt: skip
"""Events that a stranger can cause and that run with the repository's secrets."""
ALL = "*"
"""Stands for every stored secret."""


def verify(  # noqa: PLR0917 - facts are injected by type
    params: Params, statement: Statement, workflows: Workflows, tree: Tree, parts: Parts, audit: WorkflowAudit
) -> Verdict:
    """Decide for one secret, or for all of them; an umbrella sentence stands on the lines below it."""
    secret = params.text("secret") or ALL
    readers = tuple(
        dict.fromkeys(
            item.workflow.path
            for item in readings(workflows, secret)
            if any(trigger.event in _STRANGERS for trigger in item.workflow.triggers)
        )
    )
    own = _own(secret, workflows, tree)
    own = doubted(own, audit, "dangerous-triggers", "template-injection", "secrets-inherit", paths=readers) if readers else own
    if statement.children:
        return _umbrella(own, parts, secret, workflows, tree)
    return own


def _own(secret: str, workflows: Workflows, tree: Tree) -> Verdict:
    if not workflows.valid:
        return NotApplicable("No workflow of this repository can run, so none can read a secret.")
    found = list(exposures(workflows, secret))
    strangers = [item for item in found if item.trust is Trust.STRANGER and _dangerous(item)]
    if strangers:
        return _exposed(strangers, tree)
    asked = [item for item in found if item.trust is Trust.FORK and item.reading.job is not None]
    if asked:
        return Partly(
            How.INCOMPLETE,
            _shown(asked, tree),
            "A job on pull requests asks for the secret: the forge withholds it from forks, but pull requests of the repository's own "
            "branches get it, and a setting of private repositories sends it to forks too.",
            "Read the secret only in jobs that pull requests do not reach.",
        )
    return Kept((*_pulls(workflows, tree), *_uses(secret, workflows, tree))[:_MOST], _kept_words(secret))


def _kept_words(secret: str) -> str:
    return f"No run that a pull request of a fork causes reads {'a stored secret' if secret == ALL else secret}."


def _dangerous(item: Exposure) -> bool:
    """Target runs always; other events only where a stranger's code runs in the job."""
    return item.event == "pull_request_target" or item.runs_stranger_code


def _exposed(found: Sequence[Exposure], tree: Tree) -> Verdict:
    certain = [item for item in found if item.truth.certain]
    if not certain:
        return Unknown(
            "the values of the condition that stands before it",
            f"A run on {found[0].event} reads the secret, behind a condition that files cannot decide.",
            _shown(found, tree),
        )
    guarded = all(item.reading.job is not None and item.reading.job.environment is not None for item in certain)
    if guarded:
        return Unknown(
            "the protection rules of the environment", "The job waits for an environment.", _shown(certain, tree)
        )
    event = certain[0].event
    because = f"A run on {event}, which anyone can cause, reads the secret."
    return Broken(
        How.BYPASSED,
        _shown(certain, tree),
        because,
        "Read the secret in a job that only a push to a protected branch starts.",
    )


def _shown(found: Sequence[Exposure], tree: Tree) -> tuple[Evidence, ...]:
    shown: dict[tuple[str, int], Evidence] = {}
    for item in found:
        path = item.reading.workflow.path
        use = item.reading.use
        says = f"reads {use.name if use.name != '*' else 'all secrets'} on {item.event}"
        shown.setdefault((path, use.line), tree.evidence(path, use.line, says))
        trigger = item.reading.workflow.trigger(item.event)
        if trigger is not None:
            shown.setdefault((path, trigger.line), tree.evidence(path, trigger.line, f"{item.event} starts it"))
    return tuple(shown.values())[:_MOST]


def _pulls(workflows: Workflows, tree: Tree) -> tuple[Evidence, ...]:
    """Triggers on pull requests, whose runs read nothing."""
    found = []
    for workflow in workflows.valid:
        trigger = workflow.trigger("pull_request") or workflow.trigger("pull_request_target")
        if trigger is not None:
            says = f"{trigger.event} starts it, and what it reaches reads no such secret"
            found.append(tree.evidence(workflow.path, trigger.line, says))
    return tuple(found) or tuple(
        tree.evidence(workflow.path, workflow.triggers[0].line, "no pull request starts it")
        for workflow in workflows.valid
        if workflow.triggers
    )


def _uses(secret: str, workflows: Workflows, tree: Tree) -> tuple[Evidence, ...]:
    return tuple(
        tree.evidence(item.workflow.path, item.use.line, f"{item.use.name} is read here, which no pull request reaches")
        for item in readings(workflows, secret)
    )[:4]


def _umbrella(own: Verdict, parts: Parts, secret: str, workflows: Workflows, tree: Tree) -> Verdict:
    """The sentence stands on the layers below it: all hold, some do, or none does."""
    if isinstance(own, Broken):
        return own
    layers = [part.verdict for part in parts.parts]
    bad = [verdict for verdict in layers if isinstance(verdict, (Broken, Partly))]
    told = told_to_store(tree, "" if secret == ALL else secret)
    evidence = (*_uses(secret, workflows, tree), *told, *(item for verdict in bad for item in evidence_of(verdict)[:2]))
    evidence = tuple(dict.fromkeys((*evidence, *evidence_of(own))))[:_MOST]
    if bad:
        because = f"{len(bad)} of the {len(layers)} layers below do not hold: {bad[0].because}"
        return Partly(How.INCOMPLETE, evidence, because, "Mend the layers, or name only those that hold.")
    if told and any(item.job is not None and item.job.environment is not None for item in readings(workflows, secret)):
        because = (
            "An environment is to guard the secret, but the documents tell people to keep it as a repository secret."
        )
        return Partly(How.CONTRADICTED, evidence, because, "Keep it as a secret of the environment, and say so.")
    open_ones = [verdict for verdict in layers if isinstance(verdict, Unknown)]
    if open_ones or not layers or not isinstance(own, Kept):
        missing = open_ones[0].missing if open_ones else "the sentences that it stands on"
        return Unknown(missing, "Not every layer below can be decided from files.", evidence)
    return Kept(evidence, "Every layer below holds.")
