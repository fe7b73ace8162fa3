"""A software bill of materials is made by a workflow that runs, in the promised format."""

from __future__ import annotations

import re
from dataclasses import replace

from troth.judgement.effect import Ground, Wish, absent, judge_runs
from troth.judgement.moments import Moment, moments_of
from troth.judgement.naming import is_advice, named, runs_for
from troth.terms.facts.tools import Purpose, ToolRun, ToolRuns
from troth.terms.facts.tree import Tree
from troth.terms.facts.workflows import Workflows
from troth.terms.promise import Polarity, Statement
from troth.terms.values import Params
from troth.terms.verdict import Evidence, How, Kept, Partly, Unknown, Verdict

_FILES = ("*sbom*.json", "*.spdx", "*.spdx.json", "*.cdx.json", "*bom.json", "*bom.xml", "*sbom*.xml")
_RELEASERS = (".goreleaser.y*ml", "goreleaser.y*ml", "jreleaser.*", "dist-workspace.toml", "Cargo.toml", ".config/*.toml")
"""Files of release tools that make an SBOM themselves."""
_ASIDE = re.compile(r"(?:^|/)(?:node_modules|tests?|testdata|fixtures?|fuzz|corpus|examples?|samples?)(?:/|[_.-])", re.IGNORECASE)
_SBOMS = re.compile(r"\s*(?:sboms?|cargo-cyclonedx|syft|cyclonedx|swid)\s*[:=]", re.IGNORECASE)
_FORMATS = re.compile(r"\b(?:cyclonedx|spdx)(?:-json|-xml)?\b", re.IGNORECASE)
_PER_RELEASE = re.compile(r"\b(?:each|every|all|with|per|for|to|at) (?:\w+ )?releases?\b", re.IGNORECASE)
_DEFAULTS = {
    "cyclonedx": "cyclonedx",
    "cdxgen": "cyclonedx",
    "spdx-sbom-generator": "spdx",
    "syft": "spdx",
    "npm-sbom": "",
}


def verify(params: Params, statement: Statement, tools: ToolRuns, workflows: Workflows, tree: Tree) -> Verdict:
    """Decide whether an SBOM is made when the promise says, and in which format."""
    if is_advice(statement):
        return Unknown("a record of what people do", "The sentence asks people to make an SBOM.")
    if re.search(r"\b(?:may|might|can)\b", statement.text, re.IGNORECASE) and statement.polarity is not Polarity.NEGATIVE and not re.search(r"\b(?:each|every|all) release|\b(?:you|users?) can\b", statement.text, re.IGNORECASE):
        return Unknown("a sentence that promises", "The sentence tells what making an SBOM may do, not that one is made.")
    ground = Ground(tools, workflows, tree)
    items = named(params.text("tool"), tools, (Purpose.SBOM,), "an SBOM generator")
    runs = tuple(run for item in items for run in runs_for(item, tools)) + _built_in(tools)
    wish = Wish(items[0].label, moments_of(params.texts("on")), teeth=False, near=(Purpose.PUBLISH, Purpose.BUILD))
    if not runs:
        return _none(wish, ground)
    found = judge_runs(wish, runs, ground)
    if isinstance(found, Kept) and not params.texts("on") and _PER_RELEASE.search(statement.text):
        released = judge_runs(replace(wish, moments=(Moment("release"),)), runs, ground)
        if not isinstance(released, Kept):
            return Unknown("a run at a release", "An SBOM is made, but not by anything that a release is seen to start.", found.evidence)
    said = re.search(r"cyclonedx|spdx", statement.text, re.IGNORECASE)
    wanted = (params.text("format") or (said.group(0) if said else "")).lower()
    if isinstance(found, Kept) and wanted and not any(_format(run, wanted) for run in runs):
        return Partly(
            How.CONTRADICTED, found.evidence, f"An SBOM is made, but nothing asks for {wanted}.", f"Ask for {wanted}."
        )
    options = tuple(tree.evidence(run.workflow, item.line, f"{item.name}: {item.value}") for run in runs if run.workflow for item in run.options if item.name in ("sbom", "format"))[:2]
    return replace(found, evidence=(*found.evidence, *options)) if isinstance(found, Kept) else found


def _built_in(tools: ToolRuns) -> tuple[ToolRun, ...]:
    """Image builds that attach an SBOM, and scanners that are asked for one instead of findings."""
    asked = tuple(run for run in (*tools.of("trivy"), *tools.of("docker-scout")) if _FORMATS.search(" ".join((*run.argv, *(item.value for item in run.options if item.name == "format")))))
    return asked + tuple(
        run
        for run in tools.of("docker-build-push")
        if (item := run.option("sbom")) is not None and item.value.lower() != "false"
    )


def _format(run: ToolRun, wanted: str) -> bool:
    words = " ".join((*run.argv, *(item.value for item in run.options))).lower()
    named_other = any(name in words for name in ("spdx", "cyclonedx") if name != wanted)
    return wanted in words or (wanted in _DEFAULTS.get(run.tool, wanted) and not named_other)


def _none(wish: Wish, ground: Ground) -> Verdict:
    files = [path for path in ground.tree.paths(*_FILES) if not _ASIDE.search(path)]
    if files:
        shown: tuple[Evidence, ...] = tuple(
            ground.tree.evidence(path, 1, "an SBOM that somebody once made") for path in files[:3]
        )
        return Partly(
            How.STALE, shown, "An SBOM lies in the tree, but no workflow makes a new one.", "Make it when you release."
        )
    for path in ground.tree.paths(*_RELEASERS):
        lines = ground.tree.lines(path)
        at = next((number for number, line in enumerate(lines, 1) if _SBOMS.match(line)), 0)
        if at:
            return Unknown(
                f"a reading of {path}",
                "The release tool's own configuration asks for an SBOM; what it makes of it is not judged.",
                (ground.tree.evidence(path, at, "an SBOM is configured here"),),
            )
    return absent(wish, ground)
