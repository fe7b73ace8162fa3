"""Kills the executor at every step of some jobs and at random in many, and looks at what became of each: `python -m bench.jobs.crashes --jobs 20 --random 1000`.

A job may have run at most once; a job that began must end as done, failed or lost, whatever was killed; one whose permit was not spent must still run. Resumable: `--seed`
and `--first` go on where a run was stopped.
"""

from __future__ import annotations

import os
import random
import signal
import sys
import time
from collections import Counter
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from tests.jobs.world import ACME, World, world

from bench.jobs.worlds import database, parser, waiting
from troth.errors import JobError
from troth.jobs.executor import Executor
from troth.jobs.job import Job, State
from troth.store import open_store

STEPS = (
    "admit:checked", "admit:spent", "admit:moved", "admit:written", "admit:committed", "run:begin", "run:acted", "end:begin", "end:moved", "end:written", "end:committed",
)  # fmt: skip


@dataclass
class Result:
    """What became of the jobs."""

    kills: int = 0
    twice: int = 0
    silent: int = 0
    wrong: list[str] = field(default_factory=list)
    states: Counter[str] = field(default_factory=Counter)


def _child(url: str, made: World, permit: bytes, step: str) -> None:
    """The executor that is killed; in a forked process, with connections of its own."""

    def killer(name: str) -> None:
        if name == step:
            os.kill(os.getpid(), signal.SIGKILL)

    store = open_store(url)
    from tests.jobs.world import REGISTRY

    settings = replace(made.settings, step=killer)
    with Executor(store, REGISTRY, settings) as executor:
        executor.run([permit])
    store.close()


def _killed(url: str, made: World, permit: bytes, step: str, after: float | None) -> bool:
    pid = os.fork()
    if pid == 0:
        try:
            quiet = os.open(os.devnull, os.O_WRONLY)
            os.dup2(quiet, 2)
            _child(url, made, permit, step)
        finally:
            os._exit(0)
    if after is not None:
        time.sleep(after)
        os.kill(pid, signal.SIGKILL)
    return os.WIFSIGNALED(os.waitpid(pid, 0)[1])


def _look(url: str, made: World, job: Job, permit: bytes, label: str, found: Result) -> None:
    """Make lost what was lost, present the permit again, and hold the job against what it did."""
    store = open_store(url)
    from tests.jobs.world import REGISTRY

    later = replace(made.settings, clock=lambda: int(time.time() * 1000) + 60_000)
    with Executor(store, REGISTRY, later) as executor:
        executor.sweep(ACME)
        before = executor.show(made.session(), job.id).state
        try:
            executor.run([permit])
            again = True
        except JobError:
            again = False
        after = executor.show(made.session(), job.id).state
    store.close()
    effects = sum(job.id in line for line in made.effects())
    found.states[f"{label}: {before.value} -> {after.value}"] += 1
    if effects > 1:
        found.twice += 1
        found.wrong.append(f"{label}: {effects} effects")
    if not after.over or (effects and after is State.PLANNED) or (again and before is not State.PLANNED):
        found.silent += 1
        found.wrong.append(f"{label}: {before.value} -> {after.value}, {effects} effects")
    if before is State.PLANNED and after is not State.DONE:
        found.wrong.append(f"{label}: the permit was not spent, and did not run the job")


def measure(backend: str, jobs: int, at_random: int, seed: int = 1, first: int = 0, out: Any = None) -> Result:
    """Kill and look."""
    found = Result()
    with database(backend) as (url, room):
        rooms = Path(room) / "trees"
        store = open_store(url)
        store.migrate()
        store.close()
        plans: list[tuple[str, str, float | None]] = [(step, step, None) for step in STEPS for _ in range(jobs)]
        order = random.Random(seed)
        plans += [("random", "", order.uniform(0.0, 0.35)) for _ in range(at_random)][first:]
        for start in range(0, len(plans), 20):
            _batch(url, rooms, plans[start : start + 20], found)
            if out is not None:
                print(f"{min(start + 20, len(plans))} of {len(plans)}, {found.kills} killed, {found.twice} twice, {found.silent} silent", file=out, flush=True)
    return found


def _batch(url: str, rooms: Path, plans: list[tuple[str, str, float | None]], found: Result) -> None:
    with world(url, rooms) as made:
        jobs = waiting(made, len(plans))
        permits = [made.permit(job) for job in jobs]
    # the store is closed: children and lookers open their own
    for (_, step, after), permit in zip(plans, permits, strict=True):
        found.kills += _killed(url, made, permit, step, after)
    time.sleep(0.3)  # what a dying executor's worker could still do would be done by now
    for (label, _, _), job, permit in zip(plans, jobs, permits, strict=True):
        _look(url, made, job, permit, label, found)


def main() -> int:
    """Run and print; 1 where a job ran twice or was lost silently."""
    options = parser(__doc__ or "")
    options.add_argument("--jobs", type=int, default=20)
    options.add_argument("--random", type=int, default=1000)
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--first", type=int, default=0)
    chosen = options.parse_args()
    found = measure(chosen.backend, chosen.jobs, chosen.random, chosen.seed, chosen.first, sys.stderr)
    for name, count in sorted(found.states.items()):
        print(f"  {name}: {count}")
    print(f"{chosen.backend}: {found.kills} killed, {found.twice} ran twice, {found.silent} lost silently, {len(found.wrong)} wrong {found.wrong[:5]}")
    return 1 if found.twice or found.silent or found.wrong else 0


if __name__ == "__main__":
    raise SystemExit(main())
