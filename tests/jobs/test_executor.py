"""The executor from the first byte to the ledger: what happens once, what is written, what a person sees."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import select

from tests.jobs.world import ACME, OTHER, REGISTRY, World, world
from tests.postgres import Cluster, postgres
from troth.jobs.executor import Executor, Rate
from troth.jobs.handler import HandlerError, Message, TryAgainError
from troth.jobs.job import State
from troth.jobs.lane import Lane, Task
from troth.jobs.refusals import JobStateError, PermitError
from troth.jobs.request import JobRequest
from troth.jobs.tables import OUTBOX

__all__ = ["postgres"]


@pytest.fixture(params=["sqlite", "postgresql"], scope="module")
def made(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    room: Path = tmp_path_factory.mktemp("jobs")
    if request.param == "sqlite":
        with world(f"sqlite:///{room / 'jobs.db'}", room / "trees") as one:
            yield one
        return
    cluster: Cluster = request.getfixturevalue("postgres")
    with cluster.database() as url, world(url, room / "trees") as one:
        yield one


def story(made: World, job_id: str) -> list[str]:
    """Kinds of the ledger's entries about a job, in order."""
    from troth.ledger.tables import LEAVES

    with made.store.read(ACME) as t:
        rows = t.execute(select(LEAVES.c.leaf).where(LEAVES.c.tenant == str(ACME)).order_by(LEAVES.c.number)).scalars().all()
    leaves = [json.loads(bytes(row)) for row in rows]
    return [leaf["kind"] for leaf in leaves if leaf["subject"] == job_id]


def test_a_job_goes_from_bytes_to_done_and_the_ledger_tells_it(made: World) -> None:
    content = made.request(name="story")
    job = made.executor.submit(made.session(), content)
    assert hashlib.sha256(content).hexdigest() == job.id
    assert State.SUBMITTED is job.state
    job = made.executor.plan(made.session(), job.id)
    assert job.diff is not None
    assert "+story\n" == job.diff.changes[0].text

    done = made.executor.run([made.permit(job)])

    assert State.DONE is done.state
    assert done.outcome is not None
    assert "touched" == done.outcome.summary
    assert ["job.submitted", "job.planned", "job.running", "job.done"] == story(made, job.id)


def test_what_is_refused_is_written_once(made: World) -> None:
    from troth.jobs.permits.envelope import read

    permit = made.permit(made.planned())
    made.executor.run([permit])
    for _ in range(5):
        with pytest.raises(JobStateError):
            made.executor.run([permit])

    assert ["permit.refused"] == story(made, read(permit).sha256)


def test_the_ledger_of_the_jobs_verifies(made: World) -> None:
    from troth.ledger.tables import LEAVES
    from troth.ledger.tree import leaf_hash

    made.executor.run([made.permit(made.planned())])
    with made.store.read(ACME) as t:
        rows = t.execute(select(LEAVES.c.leaf, LEAVES.c.hash).where(LEAVES.c.tenant == str(ACME))).all()

    assert rows
    assert all(leaf_hash(bytes(row.leaf)) == bytes(row.hash) for row in rows)


def test_the_same_bytes_are_the_same_job(made: World) -> None:
    content = made.request()
    first = made.executor.submit(made.session(), content)

    assert first == made.executor.submit(made.session(), content)
    assert ["job.submitted"] == story(made, first.id)


def test_a_failed_spend_leaves_nothing_behind(made: World) -> None:
    job = made.planned()
    permit = made.permit(job)

    def broken(name: str) -> None:
        if name == "admit:written":
            raise JobStateError("power", "The power went.")

    with Executor(made.store, REGISTRY, replace(made.settings, step=broken)) as failing, pytest.raises(JobStateError, match="power"):
        failing.run([permit])

    assert State.PLANNED is made.executor.show(made.session(), job.id).state
    assert "job.running" not in story(made, job.id)
    assert State.DONE is made.executor.run([permit]).state


def test_a_lost_job_waits_for_a_person_who_says_what_they_found(made: World) -> None:
    job = made.planned()

    def died(name: str) -> None:
        if name == "run:begin":
            raise PermitError("died", "The runner died.")

    with Executor(made.store, REGISTRY, replace(made.settings, step=died)) as dying, pytest.raises(PermitError, match="died"):
        dying.run([made.permit(job)])
    assert () == made.executor.sweep(ACME)
    later = replace(made.settings, clock=lambda: int(time.time() * 1000) + 31_000)
    with Executor(made.store, REGISTRY, later) as sweeper:
        assert (job.id,) == sweeper.sweep(ACME)
        settled = sweeper.settle(made.session(actor="ops"), job.id, done=False, note="nothing had happened")

    assert (State.FAILED, "settled") == (settled.state, settled.reason)
    assert ["job.running", "job.lost", "job.settled"] == story(made, job.id)[2:]


def test_a_message_is_delivered_until_it_is_taken_and_a_dead_one_is_seen(made: World) -> None:
    job = made.executor.run([made.permit(made.planned("repo.telling"))])
    answers: list[str] = []

    def busy(message: Message) -> None:
        answers.append(message.key)
        raise TryAgainError("busy", "The other side is busy.")

    def refusing(message: Message) -> None:
        raise HandlerError("gone", "Nobody is there.")

    assert 0 == made.executor.deliver(ACME, {"mail": busy})
    assert 0 == made.executor.deliver(ACME, {"mail": busy}), "its wait is not over"
    assert [f"{job.id}-1"] == answers
    later = replace(made.settings, clock=lambda: int(time.time() * 1000) + 61_000)
    with Executor(made.store, REGISTRY, later) as deliverer:
        assert 0 == deliverer.deliver(ACME, {"mail": refusing})
        assert 0 == deliverer.deliver(ACME, {"mail": answers.append})  # type: ignore[dict-item]
    with made.store.read(ACME) as t:
        rows = t.execute(select(OUTBOX.c.state, OUTBOX.c.reason).where(OUTBOX.c.tenant == str(ACME), OUTBOX.c.job == job.id)).all()
    assert [("dead", "handler")] == [tuple(row) for row in rows]


def test_a_bucket_fills_with_time_and_not_with_a_clock_that_goes_back(made: World) -> None:
    now = int(time.time() * 1000)
    moments = iter([now, now, now, now - 60_000, now + 61_000])
    current = [0]

    def clock() -> int:
        return current[0]

    with Executor(made.store, REGISTRY, replace(made.settings, rate=Rate(burst=2, per_minute=1), clock=clock)) as slow:
        session = made.session(OTHER)

        def submit() -> str:
            current[0] = next(moments)
            try:
                slow.submit(session, made.request(tenant=OTHER))
            except JobStateError as error:
                return error.reason
            return "taken"

        assert ["taken", "taken", "rate", "rate", "taken"] == [submit() for _ in range(5)]


def test_requests_are_written_and_read_alike(made: World) -> None:
    content = made.request("repo.slow", seconds=3)

    assert content == JobRequest.parse(content).content
    assert {"name": "thing", "seconds": 3} == dict(JobRequest.parse(content).params)


def test_a_lane_starts_again_after_its_parent_was_killed(tmp_path: Path, made: World) -> None:
    import os
    import signal

    content = made.request()
    task = Task("plan", "tests.jobs.acts:Touch", content, root=str(tmp_path))
    with Lane(["tests.jobs.acts:Touch"]) as lane:
        assert "ok" == lane.run(task, 20).kind
        assert lane._process is not None
        os.kill(lane._process.pid, signal.SIGKILL)
        lane._process.wait()
        assert "ok" == lane.run(task, 20).kind


def test_handlers_that_are_none_are_refused(tmp_path: Path, made: World) -> None:
    with Lane(["tests.jobs.acts:Touch", "tests.nothing:Here"]) as lane:
        for name in ("tests.nothing:Here", "tests.jobs.acts:Nothing", "os:system", "tests.jobs.acts"):
            assert ("refused", "no-handler") == _said(lane, Task("plan", name, made.request(), root=str(tmp_path)))


def _said(lane: Lane, task: Task) -> tuple[str, str]:
    report = lane.run(task, 20)
    return report.kind, report.reason


def test_an_approver_whom_a_provider_vouches_for_needs_no_key_in_the_roster(made: World) -> None:
    pytest.importorskip("joserfc", reason="identity tokens are the extra troth[oidc]")
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    from tests.jobs.test_permits import _token, id_provider
    from troth.jobs.permits.envelope import seal
    from troth.jobs.permits.oidc import Identity, nonce_of
    from troth.jobs.permits.signers import LocalSigner

    rsa_key, provider = id_provider()
    device, now = LocalSigner(Ed25519PrivateKey.generate()), int(time.time())
    public = device.key.public_key()
    payload: dict[str, object] = {"iss": provider.issuer, "aud": "troth", "sub": "subject-1", "iat": now - 5, "exp": now + 300, "nonce": nonce_of(public)}
    identity = Identity(_token(rsa_key, {"alg": "RS256", "kid": "k1"}, payload), public.public_bytes_raw())
    job = made.planned()
    permit = seal(made.claims(job), [device])

    with Executor(made.store, REGISTRY, replace(made.settings, providers=(provider,))) as executor:
        for identities in ((), (Identity(identity.token, b"x" * 32),)):
            with pytest.raises(PermitError):
                executor.run([permit], identities)
        assert State.DONE is executor.run([permit], (identity,)).state
    with pytest.raises(PermitError, match="identity"):
        made.executor.run([permit], (identity,))
