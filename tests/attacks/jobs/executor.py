"""Handlers that hang, die, lie and leak; jobs that would run twice: E3, E10, T6, T22 and what came to mind beside."""

from __future__ import annotations

import threading
import time

from tests.attacks.jobs.cases import Tried, case, runs
from tests.jobs.world import ACME, REGISTRY, SECRETS, World
from troth.errors import JobError
from troth.jobs.executor import Executor
from troth.jobs.job import State


def _state(world: World, job_id: str) -> State:
    return world.executor.show(world.session(), job_id).state


@case("E10", "a job that sleeps, ignores signals and leaves a daemon behind")
def _sleeper(world: World) -> Tried:
    job = world.planned("repo.slow", seconds=300, timeout=1)
    late = world.trees[ACME] / "late.log"

    def attack() -> None:
        late.unlink(missing_ok=True)
        begun = time.monotonic()
        ended = world.executor.run([world.permit(job)])
        assert ended.state is State.FAILED
        assert ended.reason == "timeout"
        assert time.monotonic() - begun < 15
        assert f"begin {job.id}" in world.effects()
        time.sleep(3)
        assert not late.exists(), "a process of the job outlived it"
        assert f"end {job.id}" not in world.effects()

    def twin() -> None:
        quick = world.planned("repo.slow", seconds=0, timeout=30)
        assert world.executor.run([world.permit(quick)]).state is State.DONE

    return Tried(attack, twin)


@case("new", "a job that is cancelled while it runs goes on")
def _cancelled(world: World) -> Tried:
    job = world.planned("repo.slow", seconds=300, timeout=300)

    def attack() -> None:
        ended = []
        thread = threading.Thread(target=lambda: ended.append(world.executor.run([world.permit(job)])))
        thread.start()
        _until(lambda: f"begin {job.id}" in world.effects())
        world.executor.cancel(world.session(), job.id)
        thread.join(timeout=20)
        assert ended
        assert ended[0].state is State.FAILED
        assert ended[0].reason == "cancelled"
        assert f"end {job.id}" not in world.effects()

    def twin() -> None:
        quick = world.planned("repo.slow", seconds=0, timeout=30)
        assert world.executor.run([world.permit(quick)]).state is State.DONE

    return Tried(attack, twin)


def _until(true, seconds: float = 20.0) -> None:
    until = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < until, "it never came"
        time.sleep(0.02)


@case("new", "a job that was cancelled before it began is run", "state")
def _cancelled_before(world: World) -> Tried:
    job = world.planned()
    world.executor.cancel(world.session(), job.id)
    return Tried(lambda: world.executor.run([world.permit(job)]), lambda: runs(world, world.permit(world.planned())))


@case("new", "a lost job is run again", "state")
def _lost(world: World) -> Tried:
    from tests.attacks.jobs.tenants import _lose

    job = world.planned()
    _lose(world, job.id)
    return Tried(lambda: world.executor.run([world.permit(job)]), lambda: runs(world, world.permit(world.planned())))


@case("new", "a program settles a lost job", "person")
def _settled_by_program(world: World) -> Tried:
    from tests.attacks.jobs.tenants import _lose

    job = world.planned()
    _lose(world, job.id)
    robot = world.session(actor="robot", person=False)
    return Tried(
        lambda: world.executor.settle(robot, job.id, done=True, note="looks fine"),
        lambda: world.executor.settle(world.session(), job.id, done=True, note="I looked"),
    )


@case("new", "a runner that was called lost writes its end over that")
def _late(world: World) -> Tried:
    job = world.planned("repo.slow", seconds=2, timeout=30)

    def attack() -> None:
        refused: list[str] = []

        def run() -> None:
            try:
                world.executor.run([world.permit(job)])
            except JobError as error:
                refused.append(error.reason)

        thread = threading.Thread(target=run)
        thread.start()
        _until(lambda: f"begin {job.id}" in world.effects())
        _unlease(world, job.id)
        assert job.id in world.executor.sweep(ACME)
        thread.join(timeout=20)
        assert refused == ["lost"]
        assert _state(world, job.id) is State.LOST

    return Tried(attack, lambda: runs(world, world.permit(world.planned())))


def _unlease(world: World, job_id: str) -> None:
    _set_row(world, job_id, lease_until=1)


def _set_row(world: World, job_id: str, **values: object) -> None:
    from sqlalchemy import update

    from troth.jobs.tables import JOBS

    with world.store.write(ACME) as t:
        t.execute(update(JOBS).where(JOBS.c.tenant == str(ACME), JOBS.c.id == job_id).values(**values))


@case("new", "two runners take one queued job")
def _two_runners(world: World) -> Tried:
    job = world.planned()

    def attack() -> None:
        world.executor.approve([world.permit(job)])
        before = len(world.effects())
        with Executor(world.store, REGISTRY, world.settings) as second:
            threads = [threading.Thread(target=one.work, args=(ACME, job.id)) for one in (world.executor, second) * 3]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
        assert len(world.effects()) == before + 1

    return Tried(attack, lambda: runs(world, world.permit(world.planned())))


@case("new", "a queued job whose permit ran out is started")
def _stale_queue(world: World) -> Tried:
    job = world.planned()

    def attack() -> None:
        world.executor.approve([world.permit(job)])
        before = world.effects()
        _set_row(world, job.id, starts_before=1)
        assert world.executor.work(ACME, job.id).reason == "permit-ran-out"
        assert world.effects() == before

    def twin() -> None:
        other = world.planned()
        world.executor.approve([world.permit(other)])
        assert world.executor.work(ACME, other.id).state is State.DONE

    return Tried(attack, twin)


@case("new", "a world that moved between approval and run")
def _moved(world: World) -> Tried:
    basis = world.trees[ACME] / "basis"
    job = world.planned()
    permit = world.permit(job)

    def attack() -> None:
        before = world.effects()
        basis.write_text("someone pushed")
        try:
            ended = world.executor.run([permit])
        finally:
            basis.unlink()
        assert ended.reason == "plan-changed"
        assert world.effects() == before

    return Tried(attack, lambda: runs(world, world.permit(world.planned())))


@case("new", "a handler whose plan is another each time")
def _straying(world: World) -> Tried:
    def attack() -> None:
        before = world.effects()
        assert world.executor.run([world.permit(world.planned("repo.straying"))]).reason == "plan-changed"
        assert world.effects() == before

    return Tried(attack, lambda: runs(world, world.permit(world.planned())))


@case("new", "a handler that kills its process counts as done")
def _dying(world: World) -> Tried:
    def attack() -> None:
        ended = world.executor.run([world.permit(world.planned("repo.dying"))])
        assert (ended.state, ended.reason) == (State.FAILED, "worker-died")

    return Tried(attack, lambda: runs(world, world.permit(world.planned())))


@case("new", "a handler that breaks in the middle is not taken back")
def _broken(world: World) -> Tried:
    def attack() -> None:
        ended = world.executor.run([world.permit(world.planned("repo.broken"))])
        assert ended.state is State.FAILED
        assert world.effects()[-2:] == ["half", "undone"]

    return Tried(attack, lambda: runs(world, world.permit(world.planned())))


@case("new", "a handler that is not safe to repeat is repeated")
def _unsafe(world: World) -> Tried:
    def attack() -> None:
        before = len(world.effects())
        ended = world.executor.run([world.permit(world.planned("repo.flaky-unsafe", times=2, attempts=3))])
        assert ended.state is State.FAILED
        assert len(world.effects()) == before + 1

    def twin() -> None:
        ended = world.executor.run([world.permit(world.planned("repo.flaky", times=3, attempts=3))])
        assert ended.state is State.DONE
        assert world.effects()[-3:] == ["try 1", "try 2", "try 3"]

    return Tried(attack, twin)


for _leak in ("leak-raw", "leak-hex", "leak-error"):

    @case("T22", f"a handler that gives its secret away ({_leak})")
    def _leaks(world: World, leak: str = _leak) -> Tried:
        def attack() -> None:
            from tests.attacks.jobs.permits_forged import kept_text

            ended = world.executor.run([world.permit(world.planned("repo.keyed", secret="forge-token", name=leak))])
            assert ended.state is State.FAILED
            value = SECRETS["forge-token"]
            assert not any(value in text or value.encode().hex() in text for text in kept_text(world))

        def twin() -> None:
            ended = world.executor.run([world.permit(world.planned("repo.keyed", secret="forge-token", name="keep"))])
            assert ended.outcome is not None
            assert ended.outcome.facts["length"] == len(SECRETS["forge-token"])
            assert ended.outcome.facts["names"] == ["forge-token"]

        return Tried(attack, twin)


@case("T22", "a handler finds secrets, keys or the store in its process")
def _looking(world: World) -> Tried:
    def attack() -> None:
        import os

        os.environ["TROTH_TEST_SECRET"] = "TOP-SECRET-VALUE"
        try:
            with Executor(world.store, REGISTRY, world.settings) as fresh:
                ended = fresh.run([world.permit(world.planned("repo.looking"))])
        finally:
            del os.environ["TROTH_TEST_SECRET"]
        assert ended.outcome is not None
        facts = ended.outcome.facts
        assert facts["env"] == ["HOME", "LANG", "PATH"]
        assert facts["fds"] == []
        assert facts["modules"] == []
        assert facts["secret_in_parent"] is False

    return Tried(attack, lambda: runs(world, world.permit(world.planned())))


@case("T22", "a message of a kind that the type does not declare")
def _undeclared(world: World) -> Tried:
    def attack() -> None:
        ended = world.executor.run([world.permit(world.planned("repo.telling", name="other"))])
        assert ended.reason == "undeclared-message"
        sent: list[str] = []
        world.executor.deliver(ACME, {"undeclared": lambda message: sent.append(message.key)})
        assert not sent

    def twin() -> None:
        job = world.executor.run([world.permit(world.planned("repo.telling"))])
        sent: list[str] = []
        world.executor.deliver(ACME, {"mail": lambda message: sent.append(message.key)})
        world.executor.deliver(ACME, {"mail": lambda message: sent.append(message.key)})
        assert sent.count(f"{job.id}-1") == 1

    return Tried(attack, twin)


@case("T6", "a permit spent in a database that was put back from a backup", "spent", only="sqlite")
def _restored(world: World) -> Tried:
    import shutil
    import sqlite3
    import tempfile
    from contextlib import closing
    from pathlib import Path

    from tests.jobs.world import world as make

    room = Path(tempfile.mkdtemp(prefix="troth-restored-"))
    url = f"sqlite:///{room / 'jobs.db'}"
    with make(url, room / "trees", journal=room / "journal") as one:
        permit = one.permit(one.planned())
        people = one.people
        with closing(sqlite3.connect(room / "jobs.db")) as source, closing(sqlite3.connect(room / "backup.db")) as target:
            source.backup(target)
        runs(one, permit)
    for name in ("jobs.db", "jobs.db-wal", "jobs.db-shm"):
        (room / name).unlink(missing_ok=True)
    shutil.copy(room / "backup.db", room / "jobs.db")
    (room / "jobs.db").chmod(0o600)

    def again(present) -> object:
        with make(url, room / "trees", journal=room / "journal") as two:
            two.people = people
            return present(two)

    return Tried(lambda: again(lambda two: two.executor.run([permit])), lambda: again(lambda two: runs(two, two.permit(two.planned()))))
