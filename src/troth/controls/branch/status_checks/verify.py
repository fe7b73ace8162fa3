"""The status checks that the policy names exist under these very names, run on pull requests, and can fail."""

from __future__ import annotations

import re
from dataclasses import dataclass

from troth.judgement.occasions import Occasion
from troth.judgement.policy_scope import for_users
from troth.judgement.reach import job_reached
from troth.judgement.settings import checks_required
from troth.judgement.shown_settings import settings_or
from troth.terms.facts.forge_shown import ForgeShown
from troth.terms.facts.tools import Purpose, ToolRuns
from troth.terms.facts.tree import Tree
from troth.terms.facts.workflows import Job, Workflow, Workflows
from troth.terms.place import Place
from troth.terms.promise import Statement
from troth.terms.values import Params
from troth.terms.verdict import Broken, Evidence, How, Partly, Unknown, Verdict

_SETTING = "the branch rule that requires them (REST branch protection or rulesets)"
_MOST = 12
_LOOKS = (
    Purpose.SAST,
    Purpose.VULNERABILITIES,
    Purpose.SECRETS,
    Purpose.LINT,
    Purpose.TYPES,
    Purpose.TEST,
    Purpose.CONTAINER,
    Purpose.LICENCE,
)


_EMPTY = frozenset(("echo", "printf", "true", ":", "exit", "actions/checkout"))
"""Calls that cannot fail: a job of nothing else stands in for the real one."""
_CODE = re.compile(r"\(\)|::|\\|->")
_MERGES = re.compile(r"\bmerg|\bpull requests?\b|\bPRs?\b|\bbranch|\brequired\b|status check|\bCI\b", re.IGNORECASE)
_APPS = re.compile(
    r"codecov|coverall|\bdco\b|\bcla\b|vercel|netlify|codacy|codeclimate|sonarcloud|snyk|renovate|pre-commit\.ci|coderabbit|"
    r"gitguardian|readthedocs|socket security|deepsource|license/|semantic pull",
    re.IGNORECASE,
)
"""Checks that apps report by themselves: no file shows them."""


@dataclass(frozen=True, slots=True)
class _Check:
    workflow: Workflow
    job: Job

    @property
    def names(self) -> set[str]:
        """Names under which people and the forge know it."""
        own = {name.lower() for name in (*self.job.checks, self.job.name, self.job.id, self.workflow.name)}
        return own | {f"{self.workflow.name} / {name}".lower() for name in self.job.checks}


def verify(
    params: Params, statement: Statement, *, workflows: Workflows, tools: ToolRuns, tree: Tree, shown: ForgeShown
) -> Verdict:
    """Names that match no job can never be satisfied; that the others are required, the settings say."""
    if any(_CODE.search(name) for name in params.texts("checks")) and not _MERGES.search(statement.text):
        return Unknown("a sentence about checks before a merge", "The sentence names functions of the program, and not checks of changes.")
    strict = bool(params.flag("strict"))
    wanted = [name for name in (_clean(text) for text in params.texts("checks")) if name]
    checks = [
        _Check(workflow, job)
        for workflow in workflows.valid
        for job in workflow.jobs
        if _on_pulls(workflow, job, workflows)
    ]
    if not wanted:
        none_named = Unknown(
            _SETTING, "Which checks a merge needs is a setting; the sentence names none.", _some(checks, tree)
        )
        if for_users(statement, "require checks") is not None:
            return none_named
        return settings_or(shown, lambda forge: checks_required(forge, strict=strict), lambda: none_named)
    missing = [name for name in wanted if not any(_is(name, check) for check in checks) and not _APPS.search(name)]
    found = [(name, check) for name in wanted for check in checks if _is(name, check)]
    dull = [(name, check) for name, check in found if _toothless(check, tools)]
    evidence: list[Evidence] = []
    for name in missing:
        near = _nearest(name, checks)
        if near is not None:
            says = f"no check is named {name!r}; this one is {near.job.checks[0]!r}"
            evidence.append(tree.evidence(near.workflow.path, near.job.name_line, says))
    for name, check in dull:
        evidence.append(
            tree.evidence(
                check.workflow.path,
                check.job.name_line,
                f"{name!r} cannot fail: it only prints, or what its tools find is swallowed",
            )
        )
    evidence.extend(
        tree.evidence(check.workflow.path, check.job.name_line, f"{name!r} is a check") for name, check in found
    )
    seen = tuple(dict.fromkeys(evidence))[:_MOST] or _nothing(workflows, tree)
    told = _weigh(wanted, missing, dull, seen)
    if not isinstance(told, Unknown):
        return told
    names = tuple(_accepted(name, found) for name in wanted)
    return settings_or(shown, lambda forge: checks_required(forge, names, strict=strict), lambda: told)


def _accepted(name: str, found: list[tuple[str, _Check]]) -> tuple[str, ...]:
    """Names under which a branch rule may require the check that the policy calls `name`."""
    jobs = [check for wanted, check in found if wanted == name]
    return tuple(dict.fromkeys((name, *(one for check in jobs for one in check.job.checks))))


def _weigh(
    wanted: list[str], missing: list[str], dull: list[tuple[str, _Check]], shown: tuple[Evidence, ...]
) -> Verdict:
    if missing and len(missing) * 2 >= len(wanted):
        because = f"No job on pull requests reports {', '.join(missing)}: requiring these names would block every merge, or nothing requires them."
        return Broken(How.CONTRADICTED, shown, because, "Name the checks as the jobs are named.")
    if missing:
        because = f"No job on pull requests reports {', '.join(missing)}."
        return Partly(How.INCOMPLETE, shown, because, "Name the checks as the jobs are named.")
    if dull:
        because = f"{', '.join(sorted({name for name, _ in dull}))} cannot fail, so requiring it stops nothing."
        return Partly(How.TOOTHLESS, shown, because, "Let the job fail when its tool finds something.")
    return Unknown(_SETTING, "All named checks exist and can fail; that a merge needs them is a setting.", shown)


def _clean(text: str) -> str:
    return re.sub(r"\s*\((if|when|where|optional)[^)]*\)", "", text.strip().strip("`*✅☑✔- ")).strip()


def _on_pulls(workflow: Workflow, job: Job, workflows: Workflows) -> bool:
    events = [
        trigger.event
        for trigger in workflow.triggers
        if trigger.event in ("pull_request", "pull_request_target", "merge_group", "push")
    ]
    return any(
        job_reached(workflow, job, Occasion(event, repository=workflows.repository)).possible for event in events
    )


def _words(text: str) -> set[str]:
    return {word.rstrip("s") for word in re.findall(r"[a-z0-9]+", text.lower())}


def _order(text: str) -> list[str]:
    return [word.rstrip("s") for word in re.findall(r"[a-z0-9]+", text.lower())]


def _is(name: str, check: _Check) -> bool:
    lower = name.lower()
    return lower in check.names or any(_order(lower) == _order(own) for own in check.names)


def _toothless(check: _Check, tools: ToolRuns) -> bool:
    """Every look that the job takes is swallowed, or it only prints."""
    own = [
        run
        for run in tools.for_purpose(*_LOOKS)
        if (run.workflow, run.job) == (check.workflow.path, check.job.id) and not run.alerts
    ]
    if own:
        return not any(run.can_fail for run in own)
    calls = [
        run for run in (*tools.runs, *tools.others) if (run.workflow, run.job) == (check.workflow.path, check.job.id)
    ]
    return bool(calls) and check.job.uses is None and all(run.tool in _EMPTY for run in calls)


def _nearest(name: str, checks: list[_Check]) -> _Check | None:
    last = _words(name.rsplit("/", 1)[-1])
    return max(
        checks,
        key=lambda check: (len(last & _words(check.job.name)), len(_words(name) & _words(check.job.name))),
        default=None,
    )


def _some(checks: list[_Check], tree: Tree) -> tuple[Evidence, ...]:
    return tuple(
        tree.evidence(check.workflow.path, check.job.name_line, f"a check: {check.job.checks[0]}")
        for check in checks[:6]
    )


def _nothing(workflows: Workflows, tree: Tree) -> tuple[Evidence, ...]:
    if workflows.workflows:
        return (tree.evidence(workflows.workflows[0].path, 1, "no job of any workflow runs on pull requests"),)
    return (Evidence("there is no workflow, so there is no check", Place(".github/workflows")),)
