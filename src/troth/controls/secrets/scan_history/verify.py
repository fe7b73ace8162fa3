"""A secret scanner reads the whole git history: all commits are there, and the call asks for all of them."""

from __future__ import annotations

import re
from collections.abc import Iterable

from troth.judgement.effect import Ground, Wish, absent, shown
from troth.judgement.moments import AUTOMATIC
from troth.judgement.naming import is_advice, named, runs_for
from troth.judgement.scan_reports import with_reports
from troth.terms.facts.clock import Clock
from troth.terms.facts.scans import ScanReports
from troth.terms.facts.tools import Carrier, Depth, Purpose, ToolRun, ToolRuns
from troth.terms.facts.tree import Tree
from troth.terms.facts.workflows import Workflows
from troth.terms.promise import Statement
from troth.terms.values import Params
from troth.terms.verdict import Broken, Evidence, How, Kept, Partly, Unknown, Verdict

_MOST = 8


def verify(
    params: Params,
    statement: Statement,
    *,
    tools: ToolRuns,
    workflows: Workflows,
    tree: Tree,
    reports: ScanReports,
    clock: Clock,
) -> Verdict:
    """Full history on an automatic event, by a scanner that can fail."""
    told = _from_files(params, statement, tools=tools, workflows=workflows, tree=tree)
    return with_reports(told, params, statement, reports, tools=tools, now=clock.now, commit=tree.commit, lifts=False)


def _from_files(
    params: Params,
    statement: Statement,
    *,
    tools: ToolRuns,
    workflows: Workflows,
    tree: Tree,
) -> Verdict:
    if is_advice(statement):
        return Unknown("a record of what people do", "The sentence asks people to scan.")
    ground = Ground(tools, workflows, tree)
    items = named(params.text("tool"), tools, (Purpose.SECRETS,), "a secret scanner")
    runs = [run for item in items for run in runs_for(item, tools)]
    inside = [run for run in runs if run.carrier is Carrier.WORKFLOW]
    if not inside:
        return _outside(items[0].label, runs, ground)
    working = [run for run in inside if run.works]
    evidence = (*shown(tree, working or inside), *_checkouts(working or inside, workflows, tree))[:_MOST]
    if not working:
        flaw = next(flaw for run in inside for flaw in run.flaws if flaw.fatal)
        return Broken(How.VACUOUS, (flaw.evidence, *evidence), f"The scanner has no effect: {flaw.evidence.says}.")
    full = [run for run in working if _on(run, Depth.FULL, AUTOMATIC)]
    if not full:
        return _short(working, evidence)
    if not any(run.can_fail for run in full):
        flaws = tuple(flaw.evidence for run in full for flaw in run.flaws if flaw.toothless)
        return Partly(
            How.TOOTHLESS,
            (*flaws, *evidence)[:_MOST],
            "The whole history is scanned, but what is found fails nothing.",
            "Let it fail.",
        )
    return Kept(evidence, "The whole history is scanned.")


def _on(run: ToolRun, depth: Depth, events: Iterable[str]) -> bool:
    return any(reach.depth is depth and reach.event in events and reach.truth.possible for reach in run.reaches)


def _outside(label: str, runs: list[ToolRun], ground: Ground) -> Verdict:
    hooks = [run for run in runs if run.works]
    if hooks:
        because = f"{label} is only a hook: it sees what is being committed, not the history."
        return Broken(How.CONTRADICTED, shown(ground.tree, hooks), because, "Scan the history in a scheduled workflow.")
    if runs:
        flaws = tuple(flaw.evidence for run in runs for flaw in run.flaws)
        return Broken(
            How.VACUOUS,
            flaws or shown(ground.tree, runs),
            f"{label} never runs.",
            "Scan the history in a scheduled workflow.",
        )
    own = tuple(
        ground.tree.evidence(path, at, "a script of the project's own speaks of history")
        for path in ground.tree.paths("*secret*.py", "*secret*.mjs", "*secret*.js", "*secret*.ts", "*secret*.sh", "*leak*.py", "*leak*.sh")
        if not re.search(r"(?:^|/)(?:tests?|docs?|node_modules)/", path)
        for at, line in enumerate(ground.tree.lines(path)[:2000], 1)
        if re.search(r"scan[-_ ]?history|git (?:log|rev-list|history)|history", line, re.IGNORECASE)
    )[:3]
    if own:
        return Unknown("a reading of the project's own scanner", "No scanner that is known here is called, but a script of the project's own speaks of it.", own)
    return absent(Wish(label, near=(Purpose.SAST, Purpose.VULNERABILITIES)), ground)


def _short(working: list[ToolRun], evidence: tuple[Evidence, ...]) -> Verdict:
    mend = "Check out with `fetch-depth: 0`, and scan all commits on a schedule."
    if any(_on(run, Depth.FULL, [reach.event for reach in run.reaches]) for run in working):
        because = "On pushes and pull requests only the new commits are scanned; all of them only when somebody starts it by hand."
        return Partly(How.INCOMPLETE, evidence, because, mend)
    if any(_on(run, Depth.RANGE, [reach.event for reach in run.reaches]) for run in working):
        return Partly(
            How.INCOMPLETE, evidence, "Only the commits of a push or pull request are scanned, not the history.", mend
        )
    because = "Only the files of one commit are scanned: the history is not checked out, or not asked for."
    return Broken(How.CONTRADICTED, evidence, because, mend)


def _checkouts(runs: list[ToolRun], workflows: Workflows, tree: Tree) -> tuple[Evidence, ...]:
    """How much history the job checks out."""
    found: list[Evidence] = []
    for run in runs:
        workflow = workflows.workflow(run.workflow or "")
        job = workflow.job(run.job or "") if workflow is not None else None
        for step in job.steps if job is not None else ():
            if workflow is not None and step.uses is not None and "checkout" in step.uses.name:
                depth = step.input("fetch-depth")
                says = f"fetch-depth: {depth.value}" if depth is not None else "only the last commit is checked out"
                found.append(tree.evidence(workflow.path, depth.line if depth is not None else step.uses.line, says))
    return tuple(found)
