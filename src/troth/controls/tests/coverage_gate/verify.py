"""A coverage threshold is evaluated by a run that can fail, and is as high as promised."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from troth.judgement.naming import is_advice
from troth.terms.facts.tools import Carrier, Purpose, ToolRun, ToolRuns
from troth.terms.facts.tree import Tree
from troth.terms.promise import Statement
from troth.terms.values import Params
from troth.terms.verdict import Broken, Evidence, How, Kept, Partly, Unknown, Verdict

_OPTION = re.compile(
    r"--(?:cov-)?fail-under(?:=|\s+)(.+)|--fail-under-lines(?:=|\s+)(.+)|--(?:lines|branches|check-coverage)=(\d+)"
)
_FILES = (
    (
        re.compile(r"^\s*fail_under\s*=\s*[\"']?(\d+(?:\.\d+)?)"),
        ("pyproject.toml", ".coveragerc", "setup.cfg", "tox.ini", "*/pyproject.toml"),
    ),
    (re.compile(r"--cov-fail-under=(\d+(?:\.\d+)?)"), ("pyproject.toml", "pytest.ini", "setup.cfg", "tox.ini")),
    (
        re.compile(r"^\s*[\"']?(?:lines|statements|branches)[\"']?\s*:\s*(\d+(?:\.\d+)?)"),
        ("package.json", "*jest.config.*", "*vitest.config.*", "*vite.config.*", ".nycrc*", "*/.c8rc*"),
    ),
    (
        re.compile(r"^\s*target:\s*[\"']?(\d+(?:\.\d+)?)%?"),
        ("codecov.yml", ".codecov.yml", "*/codecov.yml", ".github/codecov.yml"),
    ),
)
_OF_TESTS = re.compile(r"\b(?:unit|integration|code|line|branch|statement|diff)?[- ]?tests?\w*\W+(?:\w+\W+){0,4}cover|cover\w*\W+(?:\w+\W+){0,4}(?:tests?|code|lines|branches|threshold|gate)\b|\d\s*%|codecov|coveralls|(?:code|line|branch|statement|diff|unit)[- ]cover|\bcov\b|fail[-_]under", re.IGNORECASE)
_NAMES_A_FILE = re.compile(r"`[\w./-]+\.(?:py|[jt]sx?|mjs|rs|go|java|kt|rb|cs|php|swift)`|\]\([\w./-]+\.(?:md|rst|txt|html)\)|\btest plans?\b", re.IGNORECASE)
_COVERED = (Purpose.COVERAGE, Purpose.TEST)


@dataclass(frozen=True, slots=True)
class _Gate:
    percent: float
    evidence: Evidence
    run: ToolRun | None = None


def verify(params: Params, statement: Statement, tools: ToolRuns, tree: Tree) -> Verdict:
    """Thresholds on the command line of a run, then thresholds of files that a coverage run reads."""
    if statement.text and not _OF_TESTS.search(" ".join((statement.text, *statement.headings[1:], *statement.lead_in))):
        return Unknown("a sentence about the coverage of tests", "The sentence speaks of coverage, and not of what tests cover.")
    if _NAMES_A_FILE.search(statement.quote) and not re.search(r"\d\s*%", statement.text) and not params.text("threshold"):
        return Unknown("a sentence about a threshold", "The sentence names where something is written, and no coverage that a run demands.")
    if statement.children and statement.text.rstrip().endswith(":") and not params.text("threshold") and not re.search(r"\d", statement.text):
        return Unknown("a sentence about a threshold", "The line only introduces a list of tests.")
    promised = _number(params.text("threshold") or "") or _number(
        " ".join(re.findall(r"\d+(?:\.\d+)?\s*%", statement.text))
    )
    called = list(_called(tools, tree))
    written = list(_written(tree))
    runs = [
        run
        for run in tools.for_purpose(Purpose.COVERAGE)
        if run.carrier is Carrier.WORKFLOW and run.works and run.reaches
    ]
    active = [gate for gate in called if gate.run is not None and gate.run.works and gate.run.reaches]
    if not active and written and (runs or _covering(tools)):
        active = written
    if not active:
        return _none(called, written, statement, tools, tree)
    evidence = tuple(gate.evidence for gate in active)[:4] + _shown(runs, tree)
    best = max(gate.percent for gate in active)
    if promised and best < promised:
        because = f"The gate stands at {best:g} %, the sentence says {promised:g} %."
        return Partly(How.CONTRADICTED, evidence, because, "Raise the gate, or lower the sentence.")
    lowest = min(active, key=lambda gate: gate.percent)
    if promised and lowest.percent < promised and all(gate.run is None for gate in active):
        because = f"One of the gates stands at {lowest.percent:g} %, the sentence says {promised:g} %."
        return Partly(How.INCOMPLETE, (lowest.evidence, *evidence), because, "Raise that gate, or name what it is for.")
    if all(gate.run is not None and not gate.run.can_fail for gate in active):
        return Partly(How.TOOTHLESS, evidence, "The gate is evaluated, but its failure is swallowed.", "Let it fail.")
    if all(gate.evidence.place.path.rsplit("/", 1)[-1].endswith("codecov.yml") for gate in active):
        return Unknown(
            "whether the coverage service's check is required (settings)",
            "The target is a coverage service's.",
            evidence,
        )
    return Kept(evidence, f"A run fails below {best:g} %.")


def _number(text: str) -> float | None:
    found = re.findall(r"\d+(?:\.\d+)?", text)
    return float(found[-1]) if found else None


def _called(tools: ToolRuns, tree: Tree) -> Iterator[_Gate]:
    for run in (*tools.for_purpose(*_COVERED), *tools.others):
        words = " ".join(run.argv)
        match = _OPTION.search(words)
        percent = _number(next((group for group in match.groups() if group), "").split(" --")[0]) if match else None
        if percent is not None:
            yield _Gate(percent, tree.evidence(run.place.path, run.place.line, f"fails below {percent:g} %"), run)


def _written(tree: Tree) -> Iterator[_Gate]:
    for pattern, paths in _FILES:
        for path in tree.paths(*paths):
            if "node_modules" in path:
                continue
            lines = tree.lines(path)[:3000]
            thresholds = any("hreshold" in line or "check-coverage" in line for line in lines)
            if "lines|" in pattern.pattern and not thresholds:
                continue
            for at, line in enumerate(lines, 1):
                match = pattern.search(line)
                if match:
                    percent = float(match.group(1))
                    yield _Gate(percent, tree.evidence(path, at, f"a threshold of {percent:g} %"))
                    break


def _covering(tools: ToolRuns) -> list[ToolRun]:
    """Test runs of workflows whose command asks for coverage in other words (`--coverage`, `test:coverage`)."""
    return [
        run
        for run in (*tools.for_purpose(Purpose.TEST), *tools.others)
        if run.carrier is Carrier.WORKFLOW
        and run.reaches
        and run.works
        and any("coverage" in word or word.startswith("--cov") for word in run.argv)
    ]


def _shown(runs: list[ToolRun], tree: Tree) -> tuple[Evidence, ...]:
    return tuple(tree.evidence(run.place.path, run.place.line, f"{run.tool} measures coverage") for run in runs)[:2]


def _none(called: list[_Gate], written: list[_Gate], statement: Statement, tools: ToolRuns, tree: Tree) -> Verdict:
    mend = "Measure coverage in CI, and fail below the threshold."
    idle = tuple(gate.evidence for gate in (*called, *written))[:4]
    if idle:
        return Broken(How.VACUOUS, idle, "A threshold is written down, and no run in CI evaluates it.", mend)
    if is_advice(statement):
        return Unknown("the coverage of what people add", "The sentence asks people to test; nothing measures it.")
    tests = [run for run in tools.for_purpose(*_COVERED) if run.carrier is Carrier.WORKFLOW and run.reaches]
    shown = tuple(
        tree.evidence(run.place.path, run.place.line, "tests run here, without a threshold") for run in tests
    )[:4]
    if not shown:
        return Unknown("a run that measures coverage", "No workflow that can be seen runs tests.")
    return Broken(How.ABSENT, shown, "No threshold is set anywhere.", mend)
