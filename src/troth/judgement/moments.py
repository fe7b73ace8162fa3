"""When a promise says that something runs ("on all PRs and pushes to main", "nightly") against when it is really reached."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum

from troth.judgement.filters import branch_matches, takes_branches, takes_tags
from troth.judgement.occasions import Occasion
from troth.judgement.reach import entries, step_reached
from troth.terms.facts.tools import Reach, ToolRun
from troth.terms.facts.tree import Tree
from troth.terms.facts.workflows import Text, Truth, Workflows
from troth.terms.verdict import Evidence

__all__ = ["AUTOMATIC", "CADENCES", "Cover", "Coverage", "Moment", "cover", "moments_of"]

AUTOMATIC = frozenset(
    (
        "push",
        "pull_request",
        "pull_request_target",
        "merge_group",
        "schedule",
        "release",
        "workflow_run",
        "create",
        "deployment",
    )
)
"""Events that need nobody to press a button."""
_PULLS = frozenset(("pull_request", "pull_request_target"))
_CHANGES = frozenset(("opened", "synchronize", "reopened", "ready_for_review", "edited", "review_requested"))
"""What happens to every pull request by itself; a label, or its end, does not start a check of each."""
_DEFAULTS = ("main", "master", "trunk", "develop")

CADENCES: dict[str, float] = {
    "hourly": 0.05,
    "daily": 1.1,
    "nightly": 1.1,
    "weekly": 7.1,
    "biweekly": 14.1,
    "fortnightly": 14.1,
    "monthly": 31.1,
    "quarterly": 92.1,
    "yearly": 366.1,
    "annually": 366.1,
}
"""Name of a cadence -> longest stretch between two runs that keeps it, in days."""


class Cover(IntEnum):
    """How well a moment is covered; UNSURE where files cannot tell."""

    NONE = 0
    UNSURE = 1
    PART = 2
    FULL = 3


@dataclass(frozen=True, slots=True)
class Moment:
    """One moment that a promise names.

    Attributes:
        kind: `pull`, `push`, `commit`, `ci`, `release`, `schedule`, `hook`.
        branch: branch of a push, empty = not said, `*` = the default branch whatever its name.
        every: the promise says all, every or each: a path filter then leaves something out.
        cadence: name of a cadence, for `schedule`.
    """

    kind: str
    branch: str = ""
    every: bool = False
    cadence: str = ""

    @property
    def label(self) -> str:
        """In words."""
        words = {
            "pull": "pull requests",
            "push": f"pushes to {self.branch}" if self.branch not in ("", "*") else "pushes",
            "commit": "every commit",
            "ci": "CI",
            "release": "releases",
            "schedule": f"a {self.cadence or 'regular'} schedule",
            "hook": "commits on a developer's machine",
        }
        return words[self.kind]


@dataclass(frozen=True, slots=True)
class Coverage:
    """How well one moment is covered, and what shows it."""

    moment: Moment
    cover: Cover
    evidence: tuple[Evidence, ...] = ()


def _moment(text: str, *, every: bool) -> Moment | None:
    words = text.lower().replace("_", " ").strip()
    cadence = next((name for name in CADENCES if name in words), "")
    if cadence or "schedul" in words or "cron" in words or "regular" in words:
        return Moment("schedule", cadence=cadence)
    if "commit" in words:
        return Moment("hook") if "pre-commit" in words or "pre commit" in words else Moment("commit", every=True)
    if re.search(r"\bprs?\b|pull|merge request", words):
        return Moment("pull", every=every)
    if re.search(r"\brelease|\btag|publish", words):
        return Moment("release")
    match = re.search(r"push(?:es)?\s*(?::|to|on)?\s*(?:the\s+)?([\w./-]*)", words)
    if match:
        branch = match.group(1)
        return Moment("push", "*" if branch in ("default", "branch") else branch, every=every)
    if words in _DEFAULTS or "default branch" in words:
        return Moment("push", words if words in _DEFAULTS else "*", every=every)
    if re.search(r"merge", words):
        return Moment("push", "*", every=every)
    if re.search(r"\bci\b|ci/cd|pipeline|build|workflow|automat", words):
        return Moment("ci")
    return None


def moments_of(on: Iterable[str], schedule: str | None = None, *, every: bool = False) -> tuple[Moment, ...]:
    """Moments of a promise's `on` and `schedule` parameters; `ci` where it names none."""
    found = [
        moment for text in on if (moment := _moment(text, every=every or "every" in text or "all" in text.split()))
    ]
    if schedule:
        name = next((name for name in CADENCES if name in schedule.lower()), "")
        found = [item for item in found if item.kind not in ("schedule", "ci")]
        found.append(Moment("schedule", cadence=name))
    return tuple(dict.fromkeys(found)) or (Moment("ci"),)


def _line(tree: Tree, reach: Reach, line: int, says: str) -> Evidence:
    return tree.evidence(reach.workflow, line, says)


def _limits(tree: Tree, reach: Reach) -> tuple[Evidence, ...]:
    """Path filters of the trigger, as evidence."""
    filters: tuple[tuple[str, tuple[Text, ...]], ...] = (
        ("only for changes of", reach.trigger.paths),
        ("not for changes of", reach.trigger.paths_ignore),
    )
    return tuple(
        _line(
            tree,
            reach,
            patterns[0].line,
            f"{reach.event} starts it {words} {', '.join(item.value for item in patterns)[:120]}",
        )
        for words, patterns in filters
        if patterns
    )


def _reached_on_branch(workflows: Workflows, run: ToolRun, reach: Reach, branch: str) -> Truth:
    workflow = workflows.workflow(run.workflow or "")
    job = workflow.job(run.job or "") if workflow is not None else None
    if workflow is None or job is None or run.step is None or run.step >= len(job.steps):
        return reach.truth
    occasion = Occasion(reach.event, branch=branch, repository=workflows.repository)
    truths = [
        step_reached(workflow, job, job.steps[run.step], entry.occasion)
        for entry in entries(workflows, workflow, occasion)
        if entry.workflow.path == reach.workflow and entry.truth.certain
    ]
    return truths[0] if truths else Truth.UNKNOWN


def _branches(moment: Moment) -> tuple[str, ...]:
    return _DEFAULTS if moment.branch in ("", "*") else (moment.branch,)


def _on_push(workflows: Workflows, tree: Tree, run: ToolRun, reach: Reach, moment: Moment) -> Coverage:
    if not takes_branches(reach.trigger):
        return Coverage(moment, Cover.NONE)
    wanted = [branch for branch in _branches(moment) if branch_matches(reach.trigger, branch)]
    if not wanted and moment.branch in ("", "*"):
        wanted = [text.value for text in reach.trigger.branches if not text.value.startswith("!")][:1]
    if not wanted:
        return Coverage(moment, Cover.NONE)
    truth = _reached_on_branch(workflows, run, reach, wanted[0])
    if not truth.possible:
        return Coverage(moment, Cover.NONE)
    limits = _limits(tree, reach) if moment.every else ()
    line = next((text.line for text in reach.trigger.branches if text.value == wanted[0]), reach.trigger.line)
    starts = _line(tree, reach, line, f"push to {wanted[0]} starts it")
    if limits:
        return Coverage(moment, Cover.PART, (starts, *limits))
    return Coverage(moment, Cover.FULL if truth.certain else Cover.UNSURE, (starts,))


def _on_pull(tree: Tree, reach: Reach, moment: Moment) -> Coverage:
    starts = _line(tree, reach, reach.trigger.line, f"{reach.event} starts it")
    limits = _limits(tree, reach)
    if limits:
        return Coverage(moment, Cover.PART, (starts, *limits))
    if not any(branch_matches(reach.trigger, branch) for branch in _DEFAULTS) and reach.trigger.branches:
        named = reach.trigger.branches[0]
        return Coverage(moment, Cover.UNSURE, (starts, _line(tree, reach, named.line, f"{reach.event} starts it only for {named.value}")))
    return Coverage(moment, Cover.FULL if reach.truth.certain else Cover.UNSURE, (starts,))


def _on_schedule(tree: Tree, reach: Reach, moment: Moment) -> Coverage:
    best = min(reach.trigger.schedules, key=lambda item: item.longest_gap_days)
    says = f"cron '{best.cron}': {best.per_week:.3g} runs a week"
    shown = (_line(tree, reach, best.line, says),)
    limit = CADENCES.get(moment.cadence)
    if limit is not None and best.longest_gap_days > limit:
        return Coverage(moment, Cover.PART, shown)
    return Coverage(moment, Cover.FULL if reach.truth.certain else Cover.UNSURE, shown)


def _one(workflows: Workflows, tree: Tree, run: ToolRun, reach: Reach, moment: Moment) -> Coverage:
    event = reach.event
    if moment.kind == "pull" and event in _PULLS and not (reach.trigger.types and not set(reach.trigger.types) & _CHANGES):
        return _on_pull(tree, reach, moment)
    if moment.kind in ("push", "commit") and event == "push":
        return _on_push(workflows, tree, run, reach, moment)
    if moment.kind == "schedule" and event == "schedule":
        return _on_schedule(tree, reach, moment)
    starts = (_line(tree, reach, reach.trigger.line, f"{event} starts it"),)
    if moment.kind == "ci" and event == "push" and not takes_tags(reach.trigger) and not any(branch_matches(reach.trigger, branch) for branch in _DEFAULTS):
        return Coverage(moment, Cover.UNSURE, starts)
    if event in _PULLS and reach.trigger.types and not set(reach.trigger.types) & _CHANGES:
        return Coverage(moment, Cover.UNSURE if moment.kind == "ci" else Cover.NONE, starts)
    if moment.kind == "ci" and event in AUTOMATIC:
        return Coverage(moment, Cover.FULL if reach.truth.certain else Cover.UNSURE, starts)
    released = event == "release" or (event == "push" and takes_tags(reach.trigger))
    if moment.kind == "release" and released:
        return Coverage(moment, Cover.FULL if reach.truth.certain else Cover.UNSURE, starts)
    return Coverage(moment, Cover.NONE)


def cover(workflows: Workflows, tree: Tree, runs: Iterable[ToolRun], moment: Moment) -> Coverage:
    """The best coverage of a moment that any of the runs gives. "Every commit" wants pushes, and pull requests where pushes are limited to branches."""
    best = Coverage(moment, Cover.NONE)
    pushed_anywhere = False
    for run in runs:
        for reach in run.reaches:
            found = _one(workflows, tree, run, reach, moment)
            if found.cover > best.cover:
                best = found
            if reach.event == "push" and not (reach.trigger.branches or reach.trigger.branches_ignore):
                pushed_anywhere = True
    if moment.kind == "commit" and best.cover is Cover.FULL and not pushed_anywhere:
        pulls = cover(workflows, tree, runs, Moment("pull", every=True))
        if pulls.cover is not Cover.FULL:
            return Coverage(moment, Cover.PART, (*best.evidence, *pulls.evidence))
        return Coverage(moment, Cover.FULL, (*best.evidence, *pulls.evidence))
    return best
