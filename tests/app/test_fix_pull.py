"""From a broken promise to a pull request: the change that was checked on a branch is opened on the forge, by the executor, once it is approved, and what the forge holds is Kept."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

pytest.importorskip("sqlalchemy", reason="the extra `jobs` is not installed")

from click.testing import CliRunner

from tests.app.test_fix import POLICY, WORKFLOW, key_file, options, verdicts
from tests.jobs.acting.git_forge import Fork, GitForge
from tests.jobs.acting.local import HANDLERS as LOCAL
from tests.jobs.acting.local import PORT
from tests.jobs.acting.made import TOKEN, serving
from tests.repositories import MadeCommit, MadeRepository
from troth.app.fix import Fixed, Proposed, commit_view, finish, propose
from troth.app.fix_forge import ask_pull, open_pull
from troth.app.jobs import Jobs
from troth.app.jobs_home import Home, make_home
from troth.cli.fix import fix
from troth.errors import JobError, UsageError
from troth.jobs.handlers.types import HANDLERS
from troth.jobs.job import State
from troth.ledger.entry import parse_leaf
from troth.store import open_store


@pytest.fixture
def repository(tmp_path: Path) -> MadeRepository:
    made = MadeRepository(tmp_path / "project")
    files = {"SECURITY.md": POLICY, ".github/workflows/ci.yml": WORKFLOW, "src/app.py": "print(1)\n", "run.sh": "#!/bin/sh\n", "Dockerfile": 'FROM python:3.12\nCOPY . /app\nCMD ["python"]\n'}
    made.commit(MadeCommit(files=files, modes={"run.sh": "100755"}))
    return made


@pytest.fixture
def forge(tmp_path: Path, repository: MadeRepository) -> GitForge:
    made = GitForge(tmp_path / "forge.git")
    repository.git("push", "--quiet", str(made.root), "main")
    return made


@pytest.fixture
def home(tmp_path: Path, repository: MadeRepository) -> Home:
    return replace(make_home(tmp_path / "jobs", repository.root, person="ana", key=key_file(tmp_path / "ana.pem")), host="forge.example")


@pytest.fixture
def jobs(home: Home, repository: MadeRepository, forge: GitForge, monkeypatch: pytest.MonkeyPatch) -> Iterator[Jobs]:
    monkeypatch.setenv("TROTH_WRITE_TOKEN", TOKEN)
    store = open_store(home.database)
    store.migrate()
    with serving(forge) as web, Jobs(home, store, {**HANDLERS, **LOCAL}) as made:
        (repository.root / ".git" / PORT).write_text(str(web.port))
        yield made


def branched(jobs: Jobs, home: Home, repository: MadeRepository, tmp_path: Path) -> tuple[Proposed, Fixed]:
    proposed = propose(jobs, home, repository.root, options(tmp_path))
    assert isinstance(proposed, Proposed)
    return proposed, finish(jobs, proposed, [jobs.sign(proposed.job, home.approver_key(tmp_path / "ana.pem"))])


def written(forge: GitForge) -> list[str]:
    return [f"{method} {path}" for method, path, _ in forge.asked if method != "GET"]


def test_what_was_checked_on_a_branch_is_opened_as_a_pull_request_and_kept_there(jobs: Jobs, home: Home, repository: MadeRepository, forge: GitForge, tmp_path: Path) -> None:
    proposed, fixed = branched(jobs, home, repository, tmp_path)
    asked = ask_pull(jobs, home, proposed, "o/n", "main")
    assert asked.job is not None, asked.because
    assert asked.job.diff is not None
    assert [] == written(forge)
    assert proposed.job.diff is not None
    assert {(one.target, one.text) for one in proposed.job.diff.changes if not one.target.startswith("refs/")} < {(one.target, one.text) for one in asked.job.diff.changes}

    opened = open_pull(jobs, proposed, fixed, [jobs.sign(asked.job, home.approver_key(tmp_path / "ana.pem"))])

    assert opened.job is not None
    assert (State.DONE, True) == (opened.job.state, opened.same), opened.job.reason
    assert [(fixed.branch, "main", "open")] == [(one["head"], one["base"], one["state"]) for one in forge.pulls]
    tip = forge.git("rev-parse", f"refs/heads/{fixed.branch}")
    assert "100755" == forge.git("ls-tree", tip, "run.sh").split()[0]
    with commit_view(forge.root, tip) as view:
        meant = {one.complaint.control for one in fixed.mended}
        assert {"Kept"} == {verdict for control, verdict in verdicts(view).items() if control in meant}
    entries = jobs.story(opened.job.tenant).entries
    told = {parse_leaf(entry.leaf).kind: json.loads(entry.body or b"{}") for entry in entries}
    assert (True, fixed.commit) == (told["forge.changed"]["same"], told["forge.changed"]["checked"])
    assert not any(TOKEN.encode() in (entry.body or b"") for entry in entries)


def test_nothing_is_opened_without_a_permit_or_with_the_branch_s(jobs: Jobs, home: Home, repository: MadeRepository, forge: GitForge, tmp_path: Path) -> None:
    proposed = propose(jobs, home, repository.root, options(tmp_path))
    assert isinstance(proposed, Proposed)
    permit = jobs.sign(proposed.job, home.approver_key(tmp_path / "ana.pem"))
    fixed = finish(jobs, proposed, [permit])
    asked = ask_pull(jobs, home, proposed, "o/n", "main")
    assert asked.job is not None
    for permits in ([], [permit]):
        with pytest.raises(JobError):
            open_pull(jobs, proposed, fixed, permits)

    assert [] == written(forge)


@pytest.mark.parametrize("within", [True, False], ids=["asked again within the second", "asked again later"])
def test_a_forge_that_has_gone_on_or_lacks_the_commit_gets_nothing(
    jobs: Jobs, home: Home, repository: MadeRepository, forge: GitForge, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, within: bool
) -> None:
    begun, asked_for = datetime.now(UTC), itertools.count()

    class Clock(datetime):
        @classmethod
        def now(cls, tz=None) -> datetime:
            return begun if within else begun + timedelta(seconds=2 * next(asked_for))

    monkeypatch.setattr("troth.app.fix_forge.datetime", Clock)
    proposed, fixed = branched(jobs, home, repository, tmp_path)
    asked = ask_pull(jobs, home, proposed, "o/n", "main")
    assert asked.job is not None
    permit = jobs.sign(asked.job, home.approver_key(tmp_path / "ana.pem"))
    tree = forge.git("rev-parse", "main^{tree}")
    forge.git("update-ref", "refs/heads/main", forge.git("commit-tree", tree, "-p", "main", content=b"another\n"))
    opened = open_pull(jobs, proposed, fixed, [permit])
    assert opened.job is not None
    assert (State.FAILED, "base-moved") == (opened.job.state, opened.job.reason)
    again = ask_pull(jobs, home, proposed, "o/n", "main")
    assert (None, True) == (again.job, "no longer at the commit" in again.because)

    for name in ("main", "gone"):
        forge.git("update-ref", "-d", f"refs/heads/{name}")
    forge.git("reflog", "expire", "--expire=now", "--all")
    forge.git("gc", "--quiet", "--prune=now")
    missing = ask_pull(jobs, home, proposed, "o/n", "main")
    assert (None, True) == (missing.job, "push it first" in missing.because), missing.because
    assert [] == written(forge)


def test_a_forge_that_adds_something_is_found_out(jobs: Jobs, home: Home, repository: MadeRepository, forge: GitForge, tmp_path: Path) -> None:
    proposed, fixed = branched(jobs, home, repository, tmp_path)
    asked = ask_pull(jobs, home, proposed, "o/n", "main")
    assert asked.job is not None
    forge.meddled = True
    opened = open_pull(jobs, proposed, fixed, [jobs.sign(asked.job, home.approver_key(tmp_path / "ana.pem"))])

    assert opened.same is False
    told = [json.loads(entry.body or b"{}") for entry in jobs.story(proposed.job.tenant).entries if parse_leaf(entry.leaf).kind == "forge.changed"]
    assert [False] == [one["same"] for one in told]


def test_an_unnamed_repository_is_a_question_and_not_a_guess(jobs: Jobs, home: Home, repository: MadeRepository, tmp_path: Path) -> None:
    proposed, _ = branched(jobs, home, repository, tmp_path)
    with pytest.raises(UsageError, match="--repository"):
        ask_pull(jobs, home, proposed, "", "main")


def test_the_command_asks_for_the_repository_before_it_does_anything(home: Home, repository: MadeRepository, tmp_path: Path) -> None:
    done = CliRunner().invoke(fix, [str(repository.root), "--pull-request", "--home", str(home.path), "--isolation", "process", "--key", str(tmp_path / "ana.pem"), "--yes"])

    assert isinstance(done.exception, UsageError), done.output
    assert "--repository" in str(done.exception)
    assert "troth/" not in repository.git("branch", "--list", "--all")


def test_without_the_token_nothing_is_planned(jobs: Jobs, home: Home, repository: MadeRepository, forge: GitForge, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    proposed, _ = branched(jobs, home, repository, tmp_path)
    monkeypatch.delenv("TROTH_WRITE_TOKEN")
    asked = ask_pull(jobs, home, proposed, "o/n", "main")

    assert asked.job is None
    assert asked.because
    assert [] == forge.asked


def test_who_may_not_write_opens_the_request_from_a_fork(jobs: Jobs, home: Home, repository: MadeRepository, forge: GitForge, tmp_path: Path) -> None:
    forge.refuses = {"POST /git/": 403}
    proposed, fixed = branched(jobs, home, repository, tmp_path)
    straight = ask_pull(jobs, home, proposed, "o/n", "main")
    assert straight.job is not None
    refused = open_pull(jobs, proposed, fixed, [jobs.sign(straight.job, home.approver_key(tmp_path / "ana.pem"))])
    assert "forge-403" == refused.because, "the twin: without a fork the forge refuses"

    asked = ask_pull(jobs, home, proposed, "o/n", "main", "me/n")
    assert asked.job is not None, asked.because
    assert asked.job.diff is not None
    assert [("me/n", "create")] == [(one.target, one.action) for one in asked.job.diff.changes if one.target == "me/n"], "the plan says that a fork will be made"
    assert {} == forge.forks, "planning made one"
    opened = open_pull(jobs, proposed, fixed, [jobs.sign(asked.job, home.approver_key(tmp_path / "ana.pem"))])

    assert opened.job is not None
    assert (State.DONE, True) == (opened.job.state, opened.same), opened.job.reason
    assert [(f"me:{fixed.branch}", "main", "open")] == [(one["head"], one["base"], one["state"]) for one in forge.pulls]
    assert "" == forge.git("for-each-ref", f"refs/heads/{fixed.branch}"), "nothing is written to the repository itself"
    fork = forge.forks["me/n"]
    assert isinstance(fork, GitForge)
    with commit_view(fork.root, fork.git("rev-parse", f"refs/heads/{fixed.branch}")) as view:
        meant = {one.complaint.control for one in fixed.mended}
        assert {"Kept"} == {verdict for control, verdict in verdicts(view).items() if control in meant}


@pytest.mark.parametrize("there", ["no-fork", "of-another", "itself"])
def test_what_is_no_fork_of_the_repository_gets_no_branch(jobs: Jobs, home: Home, repository: MadeRepository, forge: GitForge, tmp_path: Path, there: str) -> None:
    proposed, _ = branched(jobs, home, repository, tmp_path)
    other = Fork(tmp_path / "other.git", "me/n", forge.root, of="" if there == "no-fork" else "somebody/else")
    forge.forks["me/n"] = other

    asked = ask_pull(jobs, home, proposed, "o/n", "main", "o/n" if there == "itself" else "me/n")

    assert asked.job is None
    assert "no fork of" in asked.because
    assert [] == written(forge) + written(other)
