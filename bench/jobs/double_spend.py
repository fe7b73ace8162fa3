"""Presents shared permits from many processes at once and counts double spends: `python -m bench.jobs.double_spend --presentations 100000 --processes 6`."""

from __future__ import annotations

import multiprocessing
import random
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from tests.jobs.world import ACME, REGISTRY, People, world

from bench.jobs.worlds import database, parser, waiting
from troth.errors import JobError
from troth.jobs.executor import Executor, Settings
from troth.jobs.permits.signers import LocalSigner
from troth.store import open_store

Counts = tuple[dict[int, int], dict[str, int], float]


@dataclass(frozen=True)
class Result:
    """What came of it."""

    presentations: int
    permits: int
    spent_once: int
    spent_more: int
    never_spent: int
    refusals: dict[str, int]
    spent_rows: int
    seconds: float


def _present(url: str, settings: dict[str, Any], keys: dict[str, bytes], permits: list[bytes], count: int, seed: int, begin: float) -> Counts:
    store = open_store(url)
    people = People()
    people.keys = {name: LocalSigner(Ed25519PrivateKey.from_private_bytes(raw)) for name, raw in keys.items()}
    executor = Executor(store, REGISTRY, Settings(**settings, roster=people.roster))
    order = random.Random(seed)
    taken: Counter[int] = Counter()
    refused: Counter[str] = Counter()
    # everyone begins with the same permits in the same order, so that they meet; afterwards at random
    numbers = [number % len(permits) if number < len(permits) else order.randrange(len(permits)) for number in range(count)]
    time.sleep(max(0.0, begin - time.time()))
    begun = time.perf_counter()
    for number in numbers:
        try:
            executor.approve([permits[number]])
            taken[number] += 1
        except JobError as error:
            refused[error.reason] += 1
    seconds = time.perf_counter() - begun
    executor.close()
    store.close()
    return dict(taken), dict(refused), seconds


def measure(backend: str, presentations: int, processes: int, permits: int) -> Result:
    """Present, and count."""
    context = multiprocessing.get_context("spawn")
    with database(backend) as (url, room):
        with world(url, room / "trees") as made:
            jobs = waiting(made, permits)
            sealed = [made.permit(job) for job in jobs]
            settings = {"name": made.settings.name, "handlers": dict(made.settings.handlers), "trees": dict(made.trees), "seal": made.settings.seal}
            keys = {name: key.key.private_bytes_raw() for name, key in made.people.keys.items()}
        share = presentations // processes
        begin = time.time() + 5  # long enough for all to be there, so that they meet
        with ProcessPoolExecutor(processes, mp_context=context) as pool:
            asked = [pool.submit(_present, url, settings, keys, sealed, share, seed, begin) for seed in range(processes)]
            answers = [one.result() for one in asked]
        rows = _spent_rows(url)
    total: Counter[int] = Counter()
    refused: Counter[str] = Counter()
    for taken, said, _ in answers:
        total.update(taken)
        refused.update(said)
    more = sum(1 for count in total.values() if count > 1)
    return Result(share * processes, permits, sum(1 for count in total.values() if count == 1), more, permits - len(total), dict(refused), rows, max(seconds for _, _, seconds in answers))


def _spent_rows(url: str) -> int:
    from sqlalchemy import func, select

    from troth.jobs.tables import SPENT

    store = open_store(url)
    with store.read(ACME) as t:
        found = t.execute(select(func.count()).select_from(SPENT).where(SPENT.c.tenant == str(ACME))).scalar_one()
    store.close()
    return int(found)


def main() -> int:
    """Run and print; 1 where a permit was spent twice."""
    options = parser(__doc__ or "")
    options.add_argument("--presentations", type=int, default=100_000)
    options.add_argument("--processes", type=int, default=6)
    options.add_argument("--permits", type=int, default=300)
    options.add_argument("--rounds", type=int, default=10, help="each with permits of its own, so that none runs out (ten minutes) before it is presented often enough")
    chosen = options.parse_args()
    refusals: Counter[str] = Counter()
    presented = once = bad = 0
    for number in range(chosen.rounds):
        found = measure(chosen.backend, chosen.presentations // chosen.rounds, chosen.processes, max(1, chosen.permits // chosen.rounds))
        presented, once, bad = presented + found.presentations, once + found.spent_once, bad + found.spent_more + found.never_spent + (found.spent_rows != found.permits)
        refusals.update(found.refusals)
        print(f"{chosen.backend}, {number + 1} of {chosen.rounds} rounds: {presented} presented, {once} spent once, {bad} otherwise, refused {dict(refusals)}, {found.seconds:.0f} s", flush=True)
    return 1 if bad else 0


if __name__ == "__main__":
    raise SystemExit(main())
