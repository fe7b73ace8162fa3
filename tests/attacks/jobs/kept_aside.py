"""Cases that were thought of after the executor was built, and against it: swaps of real folders, jobs that come back, claims that repeat themselves, evidence that hangs or never ends, clocks."""

from __future__ import annotations

import contextlib
import hashlib
import os
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from tests.attacks.jobs.bundles_and_evidence import _git, repository
from tests.attacks.jobs.cases import Tried, case, runs
from tests.jobs.world import ACME, ACME_API, OTHER, REGISTRY, World
from troth.errors import JobError, TrothError
from troth.jobs.executor import Executor
from troth.jobs.job import Job, State
from troth.jobs.permits.claims import Binding
from troth.jobs.permits.envelope import seal
from troth.jobs.request import EvidenceItem, JobRequest
from troth.terms.tenant import Tenant

SECRET = "ghp_" + "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8"

# --- folders -----------------------------------------------------------------------------------------------------------


def _put(here: Path, there: Path) -> tuple[Path, Path]:
    """Move `here` aside and `there` into its place."""
    aside = here.with_name(f"{here.name}-aside")
    here.rename(aside)
    there.rename(here)
    return aside, there


def _back(here: Path, aside: Path, there: Path) -> None:
    here.rename(there)
    aside.rename(here)


def _renamed(title: str, use: Callable[[World, Job, bytes], object]) -> None:
    @case("W1", title, "tree")
    def prepare(world: World) -> Tried:
        mine, theirs = world.trees[ACME], world.trees[OTHER]
        job = world.planned()
        permit = world.permit(job)

        def attack() -> object:
            aside, there = _put(mine, theirs)
            try:
                return use(world, job, permit)
            finally:
                _back(mine, aside, there)

        return Tried(attack, lambda: runs(world, world.permit(world.planned())))


_renamed("another tenant's real folder is renamed into the tree's place before a run", lambda w, job, permit: w.executor.run([permit]))
_renamed("another tenant's real folder is renamed into the tree's place before a plan", lambda w, job, permit: w.executor.plan(w.session(), job.id))


@case("W1", "a real folder of nobody's is put in the tree's place", "tree")
def _fresh(world: World) -> Tried:
    mine = world.trees[ACME]
    permit = world.permit(world.planned())

    def attack() -> object:
        made = mine.with_name("made-by-somebody")
        made.mkdir()
        aside, there = _put(mine, made)
        try:
            return world.executor.run([permit])
        finally:
            _back(mine, aside, there)

    return Tried(attack, lambda: runs(world, world.permit(world.planned())))


@case("W1", "the tree is a file now", "tree")
def _file(world: World) -> Tried:
    mine = world.trees[ACME]
    permit = world.permit(world.planned())

    def attack() -> object:
        aside = mine.with_name("aside")
        mine.rename(aside)
        mine.write_text("not a folder")
        try:
            return world.executor.run([permit])
        finally:
            mine.unlink()
            aside.rename(mine)

    return Tried(attack, lambda: runs(world, world.permit(world.planned())))


# --- jobs that come back ------------------------------------------------------------------------------------------------


def _again(title: str, ended: Callable[[World, Job], object]) -> None:
    """A job that is over is asked for again in the same bytes, by somebody else, and a new permit for it is presented."""

    @case("T6", title, "state", "spent")
    def prepare(world: World) -> Tried:
        job = world.planned("repo.touch")
        ended(world, job)

        def attack() -> object:
            other = world.session(actor="somebody-else")
            again = world.executor.submit(other, job.content)
            assert again.requester == "requester"
            with contextlib.suppress(JobError):
                world.executor.plan(other, again.id)
            return world.executor.run([world.permit(again, "ben")])

        return Tried(attack, lambda: runs(world, world.permit(world.planned())))


def _lose(world: World, job: Job) -> None:
    from sqlalchemy import update

    from troth.jobs.tables import JOBS

    with world.store.write(ACME) as t:
        t.execute(update(JOBS).where(JOBS.c.tenant == str(ACME), JOBS.c.id == job.id).values(state="lost"))


_again("a job that is done comes back in the same bytes", lambda w, job: w.executor.run([w.permit(job)]))
_again("a cancelled job comes back in the same bytes", lambda w, job: w.executor.cancel(w.session(), job.id))
_again("a lost job comes back in the same bytes", _lose)


@case("T6", "a job that has failed runs again under a second permit", "state")
def _failed(world: World) -> Tried:
    job = world.planned("repo.broken")
    assert world.executor.run([world.permit(job)]).state is State.FAILED
    return Tried(lambda: world.executor.run([world.permit(job, "ben")]), lambda: runs(world, world.permit(world.planned())))


@case("T21", "whoever asked has somebody else send the same bytes, and approves", "self-approval")
def _laundered(world: World) -> Tried:
    job = world.planned(actor="ana")
    world.executor.submit(world.session(actor="robot"), job.content)
    return Tried(lambda: world.executor.run([world.permit(job, "ana")]), lambda: runs(world, world.permit(job, "ben")))


@case("E7", "an idempotency key of another project of the same tenant gives that project's job")
def _project_key(world: World) -> Tried:
    def attack() -> None:
        first = world.executor.submit(world.session(), world.request(key="one-key", name="mine"))
        second = world.executor.submit(world.session(ACME_API), world.request(tenant=ACME_API, key="one-key", name="theirs"))
        assert first.id != second.id
        try:
            world.executor.show(world.session(ACME_API), first.id)
        except JobError as error:
            assert error.reason == "no-such-job"
        else:
            raise AssertionError("a project sees another's job")

    return Tried(attack, lambda: world.executor.submit(world.session(), world.request(key="another-key")))


# --- claims that repeat themselves or name nobody ---------------------------------------------------------------------


def _claimed(letter: str, title: str, *reasons: str, **changed: Any) -> None:
    @case(letter, title, *reasons)
    def prepare(world: World) -> Tried:
        job = world.planned()

        def attack() -> object:
            claims = replace(world.claims(job), **{name: value(job) if callable(value) else value for name, value in changed.items()})
            return world.executor.run([seal(claims, [world.people.keys["ana"]])])

        return Tried(attack, lambda: runs(world, world.permit(job)))


def _binding(job: Job) -> Binding:
    from troth.jobs.request import evidence_root

    return Binding(job.id, job.diff.sha256 if job.diff else "", evidence_root(JobRequest.parse(job.content).evidence))


_FORM = ("claims", "form", "permit", "approver", "approvers", "job", "jobs", "choice", "threshold", "type", "job-type", "not-signed", "unnamed", "envelope")
_claimed("T21", "an approver who is named twice", *_FORM, approvers=("ana", "ana"))
_claimed("T21", "nobody is named as approver", *_FORM, approvers=())
_claimed("T21", "approvers in another order than the one", *_FORM, approvers=("ben", "ana"))
_claimed("T10", "the same job named twice in one permit", *_FORM, jobs=lambda job: (_binding(job), _binding(job)))
_claimed("T10", "a permit for every type of job", *_FORM, job_types=("*",))
_claimed("T10", "a permit for a family of types", *_FORM, job_types=("repo.*",))
_claimed("T10", "a permit for no type of job", *_FORM, job_types=())
_claimed("T10", "a permit for no job", *_FORM, jobs=())
_claimed("T17", "the executor's name with a space", "audience", *_FORM, audience="executor-1 ")
_claimed("T17", "the executor's name in capitals", "audience", *_FORM, audience="EXECUTOR-1")


# --- evidence that hangs or never ends ------------------------------------------------------------------------------------


def _evidence(title: str, make: Callable[[Path], None], *reasons: str) -> None:
    @case("T28", title, *reasons)
    def prepare(world: World) -> Tried:
        tree = world.trees[ACME]
        good = tree / "fact.txt"
        good.write_text("a fact\n")

        def attack() -> object:
            place = tree / "odd"
            make(place)
            try:
                return world.planned("repo.proven", evidence=(EvidenceItem("file", "odd", hashlib.sha256(b"").hexdigest()),))
            finally:
                place.unlink()

        def twin() -> None:
            item = EvidenceItem("file", "fact.txt", hashlib.sha256(b"a fact\n").hexdigest(), "fact")
            runs(world, world.permit(world.planned("repo.proven", evidence=(item,))))

        return Tried(attack, twin)


def _sparse(place: Path) -> None:
    with place.open("wb") as file:
        file.truncate(1 << 40)


_evidence("a pipe that nobody writes to", os.mkfifo, "not-there")
_evidence("a file of a tebibyte without content", _sparse, "size", "digest")
_evidence("a link to a device without an end", lambda place: place.symlink_to("/dev/zero"), "not-there")
_evidence("a link to a file of the process", lambda place: place.symlink_to("/proc/self/environ"), "not-there")


def _history(title: str, locator: str, *reasons: str) -> None:
    @case("T28", title, *reasons)
    def prepare(world: World) -> Tried:
        commit = repository(world)

        def attack() -> object:
            return world.planned("repo.proven", evidence=(EvidenceItem("git", locator.format(commit=commit), hashlib.sha256(b"").hexdigest()),))

        def twin() -> None:
            content = f"{_git(world.trees[ACME], 'cat-file', 'blob', f'{commit}:ci.yml')}\n".encode()
            item = EvidenceItem("git", f"{commit}:ci.yml", hashlib.sha256(content).hexdigest())
            runs(world, world.permit(world.planned("repo.proven", evidence=(item,))))

        return Tried(attack, twin)


_history("lines up to a number without end", "{commit}:ci.yml#L1-L99999999999999", "locator", "not-there")
_history("a folder in a file's place", "{commit}:", "locator", "not-there")
_history("another object by a mark of the history", "{commit}:ci.yml@{{u}}", "locator", "not-there")
_history("a path with a step up", "{commit}:x/../ci.yml", "locator", "not-there")


# --- clocks, names and texts ------------------------------------------------------------------------------------------------


@case("T5", "a permit that ran out, at an executor whose clock was set back", "expired", "ledger-entry", "nbf", "not-yet", "time")
def _rewound(world: World) -> Tried:
    job = world.planned()
    hour = 3600
    old = world.permit(job, not_before=int(time.time()) - hour - 60, expires=int(time.time()) - hour + 600)
    back = replace(world.settings, clock=lambda: int(time.time() * 1000) - hour * 1000)

    def attack() -> object:
        with Executor(world.store, REGISTRY, back) as executor:
            return executor.run([old])

    return Tried(attack, lambda: runs(world, world.permit(job)))


def _named(title: str, tenant: str, project: str) -> None:
    @case("T9", title)
    def prepare(world: World) -> Tried:
        def attack() -> None:
            try:
                Tenant(tenant, project)
            except TrothError:
                return
            raise AssertionError("there is such a tenant")

        return Tried(attack, lambda: runs(world, world.permit(world.planned())))


_named("a tenant whose name joins to another's", "acme/web", "x")
_named("a project whose name joins to another's", "acme", "web/x")
_named("a tenant with an end of line", "acme\n", "web")
_named("a tenant with NUL", "acme\0", "web")
_named("a tenant that is an option", "-acme", "web")


@case("E5", "what a person notes about a lost job brings a secret into the ledger")
def _note(world: World) -> Tried:
    job = world.planned()
    _lose(world, job)

    def attack() -> None:
        world.executor.settle(world.session(), job.id, done=False, note=f"looked; the token was {SECRET}\nand \x1b[31mred")
        with world.store.read(ACME) as t:
            for leaf, _, body in world.executor.works.log.leaves(t):
                assert SECRET.encode() not in leaf + (body or b"")
                assert b"\x1b" not in leaf + (body or b"")

    return Tried(attack, lambda: runs(world, world.permit(world.planned())))


@case("E5", "the reason of a revocation brings a secret into the ledger")
def _reason(world: World) -> Tried:
    def attack() -> None:
        world.executor.revoke(world.session(), "approver", "nobody", f"it leaked as {SECRET}")
        with world.store.read(ACME) as t:
            assert not any(SECRET.encode() in leaf + (body or b"") for leaf, _, body in world.executor.works.log.leaves(t))

    return Tried(attack, lambda: runs(world, world.permit(world.planned())))


@case("T20", "a revocation in one project holds in another, or is undone by asking for it twice", "revoked")
def _revoked(world: World) -> Tried:
    job = world.planned()
    claims = world.claims(job)
    permit = seal(claims, [world.people.keys["ana"]])
    digits = claims.jti if isinstance(claims.jti, str) else claims.jti.hex()
    world.executor.revoke(world.session(), "jti", digits, "first")
    world.executor.revoke(world.session(), "jti", digits, "second")
    other = world.planned(tenant=ACME_API)
    world.executor.revoke(world.session(ACME_API), "approver", "ben", "there only")
    return Tried(lambda: world.executor.run([permit]), lambda: (runs(world, world.permit(job, "ben")), runs(world, world.permit(other, "ana"))))
