"""What an entry of a batch cannot do without, in processor time, beside a bare INSERT: `python -m bench.ledger.floor`.

SQLite, not waiting for the disk, 100 entries per commit. Each line adds one thing to the one before, done by the quickest way that we know of, without a line of the ledger's own
around it: two rows instead of one and the head's move (ready rows, the ledger's own statements), the body's JSON (one call for all), three SHA-256, one look for secrets. The last line
is the whole ledger. Medians of blocks in turn.
"""

from __future__ import annotations

import hashlib
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from bench.ledger.append import BODY, BYTES, OWN, Ledger
from troth.detectors.redaction import Redactor
from troth.ledger.heads import Head, Rows, claim, first
from troth.ledger.tables import BODIES
from troth.store import Store, open_store

COUNT = 100
TEXT = json.dumps(BODY).encode()
LEAF, SALT, HASH = b"l" * (BYTES - 2 * 32 - len(TEXT)), os.urandom(32), os.urandom(32)


class Floor:
    """Transactions of so many rows, with some of what an entry takes; `parts` says how much."""

    def __init__(self, store: Store, parts: int) -> None:
        self.store, self.parts, self.origin = store, parts, f"bench/floor-{parts}"
        self.head, self.redactor = Head(0, b"", 0, stored=False), Redactor()

    def __call__(self) -> None:
        start, own = self.head.size, str(OWN)
        with self.store.write(OWN) as transaction:
            if self.parts == 0:
                transaction.execute(BODIES.insert(), [{"tenant": own, "origin": self.origin, "number": start + n, "salt": SALT, "body": b"b" * BYTES} for n in range(COUNT)])
                self.head = Head(start + COUNT, b"", 0, stored=True)
                return
            if self.parts > 1:
                json.dumps([BODY] * COUNT, separators=(",", ":"))
            if self.parts > 2:
                for _ in range(COUNT):
                    hashlib.sha256(TEXT).hexdigest(), hashlib.sha256(LEAF).digest(), hashlib.sha256(SALT + HASH).digest()
            if self.parts > 3:
                for _ in range(0, COUNT, 20):
                    self.redactor.bytes(b"\n".join([TEXT] * 20))
            rows = Rows([], [])
            for n in range(start, start + COUNT):
                rows.leaves.extend((own, self.origin, n, LEAF, HASH))
                rows.bodies.extend((own, self.origin, n, SALT, TEXT))
            new = Head(start + COUNT, HASH * (start + COUNT).bit_count(), 0, stored=True)
            assert claim(transaction, self.origin, self.head, new, rows) if start else first(transaction, self.origin, new, rows)
            self.head = new


def measure(blocks: int = 25, each: int = 20) -> dict[str, float]:
    """Microseconds of processor time per entry of each line."""
    with tempfile.TemporaryDirectory() as made, open_store(f"sqlite:///{Path(made) / 'store' / 'x.db'}", durable=False) as store:
        store.migrate()
        ledger = Ledger(store)
        names = ("a bare INSERT", "two rows and the head", "and JSON", "and SHA-256", "and a look for secrets")
        ways: dict[str, Callable[[], None]] = {name: Floor(store, at) for at, name in enumerate(names)}
        ways["the ledger"] = lambda: ledger(COUNT)
        spent: dict[str, list[float]] = {name: [] for name in ways}
        for block in range(blocks + 1):
            for name, way in ways.items():
                begun = time.process_time()
                for _ in range(each):
                    way()
                if block:
                    spent[name].append((time.process_time() - begun) / (each * COUNT) * 1e6)
    return {name: statistics.median(found) for name, found in spent.items()}


def main() -> None:
    """Run and print."""
    found = measure()
    bare = found["a bare INSERT"]
    for name, cost in found.items():
        print(f"{name:<26} {cost:6.1f} us  {cost / bare:.2f}x")


if __name__ == "__main__":
    main()
