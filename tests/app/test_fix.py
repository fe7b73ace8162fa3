"""From a broken promise to a kept one, through the executor, with a ledger that proves it; on a real git repository and a real store."""

from __future__ import annotations

import base64
import hashlib
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("sqlalchemy", reason="the extra `jobs` is not installed")

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tests.repositories import MadeCommit, MadeRepository
from troth.app.check import run_check
from troth.app.fix import Proposed, commit_view, finish, propose
from troth.app.jobs import ApprovalError, Jobs, open_jobs
from troth.app.jobs_home import Home, actor, make_home, open_home
from troth.app.suggest import Options
from troth.errors import UsageError
from troth.jobs.job import State
from troth.ledger.notes import NoteKey, open_checkpoint
from troth.ledger.proofs import Inclusion
from troth.ledger.tree import leaf_hash

POLICY = """# Security Policy

## Security scanning

- **Bandit** runs on every push.
- GitHub Actions are pinned to a full commit SHA.

## CI/CD Security

- Workflows use minimal required permissions.
- Containers run as a non-root user.
"""
WORKFLOW = """name: CI
on: push
jobs:
  scan:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - run: pip install bandit
      - run: bandit -r src || true  # TODO
"""
COMMIT = "1" * 40


@pytest.fixture
def repository(tmp_path: Path) -> MadeRepository:
    made = MadeRepository(tmp_path / "project")
    files = {"SECURITY.md": POLICY, ".github/workflows/ci.yml": WORKFLOW, "src/app.py": "print(1)\n", "Dockerfile": 'FROM python:3.12\nCOPY . /app\nCMD ["python", "/app/src/app.py"]\n'}
    made.commit(MadeCommit(files=files))
    return made


def key_file(path: Path) -> Path:
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    path.touch(mode=0o600)
    path.write_bytes(Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return path


@pytest.fixture
def home(tmp_path: Path, repository: MadeRepository) -> Home:
    return make_home(tmp_path / "jobs", repository.root, person="ana", key=key_file(tmp_path / "ana.pem"))


@pytest.fixture
def jobs(home: Home) -> Iterator[Jobs]:
    with open_jobs(home) as made:
        yield made


def options(tmp_path: Path) -> Options:
    refs = tmp_path / "refs.json"
    refs.write_text(json.dumps({"actions/checkout@v4": COMMIT}))
    from troth.app.commits import CommitSources

    return Options(lane="process", commits=CommitSources(refs=refs))


def verdicts(root: Path) -> dict[str, str]:
    return {finding.promise.control: type(finding.verdict).__name__ for finding in run_check(root).findings}


def test_a_broken_promise_becomes_a_kept_one_and_the_ledger_proves_the_story(tmp_path: Path, repository: MadeRepository, home: Home, jobs: Jobs) -> None:
    before = verdicts(repository.root)
    head, files = repository.git("rev-parse", "HEAD"), {path.name: path.read_bytes() for path in repository.root.rglob("*") if path.is_file() and ".git" not in path.parts[:-1]}
    proposed = propose(jobs, home, repository.root, options(tmp_path))
    assert isinstance(proposed, Proposed)
    assert proposed.job.diff is not None
    assert State.PLANNED is proposed.job.state
    permit = jobs.sign(proposed.job, home.approver_key(tmp_path / "ana.pem"))
    fixed = finish(jobs, proposed, [permit])

    assert State.DONE is fixed.job.state, fixed.job.reason
    assert {"broken", "partly"} >= {one.before for one in fixed.mended}
    assert {"kept"} == {one.after for one in fixed.mended}
    assert {"code/scan-tool-runs", "ci/actions-pinned", "ci/minimal-permissions", "container/non-root"} == {one.complaint.control for one in fixed.mended}
    assert "Kept" not in {before[one.complaint.control] for one in fixed.mended}
    assert head == repository.git("rev-parse", "HEAD")
    assert files == {path.name: path.read_bytes() for path in repository.root.rglob("*") if path.is_file() and ".git" not in path.parts[:-1]}
    assert "bandit -r src  # TODO" in repository.git("show", f"{fixed.branch}:.github/workflows/ci.yml")
    with commit_view(repository.root, fixed.commit) as view:
        assert {"Kept"} == {verdict for control, verdict in verdicts(view).items() if control in {one.complaint.control for one in fixed.mended}}
    kinds = proven(jobs, home)
    assert "check.found" == kinds[0]
    assert "check.after" == kinds[-1]
    assert len(kinds) >= 5


def proven(jobs: Jobs, home: Home) -> list[str]:
    """Kinds of the ledger's entries, once every one of them is proven with nothing but its bytes, the checkpoint and the public key."""
    tenant = next(iter(home.trees))
    story = jobs.story(tenant)
    checkpoint = open_checkpoint(story.checkpoint, [NoteKey.parse(story.key)], story.origin)
    for entry in story.entries:
        Inclusion(entry.number, checkpoint.size, entry.proof).verify(leaf_hash(entry.leaf), checkpoint.root)
        told = json.loads(entry.leaf)
        assert entry.salt is not None
        assert entry.body is not None
        assert told["body"] == hashlib.sha256(entry.salt + entry.body).hexdigest()
    assert base64.b64encode(checkpoint.root).decode() in story.checkpoint.decode()
    return [json.loads(entry.leaf)["kind"] for entry in story.entries]


def test_whoever_asked_does_not_approve(tmp_path: Path, repository: MadeRepository) -> None:
    own = key_file(tmp_path / "own.pem")
    home = make_home(tmp_path / "jobs", repository.root, person=actor(), key=own)
    with open_jobs(home) as jobs:
        proposed = propose(jobs, home, repository.root, options(tmp_path))
        assert isinstance(proposed, Proposed)
        with pytest.raises(ApprovalError) as caught:
            jobs.sign(proposed.job, home.approver_key(own))
        assert "self-approval" == caught.value.reason
        with pytest.raises(UsageError, match="do not allow self-approval"):
            propose(jobs, home, repository.root, options(tmp_path), self_approve=True)


def test_self_approval_that_the_project_allows_stands_in_the_ledger_as_such(tmp_path: Path, repository: MadeRepository) -> None:
    own = key_file(tmp_path / "own.pem")
    home = make_home(tmp_path / "jobs", repository.root, person=actor(), key=own, self_approve=True)
    with open_jobs(home) as jobs:
        proposed = propose(jobs, home, repository.root, options(tmp_path), self_approve=True)
        assert isinstance(proposed, Proposed)
        fixed = finish(jobs, proposed, [jobs.sign(proposed.job, home.approver_key(own))])
        actors = {json.loads(entry.leaf)["actor"] for entry in jobs.story(proposed.job.tenant).entries}

    assert State.DONE is fixed.job.state
    assert f"self:{actor()}" == proposed.job.requester
    assert f"self:{actor()}" in actors


def test_self_approval_that_was_taken_back_no_longer_signs(tmp_path: Path, repository: MadeRepository) -> None:
    own = key_file(tmp_path / "own.pem")
    home = make_home(tmp_path / "jobs", repository.root, person=actor(), key=own, self_approve=True)
    with open_jobs(home) as jobs:
        proposed = propose(jobs, home, repository.root, options(tmp_path), self_approve=True)
        assert isinstance(proposed, Proposed)
        later = Jobs(make_home(tmp_path / "jobs", repository.root, self_approve=False), jobs.store)
        with pytest.raises(ApprovalError):
            later.sign(proposed.job, home.approver_key(own))
        later.executor.close()


def test_a_stranger_s_key_approves_nothing(tmp_path: Path, repository: MadeRepository, home: Home, jobs: Jobs) -> None:
    proposed = propose(jobs, home, repository.root, options(tmp_path))
    assert isinstance(proposed, Proposed)
    with pytest.raises(ApprovalError) as caught:
        jobs.sign(proposed.job, Ed25519PrivateKey.generate())

    assert "not-an-approver" == caught.value.reason


def test_a_home_that_others_can_read_is_refused(tmp_path: Path, repository: MadeRepository, home: Home) -> None:
    home.path.chmod(0o755)
    with pytest.raises(UsageError, match="chmod 700"):
        open_home(home.path)


def test_a_home_never_lets_a_judged_tree_decide_about_approvals(tmp_path: Path, repository: MadeRepository, home: Home, jobs: Jobs) -> None:
    (repository.root / "troth.toml").write_text("[jobs]\nself_approve = true\n")
    with pytest.raises(UsageError):
        propose(jobs, home, repository.root, options(tmp_path), self_approve=True)


def test_a_view_of_a_commit_shows_that_commit_and_leaves_the_repository_alone(repository: MadeRepository) -> None:
    (repository.root / "SECURITY.md").write_text("# dirty\n")
    with commit_view(repository.root, repository.git("rev-parse", "HEAD")) as view:
        result = run_check(view)

    assert repository.git("rev-parse", "HEAD") == result.commit
    assert 4 <= len(result.findings)


def test_the_evidence_pack_says_what_the_ledger_shows_and_expiry_keeps_the_proofs(tmp_path: Path, repository: MadeRepository, home: Home, jobs: Jobs) -> None:
    proposed = propose(jobs, home, repository.root, options(tmp_path))
    assert isinstance(proposed, Proposed)
    finish(jobs, proposed, [jobs.sign(proposed.job, home.approver_key(tmp_path / "ana.pem"))])
    tenant = proposed.job.tenant
    made = jobs.evidence_pack(tenant)
    kinds = made["kinds"]
    assert isinstance(kinds, dict)
    assert {"check.found", "job.submitted", "job.planned", "job.running", "job.done", "check.after"} <= set(kinds)
    assert 0 == jobs.expire(proposed.session, 1)
    assert made["entries"] == jobs.expire(proposed.session, -1)
    later = jobs.evidence_pack(tenant)
    assert isinstance(later["entries"], int)
    assert later["entries"] > len(kinds)


def test_the_independent_verifier_of_the_docs_proves_the_story(tmp_path: Path, repository: MadeRepository, home: Home, jobs: Jobs) -> None:
    proposed = propose(jobs, home, repository.root, options(tmp_path))
    assert isinstance(proposed, Proposed)
    finish(jobs, proposed, [jobs.sign(proposed.job, home.approver_key(tmp_path / "ana.pem"))])
    page = (Path(__file__).parents[2] / "docs/ledger.md").read_text(encoding="utf-8")
    program = page.partition("```python\n")[2].partition("\n```")[0]
    verifier, export = tmp_path / "verify_ledger.py", tmp_path / "log.jsonl"
    verifier.write_text(program)
    export.write_text("".join(jobs.export(proposed.job.tenant)))
    key = jobs.story(proposed.job.tenant).key
    good = subprocess.run([sys.executable, "-I", str(verifier), str(export), key], capture_output=True, text=True)
    export.write_text(export.read_text().replace("check.after", "check.found", 1))
    bad = subprocess.run([sys.executable, "-I", str(verifier), str(export), key], capture_output=True, text=True)

    assert 0 == good.returncode, good.stdout + good.stderr
    assert "verified" in good.stdout
    assert 0 != bad.returncode


def test_the_executor_itself_holds_that_a_project_allows_self_approval(tmp_path: Path, repository: MadeRepository, home: Home, jobs: Jobs) -> None:
    """A permit that was sealed elsewhere, for a request in the name that self-approval uses."""
    from troth.jobs.permits.envelope import seal
    from troth.jobs.permits.signers import LocalSigner
    from troth.jobs.refusals import PermitError
    from troth.jobs.session import Session

    key = home.approver_key(tmp_path / "ana.pem")
    proposed = propose(jobs, home, repository.root, options(tmp_path))
    assert isinstance(proposed, Proposed)
    own = Session(proposed.job.tenant, "self:ana", person=True)
    from troth.app.fix import request_for

    job = jobs.submit(own, request_for(proposed.suggested, own, proposed.commit).replace(b'"idempotency_key":"fix-', b'"idempotency_key":"own-'))
    permit = seal(jobs.claims(job, ("ana",)), [LocalSigner(key)])
    with pytest.raises(PermitError) as caught:
        jobs.run([permit])
    assert "policy" == caught.value.reason

    allowed = make_home(home.path, repository.root, self_approve=True)
    with open_jobs(allowed) as again:
        assert State.DONE is again.run([permit]).state


def test_the_person_at_this_machine_is_not_who_the_environment_says(monkeypatch: pytest.MonkeyPatch) -> None:
    usual = actor()
    for name in ("LOGNAME", "USER", "LNAME", "USERNAME"):
        monkeypatch.setenv(name, "self:victim")

    assert usual == actor()
