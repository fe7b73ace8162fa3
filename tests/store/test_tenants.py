"""No row of another tenant is reached: by the check of every statement on both back ends, and by row-level security on PostgreSQL once more."""

from __future__ import annotations

import threading

import pytest
from sqlalchemy import and_, bindparam, delete, exists, func, insert, literal, or_, select, text, union_all, update
from sqlalchemy.exc import DBAPIError

from tests.store.things import NAMES, OTHER, OWN, PARTS, THINGS, thing
from troth.errors import StoreError, UsageError
from troth.store import ScopeError, Store, open_store
from troth.store.scope import demand_scope

ME = str(OWN)
T, P = THINGS.c, PARTS.c
SECOND = THINGS.alias("second")


@pytest.fixture
def filled(store: Store) -> Store:
    for tenant in (OWN, OTHER):
        with store.write(tenant) as transaction:
            transaction.execute(insert(THINGS), [thing(f"{tenant.project} {number}", tenant, count=number) for number in range(3)])
            transaction.execute(insert(PARTS), [{"tenant": str(tenant), "id": "part", "thing": f"{tenant.project} 1"}])
    return store


REACHING = {
    "no condition": select(THINGS),
    "another's name": select(THINGS).where(T.tenant == str(OTHER)),
    "by id alone": select(THINGS).where(T.id == "api 1"),
    "or": select(THINGS).where(or_(T.tenant == ME, T.id == "api 1")),
    "not": select(THINGS).where(~(T.tenant == ME)),
    "unequal": select(THINGS).where(T.tenant != ME),
    "in": select(THINGS).where(T.tenant.in_([ME, str(OTHER)])),
    "like": select(THINGS).where(T.tenant.like("acme/%")),
    "itself": select(THINGS).where(T.tenant == T.tenant),
    "join of one": select(THINGS.c.id, PARTS.c.id).join(PARTS, P.thing == T.id).where(T.tenant == ME),
    "outer join of one": select(THINGS.c.id).outerjoin(PARTS, and_(P.thing == T.id, T.tenant == ME)).where(P.tenant == ME),
    "outer join, condition on the kept side": select(THINGS.c.id).outerjoin(PARTS, and_(P.tenant == ME, P.tenant == T.tenant)),
    "full join": select(THINGS.c.id).join(PARTS, and_(P.tenant == ME, T.tenant == ME), full=True),
    "product": select(THINGS.c.id, PARTS.c.id).where(T.tenant == ME),
    "alias": select(SECOND.c.id).where(T.tenant == ME, T.id == "web 1"),
    "alias beside": select(T.id, SECOND.c.id).where(T.tenant == ME),
    "subquery": select(T.id).where(T.tenant == ME, T.id.in_(select(P.thing))),
    "scalar subquery": select(T.id, select(func.count()).select_from(PARTS).scalar_subquery()).where(T.tenant == ME),
    "exists": select(literal(1)).where(exists().where(P.id == "part")),
    "from a subquery": select(select(THINGS).subquery().c.id),
    "cte": select(select(THINGS).cte("all_things").c.id),
    "union": union_all(select(T.id).where(T.tenant == ME), select(T.id)),
    "the same table again": select(T.id).where(T.tenant == ME, T.id.in_(select(T.id))),
    "correlated by id": select(T.id).where(T.tenant == ME, exists().where(P.thing == T.id)),
    "correlated to one that is not tied": select(T.id).where(exists().where(P.tenant == T.tenant, P.thing == T.id)),
    "another's in a correlated one": select(T.id).where(T.tenant == ME, exists().where(P.tenant == T.tenant, SECOND.c.id == P.thing)),
    "correlated from a subquery": select(select(T.id).where(T.id == P.thing).subquery().c.id).join(PARTS, P.tenant == ME),
    "text": text("SELECT * FROM things"),
    "condition as text": select(THINGS).where(text("tenant = 'acme/web'")),
    "update": update(THINGS).values(count=0),
    "update by id": update(THINGS).where(T.id == "api 1").values(count=0),
    "update moves": update(THINGS).where(T.tenant == ME).values(tenant=str(OTHER)),
    "update by another table": update(THINGS).where(T.tenant == ME, P.thing == T.id).values(count=0),
    "update from a subquery": update(THINGS).where(T.tenant == ME).values(count=select(func.count()).select_from(PARTS).scalar_subquery()),
    "delete": delete(THINGS),
    "delete by subquery": delete(THINGS).where(T.tenant == ME, T.id.in_(select(P.thing))),
    "insert for another": insert(THINGS).values(**thing("x", OTHER)),
    "insert for nobody": insert(THINGS).values(id="x"),
    "insert from select": insert(PARTS).from_select(["tenant", "id", "thing"], select(T.tenant, T.id, T.id)),
}
KEEPING = {
    "plain": select(THINGS).where(T.tenant == ME),
    "turned round": select(THINGS).where(literal(ME) == T.tenant),
    "and": select(THINGS).where(and_(T.tenant == ME, or_(T.id == "web 1", T.count > 1))),
    "where twice": select(THINGS).where(T.tenant == ME).where(T.id == "web 1"),
    "join": select(T.id).join(PARTS, and_(P.tenant == T.tenant, P.thing == T.id)).where(T.tenant == ME),
    "outer join": select(T.id).outerjoin(PARTS, and_(P.tenant == ME, P.thing == T.id)).where(T.tenant == ME),
    "alias": select(SECOND.c.id).where(SECOND.c.tenant == ME),
    "subquery": select(T.id).where(T.tenant == ME, T.id.in_(select(P.thing).where(P.tenant == ME))),
    "correlated": select(T.id).where(T.tenant == ME, exists().where(P.tenant == T.tenant, P.thing == T.id)),
    "scalar correlated": select(T.id, select(func.count()).where(P.tenant == T.tenant, P.thing == T.id).scalar_subquery()).where(T.tenant == ME),
    "correlated update": update(THINGS).where(T.tenant == ME, exists().where(P.tenant == T.tenant, P.thing == T.id)).values(count=1),
    "from a subquery": select(select(THINGS).where(T.tenant == ME).subquery().c.id),
    "union": union_all(select(T.id).where(T.tenant == ME), select(P.id).where(P.tenant == ME)),
    "count": select(func.count()).select_from(THINGS).where(T.tenant == ME),
    "no table": select(literal(1)),
    "a table of nobody": select(NAMES),
    "update": update(THINGS).where(T.tenant == ME, T.id == "web 1").values(count=T.count + 1),
    "delete": delete(PARTS).where(P.tenant == ME),
    "insert": insert(THINGS).values(**thing("new")),
    "locking": select(THINGS).where(T.tenant == ME).with_for_update(),
}


@pytest.mark.parametrize("name", REACHING)
def test_a_statement_that_could_reach_another_tenant_is_refused(name: str) -> None:
    with pytest.raises(ScopeError):
        demand_scope(REACHING[name], None, ME)


def shapes(tenant: str, other: str) -> list[object]:
    return [
        select(T.id).where(T.tenant == tenant, T.id == other),
        select(T.id).where(T.id == other, T.tenant == tenant),
        select(T.id).where(T.tenant == tenant, T.id.in_(select(P.thing).where(P.tenant == tenant))),
        union_all(select(T.id).where(T.tenant == tenant), select(P.id).where(P.tenant == tenant)),
        update(THINGS).where(T.tenant == tenant, T.id == other).values(count=1),
        delete(PARTS).where(P.tenant == tenant),
    ]


@pytest.mark.parametrize("at", range(6))
def test_a_form_that_was_let_through_is_refused_with_another_tenants_name(at: int) -> None:
    for _ in range(2):
        demand_scope(shapes(ME, "web 1")[at], None, ME)
        with pytest.raises(ScopeError):
            demand_scope(shapes(str(OTHER), ME)[at], None, ME)
        with pytest.raises(ScopeError):
            demand_scope(shapes(ME, "web 1")[at], None, str(OTHER))
        demand_scope(shapes(str(OTHER), "api 1")[at], None, str(OTHER))


def test_a_form_with_two_tenants_is_refused_whichever_of_them_is_anothers() -> None:
    def both(one: str, two: str) -> object:
        return select(T.id).where(T.tenant == one, T.id.in_(select(P.thing).where(P.tenant == two)))

    for _ in range(2):
        demand_scope(both(ME, ME), None, ME)
        for wrong in (both(ME, str(OTHER)), both(str(OTHER), ME)):
            with pytest.raises(ScopeError):
                demand_scope(wrong, None, ME)


def test_values_given_beside_a_known_form_are_looked_at_each_time() -> None:
    statement = select(T.id).where(T.tenant == bindparam("whose"))
    demand_scope(statement, {"whose": ME}, ME)
    for given in ({"whose": str(OTHER)}, {}, None, [{"whose": ME}, {"whose": str(OTHER)}]):
        with pytest.raises(ScopeError):
            demand_scope(statement, given, ME)
    demand_scope(insert(THINGS), thing("a"), ME)
    for given in (thing("a", OTHER), {"id": "a"}, [thing("a"), thing("b", OTHER)]):
        with pytest.raises(ScopeError):
            demand_scope(insert(THINGS), given, ME)


def test_statements_that_could_reach_another_tenant_are_not_executed(filled: Store) -> None:
    with filled.write(OWN) as transaction:
        for statement in REACHING.values():
            with pytest.raises(ScopeError):
                transaction.execute(statement)


def test_statements_that_keep_to_their_tenant_are_executed(filled: Store) -> None:
    with filled.write(OWN) as transaction:
        for name, statement in KEEPING.items():
            done = transaction.execute(statement)
            if done.returns_rows:
                assert not [row for row in done.all() if "api" in str(row)], name


@pytest.mark.parametrize("given", [[{"tenant": str(OTHER), "id": "x"}], [{"id": "x"}], [thing("x"), thing("y", OTHER)], []])
def test_rows_of_an_insert_name_the_tenant(filled: Store, given: list[dict[str, object]]) -> None:
    with filled.write(OWN) as transaction, pytest.raises(ScopeError):
        transaction.execute(insert(THINGS), given)


def test_a_prepared_statement_is_checked_with_its_parameters(filled: Store) -> None:
    prepared = select(T.id).where(T.tenant == bindparam("whose"))
    with filled.read(OWN) as transaction:
        assert len(transaction.execute(prepared, {"whose": ME}).all()) == 3
        for given in ({"whose": str(OTHER)}, {}, None):
            with pytest.raises(ScopeError):
                transaction.execute(prepared, given)


@pytest.mark.parametrize("tenant", [None, "", "acme/web", ("acme", "web"), object()])
def test_nothing_is_opened_without_a_tenant(filled: Store, tenant: object) -> None:
    for opens in (filled.read, filled.write):
        with pytest.raises(UsageError, match="tenant"), opens(tenant):  # type: ignore[arg-type]
            pass


def raw(store: Store, *settings: str) -> int:
    """Rows that a connection of the same role sees past the access layer, after these settings."""
    with store.engine.connect() as connection, connection.begin():
        for setting in settings:
            connection.execute(text(setting))
        return int(connection.execute(text("SELECT count(*) FROM things")).scalar() or 0)


@pytest.mark.parametrize("store", ["postgresql"], indirect=True)
def test_row_level_security_fails_closed(filled: Store) -> None:
    with filled.read(OWN) as transaction:
        transaction.execute(select(THINGS).where(T.tenant == ME))

    assert raw(filled) == 0  # unset, on a pooled connection that was a tenant's a moment ago
    assert raw(filled, "SET LOCAL troth.tenant = ''", "SET LOCAL troth.project = ''") == 0
    assert raw(filled, "SET LOCAL troth.tenant = 'acme'") == 0
    assert raw(filled, "SET LOCAL troth.project = 'web'") == 0
    assert raw(filled, "SET LOCAL troth.tenant = 'acme'", "SET LOCAL troth.project = '%'") == 0
    assert raw(filled, "SET LOCAL troth.tenant = 'acme/web'", "SET LOCAL troth.project = ''") == 0
    assert raw(filled, "SET LOCAL troth.tenant = 'acme'", "SET LOCAL troth.project = 'web'") == 3
    assert raw(filled) == 0


@pytest.mark.parametrize("store", ["postgresql"], indirect=True)
def test_row_level_security_refuses_to_write_for_another(filled: Store) -> None:
    mine = ["SET LOCAL troth.tenant = 'acme'", "SET LOCAL troth.project = 'web'"]
    with pytest.raises(DBAPIError, match="row-level security"):
        raw(filled, *mine, "INSERT INTO things (tenant, id) VALUES ('acme/api', 'x')")
    with pytest.raises(DBAPIError, match="row-level security"):
        raw(filled, *mine, "UPDATE things SET tenant = 'acme/api'")
    raw(filled, *mine, "UPDATE things SET count = 77", "DELETE FROM things WHERE tenant = 'acme/api'")
    with filled.read(OTHER) as transaction:
        assert [row.count for row in transaction.execute(select(T.count).where(T.tenant == str(OTHER)).order_by(T.id))] == [0, 1, 2]


@pytest.mark.parametrize("store", ["postgresql"], indirect=True)
def test_a_role_that_row_level_security_does_not_bind_is_refused(filled: Store, postgres: object) -> None:
    from sqlalchemy.engine import make_url

    admin = make_url(str(postgres.admin)).set(drivername="postgresql+psycopg", database=filled.engine.url.database)  # type: ignore[attr-defined]
    with open_store(admin.render_as_string(hide_password=False)) as store, pytest.raises(StoreError, match="superuser"), store.write(OWN):
        pass


def test_tenants_at_once_on_one_pool_see_their_own(filled: Store) -> None:
    wrong: list[object] = []

    def look(tenant: object) -> None:
        for _ in range(30):
            with filled.read(tenant) as transaction:  # type: ignore[arg-type]
                rows = transaction.execute(select(T.id).where(T.tenant == str(tenant))).scalars().all()
                if len(rows) != 3 or not all(str(row).startswith(tenant.project) for row in rows):  # type: ignore[attr-defined]
                    wrong.append(rows)

    threads = [threading.Thread(target=look, args=(tenant,)) for tenant in (OWN, OTHER, OWN, OTHER)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
