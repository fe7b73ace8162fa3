"""Dependencies are scanned for known vulnerabilities: the named scanner, or any, with effect, on the project's own dependencies."""

from __future__ import annotations

import re
from dataclasses import replace

from troth.judgement.coverage import uncovered
from troth.judgement.effect import Ground, Wish, absent, judge_runs, shown
from troth.judgement.filters import path_matches
from troth.judgement.looked_at import beside_the_project
from troth.judgement.moments import Moment, moments_of
from troth.judgement.naming import Named, is_advice, is_universal, named, runs_for, with_alternatives
from troth.judgement.policy_scope import said
from troth.judgement.scan_reports import with_reports
from troth.judgement.subject import nearest
from troth.judgement.threshold import lower
from troth.judgement.worst import worst
from troth.terms.facts.clock import Clock
from troth.terms.facts.dependencies import Dependencies
from troth.terms.facts.scans import ScanReports
from troth.terms.facts.tools import Carrier, Purpose, ToolRun, ToolRuns
from troth.terms.facts.tree import Tree
from troth.terms.facts.updates import Updates
from troth.terms.facts.workflows import Workflows
from troth.terms.place import Place
from troth.terms.promise import Statement
from troth.terms.values import Params
from troth.terms.verdict import Broken, Evidence, How, Kept, Partly, Unknown, Verdict

_SCANS = (Purpose.VULNERABILITIES, Purpose.REVIEW)
_DEPENDABOT = "whether Dependabot alerts and security updates are switched on (settings)"
_THEIR_RELEASE = re.compile(r"\b(?:latest|stable|newest|current|supported) (?:\w+ )?(?:go|python|node(?:\.js)?|rust|java|toolchain|compiler|runtime)\s+releases?\b", re.IGNORECASE)
"""A release of the language, and none of the project's."""
_MOST = 10
_NEWS = re.compile(r"\b(?:publish|announce|issue|release)s? (?:security )?(?:advisor|bulletin|notice|announcement)", re.IGNORECASE)
"""Introduces what is announced."""
_EXPECTED = re.compile(r"\b(?:is|are) expected to (?:report|show|find|be clean|return)\b|\bconfigures? [\w ]{0,20}\baudit\b to (?:report|ignore|skip|allow)\b|\b(?:should|will|must) (?:report|show|return) (?:\*\*)?(?:no|zero|0)\b", re.IGNORECASE)
_FORGES = re.compile(r"\b(?:github|gitlab)(?:'s)? (?:security )?(?:advisor(?:y|ies)(?: database)?|alerts|vulnerability alerts|security alerts)\b(?!.{0,40}\b(?:action|workflow|scanner)\b)|\bdependabot (?:security )?alerts\b", re.IGNORECASE)
_SECRETS = re.compile(r"\bsecrets?\b|\bcredentials?\b", re.IGNORECASE)
_SBOM = re.compile(r"\bsboms?\b|bill of materials", re.IGNORECASE)
_LOOKS = re.compile(r"vulnerab|\bcves?\b|\baudit(?:s|ed|ing)?\b|\bscann(?:ed|er|ers|s)\b|(?:dependency|security|vulnerability) scan|advisor", re.IGNORECASE)
_ABOUT = re.compile(r"depend|vulnerab|\bcves?\b|packages\b|librar|advisor|supply|audit|third[- ]part|component", re.IGNORECASE)


def verify(
    params: Params,
    statement: Statement,
    *,
    tools: ToolRuns,
    workflows: Workflows,
    tree: Tree,
    dependencies: Dependencies,
    updates: Updates,
    reports: ScanReports,
    clock: Clock,
) -> Verdict:
    """Decide for each scanner that the sentence names, or for scanning as such."""
    told = _from_files(params, statement, tools=tools, workflows=workflows, tree=tree, dependencies=dependencies, updates=updates)
    return with_reports(told, params, statement, reports, tools=tools, now=clock.now, commit=tree.commit, lifts=True)


def _from_files(
    params: Params,
    statement: Statement,
    *,
    tools: ToolRuns,
    workflows: Workflows,
    tree: Tree,
    dependencies: Dependencies,
    updates: Updates,
) -> Verdict:
    other = _of_another_matter(params, statement)
    if other is not None:
        return other
    items = named(with_alternatives(params.text("tool"), statement, tools), tools, _SCANS, "a dependency scanner")
    mixed = _mixed(items, statement, tools)
    if mixed is not None:
        return mixed
    if is_advice(statement, params.texts("on")):
        return Unknown(
            "a record of what users or contributors do", "The sentence asks people to scan; no file shows that they do."
        )
    ground = Ground(tools, workflows, tree)
    wanted = [item for item in items if item.tool is None or _is_scanner(item, tools)] or list(items)
    on = tuple(word for word in params.texts("on") if not (word == "release" and _THEIR_RELEASE.search(statement.text)))
    moments = moments_of(on, params.text("schedule"))
    verdicts = [_judge(item, moments, ground, updates) for item in wanted]
    found = worst(verdicts)
    if isinstance(found, Kept):
        runs = tuple(run for item in wanted for run in runs_for(item, tools))
        beside = beside_the_project(runs, tree)
        if beside is not None:
            return beside
        strict = lower(params.text("fail"), wanted[0].label, runs, found, tree)
        if not isinstance(strict, Kept):
            return strict
        every = is_universal(statement) or params.text("fail") == "any" or not any(item.tool for item in wanted)
        return _missed(found, runs, params, ground, dependencies, every=every)
    return found


def _of_another_matter(params: Params, statement: Statement) -> Unknown | None:
    """The verdict on a sentence that says something else than that the project scans; None for every other one."""
    if _SBOM.search(statement.text) and not _LOOKS.search(statement.text):
        return Unknown("a sentence about a scan", "The sentence speaks of a list of parts, and not of what is wrong with them.")
    if _SECRETS.search(statement.text) and not _ABOUT.search(statement.text):
        return Unknown("a sentence about dependencies", "The sentence speaks of secrets, and not of what is depended on.")
    if _EXPECTED.search(statement.text) and not params.texts("on"):
        return Unknown("a run of the scanner", "The sentence says what a scan would show, and not that one is run.")
    if _NEWS.search(nearest(statement)):
        return Unknown("what maintainers publish", "The line names what is announced, and not what is scanned.")
    if _FORGES.search(statement.text) and (params.text("tool") or "any").lower() == "any":
        return Unknown(_DEPENDABOT, "The sentence names what the forge itself does, which a setting switches on.", (said(statement, "It names the forge's own."),))
    return None


def _mixed(items: tuple[Named, ...], statement: Statement, tools: ToolRuns) -> Partly | None:
    """The sentence itself names, for dependencies, a tool that does not look at them."""
    known = [item for item in items if item.tool is not None]
    others = [item for item in known if not _is_scanner(item, tools)]
    if not others or len(others) == len(known) or "dependenc" not in statement.text.lower():
        return None
    says = f"{others[0].label} does not scan dependencies"
    shown = Evidence(says, Place(statement.path, statement.line), statement.text[:200])
    return Partly(
        How.CONTRADICTED,
        (shown,),
        f"The sentence names a tool that cannot do it: {says}.",
        f"Leave {others[0].label} out.",
    )


def _is_scanner(item: Named, tools: ToolRuns) -> bool:
    return any(purpose in tools.purposes.get(item.tool or "", ()) for purpose in _SCANS)


def _judge(item: Named, moments: tuple[Moment, ...], ground: Ground, updates: Updates) -> Verdict:
    runs = tuple(run for run in runs_for(item, ground.tools) if _scans(run) or item.unknown)
    if item.tool is None:
        runs = tuple(run for run in runs if run.carrier is not Carrier.SCRIPT)
    if item.tool == "dependabot" or (item.tool is None and not runs):
        return _bots(item, moments, ground, updates)
    others = runs_for(item, ground.tools) if item.tool is not None else ()
    if not runs and any(run.carrier is Carrier.WORKFLOW and run.works for run in others):
        return Unknown("a scan of dependencies by that tool", f"{item.label} is called, but to look at something else.", shown(ground.tree, others[:3]))
    if not runs:
        return _nothing(item, moments, ground)
    wish = Wish(item.label, moments, near=_SCANS)
    return judge_runs(wish, runs, ground)


def _nothing(item: Named, moments: tuple[Moment, ...], ground: Ground) -> Verdict:
    if item.unknown:
        return Unknown(f"knowledge of what {item.label} is", f"No workflow calls anything named {item.label}.")
    wish = Wish(item.label, moments, near=(Purpose.VULNERABILITIES, Purpose.SAST, Purpose.LINT, Purpose.TEST))
    return absent(wish, ground, ground.tools.settings.get(item.tool or "", ""))


def _scans(run: ToolRun) -> bool:
    return any(purpose in _SCANS for purpose in run.purposes)


def _bots(item: Named, moments: tuple[Moment, ...], ground: Ground, updates: Updates) -> Verdict:
    """No scanner is called: an update bot's file is a sign, but alerts are a setting."""
    lines = [bot.rules[0].place if bot.rules else None for bot in updates.working]
    seen = tuple(
        ground.tree.evidence(place.path, place.line, "an update bot watches dependencies")
        for place in lines
        if place is not None
    )
    if seen or item.tool == "dependabot":
        return Unknown(_DEPENDABOT, "An update bot is configured; that it warns of vulnerabilities is a setting.", seen)
    if item.unknown:
        return Unknown(f"knowledge of what {item.label} is", f"No workflow calls anything named {item.label}.")
    wish = Wish(item.label, moments, near=(Purpose.SAST, Purpose.LINT, Purpose.TEST))
    verdict = absent(wish, ground)
    if isinstance(verdict, Broken):
        because = f"{verdict.because} No update bot is configured either; alerts could be switched on in the settings."
        if not item.tool and moments == (Moment("ci"),):
            return Unknown(_DEPENDABOT, because, verdict.evidence)
        return replace(verdict, because=because)
    return verdict


def _missed(
    found: Kept, runs: tuple[ToolRun, ...], params: Params, ground: Ground, dependencies: Dependencies, *, every: bool
) -> Verdict:
    """What the scan leaves out: manifests of other folders or groups, and changes of the lock file that do not start it."""
    active = [run for run in runs if run.can_fail and run.carrier is Carrier.WORKFLOW]
    if params.texts("on"):
        blind = _blind(active, ground, dependencies)
        if blind:
            because = "A change of the dependencies alone does not start the scan."
            return Partly(
                How.INCOMPLETE,
                (*blind, *found.evidence)[:_MOST],
                because,
                "Add the manifest and lock file to the path filter.",
            )
    left = uncovered(active, dependencies, ground.tree) if every else ()
    if left:
        because = f"The scan leaves out dependencies: {left[0].says}."
        return Partly(
            How.INCOMPLETE, (*left[:4], *found.evidence)[:_MOST], because, "Scan those too, or name what is scanned."
        )
    return found


def _blind(runs: list[ToolRun], ground: Ground, dependencies: Dependencies) -> tuple[Evidence, ...]:
    files = [lock.path for lock in dependencies.locks] or [manifest.path for manifest in dependencies.manifests]
    evidence: list[Evidence] = []
    for run in runs:
        for reach in run.reaches:
            if reach.event not in ("push", "pull_request") or any(path_matches(reach.trigger, path) for path in files):
                continue
            patterns = reach.trigger.paths or reach.trigger.paths_ignore
            if files and patterns:
                says = f"{reach.event} starts it only for {', '.join(text.value for text in patterns)[:80]}"
                evidence.append(ground.tree.evidence(reach.workflow, patterns[0].line, says))
    return (*dict.fromkeys(evidence), *(shown(ground.tree, runs[:2]) if evidence else ()))
