"""Rules of the project's own exist, are given to the scanner, and are about what the sentence says."""

from __future__ import annotations

import re

from troth.judgement.documents import lines_that_say
from troth.judgement.effect import Ground, Wish, absent, shown
from troth.judgement.naming import Named, named, runs_for
from troth.terms.facts.tools import Carrier, ConfigFact, Purpose, ToolConfig, ToolRun, ToolRuns
from troth.terms.facts.tree import Tree
from troth.terms.facts.workflows import Workflows
from troth.terms.promise import Statement
from troth.terms.values import Params
from troth.terms.verdict import Broken, Evidence, How, Kept, Partly, Unknown, Verdict

_LATER = re.compile(r"custom rules?.*(can be|could be|to be|may be|todo|planned|future)", re.IGNORECASE)
_SMALL = frozenset(
    ("and", "or", "for", "the", "of", "specific", "custom", "rules", "rule", "vulnerabilities", "security")
)
_MOST = 10
_ABOUT = re.compile(r"\brules?(?:sets?)?\b|\bquer(?:y|ies)\b|patterns?|detect|signatures?|checks?\b|scan|analy[sz]|lint|semgrep|codeql|gitleaks|configuration", re.IGNORECASE)
_HOSTED = re.compile(r"\b(?:snyk|sonar(?:cloud|qube)|veracode|checkmarx|fortify|deepsource|codacy)\b[^.;]{0,40}\bcustom rules?\b|\bcustom (?:snyk|sonar(?:cloud|qube)?|veracode|checkmarx) rules?\b", re.IGNORECASE)
_CONFIGS = {"bandit": (".bandit", "bandit.y*ml"), "eslint": (".eslintrc*", "eslint.config.*"), "ruff": ("ruff.toml", ".ruff.toml"), "snyk": (".snyk",)}
"""Where these keep what a policy may call its own rules."""


def verify(params: Params, statement: Statement, tools: ToolRuns, workflows: Workflows, tree: Tree) -> Verdict:
    """Rule files, the call that names them, and their topic."""
    if statement.text and not _ABOUT.search(" ".join((statement.text, *statement.lead_in))):
        return Unknown("a sentence about rules of a scanner", "The sentence speaks of something else that is the project's own.")
    if _HOSTED.search(statement.text):
        return Unknown("the scanner's own site, where such rules are written", "Rules of this scanner's own kind lie with the service, and not in the repository.")
    ground = Ground(tools, workflows, tree)
    item = named(params.text("tool"), tools, (Purpose.SAST, Purpose.SECRETS), "a scanner with rules of its own")[0]
    runs = tuple(run for run in runs_for(item, tools) if run.carrier is not Carrier.SCRIPT)
    names = {item.tool} if item.tool is not None else {run.tool for run in runs}
    configs = [config for config in tools.configs if config.tool in names and config.of("rule")]
    if not configs:
        return _none(item, runs, ground)
    used = [config for config in configs if any(_uses(run, config) for run in runs)]
    rules = [fact for config in used or configs for fact in config.of("rule")]
    evidence = (*(fact.evidence for fact in rules[:4]), *shown(tree, runs[:3]))[:_MOST]
    if not any(run.works for run in runs):
        return Broken(How.VACUOUS, evidence, "Rules exist, but the scanner never runs.", "Run it, with these rules.")
    if not used:
        return Broken(
            How.VACUOUS,
            evidence,
            "Rules exist, but no call of the scanner names them.",
            "Give the rule file to the scanner.",
        )
    dead = [fact.evidence for config in used for fact in config.of("dead-rule")]
    if dead:
        return Partly(
            How.INCOMPLETE, (*dead, *evidence)[:_MOST], f"Some rules cannot match: {dead[0].says}.", "Mend the rules."
        )
    topic = params.text("topic")
    if topic and not _about(topic, rules):
        return Unknown(
            f"whether the rules are about {topic}",
            "Rules exist and are used; their names do not speak of it.",
            evidence,
        )
    if not any(run.can_fail for run in runs):
        return Partly(
            How.TOOTHLESS, evidence, "The rules are used, but what they find fails nothing.", "Let the step fail."
        )
    return Kept(evidence, f"{len(rules)} rules of the project's own are used.")


def _uses(run: ToolRun, config: ToolConfig) -> bool:
    if run.config == config.path:
        return True
    folder = config.path.rpartition("/")[0]
    words = [word.partition("=")[2] or word for word in (*run.argv, *(item.value for item in run.options))]
    paths = [word.removeprefix("./").rstrip("/") for word in words]
    return any(
        path in (config.path, folder) or (folder and folder.startswith(f"{path}/")) for path in paths if path.strip(".")
    )


def _about(topic: str, rules: list[ConfigFact]) -> bool:
    wanted = {word for word in re.findall(r"[a-z]{2,}", topic.lower()) if word not in _SMALL}
    text = " ".join(f"{fact.value} {fact.evidence.text}" for fact in rules).lower()
    return any(word in text for word in wanted)


def _none(item: Named, runs: tuple[ToolRun, ...], ground: Ground) -> Verdict:
    """No rule file: the calls, and documents that put it off."""
    if not runs:
        if item.unknown:
            return Unknown(f"knowledge of what {item.label} is", f"Nothing calls anything named {item.label}.")
        return absent(Wish(item.label, near=(Purpose.SAST, Purpose.LINT)), ground)
    later: tuple[Evidence, ...] = lines_that_say(ground.tree, _LATER, "the documents put it off", limit=2)
    remote = [run for run in runs if any("http" in word for word in run.argv)]
    if remote:
        return Unknown(
            "the rules that the address holds",
            "The scanner reads rules from an address.",
            shown(ground.tree, remote[:2]),
        )
    settings = tuple(
        ground.tree.evidence(path, 1, "a configuration of the project's own")
        for pattern in _CONFIGS.get(item.tool or "", ())
        for path in ground.tree.paths(pattern)
    )[:2]
    calls = shown(ground.tree, runs[:3], f"{item.label} is called here without rules of the project's own")
    if settings:
        return Unknown("a reading of that file", f"{item.label} has a configuration of the project's own, which holds settings and no rules that are known here.", (*settings, *calls)[:_MOST])
    because = "No file of the tree holds rules of the project's own."
    return Broken(How.ABSENT, (*calls, *later)[:_MOST], because, "Write the rules, and give them to the scanner.")
