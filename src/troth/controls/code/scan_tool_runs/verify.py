"""The named scanner is called by a workflow that runs, on the promised events, and what it finds counts."""

from __future__ import annotations

import re
from dataclasses import replace

from troth.judgement.carriers import carried_by
from troth.judgement.effect import Ground, Wish, absent, judge_runs
from troth.judgement.effect import shown as shown_runs
from troth.judgement.forge_features import code_scanning
from troth.judgement.looked_at import beside_the_project, codeql_blind, other_languages
from troth.judgement.moments import moments_of
from troth.judgement.naming import SECURITY, Named, is_advice, named, runs_for
from troth.judgement.scan_reports import with_reports
from troth.judgement.shown_settings import settings_or
from troth.judgement.threshold import lower
from troth.judgement.worst import worst
from troth.terms.facts.clock import Clock
from troth.terms.facts.forge_shown import ForgeShown
from troth.terms.facts.scans import ScanReports
from troth.terms.facts.tools import Purpose, ToolConfig, ToolRun, ToolRuns
from troth.terms.facts.tree import Tree
from troth.terms.facts.workflows import Workflows
from troth.terms.promise import Statement
from troth.terms.values import Params
from troth.terms.verdict import Attested, Broken, Evidence, How, Kept, NotApplicable, Partly, Unknown, Verdict

_NEAR = (Purpose.SAST, Purpose.LINT, Purpose.TYPES, Purpose.FORMAT, Purpose.VULNERABILITIES, Purpose.SECRETS)
_KINDS = (
    (re.compile(r"\bdast\b|\bdynamic (application|security|analysis|testing|scan)", re.IGNORECASE), "DAST"),
    (
        re.compile(r"\bsast\b|static (\w+ )*(analysis|scan|test)|code[- ](scan|analysis)", re.IGNORECASE),
        "static analysis",
    ),
)
_ANALYSER = "a static analyser"
_CODE_SCANNING = "code scanning"
_COUNT = re.compile(
    r"\b(0|no|zero)\s+(open\s+|known\s+)?(\w+\s+)?(alerts?|findings?|issues?|warnings?)\b", re.IGNORECASE
)
_FORGES_OWN = {"codeql": "codeql", "github codeql": "codeql", "code scanning": ""}
"""Names under which a policy means the scanning that a setting switches on -> the tool whose analyses count; any where empty."""
_SCANS = re.compile(r"scan|analy[sz]|lint|\bsast\b|\bdast\b|check|test|(?:automated|npm|cargo|pip|dependency|code|continuous|regular|ci)[- ](?:security )?audit|codeql|detect|identif|find(?:s|ings?)\b|catch|tool|workflow|pipeline|\bci\b|alert|rules?\b|threshold|runs?\b|vulnerab|gate", re.IGNORECASE)
"""What speaks of looking at all, where no tool is named."""
_PRODUCT = re.compile(
    r"\btrain(?:ing|ed)\b|\btool (?:calls?|descriptions?|poisoning)\b|quarantin\w*|\bprompts?\b|\bintegrat(?:ion|es?|ed) with\b|\buser(?:'s|s'|s)? (?:code|input|files?|uploads?)\b|\bupload(?:s|ed)\b|\bworkshops?\b|\bthe (?:linter|scanner|analy[sz]er|checker|parser|tool) (?:only |never |always |itself )?(?:reads?|refuses?|rejects?|loads?|resolves?|accepts?|writes?|opens?)\b",
    re.IGNORECASE,
)
"""What a security product does, or what people learn."""
_ONLY_TELLS = re.compile(r"\breport[- ]only\b|\bnon[- ]blocking\b|\binformational\b|\badvisory only\b|\bdoes not (?:block|fail)\b|\bwithout (?:blocking|failing)\b", re.IGNORECASE)
"""Says itself that nothing is stopped."""
_ADDS = re.compile(r"^[\w.-]+/")


def verify(
    params: Params,
    statement: Statement,
    *,
    tools: ToolRuns,
    workflows: Workflows,
    tree: Tree,
    reports: ScanReports,
    clock: Clock,
    shown: ForgeShown,
) -> Verdict:
    """Decide whether the scanners that the sentence names have effect."""
    told = _from_files(params, statement, tools=tools, workflows=workflows, tree=tree)
    seen = with_reports(told, params, statement, reports, tools=tools, now=clock.now, commit=tree.commit, lifts=True)
    tool = (params.text("tool") or "").lower()
    if not isinstance(seen, Unknown) or tool not in _FORGES_OWN or _says_more(params, statement):
        return seen
    return settings_or(shown, lambda forge: code_scanning(forge, clock.now, _FORGES_OWN[tool]), lambda: seen)


def _says_more(params: Params, statement: Statement) -> bool:
    """What a switch cannot show: people's doing, a count of results, an occasion, a query suite, a threshold."""
    return is_advice(statement) or _COUNT.search(statement.text) is not None or not set(params.values) <= {"tool"}


def _from_files(
    params: Params,
    statement: Statement,
    *,
    tools: ToolRuns,
    workflows: Workflows,
    tree: Tree,
) -> Verdict:
    ground = Ground(tools, workflows, tree)
    if _COUNT.search(statement.text):
        return Unknown("the scanner's present results", "How much it found, only the forge or a run tells.")
    if _anything(params) and statement.text and not _SCANS.search(" ".join((statement.text, *statement.lead_in))):
        return Unknown("a sentence about a scan", "The sentence names no tool, and speaks of no scan or check.")
    if _anything(params) and _PRODUCT.search(statement.text):
        return Unknown("a sentence about the project's own scans", "The sentence speaks of what the product does for its users, or of people.")
    items = named(params.text("tool"), tools, *_meant(statement))
    verdicts = [_judge(item, params, statement, ground) for item in items]
    return worst(verdicts)


def _anything(params: Params) -> bool:
    """No tool is named."""
    return (params.text("tool") or "any").lower() == "any"


def _meant(statement: Statement) -> tuple[tuple[Purpose, ...], str]:
    """What "scanning" is where no tool is named: a scanner of another kind does not stand in for static or dynamic analysis."""
    kinds = [name for pattern, name in _KINDS if pattern.search(statement.text)]
    if kinds == ["DAST"]:
        return (Purpose.DAST,), "a dynamic scanner"
    if re.search(r"code[- ]scanning", statement.text, re.IGNORECASE) and not kinds[1:]:
        return (Purpose.SAST,), _CODE_SCANNING
    if kinds == ["static analysis"] and "vulnerab" not in statement.text.lower():
        return (Purpose.SAST,), _ANALYSER
    if re.search(r"\blint", statement.text, re.IGNORECASE) and not re.search(r"secur|vulnerab|scan", statement.text, re.IGNORECASE):
        return (Purpose.LINT,), "a linter"
    return SECURITY, "a security scanner"


def _judge(item: Named, params: Params, statement: Statement, ground: Ground) -> Verdict:
    tools, tree = ground.tools, ground.tree
    if is_advice(statement):
        return Unknown(
            "a record of what contributors or users do", f"{item.label}: the sentence asks people to do something."
        )
    runs = runs_for(item, tools)
    moments = moments_of(params.texts("on"), params.text("schedule"))
    checks = params.texts("checks")
    wish = Wish(item.label, moments, teeth=not checks and not _ONLY_TELLS.search(statement.text), near=_NEAR)
    if not runs:
        carried = carried_by(item.tool, tools, tree) if item.tool is not None else None
        return _carried(carried, wish, ground) if carried is not None else _none(item, wish, ground)
    found = _with_init(item, judge_runs(wish, runs, ground), ground)
    suite = params.text("suite")
    if suite and isinstance(found, Kept):
        return _suite(suite, item, tools, tree, found)
    if checks and isinstance(found, (Kept, Partly)):
        return _skipped(item, runs, tools.configs, found)
    if isinstance(found, Kept):
        found = lower(params.text("fail"), item.label, runs, found, tree)
    if isinstance(found, Kept):
        languages = other_languages(statement, tools, tree) if item.tool == "codeql" else None
        blind = codeql_blind(tools, tree) if item.tool == "codeql" else None
        return blind or languages or beside_the_project(runs, tree) or _later_step(runs, tools, tree) or found
    return found


def _carried(carried: tuple[tuple[ToolRun, ...], Evidence], wish: Wish, ground: Ground) -> Verdict:
    """The verdict on the tool that runs the named one, with the line that switches it on."""
    runs, line = carried
    found = judge_runs(wish, runs, ground)
    return found if isinstance(found, (NotApplicable, Attested)) else replace(found, evidence=(line, *found.evidence))


def _with_init(item: Named, found: Verdict, ground: Ground) -> Verdict:
    """CodeQL's first step (languages, queries) is evidence too."""
    if item.tool != "codeql" or not isinstance(found, (Kept, Partly)):
        return found
    begun = shown_runs(ground.tree, ground.tools.of("codeql-init")[:2], "CodeQL is set up here")
    return replace(found, evidence=(*begun, *found.evidence))


def _none(item: Named, wish: Wish, ground: Ground) -> Verdict:
    if item.unknown:
        return Unknown(
            f"knowledge of what {item.label} is and how it is called",
            f"No workflow calls anything named {item.label}; it may go by another name.",
        )
    near = [run for run in ground.tools.for_purpose(Purpose.LINT, Purpose.TYPES) if run.reaches and run.works]
    if item.label == _ANALYSER and near:
        says = "Linters or type checkers run, and no security analyser does; a setting could switch one on."
        return Unknown("which tool the sentence means", says, shown_runs(ground.tree, tuple(near[:3]), "a linter runs here"))
    return absent(
        wish, ground, ground.tools.settings.get("codeql" if item.label == _CODE_SCANNING else item.tool or "", "")
    )


def _suite(suite: str, item: Named, tools: ToolRuns, tree: Tree, found: Kept) -> Verdict:
    """The query suite of CodeQL, or the rule set of another tool."""
    wanted = suite.lower().strip("` ")
    for run in (*tools.of("codeql-init"), *tools.of(item.tool or "")):
        for option in run.options:
            if option.name in ("queries", "config", "packs") and wanted in option.value.lower():
                says = f"{option.name}: {option.value[:80]}"
                shown = tree.evidence(run.place.path, option.line, says)
                return Kept((shown, *found.evidence), f"{item.label} runs with {suite}.")
        if run.option("config-file") is not None:
            return Unknown(
                "the configuration file that the action names",
                f"{item.label} reads its queries from a file.",
                found.evidence,
            )
        if any(wanted in word.lower() for word in run.argv):
            return found
    return Broken(
        How.CONTRADICTED, found.evidence, f"{item.label} runs, but nothing asks for {suite}.", f"Ask for {suite}."
    )


def _skipped(item: Named, runs: tuple[ToolRun, ...], configs: tuple[ToolConfig, ...], found: Kept | Partly) -> Verdict:
    """Rules that the sentence names must not be switched off."""
    shown: list[Evidence] = [
        fact.evidence
        for config in configs
        if config.tool == item.tool
        for fact in config.of("skips", "only", "no-default-rules")
    ]
    narrowed = [run for run in runs if any(word.startswith(("-s", "--skip", "-t", "--tests")) for word in run.argv[1:])]
    if shown or narrowed:
        evidence = (*shown, *found.evidence)
        return Partly(
            How.INCOMPLETE,
            evidence,
            f"{item.label} runs with part of its rules switched off.",
            "Name what is switched off.",
        )
    if isinstance(found, Partly) and found.how is not How.TOOTHLESS:
        return found
    return Kept(found.evidence, f"{item.label} runs with its default rules.")


def _later_step(runs: tuple[ToolRun, ...], tools: ToolRuns, tree: Tree) -> Partly | None:
    """A later step of the same job that adds a path that the tree no longer has: the job ends in failure before it stores a result."""
    own = {(run.workflow, run.job) for run in runs if run.purposes == (Purpose.OTHER,)}
    for other in tools.others:
        if (other.workflow, other.job) not in own or other.argv[:2] != ("git", "add"):
            continue
        for word in other.argv[2:]:
            folder = word.split("/", 1)[0]
            if _ADDS.match(word) and "$" not in word and not tree.paths(f"{folder}/*"):
                says = f"`git add {word}`: the tree has no {folder}/, so the step fails"
                shown = (tree.evidence(other.place.path, other.place.line, says),)
                calls = tuple(
                    tree.evidence(run.place.path, run.place.line, f"{run.tool} is called") for run in runs[:3]
                )
                return Partly(
                    How.STALE,
                    (*shown, *calls),
                    f"It runs, but a later step of the job fails: {says}.",
                    "Mend the later step.",
                )
    return None
