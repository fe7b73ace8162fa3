"""What touches the same lines goes into one change all the same, and nothing of the rounds in between is left anywhere."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("sqlalchemy", reason="the extra `jobs` is not installed")

from tests.app.test_fix import key_file
from tests.repositories import MadeCommit, MadeRepository
from troth.app.commits import CommitSources
from troth.app.fix import Proposed, commit_view, finish, propose
from troth.app.jobs import Jobs, open_jobs
from troth.app.jobs_home import Home, make_home
from troth.app.suggest import Options, run_suggest
from troth.jobs.job import State

POLICY = """# Security Policy

## Security scanning

- Gitleaks scans the full git history for secrets.
- GitHub Actions are pinned to a full commit SHA.
- Workflows use minimal required permissions.
"""
WORKFLOW = """name: CI
on: push
jobs:
  leaks:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - uses: gitleaks/gitleaks-action@v2
"""
REFS = {"actions/checkout@v4": "1" * 40, "gitleaks/gitleaks-action@v2": "2" * 40}


@pytest.fixture
def repository(tmp_path: Path) -> MadeRepository:
    made = MadeRepository(tmp_path / "project")
    made.commit(MadeCommit(files={"SECURITY.md": POLICY, ".github/workflows/ci.yml": WORKFLOW, "src/app.py": "print(1)\n"}))
    return made


@pytest.fixture
def home(tmp_path: Path, repository: MadeRepository) -> Home:
    return make_home(tmp_path / "jobs", repository.root, person="ana", key=key_file(tmp_path / "ana.pem"))


@pytest.fixture
def jobs(home: Home) -> Iterator[Jobs]:
    with open_jobs(home) as made:
        yield made


def options(tmp_path: Path, refs: dict[str, str]) -> Options:
    file = tmp_path / "refs.json"
    file.write_text(json.dumps(refs))
    return Options(lane="process", commits=CommitSources(refs=file))


def test_recommendations_for_the_same_lines_are_one_change_that_keeps_all_of_their_promises(tmp_path: Path, repository: MadeRepository, home: Home, jobs: Jobs) -> None:
    given = options(tmp_path, REFS)
    head = repository.git("rev-parse", "HEAD")
    with commit_view(repository.root, head) as view:
        assert run_suggest(view, given).combined.left_out, "this trial needs two that touch the same lines"
    objects = repository.git("count-objects")
    proposed = propose(jobs, home, repository.root, given)
    assert isinstance(proposed, Proposed)
    assert () == proposed.suggested.combined.left_out
    assert objects == repository.git("count-objects"), "a round in between was written into the repository"
    fixed = finish(jobs, proposed, [jobs.sign(proposed.job, home.approver_key(tmp_path / "ana.pem"))])

    assert State.DONE is fixed.job.state, fixed.job.reason
    assert {"ci/actions-pinned", "ci/minimal-permissions", "secrets/scan-history"} <= {one.complaint.control for one in fixed.mended}
    assert {"kept"} == {one.after for one in fixed.mended}
    assert head == repository.git("rev-parse", f"{fixed.branch}~1")
    text = repository.git("show", f"{fixed.branch}:.github/workflows/ci.yml")
    assert f"actions/checkout@{'1' * 40} # v4\n        with:\n          fetch-depth: 0" in text


def test_what_cannot_be_done_on_top_either_is_still_named(tmp_path: Path, repository: MadeRepository, home: Home, jobs: Jobs) -> None:
    proposed = propose(jobs, home, repository.root, options(tmp_path, {}))
    assert isinstance(proposed, Proposed)

    assert not [one for one in proposed.suggested.combined.taken if one.module == "pin-actions"]
    assert [gap for gap in proposed.suggested.round.gaps if gap.module == "pin-actions"]


def test_what_stands_behind_what_was_mended_is_mended_too(tmp_path: Path) -> None:
    made = MadeRepository(tmp_path / "twice")
    workflow = "name: CI\non: [push, pull_request]\njobs:\n  a:\n    runs-on: ubuntu-latest\n    steps:\n      - uses: actions/checkout@v4\n      - run: pip install bandit\n      - run: bandit -r src || true\n        continue-on-error: true\n"
    made.commit(MadeCommit(files={"SECURITY.md": "# Security Policy\n\n## Measures\n\n- Bandit runs on every pull request.\n", ".github/workflows/ci.yml": workflow, "src/app.py": "print(1)\n"}))
    home = make_home(tmp_path / "home", made.root, person="ana", key=key_file(tmp_path / "ana.pem"))
    with open_jobs(home) as jobs:
        proposed = propose(jobs, home, made.root, options(tmp_path, {}))
        assert isinstance(proposed, Proposed)
        fixed = finish(jobs, proposed, [jobs.sign(proposed.job, home.approver_key(tmp_path / "ana.pem"))])

    assert [("partly", "kept")] == [(one.before, one.after) for one in fixed.mended]
    assert workflow.replace(" || true", "").replace("continue-on-error: true", "continue-on-error: false") == made.git("show", f"{fixed.branch}:.github/workflows/ci.yml") + "\n"
