"""A second blind set on tenants: statements that look tied to a tenant and are not, writes that move or cover another tenant's rows, and callers at the executor's doors."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from sqlalchemy import (
    Integer,
    bindparam,
    cast,
    column,
    delete,
    exists,
    false,
    func,
    insert,
    lateral,
    literal,
    literal_column,
    not_,
    or_,
    select,
    table,
    text,
    true,
    tuple_,
    union_all,
    update,
)
from sqlalchemy import (
    case as when,
)

from tests.attacks.jobs.cases import ANY, Tried, case, runs
from tests.jobs.world import ACME, ACME_API, OTHER, World
from troth.errors import TrothError
from troth.jobs.job import State
from troth.jobs.tables import JOBS, OUTBOX, RATES, SEALS, SPENT
from troth.jobs.tables import REVOCATIONS as GONE
from troth.terms.tenant import Tenant

OWN, THEIRS = str(ACME), str(OTHER)
HIS = JOBS.c.tenant == OWN
CHANGE = {"state": "cancelled"}


def _said(title: str, bad: Callable[[], Any], good: Callable[[], Any], *rows: dict[str, Any]) -> None:
    """A statement that reaches further than it seems; the twin is what somebody would rightly write."""

    @case("E2", title, *ANY)
    def prepare(world: World) -> Tried:
        world.planned()
        world.planned(tenant=OTHER)

        def ask(make: Callable[[], Any]) -> object:
            with world.store.write(ACME) as t:
                found = t.execute(make(), list(rows)) if rows else t.execute(make())
                return found.all() if found.returns_rows else found.rowcount

        return Tried(lambda: ask(bad), lambda: ask(good))


def _ids(*where: Any) -> Any:
    return select(JOBS.c.id).where(*where)


# --- conditions that do not hold for every row ----------------------------------------------------------------------------

_said("text that begins with OR behind the tenant's condition", lambda: _ids(HIS, text("1=0 OR 1=1")), lambda: _ids(HIS, or_(JOBS.c.attempt == 0, JOBS.c.attempt > 0)))
_said("a piece of SQL as a column in the condition", lambda: _ids(HIS, literal_column("1=0 OR 1=1")), lambda: _ids(HIS, true()))
_said("a condition whose own text ends it early", lambda: _ids(HIS, JOBS.c.id == literal_column("'' OR '1'='1'")), lambda: _ids(HIS, JOBS.c.id == literal("' OR '1'='1")))
_said("an operator of one's own that says OR", lambda: _ids(HIS.op("OR")(true())), lambda: _ids(HIS & (JOBS.c.attempt == 0)))
_said("the tenant's condition in a case", lambda: _ids(when((HIS, true()), else_=true())), lambda: _ids(HIS, when((JOBS.c.attempt == 0, true()), else_=true())))
_said("the negation of another tenant", lambda: _ids(not_(JOBS.c.tenant == THEIRS)), lambda: _ids(HIS, not_(JOBS.c.tenant == THEIRS)))
_said("a pair of columns compared at once with two tenants", lambda: _ids(tuple_(JOBS.c.tenant, JOBS.c.attempt).in_([(OWN, 0), (THEIRS, 0)])), lambda: _ids(HIS, tuple_(JOBS.c.attempt, JOBS.c.cancel).in_([(0, 0)])))
_said("an equality that is cast to a number", lambda: _ids(cast(HIS, Integer) >= 0), lambda: _ids(HIS, cast(JOBS.c.attempt, Integer) >= 0))
_said("the tenant's condition in HAVING alone", lambda: select(JOBS.c.tenant, func.count()).group_by(JOBS.c.tenant).having(HIS), lambda: select(func.count()).where(HIS).having(func.count() >= 0))
_said("the tenant's condition in a function's filter alone", lambda: select(func.count().filter(HIS), func.max(JOBS.c.id)), lambda: select(func.count().filter(JOBS.c.attempt == 0)).where(HIS))

# --- tables that are not named as such --------------------------------------------------------------------------------------

_said("a table that is named by text", lambda: select(column("id")).select_from(text("jobs")), lambda: select(column("x")).select_from(select(literal(1).label("x")).subquery()))
_said("a table that is only a name", lambda: select(column("id")).select_from(table("jobs", column("id"))), lambda: select(column("id")).select_from(_ids(HIS).subquery()))
_said("a whole query as a column", lambda: select(literal_column("(SELECT count(*) FROM jobs)")), lambda: select(select(func.count()).where(HIS).scalar_subquery()))
_said("a query behind the query", lambda: _ids(HIS).suffix_with("UNION ALL SELECT id FROM jobs"), lambda: union_all(_ids(HIS), _ids(HIS)))
_said("a query before the columns", lambda: _ids(HIS).prefix_with("(SELECT max(id) FROM jobs),"), lambda: _ids(HIS).distinct())
_said("a sample of a table", lambda: select(JOBS.tablesample(100).c.id), lambda: _ids(HIS))
_said("a side table that sees the one before", lambda: select(lateral(select(SPENT.c.id)).c.id).select_from(JOBS).where(HIS), lambda: select(JOBS.c.id, SPENT.c.id).join(SPENT, SPENT.c.tenant == JOBS.c.tenant).where(HIS))
_said("another tenant's rows in a common table", lambda: select(_ids(JOBS.c.tenant == THEIRS).cte().c.id), lambda: select(_ids(HIS).cte().c.id))
_said("a change in a common table", lambda: select(update(JOBS).values(**CHANGE).where(JOBS.c.tenant == THEIRS).returning(JOBS.c.id).cte().c.id), lambda: update(JOBS).values(attempt=JOBS.c.attempt).where(HIS))
_said("another tenant's rows in the order of one's own", lambda: _ids(HIS).order_by(select(SPENT.c.id).limit(1).scalar_subquery()), lambda: _ids(HIS).order_by(JOBS.c.id))
_said("another tenant's rows in the number of one's own", lambda: _ids(HIS).limit(select(func.count(OUTBOX.c.id)).scalar_subquery()), lambda: _ids(HIS).limit(select(func.count(OUTBOX.c.id)).where(OUTBOX.c.tenant == OWN).scalar_subquery()))
_said("a question whether another tenant has a row", lambda: _ids(HIS, exists(select(SEALS.c.job).where(SEALS.c.tenant == THEIRS))), lambda: _ids(HIS, exists(select(SEALS.c.job).where(SEALS.c.tenant == JOBS.c.tenant))))
_said("a common table that stands for a table of tenants by its columns' names", lambda: select(JOBS.c.id).join((c := select(literal(OWN).label("tenant")).cte()), c.c.tenant == OWN), lambda: select(JOBS.c.id).join((c := select(literal(OWN).label("tenant")).cte()), c.c.tenant == JOBS.c.tenant).where(HIS))

# --- writes ---------------------------------------------------------------------------------------------------------------


_said("a change that takes the new tenant from another column", lambda: update(JOBS).values(tenant=JOBS.c.requester).where(HIS, false()), lambda: update(JOBS).values(tenant=OWN).where(HIS, false()))
_said("a change that takes the new tenant from a piece of SQL", lambda: update(JOBS).values(tenant=literal_column(f"'{THEIRS}'")).where(HIS, false()), lambda: update(JOBS).values(requester=literal("x")).where(HIS, false()))
_said("a change whose value is read from another tenant", lambda: update(JOBS).values(reason=select(func.max(SPENT.c.id)).scalar_subquery()).where(HIS, false()), lambda: update(JOBS).values(reason=select(func.max(SPENT.c.id)).where(SPENT.c.tenant == OWN).scalar_subquery()).where(HIS, false()))
_said("a row whose value is read from another tenant", lambda: insert(RATES).values(tenant=OWN, tokens=select(func.max(JOBS.c.attempt)).scalar_subquery(), at=1), lambda: update(RATES).values(tokens=select(func.max(JOBS.c.attempt)).where(HIS).scalar_subquery()).where(RATES.c.tenant == OWN, false()))
_said("a deletion by way of another table that nobody ties", lambda: delete(OUTBOX).where(OUTBOX.c.job == JOBS.c.id, JOBS.c.tenant == THEIRS), lambda: delete(OUTBOX).where(OUTBOX.c.tenant == OWN, false()))
_said("what a change gives back is of another table", lambda: update(JOBS).values(attempt=JOBS.c.attempt).where(HIS, false()).returning(select(func.count(SPENT.c.id)).scalar_subquery()), lambda: update(JOBS).values(attempt=JOBS.c.attempt).where(HIS, false()).returning(JOBS.c.id))
_said("two tenants in one statement for many", lambda: update(JOBS).values(attempt=JOBS.c.attempt).where(JOBS.c.tenant == bindparam("whose"), JOBS.c.id == bindparam("which")), lambda: update(JOBS).values(attempt=JOBS.c.attempt).where(HIS, JOBS.c.id == bindparam("which")), {"whose": OWN, "which": "x"}, {"whose": THEIRS, "which": "y"})


def _covers(dialect: str) -> Any:
    from sqlalchemy.dialects import postgresql, sqlite

    return (postgresql if dialect == "postgresql" else sqlite).insert


@case("E2", "a row that covers another tenant's where both have its key", *ANY)
def _upsert(world: World) -> Tried:
    def put(**changed: Any) -> object:
        made = _covers(world.store.dialect)(GONE).values(tenant=OWN, kind="jti", value=f"v{world.count}", at=1, actor="a", reason="r")
        with world.store.write(ACME) as t:
            return t.execute(made.on_conflict_do_update(index_elements=["tenant", "kind", "value"], set_=changed))

    def twin() -> None:
        made = _covers(world.store.dialect)(RATES).values(tenant=OWN, tokens=10_000_000, at=1)
        with world.store.write(ACME) as t:
            t.execute(made.on_conflict_do_update(index_elements=["tenant"], set_={"tokens": 10_000_000}))

    return Tried(lambda: put(tenant=THEIRS), twin)


# --- doors ----------------------------------------------------------------------------------------------------------------


@case("E9", "two threads in one transaction, of which one is another tenant's")
def _threads(world: World) -> Tried:
    world.planned(tenant=OTHER)

    def attack() -> None:
        wrong: list[object] = []

        def look(tenant: Tenant) -> None:
            for _ in range(15):
                with world.store.read(tenant) as t:
                    wrong.extend(row for row in t.execute(select(JOBS.c.tenant).where(JOBS.c.tenant == str(tenant))).all() if row[0] != str(tenant))

        threads = [threading.Thread(target=look, args=(tenant,)) for tenant in (ACME, OTHER, ACME_API) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert not wrong

    return Tried(attack, world.planned)


def _not_mine(title: str, use: Callable[[World, str], object]) -> None:
    """The same tenant's other project is as far away as another tenant."""

    @case("E1", title, "no-such-job", "job", *ANY)
    def prepare(world: World) -> Tried:
        theirs, mine = world.planned(tenant=ACME_API), world.planned()
        return Tried(lambda: use(world, theirs.id), lambda: use(world, mine.id))


_not_mine("another project's job is shown", lambda w, name: w.executor.show(w.session(), name))
_not_mine("another project's job is cancelled", lambda w, name: w.executor.cancel(w.session(), name))
_not_mine("another project's job is planned anew", lambda w, name: w.executor.plan(w.session(), name))


@case("T9", "a permit for one project, at a job that the other project has in the same bytes' form", *ANY)
def _project(world: World) -> Tried:
    mine, theirs = world.planned(), world.planned(tenant=ACME_API)
    claims = world.claims(theirs)

    def attack() -> object:
        from dataclasses import replace

        from troth.jobs.permits.envelope import seal

        return world.executor.run([seal(replace(claims, project="web"), [world.people.keys["ana"]])])

    return Tried(attack, lambda: runs(world, world.permit(mine)))


@case("E1", "a request whose tenant is another than its sender's, with that tenant's own idempotency key", *ANY)
def _sent(world: World) -> Tried:
    content = world.request(tenant=OTHER, key=f"own-{world.count}")
    world.executor.submit(world.session(OTHER), content)
    return Tried(lambda: world.executor.submit(world.session(), content), lambda: world.executor.submit(world.session(OTHER), content))


@case("E1", "a list that asks for a state tells of another tenant's jobs")
def _states(world: World) -> Tried:
    theirs = world.planned(tenant=OTHER)

    def attack() -> None:
        for state in State:
            assert theirs.id not in {job.id for job in world.executor.list(world.session(), state, most=10**9)}

    return Tried(attack, lambda: world.executor.list(world.session(OTHER), State.PLANNED))


@case("E1", "a door whose session is somebody's own object", *ANY)
def _session(world: World) -> Tried:
    job = world.planned()

    class Anyone:
        tenant, actor, person = "acme/web", "root", True

    def attack() -> object:
        try:
            return world.executor.cancel(Anyone(), job.id)  # type: ignore[arg-type]
        except (AttributeError, TypeError) as error:
            raise TrothError("not a session") from error

    return Tried(attack, lambda: world.executor.cancel(world.session(), job.id))
