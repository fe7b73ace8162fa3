"""Jobs per second through the executor, beside bare Procrastinate and bare DBOS on the same PostgreSQL: `python -m bench.jobs.rates --jobs 200`.

The bare queues run a function that does nothing, in a thread: no request, plan, permit, ledger or process of its own. All three run in turns on one server, so that the machine's load hits
each; a ratio says what the rest of Troth costs beside the queue.
"""

from __future__ import annotations

import argparse
import statistics
import threading
import time
from collections.abc import Callable
from pathlib import Path

from tests.jobs.world import ACME, REGISTRY, World, world

from bench.jobs.worlds import database, waiting
from troth.durable import open_engine
from troth.jobs.executor import QUEUE, Executor, Queue
from troth.jobs.job import State


def straight(made: World, jobs: int) -> float:
    """Seconds for `run`: permit, spend, ledger, worker, end, one after the other."""
    permits = [made.permit(job) for job in waiting(made, jobs)]
    made.executor.run([made.permit(waiting(made, 1)[0])])
    begun = time.perf_counter()
    for permit in permits:
        made.executor.run([permit])
    return time.perf_counter() - begun


def queued(made: World, url: str, jobs: int) -> float:
    """Seconds for `approve` and the durable engine, until all are done."""
    permits = [made.permit(job) for job in waiting(made, jobs)]
    engine = open_engine(url, [QUEUE], poll_seconds=0.1)
    with Executor(made.store, REGISTRY, made.settings, queue=Queue(engine)) as executor:
        engine.start()
        begun = time.perf_counter()
        for permit in permits:
            executor.approve([permit])
        while executor.list(made.session(), State.QUEUED, 1) or executor.list(made.session(), State.RUNNING, 1):
            time.sleep(0.02)
        seconds = time.perf_counter() - begun
        engine.stop()
    return seconds


def bare_engine(url: str, jobs: int) -> float:
    """Seconds for the same engine with a function that does nothing."""
    from troth.store import open_store

    store, left, done = open_store(url), [jobs], threading.Event()
    engine = open_engine(url, [QUEUE], poll_seconds=0.1)

    def nothing(_: object) -> None:
        left[0] -= 1
        if left[0] <= 0:
            done.set()

    engine.register("bench.nothing", nothing)
    engine.start()
    begun = time.perf_counter()
    for number in range(jobs):
        with store.write(ACME) as t:
            engine.enqueue(t, QUEUE.name, "bench.nothing", {"n": number, "at": time.time_ns()})
    done.wait(300)
    seconds = time.perf_counter() - begun
    engine.stop()
    store.close()
    return seconds


def procrastinate(url: str, jobs: int) -> float:
    """Seconds for Procrastinate with a function that does nothing."""
    import asyncio

    from procrastinate import App, PsycopgConnector

    plain = url.replace("postgresql+psycopg://", "postgresql://")

    async def measured() -> float:
        app = App(connector=PsycopgConnector(conninfo=plain, kwargs={"options": "-c search_path=public"}))

        @app.task(name="nothing")
        async def nothing(n: int) -> None:
            return None

        async with app.open_async():
            if not await app.check_connection_async():
                await app.schema_manager.apply_schema_async()
            begun = time.perf_counter()
            for number in range(jobs):
                await nothing.defer_async(n=number)
            await app.run_worker_async(wait=False, concurrency=8, install_signal_handlers=False, listen_notify=False)
            return time.perf_counter() - begun

    return asyncio.run(measured())


def measure(jobs: int, rounds: int) -> dict[str, float]:
    """Median jobs per second of each, in turns."""
    seconds: dict[str, list[float]] = {}
    with database("postgresql") as (url, room), world(url, Path(room) / "trees") as made:
        ways: dict[str, Callable[[], float]] = {
            "troth run": lambda: straight(made, jobs),
            "troth queued": lambda: queued(made, url, jobs),
            "bare dbos": lambda: bare_engine(url, jobs),
            "bare procrastinate": lambda: procrastinate(url, jobs),
        }
        for _ in range(rounds):
            for name, way in ways.items():
                seconds.setdefault(name, []).append(way())
    return {name: jobs / statistics.median(found) for name, found in seconds.items()}


def main() -> None:
    """Run and print."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--jobs", type=int, default=200)
    options.add_argument("--rounds", type=int, default=3)
    chosen = options.parse_args()
    for name, rate in measure(chosen.jobs, chosen.rounds).items():
        print(f"{name}: {rate:.1f} jobs/s")


if __name__ == "__main__":
    main()
