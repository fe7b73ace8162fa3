"""Size and cost of proofs in a large log.

    python -m bench.ledger.proof [--size 1000000]

Builds a log on SQLite (1,000 entries per transaction), then proves and verifies entries drawn at random, and reads it all.
"""

from __future__ import annotations

import argparse
import random
import statistics
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from troth.ledger.audit import audit
from troth.ledger.entry import Entry
from troth.ledger.log import Log
from troth.ledger.tree import Frontier, leaf_hash
from troth.store import open_store
from troth.terms.tenant import Tenant

OWN = Tenant("bench", "one")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--size", type=int, default=1_000_000)
    size = parser.parse_args().size
    chance = random.Random(7)
    with tempfile.TemporaryDirectory() as made, open_store(f"sqlite:///{made}/x.db", durable=False) as store:
        store.migrate()
        log = Log("bench/proof")
        begun = time.perf_counter()
        for start in range(0, size, 1000):
            with store.write(OWN) as transaction:
                log.append_many(transaction, [Entry("job.step", 1_700_000_000_000 + n, "robot", f"job {n}", {"n": n}) for n in range(start, min(start + 1000, size))])
        print(f"{size} entries appended in {time.perf_counter() - begun:.1f} s, file {Path(made, 'x.db').stat().st_size / size:.0f} B an entry")
        with store.read(OWN) as transaction:
            head = log.head(transaction)
            root = Frontier.parse(head.size, head.frontier).root()
            made_in, checked_in, sizes, texts = [], [], [], []
            for _ in range(300):
                index = chance.randrange(size)
                leaf = next(iter(log.leaves(transaction, index, index + 1)))[0]
                begun = time.perf_counter()
                proof = log.inclusion(transaction, index, size)
                middle = time.perf_counter()
                proof.verify(leaf_hash(leaf), root)
                checked_in.append(time.perf_counter() - middle)
                made_in.append(middle - begun)
                sizes.append(len(proof.to_bytes()))
                texts.append(len(proof.to_json()))
            consistent = [len(log.consistency(transaction, chance.randrange(1, size), size).to_bytes()) for _ in range(100)]
            print(f"inclusion: at most {max(sizes)} B ({max(texts)} B as JSON); made in {statistics.median(made_in) * 1e3:.1f} ms, verified in {statistics.median(checked_in) * 1e6:.0f} us (medians of 300)")
            print(f"consistency: at most {max(consistent)} B (100 drawn)")
            begun = time.perf_counter()
            found = audit(log, transaction)
            print(f"audit of all: {time.perf_counter() - begun:.1f} s, {len(found.problems)} problems")


if __name__ == "__main__":
    main()
