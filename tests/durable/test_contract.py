"""One contract for every engine: in-line, DBOS on SQLite, DBOS on PostgreSQL."""

from __future__ import annotations

import threading
import time

import pytest

from tests.durable.conftest import Setting
from troth.durable import ATTEMPTS, JobState
from troth.errors import UsageError
from troth.terms.tenant import Tenant

OWN, OTHER = Tenant("acme", "web"), Tenant("small", "api")


class Done:
    """What ran, in order."""

    def __init__(self) -> None:
        self.seen: list[object] = []
        self.times: list[float] = []
        self._changed = threading.Condition()

    def __call__(self, payload: object) -> None:
        with self._changed:
            self.seen.append(payload)
            self.times.append(time.monotonic())
            self._changed.notify_all()

    def wait(self, count: int, seconds: float = 30) -> list[object]:
        with self._changed:
            assert self._changed.wait_for(lambda: len(self.seen) >= count, seconds), self.seen
            return list(self.seen)


def settled(setting: Setting, job: str, wanted: JobState, seconds: float = 30) -> None:
    end = time.monotonic() + seconds
    while (state := setting.engine.state(job)) is not wanted:
        assert time.monotonic() < end, state
        time.sleep(0.02)


def test_a_job_of_a_committed_transaction_runs_once_and_one_that_was_rolled_back_never(setting: Setting) -> None:
    done = Done()
    setting.engine.register("note.take", done)
    with setting.store.write(OWN) as transaction:
        job = setting.engine.enqueue(transaction, "jobs", "note.take", {"n": 1})
    with pytest.raises(ZeroDivisionError), setting.store.write(OWN) as transaction:
        lost = setting.engine.enqueue(transaction, "jobs", "note.take", {"n": 2})
        raise ZeroDivisionError
    setting.engine.start()
    settled(setting, job, JobState.DONE)
    time.sleep(0.2)

    assert done.seen == [{"n": 1}]
    assert setting.engine.state(lost) is JobState.UNKNOWN


def test_one_key_is_one_job_also_after_it_is_done_and_another_tenants_is_another(setting: Setting) -> None:
    done = Done()
    setting.engine.register("note.take", done)
    setting.engine.start()
    first = setting.engine.enqueue(None, "jobs", "note.take", 1, "same", tenant=OWN)
    settled(setting, first, JobState.DONE)
    again = setting.engine.enqueue(None, "jobs", "note.take", 2, "same", tenant=OWN)
    with setting.store.write(OWN) as transaction:
        in_transaction = setting.engine.enqueue(transaction, "jobs", "note.take", 3, "same")
    other = setting.engine.enqueue(None, "jobs", "note.take", 4, "same", tenant=OTHER)
    elsewhere = setting.engine.enqueue(None, "mail", "note.take", 5, "same", tenant=OWN)
    done.wait(3)
    time.sleep(0.3)

    assert first == again == in_transaction
    assert len({first, other, elsewhere}) == 3
    assert sorted(done.seen) == [1, 4, 5]


def test_a_delayed_job_waits_and_then_runs(setting: Setting) -> None:
    done = Done()
    setting.engine.register("note.take", done)
    setting.engine.start()
    began = time.monotonic()
    late = setting.engine.enqueue(None, "jobs", "note.take", "late", delay_seconds=1.2, tenant=OWN)
    setting.engine.enqueue(None, "jobs", "note.take", "now", tenant=OWN)
    state = setting.engine.state(late)
    assert state is JobState.WAITING or time.monotonic() - began >= 1.2
    done.wait(2)

    assert {"now", "late"} == set(done.seen)
    assert done.times[done.seen.index("late")] - began >= 1.2


def test_a_failing_job_is_tried_again_and_at_last_shown_as_failed(setting: Setting) -> None:
    tries: list[object] = []

    def once(payload: object) -> None:
        tries.append(payload)
        if len(tries) < 3:
            raise ValueError("not yet")

    never: list[object] = []

    def always(payload: object) -> None:
        never.append(payload)
        raise ValueError("ghp_secret_in_an_error")

    setting.engine.register("work.flaky", once)
    setting.engine.register("work.broken", always)
    setting.engine.start()
    flaky = setting.engine.enqueue(None, "jobs", "work.flaky", 1, tenant=OWN)
    broken = setting.engine.enqueue(None, "jobs", "work.broken", 2, tenant=OTHER)
    settled(setting, flaky, JobState.DONE)
    settled(setting, broken, JobState.FAILED)

    assert len(tries) == 3
    assert len(never) == ATTEMPTS


def test_a_job_that_nobody_registered_fails_and_is_seen(setting: Setting) -> None:
    setting.engine.register("note.take", Done())
    setting.engine.start()
    job = setting.engine.enqueue(None, "jobs", "note.forgotten", 1, tenant=OWN)

    settled(setting, job, JobState.FAILED)


def test_a_tenant_with_a_backlog_does_not_keep_another_waiting(setting: Setting) -> None:
    done = Done()

    def slow(payload: object) -> None:
        time.sleep(0.05)
        done(payload)

    setting.engine.register("work.slow", slow)
    for number in range(30):
        setting.engine.enqueue(None, "jobs", "work.slow", f"big {number}", tenant=OWN)
    small = setting.engine.enqueue(None, "jobs", "work.slow", "small", tenant=OTHER)
    setting.engine.start()
    settled(setting, small, JobState.DONE)

    assert done.wait(1).index("small") < 15


@pytest.mark.parametrize(
    ("queue", "name", "payload"),
    [("nowhere", "note.take", 1), ("jobs", "Not A Name", 1), ("jobs", "note.take", {1, 2}), ("jobs", "note.take", float("nan")), ("jobs", "note.take", "x" * 70_000)],
)
def test_what_is_no_job_is_refused_at_once(setting: Setting, queue: str, name: str, payload: object) -> None:
    with pytest.raises(UsageError):
        setting.engine.enqueue(None, queue, name, payload, tenant=OWN)  # type: ignore[arg-type]


def test_a_job_has_the_tenant_of_its_transaction(setting: Setting) -> None:
    with pytest.raises(UsageError):
        setting.engine.enqueue(None, "jobs", "note.take", 1)
    with setting.store.write(OWN) as transaction, pytest.raises(UsageError):
        setting.engine.enqueue(transaction, "jobs", "note.take", 1, tenant=OTHER)
