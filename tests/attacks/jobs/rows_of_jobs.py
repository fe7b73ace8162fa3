"""Whoever can write the database, and is not the executor: rows of jobs before approval, of spent permits, and of messages to other systems. D3, D4."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sqlalchemy import text

from tests.attacks.jobs.cases import Tried, case, runs
from tests.attacks.jobs.rows_of_queue import as_owner, put
from tests.jobs.world import ACME, World
from tests.jobs.world import world as make
from troth.jobs.handler import Message
from troth.jobs.job import Job
from troth.jobs.permits.envelope import seal
from troth.jobs.strict import encode


def _planned(title: str, *reasons: str):
    """The row of a planned job is changed before its approval; the twin has it changed back."""

    def register(change: Callable[[World, Job], dict[str, Any]]):
        @case("D3", title, *reasons)
        def prepare(world: World) -> Tried:
            job = world.planned(actor="ana")
            changed = change(world, job)
            kept = {"requester": job.requester, "type": job.type, "content": job.content, "state": "planned"}

            def attack() -> object:
                put(world, job.id, **changed)
                try:
                    return world.executor.run([world.permit(job, "ana")])
                finally:
                    put(world, job.id, **{name: kept[name] for name in changed})

            return Tried(attack, lambda: runs(world, world.permit(job, "ben")))

        return change

    return register


_planned("the requester's name is changed, to approve one's own job", "tampered")(lambda w, job: {"requester": "robot"})
_planned("the requester's name becomes that of a self-approval", "tampered")(lambda w, job: {"requester": "self:ana"})
_planned("the requester's name is emptied", "tampered", "self-approval")(lambda w, job: {"requester": ""})


@case("D3", "the seal of who asked is taken away", "tampered")
def _unsealed(world: World) -> Tried:
    job = world.planned(actor="ana")
    where = "FROM jobs_seals WHERE tenant = :own AND job = :job AND moment = 'submitted'"
    told = {"own": str(ACME), "job": job.id}

    def attack() -> object:
        kept: list[Any] = []
        as_owner(world, lambda c: kept.extend(c.execute(text(f"SELECT words, mac {where}"), told).all()))
        as_owner(world, lambda c: c.execute(text(f"DELETE {where}"), told) and None)
        put(world, job.id, requester="robot")
        try:
            return world.executor.run([world.permit(job, "ana")])
        finally:
            again = {**told, "words": kept[0][0], "mac": kept[0][1]}
            as_owner(world, lambda c: c.execute(text("INSERT INTO jobs_seals (tenant, job, moment, words, mac) VALUES (:own, :job, 'submitted', :words, :mac)"), again) and None)
            put(world, job.id, requester="ana")

    return Tried(attack, lambda: runs(world, world.permit(job, "ben")))


@case("D3", "the type in the row is another, with a permit for that", "tampered")
def _typed(world: World) -> Tried:
    job = world.planned()
    bad = seal(world.claims(job, job_types=("repo.note",)), [world.people.keys["ana"]])

    def attack() -> object:
        put(world, job.id, type="repo.note")
        try:
            return world.executor.run([bad])
        finally:
            put(world, job.id, type="repo.touch")

    return Tried(attack, lambda: runs(world, world.permit(job)))


@case("D3", "the category in the row is the least, for a job that takes two", "threshold")
def _category(world: World) -> Tried:
    job = world.planned("grave.touch")

    def attack() -> object:
        put(world, job.id, category=0)
        return world.executor.run([world.permit(job)])

    return Tried(attack, lambda: runs(world, world.permit(job, "ana", "ben")))


def _put_back(title: str, state: str, *, forget: bool) -> None:
    """A job that has run is set back, and presented with another permit that was signed for it."""

    @case("D3", title, "state", "spent")
    def prepare(world: World) -> Tried:
        job = world.planned()
        first, second = world.permit(job, "ana"), world.permit(job, "ben")
        runs(world, first)

        def attack() -> object:
            put(world, job.id, state=state, owner="", attempt=0)
            if forget:
                as_owner(world, lambda c: c.execute(text("DELETE FROM jobs_spent WHERE tenant = :own AND job = :job"), {"own": str(ACME), "job": job.id}) and None)
            return world.executor.run([first if forget else second])

        return Tried(attack, lambda: runs(world, world.permit(world.planned())))


_put_back("a job that has run is set back to planned, with a second permit", "planned", forget=False)
_put_back("a job that has run is set back to planned and its spent permit forgotten", "planned", forget=True)


@case("D3", "all that the database knows of a spent permit is taken away", "spent", only="sqlite")
def _forgotten(world: World) -> Tried:
    room = Path(tempfile.mkdtemp(prefix="troth-forgotten-"))
    with make(f"sqlite:///{room / 'jobs.db'}", room / "trees", journal=room / "journal") as one:
        job = one.planned()
        permit, second = one.permit(job), one.permit(job, "ben")
        people = one.people
        runs(one, permit)
        put(one, job.id, state="planned", owner="", attempt=0)
        for table in ("jobs_spent WHERE tenant = :own AND job = :job", "jobs_seals WHERE tenant = :own AND job = :job AND moment = 'begun'"):
            as_owner(one, lambda c, where=table: c.execute(text(f"DELETE FROM {where}"), {"own": str(ACME), "job": job.id}) and None)

    def again(present: Callable[[World], object]) -> object:
        with make(f"sqlite:///{room / 'jobs.db'}", room / "trees", journal=room / "journal") as two:
            two.people = people
            return present(two)

    return Tried(lambda: again(lambda two: two.executor.run([second])), lambda: again(lambda two: runs(two, two.permit(two.planned()))))


# --- messages to other systems ---

INSERT = (
    "INSERT INTO jobs_outbox (tenant, id, job, kind, key, body, state, attempt, not_before, reason)"
    " VALUES (:own, :id, :job, :kind, :key, :body, 'waiting', 0, 0, '')"
)


def _sent(world: World) -> list[Message]:
    sent: list[Message] = []
    for _ in range(3):
        world.executor.deliver(ACME, {"mail": sent.append, "pager": sent.append})
    return sent


def _message(title: str, change: Callable[[World, Job], tuple[str, dict[str, Any]]]) -> None:
    """A message that no job left; the twin is one that a job left."""

    @case("D4", title)
    def prepare(world: World) -> Tried:
        _sent(world)
        job = world.executor.run([world.permit(world.planned("repo.telling"))])
        statement, told = change(world, job)

        def attack() -> None:
            as_owner(world, lambda c: c.execute(text(statement), {"own": str(ACME), "job": job.id, **told}) and None)
            assert not [one for one in _sent(world) if "forged" in one.key or "forged" in str(one.body) or one.kind == "pager"]

        def twin() -> None:
            fresh = world.executor.run([world.permit(world.planned("repo.telling"))])
            assert any(one.key.startswith(fresh.id) for one in _sent(world))

        return Tried(attack, twin)


_message("a message of nobody's is put into the outbox", lambda w, job: (INSERT, {"id": "a" * 64, "job": "b" * 64, "kind": "mail", "key": "forged", "body": encode({"to": "all"})}))
_message("a message is put under the name of a job that left others", lambda w, job: (INSERT, {"id": "c" * 63 + str(w.count % 10), "kind": "mail", "key": "forged", "body": encode({"to": "all"})}))
_message("a message of a job that left none", lambda w, job: (INSERT, {"id": "d" * 63 + str(w.count % 10), "job": w.planned().id, "kind": "mail", "key": "forged", "body": encode({})}))
_message("the words of a message are changed", lambda w, job: ("UPDATE jobs_outbox SET body = :body WHERE tenant = :own AND job = :job", {"body": encode({"to": "forged"})}))
_message("a message goes to another kind of receiver", lambda w, job: ("UPDATE jobs_outbox SET kind = 'pager' WHERE tenant = :own AND job = :job", {}))
_message("the key of a message is changed, so that it is taken twice", lambda w, job: ("UPDATE jobs_outbox SET key = 'forged' WHERE tenant = :own AND job = :job", {}))
