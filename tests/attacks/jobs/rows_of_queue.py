"""Whoever can write the database, and is not the executor, between approval and run: D1 (rows of a job that waits in the queue), D2 (what is revoked or edited meanwhile)."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

from sqlalchemy import Connection, text

from tests.attacks.jobs.cases import Tried, case
from tests.jobs.world import ACME, OTHER, World
from troth.jobs.job import Job, State
from troth.jobs.permits.claims import new_jti
from troth.jobs.permits.envelope import read
from troth.jobs.request import EvidenceItem


def as_owner(world: World, act: Callable[[Connection], None], tenant: Any = ACME) -> None:
    """What the owner of the database can do to it: no triggers, no check of statements."""
    with world.store.engine.connect() as connection, connection.begin():
        if world.store.dialect == "postgresql":
            connection.execute(text("SELECT set_config('troth.tenant', :t, true), set_config('troth.project', :p, true)"), {"t": tenant.id, "p": tenant.project})
            connection.execute(text("ALTER TABLE jobs_seals DISABLE TRIGGER USER"))
            connection.execute(text("ALTER TABLE jobs_spent DISABLE TRIGGER USER"))
            act(connection)
            connection.execute(text("ALTER TABLE jobs_seals ENABLE TRIGGER USER"))
            connection.execute(text("ALTER TABLE jobs_spent ENABLE TRIGGER USER"))
            return
        kept = connection.execute(text("SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND name LIKE 'jobs_%'")).all()
        for name, _ in kept:
            connection.execute(text(f"DROP TRIGGER {name}"))
        act(connection)
        for _, told in kept:
            connection.execute(text(told))


def put(world: World, job_id: str, **values: Any) -> None:
    """Columns of a job's row, written by hand."""
    named = ", ".join(f"{name} = :{name}" for name in values)
    as_owner(world, lambda c: c.execute(text(f"UPDATE jobs SET {named} WHERE tenant = :own AND id = :id"), {**values, "own": str(ACME), "id": job_id}) and None)


def queued(world: World, **params: Any) -> Job:
    """A job that was approved and waits."""
    job = world.planned(**params)
    return world.executor.approve([world.permit(job)])


def ends(world: World, job_id: str, reason: str) -> None:
    """The queue delivers a job, and it must end with that reason and no effect."""
    before = world.effects()
    ended = world.executor.work(ACME, job_id)
    assert (ended.state, ended.reason) == (State.FAILED, reason), ended
    assert world.effects() == before, "it acted"
    assert world.executor.work(ACME, job_id).state is State.FAILED
    assert world.effects() == before, "it acted the second time"


def works(world: World, job_id: str) -> None:
    """The twin: a job that was approved and left alone runs, once."""
    before = len(world.effects())
    assert world.executor.work(ACME, job_id).state is State.DONE
    world.executor.work(ACME, job_id)
    assert len(world.effects()) == before + 1


def _row(title: str, reason: str):
    """The row of a queued job is changed; the twin is another job whose row is left alone."""

    def register(change: Callable[[World, Job], None]):
        @case("D1", title)
        def prepare(world: World) -> Tried:
            job, other = queued(world), queued(world)

            def attack() -> None:
                change(world, job)
                ends(world, job.id, reason)

            return Tried(attack, lambda: works(world, other.id))

        return change

    return register


def _other_plan(world: World) -> tuple[bytes, str]:
    diff = world.planned(name="other").diff
    assert diff is not None
    return diff.encoded(), diff.sha256


_row("a parameter of a queued job is changed", "tampered")(lambda w, job: put(w, job.id, content=job.content.replace(b'"thing"', b'"other"')))
_row("parameter and plan of a queued job are changed together", "tampered")(
    lambda w, job: put(w, job.id, content=job.content.replace(b'"thing"', b'"other"'), **dict(zip(("plan", "plan_sha256"), _other_plan(w), strict=True)))
)
_row("the plan of a queued job is that of another", "tampered")(lambda w, job: put(w, job.id, **dict(zip(("plan", "plan_sha256"), _other_plan(w), strict=True))))
_row("a queued job has no plan any more", "tampered")(lambda w, job: put(w, job.id, plan=None, plan_sha256=""))
_row("a queued job is of another type", "tampered")(lambda w, job: put(w, job.id, type="repo.dying"))
_row("a queued job is of a type that there is not", "tampered")(lambda w, job: put(w, job.id, type="repo.none"))
_row("the permit's time is made longer in the row", "tampered")(lambda w, job: put(w, job.id, starts_before=job.starts_before + 86_400_000))
_row("a queued job has another requester", "tampered")(lambda w, job: put(w, job.id, requester="somebody"))
_row("the request of another job lies in the row", "tampered")(lambda w, job: put(w, job.id, content=w.planned(name="other").content))


@case("D1", "a planned job is set to queued by hand")
def _forged(world: World) -> Tried:
    job, other = world.planned(), queued(world)

    def attack() -> None:
        put(world, job.id, state="queued", starts_before=2**50)
        ends(world, job.id, "unapproved")

    return Tried(attack, lambda: works(world, other.id))


@case("D1", "a submitted job is set to queued by hand, with a plan")
def _forged_early(world: World) -> Tried:
    job, other = world.executor.submit(world.session(), world.request()), queued(world)

    def attack() -> None:
        plan, digest = _other_plan(world)
        put(world, job.id, state="queued", starts_before=2**50, plan=plan, plan_sha256=digest)
        ends(world, job.id, "unapproved")

    return Tried(attack, lambda: works(world, other.id))


def _sealed(title: str, copy: str, **given: Any) -> None:
    """A job that nobody approved gets a seal that somebody made or took from elsewhere."""

    @case("D1", title)
    def prepare(world: World) -> Tried:
        approved, job = queued(world), world.planned()
        told = {"own": str(ACME), "job": job.id, "from": approved.id, **given}

        def attack() -> None:
            put(world, job.id, state="queued", starts_before=approved.starts_before)
            as_owner(world, lambda c: c.execute(text(copy), told) and None)
            ends(world, job.id, "unapproved")

        return Tried(attack, lambda: works(world, approved.id))


_sealed("the seal of another job is copied", "INSERT INTO jobs_seals (tenant, job, moment, words, mac) SELECT tenant, :job, moment, words, mac FROM jobs_seals WHERE tenant = :own AND job = :from AND moment = 'queued'")
_sealed("the seal of another moment is used", "INSERT INTO jobs_seals (tenant, job, moment, words, mac) SELECT tenant, job, 'queued', words, mac FROM jobs_seals WHERE tenant = :own AND job = :job AND moment = 'submitted'")
_sealed(
    "a seal is made up", "INSERT INTO jobs_seals (tenant, job, moment, words, mac) VALUES (:own, :job, 'queued', :words, :mac)", words=b"{}", mac=hashlib.sha256(b"{}").hexdigest()
)
_sealed("an empty seal", "INSERT INTO jobs_seals (tenant, job, moment, words, mac) VALUES (:own, :job, 'queued', :words, '')", words=b"{}")


@case("D1", "a seal of one's own in place of the executor's")
def _edited_seal(world: World) -> Tried:
    job, other = queued(world), queued(world)

    def attack() -> None:
        told = {"own": str(ACME), "job": job.id, "words": b'{"plan":""}'}
        as_owner(world, lambda c: c.execute(text("UPDATE jobs_seals SET words = :words WHERE tenant = :own AND job = :job AND moment = 'queued'"), told) and None)
        ends(world, job.id, "unapproved")

    return Tried(attack, lambda: works(world, other.id))


@case("D1", "a job that has run is set back to queued")
def _again(world: World) -> Tried:
    job, other = queued(world), queued(world)

    def attack() -> None:
        works(world, job.id)
        put(world, job.id, state="queued", owner="", attempt=0)
        ends(world, job.id, "begun-before")

    return Tried(attack, lambda: works(world, other.id))


@case("D1", "a cancelled job is set back to queued")
def _uncancelled(world: World) -> Tried:
    job, other = queued(world), queued(world)

    def attack() -> None:
        world.executor.cancel(world.session(), job.id)
        put(world, job.id, state="queued")
        ends(world, job.id, "begun-before")

    return Tried(attack, lambda: works(world, other.id))


@case("D1", "an approved job is moved to another tenant's rows")
def _moved(world: World) -> Tried:
    job, other = queued(world), queued(world)

    def attack() -> None:
        rows: list[Any] = []
        as_owner(world, lambda c: rows.extend(c.execute(text("SELECT * FROM jobs WHERE tenant = :own AND id = :id"), {"own": str(ACME), "id": job.id}).mappings().all()))
        as_owner(world, lambda c: rows.extend(c.execute(text("SELECT * FROM jobs_seals WHERE tenant = :own AND job = :id AND moment = 'queued'"), {"own": str(ACME), "id": job.id}).mappings().all()))
        for table, row in zip(("jobs", "jobs_seals"), rows, strict=True):
            theirs = {**row, "tenant": str(OTHER)}
            names = ", ".join(theirs)
            values = ", ".join(f":{name}" for name in theirs)
            as_owner(world, lambda c, told=theirs, what=f"INSERT INTO {table} ({names}) VALUES ({values})": c.execute(text(what), told) and None, OTHER)
        before = world.effects(OTHER)
        ended = world.executor.work(OTHER, job.id)
        assert (ended.state, ended.reason) == (State.FAILED, "unapproved"), ended
        assert world.effects(OTHER) == before

    return Tried(attack, lambda: works(world, other.id))


# --- what changes between approval and start ---


@case("D2", "evidence is edited while the approved job waits")
def _evidence(world: World) -> Tried:
    file = world.trees[ACME] / "queued-proof.txt"
    file.write_text("as it was")
    good = EvidenceItem("file", "queued-proof.txt", hashlib.sha256(b"as it was").hexdigest())
    job, other = queued(world, kind="repo.proven", evidence=(good,)), queued(world, kind="repo.proven", evidence=(good,))

    def attack() -> None:
        file.write_text("edited")
        ends(world, job.id, "evidence-digest")

    def twin() -> None:
        file.write_text("as it was")
        works(world, other.id)

    return Tried(attack, twin)


@case("D2", "evidence becomes a link while the approved job waits")
def _linked(world: World) -> Tried:
    file = world.trees[ACME] / "linked-proof.txt"
    file.unlink(missing_ok=True)
    file.write_text("as it was")
    outside = world.trees[ACME].parent / "outside.txt"
    outside.write_text("as it was")
    good = EvidenceItem("file", "linked-proof.txt", hashlib.sha256(b"as it was").hexdigest())
    job, other = queued(world, kind="repo.proven", evidence=(good,)), queued(world, kind="repo.proven", evidence=(good,))

    def attack() -> None:
        file.unlink()
        file.symlink_to(outside)
        ends(world, job.id, "evidence-not-there")

    def twin() -> None:
        file.unlink()
        file.write_text("as it was")
        works(world, other.id)

    return Tried(attack, twin)


def _revoked(title: str, kind: str, which: Callable[[bytes], str]) -> None:
    @case("D2", title)
    def prepare(world: World) -> Tried:
        world.people.add("wanda")
        job, other = world.planned(), world.planned()
        permit = world.permit(job, "wanda", jti=new_jti())
        world.executor.approve([permit])
        world.executor.approve([world.permit(other, "ben")])

        def attack() -> None:
            world.executor.revoke(world.session(actor="ops"), kind, which(permit), "lost")
            ends(world, job.id, "revoked")

        return Tried(attack, lambda: works(world, other.id))


_revoked("the permit's number is revoked while the job waits", "jti", lambda permit: read(permit).claims.jti)
_revoked("the permit is revoked while the job waits", "permit", lambda permit: read(permit).sha256)
_revoked("the approver's key is revoked while the job waits", "key", lambda permit: read(permit).signatures[0][0])


def _roster(title: str, change: Callable[[World], object]) -> None:
    @case("D2", title)
    def prepare(world: World) -> Tried:
        job, other = world.planned(), world.planned()
        world.executor.approve([world.permit(job, "cleo")])
        world.executor.approve([world.permit(other, "ben")])

        def attack() -> None:
            change(world)
            ends(world, job.id, "revoked")

        return Tried(attack, lambda: works(world, other.id))


_roster("the approver leaves the roster while the job waits", lambda w: w.people.removed.add("cleo"))
_roster("the approver's key is revoked in the roster while the job waits", lambda w: w.people.revoked.add("cleo"))


@case("D2", "the request runs out while its approved job waits")
def _request_over(world: World) -> Tried:
    from dataclasses import replace
    from datetime import UTC, datetime, timedelta

    from tests.jobs.world import REGISTRY
    from troth.jobs.executor import Executor

    def waiting(seconds: int) -> Job:
        return queued(world, expires_at=datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=seconds))

    job, other = waiting(60), waiting(3600)

    def attack() -> None:
        before = world.effects()
        with Executor(world.store, REGISTRY, replace(world.settings, clock=lambda: world.settings.clock() + 90_000)) as later:
            ended = later.work(ACME, job.id)
        assert (ended.state, ended.reason) == (State.FAILED, "request-ran-out"), ended
        assert world.effects() == before

    return Tried(attack, lambda: works(world, other.id))
