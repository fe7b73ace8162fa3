"""The file, written anew: what was deleted is not in it, whichever connection the pool hands out, and not while a reader holds an older moment."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import delete, insert, select

from tests.store.things import OWN, THINGS, thing
from troth.errors import StoreError, UsageError
from troth.store import Store, connections, open_store

T = THINGS.c
ME = str(OWN)
CANARY = b"canary-of-the-rewriting-test"


def in_files(store: Store) -> bool:
    folder = Path(str(store.engine.url.database)).parent
    return any(CANARY in path.read_bytes() for path in folder.iterdir())


def written_and_deleted(store: Store) -> None:
    with store.write(OWN) as transaction:
        transaction.execute(insert(THINGS), [thing(str(number), raw=CANARY * 40) for number in range(50)])
    with store.write(OWN) as transaction:
        transaction.execute(delete(THINGS).where(T.tenant == ME))


def test_what_was_deleted_leaves_the_file(store: Store) -> None:
    if store.dialect != "sqlite":
        assert store.rewrite() is False
        return
    written_and_deleted(store)
    assert in_files(store)

    assert store.rewrite() is True
    assert not in_files(store)


def test_a_connection_that_read_last_writes_all_the_same(store: Store) -> None:
    for _ in range(3):
        with store.read(OWN) as transaction:
            transaction.execute(select(T.id).where(T.tenant == ME)).all()
        store.rewrite()
    with store.write(OWN) as transaction:
        transaction.execute(insert(THINGS), [thing("1")])


def test_a_reader_of_an_older_moment_is_named_as_the_reason(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    if store.dialect != "sqlite":
        pytest.skip("PostgreSQL writes no file anew here")
    written_and_deleted(store)
    monkeypatch.setattr(connections, "BUSY_SECONDS", 0)
    monkeypatch.setattr(connections, "_PRAGMAS", tuple(one.replace("30000", "0") for one in connections._PRAGMAS))
    with open_store(str(store.engine.url)) as other, store.read(OWN) as transaction:
        transaction.execute(select(T.id).where(T.tenant == ME)).all()
        with pytest.raises(StoreError, match="older moment"):
            other.rewrite()
    store.rewrite()
    assert not in_files(store)


def test_a_thread_that_is_writing_is_refused(store: Store) -> None:
    if store.dialect != "sqlite":
        pytest.skip("PostgreSQL writes no file anew here")
    with store.write(OWN), pytest.raises(UsageError, match="writing already"):
        store.rewrite()
