"""The model of workflows: what the forge would run, what it would refuse, where everything is."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.engines.trees import tree_of
from tests.timing import processor_seconds
from troth.engines.workflows.look import look, read_workflow
from troth.judgement.occasions import Occasion
from troth.judgement.reach import entries, job_reached, step_reached
from troth.terms.facts.workflows import InactiveReason, PermissionsKind, Truth, Workflow, Workflows

CI = ".github/workflows/ci.yml"
JOB = "jobs:\n  a:\n    runs-on: ubuntu-latest\n    steps:\n      - run: echo\n"
FRAGMENTS = st.sampled_from(
    ["on: push\n", "on:\n  schedule:\n    - cron: '* * * * *'\n", "jobs:\n", "  a:\n", "    steps:\n", "      - run: |\n", "          echo\n", "    needs: [a, b]\n", "    if: ${{ x\n", "    uses: ./x\n", "    strategy: {matrix: {x: [1, {a: b}], include: 5}}\n", "permissions: write-all\n", "    secrets: inherit\n", "&a *a\n", "      - uses: 5\n", "{", "]"]
)


def one(text: str) -> Workflow:
    return look(tree_of({CI: text})).workflows[0]


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=200) | st.lists(FRAGMENTS, max_size=20).map(lambda parts: "".join(parts).encode()))
def test_no_bytes_crash_the_model(data: bytes) -> None:
    facts = look(tree_of({CI: data, "action.yml": data, ".gitignore": data, "package.json": data, "pyproject.toml": data}))

    assert len(facts.workflows) == 1
    for workflow in facts.valid:
        for job in workflow.jobs:
            for trigger in workflow.triggers:
                for entry in entries(facts, workflow, Occasion(trigger.event)):
                    for step in job.steps:
                        assert step_reached(workflow, job, step, entry.occasion) in Truth


@pytest.mark.parametrize(
    "text, word",
    [
        (JOB, "needs `on`"),
        ("on: pushh\n" + JOB, "no event"),
        ("on: push\n", "at least one job"),
        ("on: push\njobs: {}\n", "at least one job"),
        ("on: push\njobs:\n  a:\n    steps:\n      - run: x\n", "runs-on"),
        ("on: push\njobs:\n  a:\n    runs-on: x\n", "no steps"),
        ("on: push\njobs:\n  a:\n    runs-on: x\n    steps:\n      - name: x\n", "`uses` or `run`"),
        ("on: push\njobs:\n  a:\n    runs-on: x\n    steps:\n      - run: x\n        uses: a/b@v1\n", "both"),
        ("on: push\njobs:\n  a:\n    needs: b\n    runs-on: x\n    steps:\n      - run: x\n", "no job here"),
        ("on: push\njobs:\n  a:\n    needs: a\n    runs-on: x\n    steps:\n      - run: x\n", "waits for itself"),
        ("on: {schedule: [{cron: 'x'}]}\n" + JOB, "cron"),
        ("on: push\nextra: 1\n" + JOB, "knows no key"),
        ("on: {push: {branches: [a], branches-ignore: [b]}}\n" + JOB, "exclude each other"),
        ("on: push\njobs:\n  a:\n    runs-on: x\n    if: secrets.X != ''\n    steps:\n      - run: x\n", "'secrets'"),
        ("on: push\njobs:\n  a:\n    runs-on: x\n    if: foo(\n    steps:\n      - run: x\n", "no expression"),
        ("on: push\njobs:\n  a:\n    runs-on: x\n    if: nothere(1)\n    steps:\n      - run: x\n", "no function"),
        ("on: push\njobs:\n  a:\n    uses: ./.github/workflows/none.yml\n", "does not exist"),
        ("on: push\npermissions:\n  pull_requests: write\n" + JOB, "no permission"),
        ("on: push\njobs:\n  a:\n    runs-on: x\n    steps:\n      - {id: s, run: x}\n      - {id: s, run: y}\n", "used twice"),
    ],
)
def test_what_the_forge_refuses_never_runs(text: str, word: str) -> None:
    workflow = one(text)

    assert not workflow.valid
    assert any(word in problem.says for problem in workflow.problems), workflow.problems


def test_needs_is_compared_without_regard_to_case() -> None:
    workflow = one("on: push\njobs:\n  lint:\n    runs-on: x\n    steps: [{run: x}]\n  b:\n    needs: Lint\n    runs-on: x\n    steps: [{run: x}]\n")

    assert workflow.valid
    assert job_reached(workflow, workflow.jobs[1], Occasion("push")) is Truth.TRUE


def test_files_elsewhere_are_inactive_with_the_reason() -> None:
    text = "on: push\n" + JOB
    facts = look(
        tree_of(
            {
                CI: text,
                "pkg/.github/workflows/ci.yml": text,
                ".github/workflows.disabled/ci.yml": text,
                ".github/workflows/old.yml.bak": text,
                ".github/workflows/sub/ci.yml": text,
                ".github/dependabot.yml": "version: 2\n",
            }
        )
    )

    assert {item.path: item.reason for item in facts.inactive} == {
        "pkg/.github/workflows/ci.yml": InactiveReason.NESTED,
        ".github/workflows.disabled/ci.yml": InactiveReason.DISABLED_FOLDER,
        ".github/workflows/old.yml.bak": InactiveReason.WRONG_NAME,
        ".github/workflows/sub/ci.yml": InactiveReason.SUBFOLDER,
    }
    assert [item.path for item in facts.workflows] == [CI]


def test_every_secret_has_its_line_and_where_it_goes() -> None:
    workflow = one(
        "on: push\nenv:\n  TOP: ${{ secrets.TOP }}\njobs:\n  a:\n    runs-on: x\n    steps:\n"
        "      - run: |\n          one\n          two ${{ secrets.IN_SCRIPT }}\n"
        "      - uses: a/b@v1\n        with:\n          token: ${{ secrets['INDEXED'] }}\n"
        "      - run: x\n        env:\n          ALL: ${{ toJSON(secrets) }}\n"
    )
    found = {(use.name, use.line, use.key, use.step) for use in (*workflow.secrets, *workflow.jobs[0].secrets)}

    assert found == {
        ("TOP", 3, "env.TOP", -1),
        ("IN_SCRIPT", 10, "run", 0),
        ("INDEXED", 13, "with.token", 1),
        ("*", 16, "env.ALL", 2),
    }


def test_permissions_of_the_workflow_hold_where_the_job_says_nothing() -> None:
    workflow = one("on: push\npermissions:\n  contents: read\njobs:\n  a:\n    runs-on: x\n    steps:\n      - run: x\n  b:\n    permissions: {}\n    runs-on: x\n    steps:\n      - run: x\n")
    first, second = workflow.jobs

    assert (first.permissions.kind, first.permissions.line, first.permissions.of_job) == (PermissionsKind.SCOPES, 2, False)
    assert (second.permissions.kind, second.permissions.of_job) == (PermissionsKind.NONE, True)
    assert one("on: push\n" + JOB).jobs[0].permissions.kind is PermissionsKind.DEFAULT


def test_check_runs_are_named_as_the_forge_names_them() -> None:
    workflow = one(
        "on: push\njobs:\n"
        "  plain:\n    runs-on: x\n    steps: [{run: x}]\n"
        "  named:\n    name: Tests\n    strategy: {matrix: {os: [a, b]}}\n    runs-on: x\n    steps: [{run: x}]\n"
        "  filled:\n    name: py ${{ matrix.v }}\n    strategy: {matrix: {v: ['3.11', '3.12'], exclude: [{v: '3.11'}], include: [{v: '3.13'}]}}\n    runs-on: x\n    steps: [{run: x}]\n"
    )

    assert [job.checks for job in workflow.jobs] == [("plain",), ("Tests (a)", "Tests (b)"), ("py 3.12", "py 3.13")]


def test_calls_are_named_after_caller_and_called() -> None:
    facts = look(
        tree_of(
            {
                CI: "on: push\njobs:\n  all:\n    uses: ./.github/workflows/lib.yml\n",
                ".github/workflows/lib.yml": "on: workflow_call\njobs:\n  scan:\n    runs-on: x\n    steps: [{run: x}]\n",
            }
        )
    )

    assert facts.workflows[0].jobs[0].checks == ("all / scan",)


def test_a_caller_of_a_refused_workflow_is_refused_too() -> None:
    facts = look(
        tree_of(
            {
                CI: "on: push\njobs:\n  all:\n    uses: ./.github/workflows/lib.yml\n",
                ".github/workflows/lib.yml": "on: workflow_call\njobs:\n  scan:\n    steps: [{run: x}]\n",
            }
        )
    )

    assert not facts.valid


def reached(text: str, occasion: Occasion, files: dict[str, str] | None = None) -> Truth:
    facts: Workflows = look(tree_of({CI: text, **(files or {})}))
    workflow = facts.workflows[0]
    assert workflow.valid, workflow.problems
    return job_reached(workflow, workflow.jobs[-1], occasion)


HEAD = "on: [push, pull_request, workflow_dispatch]\njobs:\n"


@pytest.mark.parametrize(
    "jobs, occasion, truth",
    [
        ("  a:\n    if: github.event_name == 'push'\n    runs-on: x\n    steps: [{run: x}]\n", Occasion("pull_request"), Truth.FALSE),
        ("  a:\n    if: github.ref == 'refs/heads/main'\n    runs-on: x\n    steps: [{run: x}]\n", Occasion("push", branch="main"), Truth.TRUE),
        ("  a:\n    if: github.ref == 'refs/heads/main'\n    runs-on: x\n    steps: [{run: x}]\n", Occasion("push"), Truth.UNKNOWN),
        ("  a:\n    if: github.actor != 'dependabot[bot]'\n    runs-on: x\n    steps: [{run: x}]\n", Occasion("push"), Truth.TRUE),
        ("  a:\n    if: github.event.pull_request.head.repo.full_name == github.repository\n    runs-on: x\n    steps: [{run: x}]\n", Occasion("pull_request", fork=True), Truth.FALSE),
        ("  a:\n    if: github.event.pull_request.head.repo.fork\n    runs-on: x\n    steps: [{run: x}]\n", Occasion("pull_request"), Truth.UNKNOWN),
        ("  a:\n    if: github.event.inputs.go == 'true'\n    runs-on: x\n    steps: [{run: x}]\n", Occasion("push"), Truth.FALSE),
        ("  a:\n    if: inputs.go\n    runs-on: x\n    steps: [{run: x}]\n", Occasion("workflow_dispatch"), Truth.UNKNOWN),
        ("  a:\n    if: false\n    runs-on: x\n    steps: [{run: x}]\n  b:\n    needs: a\n    runs-on: x\n    steps: [{run: x}]\n", Occasion("push"), Truth.FALSE),
        ("  a:\n    if: false\n    runs-on: x\n    steps: [{run: x}]\n  b:\n    needs: a\n    if: always()\n    runs-on: x\n    steps: [{run: x}]\n", Occasion("push"), Truth.TRUE),
        ("  a:\n    if: failure()\n    runs-on: x\n    steps: [{run: x}]\n", Occasion("push"), Truth.UNKNOWN),
        ("  a:\n    if: ${{ true }} && ${{ false }}\n    runs-on: x\n    steps: [{run: x}]\n", Occasion("push"), Truth.TRUE),
        ("  a:\n    if: |\n      ${{ false }}\n    runs-on: x\n    steps: [{run: x}]\n", Occasion("push"), Truth.TRUE),
        ("  a:\n    if: >-\n      ${{ false }}\n    runs-on: x\n    steps: [{run: x}]\n", Occasion("push"), Truth.FALSE),
    ],
)
def test_jobs_are_reached_as_the_forge_would(jobs: str, occasion: Occasion, truth: Truth) -> None:
    assert reached(HEAD + jobs, occasion) is truth


def test_a_step_in_one_leg_of_the_matrix_is_reached() -> None:
    workflow = one("on: push\njobs:\n  a:\n    strategy: {matrix: {include: [{cov: true}, {cov: false}]}}\n    runs-on: x\n    steps:\n      - run: x\n        if: matrix.cov\n      - run: y\n        if: matrix.cov == 'maybe'\n")
    job = workflow.jobs[0]

    assert step_reached(workflow, job, job.steps[0], Occasion("push")) is Truth.TRUE
    assert step_reached(workflow, job, job.steps[1], Occasion("push")) is Truth.FALSE


def test_inputs_of_a_caller_decide_conditions_of_the_called() -> None:
    facts = look(
        tree_of(
            {
                ".github/workflows/lib.yml": "on:\n  workflow_call:\n    inputs:\n      deep:\n        type: boolean\n        default: false\njobs:\n  scan:\n    if: inputs.deep\n    runs-on: x\n    steps: [{run: x}]\n",
                CI: "on: push\njobs:\n  all:\n    uses: ./.github/workflows/lib.yml\n    with:\n      deep: true\n",
            }
        )
    )
    library = facts.workflow("lib.yml")
    assert library is not None
    found = [job_reached(library, library.jobs[0], entry.occasion) for entry in entries(facts, library, Occasion("push"))]

    assert found == [Truth.TRUE]


def test_the_repository_is_read_from_the_packages_own_metadata() -> None:
    assert look(tree_of({"package.json": '{"repository": "github:Kite/Loom"}'})).repository == "kite/loom"
    assert look(tree_of({"pyproject.toml": '[project.urls]\nSource = "https://github.com/a/b"\n'})).repository == "a/b"
    assert look(tree_of({"package.json": '{"repository": "a/b"}', "pyproject.toml": '[project.urls]\nS = "https://github.com/c/d"\n'})).repository is None


def test_a_filter_for_ignored_paths_is_told() -> None:
    text = "on:\n  push:\n    paths: ['.changeset/**', 'src/**']\n" + JOB
    facts = look(tree_of({CI: text, ".gitignore": ".changeset/\n", "src/a.py": ""}))

    assert [(path, pattern.value) for path, pattern in facts.ignored] == [(CI, ".changeset/**")]


def test_forty_workflows_are_read_quickly() -> None:
    text = "on: [push, pull_request]\njobs:\n" + "".join(
        f"  job{n}:\n    runs-on: ubuntu-latest\n    steps:\n" + "      - uses: actions/checkout@v4\n      - run: make test\n        if: github.event_name == 'push'\n" * 5
        for n in range(8)
    )
    tree = tree_of({f".github/workflows/w{n}.yml": text for n in range(40)})
    with processor_seconds(1.5):  # 0.2 s on an idle machine
        look(tree)


def test_unreadable_bytes_are_invalid_not_skipped() -> None:
    assert not read_workflow(CI, None).valid
    assert not one("\0\0").valid
