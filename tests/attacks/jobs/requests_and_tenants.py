"""Requests that lie, evidence that is none, and callers who reach for another tenant: T11, T14, T16, T22, T23, T28, E1, E2, E4, E5, E7, E9."""

from __future__ import annotations

import hashlib
import json
import subprocess
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests.attacks.jobs.cases import Tried, case, runs
from tests.jobs.world import ACME, OTHER, World
from troth.errors import TrothError
from troth.jobs.bundles import import_bundle, import_replay
from troth.jobs.job import State
from troth.jobs.request import EvidenceItem, JobRequest
from troth.jobs.session import Session


def _bytes(letter: str, title: str, *reasons: str):
    """A submission made from a good request's bytes; the twin is that request."""

    def register(change):
        @case(letter, title, *reasons)
        def prepare(world: World) -> Tried:
            good = world.request()
            bad = change(good)
            return Tried(lambda: world.executor.submit(world.session(), bad), lambda: world.executor.submit(world.session(), good))

        return change

    return register


def _field(letter: str, title: str, *reasons: str, **fields: object) -> None:
    _bytes(letter, title, *reasons)(lambda good: json.dumps({**json.loads(good), **fields}).encode())


_bytes("T11", "a byte order mark", "encoding")(lambda good: b"\xef\xbb\xbf" + good)
_bytes("T11", "UTF-16", "encoding", "not-json")(lambda good: good.decode().encode("utf-16"))
_bytes("T11", "text after the document", "not-json")(lambda good: good + b"{}")
_bytes("T11", "a parameter named twice", "duplicate-key")(lambda good: good.replace(b'"name":"thing"', b'"name":"thing","name":"other"'))
_bytes("T11", "the type named twice", "duplicate-key")(lambda good: good[:-1] + b',"type":"repo.slow"}')
for _number in (b"1.0", b"1e0", b"-0", b"9007199254740993", b"NaN", b"Infinity", b"-Infinity", b"1" * 5000, b"01", b"true", b"null", b'"1"'):
    _bytes("T11", f"attempts written {_number[:20].decode()}", "number", "not-json", "constraints")(
        lambda good, number=_number: good.replace(b'"attempts":1', b'"attempts":' + number)
    )
_bytes("T11", "a lone surrogate", "text")(lambda good: good.replace(b'"name":"thing"', b'"name":"\\ud800"'))
_bytes("T11", "NUL in a text", "text")(lambda good: good.replace(b'"name":"thing"', b'"name":"a\\u0000"'))
_bytes("T11", "nesting without end", "size", "depth", "not-json")(lambda good: good.replace(b'"thing"', b"[" * 20_000 + b"]" * 20_000))
_bytes("T25", "a request of 2 MB", "size")(lambda good: good + b" " * 2_000_000)
_bytes("T11", "a list in place of a request", "not-an-object")(lambda good: b"[" + good + b"]")
_bytes("T11", "a comment", "not-json")(lambda good: good[:-1] + b"/* harmless */}")
_bytes("T11", "a line separator in the key", "idempotency-key")(lambda good: good.replace(b"key-", b"key\\u2028-"))
_field("T11", "a version that is 2", "version", version=2)
_field("T11", "a version that is true", "version", version=True)
_field("T11", "a moment with a zone of its own", "instant", expires_at="2030-01-01T00:00:00+02:00")
_field("T11", "a day that does not exist", "instant", expires_at="2030-02-30T00:00:00Z")
_field("T5", "a request that ran out", "expired", expires_at="2020-01-01T00:00:00Z")
_field("T5", "a request for a hundred years", "expired", expires_at="2126-01-01T00:00:00Z")
_field("T14", "it says of itself that it is no action", "self-declared", is_action_job=False)
_field("T14", "it says of itself that it is one", "self-declared", is_action_job=True)
_field("T14", "it names its own category", "self-declared", category="observe")
_field("T14", "it names the scopes that it needs", "self-declared", required_scopes=[])
_field("T14", "it says that it needs no token", "self-declared", requires_policy_token=False)
_field("T14", "it says that it is a dry run", "self-declared", dry_run=True)
_field("T14", "it says that it was approved", "self-declared", approved=True)
_field("T14", "it brings a policy of its own", "self-declared", policy={"requires_approval": False})
_field("T14", "its parameters say that it is no action", "self-declared", params={"name": "thing", "is_action_job": False})
_field("T14", "its parameters hold what its type does not know", "params", params={"name": "thing", "force": True})
_field("T14", "its parameters lack what its type needs", "params", params={})
_field("T14", "a type that nobody registered", "unregistered", type="repo.unknown")
_field("T14", "a type with a space", "type", type="repo.touch ")
_field("T14", "a type in capitals", "type", type="Repo.Touch")
_field("T14", "more time than its type may have", "constraints", constraints={"timeout_seconds": 3600, "attempts": 1})
_field("T14", "more tries than its type may have", "constraints", constraints={"timeout_seconds": 60, "attempts": 50})
_field("T22", "an address to call back", "callback", callback={"url": "https://evil.example", "headers": {"Authorization": "x"}})
_field("T22", "headers for a call", "callback", headers={"X": "y"})
_field("E5", "it says who asks", "unknown-field", actor="victim-admin")
_field("E5", "it says who approves", "self-declared", approvers=["ana"])
_field("T23", "it lists the tools that it may use", "self-declared", allowed_tools=[])
_field("T23", "another tenant than the session's", "tenant", tenant_id="other")
_field("T23", "another project than the session's", "tenant", project_id="api")
_field("T9", "no project", "tenant", project_id=None)
_field("T9", "a tenant in capitals", "tenant", tenant_id="ACME")
_field("T9", "a tenant with a soft hyphen", "tenant", tenant_id="ac\u00adme")
_field("T9", "a tenant in full-width letters", "tenant", tenant_id="\uff41cme")
_field("T28", "evidence of a kind that cannot be verified", "evidence", evidence=[{"kind": "trust-me", "locator": "x", "sha256": "0" * 64}])
_field("T28", "evidence without a digest", "evidence", evidence=[{"kind": "file", "locator": "x"}])


@case("T22", "the name of an environment variable as a secret", "params")
def _any_secret(world: World) -> Tried:
    session = world.session()
    return Tried(
        lambda: world.executor.submit(session, world.request("repo.keyed", secret="DATABASE_URL")),
        lambda: world.executor.submit(session, world.request("repo.keyed", secret="forge-token")),
    )


@case("T22", "the name of a secret that another type declares", "params")
def _other_secret(world: World) -> Tried:
    session = world.session()
    return Tried(
        lambda: world.executor.submit(session, world.request("repo.keyed", secret="other-token")),
        lambda: world.executor.submit(session, world.request("repo.keyed", secret="forge-token")),
    )


@case("T22", "a run without any permit", "chain")
def _none(world: World) -> Tried:
    job = world.planned()
    return Tried(lambda: world.executor.run([]), lambda: runs(world, world.permit(job)))


# --- bundles of other systems ---

LATER = datetime.now(UTC) + timedelta(hours=1)
NAMES = {"autopilot.ops.apply": "repo.touch"}


def _bundle(tenant: str = "acme", project: str | None = "web", **more: object) -> dict[str, object]:
    context = {"tenant_id": tenant} if project is None else {"tenant_id": tenant, "project_id": project}
    return {"bundle_id": "b", "trace_id": "t", "requests": [{"job_type": "autopilot.ops.apply", "tenant_context": context, "payload": {"name": "thing"}, **more}]}


def _import(world: World, bundle: object):
    return import_bundle(json.dumps(bundle).encode(), world.session(), NAMES, expires_at=LATER)


@case("T14", "a bundle says that its action is none")
def _bundle_says(world: World) -> Tried:
    def attack() -> None:
        found = _import(world, _bundle(is_action_job=False, required_scopes=[], policy={"requires_policy_token": False}))
        job = world.executor.submit(world.session(), found.requests[0])
        assert job.category.name == "ACTION"
        assert {"request 1: is_action_job", "request 1: required_scopes", "request 1: policy"} <= set(found.ignored)
        planned = world.executor.plan(world.session(), job.id)
        assert planned.state is State.PLANNED, "it acts without a permit"
        runs(world, world.permit(planned))

    return Tried(attack, lambda: world.executor.submit(world.session(), _import(world, _bundle(idempotency_key=f"k{world.count}")).requests[0]))


for _title, _tenant, _project in (("of another tenant", "other", "web"), ("of another project", "acme", "api"), ("without a project", "acme", None), ("of a tenant in capitals", "ACME", "web")):

    @case("T16", f"a bundle {_title}", "tenant")
    def _bundle_of(world: World, tenant: str = _tenant, project: str | None = _project) -> Tried:
        return Tried(lambda: _import(world, _bundle(tenant, project)), lambda: _import(world, _bundle()))


@case("T14", "a bundle with a type that has no name here", "unregistered")
def _bundle_type(world: World) -> Tried:
    return Tried(lambda: _import(world, _bundle(job_type="autopilot.ops.destroy")), lambda: _import(world, _bundle()))


def _replay(recorded: str, digest: str | None = None, **more: object) -> bytes:
    return json.dumps({"input": recorded, "input_sha256": digest or hashlib.sha256(recorded.encode()).hexdigest(), **more}).encode()


@case("T16", "a replay moved to another tenant", "tenant")
def _replay_moved(world: World) -> Tried:
    good = json.dumps(_bundle())
    bad = _replay(json.dumps(_bundle("other")), overrideTenantId="acme")
    session = world.session()
    return Tried(lambda: import_replay(bad, session, NAMES, expires_at=LATER), lambda: import_replay(_replay(good), session, NAMES, expires_at=LATER))


@case("T16", "a replay whose input was edited", "replay")
def _replay_edited(world: World) -> Tried:
    good = json.dumps(_bundle())
    bad = _replay(good.replace("thing", "other"), hashlib.sha256(good.encode()).hexdigest())
    session = world.session()
    return Tried(lambda: import_replay(bad, session, NAMES, expires_at=LATER), lambda: import_replay(_replay(good), session, NAMES, expires_at=LATER))


@case("T16", "a replay that is forced dry and so needs no permit")
def _replay_dry(world: World) -> Tried:
    def attack() -> None:
        found = import_replay(_replay(json.dumps(_bundle(dry_run=True, is_action_job=False)), forceDryRun=True), world.session(), NAMES, expires_at=LATER)
        before = world.effects()
        job = world.executor.plan(world.session(), world.executor.submit(world.session(), found.requests[0]).id)
        assert job.state is State.PLANNED
        assert world.effects() == before

    return Tried(attack, lambda: import_replay(_replay(json.dumps(_bundle())), world.session(), NAMES, expires_at=LATER))


# --- evidence ---


def _git(tree: Path, *arguments: str) -> str:
    done = subprocess.run(["git", "-C", str(tree), "-c", "user.name=t", "-c", "user.email=t@t.invalid", *arguments], capture_output=True, text=True, check=True)
    return done.stdout.strip()


def repository(world: World, tenant=ACME) -> str:
    """A commit with known lines in a tenant's tree."""
    tree = world.trees[tenant]
    if not (tree / ".git").exists():
        _git(tree, "init", "-q", "-b", "main")
        (tree / "ci.yml").write_text(f"one {tenant}\ntwo\nthree\n")
        _git(tree, "add", "ci.yml")
        _git(tree, "commit", "-q", "-m", "first")
    return _git(tree, "rev-parse", "HEAD")


def _evidence(letter: str, title: str, *reasons: str):
    """A piece of evidence that is not what it says; the twin is one that is."""

    def register(make):
        @case(letter, title, *reasons)
        def prepare(world: World) -> Tried:
            commit = repository(world)
            good = EvidenceItem("git", f"{commit}:ci.yml#L2-L3", hashlib.sha256(b"two\nthree\n").hexdigest(), "three")
            bad = make(world, commit)
            return Tried(lambda: world.planned("repo.proven", evidence=(bad,) if bad else ()), lambda: runs(world, world.permit(world.planned("repo.proven", evidence=(good,)))))

        return make

    return register


_TWO = hashlib.sha256(b"two\nthree\n").hexdigest()
_evidence("T28", "a commit that does not exist", "not-there")(lambda w, c: EvidenceItem("git", f"{'ab' * 20}:ci.yml", _TWO))
_evidence("T28", "a short name of a commit", "locator")(lambda w, c: EvidenceItem("git", f"{c[:12]}:ci.yml", _TWO))
_evidence("T28", "a branch in a commit's place", "locator")(lambda w, c: EvidenceItem("git", "main:ci.yml", _TWO))
_evidence("T28", "an option in a commit's place", "locator")(lambda w, c: EvidenceItem("git", "--output=/tmp/x:ci.yml", _TWO))
_evidence("T28", "a file that the commit does not hold", "not-there")(lambda w, c: EvidenceItem("git", f"{c}:none.yml", _TWO))
_evidence("T28", "lines that do not hold the quoted text", "quote")(lambda w, c: EvidenceItem("git", f"{c}:ci.yml#L2-L3", _TWO, "one"))
_evidence("T28", "lines beyond the file", "not-there")(lambda w, c: EvidenceItem("git", f"{c}:ci.yml#L2-L30", _TWO))
_evidence("T28", "other lines than the digest's", "digest")(lambda w, c: EvidenceItem("git", f"{c}:ci.yml#L1-L2", _TWO))
_evidence("T28", "a file with another digest", "digest")(lambda w, c: EvidenceItem("file", "ci.yml", "0" * 64))
_evidence("T28", "a file outside the tree", "not-there")(lambda w, c: EvidenceItem("file", "../../../etc/hostname", hashlib.sha256(Path("/etc/hostname").read_bytes()).hexdigest()))
_evidence("T28", "a link that leaves the tree", "not-there")(lambda w, c: _linked(w))
_evidence("T28", "an absolute path", "not-there")(lambda w, c: EvidenceItem("file", "/etc/hostname", hashlib.sha256(Path("/etc/hostname").read_bytes()).hexdigest()))
_evidence("T28", "a page of the network", "http")(lambda w, c: EvidenceItem("http", "https://example.org/", _TWO))
_evidence("T28", "a commit of another tenant", "not-there")(lambda w, c: EvidenceItem("git", f"{repository(w, OTHER)}:ci.yml#L2-L3", _TWO))
_evidence("T28", "no evidence where the type needs some", "evidence-missing")(lambda w, c: None)
_evidence("new", "an object that no branch reaches", "not-there")(lambda w, c: _dangling(w))


def _linked(world: World) -> EvidenceItem:
    link = world.trees[ACME] / "link"
    if not link.is_symlink():
        link.symlink_to("/etc/hostname")
    return EvidenceItem("file", "link", hashlib.sha256(Path("/etc/hostname").read_bytes()).hexdigest())


def _dangling(world: World) -> EvidenceItem:
    tree = world.trees[ACME]
    commit = _git(tree, "commit-tree", "-m", "pushed by a stranger", _git(tree, "rev-parse", "HEAD^{tree}"))
    return EvidenceItem("git", f"{commit}:ci.yml#L2-L3", _TWO)


@case("T28", "evidence edited after approval", "digest")
def _edited(world: World) -> Tried:
    file = world.trees[ACME] / "proof.txt"
    file.write_text("as it was")
    good = EvidenceItem("file", "proof.txt", hashlib.sha256(b"as it was").hexdigest())
    job = world.planned("repo.proven", evidence=(good,))
    permit = world.permit(job)

    def attack() -> object:
        file.write_text("edited")
        return world.executor.run([permit])

    def twin() -> None:
        file.write_text("as it was")
        runs(world, permit)

    return Tried(attack, twin)


# --- tenants ---


def _other_door(title: str, use):
    @case("E1", f"{title} another tenant's job", "no-such-job")
    def prepare(world: World) -> Tried:
        theirs, mine = world.planned(tenant=OTHER), world.planned(tenant=ACME)
        return Tried(lambda: use(world, theirs.id), lambda: use(world, mine.id))


_other_door("show", lambda w, name: w.executor.show(w.session(), name))
_other_door("plan", lambda w, name: w.executor.plan(w.session(), name))
_other_door("cancel", lambda w, name: w.executor.cancel(w.session(), name))
_other_door("run from the queue", lambda w, name: w.executor.work(ACME, name))


@case("E1", "list another tenant's jobs")
def _listed(world: World) -> Tried:
    world.planned(tenant=OTHER)

    def attack() -> None:
        assert all(job.tenant == ACME for job in world.executor.list(world.session(), most=1000))

    def twin() -> None:
        world.planned(tenant=ACME)
        assert world.executor.list(world.session())

    return Tried(attack, twin)


@case("E1", "settle another tenant's lost job", "no-such-job")
def _settled(world: World) -> Tried:
    theirs = world.planned(tenant=OTHER)
    _lose(world, theirs.id, OTHER)
    return Tried(
        lambda: world.executor.settle(world.session(), theirs.id, done=True, note="looked"),
        lambda: world.executor.settle(world.session(OTHER), theirs.id, done=True, note="looked"),
    )


def _lose(world: World, job_id: str, tenant=ACME) -> None:
    from sqlalchemy import update

    from troth.jobs.tables import JOBS

    with world.store.write(tenant) as t:
        t.execute(update(JOBS).where(JOBS.c.tenant == str(tenant), JOBS.c.id == job_id).values(state="lost"))


@case("E1", "sweep another tenant's jobs")
def _swept(world: World) -> Tried:
    from sqlalchemy import update

    from troth.jobs.tables import JOBS

    theirs = world.planned(tenant=OTHER)
    with world.store.write(OTHER) as t:
        t.execute(update(JOBS).where(JOBS.c.tenant == str(OTHER), JOBS.c.id == theirs.id).values(state="running", lease_until=1))

    def attack() -> None:
        assert theirs.id not in world.executor.sweep(ACME)
        assert world.executor.show(world.session(OTHER), theirs.id).state is State.RUNNING

    def twin() -> None:
        assert theirs.id in world.executor.sweep(OTHER)

    return Tried(attack, twin)


@case("E2", "a transaction without a tenant", "usage")
def _no_tenant(world: World) -> Tried:
    def attack() -> None:
        with world.store.read(None):  # type: ignore[arg-type]
            pass

    def twin() -> None:
        with world.store.read(ACME):
            pass

    return Tried(attack, twin)


@case("E2", "a statement without a tenant", "store-scope")
def _unscoped(world: World) -> Tried:
    from sqlalchemy import select

    from troth.jobs.tables import JOBS

    def read(statement) -> None:
        with world.store.read(ACME) as t:
            t.execute(statement).all()

    return Tried(lambda: read(select(JOBS)), lambda: read(select(JOBS).where(JOBS.c.tenant == str(ACME))))


@case("E2", "a statement for another tenant", "store-scope")
def _foreign(world: World) -> Tried:
    from sqlalchemy import select

    from troth.jobs.tables import JOBS

    def read(tenant) -> None:
        with world.store.read(ACME) as t:
            t.execute(select(JOBS).where(JOBS.c.tenant == str(tenant))).all()

    return Tried(lambda: read(OTHER), lambda: read(ACME))


def _raw_rows(world: World, *settings: str) -> int:
    """Rows that a connection of the program's own role sees after these settings, past everything of ours."""
    with world.store.engine.connect() as connection, connection.begin():
        for setting in settings:
            connection.exec_driver_sql(setting)
        return int(connection.exec_driver_sql("SELECT count(*) FROM troth.jobs").scalar_one() or 0)


for _title, _settings in (
    ("no tenant set", ()),
    ("an empty tenant set", ("SET LOCAL troth.tenant = ''", "SET LOCAL troth.project = ''")),
    ("a tenant without project", ("SET LOCAL troth.tenant = 'acme'",)),
    ("a pattern for a tenant", ("SET LOCAL troth.tenant = '%%'", "SET LOCAL troth.project = '%%'")),
    ("tenant and project split elsewhere", ("SET LOCAL troth.tenant = 'acme/web'", "SET LOCAL troth.project = ''")),
):

    @case("E2", f"row-level security with {_title}", only="postgresql")
    def _rls(world: World, settings: tuple[str, ...] = _settings) -> Tried:
        world.planned()

        def attack() -> None:
            assert _raw_rows(world, *settings) == 0

        def twin() -> None:
            assert _raw_rows(world, "SET LOCAL troth.tenant = 'acme'", "SET LOCAL troth.project = 'web'") > 0

        return Tried(attack, twin)


@case("E2", "a pooled connection that was another tenant's", only="postgresql")
def _pooled(world: World) -> Tried:
    def attack() -> None:
        for _ in range(20):
            with world.store.read(ACME):
                pass
            assert _raw_rows(world) == 0

    return Tried(attack, world.planned)


@case("E4", "functions that run with their maker's rights", only="postgresql")
def _definer(world: World) -> Tried:
    asked = (
        "SELECT count(*) FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace WHERE n.nspname NOT LIKE 'pg\\_%%' AND n.nspname <> 'information_schema' "
        "AND (p.prosecdef OR p.proconfig IS NULL)"
    )

    def attack() -> None:
        with world.store.engine.connect() as connection:
            assert connection.exec_driver_sql(asked).scalar_one() == 0

    return Tried(attack, world.planned)


@case("E5", "the ledger names somebody else than the session's caller")
def _actor(world: World) -> Tried:
    from tests.attacks.jobs.permits_forged import kept_text

    def attack() -> None:
        actor = f"mallory-{world.count}"
        job = world.planned(actor=actor)
        assert job.requester == actor
        assert any(actor in text and "job.submitted" in text for text in kept_text(world))

    return Tried(attack, world.planned)


for _name in ("Ana", "ana\n", "ana ", "\u0430na", "", "x" * 300, "ana\u202e"):

    @case("E5", f"a session of {_name[:20]!r}", "session")
    def _session(world: World, name: str = _name) -> Tried:
        return Tried(lambda: Session(ACME, name), lambda: Session(ACME, "ana"))


@case("E7", "an idempotency key again with other bytes", "idempotency")
def _key(world: World) -> Tried:
    key = f"same-{world.count}-{id(world)}"
    content = world.request(key=key)
    world.executor.submit(world.session(), content)
    other = world.request(key=key, name="other")
    return Tried(lambda: world.executor.submit(world.session(), other), lambda: world.executor.submit(world.session(), content))


@case("E7", "another tenant's idempotency key gives that tenant's job")
def _keys(world: World) -> Tried:
    key = f"shared-{world.count}"
    theirs = world.executor.submit(world.session(OTHER), world.request(tenant=OTHER, key=key))

    def attack() -> None:
        mine = world.executor.submit(world.session(), world.request(key=key))
        assert mine.id != theirs.id
        assert mine.tenant == ACME

    return Tried(attack, lambda: world.executor.show(world.session(OTHER), theirs.id))


@case("E7", "eight at once with one key and eight contents")
def _race(world: World) -> Tried:
    def attack() -> None:
        key = f"race-{world.count}"
        contents = [world.request(key=key, name=f"n{number}") for number in range(8)]
        taken: list[str] = []

        def submit(content: bytes) -> None:
            try:
                taken.append(world.executor.submit(world.session(), content).id)
            except TrothError as error:
                taken.append(getattr(error, "reason", error.code))

        threads = [threading.Thread(target=submit, args=(content,)) for content in contents]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(taken).count("idempotency") == 7, taken

    return Tried(attack, world.planned)


@case("E9", "a queue's payload that names another tenant", "no-such-job")
def _payload(world: World) -> Tried:
    job = world.planned()
    world.executor.approve([world.permit(job)])
    return Tried(lambda: world.executor.work(OTHER, job.id), lambda: world.executor.work(ACME, job.id))


@case("E3", "the queue's door for a job that nobody approved")
def _second_door(world: World) -> Tried:
    job = world.planned()

    def attack() -> None:
        before = world.effects()
        assert world.executor.work(ACME, job.id).state is State.PLANNED
        assert world.effects() == before

    def twin() -> None:
        world.executor.approve([world.permit(job)])
        assert world.executor.work(ACME, job.id).state is State.DONE

    return Tried(attack, twin)


@case("E3", "planning as a way to act")
def _planning(world: World) -> Tried:
    def attack() -> None:
        before = world.effects()
        for kind in ("repo.touch", "repo.note", "repo.look", "repo.telling"):
            world.planned(kind)
        assert world.effects() == before

    return Tried(attack, lambda: runs(world, world.permit(world.planned())))


@case("E3", "a job that only looks, run with a permit", "state")
def _looks(world: World) -> Tried:
    job = world.planned("repo.look")
    assert job.state is State.DONE
    return Tried(lambda: world.executor.run([world.permit(job)]), lambda: runs(world, world.permit(world.planned("repo.note"))))


@case("T22", "a flood of requests by one tenant", "rate")
def _flood(world: World) -> Tried:
    from dataclasses import replace

    from tests.jobs.world import ACME_API, REGISTRY
    from troth.jobs.executor import Executor, Rate

    small = Executor(world.store, REGISTRY, replace(world.settings, rate=Rate(burst=3, per_minute=1)))
    session = world.session(ACME_API)
    for _ in range(3):
        try:
            small.submit(session, world.request(tenant=ACME_API))
        except TrothError:
            break

    return Tried(lambda: small.submit(session, world.request(tenant=ACME_API)), lambda: world.executor.submit(world.session(), world.request()))


def parses(content: bytes) -> JobRequest:
    """For tests of the twins."""
    return JobRequest.parse(content)
