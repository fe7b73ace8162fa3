"""GitHub Actions as the forge would run them: workflows, triggers, jobs, steps, permissions, secrets, environments.

Rules: a workflow with a `problem` never runs (the forge refuses the whole file), a file that the forge does not look at is `Inactive`,
and everything has a line. Values are kept as written; `troth.judgement` evaluates conditions and reachability.
Nothing here says what a repository's settings are: they are not in files.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from troth.terms.facts.steps import (
    NO_PERMISSIONS,
    Condition,
    Permissions,
    PermissionsKind,
    Problem,
    Script,
    SecretUse,
    Setting,
    Step,
    Text,
    Truth,
    Uses,
)
from troth.terms.place import Place

__all__ = [
    "NO_PERMISSIONS",
    "Condition",
    "Environment",
    "Inactive",
    "InactiveReason",
    "Job",
    "LocalAction",
    "Permissions",
    "PermissionsKind",
    "Problem",
    "Schedule",
    "Script",
    "SecretUse",
    "Setting",
    "Step",
    "Text",
    "Trigger",
    "Truth",
    "Uses",
    "Workflow",
    "Workflows",
]


class InactiveReason(StrEnum):
    """Why the forge never runs a file that looks like a workflow."""

    NESTED = "nested"
    """In `.github/workflows` of a folder below the root."""
    SUBFOLDER = "subfolder"
    """Below `.github/workflows/`, but not directly in it."""
    DISABLED_FOLDER = "disabled folder"
    """In a folder such as `.github/workflows.disabled/`."""
    WRONG_NAME = "wrong name"
    """The name does not end in `.yml` or `.yaml` (`ci.yml.disabled`)."""


@dataclass(frozen=True, slots=True)
class Schedule:
    """One cron line.

    Attributes:
        cron: as written, five fields, UTC.
        line: its line.
        per_week: how often it fires in a week on average (weekly = 1, daily = 7); 0 where it never fires.
        longest_gap_days: longest stretch between two firings, in days.
    """

    cron: str
    line: int
    per_week: float
    longest_gap_days: float


@dataclass(frozen=True, slots=True)
class Trigger:
    """One event of `on:` with its filters. An empty filter tuple means: no such filter.

    Attributes:
        event: name, such as `push`, `pull_request`, `schedule`, `workflow_call`.
        line: line of the event's name.
        branches, branches_ignore, tags, tags_ignore, paths, paths_ignore: glob patterns as written, `!` included.
        types: activity types as written; empty = the forge's default types.
        schedules: cron lines (event `schedule` only).
        workflows: names of the awaited workflows (event `workflow_run` only).
        inputs: declared inputs (`workflow_dispatch`, `workflow_call`): name, default value, line.
        secrets: names of the secrets that a `workflow_call` declares.
    """

    event: str
    line: int
    branches: tuple[Text, ...] = ()
    branches_ignore: tuple[Text, ...] = ()
    tags: tuple[Text, ...] = ()
    tags_ignore: tuple[Text, ...] = ()
    paths: tuple[Text, ...] = ()
    paths_ignore: tuple[Text, ...] = ()
    types: tuple[str, ...] = ()
    schedules: tuple[Schedule, ...] = ()
    workflows: tuple[str, ...] = ()
    inputs: tuple[Setting, ...] = ()
    secrets: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Environment:
    """A job's `environment:`: name and url as written, with their lines (url may be empty)."""

    name: str
    line: int
    url: str = ""
    url_line: int = 0


@dataclass(frozen=True, slots=True)
class Job:
    """One job.

    Attributes:
        id: key below `jobs:`.
        line, end_line: first and last line.
        name: `name:` as written, or the id.
        name_line: line of `name:`, or of the job.
        checks: names of its check runs, matrix filled in where it is literal; a name that cannot be known keeps its `${{ }}`.
        needs: ids of the jobs that it waits for.
        condition: its `if:`.
        permissions: what its token may do: its own block, or the workflow's, or DEFAULT.
        environment: the deployment environment that it names.
        steps: in order; empty for a call of a reusable workflow.
        uses: the reusable workflow that it calls.
        inputs: `with:` of such a call.
        env: `env:` of the job.
        runs_on: labels as written.
        images: container image and service images, as written.
        continue_on_error: as for a step: its failure does not fail the run.
        continue_line: line of `continue-on-error`; 0 where absent.
        secrets: every place in the job that reads a secret.
        matrix: the legs of the matrix, each with its values by name; empty for no matrix or a computed one.
        no_legs: line of a matrix that leaves nothing to run; 0 else.
    """

    id: str
    line: int
    end_line: int
    name: str
    name_line: int
    checks: tuple[str, ...]
    needs: tuple[str, ...] = ()
    condition: Condition | None = None
    permissions: Permissions = NO_PERMISSIONS
    environment: Environment | None = None
    steps: tuple[Step, ...] = ()
    uses: Uses | None = None
    inputs: tuple[Setting, ...] = ()
    env: tuple[Setting, ...] = ()
    runs_on: tuple[str, ...] = ()
    images: tuple[Text, ...] = ()
    continue_on_error: Truth = Truth.FALSE
    continue_line: int = 0
    secrets: tuple[SecretUse, ...] = ()
    matrix: tuple[tuple[tuple[str, str], ...], ...] = ()
    no_legs: int = 0


@dataclass(frozen=True, slots=True)
class Workflow:
    """One file directly in the root's `.github/workflows/`.

    Attributes:
        path: POSIX path.
        name: `name:`, or the path (as the forge shows it).
        triggers: events of `on:`, in order.
        jobs: in order.
        permissions: of the workflow; DEFAULT where it declares none.
        env: `env:` of the workflow.
        secrets: secrets read by the workflow's own keys (`env:`); those of jobs are in the jobs.
        problems: why the forge refuses it; empty for a valid workflow.
        name_line: line of `name:`; 0 where absent.
    """

    path: str
    name: str
    triggers: tuple[Trigger, ...] = ()
    jobs: tuple[Job, ...] = ()
    permissions: Permissions = NO_PERMISSIONS
    env: tuple[Setting, ...] = ()
    secrets: tuple[SecretUse, ...] = ()
    problems: tuple[Problem, ...] = ()
    name_line: int = 0

    @property
    def valid(self) -> bool:
        """False where the forge refuses the file, so that nothing in it ever runs."""
        return not self.problems

    def trigger(self, event: str) -> Trigger | None:
        """The trigger for an event, or None."""
        return next((item for item in self.triggers if item.event == event), None)

    def job(self, name: str) -> Job | None:
        """A job by id (any case, as the forge has it), or None."""
        return next((item for item in self.jobs if item.id.lower() == name.lower()), None)

    def place(self, line: int) -> Place:
        """Place in this file."""
        return Place(self.path, line)


@dataclass(frozen=True, slots=True)
class Inactive:
    """A file that looks like a workflow and that the forge never runs, with a sentence that says why."""

    path: str
    reason: InactiveReason
    says: str


@dataclass(frozen=True, slots=True)
class LocalAction:
    """An `action.yml` of this repository.

    Attributes:
        path: of the `action.yml`; `folder` is what `uses: ./folder` names.
        kind: `composite`, `docker`, `node`, or `unknown`.
        steps: of a composite action.
        secrets: empty in practice: actions cannot read secrets but through inputs.
        problems: why it cannot be read.
    """

    path: str
    folder: str
    kind: str
    steps: tuple[Step, ...] = ()
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True)
class Workflows:
    """All that the tree says about GitHub Actions.

    Attributes:
        workflows: every file that the forge would look at, valid or not, by path.
        inactive: what it would not look at.
        actions: local actions.
        repository: `owner/name` where the tree itself tells (badges, package metadata); None else. Guards are judged against it.
        ignored: paths named by trigger filters that git ignores, so that the filter can never match: (workflow path, pattern, line).
    """

    workflows: tuple[Workflow, ...] = ()
    inactive: tuple[Inactive, ...] = ()
    actions: tuple[LocalAction, ...] = ()
    repository: str | None = None
    ignored: tuple[tuple[str, Text], ...] = ()

    @property
    def valid(self) -> tuple[Workflow, ...]:
        """Workflows that the forge accepts."""
        return tuple(item for item in self.workflows if item.valid)

    @property
    def invalid(self) -> tuple[Workflow, ...]:
        """Workflows that the forge refuses as a whole."""
        return tuple(item for item in self.workflows if not item.valid)

    def workflow(self, path: str) -> Workflow | None:
        """Workflow by path, or by file name."""
        name = path.rsplit("/", 1)[-1]
        return next((item for item in self.workflows if path in (item.path, name) and item.path.endswith(name)), None)

    def action(self, uses: Uses) -> LocalAction | None:
        """The local action that a `uses: ./...` names, or None."""
        folder = uses.name.removeprefix("./").rstrip("/")
        return next((item for item in self.actions if item.folder == folder), None)
