"""Power cuts, kills, lost files and two writers at once: the log is whole up to where it goes, and where it lost what a client saw, that is found."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from tests.attacks.ledger.scene import NOW, OWN, SIZE, Scene, entry
from troth.ledger.audit import audit
from troth.ledger.log import Log
from troth.store import Store, open_store

ROOT = Path(__file__).resolve().parents[3]
STEPS = ["before", "head", "leaf", "body", "tile", "commit", "after"]

DIES = """
import os, sys
from sqlalchemy import event
from tests.attacks.ledger.scene import OWN, entry
from troth.ledger import heads
from troth.ledger.log import Log
from troth.store import open_store

url, step, number = sys.argv[1], sys.argv[2], int(sys.argv[3])
store = open_store(url)
seen = {"head": "ledger_heads SET", "leaf": "INTO ledger_leaves", "body": "INTO ledger_bodies", "tile": "INTO ledger_tiles"}

def die(*_):
    os.kill(os.getpid(), 9)

driver = heads._sqlite

def watched(connection, statement, given):  # what goes to SQLite's driver itself, SQLAlchemy does not see
    changed = driver(connection, statement, given)
    if step in seen and seen[step] in statement:
        die()
    return changed

heads._sqlite = watched
if step in seen:
    event.listen(store.engine, "after_cursor_execute", lambda c, k, statement, *rest: die() if seen[step] in statement else None)
if step == "commit":
    event.listen(store.engine, "commit", die)
with store.write(OWN) as transaction:
    if step == "before":
        die()
    Log("troth/test").append_many(transaction, [entry(n) for n in range(number, number + 250)])
if step == "after":
    die()
"""


@pytest.mark.parametrize("step", STEPS)
def test_a_kill_at_any_step_leaves_all_of_a_transaction_or_nothing(scene: Scene, step: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", DIES, scene.url, step, str(SIZE)], cwd=ROOT, env={**os.environ, "PYTHONPATH": f"{ROOT}:{ROOT / 'src'}"}, capture_output=True, text=True
    )
    assert done.returncode == -signal.SIGKILL, done.stderr

    found = scene.audit()
    assert found.problems == ()
    assert found.size == (SIZE + 250 if step == "after" else SIZE)
    scene.grow(found.size, found.size + 3)
    assert scene.audit().problems == ()


def checkpoint(store: Store) -> None:
    """Move all that is in the write-ahead log into the database's file."""
    raw = store.engine.raw_connection()
    raw.driver_connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    raw.close()


def test_a_power_cut_at_any_point_of_the_file_leaves_a_beginning_of_the_log(tmp_path: Path) -> None:
    """Every length to which the write-ahead log can be cut gives the log as it was after some transaction, never half of one."""
    live, copy = tmp_path / "live", tmp_path / "copy"
    log = Log("troth/test")
    with open_store(f"sqlite:///{live / 'troth.db'}") as store:
        store.migrate()
        checkpoint(store)
        for number in range(12):
            with store.write(OWN) as transaction:
                log.append_many(transaction, [entry(number * 3 + part) for part in range(3)])
        shutil.copytree(live, copy)
    wal = (copy / "troth.db-wal").read_bytes()
    sizes = set()
    for cut in {*range(0, len(wal), max(1, len(wal) // 60)), len(wal)}:
        attempt = tmp_path / f"cut-{cut}"
        attempt.mkdir()
        shutil.copy2(copy / "troth.db", attempt / "troth.db")
        (attempt / "troth.db-wal").write_bytes(wal[:cut])
        with open_store(f"sqlite:///{attempt / 'troth.db'}") as store, store.read(OWN) as transaction:
            found = audit(Log("troth/test"), transaction, now=NOW)
        assert found.problems == (), (cut, found.problems)
        assert found.size % 3 == 0
        sizes.add(found.size)
        shutil.rmtree(attempt)
    assert {0, 36} <= sizes
    assert len(sizes) > 5


def test_a_write_ahead_log_that_was_lost_is_found_by_whoever_kept_a_checkpoint(tmp_path: Path) -> None:
    live, copy = tmp_path / "live", tmp_path / "copy"
    with open_store(f"sqlite:///{live / 'troth.db'}") as store:
        store.migrate()
        scene = Scene(store, "", tmp_path)
        checkpoint(store)
        scene.grow(SIZE, SIZE + 20)
        from troth.ledger.notes import open_checkpoint

        seen = open_checkpoint(scene.checkpoint(), scene.keys, scene.name)
        shutil.copytree(live, copy)
    for lost in (True, False):
        if lost:
            (copy / "troth.db-wal").rename(copy / "kept")
        else:
            for name in ("troth.db-wal", "troth.db-shm"):
                (copy / name).unlink(missing_ok=True)
            (copy / "kept").rename(copy / "troth.db-wal")
        with open_store(f"sqlite:///{copy / 'troth.db'}") as store, store.read(OWN) as transaction:
            found = audit(Log("troth/test"), transaction, [seen], now=NOW)
        if lost:
            assert [str(problem) for problem in found.problems] == [f"entries {SIZE} to {SIZE + 19}: missing: a checkpoint says that they were there"]
        else:
            assert found.problems == ()
            assert found.confirmed == (SIZE + 20,)


def test_writers_at_once_give_no_number_twice_and_leave_none_out(scene: Scene) -> None:
    failed: list[BaseException] = []

    def write(worker: int) -> None:
        try:
            log = Log("troth/test")
            with open_store(scene.url) as store:
                for number in range(25):
                    with store.write(OWN) as transaction:
                        log.append(transaction, entry(SIZE, actor=f"worker {worker}", body={"n": number}))
        except BaseException as error:  # told below
            failed.append(error)

    threads = [threading.Thread(target=write, args=(worker,)) for worker in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert failed == []
    found = scene.audit()
    assert found.problems == ()
    assert found.size == SIZE + 100


def test_a_log_that_many_begin_at_once_has_one_beginning(scene: Scene) -> None:
    from troth.terms.tenant import Tenant

    new = Tenant("new", "one")
    gate = threading.Barrier(4)

    def begin() -> None:
        log = Log("troth/test")
        with open_store(scene.url) as store:
            gate.wait()
            with store.write(new) as transaction:
                log.append(transaction, entry(0))

    threads = [threading.Thread(target=begin) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert scene.audit(new).size == 4
    assert scene.audit(new).problems == ()
