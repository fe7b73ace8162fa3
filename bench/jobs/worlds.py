"""What the load and crash commands share: a database on either back end, and jobs that wait for a permit."""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.jobs.world import World
from tests.postgres import cluster

from troth.jobs.executor import rows
from troth.jobs.handler import Change, Diff
from troth.jobs.job import Job, State


def parser(text: str) -> argparse.ArgumentParser:
    """Options that all commands have."""
    made = argparse.ArgumentParser(description=text)
    made.add_argument("--backend", choices=["sqlite", "postgresql"], default="sqlite")
    return made


@contextmanager
def database(backend: str) -> Iterator[tuple[str, Path]]:
    """Address of an empty database, and a room for trees and results."""
    room = Path(tempfile.mkdtemp(prefix="troth-bench-"))
    if backend == "sqlite":
        yield f"sqlite:///{room / 'jobs.db'}", room
        return
    with cluster() as made, made.database() as url:
        yield url, room


def waiting(made: World, count: int) -> list[Job]:
    """Jobs with a plan, as `Executor.plan` leaves them; the dry run itself is left out."""
    found = []
    for number in range(count):
        session = made.session()
        job = made.executor.submit(session, made.request(name=f"n{number}"))
        diff = Diff(f"touch n{number}", (Change(f"n{number}", "create", f"+n{number}\n"),))
        with made.store.write(session.tenant) as t:
            rows.move(t, job.id, State.PLANNED, made.executor.works.now(), was=(State.SUBMITTED,), plan=diff.encoded(), plan_sha256=diff.sha256)
            found.append(rows.need(t, job.id))
    return found
