"""Every workflow limits its token, none by `write-all`, and no job holds a right to an identity token that nothing in it uses."""

from __future__ import annotations

import re

from troth.judgement.naming import is_advice
from troth.judgement.rights import identity_right, is_bounded, may_use_identity, unused_rights
from troth.judgement.settings import default_token_reads
from troth.terms.facts.forge_shown import ForgeShown
from troth.terms.facts.tools import ToolRuns
from troth.terms.facts.tree import Tree
from troth.terms.facts.workflows import Job, PermissionsKind, Workflow, Workflows
from troth.terms.promise import Modality, Statement
from troth.terms.values import Params
from troth.terms.verdict import Broken, Evidence, How, Kept, NotApplicable, Partly, Unknown, Verdict

_ABOUT = re.compile(r"permission|workflow|token|actions?\b|ci\b|github", re.IGNORECASE)
_CHANGES_NOTHING = re.compile(r"\b(?:cannot|can't|can not|unable to|never|no way to)\b.{0,60}\b(?:modify|change|alter|push|overwrite|write to)\b.{0,20}\b(?:code|source|repositor\w+|contents?|branch\w*|files)\b", re.IGNORECASE)
_PEOPLE = re.compile(r"\baccess (?:controls?|permissions?|rights?|management)\b|\b(?:users?|roles?|rbac|cluster ?roles?|kubernetes|k8s|data|database|service accounts?|iam|cloud)\b", re.IGNORECASE)
_ABOUT_CI = re.compile(r"workflow|\btokens?\b|\bactions?\b|\bci\b|github|pipeline|\bjobs?\b|npm|publish|release", re.IGNORECASE)
_YOURS = re.compile(r"\b(?:your|their)\b(?!.{0,20}\b(?:workflows?|actions?|ci)\b)", re.IGNORECASE)
_DECLARED = re.compile(r"\b(?:declar|explicit|specif|defin|state)\w*", re.IGNORECASE)
_MOST = 10
_OF_USERS = re.compile(r"`\w+` scopes?\b|\bscopes? (?:only|unless)\b|\bPATs?\b|personal access token|\b(?:exposed|offered|available|visible) to (?:the |an? )?(?:llm|model|agent|assistant|client|user)|\btools?\b.{0,40}\btoken\b|\btoken\b.{0,40}\btools?\b|\bapi (?:keys?|tokens?)\b|\boauth\b", re.IGNORECASE)
_OF_CI = re.compile(r"workflow|\bactions?\b|\bci\b|pipeline|\bjobs?\b|GITHUB_TOKEN|publish|release", re.IGNORECASE)

_FLAGS = re.compile(r"--allow-\w+|--deny-\w+|--(?:no-)?sandbox\b")
"""Options by which a runtime (Deno, Node) is given rights."""


def _of_others(statement: Statement) -> Unknown | None:
    """The verdict on a sentence about somebody else's rights; None where it is about workflows."""
    if is_advice(statement) and not _ABOUT.search(statement.text):
        return Unknown("what people grant elsewhere", "The sentence gives general advice, not a rule for workflows.")
    if statement.modality is Modality.RECOMMENDATION_USERS and _YOURS.search(statement.text):
        return Unknown("what people grant elsewhere", "The sentence tells users what to grant to something of theirs, and is no rule for workflows.")
    if _FLAGS.search(statement.text) and not _ABOUT_CI.search(statement.text):
        return Unknown("whose rights are meant", "The sentence names options of a program, not what a workflow's token may do.")
    around = " ".join((*statement.headings[-2:], *statement.lead_in, statement.text))
    if _PEOPLE.search(around) and not _ABOUT_CI.search(around):
        return Unknown("whose rights are meant", "The sentence speaks of rights to use something, not of what a workflow's token may do.")
    if statement.text and _OF_USERS.search(statement.text) and not _OF_CI.search(around):
        return Unknown("whose rights are meant", "The sentence speaks of the rights of a token that the program is given, not of what a workflow's token may do.")
    return None


def verify(params: Params, statement: Statement, *, workflows: Workflows, tools: ToolRuns, tree: Tree, shown: ForgeShown) -> Verdict:
    """Decide the ban of `write-all`, or least privilege job by job. A default that only reads limits the jobs that say nothing, unless the sentence says that workflows declare it."""
    other = _of_others(statement)
    if other is not None:
        return other
    jobs = [(workflow, job) for workflow in workflows.valid for job in workflow.jobs]
    if not jobs:
        return NotApplicable("No workflow of this repository can run.")
    if "write" in (params.text("forbid") or ""):
        return _no_write_all(jobs, workflows, tree)
    writers = [(workflow, job, right) for workflow, job in jobs for right in job.permissions.scopes if (right.name, right.value) == ("contents", "write")] if _CHANGES_NOTHING.search(statement.text) else []
    if writers:
        rights = tuple(tree.evidence(workflow.path, right.line, f"job {job.name}: its token may push commits") for workflow, job, right in writers[:_MOST])
        return Broken(How.CONTRADICTED, rights, "The sentence says that nothing can be modified, and a token may write to the repository.", "Say what the token may do, or take the right away.")
    bad: list[Evidence] = [fault for workflow in workflows.valid for fault in _of_workflow(workflow, tools, tree)]
    default = default_token_reads(shown.forge) if shown.forge is not None and not _DECLARED.search(statement.text) else None
    good: list[Evidence] = []
    for workflow, job in jobs:
        if job.permissions.kind is PermissionsKind.DEFAULT and isinstance(default, Kept):
            good.extend(default.evidence)
            continue
        faults = _faults(workflow, job, tools, tree)
        bad.extend(faults)
        if not faults:
            line = job.permissions.line or job.line
            good.append(tree.evidence(workflow.path, line, f"job {job.name}: its token is limited"))
    return _weigh(bad, good, "Every job's token is limited, in its workflow or by the repository's default." if isinstance(default, Kept) else "Every job's token is limited in its workflow.")


def _of_workflow(workflow: Workflow, tools: ToolRuns, tree: Tree) -> list[Evidence]:
    """A right to an identity token that the whole workflow grants and none of its jobs can use."""
    inherit = [job for job in workflow.jobs if not job.permissions.of_job]
    right = next((found for job in inherit if (found := identity_right(job)) is not None), None)
    runs = {job.id: [run for run in tools.runs if (run.workflow, run.job) == (workflow.path, job.id)] for job in inherit}
    if right is None or any(may_use_identity(job, runs[job.id]) for job in inherit):
        return []
    says = "the workflow grants `id-token: write`, and none of its jobs uses it"
    return [tree.evidence(workflow.path, right.line, says)]


def _weigh(bad: list[Evidence], good: list[Evidence], kept: str) -> Verdict:
    bad, good = list(dict.fromkeys(bad)), list(dict.fromkeys(good))
    if not bad:
        return Kept(tuple(good[:_MOST]), kept)
    mend = "Declare `permissions: contents: read` for the workflow, and more only in the job that needs it."
    if good:
        shown = (*bad[: _MOST - 3], *good[:3])
        return Partly(
            How.INCOMPLETE,
            shown,
            "Some jobs' tokens are limited, others take the repository's default or too much.",
            mend,
        )
    return Broken(How.ABSENT, tuple(bad[:_MOST]), "No job's token is limited to what it needs.", mend)


def _faults(workflow: Workflow, job: Job, tools: ToolRuns, tree: Tree) -> list[Evidence]:
    if job.permissions.kind is PermissionsKind.WRITE_ALL:
        return [tree.evidence(workflow.path, job.permissions.line, f"job {job.name}: write-all")]
    if not is_bounded(job):
        says = f"job {job.name}: no permissions, so its token may do what the repository's setting allows"
        return [tree.evidence(workflow.path, job.line, says)]
    own = [run for run in tools.runs if (run.workflow, run.job) == (workflow.path, job.id)]
    return [
        tree.evidence(
            workflow.path, right.line, f"job {job.name}: `{right.name}: {right.value}` is granted and never used"
        )
        for right in unused_rights(job, own)
    ]


def _no_write_all(jobs: list[tuple[Workflow, Job]], workflows: Workflows, tree: Tree) -> Verdict:
    blanket = [(workflow, job) for workflow, job in jobs if job.permissions.kind is PermissionsKind.WRITE_ALL]
    if blanket:
        shown = tuple(
            tree.evidence(workflow.path, job.permissions.line, f"job {job.name}: write-all")
            for workflow, job in blanket
        )
        return Broken(
            How.CONTRADICTED,
            tuple(dict.fromkeys(shown))[:_MOST],
            "A workflow has write-all.",
            "Grant scopes one by one.",
        )
    shown = tuple(
        tree.evidence(workflow.path, job.permissions.line or job.line, f"job {job.name}: no write-all")
        for workflow, job in sorted(jobs, key=lambda pair: not pair[1].permissions.line)
    )
    return Kept(
        tuple(dict.fromkeys(shown))[:_MOST],
        f"None of {len(workflows.valid)} workflows grants write-all (the default of the repository is a setting).",
    )
