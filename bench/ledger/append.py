"""What a ledger entry costs beside a bare INSERT, in the same store, blocks of both in turn; pymerkle's SQLite tree in the same run.

    python -m bench.ledger.append [--blocks 15] [--block 40] [--only sqlite|postgresql]

Bare: one transaction that inserts one row of an entry's size, its bytes ready. A row that says the same: the entry's fields, spelled by `json.dumps` and inserted as one row. Ledger: one transaction that appends one entry (redacted, spelled, hashed, with head, leaf and body). Both go through the same access
layer, with its check of every statement. The disk is waited for (SQLite: synchronous=FULL; PostgreSQL: fsync and synchronous_commit on) unless a line says otherwise. Ratios are
medians over pairs of blocks; the range is that of the middle half. `cpu` is the same ratio in processor time of this process, which a busy machine does not move.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import json
import os
import platform
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from sqlalchemy import text

from troth.ledger.entry import Entry
from troth.ledger.log import Log
from troth.ledger.tables import BODIES
from troth.store import Store, open_store
from troth.terms.tenant import Tenant

OWN = Tenant("bench", "one")
BODY = {"job": "9c9296b0" * 8, "state": "running", "approver": "somebody@example.org", "attempt": 1, "steps": ["plan", "approve", "spend"]}
BYTES = 420
"""Of a bare row: what leaf, hash, salt and body of the entry have together."""


class Bare:
    """Inserts a row of the same size into a table of the same kind."""

    def __init__(self, store: Store) -> None:
        self.store, self.number = store, 0

    def __call__(self, count: int) -> None:
        with self.store.write(OWN) as transaction:
            rows = [{"tenant": str(OWN), "origin": "bench/bare", "number": self.number + n, "salt": bytes(32), "body": os.urandom(BYTES)} for n in range(count)]
            transaction.execute(BODIES.insert(), rows)
        self.number += count


class Told(Bare):
    """Inserts a row that tells the same as an entry of the ledger, in JSON: what a program that keeps no ledger does. Nothing is redacted, hashed or bound."""

    def __call__(self, count: int) -> None:
        with self.store.write(OWN) as transaction:
            rows = []
            for n in range(self.number, self.number + count):
                told = {"kind": "job.running", "at": 1_700_000_000_000 + n, "actor": "executor-1", "subject": f"job {n}", "body": {**BODY, "n": n}}
                rows.append({"tenant": str(OWN), "origin": "bench/told", "number": n, "salt": bytes(32), "body": json.dumps(told, sort_keys=True).encode()})
            transaction.execute(BODIES.insert(), rows)
        self.number += count


class Ledger:
    """Appends entries."""

    def __init__(self, store: Store) -> None:
        self.store, self.log, self.number = store, Log("bench/ledger"), 0

    def __call__(self, count: int) -> None:
        with self.store.write(OWN) as transaction:
            entries = [Entry("job.running", 1_700_000_000_000 + self.number + n, "executor-1", f"job {self.number + n}", {**BODY, "n": self.number + n}) for n in range(count)]
            self.log.append_many(transaction, entries)
        self.number += count


def seconds(act: Callable[[int], None], times: int, count: int) -> tuple[float, float]:
    """Wall and processor seconds of an entry (of this process: a server's are its own)."""
    begun, spent = time.perf_counter(), time.process_time()
    for _ in range(times):
        act(count)
    return (time.perf_counter() - begun) / (times * count), (time.process_time() - spent) / (times * count)


def compare(name: str, bare: Callable[[int], None], other: Callable[[int], None], blocks: int, times: int, count: int) -> None:
    bare(count), other(count)
    ratios, costs, works = [], [], []
    for turn in range(blocks):
        pair = [(0, bare), (1, other)] if turn % 2 else [(1, other), (0, bare)]
        took = {which: seconds(act, times, count) for which, act in pair}
        ratios.append(took[1][0] / took[0][0])
        works.append(took[1][1] / took[0][1])
        costs.append((took[0][0], took[1][0]))
    ratios.sort()
    a, b = (statistics.median(cost[which] for cost in costs) for which in (0, 1))
    print(f"{name:<58} {statistics.median(ratios):5.2f}x  [{ratios[len(ratios) // 4]:.2f} .. {ratios[-1 - len(ratios) // 4]:.2f}]   {1 / a:9.0f} /s bare {1 / b:9.0f} /s   cpu {statistics.median(works):.2f}x")


def pymerkle(folder: Path) -> Callable[[int], None] | None:
    try:
        from pymerkle import SqliteTree
    except ImportError:
        return None
    tree = SqliteTree(str(folder / "pymerkle.db"))

    def append(count: int) -> None:
        for _ in range(count):
            tree.append_entry(os.urandom(BYTES))

    return append


def run(url: str, name: str, options: argparse.Namespace, *, durable: bool = True) -> None:
    with open_store(url, durable=durable) as store:
        store.migrate()
        for count in (1, 100):
            label = f"{name}, {'commit each' if count == 1 else f'{count} per commit'}"
            ledger, times = Ledger(store) if count == 1 else LedgerMore(store), max(1, options.block // (1 if count == 1 else 10))
            compare(label, Bare(store) if count == 1 else BareMore(store), ledger, options.blocks, times, count)
            told = Told(store)
            told.number = count * 10_000_000
            compare(f"{label}, beside a row that says the same", told, ledger, options.blocks, times, count)


class BareMore(Bare):
    def __init__(self, store: Store) -> None:
        super().__init__(store)
        self.number = 10_000_000


class LedgerMore(Ledger):
    def __init__(self, store: Store) -> None:
        super().__init__(store)
        self.log = Log("bench/ledger-batch")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--blocks", type=int, default=15)
    parser.add_argument("--block", type=int, default=40)
    parser.add_argument("--only", choices=("sqlite", "postgresql"))
    options = parser.parse_args()
    versions = ", ".join(f"{one.metadata['Name']} {one.version}" for one in importlib.metadata.distributions() if one.metadata["Name"].lower() in ("sqlalchemy", "psycopg", "pymerkle"))
    print(f"Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}, {versions}; load {os.getloadavg()[0]:.1f}")
    print(f"{options.blocks} pairs of blocks of {options.block} transactions\n")
    if options.only != "postgresql":
        with tempfile.TemporaryDirectory() as made:
            folder = Path(made)
            run(f"sqlite:///{folder / 'full' / 'x.db'}", "SQLite WAL FULL", options)
            run(f"sqlite:///{folder / 'normal' / 'x.db'}", "SQLite WAL NORMAL (no wait for the disk)", options, durable=False)
            peer = pymerkle(folder)
            if peer is not None:
                with open_store(f"sqlite:///{folder / 'peer' / 'x.db'}") as store:
                    store.migrate()
                    compare("pymerkle SqliteTree beside bare, WAL FULL, commit each", Bare(store), peer, options.blocks, options.block, 1)
    if options.only != "sqlite":
        os.environ["TROTH_TEST_PG_FSYNC"] = "1"
        from tests.postgres import cluster

        with cluster() as server, server.database() as url:
            with open_store(url) as store, store.engine.connect() as connection:
                shown = [connection.execute(text(f"SHOW {name}")).scalar() for name in ("server_version", "fsync", "synchronous_commit")]
            print(f"PostgreSQL {shown[0]}, fsync {shown[1]}, synchronous_commit {shown[2]}")
            run(url, "PostgreSQL, one writer", options)


if __name__ == "__main__":
    main()
