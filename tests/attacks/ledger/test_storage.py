"""Whoever holds the database changes it; the audit names the first bad entry or the missing range. Beside each attack stands what is allowed and looks like it."""

from __future__ import annotations

import json
from unittest import mock

import pytest
from sqlalchemy import text

from tests.attacks.ledger.scene import NOW, OTHER, OWN, SIZE, START, Act, Scene, entry
from troth.errors import LedgerError
from troth.ledger.entry import Leaf, leaf_bytes, parse_leaf
from troth.ledger.log import Log
from troth.ledger.tree import Frontier, leaf_hash
from troth.store import StoreAwayError


def edited(leaf: bytes, **changed: object) -> bytes:
    told = json.loads(leaf) | changed
    return json.dumps(told, sort_keys=True, separators=(",", ":")).encode()


def edit_leaf(scene: Scene) -> None:
    scene.sql("UPDATE ledger_leaves SET leaf = :leaf WHERE {own} AND number = 77", leaf=scene.leaf(77)[:-2] + b"2}")


def edit_leaf_and_hash(scene: Scene) -> None:
    leaf = edited(scene.leaf(77), actor="somebody else")
    scene.sql("UPDATE ledger_leaves SET leaf = :leaf, hash = :hash WHERE {own} AND number = 77", leaf=leaf, hash=leaf_hash(leaf))


def edit_hash_only(scene: Scene) -> None:
    scene.sql("UPDATE ledger_leaves SET hash = :hash WHERE {own} AND number = 77", hash=bytes(32))


def edit_and_rebuild(scene: Scene) -> None:
    rows = scene.rows()
    rows[77] = (edited(rows[77][0], actor="somebody else"), *rows[77][1:])
    scene.rebuild(rows)


def delete_middle(scene: Scene) -> None:
    scene.sql("DELETE FROM ledger_leaves WHERE {own} AND number BETWEEN 100 AND 104")


def delete_tail(scene: Scene) -> None:
    scene.sql("DELETE FROM ledger_leaves WHERE {own} AND number >= 290")


def cut_and_rebuild(scene: Scene) -> None:
    scene.rebuild(scene.rows()[:250])


def delete_all(scene: Scene) -> None:
    scene.sql("DELETE FROM ledger_leaves WHERE {own}")


def delete_all_and_begin_anew(scene: Scene) -> None:
    scene.rebuild([])
    scene.log = Log("troth/test")
    scene.grow(0, SIZE)


def insert_in_the_middle(scene: Scene) -> None:
    rows = scene.rows()
    rows.insert(100, (edited(rows[100][0], actor="somebody else"), *rows[100][1:]))
    scene.rebuild(rows)


def reorder(scene: Scene) -> None:
    rows = scene.rows()
    rows[100], rows[101] = rows[101], rows[100]
    scene.rebuild(rows)


def duplicate(scene: Scene) -> None:
    rows = scene.rows()
    scene.rebuild([*rows, rows[100]])


def swap_tenants(scene: Scene) -> None:
    with scene.store.read(OTHER) as transaction:
        theirs = next(iter(scene.log.leaves(transaction, 5, 6)))
    rows = scene.rows()
    rows[5] = theirs
    scene.rebuild(rows)


def move_rows_to_another_tenant(scene: Scene) -> None:
    scene.sql("UPDATE ledger_leaves SET tenant = :other WHERE {own} AND number = 299", other=str(OTHER))


def rewind_a_clock(scene: Scene) -> None:
    rows = scene.rows()
    rows.append((leaf_bytes(Leaf(SIZE, scene.name, "job.step", START - 9_000_000, "robot", "x", "0" * 64)), None, None))
    scene.rebuild(rows)


def write_from_the_future(scene: Scene) -> None:
    with scene.store.write(OWN) as transaction:
        scene.log.append(transaction, entry(0, at=NOW + 86_400_000))


def edit_a_body(scene: Scene) -> None:
    scene.sql("UPDATE ledger_bodies SET body = :body WHERE {own} AND number = 77", body=b'{"n":78}')


def edit_a_salt(scene: Scene) -> None:
    scene.sql("UPDATE ledger_bodies SET salt = :salt WHERE {own} AND number = 77", salt=bytes(32))


def delete_a_body(scene: Scene) -> None:
    scene.sql("DELETE FROM ledger_bodies WHERE {own} AND number = 77")


def erase_and_keep(scene: Scene) -> None:
    with mock.patch("troth.ledger.log.ERASED", "nothing is"), scene.store.write(OWN) as transaction:  # a program that has no such rule
        scene.log.append(transaction, entry(SIZE, kind="ledger.erased", subject="77", body={}))


def add_a_body_of_no_entry(scene: Scene) -> None:
    scene.sql("INSERT INTO ledger_bodies (tenant, origin, number, salt, body) VALUES (:t, 'troth/test', 999, :s, :b)", t=str(OWN), s=bytes(32), b=b"{}")


def edit_a_tile(scene: Scene) -> None:
    scene.sql("UPDATE ledger_tiles SET hash = :hash WHERE {own}", hash=bytes(32))


def delete_a_tile(scene: Scene) -> None:
    scene.sql("DELETE FROM ledger_tiles WHERE {own}")


def edit_the_head(scene: Scene) -> None:
    scene.sql("UPDATE ledger_heads SET frontier = :f WHERE {own}", f=Frontier(SIZE, [bytes(32)] * SIZE.bit_count()).pack())
    scene.log = Log("troth/test")
    scene.grow(SIZE, SIZE + 5)


def damage_the_head(scene: Scene) -> None:
    scene.sql("UPDATE ledger_heads SET frontier = :f WHERE {own}", f=b"short")


def rewind_the_head(scene: Scene) -> None:
    scene.sql("UPDATE ledger_heads SET size = 0, frontier = :f WHERE {own}", f=b"")


def spell_a_leaf_otherwise(scene: Scene) -> None:
    rows = scene.rows()
    rows[299] = (rows[299][0].replace(b'":', b'": ', 1), *rows[299][1:])
    scene.rebuild(rows)
    scene.kept = scene.kept[:1]


def add_a_field(scene: Scene) -> None:
    rows = scene.rows()
    rows[299] = (edited(rows[299][0], note="x"), *rows[299][1:])
    scene.rebuild(rows)
    scene.kept = scene.kept[:1]


def trailing_garbage(scene: Scene) -> None:
    rows = scene.rows()
    rows[299] = (rows[299][0] + b"\n", *rows[299][1:])
    scene.rebuild(rows)
    scene.kept = scene.kept[:1]


def a_number_that_is_text(scene: Scene) -> None:
    rows = scene.rows()
    rows[299] = (rows[299][0].replace(b'"number":299', b'"number":"299"'), *rows[299][1:])
    scene.rebuild(rows)
    scene.kept = scene.kept[:1]


ATTACKS: dict[Act, str] = {
    edit_leaf: "entry 77:", edit_leaf_and_hash: "first 200 entries", edit_hash_only: "entry 77:", edit_and_rebuild: "first 200 entries",
    delete_middle: "entries 100 to 104: missing", delete_tail: "entries 290 to 299: missing", cut_and_rebuild: "entries 250 to 299: missing",
    delete_all: "entries 0 to 199: missing", delete_all_and_begin_anew: "first 200 entries", insert_in_the_middle: "entry 101: it was written as entry 100",
    reorder: "entry 100: it was written as entry 101", duplicate: "entry 300: it was written as entry 100", swap_tenants: "entry 5: it belongs to the log",
    move_rows_to_another_tenant: "entry 299: missing", rewind_a_clock: "entry 300: its time", write_from_the_future: "entry 300: its time", edit_a_body: "entry 77: what it says was changed",
    edit_a_salt: "entry 77: what it says was changed", delete_a_body: "entry 77: what it says is gone", erase_and_keep: "entry 77: entry 300 says", add_a_body_of_no_entry: "belong to no entry",
    edit_a_tile: "tiles", delete_a_tile: "tiles", edit_the_head: "head is not that", damage_the_head: "head is not that", rewind_the_head: "head is not that",
    spell_a_leaf_otherwise: "entry 299: an entry is not in its one spelling", add_a_field: "entry 299: an entry does not have the fields", trailing_garbage: "entry 299: an entry is not in its one spelling",
    a_number_that_is_text: "entry 299: an entry's field has another type",
}  # fmt: skip


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.__name__)
def test_what_was_done_to_the_database_is_found_and_named(scene: Scene, attack: Act) -> None:
    assert scene.audit().problems == ()
    attack(scene)

    with pytest.raises(LedgerError, match=ATTACKS[attack]):
        scene.audit().demand()


def nothing(scene: Scene) -> None:
    """Reading is no change."""
    scene.audit()


def grow(scene: Scene) -> None:
    scene.grow(SIZE, SIZE + 300)


def another_process_grows(scene: Scene) -> None:
    scene.log = Log("troth/test")
    scene.grow(SIZE, SIZE + 1)


def another_tenant_grows(scene: Scene) -> None:
    scene.grow(10, 400, OTHER)


def erase(scene: Scene) -> None:
    with scene.store.write(OWN) as transaction:
        assert scene.log.erase(transaction, 77, at=NOW, actor="dpo", reason="asked for")


def a_clock_that_is_a_minute_behind(scene: Scene) -> None:
    with scene.store.write(OWN) as transaction:
        scene.log.append(transaction, entry(SIZE, at=START + SIZE - 60_000))


def a_transaction_that_fails(scene: Scene) -> None:
    with pytest.raises(ZeroDivisionError), scene.store.write(OWN) as transaction:
        scene.log.append(transaction, entry(SIZE))
        raise ZeroDivisionError
    scene.grow(SIZE, SIZE + 2)


def a_savepoint_that_fails(scene: Scene) -> None:
    with scene.store.write(OWN) as transaction:
        scene.log.append(transaction, entry(SIZE))
        with pytest.raises(ZeroDivisionError), transaction.savepoint():
            scene.log.append(transaction, entry(SIZE + 1))
            raise ZeroDivisionError
        scene.log.append(transaction, entry(SIZE + 2))


def the_same_words_twice(scene: Scene) -> None:
    with scene.store.write(OWN) as transaction:
        scene.log.append_many(transaction, [entry(SIZE), entry(SIZE)])


def words_of_an_attack(scene: Scene) -> None:
    with scene.store.write(OWN) as transaction:
        scene.log.append(transaction, entry(SIZE, actor="'; DELETE FROM ledger_leaves; --", body={"text": '"}\n{"forged":true}\x00\u2028', "ключ": None}))


def restore_of_a_backup_as_it_was(scene: Scene) -> None:
    scene.rebuild(scene.rows())
    scene.sql("UPDATE ledger_heads SET latest = :l WHERE {own}", l=START + SIZE - 1)


TWINS: list[Act] = [
    nothing, grow, another_process_grows, another_tenant_grows, erase, a_clock_that_is_a_minute_behind, a_transaction_that_fails, a_savepoint_that_fails, the_same_words_twice,
    words_of_an_attack, restore_of_a_backup_as_it_was,
]  # fmt: skip


@pytest.mark.parametrize("twin", TWINS, ids=lambda twin: twin.__name__)
def test_what_is_allowed_is_not_taken_for_an_attack(scene: Scene, twin: Act) -> None:
    twin(scene)
    found = scene.audit()

    assert found.problems == ()
    assert found.confirmed == (200, 300)
    assert scene.audit(OTHER).problems == ()


@pytest.mark.parametrize("table", ["ledger_leaves", "ledger_tiles"])
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE {table} SET number = number + 1000", "DELETE FROM {table}", "UPDATE {table} SET hash = hash",
        "INSERT OR REPLACE INTO {table} SELECT * FROM {table} LIMIT 1", "REPLACE INTO {table} SELECT * FROM {table} LIMIT 1", "TRUNCATE {table}",
    ],
)  # fmt: skip
def test_rows_that_only_grow_are_not_changed_by_plain_sql(scene: Scene, table: str, statement: str) -> None:
    if ("REPLACE" if scene.dialect == "postgresql" else "TRUNCATE") in statement:
        pytest.skip("not in this dialect")
    with scene.store.engine.connect() as connection, pytest.raises(Exception, match="append-only"):
        if scene.dialect == "postgresql":
            connection.execute(text("SELECT set_config('troth.tenant', 'acme', false), set_config('troth.project', 'web', false)"))
        connection.execute(text(statement.format(table=table)))
    assert scene.audit().problems == ()


def loosen(scene: Scene) -> None:
    """Leaves in a table that takes anything: what an attacker with the database can make of it."""
    if scene.dialect == "postgresql":
        scene.sql("ALTER TABLE ledger_leaves DROP CONSTRAINT pk_ledger_leaves")
        for column in ("tenant", "number", "leaf", "hash"):
            scene.sql(f"ALTER TABLE ledger_leaves ALTER COLUMN {column} DROP NOT NULL")
        return
    scene.sql("CREATE TABLE loose AS SELECT * FROM ledger_leaves")
    scene.sql("DROP TABLE ledger_leaves")
    scene.sql("ALTER TABLE loose RENAME TO ledger_leaves")


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ("UPDATE ledger_leaves SET number = NULL WHERE {own} AND number = 77", "a row whose number is none|entry 77: missing"),
        ("UPDATE ledger_leaves SET leaf = NULL WHERE {own} AND number = 77", "entry 77: its bytes are none"),
        ("UPDATE ledger_leaves SET hash = NULL WHERE {own} AND number = 77", "entry 77"),
        ("UPDATE ledger_leaves SET tenant = NULL WHERE {own} AND number = 77", "entry 77: missing"),
        ("INSERT INTO ledger_leaves SELECT * FROM ledger_leaves WHERE {own} AND number = 77", "entry 77: it is there twice"),
    ],
)
def test_rows_that_cannot_be_read_are_problems_not_gaps(scene: Scene, change: str, named: str) -> None:
    loosen(scene)
    assert scene.audit().problems == ()
    scene.sql(change)

    with pytest.raises(LedgerError, match=named):
        scene.audit().demand()


@pytest.mark.parametrize("affinity", ["TEXT", "BLOB", ""])
def test_a_number_of_another_type_is_a_problem(scene: Scene, affinity: str) -> None:
    if scene.dialect != "sqlite":
        pytest.skip("PostgreSQL has no values of another type than their column's")
    loosen(scene)
    scene.sql(f"CREATE TABLE typed (tenant, origin, number {affinity}, leaf, hash)")
    scene.sql("INSERT INTO typed SELECT tenant, origin, CASE WHEN number = 77 THEN CAST(number AS TEXT) ELSE number END, leaf, hash FROM ledger_leaves")
    scene.sql("DROP TABLE ledger_leaves")
    scene.sql("ALTER TABLE typed RENAME TO ledger_leaves")

    with pytest.raises(LedgerError, match=r"missing|number"):
        scene.audit().demand()


def test_an_audit_without_a_checkpoint_says_that_nothing_confirmed_it(scene: Scene) -> None:
    assert scene.audit(kept=False).confirmed == ()
    cut_and_rebuild(scene)

    assert scene.audit(kept=False).problems == ()  # a log alone cannot show that its end was cut off: that is what checkpoints are for
    assert scene.audit(kept=False).confirmed == ()


def test_a_full_disk_leaves_the_log_as_it_was(scene: Scene) -> None:
    if scene.dialect != "sqlite":
        pytest.skip("a full disk is made with SQLite's page limit")
    with scene.store.engine.connect() as connection:
        pages = connection.execute(text("PRAGMA page_count")).scalar()
    raw = scene.store.engine.raw_connection()
    raw.driver_connection.execute(f"PRAGMA max_page_count = {pages}")
    raw.close()

    with pytest.raises(StoreAwayError, match="full"):
        for number in range(50):
            with scene.store.write(OWN) as transaction:
                scene.log.append(transaction, entry(SIZE, body={"text": "x" * 20_000, "n": number}))
    scene.store.close()
    found = scene.audit()
    assert found.problems == ()
    scene.grow(found.size, found.size + 10)
    assert scene.audit().size == found.size + 10


def test_the_leaf_of_an_entry_names_its_place(scene: Scene) -> None:
    assert parse_leaf(scene.leaf(42)).number == 42
    assert parse_leaf(scene.leaf(42)).log == "troth/test/acme/web"
