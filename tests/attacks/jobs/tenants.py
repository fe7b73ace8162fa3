"""Callers who reach for another tenant, or for a door that asks nobody: T22, E1 to E5, E7, E9."""

from __future__ import annotations

import threading

from tests.attacks.jobs.cases import Tried, case, runs
from tests.jobs.world import ACME, OTHER, World
from troth.errors import TrothError
from troth.jobs.job import State
from troth.jobs.session import Session

# --- tenants ---


def _other_door(title: str, use):
    @case("E1", f"{title} another tenant's job", "no-such-job")
    def prepare(world: World) -> Tried:
        theirs, mine = world.planned(tenant=OTHER), world.planned(tenant=ACME)
        return Tried(lambda: use(world, theirs.id), lambda: use(world, mine.id))


_other_door("show", lambda w, name: w.executor.show(w.session(), name))
_other_door("plan", lambda w, name: w.executor.plan(w.session(), name))
_other_door("cancel", lambda w, name: w.executor.cancel(w.session(), name))
_other_door("run from the queue", lambda w, name: w.executor.work(ACME, name))


@case("E1", "list another tenant's jobs")
def _listed(world: World) -> Tried:
    world.planned(tenant=OTHER)

    def attack() -> None:
        assert all(job.tenant == ACME for job in world.executor.list(world.session(), most=1000))

    def twin() -> None:
        world.planned(tenant=ACME)
        assert world.executor.list(world.session())

    return Tried(attack, twin)


@case("E1", "settle another tenant's lost job", "no-such-job")
def _settled(world: World) -> Tried:
    theirs = world.planned(tenant=OTHER)
    _lose(world, theirs.id, OTHER)
    return Tried(
        lambda: world.executor.settle(world.session(), theirs.id, done=True, note="looked"),
        lambda: world.executor.settle(world.session(OTHER), theirs.id, done=True, note="looked"),
    )


def _lose(world: World, job_id: str, tenant=ACME) -> None:
    from sqlalchemy import update

    from troth.jobs.tables import JOBS

    with world.store.write(tenant) as t:
        t.execute(update(JOBS).where(JOBS.c.tenant == str(tenant), JOBS.c.id == job_id).values(state="lost"))


@case("E1", "sweep another tenant's jobs")
def _swept(world: World) -> Tried:
    from sqlalchemy import update

    from troth.jobs.tables import JOBS

    theirs = world.planned(tenant=OTHER)
    with world.store.write(OTHER) as t:
        t.execute(update(JOBS).where(JOBS.c.tenant == str(OTHER), JOBS.c.id == theirs.id).values(state="running", lease_until=1))

    def attack() -> None:
        assert theirs.id not in world.executor.sweep(ACME)
        assert world.executor.show(world.session(OTHER), theirs.id).state is State.RUNNING

    def twin() -> None:
        assert theirs.id in world.executor.sweep(OTHER)

    return Tried(attack, twin)


@case("E2", "a transaction without a tenant", "usage")
def _no_tenant(world: World) -> Tried:
    def attack() -> None:
        with world.store.read(None):  # type: ignore[arg-type]
            pass

    def twin() -> None:
        with world.store.read(ACME):
            pass

    return Tried(attack, twin)


@case("E2", "a statement without a tenant", "store-scope")
def _unscoped(world: World) -> Tried:
    from sqlalchemy import select

    from troth.jobs.tables import JOBS

    def read(statement) -> None:
        with world.store.read(ACME) as t:
            t.execute(statement).all()

    return Tried(lambda: read(select(JOBS)), lambda: read(select(JOBS).where(JOBS.c.tenant == str(ACME))))


@case("E2", "a statement for another tenant", "store-scope")
def _foreign(world: World) -> Tried:
    from sqlalchemy import select

    from troth.jobs.tables import JOBS

    def read(tenant) -> None:
        with world.store.read(ACME) as t:
            t.execute(select(JOBS).where(JOBS.c.tenant == str(tenant))).all()

    return Tried(lambda: read(OTHER), lambda: read(ACME))


def _raw_rows(world: World, *settings: str) -> int:
    """Rows that a connection of the program's own role sees after these settings, past everything of ours."""
    with world.store.engine.connect() as connection, connection.begin():
        for setting in settings:
            connection.exec_driver_sql(setting)
        return int(connection.exec_driver_sql("SELECT count(*) FROM troth.jobs").scalar_one() or 0)


for _title, _settings in (
    ("no tenant set", ()),
    ("an empty tenant set", ("SET LOCAL troth.tenant = ''", "SET LOCAL troth.project = ''")),
    ("a tenant without project", ("SET LOCAL troth.tenant = 'acme'",)),
    ("a pattern for a tenant", ("SET LOCAL troth.tenant = '%%'", "SET LOCAL troth.project = '%%'")),
    ("tenant and project split elsewhere", ("SET LOCAL troth.tenant = 'acme/web'", "SET LOCAL troth.project = ''")),
):

    @case("E2", f"row-level security with {_title}", only="postgresql")
    def _rls(world: World, settings: tuple[str, ...] = _settings) -> Tried:
        world.planned()

        def attack() -> None:
            assert _raw_rows(world, *settings) == 0

        def twin() -> None:
            assert _raw_rows(world, "SET LOCAL troth.tenant = 'acme'", "SET LOCAL troth.project = 'web'") > 0

        return Tried(attack, twin)


@case("E2", "a pooled connection that was another tenant's", only="postgresql")
def _pooled(world: World) -> Tried:
    def attack() -> None:
        for _ in range(20):
            with world.store.read(ACME):
                pass
            assert _raw_rows(world) == 0

    return Tried(attack, world.planned)


@case("E4", "functions that run with their maker's rights", only="postgresql")
def _definer(world: World) -> Tried:
    asked = (
        "SELECT count(*) FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace WHERE n.nspname NOT LIKE 'pg\\_%%' AND n.nspname <> 'information_schema' "
        "AND (p.prosecdef OR p.proconfig IS NULL)"
    )

    def attack() -> None:
        with world.store.engine.connect() as connection:
            assert connection.exec_driver_sql(asked).scalar_one() == 0

    return Tried(attack, world.planned)


@case("E5", "the ledger names somebody else than the session's caller")
def _actor(world: World) -> Tried:
    from tests.attacks.jobs.permits_forged import kept_text

    def attack() -> None:
        actor = f"mallory-{world.count}"
        job = world.planned(actor=actor)
        assert job.requester == actor
        assert any(actor in text and "job.submitted" in text for text in kept_text(world))

    return Tried(attack, world.planned)


for _name in ("Ana", "ana\n", "ana ", "\u0430na", "", "x" * 300, "ana\u202e"):

    @case("E5", f"a session of {_name[:20]!r}", "session")
    def _session(world: World, name: str = _name) -> Tried:
        return Tried(lambda: Session(ACME, name), lambda: Session(ACME, "ana"))


@case("E7", "an idempotency key again with other bytes", "idempotency")
def _key(world: World) -> Tried:
    key = f"same-{world.count}-{id(world)}"
    content = world.request(key=key)
    world.executor.submit(world.session(), content)
    other = world.request(key=key, name="other")
    return Tried(lambda: world.executor.submit(world.session(), other), lambda: world.executor.submit(world.session(), content))


@case("E7", "another tenant's idempotency key gives that tenant's job")
def _keys(world: World) -> Tried:
    key = f"shared-{world.count}"
    theirs = world.executor.submit(world.session(OTHER), world.request(tenant=OTHER, key=key))

    def attack() -> None:
        mine = world.executor.submit(world.session(), world.request(key=key))
        assert mine.id != theirs.id
        assert mine.tenant == ACME

    return Tried(attack, lambda: world.executor.show(world.session(OTHER), theirs.id))


@case("E7", "eight at once with one key and eight contents")
def _race(world: World) -> Tried:
    def attack() -> None:
        key = f"race-{world.count}"
        contents = [world.request(key=key, name=f"n{number}") for number in range(8)]
        taken: list[str] = []

        def submit(content: bytes) -> None:
            try:
                taken.append(world.executor.submit(world.session(), content).id)
            except TrothError as error:
                taken.append(getattr(error, "reason", error.code))

        threads = [threading.Thread(target=submit, args=(content,)) for content in contents]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(taken).count("idempotency") == 7, taken

    return Tried(attack, world.planned)


@case("E9", "a queue's payload that names another tenant", "no-such-job")
def _payload(world: World) -> Tried:
    job = world.planned()
    world.executor.approve([world.permit(job)])
    return Tried(lambda: world.executor.work(OTHER, job.id), lambda: world.executor.work(ACME, job.id))


@case("E3", "the queue's door for a job that nobody approved")
def _second_door(world: World) -> Tried:
    job = world.planned()

    def attack() -> None:
        before = world.effects()
        assert world.executor.work(ACME, job.id).state is State.PLANNED
        assert world.effects() == before

    def twin() -> None:
        world.executor.approve([world.permit(job)])
        assert world.executor.work(ACME, job.id).state is State.DONE

    return Tried(attack, twin)


@case("E3", "planning as a way to act")
def _planning(world: World) -> Tried:
    def attack() -> None:
        before = world.effects()
        for kind in ("repo.touch", "repo.note", "repo.look", "repo.telling"):
            world.planned(kind)
        assert world.effects() == before

    return Tried(attack, lambda: runs(world, world.permit(world.planned())))


@case("E3", "a job that only looks, run with a permit", "state")
def _looks(world: World) -> Tried:
    job = world.planned("repo.look")
    assert job.state is State.DONE
    return Tried(lambda: world.executor.run([world.permit(job)]), lambda: runs(world, world.permit(world.planned("repo.note"))))


@case("T22", "a flood of requests by one tenant", "rate")
def _flood(world: World) -> Tried:
    from dataclasses import replace

    from tests.jobs.world import ACME_API, REGISTRY
    from troth.jobs.executor import Executor, Rate

    small = Executor(world.store, REGISTRY, replace(world.settings, rate=Rate(burst=3, per_minute=1)))
    session = world.session(ACME_API)
    for _ in range(3):
        try:
            small.submit(session, world.request(tenant=ACME_API))
        except TrothError:
            break

    return Tried(lambda: small.submit(session, world.request(tenant=ACME_API)), lambda: world.executor.submit(world.session(), world.request()))
