"""A run elsewhere shows one look: what it lifts, what it takes away, and every sentence that says more than a look."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from troth.judgement.scan_reports import with_reports
from troth.terms.facts.scans import ScanReports, ScanRun
from troth.terms.facts.tools import ToolRuns
from troth.terms.place import Place, Span
from troth.terms.promise import Kind, Modality, Statement
from troth.terms.values import Params
from troth.terms.verdict import Broken, Evidence, How, Kept, Partly, Unknown, Verdict, name_of

NOW = datetime(2026, 5, 4, 12, tzinfo=UTC)
HERE, ELSEWHERE = "a" * 40, "b" * 40
KNOWN = {"codeql": "codeql", "github codeql": "codeql", "semgrep": "semgrep", "bandit": "bandit", "snyk": "snyk", "gosec": "gosec", "go": "go", "osv-scanner": "osv-scanner"}
TOOLS = ToolRuns(known=KNOWN)
OPEN = Unknown("a workflow", "No file says.")
SOUND = Kept((Evidence("it runs", Place("ci.yml", 3)),), "It runs.")


def ran(tool: str = "CodeQL", days: float = 1, *, rules: int = 40, results: int = 0, errors: tuple[str, ...] = (), commit: str = HERE) -> ScanRun:
    return ScanRun(tool, "2.20", rules, results, errors, NOW - timedelta(days=days), commit, "a.sarif sha256:0")


def judged(text: str, *runs: ScanRun, told: Verdict = OPEN, lifts: bool = True, modality: Modality = Modality.PROMISE, **params: object) -> Verdict:
    statement = Statement("SECURITY.md", 3, (3,), Span(0, len(text)), text, text, Kind.ITEM, modality=modality)
    return with_reports(told, Params(params), statement, ScanReports(runs), tools=TOOLS, now=NOW, commit=HERE, lifts=lifts)


@pytest.mark.parametrize(
    ("text", "runs", "params"),
    [
        ("CodeQL scans our code", (ran(),), {"tool": "CodeQL"}),
        ("We scan the code with GitHub CodeQL", (ran("CodeQL command-line toolchain"),), {"tool": "GitHub CodeQL"}),
        ("Semgrep scans our code for security issues", (ran("Semgrep OSS"),), {"tool": "semgrep"}),
        ("Our code is scanned with Acme Lens", (ran("Acme Lens"),), {"tool": "Acme Lens"}),
        ("Semgrep and Bandit scan our code", (ran("bandit"), ran("Semgrep OSS")), {"tool": "semgrep, bandit"}),
        ("CodeQL scans our code weekly", (ran(), ran(days=8, commit=ELSEWHERE), ran(days=15, commit=ELSEWHERE)), {"tool": "CodeQL", "schedule": "weekly"}),
    ],
)
def test_a_sentence_that_says_no_more_than_a_look_is_kept_by_one(text, runs, params) -> None:
    verdict = judged(text, *runs, **params)

    assert isinstance(verdict, Kept)
    assert verdict.evidence[0].source == "a.sarif sha256:0"


@pytest.mark.parametrize(
    ("text", "runs", "params"),
    [
        ("CodeQL reports 0 alerts", (ran(results=7),), {"tool": "CodeQL"}),
        ("CodeQL runs without findings", (ran(results=7),), {"tool": "CodeQL"}),
        ("CodeQL scans our code", (ran(),), {"tool": "CodeQL", "suite": "security-extended"}),
        ("CodeQL scans our code", (ran(),), {"tool": "CodeQL", "fail": "high"}),
        ("Bandit scans our code", (ran("Bandit"),), {"tool": "bandit", "checks": ("B614",)}),
        ("CodeQL scans our code", (ran(),), {"tool": "CodeQL", "on": ("push",)}),
        ("CodeQL scans all our code", (ran(),), {"tool": "CodeQL"}),
        ("Every package is scanned with CodeQL", (ran(),), {"tool": "CodeQL"}),
        ("CodeQL scans our code in CI", (ran(),), {"tool": "CodeQL"}),
        ("CodeQL blocks a merge", (ran(),), {"tool": "CodeQL"}),
        ("CodeQL continuously scans our code", (ran(),), {"tool": "CodeQL"}),
        ("Semgrep and Bandit scan our code", (ran("bandit"),), {"tool": "semgrep, bandit"}),
        ("Go scans our code", (ran("gosec"),), {"tool": "go"}),
        ("Snyk scans our code", (ran("Snyk Container"),), {"tool": "snyk"}),
        ("A scanner looks at our code", (ran(),), {}),
        ("CodeQL scans our code", (ran(commit=ELSEWHERE),), {"tool": "CodeQL"}),
        ("CodeQL scans our code", (ran(commit=""),), {"tool": "CodeQL"}),
        ("CodeQL scans our code", (ran(days=60),), {"tool": "CodeQL"}),
        ("CodeQL scans our code", (ran(rules=0),), {"tool": "CodeQL"}),
        ("CodeQL scans our code", (ran(days=2), ran(days=1, errors=("out of memory",))), {"tool": "CodeQL"}),
        ("CodeQL scans our code weekly", (ran(),), {"tool": "CodeQL", "schedule": "weekly"}),
    ],
)
def test_a_sentence_that_says_more_or_a_run_that_shows_less_is_never_kept(text, runs, params) -> None:
    assert isinstance(judged(text, *runs, **params), Unknown)


def test_advice_and_what_a_report_cannot_tell_are_never_lifted() -> None:
    asked = judged("Scan your code with CodeQL", ran(), modality=Modality.RECOMMENDATION_USERS, tool="CodeQL")

    assert asked is OPEN
    assert judged("CodeQL scans our code", ran(), lifts=False, tool="CodeQL") is OPEN


def test_a_weekly_scan_with_a_gap_is_partly_kept() -> None:
    verdict = judged("CodeQL scans our code weekly", ran(), ran(days=7), ran(days=40), tool="CodeQL", schedule="weekly")

    assert isinstance(verdict, Partly)
    assert verdict.how is How.INCOMPLETE


@pytest.mark.parametrize(
    ("runs", "params", "name"),
    [
        ((ran(rules=0),), {"tool": "CodeQL"}, "partly"),
        ((ran(days=9),), {"tool": "CodeQL", "schedule": "weekly"}, "partly"),
        ((ran(days=9),), {"tool": "CodeQL"}, "kept"),
        ((ran(days=6),), {"tool": "CodeQL", "schedule": "weekly"}, "kept"),
        ((ran("Other", rules=0),), {"tool": "CodeQL"}, "kept"),
        ((ran("bandit", rules=0), ran()), {"tool": "CodeQL, bandit"}, "partly"),
    ],
)
def test_what_the_files_say_falls_only_by_a_run_of_the_named_scanner(runs, params, name) -> None:
    assert name == name_of(judged("CodeQL scans our code", *runs, told=SOUND, **params))


def test_what_the_files_show_to_be_broken_stays_broken() -> None:
    told = Broken(How.ABSENT, (Evidence("nothing", Place("ci.yml", 1)),), "Nothing calls it.", "Call it.")

    assert judged("CodeQL scans our code", ran(), told=told, tool="CodeQL") is told
