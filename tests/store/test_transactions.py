"""What a transaction keeps, refuses and undoes; who may read the file; and the writer for many."""

from __future__ import annotations

import os
import sqlite3
import threading
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from sqlalchemy import insert, select, text, update
from sqlalchemy.exc import IntegrityError

from tests.store.things import OTHER, OWN, THINGS, thing
from troth.errors import StoreError, UsageError
from troth.store import GroupWriter, SchemaError, Store, StoreAwayError, StoreValueError, open_store

T = THINGS.c
ME = str(OWN)


def ids(store: Store, tenant: object = OWN) -> list[str]:
    with store.read(tenant) as transaction:  # type: ignore[arg-type]
        return list(transaction.execute(select(T.id).where(T.tenant == str(tenant)).order_by(T.id)).scalars())


def test_values_come_back_as_they_went_in(store: Store) -> None:
    moment = datetime(2026, 11, 21, 10, 0, 0, 123456, tzinfo=timezone(timedelta(hours=-3, minutes=30)))
    values = {"count": -(2**31), "at": moment, "data": {"ü": [1, 2.5, None, True, "\u0000 \U0001f600"], "b": {}}, "raw": bytes(range(256))}
    with store.write(OWN) as transaction:
        transaction.execute(insert(THINGS), [thing("1", **values)])
    with store.read(OWN) as transaction:
        row = transaction.execute(select(THINGS).where(T.tenant == ME)).one()

    assert row.at == moment
    assert row.at.tzinfo is UTC
    assert (row.count, row.data, row.raw) == (values["count"], values["data"], values["raw"])


def test_instants_are_ordered_as_time_is(store: Store) -> None:
    start = datetime(2026, 1, 1, tzinfo=UTC)
    moments = [start + timedelta(microseconds=number * 333_333) for number in range(8)]
    with store.write(OWN) as transaction:
        transaction.execute(insert(THINGS), [thing(str(number), at=moment.astimezone(timezone(timedelta(hours=number)))) for number, moment in enumerate(moments)])
    with store.read(OWN) as transaction:
        found = transaction.execute(select(T.id).where(T.tenant == ME, T.at >= moments[3]).order_by(T.at)).scalars().all()

    assert found == ["3", "4", "5", "6", "7"]


@pytest.mark.parametrize("values", [{"at": datetime(2026, 1, 1)}, {"data": {"x": float("nan")}}, {"data": {1: {2}}}, {"count": "many"}, {"raw": "text"}], ids=range(5))
def test_a_value_of_another_type_is_refused(store: Store, values: dict[str, object]) -> None:
    with pytest.raises((StoreValueError, StoreAwayError, IntegrityError)), store.write(OWN) as transaction:
        transaction.execute(insert(THINGS), [thing("1", **values)])

    assert ids(store) == []


def test_an_error_undoes_all_and_a_savepoint_only_its_part(store: Store) -> None:
    with pytest.raises(ZeroDivisionError), store.write(OWN) as transaction:
        transaction.execute(insert(THINGS), [thing("1")])
        raise ZeroDivisionError
    with store.write(OWN) as transaction:
        transaction.execute(insert(THINGS), [thing("2")])
        with pytest.raises(IntegrityError), transaction.savepoint():
            transaction.execute(insert(THINGS), [thing("2")])
        assert transaction.insert_new(THINGS, thing("3"))
        assert not transaction.insert_new(THINGS, thing("3"))

    assert ids(store) == ["2", "3"]


def test_what_comes_after_the_commit_comes_only_then(store: Store) -> None:
    seen: list[list[str]] = []
    with store.write(OWN) as transaction:
        transaction.execute(insert(THINGS), [thing("1")])
        transaction.after_commit(lambda: seen.append(ids(store)))
        assert seen == []
    with pytest.raises(ZeroDivisionError), store.write(OWN) as transaction:
        transaction.after_commit(lambda: seen.append([]))
        raise ZeroDivisionError

    assert seen == [["1"]]


def test_a_reading_transaction_writes_nothing(store: Store) -> None:
    with pytest.raises(StoreAwayError), store.read(OWN) as transaction:
        transaction.execute(insert(THINGS), [thing("1")])
    with store.write(OWN) as transaction:
        transaction.execute(insert(THINGS), [thing("1")])
        transaction.execute(update(THINGS).where(T.tenant == ME).values(count=1))

    assert ids(store) == ["1"]


def test_one_of_many_at_once_hears_that_it_was_first(store: Store) -> None:
    heard: list[bool] = []
    gate = threading.Barrier(6)

    def spend() -> None:
        gate.wait()
        with store.write(OWN) as transaction:
            heard.append(transaction.insert_new(THINGS, thing("once")))

    threads = [threading.Thread(target=spend) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(heard) == [False] * 5 + [True]


def test_a_database_without_tables_says_so_and_a_password_is_never_told(tmp_path: Path) -> None:
    with open_store(f"sqlite:///{tmp_path / 'empty.db'}") as store, pytest.raises(StoreAwayError, match="no such table"), store.read(OWN) as transaction:
        transaction.execute(select(THINGS).where(T.tenant == ME))
    with open_store("postgresql+psycopg://me:hunter2@127.0.0.1:1/none") as store, pytest.raises(StoreAwayError) as caught, store.read(OWN):
        pass
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize("url", ["", "nonsense", "mysql://x/y", "sqlite://", "sqlite:///:memory:", "sqlite:///x.db?mode=ro"])
def test_an_address_that_is_none_is_refused(url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UsageError):
        open_store(url)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("store", ["sqlite"], indirect=True)
def test_the_file_is_its_owners_alone(store: Store) -> None:
    path = Path(str(store.engine.url.database))
    with store.write(OWN) as transaction:
        transaction.execute(insert(THINGS), [thing("1")])

    assert path.parent.stat().st_mode & 0o777 == 0o700
    assert {name.name: name.stat().st_mode & 0o777 for name in path.parent.iterdir()} == {"troth.db": 0o600, "troth.db-wal": 0o600, "troth.db-shm": 0o600}


@pytest.mark.parametrize("mode", [0o644, 0o660, 0o604, 0o640])
def test_a_file_that_others_can_read_is_refused(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "x.db"
    path.touch(0o600)
    open_store(f"sqlite:///{path}").close()
    path.chmod(mode)

    with pytest.raises(StoreError, match="others"):
        open_store(f"sqlite:///{path}")


def test_a_link_in_the_place_of_the_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").touch(0o600)
    (tmp_path / "x.db").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(StoreError):
        open_store(f"sqlite:///{tmp_path / 'x.db'}")
    os.mkfifo(tmp_path / "pipe.db", 0o600)
    with pytest.raises(StoreError, match="no file"):
        open_store(f"sqlite:///{tmp_path / 'pipe.db'}")


@pytest.mark.parametrize("store", ["sqlite"], indirect=True)
def test_sqlite_is_switched_as_the_docs_say(store: Store) -> None:
    wanted = {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "recursive_triggers": 1, "trusted_schema": 0, "busy_timeout": 30000}
    with store.engine.connect() as connection:
        assert {name: connection.execute(text(f"PRAGMA {name}")).scalar() for name in wanted} == wanted


@pytest.mark.parametrize("store", ["sqlite"], indirect=True)
def test_opening_a_store_again_does_not_drop_the_locks_of_open_connections(store: Store) -> None:
    """Closing any descriptor of a file drops all POSIX locks of its process on it: then another process takes itself for alone, and removes the log under us."""
    import subprocess
    import sys

    path = str(store.engine.url.database)
    with store.write(OWN) as transaction:
        transaction.execute(insert(THINGS), [thing("1")])
    with open_store(f"sqlite:///{path}"):
        pass
    program = "import sqlite3, sys; c = sqlite3.connect(sys.argv[1]); c.execute('INSERT INTO names VALUES (?)', ['there']); c.commit(); c.close()"
    subprocess.run([sys.executable, "-c", program, path], check=True)
    assert Path(path + "-wal").exists()
    with store.read(OWN) as transaction:
        assert transaction.connection.execute(text("SELECT name FROM names")).scalars().all() == ["there"]


@pytest.mark.parametrize("store", ["sqlite"], indirect=True)
def test_a_thread_that_is_writing_does_not_wait_for_itself(store: Store) -> None:
    with store.write(OWN), pytest.raises(UsageError, match="writing already"), store.write(OTHER):
        pass


@pytest.mark.parametrize("store", ["sqlite"], indirect=True)
def test_a_database_that_is_no_database_is_refused(store: Store, tmp_path: Path) -> None:
    path = tmp_path / "other.db"
    path.write_bytes(b"not a database at all" * 100)
    path.chmod(0o600)
    with open_store(f"sqlite:///{path}") as other, pytest.raises((StoreAwayError, SchemaError, sqlite3.DatabaseError)):
        other.migrate()


def test_many_who_submit_share_transactions_and_each_hears_of_its_own(store: Store) -> None:
    with GroupWriter(store) as writer:

        def add(id_: str) -> object:
            def work(transaction: object) -> str:
                transaction.execute(insert(THINGS), [thing(id_, transaction.tenant)])  # type: ignore[attr-defined]
                return id_

            return work

        futures = [writer.submit(OWN if number % 2 else OTHER, add(f"{number:03}")) for number in range(200)]  # type: ignore[arg-type]
        twin = writer.submit(OWN, add("001"))  # type: ignore[arg-type]
        assert [future.result(30) for future in futures] == [f"{number:03}" for number in range(200)]
        with pytest.raises(IntegrityError):
            twin.result(30)
    with pytest.raises(StoreAwayError, match="closed"):
        writer.submit(OWN, add("x"))  # type: ignore[arg-type]

    assert len(ids(store)) == len(ids(store, OTHER)) == 100


def test_a_writer_whose_queue_is_full_says_so(store: Store) -> None:
    gate = threading.Event()
    with GroupWriter(store, waiting=3) as writer:
        first = writer.submit(OWN, lambda _transaction: gate.wait(10))
        with pytest.raises(StoreAwayError, match="too many"):
            for _ in range(10):
                writer.submit(OWN, lambda _transaction: None)
        gate.set()
        assert first.result(10)
