"""What modules recommend to do on the forge: asked for, approved, done by the executor with a token that nobody else holds, and told in the ledger."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

pytest.importorskip("sqlalchemy", reason="the extra `jobs` is not installed")

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tests.app.test_fix import key_file
from tests.jobs.acting.local import HANDLERS as LOCAL
from tests.jobs.acting.local import PORT
from tests.jobs.acting.made import TOKEN, Forge, serving
from tests.repositories import MadeCommit, MadeRepository
from troth.app.fix import propose, session_for
from troth.app.fix_forge import Asked, act_on_forge, ask_forge
from troth.app.jobs import Jobs
from troth.app.jobs_home import Home, make_home
from troth.app.suggest import Options, Suggested
from troth.errors import JobError
from troth.jobs.handlers.types import HANDLERS
from troth.jobs.job import State
from troth.ledger.entry import parse_leaf
from troth.store import open_store

POLICY = """# Security Policy

## Repository settings

- The `main` branch is protected; two approvals are required before merging.
- Secret scanning and push protection are enabled.
- Private vulnerability reporting is enabled.

## Testing

- Every release is signed by two people.
"""


@pytest.fixture
def repository(tmp_path: Path) -> MadeRepository:
    made = MadeRepository(tmp_path / "project")
    made.commit(MadeCommit(files={"SECURITY.md": POLICY, "src/app.py": "print(1)\n"}))
    return made


@pytest.fixture
def forge() -> Forge:
    return Forge()


@pytest.fixture
def home(tmp_path: Path, repository: MadeRepository) -> Home:
    return replace(make_home(tmp_path / "jobs", repository.root, person="ana", key=key_file(tmp_path / "ana.pem")), host="forge.example")


@pytest.fixture
def jobs(home: Home, repository: MadeRepository, forge: Forge, monkeypatch: pytest.MonkeyPatch) -> Iterator[Jobs]:
    monkeypatch.setenv("TROTH_WRITE_TOKEN", TOKEN)
    store = open_store(home.database)
    store.migrate()
    with serving(forge) as web, Jobs(home, store, {**HANDLERS, **LOCAL}) as made:
        (repository.root / ".git" / PORT).write_text(str(web.port))
        yield made


def suggested(jobs: Jobs, home: Home, repository: MadeRepository) -> Suggested:
    found = propose(jobs, home, repository.root, Options(lane="process", repository="o/n", branch="main"))
    return found if isinstance(found, Suggested) else found.suggested


def asked(jobs: Jobs, home: Home, repository: MadeRepository) -> dict[str, Asked]:
    told = suggested(jobs, home, repository)
    found = ask_forge(jobs, home, told, session_for(home, repository.root), told.commit or "")
    return {one.recommendation.action.kind: one for one in found if one.recommendation.action is not None}


def test_settings_are_asked_for_approved_and_switched_and_the_second_time_there_is_nothing_to_do(jobs: Jobs, home: Home, repository: MadeRepository, forge: Forge, tmp_path: Path) -> None:
    found = asked(jobs, home, repository)
    assert {"protect-branch", "security-features"} <= set(found)
    assert [] == [(method, path) for method, path, _ in forge.asked if method != "GET"]
    for one in found.values():
        assert one.job is not None, one.because
        assert one.job.requester != "ana"
        permit = jobs.sign(one.job, home.approver_key(tmp_path / "ana.pem"))
        assert State.DONE is act_on_forge(jobs, one, [permit], "ana").state

    assert 2 == forge.protection["main"]["required_pull_request_reviews"]["required_approving_review_count"]
    assert {"secret_scanning": "enabled", "secret_scanning_push_protection": "enabled"} == forge.analysis
    assert forge.tokens == {f"Bearer {TOKEN}"}
    again = asked(jobs, home, repository)
    told = {kind: (again[kind].there, again[kind].job, again[kind].because) for kind in ("protect-branch", "security-features")}
    assert all(there and job is None for there, job, _ in told.values()), told


def test_what_was_done_within_the_second_is_told_as_done(jobs: Jobs, home: Home, repository: MadeRepository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    now = datetime.now(UTC)

    class Still(datetime):
        @classmethod
        def now(cls, tz=None) -> datetime:
            return now

    monkeypatch.setattr("troth.app.fix_forge.datetime", Still)
    one = asked(jobs, home, repository)["security-features"]
    assert one.job is not None
    act_on_forge(jobs, one, [jobs.sign(one.job, home.approver_key(tmp_path / "ana.pem"))], "ana")
    again = asked(jobs, home, repository)["security-features"]

    assert (None, True) == (again.job, again.there)


def test_the_ledger_tells_which_findings_it_was_for_and_holds_no_token(jobs: Jobs, home: Home, repository: MadeRepository, tmp_path: Path) -> None:
    one = asked(jobs, home, repository)["security-features"]
    assert one.job is not None
    act_on_forge(jobs, one, [jobs.sign(one.job, home.approver_key(tmp_path / "ana.pem"))], "ana")
    entries = jobs.story(one.job.tenant).entries
    told = {parse_leaf(entry.leaf).kind: json.loads(entry.body or b"{}") for entry in entries}

    assert list(one.recommendation.mends) == told["forge.changed"]["findings"]
    assert not any(TOKEN.encode() in (entry.body or b"") for entry in entries)
    assert TOKEN.encode() not in Path(home.database.removeprefix("sqlite:///")).read_bytes()


def test_nothing_is_done_without_a_permit_with_another_job_s_or_with_one_s_own(jobs: Jobs, home: Home, repository: MadeRepository, forge: Forge, tmp_path: Path) -> None:
    found = asked(jobs, home, repository)
    one, other = found["protect-branch"], found["security-features"]
    assert one.job is not None
    assert other.job is not None
    with pytest.raises(JobError):
        act_on_forge(jobs, one, [], "ana")
    with pytest.raises(JobError):
        jobs.sign(one.job, Ed25519PrivateKey.generate())
    jobs.executor.cancel(session_for(home, repository.root), one.job.id)
    permit = jobs.sign(one.job, home.approver_key(tmp_path / "ana.pem"))
    with pytest.raises(JobError):
        act_on_forge(jobs, one, [permit], "ana")

    assert {} == forge.protection


def test_a_forge_that_somebody_changed_after_approval_is_left_alone(jobs: Jobs, home: Home, repository: MadeRepository, forge: Forge, tmp_path: Path) -> None:
    one = asked(jobs, home, repository)["protect-branch"]
    assert one.job is not None
    permit = jobs.sign(one.job, home.approver_key(tmp_path / "ana.pem"))
    theirs = {"required_status_checks": None, "enforce_admins": True, "required_pull_request_reviews": {"required_approving_review_count": 5}, "restrictions": None}
    forge.protection["main"] = dict(theirs)
    done = act_on_forge(jobs, one, [permit], "ana")

    assert (State.FAILED, "plan-changed") == (done.state, done.reason)
    assert theirs == forge.protection["main"]


def test_without_the_token_nothing_is_planned_and_that_is_said(jobs: Jobs, home: Home, repository: MadeRepository, forge: Forge, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TROTH_WRITE_TOKEN")
    found = asked(jobs, home, repository)

    assert all(one.job is None and not one.there and one.because for one in found.values())
    assert [] == forge.asked


def test_the_branch_is_the_repository_s_own_where_nobody_names_one(jobs: Jobs, home: Home, repository: MadeRepository) -> None:
    here = repository.git("symbolic-ref", "--short", "HEAD").strip()
    found = propose(jobs, home, repository.root, Options(lane="process", repository="o/n"))
    told = found if isinstance(found, Suggested) else found.suggested
    named = {str(one.action.params["branch"]) for one in told.round.recommendations if one.action is not None and one.action.kind == "protect-branch"}

    assert named <= {here, "main"}
    assert "judged" not in named
