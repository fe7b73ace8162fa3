"""Jobs that run tests read no stored secret; what they need is made up."""

from __future__ import annotations

import re

from troth.judgement.exposure import readings
from troth.terms.facts.tools import Carrier, Purpose, ToolRuns
from troth.terms.facts.tree import Tree
from troth.terms.facts.workflows import Workflows
from troth.terms.promise import Statement
from troth.terms.verdict import Broken, Evidence, How, Kept, Partly, Unknown, Verdict

_REPORTING = re.compile(r"codecov|coverall|sonar|snyk|slack|discord|test_?report|datadog", re.IGNORECASE)
_MADE_UP = re.compile(
    r"monkeypatch\.setenv|(mock|fake|dummy|test|placeholder)[-_ ]?(key|token|secret|credential|password|api[-_ ]?key)|unittest\.mock|vi\.mock|jest\.mock|nock\(|respx|responses\.activate",
    re.IGNORECASE,
)
_FILE = re.compile(r"(^|/)(tests?|__tests__|spec)/|conftest\.py$|[._](test|spec)\.[jt]sx?$|_test\.(py|go)$")
_ABOUT = re.compile(
    r"mock|fake|dummy|placeholder|synthetic|stub|isolat|separate|sample|\bnon[- ]|\breal\b|production|\blive\b|test(ing)? (data|account|environment|key|credential|secret|value|api)",
    re.IGNORECASE,
)
_MOST = 8


def verify(statement: Statement, tools: ToolRuns, workflows: Workflows, tree: Tree) -> Verdict:
    """Secrets of test jobs, and signs of made-up credentials in tests."""
    if statement.text and not _ABOUT.search(statement.text):
        return Unknown("what the sentence asks of tests", "It says nothing about what tests use as credentials.")
    runs = [run for run in tools.for_purpose(Purpose.TEST) if run.carrier is Carrier.WORKFLOW and run.reaches]
    jobs = {(run.workflow, run.job) for run in runs}
    read = [
        item
        for item in readings(workflows)
        if item.job is not None and (item.workflow.path, item.job.id) in jobs and not _REPORTING.search(item.use.name)
    ]
    shown = tuple(tree.evidence(run.place.path, run.place.line, f"{run.tool} runs the tests") for run in runs)[:3]
    if read:
        live = tuple(
            tree.evidence(item.workflow.path, item.use.line, f"{item.use.name} is a stored secret") for item in read
        )
        steps = {run.step for run in runs}
        direct = [item for item in read if item.use.step in steps or item.use.step is None]
        mend = "Give the tests made-up values, and keep live checks in a job of their own."
        if direct and _signs(tree):
            because = "Tests make up what they need, and a test job gets a stored secret all the same."
            return Partly(How.CONTRADICTED, (*live[:4], *_signs(tree), *shown)[:_MOST], because, mend)
        if direct:
            return Broken(How.CONTRADICTED, (*live, *shown)[:_MOST], "The tests get a stored secret.", mend)
        return Partly(How.INCOMPLETE, (*live, *shown)[:_MOST], "A step beside the tests reads a stored secret.", mend)
    made_up = _signs(tree)
    if runs and made_up:
        return Kept((*shown, *made_up)[:_MOST], "No test job reads a stored secret, and tests make up what they need.")
    return Unknown(
        "how people run tests",
        "No test job reads a stored secret; what the tests use otherwise, no file tells.",
        (*shown, *made_up)[:_MOST],
    )


def _signs(tree: Tree) -> tuple[Evidence, ...]:
    found: list[Evidence] = []
    for path in tree.paths():
        if not _FILE.search(path) or tree.files[path].size > 400_000:
            continue
        for at, line in enumerate(tree.lines(path)[:3000], 1):
            if _MADE_UP.search(line[:300]):
                found.append(tree.evidence(path, at, "a made-up credential or a stand-in"))
                break
        if len(found) == 3:
            break
    return tuple(found)
