"""Approved jobs go through the durable engine: in the approving transaction, once, and in turns."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.durable.conftest import demand_sqlite
from tests.jobs.world import ACME, OTHER, REGISTRY, World, world
from tests.timing import until
from troth.durable import open_engine
from troth.jobs.executor import QUEUE, Executor, Queue
from troth.jobs.job import State

pytest.importorskip("dbos", reason="the durable engine is the extra troth[jobs]")


@pytest.mark.parametrize("durable", [False, True], ids=["in-line", "sqlite"])
def test_a_backlog_of_one_tenant_does_not_starve_another(tmp_path: Path, durable: bool) -> None:
    demand_sqlite("sqlite" if durable else "in-line")
    url = f"sqlite:///{tmp_path / 'jobs.db'}"
    with world(url, tmp_path / "trees") as made:
        big = [made.planned(name=f"big-{number}") for number in range(24)]
        small = [made.planned(tenant=OTHER, name=f"small-{number}") for number in range(3)]
        engine = open_engine(url if durable else None, [QUEUE], poll_seconds=0.1)
        with Executor(made.store, REGISTRY, made.settings, queue=Queue(engine)) as executor:
            for job in (*big, *small):
                executor.approve([made.permit(job)])
            engine.start()
            try:
                until(lambda: len(made.effects(OTHER)) == 3, "the small tenant's jobs")
                until(lambda: len(made.effects()) == 24, "the big tenant's jobs")
                until(lambda: not _left(made), "the end of all jobs")
            finally:
                engine.stop()

        # by the executor's own clock, not by when this thread got to look
        last = max(job.changed_at for job in made.executor.list(made.session(OTHER), State.DONE))
        waiting = sum(job.changed_at > last for job in made.executor.list(made.session(), State.DONE))
        assert waiting > 6, "the small tenant waited for the big one's backlog"
        assert len(set(made.effects())) == 24


def _left(made: World) -> bool:
    sessions = (made.session(), made.session(OTHER))
    return any(made.executor.list(session, state) for session in sessions for state in (State.QUEUED, State.RUNNING))


def test_a_refused_permit_enqueues_nothing(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'jobs.db'}"
    with world(url, tmp_path / "trees") as made:
        job = made.planned()
        permit = made.permit(job)
        engine = open_engine(None, [QUEUE])
        with Executor(made.store, REGISTRY, made.settings, queue=Queue(engine)) as executor:
            executor.approve([permit])
            with pytest.raises(Exception, match=r"spent|state"):
                executor.approve([permit])
            engine.start()
            until(lambda: executor.show(made.session(), job.id).state is State.DONE, "the job's end")
            engine.stop()

        assert len(made.effects(ACME)) == 1
