"""Handlers that hang, die, lie and leak; jobs that would run twice; addresses that are not what they seem: E3, E10, E12, T22 and what came to mind beside."""

from __future__ import annotations

import threading
import time

from tests.attacks.jobs.cases import Tried, case, runs
from tests.jobs.world import ACME, REGISTRY, SECRETS, World
from troth.errors import JobError
from troth.jobs.egress import Egress, checked_url, public_address
from troth.jobs.executor import Executor
from troth.jobs.job import State
from troth.jobs.refusals import EgressError


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
    from tests.attacks.jobs.requests_and_tenants import _lose

    job = world.planned()
    _lose(world, job.id)
    return Tried(lambda: world.executor.run([world.permit(job)]), lambda: runs(world, world.permit(world.planned())))


@case("new", "a program settles a lost job", "person")
def _settled_by_program(world: World) -> Tried:
    from tests.attacks.jobs.requests_and_tenants import _lose

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


# --- addresses ---

HOSTS = ("api.example.org",)


def _address(title: str, url: str, *reasons: str) -> None:
    @case("E12", f"{title}: {url[:60]}", *(reasons or ("host", "address", "userinfo", "port", "scheme", "undeclared-host")))
    def prepare(world: World) -> Tried:
        # the operator has even declared the host: the spelling alone must be refused
        spelled = url.partition("//")[2].partition("/")[0].rpartition("@")[2].partition(":")[0]
        hosts = (*HOSTS, spelled, "localhost", "127.0.0.1")
        return Tried(lambda: checked_url(url, hosts), lambda: checked_url("https://api.example.org/x?y=1", hosts))


for _title, _url in (
    ("decimal", "https://2130706433/"), ("hexadecimal", "https://0x7f000001/"), ("octal", "https://0177.0.0.1/"), ("short", "https://127.1/"),
    ("dotted", "https://127.0.0.1/"), ("metadata", "https://169.254.169.254/latest/"), ("any", "https://0.0.0.0/"), ("loopback", "https://[::1]/"),
    ("mapped", "https://[::ffff:127.0.0.1]/"), ("scope", "https://[fe80::1%25eth0]/"), ("user", "https://api.example.org@evil.example/"),
    ("password", "https://a:b@api.example.org/"), ("hidden user", "https://api.example.org%40evil.example/"), ("plain", "http://api.example.org/"),
    ("file", "file:///etc/passwd"), ("gopher", "gopher://api.example.org/"), ("ssh port", "https://api.example.org:22/"), ("plain port", "https://api.example.org:80/"),
    ("odd port", "https://api.example.org:8443/"), ("capitals", "https://API.example.org/"), ("other alphabet", "https://\u0430pi.example.org/"),
    ("punycode of a look-alike", "https://xn--pi-7kc.example.org.evil.example/"), ("full-width dot", "https://api\u3002example.org/"), ("trailing dot", "https://api.example.org./"),
    ("backslash", "https://api.example.org\\@evil.example/"), ("newline", "https://api.example.org/\r\nHost: evil.example"), ("tab", "https://api.exa\tmple.org/"),
    ("fragment", "https://api.example.org#@evil.example/"), ("no host", "https:///x"), ("one label", "https://localhost/"), ("hexadecimal last part", "https://127.0.0.0x1/"),
    ("relative", "//api.example.org/"), ("subdomain of another", "https://api.example.org.evil.example/"), ("protocol in capitals", "HTTPS://api.example.org/"),
    ("zero port", "https://api.example.org:0/"), ("empty port", "https://api.example.org:/../"),
):  # fmt: skip
    if _title in ("subdomain of another", "punycode of a look-alike", "empty port"):
        continue
    _address(_title, _url)


for _title, _url in (("a host that nobody declared", "https://evil.example/"), ("a subdomain of another host", "https://api.example.org.evil.example/"), ("a parent of a declared host", "https://example.org/")):

    @case("E12", _title, "undeclared-host")
    def _undeclared_host(world: World, url: str = _url) -> Tried:
        return Tried(lambda: checked_url(url, HOSTS), lambda: checked_url("https://api.example.org/", HOSTS))


for _answer in (
    "127.0.0.1", "10.0.0.1", "172.16.5.4", "192.168.1.1", "169.254.169.254", "0.0.0.0", "100.64.0.1", "100.100.100.200", "192.0.0.192", "198.18.0.1", "224.0.0.1",
    "240.0.0.1", "255.255.255.255", "::1", "::", "fe80::1", "fc00::1", "fd00:ec2::254", "ff02::1", "::ffff:127.0.0.1", "::ffff:8.8.8.8", "64:ff9b::7f00:1",
    "64:ff9b:1::1", "2002:7f00:1::", "2001:0:1::1", "2001:db8::1", "fec0::1", "::127.0.0.1", "192.88.99.1", "203.0.113.1",
):  # fmt: skip

    @case("E12", f"a name that leads to {_answer}", "private-address")
    def _leads(world: World, answer: str = _answer) -> Tried:
        return Tried(
            lambda: public_address("api.example.org", 443, lambda host, port: ["93.184.215.14", answer]),
            lambda: public_address("api.example.org", 443, lambda host, port: ["93.184.215.14", "2606:2800:21f:cb07:6820:80da:af6b:8b2c"]),
        )


@case("E12", "a name that answers differently the second time")
def _rebound(world: World) -> Tried:
    answers = iter([["93.184.215.14"], ["127.0.0.1"], ["127.0.0.1"]])
    asked: list[str] = []
    reached: list[tuple[str, int]] = []

    def resolver(host: str, port: int) -> list[str]:
        asked.append(host)
        return next(answers)

    def pin(address: str, port: int) -> tuple[str, int]:
        reached.append((address, port))
        return ("127.0.0.1", 1)

    def attack() -> None:
        try:
            Egress(HOSTS, resolver=resolver, pin=pin).send("GET", "https://api.example.org/")
        except EgressError as error:
            assert error.reason == "exchange"
        assert len(asked) == 1, "the name was asked for again"
        assert reached == [("93.184.215.14", 443)]

    return Tried(attack, lambda: checked_url("https://api.example.org/", HOSTS))


for _name, _value in (("Host", "evil.example"), ("Transfer-Encoding", "chunked"), ("X\r\nY", "z"), ("X", "a\r\nHost: evil")):

    @case("E12", f"a header that moves the request elsewhere: {_name!r}", "request")
    def _header(world: World, name: str = _name, value: str = _value) -> Tried:
        web = Egress(HOSTS, resolver=lambda host, port: ["93.184.215.14"], pin=lambda address, port: ("127.0.0.1", 1))

        def twin() -> None:
            try:
                web.send("GET", "https://api.example.org/", headers={"X-Trace": "1"})
            except EgressError as error:
                assert error.reason == "exchange", error  # nothing listens there: the request was let through to the wire

        return Tried(lambda: web.send("GET", "https://api.example.org/", headers={name: value}), twin)
