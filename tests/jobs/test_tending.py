"""What is done from time to time: lost jobs become visible, approvals run out, messages are delivered, and a tenant that fails stops nobody else."""

from __future__ import annotations

import sys
import threading
import types
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.jobs.world import ACME, OTHER, REGISTRY, World, world
from tests.timing import until
from troth.durable import liveness
from troth.errors import StoreError
from troth.jobs.executor import Executor, Round
from troth.jobs.handler import Message, TryAgainError
from troth.jobs.job import Job, State


@pytest.fixture
def made(tmp_path: Path) -> Iterator[World]:
    with world(f"sqlite:///{tmp_path / 'jobs.db'}", tmp_path / "trees") as one:
        yield one


def later(made: World, seconds: int) -> Executor:
    """The same executor so many seconds from now."""
    return Executor(made.store, REGISTRY, replace(made.settings, clock=lambda: made.settings.clock() + seconds * 1000))


def killed(made: World) -> Job:
    """A job whose runner died at the first step."""

    class DiesError(BaseException):
        pass

    def dies(step: str) -> None:
        if step == "run:begin":
            raise DiesError

    job = made.planned()
    with Executor(made.store, REGISTRY, replace(made.settings, step=dies)) as executor, pytest.raises(DiesError):
        executor.run([made.permit(job)])
    return job


def test_a_lost_job_is_told_once_its_lease_is_over_and_not_before(made: World) -> None:
    job = killed(made)
    assert {} == made.executor.tending().once().lost
    with later(made, 60) as executor:
        found = executor.tending().once()

        assert {ACME: (job.id,)} == found.lost
        assert {} == executor.tending().once().lost
        assert State.LOST is executor.show(made.session(), job.id).state


def test_an_approval_that_nobody_began_in_its_time_ends(made: World) -> None:
    job = made.planned()
    made.executor.approve([made.permit(job)])
    made.executor.tending().once()
    assert State.QUEUED is made.executor.show(made.session(), job.id).state
    with later(made, 1000) as executor:
        executor.tending().once()
        found = executor.show(made.session(), job.id)

    assert (State.FAILED, "permit-ran-out") == (found.state, found.reason)


def test_messages_are_delivered_and_tried_again_in_a_later_round(made: World) -> None:
    job = made.executor.run([made.permit(made.planned("repo.telling"))])
    taken: list[str] = []

    def busy(message: Message) -> None:
        raise TryAgainError("busy", "Not now.")

    assert 0 == made.executor.tending(senders={"mail": busy}).once().sent
    assert 0 == made.executor.tending(senders={"mail": lambda message: taken.append(message.key)}).once().sent, "its wait is not over"
    with later(made, 120) as executor:
        assert 0 < executor.tending(senders={"mail": lambda message: taken.append(message.key)}).once().sent

    assert all(key.startswith(job.id) for key in taken)


def test_a_tenant_that_fails_stops_nobody_else(made: World, monkeypatch: pytest.MonkeyPatch) -> None:
    from troth.jobs.executor import acting

    sweep = acting.sweep

    def failing(works: object, tenant: object) -> tuple[str, ...]:
        if tenant == ACME:
            raise StoreError("away")
        return sweep(works, tenant)  # type: ignore[arg-type]

    monkeypatch.setattr(acting, "sweep", failing)
    found = made.executor.tending([ACME, OTHER]).once()

    assert {ACME} == set(found.failed)


def test_the_thread_goes_on_with_rounds_until_it_is_stopped(made: World) -> None:
    rounds: list[Round] = []
    tending = made.executor.tending(every_seconds=0.01, told=rounds.append)
    with tending:
        tending.start()
        until(lambda: len(rounds) >= 3, "three rounds")
    count = len(rounds)

    assert count == len(rounds)
    assert not [thread for thread in threading.enumerate() if thread.name == "troth-tending"]


def test_on_windows_a_worker_holds_a_locked_byte(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    held: set[int] = set()

    def locking(descriptor: int, mode: int, count: int) -> None:
        import os

        name = os.fstat(descriptor).st_ino
        if name in held or (mode, count) != (2, 1):
            raise OSError(13, "Permission denied")
        held.add(name)

    monkeypatch.setitem(sys.modules, "msvcrt", types.SimpleNamespace(locking=locking, LK_NBLCK=2))
    monkeypatch.setattr(liveness.sys, "platform", "win32")
    one, two = (liveness.FileLiveness(tmp_path / "jobs.db") for _ in range(2))
    one.hold("a")

    assert not two.dead("a")
    assert two.dead("b")
    with pytest.raises(Exception, match="another worker"):
        two.hold("a")
