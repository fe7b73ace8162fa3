"""Somebody, or something, watches: a step that really sends, an exporter that the program really starts."""

from __future__ import annotations

import re
from collections.abc import Iterator

from troth.judgement.moments import AUTOMATIC
from troth.terms.facts.tools import Carrier, Purpose, ToolRun, ToolRuns
from troth.terms.facts.tree import Tree
from troth.terms.facts.workflows import Step, Workflow, Workflows
from troth.terms.promise import Modality, Section, Statement
from troth.terms.values import Params
from troth.terms.verdict import Broken, Evidence, How, Kept, Partly, Unknown, Verdict

_NOTIFIES = re.compile(r"notif|slack|discord|alert|webhook|e-?mail|teams|pager|monitor", re.IGNORECASE)
_SENDS = re.compile(
    r"curl|wget|http|webhook|sendmail|mail |gh (issue|pr|api|release)|issues\.create|aws sns|Invoke-", re.IGNORECASE
)
_ISSUES = re.compile(r"issues\.create\b|gh issue create|create-issue|createIssue", re.IGNORECASE)
_BY_HAND = re.compile(r"===?\s*['\"]workflow_dispatch['\"]")
_EXPORTS = re.compile(
    r"prometheus_client|prom-client|prometheus::|promhttp|start_http_server|generate_latest|[\"'`](GET )?/metrics[\"'`]|opentelemetry\.metrics",
    re.IGNORECASE,
)
_SOURCE = ("*.py", "*.ts", "*.js", "*.rs", "*.go")
_ASIDE = re.compile(r"(^|/)(tests?|docs?|examples?|node_modules|scripts)/|bench|test_|\.test\.|\.spec\.|\.d\.ts$")
_RUNTIME = re.compile(r"\brun[- ]?time\b|\bin production\b|production (?:environment|system|deployment)|\blive (?:system|environment|traffic)", re.IGNORECASE)
"""What watches a running system stands in no workflow."""
_PEOPLE = (Modality.RECOMMENDATION_USERS,)
_CI = re.compile(
    r"\bci\b|pipeline|workflow|github actions|automated quality|quality (checks|gates|assurance)", re.IGNORECASE
)
_MOST = 6


def verify(params: Params, statement: Statement, tools: ToolRuns, workflows: Workflows, tree: Tree) -> Verdict:
    """By what is to be watched: publishes, issues, metrics, or something only people can do."""
    what = f"{params.text('what') or ''} {params.text('tool') or ''}".lower()
    if statement.modality in _PEOPLE:
        return Unknown("what users do", "The sentence asks users to watch; no file shows that they do.")
    if re.search(r"\bun(?:authenticated|protected)\b|\b(?:without|no|not) (?:any )?(?:authenticat|protect)", statement.text, re.IGNORECASE):
        return Unknown("a sentence that somebody watches", "The sentence tells who may read a page, and not that anybody watches.")
    if "issue" in what:
        return _issues(tools, workflows, tree)
    if re.search(r"publish|release|npm|package", what):
        return _publishes(tools, workflows, tree)
    if re.search(r"metric|prometheus|telemetry|resource", what):
        return _metrics(what, tree)
    claimed = statement.modality in (Modality.FEATURE, Modality.PROMISE)
    in_list = statement.section is Section.CI or any(
        _CI.search(heading) for heading in (*statement.headings, *statement.lead_in)
    )
    if claimed and in_list and not _RUNTIME.search(statement.text):
        return _in_pipeline(what, statement, tools, workflows, tree)
    return Unknown("what people do", "Whether somebody watches, no file shows.")


def _steps(workflows: Workflows) -> Iterator[tuple[Workflow, Step]]:
    for workflow in workflows.valid:
        for job in workflow.jobs:
            for step in job.steps:
                yield workflow, step


def _text(step: Step) -> str:
    script = step.run.text if step.run is not None else ""
    return script + "\n".join(item.value for item in step.inputs)


def _publishes(tools: ToolRuns, workflows: Workflows, tree: Tree) -> Verdict:
    empty: list[Evidence] = []
    sending: list[Evidence] = []
    for workflow, step in _steps(workflows):
        named = _NOTIFIES.search(step.name) is not None
        if step.run is not None and named and not _SENDS.search(step.run.text):
            line = step.run.lines[0] if step.run.lines else step.line
            empty.append(tree.evidence(workflow.path, step.line, f"step {step.name!r} is to tell somebody"))
            empty.append(tree.evidence(workflow.path, line, "but it only prints; nothing is sent anywhere"))
        elif named:
            sending.append(tree.evidence(workflow.path, step.line, f"step {step.name!r} sends"))
    sending.extend(
        tree.evidence(run.place.path, run.place.line, f"{run.tool} sends")
        for run in tools.for_purpose(Purpose.NOTIFY)
        if run.works
    )
    if empty and not sending:
        return Broken(
            How.TOOTHLESS, tuple(empty[:_MOST]), "The step that is to tell somebody only prints.", "Send it somewhere."
        )
    watch = [workflow for workflow in workflows.valid if workflow.trigger("schedule") is not None]
    shown = tuple(sending[:_MOST])
    extra = "" if watch else " No scheduled workflow compares the registry with the releases."
    return Unknown(
        "a watch on the registry, and who reads it",
        f"What is published elsewhere, no workflow would notice.{extra}",
        shown,
    )


def _issues(tools: ToolRuns, workflows: Workflows, tree: Tree) -> Verdict:
    """Issues that are to be opened by themselves."""
    calls: list[tuple[Workflow, Step, int]] = []
    for workflow, step in _steps(workflows):
        text = _text(step)
        match = _ISSUES.search(text)
        if match is not None:
            calls.append((workflow, step, _line(workflow, step, match.group(0), tree)))
    actions = [
        run for run in tools.of("issue-create") if run.works and any(reach.event in AUTOMATIC for reach in run.reaches)
    ]
    shown = tuple(tree.evidence(workflow.path, line, "an issue is opened here") for workflow, _, line in calls)
    shown = (*shown, *(tree.evidence(run.place.path, run.place.line, "an issue is opened here") for run in actions))[
        :_MOST
    ]
    mend = "Open the issue in a step that a failed check reaches (`if: failure()`)."
    if not shown:
        first = workflows.valid[0] if workflows.valid else None
        if first is None:
            return Unknown("a workflow", "No workflow of this repository can run.")
        line = first.jobs[0].line if first.jobs else 1
        return Broken(
            How.ABSENT, (tree.evidence(first.path, line, "no step opens an issue"),), "Nothing opens issues.", mend
        )
    if not actions and all(_BY_HAND.search(_text(step)) for _, step, _ in calls):
        return Broken(How.VACUOUS, shown, "Issues are only opened when somebody starts the workflow by hand.", mend)
    return Unknown(
        "what the script does when a check fails",
        "A step opens issues; whether for violations, no file tells for sure.",
        shown,
    )


def _line(workflow: Workflow, step: Step, word: str, tree: Tree) -> int:
    lines = tree.lines(workflow.path)
    exact = re.compile(re.escape(word) + r"\b")
    return next(
        (at for at in range(step.line, step.end_line + 1) if at <= len(lines) and exact.search(lines[at - 1])),
        step.line,
    )


def _metrics(what: str, tree: Tree) -> Verdict:
    """An exporter in the program's own source; a monitor that nothing imports watches nothing."""
    found: list[Evidence] = []
    idle: list[Evidence] = []
    for path in tree.paths(*_SOURCE):
        if _ASIDE.search(path):
            continue
        text = tree.text(path) or ""
        match = _EXPORTS.search(text)
        watches = "psutil" in text and "resource" in what
        if match is None and not watches:
            continue
        pattern = _EXPORTS if match is not None else re.compile("psutil")
        lines = [at for at, line in enumerate(text.split("\n"), 1) if pattern.search(line)]
        used = _imported(path, tree)
        target, says = (found, "metrics are exported here") if used else (idle, "nothing imports this monitor")
        target.extend(tree.evidence(path, at, says) for at in lines[:4])
    if found and (not idle or "resource" not in what):
        return Kept(tuple(found[:_MOST]), "The program exports metrics.")
    if found:
        because = "The program exports metrics, but part of the monitoring is never imported."
        return Partly(How.INCOMPLETE, (*found[:3], *idle[:3]), because, "Start the monitor where the program starts.")
    if idle:
        return Broken(
            How.VACUOUS,
            tuple(idle[:_MOST]),
            "A monitor exists that nothing imports.",
            "Start it where the program starts.",
        )
    return Unknown("an exporter that is known here", "No source file uses a metrics library that is known here.")


def _imported(path: str, tree: Tree) -> bool:
    """A package's front, a main program, or a module that another one imports."""
    stem = path.rsplit("/", 1)[-1].rsplit(".", 1)[0]
    if stem in ("__init__", "__main__", "main", "server", "app", "index", "mod", "lib", "cli"):
        return True
    wanted = re.compile(rf"(import|from|require|use|mod)\b[^\n]*\b{re.escape(stem)}\b")
    return any(
        other != path and not _ASIDE.search(other) and wanted.search(tree.text(other) or "")
        for other in tree.paths(*_SOURCE)
    )


def _in_pipeline(what: str, statement: Statement, tools: ToolRuns, workflows: Workflows, tree: Tree) -> Verdict:
    words = [
        word
        for word in re.findall(r"[a-z]{4,}", what or statement.text.lower())
        if word not in ("monitoring", "monitor", "what")
    ]
    runs: list[ToolRun] = [
        run
        for run in (*tools.runs, *tools.others)
        if run.carrier is Carrier.WORKFLOW
        and run.reaches
        and any(word[:5] in " ".join(run.argv).lower() for word in words)
    ]
    if runs:
        shown = tuple(tree.evidence(run.place.path, run.place.line, f"{run.tool} may be meant") for run in runs[:3])
        return Unknown("whether this is what the sentence means", "Something of that name runs.", shown)
    named = [
        (workflow, step) for workflow, step in _steps(workflows) if any(word[:5] in step.name.lower() for word in words)
    ]
    if named or not workflows.workflows:
        return Unknown("whether this is what the sentence means", "A step of that name exists, or no workflow at all.")
    shown = tuple(tree.evidence(item.path, 1, "nothing of the kind runs here") for item in workflows.workflows)
    return Broken(
        How.ABSENT, shown[:_MOST], "Nothing of the kind runs in any workflow.", "Add it, or take the sentence out."
    )
