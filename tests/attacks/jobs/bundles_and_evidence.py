"""Bundles and replays of other systems, and evidence that is none: T14, T16, T28."""

from __future__ import annotations

import hashlib
import json
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests.attacks.jobs.cases import Tried, case, runs
from tests.jobs.world import ACME, OTHER, World
from troth.jobs.bundles import import_bundle, import_replay
from troth.jobs.job import State
from troth.jobs.request import EvidenceItem

# --- bundles of other systems ---

LATER = datetime.now(UTC) + timedelta(hours=1)
NAMES = {"autopilot.ops.apply": "repo.touch"}


def _bundle(tenant: str = "acme", project: str | None = "web", **more: object) -> dict[str, object]:
    context = {"tenant_id": tenant} if project is None else {"tenant_id": tenant, "project_id": project}
    return {"bundle_id": "b", "trace_id": "t", "requests": [{"job_type": "autopilot.ops.apply", "tenant_context": context, "payload": {"name": "thing"}, **more}]}


def _import(world: World, bundle: object):
    return import_bundle(json.dumps(bundle).encode(), world.session(), NAMES, expires_at=LATER)


@case("T14", "a bundle says that its action is none")
def _bundle_says(world: World) -> Tried:
    def attack() -> None:
        found = _import(world, _bundle(is_action_job=False, required_scopes=[], policy={"requires_policy_token": False}))
        job = world.executor.submit(world.session(), found.requests[0])
        assert job.category.name == "ACTION"
        assert {"request 1: is_action_job", "request 1: required_scopes", "request 1: policy"} <= set(found.ignored)
        planned = world.executor.plan(world.session(), job.id)
        assert planned.state is State.PLANNED, "it acts without a permit"
        runs(world, world.permit(planned))

    return Tried(attack, lambda: world.executor.submit(world.session(), _import(world, _bundle(idempotency_key=f"k{world.count}")).requests[0]))


for _title, _tenant, _project in (("of another tenant", "other", "web"), ("of another project", "acme", "api"), ("without a project", "acme", None), ("of a tenant in capitals", "ACME", "web")):

    @case("T16", f"a bundle {_title}", "tenant")
    def _bundle_of(world: World, tenant: str = _tenant, project: str | None = _project) -> Tried:
        return Tried(lambda: _import(world, _bundle(tenant, project)), lambda: _import(world, _bundle()))


@case("T14", "a bundle with a type that has no name here", "unregistered")
def _bundle_type(world: World) -> Tried:
    return Tried(lambda: _import(world, _bundle(job_type="autopilot.ops.destroy")), lambda: _import(world, _bundle()))


def _replay(recorded: str, digest: str | None = None, **more: object) -> bytes:
    return json.dumps({"input": recorded, "input_sha256": digest or hashlib.sha256(recorded.encode()).hexdigest(), **more}).encode()


@case("T16", "a replay moved to another tenant", "tenant")
def _replay_moved(world: World) -> Tried:
    good = json.dumps(_bundle())
    bad = _replay(json.dumps(_bundle("other")), overrideTenantId="acme")
    session = world.session()
    return Tried(lambda: import_replay(bad, session, NAMES, expires_at=LATER), lambda: import_replay(_replay(good), session, NAMES, expires_at=LATER))


@case("T16", "a replay whose input was edited", "replay")
def _replay_edited(world: World) -> Tried:
    good = json.dumps(_bundle())
    bad = _replay(good.replace("thing", "other"), hashlib.sha256(good.encode()).hexdigest())
    session = world.session()
    return Tried(lambda: import_replay(bad, session, NAMES, expires_at=LATER), lambda: import_replay(_replay(good), session, NAMES, expires_at=LATER))


@case("T16", "a replay that is forced dry and so needs no permit")
def _replay_dry(world: World) -> Tried:
    def attack() -> None:
        found = import_replay(_replay(json.dumps(_bundle(dry_run=True, is_action_job=False)), forceDryRun=True), world.session(), NAMES, expires_at=LATER)
        before = world.effects()
        job = world.executor.plan(world.session(), world.executor.submit(world.session(), found.requests[0]).id)
        assert job.state is State.PLANNED
        assert world.effects() == before

    return Tried(attack, lambda: import_replay(_replay(json.dumps(_bundle())), world.session(), NAMES, expires_at=LATER))


# --- evidence ---


def _git(tree: Path, *arguments: str) -> str:
    done = subprocess.run(["git", "-C", str(tree), "-c", "user.name=t", "-c", "user.email=t@t.invalid", *arguments], capture_output=True, text=True, check=True)
    return done.stdout.strip()


def repository(world: World, tenant=ACME) -> str:
    """A commit with known lines in a tenant's tree."""
    tree = world.trees[tenant]
    if not (tree / ".git").exists():
        _git(tree, "init", "-q", "-b", "main")
        (tree / "ci.yml").write_text(f"one {tenant}\ntwo\nthree\n")
        _git(tree, "add", "ci.yml")
        _git(tree, "commit", "-q", "-m", "first")
    return _git(tree, "rev-parse", "HEAD")


def _evidence(letter: str, title: str, *reasons: str):
    """A piece of evidence that is not what it says; the twin is one that is."""

    def register(make):
        @case(letter, title, *reasons)
        def prepare(world: World) -> Tried:
            commit = repository(world)
            good = EvidenceItem("git", f"{commit}:ci.yml#L2-L3", hashlib.sha256(b"two\nthree\n").hexdigest(), "three")
            bad = make(world, commit)
            return Tried(lambda: world.planned("repo.proven", evidence=(bad,) if bad else ()), lambda: runs(world, world.permit(world.planned("repo.proven", evidence=(good,)))))

        return make

    return register


_TWO = hashlib.sha256(b"two\nthree\n").hexdigest()
_evidence("T28", "a commit that does not exist", "not-there")(lambda w, c: EvidenceItem("git", f"{'ab' * 20}:ci.yml", _TWO))
_evidence("T28", "a short name of a commit", "locator")(lambda w, c: EvidenceItem("git", f"{c[:12]}:ci.yml", _TWO))
_evidence("T28", "a branch in a commit's place", "locator")(lambda w, c: EvidenceItem("git", "main:ci.yml", _TWO))
_evidence("T28", "an option in a commit's place", "locator")(lambda w, c: EvidenceItem("git", "--output=/tmp/x:ci.yml", _TWO))
_evidence("T28", "a file that the commit does not hold", "not-there")(lambda w, c: EvidenceItem("git", f"{c}:none.yml", _TWO))
_evidence("T28", "lines that do not hold the quoted text", "quote")(lambda w, c: EvidenceItem("git", f"{c}:ci.yml#L2-L3", _TWO, "one"))
_evidence("T28", "lines beyond the file", "not-there")(lambda w, c: EvidenceItem("git", f"{c}:ci.yml#L2-L30", _TWO))
_evidence("T28", "other lines than the digest's", "digest")(lambda w, c: EvidenceItem("git", f"{c}:ci.yml#L1-L2", _TWO))
_evidence("T28", "a file with another digest", "digest")(lambda w, c: EvidenceItem("file", "ci.yml", "0" * 64))
_evidence("T28", "a file outside the tree", "not-there")(lambda w, c: EvidenceItem("file", "../../../etc/hostname", hashlib.sha256(Path("/etc/hostname").read_bytes()).hexdigest()))
_evidence("T28", "a link that leaves the tree", "not-there")(lambda w, c: _linked(w))
_evidence("T28", "an absolute path", "not-there")(lambda w, c: EvidenceItem("file", "/etc/hostname", hashlib.sha256(Path("/etc/hostname").read_bytes()).hexdigest()))
_evidence("T28", "a page of the network", "http")(lambda w, c: EvidenceItem("http", "https://example.org/", _TWO))
_evidence("T28", "a commit of another tenant", "not-there")(lambda w, c: EvidenceItem("git", f"{repository(w, OTHER)}:ci.yml#L2-L3", _TWO))
_evidence("T28", "no evidence where the type needs some", "evidence-missing")(lambda w, c: None)
_evidence("new", "an object that no branch reaches", "not-there")(lambda w, c: _dangling(w))


def _linked(world: World) -> EvidenceItem:
    link = world.trees[ACME] / "link"
    if not link.is_symlink():
        link.symlink_to("/etc/hostname")
    return EvidenceItem("file", "link", hashlib.sha256(Path("/etc/hostname").read_bytes()).hexdigest())


def _dangling(world: World) -> EvidenceItem:
    tree = world.trees[ACME]
    commit = _git(tree, "commit-tree", "-m", "pushed by a stranger", _git(tree, "rev-parse", "HEAD^{tree}"))
    return EvidenceItem("git", f"{commit}:ci.yml#L2-L3", _TWO)


@case("T28", "evidence edited after approval", "digest")
def _edited(world: World) -> Tried:
    file = world.trees[ACME] / "proof.txt"
    file.write_text("as it was")
    good = EvidenceItem("file", "proof.txt", hashlib.sha256(b"as it was").hexdigest())
    job = world.planned("repo.proven", evidence=(good,))
    permit = world.permit(job)

    def attack() -> object:
        file.write_text("edited")
        return world.executor.run([permit])

    def twin() -> None:
        file.write_text("as it was")
        runs(world, permit)

    return Tried(attack, twin)
