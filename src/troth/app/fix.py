"""Mends broken promises: check a commit, ask modules, have the change approved, let the executor open it on a branch, check that branch, and leave a ledger that proves it.

Everything is about one commit: what is dirty in the work tree is not part of it, and the work tree is never touched.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from troth.app.check import run_check
from troth.app.fix_rounds import in_rounds
from troth.app.jobs import Jobs
from troth.app.jobs_home import SELF, Home, actor
from troth.app.suggest import Options, Suggested, default_branch, run_suggest
from troth.engines.git.command import Git, find_git
from troth.engines.git.repository import open_repository
from troth.errors import UsageError
from troth.jobs.handlers.patching import pack
from troth.jobs.job import Job, State
from troth.jobs.recommend.facts import Complaint
from troth.jobs.recommend.recommendation import Recommendation
from troth.jobs.request import Constraints, EvidenceItem, JobRequest, Risk
from troth.jobs.session import Session
from troth.ledger.record import fingerprints
from troth.terms.result import Result
from troth.terms.verdict import name_of

__all__ = ["Fixed", "Mended", "Proposed", "commit_view", "evidence_at", "finish", "propose", "session_for", "tree_of"]

_EVIDENCE: Final = 48
_BRANCH: Final = "troth/fix-"


@dataclass(frozen=True, slots=True)
class Proposed:
    """A change that waits for approval.

    Attributes:
        job: planned; `job.diff` is what will be done.
        session: who asked.
        suggested: the findings and everything that modules said.
        commit: the commit that it is for.
    """

    job: Job
    session: Session
    suggested: Suggested
    commit: str


@dataclass(frozen=True, slots=True)
class Mended:
    """One finding before and after: verdicts by name. `after` is "gone" where the sentence is no promise any more."""

    complaint: Complaint
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Fixed:
    """What came of it.

    Attributes:
        job: done, or failed with a reason.
        branch: the new branch.
        commit: its commit.
        mended: the findings that the change was for.
        others: findings that the change was not for and that read differently now.
    """

    job: Job
    branch: str = ""
    commit: str = ""
    mended: tuple[Mended, ...] = ()
    others: tuple[Mended, ...] = field(default=())


@contextmanager
def commit_view(root: Path, commit: str) -> Iterator[Path]:
    """A bare repository in a temporary directory whose HEAD is the commit and whose objects are those of `root`: for judging a commit without touching anything."""
    git = Git(root, find_git())
    objects = Path(os.fsdecode(git.run("rev-parse", "--git-path", "objects")).rstrip("\n"))
    source = objects if objects.is_absolute() else root / objects
    with tempfile.TemporaryDirectory(prefix="troth-view-") as folder:
        view = Path(folder, root.name or "tree")
        for name in ("objects/info", "refs/heads"):
            (view / name).mkdir(parents=True)
        (view / "objects/info/alternates").write_text(f"{source.resolve()}\n", encoding="utf-8")
        (view / "HEAD").write_text("ref: refs/heads/judged\n", encoding="utf-8")
        (view / "refs/heads/judged").write_text(f"{commit}\n", encoding="utf-8")
        algorithm = "[extensions]\n\tobjectformat = sha256\n" if len(commit) == 64 else ""
        version = 1 if algorithm else 0
        (view / "config").write_text(f"[core]\n\trepositoryformatversion = {version}\n\tbare = true\n{algorithm}", encoding="utf-8")
        yield view


def propose(jobs: Jobs, home: Home, root: Path, options: Options, *, self_approve: bool = False, progress: Callable[[str, int, int], None] | None = None) -> Proposed | Suggested:
    """Check HEAD, ask modules, and submit what they recommend as one job. `Suggested` where there is nothing to submit.

    Raises:
        UsageError: no git repository with a commit, or self-approval that the project does not allow.
    """
    repository = open_repository(root)
    if repository.git is None or repository.commit is None:
        raise UsageError(f"{root} is no git repository with a commit: there is nothing to branch from")
    session = session_for(home, repository.root, self_approve=self_approve)
    with commit_view(repository.root, repository.commit) as view:
        # the view's own branch is nobody's
        known = replace(options, repository=options.repository or repository.origin or "", branch=options.branch or default_branch(repository.root))
        suggested = in_rounds(view, repository.commit, run_suggest(view, known, progress), known, progress)
    if not suggested.combined.patch:
        return suggested
    jobs.record(session.tenant, "check.found", session.actor, repository.commit, _found(suggested))
    job = jobs.submit(session, request_for(suggested, session, repository.commit))
    return Proposed(job, session, suggested, repository.commit)


def session_for(home: Home, root: Path, *, self_approve: bool = False) -> Session:
    """Who asks, for the tenant whose tree this is.

    Raises:
        UsageError: the home does not know the tree, or its settings do not allow self-approval.
    """
    tenant = home.tenant_for(root)
    if self_approve and tenant not in home.self_approve:
        raise UsageError(f"the settings do not allow self-approval for this project; allow it with: troth jobs init {root} --self-approve")
    return Session(tenant, f"{SELF}{actor()}" if self_approve else actor(), person=True)


def request_for(suggested: Suggested, session: Session, commit: str) -> bytes:
    """The request's bytes: same commit and same patch make the same request within an hour's key."""
    combined = suggested.combined
    digest = hashlib.sha256(f"{commit}\0{combined.patch}".encode()).hexdigest()
    moment = datetime.now(UTC).replace(microsecond=0)
    params = {
        "base": commit, "branch": f"{_BRANCH}{digest[:12]}", "patch": pack(combined.patch), "title": _title(combined.taken), "body": _body(suggested)[:15_000],
    }  # fmt: skip
    risk = max((one.risk.value for one in combined.taken), key=("low", "medium", "high").index)
    return JobRequest.write(
        session.tenant, "repo.open-branch", dict(params), idempotency_key=f"fix-{digest[:24]}-{int(moment.timestamp())}", expires_at=moment + timedelta(hours=12),
        evidence=evidence_at(combined.taken, commit), risk=Risk(risk), constraints=Constraints(120, 1),
    )  # fmt: skip


def evidence_at(taken: tuple[Recommendation, ...], commit: str) -> tuple[EvidenceItem, ...]:
    """What modules showed, as places in a commit that the executor looks up itself."""
    found = {(proof.locator, proof.quote): proof for one in taken for proof in one.evidence if "#" not in proof.locator}
    return tuple(EvidenceItem("git", f"{commit}:{proof.locator}", proof.sha256, proof.quote[:1000]) for proof in list(found.values())[:_EVIDENCE])


def _title(taken: tuple[Recommendation, ...]) -> str:
    first = taken[0].title
    return first if len(taken) == 1 else f"{first}, and {len(taken) - 1} more"


def _body(suggested: Suggested) -> str:
    known = {one.fingerprint: one for one in suggested.complaints}
    parts = []
    for one in suggested.combined.taken:
        parts.append(f"{one.title} ({one.module}, risk {one.risk.value})\n{one.why}")
        for name in one.mends:
            complaint = known[name]
            parts.append(f"- {complaint.policy}:{complaint.line} {' '.join(complaint.text.split())[:160]}: {complaint.because}")
        parts += [f"Look: {caution}" for caution in one.cautions]
        parts.append("")
    return "\n".join(parts).replace("\x00", "")


def _found(suggested: Suggested) -> dict[str, object]:
    listed = [{"fingerprint": one.fingerprint, "control": one.control, "verdict": one.verdict, "line": one.line, "policy": one.policy} for one in suggested.complaints[:200]]
    return {"findings": len(suggested.findings), "failing": listed, "patch_sha256": hashlib.sha256(suggested.combined.patch.encode()).hexdigest()}


def finish(jobs: Jobs, proposed: Proposed, permits: list[bytes]) -> Fixed:
    """Run the approved job, check the branch, and write what was found into the ledger."""
    job = jobs.run(permits)
    if job.state is not State.DONE or job.outcome is None:
        return Fixed(job)
    facts = job.outcome.facts
    branch, commit = str(facts["branch"]), str(facts["commit"])
    root = jobs.home.trees[job.tenant]
    with commit_view(root, commit) as view:
        result = run_check(view)
    mended, others = _compared(proposed.suggested, result)
    told = {"branch": branch, "job": job.id, "mended": [{"fingerprint": one.complaint.fingerprint, "before": one.before, "after": one.after} for one in mended]}
    jobs.record(job.tenant, "check.after", proposed.session.actor, commit, dict(told))
    return Fixed(job, branch, commit, mended, others)


def tree_of(root: Path, commit: str) -> str:
    """Id of a commit's tree."""
    return Git(root, find_git()).run("rev-parse", f"{commit}^{{tree}}").decode("ascii").strip()


def _compared(before: Suggested, after: Result) -> tuple[tuple[Mended, ...], tuple[Mended, ...]]:
    now = {name: name_of(finding.verdict) for finding, name in zip(after.findings, fingerprints(after.findings), strict=True)}
    meant = {name for one in before.combined.taken for name in one.mends}
    told = [Mended(one, one.verdict, now.get(one.fingerprint, "gone")) for one in before.complaints]
    return tuple(one for one in told if one.complaint.fingerprint in meant), tuple(one for one in told if one.complaint.fingerprint not in meant and one.before != one.after)
