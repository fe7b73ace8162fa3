"""Permits presented where they do not belong: T6, T9 to T11, T17, T21, T28."""

from __future__ import annotations

import json
from dataclasses import replace

from tests.attacks.jobs.cases import Tried, case, runs
from tests.attacks.jobs.permits_forged import _signed
from tests.jobs.world import ACME, ACME_API, EXECUTOR, OTHER, REGISTRY, World
from troth.jobs.executor import Executor
from troth.jobs.permits.envelope import seal
from troth.store import open_store


@case("T6", "a spent permit again", "spent", "state")
def _replayed(world: World) -> Tried:
    good = world.permit(world.planned())
    runs(world, good)
    return Tried(lambda: world.executor.run([good]), lambda: runs(world, world.permit(world.planned())))


@case("T6", "a spent permit at another executor of the same name", "spent", "state")
def _second_host(world: World) -> Tried:
    good = world.permit(world.planned())
    runs(world, good)
    second = Executor(world.store, REGISTRY, world.settings)

    def attack() -> object:
        with second:
            return second.run([good])

    return Tried(attack, lambda: runs(world, world.permit(world.planned())))


@case("T6", "a spent permit after a restart", "spent", "state")
def _restarted(world: World) -> Tried:
    good = world.permit(world.planned())
    runs(world, good)

    def attack() -> object:
        store = open_store(world.store.engine.url.render_as_string(hide_password=False))
        try:
            with Executor(store, REGISTRY, world.settings) as second:
                return second.run([good])
        finally:
            store.close()

    return Tried(attack, lambda: runs(world, world.permit(world.planned())))


@case("T6", "a permit spent by queueing, then run", "spent", "state")
def _queued_then_run(world: World) -> Tried:
    job = world.planned()
    good = world.permit(job)
    world.executor.approve([good])
    return Tried(lambda: world.executor.run([good]), lambda: world.executor.work(ACME, job.id))


@case("new", "a second permit for a job that has run", "state")
def _second_permit(world: World) -> Tried:
    job = world.planned()
    runs(world, world.permit(job))
    return Tried(lambda: world.executor.run([world.permit(job)]), lambda: runs(world, world.permit(world.planned())))


def _claimed(letter: str, title: str, *reasons: str):
    """A truly signed permit whose claims are wrong for the job; the twin is the permit with the right ones."""

    def register(change):
        @case(letter, title, *reasons)
        def prepare(world: World) -> Tried:
            job = world.planned()
            right = world.claims(job)
            bad = seal(change(world, job, right), [world.people.keys["ana"]])
            return Tried(lambda: world.executor.run([bad]), lambda: runs(world, seal(right, [world.people.keys["ana"]])))

        return change

    return register


def _plain(letter: str, title: str, **changes: object) -> None:
    """A truly signed permit that the library itself would not write."""

    @case(letter, title, "claims", "form")
    def prepare(world: World) -> Tried:
        job = world.planned()
        told = {**world.claims(job).plain(), **changes}
        bad = _signed(world, json.dumps({name: value for name, value in told.items() if value is not ...}, sort_keys=True, separators=(",", ":")).encode())
        return Tried(lambda: world.executor.run([bad]), lambda: runs(world, world.permit(job)))


_claimed("T9", "another tenant's name on the permit", "job")(lambda w, job, c: replace(c, tenant="other"))
_claimed("T9", "another project's name on the permit", "job")(lambda w, job, c: replace(c, project="api"))
_plain("T9", "no project", project=...)
_plain("T9", "every project", project="*")
_plain("T9", "an empty project", project="")
_plain("T9", "two projects", project=["api", "web"])
_plain("T9", "the tenant in capitals", tenant="ACME")
_plain("T9", "the tenant with a space", tenant="acme ")
_plain("T9", "the tenant with a letter that looks alike", tenant="\u0430cme")
_plain("T9", "the tenant as a URN", tenant="urn:uuid:acme")
_plain("T9", "the tenant in braces", tenant="{acme}")
_plain("T9", "tenant and project in one", tenant="acme/web")
_claimed("T10", "the permit of another type", "job-type")(lambda w, job, c: replace(c, job_types=("repo.slow",)))
_claimed("T10", "the permit of another job of the same type", "job")(lambda w, job, c: replace(c, jobs=w.claims(w.planned(tenant=OTHER)).jobs))
_claimed("T10", "the right job with the plan of another", "job")(lambda w, job, c: replace(c, jobs=(replace(c.jobs[0], plan=w.planned(name="else").diff.sha256),)))
_claimed("T10", "the right job without its plan", "job")(lambda w, job, c: replace(c, jobs=(replace(c.jobs[0], plan="0" * 64),)))
_claimed("T28", "the right job with the evidence of another", "job")(lambda w, job, c: replace(c, jobs=(replace(c.jobs[0], evidence="0" * 64),)))
_claimed("T17", "the permit of another executor", "audience")(lambda w, job, c: replace(c, audience="executor-2"))
_claimed("T17", "the permit of the executor's staging twin", "audience")(lambda w, job, c: replace(c, audience="executor-1-staging"))
_claimed("T17", "the permit of another approving body", "issuer")(lambda w, job, c: replace(c, issuer="desk"))
_plain("T17", "two executors", aud=[EXECUTOR, "executor-2"])
_plain("T17", "any executor", aud="*")
_claimed("T21", "named approvers who did not sign", "approvers")(lambda w, job, c: replace(c, approvers=("ana", "ben")))
_claimed("T21", "a signature by someone whom the permit does not name", "approvers")(lambda w, job, c: replace(c, approvers=("ben",)))
_claimed("new", "a permit that leaves a choice between two jobs", "choice")(
    lambda w, job, c: replace(c, jobs=tuple(sorted((*c.jobs, *w.claims(w.planned()).jobs))))
)


@case("T11", "whitespace added to an approved request", "idempotency")
def _spaced(world: World) -> Tried:
    content = world.request()
    world.executor.submit(world.session(), content)
    return Tried(lambda: world.executor.submit(world.session(), content + b" "), lambda: world.executor.submit(world.session(), content))


@case("T11", "the fields of an approved request in another order", "idempotency")
def _reordered(world: World) -> Tried:
    content = world.request()
    world.executor.submit(world.session(), content)
    other = json.dumps(dict(reversed(json.loads(content).items()))).encode()
    return Tried(lambda: world.executor.submit(world.session(), other), lambda: world.executor.submit(world.session(), content))


@case("T11", "a parameter changed in the database after approval", "tampered")
def _edited_row(world: World) -> Tried:
    from sqlalchemy import update

    from troth.jobs.tables import JOBS

    job = world.planned()
    good = world.permit(job)

    def put(content: bytes) -> None:
        with world.store.write(ACME) as t:
            t.execute(update(JOBS).where(JOBS.c.tenant == str(ACME), JOBS.c.id == job.id).values(content=content))

    def attack() -> object:
        put(job.content.replace(b'"thing"', b'"other"'))
        try:
            return world.executor.run([good])
        finally:
            put(job.content)

    return Tried(attack, lambda: runs(world, good))


@case("T11", "the plan changed in the database after approval", "job")
def _edited_plan(world: World) -> Tried:
    from sqlalchemy import update

    from troth.jobs.tables import JOBS

    job = world.planned()
    good = world.permit(job)

    def put(plan: bytes) -> None:
        with world.store.write(ACME) as t:
            t.execute(update(JOBS).where(JOBS.c.tenant == str(ACME), JOBS.c.id == job.id).values(plan=plan))

    def attack() -> object:
        put(job.diff.encoded().replace(b"thing", b"other"))  # type: ignore[union-attr]
        try:
            return world.executor.run([good])
        finally:
            put(job.diff.encoded())  # type: ignore[union-attr]

    return Tried(attack, lambda: runs(world, good))


@case("new", "planned again after approval was signed, with another result", "job")
def _replanned(world: World) -> Tried:
    job = world.planned()
    good = world.permit(job)
    basis = world.trees[ACME] / "basis"

    def attack() -> object:
        basis.write_text("the world has moved")
        world.executor.plan(world.session(), job.id)
        return world.executor.run([good])

    def twin() -> None:
        basis.unlink()
        world.executor.plan(world.session(), job.id)
        runs(world, good)

    return Tried(attack, twin)


@case("T9", "a permit for the same project's name in another tenant", "job")
def _same_name(world: World) -> Tried:
    mine, theirs = world.planned(tenant=ACME), world.planned(tenant=OTHER)
    bad = seal(replace(world.claims(theirs), tenant="acme"), [world.people.keys["ana"]])
    return Tried(lambda: world.executor.run([bad]), lambda: runs(world, world.permit(mine)))


@case("T9", "a permit of one project for the other's job", "job")
def _sister(world: World) -> Tried:
    theirs = world.planned(tenant=ACME_API)
    bad = seal(replace(world.claims(theirs), project="web"), [world.people.keys["ana"]])
    return Tried(lambda: world.executor.run([bad]), lambda: runs(world, world.permit(theirs)))
