"""Container images are scanned, by a scanner that is given an image and can fail."""

from __future__ import annotations

import re
from dataclasses import replace

from troth.judgement.effect import Ground, Wish, absent, judge_runs, shown
from troth.judgement.moments import moments_of
from troth.judgement.naming import is_advice, named, runs_for
from troth.judgement.scan_reports import with_reports
from troth.judgement.subject import off_subject
from troth.judgement.worst import worst
from troth.terms.facts.clock import Clock
from troth.terms.facts.scans import ScanReports
from troth.terms.facts.tools import Purpose, ToolRun, ToolRuns
from troth.terms.facts.tree import Tree
from troth.terms.facts.workflows import Workflows
from troth.terms.promise import Statement
from troth.terms.values import Params
from troth.terms.verdict import Broken, How, Kept, Partly, Unknown, Verdict

_MATTER = re.compile(r"scan|vulnerab|\bcves?\b|trivy|grype|snyk|clair|scout|anchore|dockle|docker bench|hadolint|security (?:check|analys|test)|\baudit", re.IGNORECASE)
_IMAGE = re.compile(r"container|image|docker|\boci\b", re.IGNORECASE)
_MORE = re.compile(r"file ?system|dependenc|\bcode\b|repositor|\biac\b|infrastructure|config", re.IGNORECASE)
"""What the sentence wants scanned besides images."""


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
    """Decide whether an image scanner has effect on the promised events."""
    other = off_subject(statement, _MATTER, "a scan of images")
    if other is not None:
        return other
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
        return Unknown("a record of what people do", "The sentence asks people to scan images.")
    ground = Ground(tools, workflows, tree)
    verdicts: list[Verdict] = []
    for item in named(params.text("tool"), tools, (Purpose.CONTAINER,), "an image scanner"):
        every = runs_for(item, tools)
        runs = tuple(run for run in every if Purpose.CONTAINER in run.purposes)
        wish = Wish(item.label, moments_of(params.texts("on")))
        if not runs and item.tool is not None and every:
            verdicts.append(_of_files(judge_runs(wish, every, ground), wish, statement))
        else:
            verdicts.append(judge_runs(wish, runs, ground) if runs else _none(wish, ground))
    return worst(verdicts)


def _of_files(found: Verdict, wish: Wish, statement: Statement) -> Verdict:
    """The named scanner is called on something else than an image: no scan of images, but a scan where the sentence says more, or no image at all."""
    if not _IMAGE.search(statement.text):
        return found
    if not isinstance(found, (Kept, Partly)):
        return found
    because = f"{wish.label} is called, but on files and not on an image."
    mend = f"Point {wish.label} at the image that is built."
    if _MORE.search(statement.text):
        return Partly(How.INCOMPLETE, found.evidence, because, mend)
    return Broken(How.VACUOUS, found.evidence, because, mend)


def _builds(run: ToolRun) -> bool:
    return run.tool == "docker-build-push" or (
        "build" in run.argv[:3] and run.argv[:1] in (("docker",), ("podman",), ("buildah",))
    )


def _none(wish: Wish, ground: Ground) -> Verdict:
    verdict = absent(wish, ground)
    built = [run for run in (*ground.tools.runs, *ground.tools.others) if _builds(run)]
    if isinstance(verdict, Broken) and built:
        where = shown(ground.tree, built[:4], "an image is built here, and nothing scans it")
        return replace(verdict, evidence=(*where, *verdict.evidence)[:8])
    return verdict
