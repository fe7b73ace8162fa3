"""Verifies valid permits on a loaded machine and counts refusals: `python -m bench.jobs.verify_load --permits 1000000 --load 8`."""

from __future__ import annotations

import argparse
import multiprocessing
import time
from dataclasses import replace

from tests.jobs.world import EXECUTOR, ISSUER, People

from troth.errors import JobError
from troth.jobs.permits.claims import Binding, Claims, new_jti
from troth.jobs.permits.envelope import seal
from troth.jobs.permits.verify import verify


def refused(count: int) -> int:
    """Make, seal and verify so many permits, each another; how many were refused."""
    people = People()
    roster, signer, bad = people.roster(), people.keys["ana"], 0
    claims = Claims(ISSUER, EXECUTOR, "acme", "web", ("repo.touch",), (Binding("0" * 64, "1" * 64, "2" * 64),), ("ana",), new_jti(), 1, 2)
    for number in range(count):
        now = int(time.time())
        one = replace(claims, jti=new_jti(), jobs=(Binding(f"{number:064x}", "1" * 64, "2" * 64),), not_before=now - 1, expires=now + 600)
        content = seal(one, [signer])
        try:
            if verify([content], roster, executor=EXECUTOR, at=int(time.time())).leaf != one:
                bad += 1
        except JobError:
            bad += 1
    return bad


def measure(permits: int, load: int) -> tuple[int, float]:
    """Refusals and seconds, with `load` processes at once."""
    begun = time.perf_counter()
    with multiprocessing.get_context("spawn").Pool(load) as pool:
        found = sum(pool.map(refused, [permits // load] * load))
    return found, time.perf_counter() - begun


def main() -> int:
    """Run and print; 1 where a valid permit was refused."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--permits", type=int, default=1_000_000)
    options.add_argument("--load", type=int, default=8)
    chosen = options.parse_args()
    found, seconds = measure(chosen.permits, chosen.load)
    print(f"{chosen.permits} valid permits by {chosen.load} processes: {found} refused, {seconds:.1f} s")
    return 1 if found else 0


if __name__ == "__main__":
    raise SystemExit(main())
