"""Permits presented where they do not belong: T6, T9 to T11, T16 to T18, T20, T21."""

from __future__ import annotations

import json
import time
from dataclasses import replace

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tests.attacks.jobs.cases import Tried, case, runs
from tests.attacks.jobs.permits_forged import _signed
from tests.jobs.world import ACME, ACME_API, EXECUTOR, OTHER, REGISTRY, World
from troth.jobs.executor import Executor
from troth.jobs.permits.claims import Binding, narrow, new_jti
from troth.jobs.permits.envelope import countersign, read, seal
from troth.jobs.permits.roster import Rule
from troth.jobs.permits.signers import LocalSigner
from troth.store import open_store


@case("T6", "a spent permit again", "spent", "state")
def _replayed(world: World) -> Tried:
    good = world.permit(world.planned())
    runs(world, good)
    return Tried(lambda: world.executor.run([good]), lambda: runs(world, world.permit(world.planned())))


@case("T6", "a spent permit at another executor of the same name", "spent", "state")
def _second_host(world: World) -> Tried:
    good = world.permit(world.planned())
    runs(world, good)
    second = Executor(world.store, REGISTRY, world.settings)

    def attack() -> object:
        with second:
            return second.run([good])

    return Tried(attack, lambda: runs(world, world.permit(world.planned())))


@case("T6", "a spent permit after a restart", "spent", "state")
def _restarted(world: World) -> Tried:
    good = world.permit(world.planned())
    runs(world, good)

    def attack() -> object:
        store = open_store(world.store.engine.url.render_as_string(hide_password=False))
        try:
            with Executor(store, REGISTRY, world.settings) as second:
                return second.run([good])
        finally:
            store.close()

    return Tried(attack, lambda: runs(world, world.permit(world.planned())))


@case("T6", "a permit spent by queueing, then run", "spent", "state")
def _queued_then_run(world: World) -> Tried:
    job = world.planned()
    good = world.permit(job)
    world.executor.approve([good])
    return Tried(lambda: world.executor.run([good]), lambda: world.executor.work(ACME, job.id))


@case("new", "a second permit for a job that has run", "state")
def _second_permit(world: World) -> Tried:
    job = world.planned()
    runs(world, world.permit(job))
    return Tried(lambda: world.executor.run([world.permit(job)]), lambda: runs(world, world.permit(world.planned())))


def _claimed(letter: str, title: str, *reasons: str):
    """A truly signed permit whose claims are wrong for the job; the twin is the permit with the right ones."""

    def register(change):
        @case(letter, title, *reasons)
        def prepare(world: World) -> Tried:
            job = world.planned()
            right = world.claims(job)
            bad = seal(change(world, job, right), [world.people.keys["ana"]])
            return Tried(lambda: world.executor.run([bad]), lambda: runs(world, seal(right, [world.people.keys["ana"]])))

        return change

    return register


def _plain(letter: str, title: str, **changes: object) -> None:
    """A truly signed permit that the library itself would not write."""

    @case(letter, title, "claims", "form")
    def prepare(world: World) -> Tried:
        job = world.planned()
        told = {**world.claims(job).plain(), **changes}
        bad = _signed(world, json.dumps({name: value for name, value in told.items() if value is not ...}, sort_keys=True, separators=(",", ":")).encode())
        return Tried(lambda: world.executor.run([bad]), lambda: runs(world, world.permit(job)))


_claimed("T9", "another tenant's name on the permit", "job")(lambda w, job, c: replace(c, tenant="other"))
_claimed("T9", "another project's name on the permit", "job")(lambda w, job, c: replace(c, project="api"))
_plain("T9", "no project", project=...)
_plain("T9", "every project", project="*")
_plain("T9", "an empty project", project="")
_plain("T9", "two projects", project=["api", "web"])
_plain("T9", "the tenant in capitals", tenant="ACME")
_plain("T9", "the tenant with a space", tenant="acme ")
_plain("T9", "the tenant with a letter that looks alike", tenant="\u0430cme")
_plain("T9", "the tenant as a URN", tenant="urn:uuid:acme")
_plain("T9", "the tenant in braces", tenant="{acme}")
_plain("T9", "tenant and project in one", tenant="acme/web")
_claimed("T10", "the permit of another type", "job-type")(lambda w, job, c: replace(c, job_types=("repo.slow",)))
_claimed("T10", "the permit of another job of the same type", "job")(lambda w, job, c: replace(c, jobs=w.claims(w.planned(tenant=OTHER)).jobs))
_claimed("T10", "the right job with the plan of another", "job")(lambda w, job, c: replace(c, jobs=(replace(c.jobs[0], plan=w.planned(name="else").diff.sha256),)))
_claimed("T10", "the right job without its plan", "job")(lambda w, job, c: replace(c, jobs=(replace(c.jobs[0], plan="0" * 64),)))
_claimed("T28", "the right job with the evidence of another", "job")(lambda w, job, c: replace(c, jobs=(replace(c.jobs[0], evidence="0" * 64),)))
_claimed("T17", "the permit of another executor", "audience")(lambda w, job, c: replace(c, audience="executor-2"))
_claimed("T17", "the permit of the executor's staging twin", "audience")(lambda w, job, c: replace(c, audience="executor-1-staging"))
_claimed("T17", "the permit of another approving body", "issuer")(lambda w, job, c: replace(c, issuer="desk"))
_plain("T17", "two executors", aud=[EXECUTOR, "executor-2"])
_plain("T17", "any executor", aud="*")
_claimed("T21", "named approvers who did not sign", "approvers")(lambda w, job, c: replace(c, approvers=("ana", "ben")))
_claimed("T21", "a signature by someone whom the permit does not name", "approvers")(lambda w, job, c: replace(c, approvers=("ben",)))
_claimed("new", "a permit that leaves a choice between two jobs", "choice")(
    lambda w, job, c: replace(c, jobs=tuple(sorted((*c.jobs, *w.claims(w.planned()).jobs))))
)


@case("T11", "whitespace added to an approved request", "idempotency")
def _spaced(world: World) -> Tried:
    content = world.request()
    world.executor.submit(world.session(), content)
    return Tried(lambda: world.executor.submit(world.session(), content + b" "), lambda: world.executor.submit(world.session(), content))


@case("T11", "the fields of an approved request in another order", "idempotency")
def _reordered(world: World) -> Tried:
    content = world.request()
    world.executor.submit(world.session(), content)
    other = json.dumps(dict(reversed(json.loads(content).items()))).encode()
    return Tried(lambda: world.executor.submit(world.session(), other), lambda: world.executor.submit(world.session(), content))


@case("T11", "a parameter changed in the database after approval", "tampered")
def _edited_row(world: World) -> Tried:
    from sqlalchemy import update

    from troth.jobs.tables import JOBS

    job = world.planned()
    good = world.permit(job)

    def put(content: bytes) -> None:
        with world.store.write(ACME) as t:
            t.execute(update(JOBS).where(JOBS.c.tenant == str(ACME), JOBS.c.id == job.id).values(content=content))

    def attack() -> object:
        put(job.content.replace(b'"thing"', b'"other"'))
        try:
            return world.executor.run([good])
        finally:
            put(job.content)

    return Tried(attack, lambda: runs(world, good))


@case("T11", "the plan changed in the database after approval", "job")
def _edited_plan(world: World) -> Tried:
    from sqlalchemy import update

    from troth.jobs.tables import JOBS

    job = world.planned()
    good = world.permit(job)

    def put(plan: bytes) -> None:
        with world.store.write(ACME) as t:
            t.execute(update(JOBS).where(JOBS.c.tenant == str(ACME), JOBS.c.id == job.id).values(plan=plan))

    def attack() -> object:
        put(job.diff.encoded().replace(b"thing", b"other"))  # type: ignore[union-attr]
        try:
            return world.executor.run([good])
        finally:
            put(job.diff.encoded())  # type: ignore[union-attr]

    return Tried(attack, lambda: runs(world, good))


@case("new", "planned again after approval was signed, with another result", "job")
def _replanned(world: World) -> Tried:
    job = world.planned()
    good = world.permit(job)
    basis = world.trees[ACME] / "basis"

    def attack() -> object:
        basis.write_text("the world has moved")
        world.executor.plan(world.session(), job.id)
        return world.executor.run([good])

    def twin() -> None:
        basis.unlink()
        world.executor.plan(world.session(), job.id)
        runs(world, good)

    return Tried(attack, twin)


# --- chains ---


def _chain(world: World, **more: object):
    job = world.planned()
    holder = world.people.add("holder")
    parent = replace(world.claims(job), delegates=(holder.key_id,), **more)
    root = seal(parent, [world.people.keys["ana"]])
    return job, holder, parent, root, read(root).sha256


def _child(letter: str, title: str, *reasons: str):
    """A child that differs from a good one in one thing."""

    def register(change):
        @case(letter, title, *reasons)
        def prepare(world: World) -> Tried:
            _job, holder, parent, root, name = _chain(world)
            good = narrow(parent, name, expires=parent.expires - 1)
            bad, signer = change(world, good, parent, holder)
            return Tried(lambda: world.executor.run([root, seal(bad, [signer])]), lambda: runs(world, root, seal(good, [holder])))

        return change

    return register


_child("T18", "a child that holds longer", "broader")(lambda w, c, p, h: (replace(c, expires=p.expires + 1), h))
_child("T18", "a child that begins earlier", "broader")(lambda w, c, p, h: (replace(c, not_before=p.not_before - 1), h))
_child("T18", "a child for another type of job", "broader")(lambda w, c, p, h: (replace(c, job_types=("repo.note",)), h))
_child("T18", "a child for one more job", "broader")(lambda w, c, p, h: (replace(c, jobs=tuple(sorted((*c.jobs, *w.claims(w.planned()).jobs)))), h))
_child("T18", "a child for another plan of the job", "broader")(lambda w, c, p, h: (replace(c, jobs=(Binding(c.jobs[0].sha256, "1" * 64, c.jobs[0].evidence),)), h))
_child("T18", "a child for another tenant", "broader", "job")(lambda w, c, p, h: (replace(c, tenant="other"), h))
_child("T18", "a child for another project", "broader", "job")(lambda w, c, p, h: (replace(c, project="api"), h))
_child("T18", "a child for another executor", "broader", "audience")(lambda w, c, p, h: (replace(c, audience="executor-2"), h))
_child("T18", "a child with more approvers than signed", "broader")(lambda w, c, p, h: (replace(c, approvers=("ana", "ben")), h))
_child("T18", "a child that delegates to someone new", "broader")(lambda w, c, p, h: (replace(c, delegates=("ab" * 32,)), h))
_child("T18", "a child with its parent's number", "broader")(lambda w, c, p, h: (replace(c, jti=p.jti), h))
_child("T18", "a child signed by an approver to whom nothing was delegated", "delegate")(lambda w, c, p, h: (c, w.people.keys["ben"]))
_child("T18", "a child signed by a key that nobody knows", "unknown-key")(lambda w, c, p, h: (c, LocalSigner(Ed25519PrivateKey.generate())))
_child("T18", "a child that names another parent", "chain")(lambda w, c, p, h: (replace(c, parent="0" * 64), h))
_child("T18", "a child without a parent's name", "chain")(lambda w, c, p, h: (replace(c, parent=""), h))


@case("T18", "a child without its parent", "chain")
def _stripped_first(world: World) -> Tried:
    _, holder, parent, root, name = _chain(world)
    child = seal(narrow(parent, name), [holder])
    return Tried(lambda: world.executor.run([child]), lambda: runs(world, root, child))


@case("T18", "a narrowed permit with its last link stripped off", "spent", "state")
def _stripped_last(world: World) -> Tried:
    _, holder, parent, root, name = _chain(world)
    runs(world, root, seal(narrow(parent, name), [holder]))
    return Tried(lambda: world.executor.run([root]), lambda: runs(world, world.permit(world.planned())))


@case("T18", "a child grafted onto another parent", "chain")
def _grafted(world: World) -> Tried:
    _, holder, parent, root, name = _chain(world)
    child = seal(narrow(parent, name), [holder])
    other = seal(replace(parent, jti=new_jti()), [world.people.keys["ana"]])
    return Tried(lambda: world.executor.run([other, child]), lambda: runs(world, root, child))


@case("T18", "the links in another order", "chain")
def _disordered(world: World) -> Tried:
    _, holder, parent, root, name = _chain(world)
    child = seal(narrow(parent, name), [holder])
    return Tried(lambda: world.executor.run([child, root]), lambda: runs(world, root, child))


@case("T18", "ten thousand links", "chain")
def _long(world: World) -> Tried:
    _, holder, parent, root, name = _chain(world)
    child = seal(narrow(parent, name), [holder])
    return Tried(lambda: world.executor.run([root] + [child] * 10_000), lambda: runs(world, root, child))


@case("T18", "a second child of a parent whose first was spent", "spent")
def _siblings(world: World) -> Tried:
    one, two = world.planned(), world.planned()
    holder = world.people.add("holder")
    jobs = tuple(sorted((*world.claims(one).jobs, *world.claims(two).jobs)))
    parent = replace(world.claims(one), jobs=jobs, delegates=(holder.key_id,))
    root = seal(parent, [world.people.keys["ana"]])
    name = read(root).sha256
    first, second = (seal(narrow(parent, name, jobs=world.claims(job).jobs), [holder]) for job in (one, two))
    runs(world, root, first)
    return Tried(lambda: world.executor.run([root, second]), lambda: runs(world, world.permit(two)))


@case("T18", "a grandchild by someone whom only the parent's parent trusted", "delegate")
def _grandchild(world: World) -> Tried:
    _, holder, parent, root, name = _chain(world)
    child = narrow(parent, name)
    link = seal(child, [holder])
    grandchild = seal(narrow(child, read(link).sha256), [holder])
    return Tried(lambda: world.executor.run([root, link, grandchild]), lambda: runs(world, root, link))


# --- keys, revocation, people ---


def _revoked(title: str, kind: str, which):
    @case("T20", title, "revoked")
    def prepare(world: World) -> Tried:
        world.people.add("dora")
        world.people.add("eve")
        job = world.planned()
        holder = world.people.add(f"holder-{time.time_ns()}")
        parent = replace(world.claims(job), delegates=(holder.key_id,), approvers=(_fresh(world),))
        root = seal(parent, [world.people.keys[parent.approvers[0]]])
        child = seal(narrow(parent, read(root).sha256), [holder])
        world.executor.revoke(world.session(actor="ops"), kind, which(world, root, child), "lost")
        return Tried(lambda: world.executor.run([root, child]), lambda: runs(world, world.permit(job, "ben")))

    return prepare


def _fresh(world: World) -> str:
    name = f"fay-{time.time_ns()}"
    world.people.add(name)
    return name


_revoked("a revoked number", "jti", lambda w, root, child: read(child).claims.jti)
_revoked("a revoked number of the parent", "jti", lambda w, root, child: read(root).claims.jti)
_revoked("a revoked permit", "permit", lambda w, root, child: read(child).sha256)
_revoked("a revoked parent", "permit", lambda w, root, child: read(root).sha256)
_revoked("a key revoked in the tenant", "key", lambda w, root, child: read(root).signatures[0][0])
_revoked("a delegate's key revoked in the tenant", "key", lambda w, root, child: read(child).signatures[0][0])
_revoked("a revoked approver", "approver", lambda w, root, child: read(root).claims.approvers[0])


def _roster(letter: str, title: str, *reasons: str):
    """The roster changes after signing; the twin is signed under the roster as it is then."""

    def register(change):
        @case(letter, title, *reasons)
        def prepare(world: World) -> Tried:
            job = world.planned()
            permit = world.permit(job)
            change(world)
            return Tried(lambda: world.executor.run([permit]), lambda: runs(world, world.permit(job, "ben")))

        return change

    return register


_roster("T20", "a key revoked in the roster", "revoked")(lambda w: w.people.revoked.add("ana"))
_roster("T20", "a key whose time is over", "key-window")(lambda w: w.people.windows.update(ana=(1, int(time.time()))))
_roster("T20", "a key whose time has not begun", "key-window")(lambda w: w.people.windows.update(ana=(int(time.time()) + 60, int(time.time()) + 999)))
_roster("T20", "a permit from before its key's time", "key-window")(lambda w: w.people.windows.update(ana=(int(time.time()), int(time.time()) + 999)))
_roster("T20", "a key that the roster does not know", "unknown-key")(lambda w: w.people.add("ana"))
_roster("T21", "an approver removed after signing", "unknown-key")(lambda w: w.people.removed.add("ana"))
_roster("T21", "an approver of another tenant only", "threshold")(lambda w: w.people.scopes.update(ana=frozenset({"other/*"})))
_roster("T21", "an approver of another project only", "threshold")(lambda w: w.people.scopes.update(ana=frozenset({"acme/api"})))


@case("T20", "a roster put back to before a removal", "roster-rolled-back")
def _rolled_back(world: World) -> Tried:
    version = world.people.version
    world.people.version = version + 1000
    runs(world, world.permit(world.planned()))
    job = world.planned()

    def attack() -> object:
        world.people.version = version
        return world.executor.run([world.permit(job)])

    def twin() -> None:
        world.people.version = version + 1000
        runs(world, world.permit(job))
        _raise_versions(version + 1001)

    return Tried(attack, twin)


def _raise_versions(least: int) -> None:
    from tests.attacks.jobs import cases

    cases._VERSIONS = __import__("itertools").count(max(least, next(cases._VERSIONS)))


@case("T20", "one key under two people's names", "twins")
def _shared_key(world: World) -> Tried:
    job = world.planned("grave.touch")

    def attack() -> object:
        world.people.keys["zoe"], world.people.holders["zoe"] = world.people.keys["ana"], "zoe"
        return world.executor.run([world.permit(job, "ana", "zoe")])

    def twin() -> None:
        del world.people.keys["zoe"], world.people.holders["zoe"]
        runs(world, world.permit(job, "ana", "ben"))

    return Tried(attack, twin)


@case("T21", "the requester approves their own job", "self-approval")
def _own(world: World) -> Tried:
    job = world.planned(actor="ana")
    return Tried(lambda: world.executor.run([world.permit(job, "ana")]), lambda: runs(world, world.permit(job, "ben")))


@case("T21", "the requester approves under another name of theirs", "self-approval")
def _own_alias(world: World) -> Tried:
    world.people.also["ana"] = frozenset({"ana@laptop"})
    job = world.planned(actor="ana@laptop")
    return Tried(lambda: world.executor.run([world.permit(job, "ana")]), lambda: runs(world, world.permit(job, "ben")))


@case("T21", "the requester is one of two approvers", "self-approval")
def _own_of_two(world: World) -> Tried:
    job = world.planned("grave.touch", actor="ana")
    return Tried(lambda: world.executor.run([world.permit(job, "ana", "ben")]), lambda: runs(world, world.permit(job, "cleo", "ben")))


@case("T21", "one approver where two are needed", "threshold")
def _one_of_two(world: World) -> Tried:
    job = world.planned("grave.touch")
    return Tried(lambda: world.executor.run([world.permit(job, "ana")]), lambda: runs(world, world.permit(job, "ana", "ben")))


@case("T21", "one approver with two keys where two are needed", "threshold")
def _two_keys(world: World) -> Tried:
    world.people.add("ana-phone", holder="ana")
    job = world.planned("grave.touch")
    return Tried(lambda: world.executor.run([world.permit(job, "ana", "ana-phone")]), lambda: runs(world, world.permit(job, "ana-phone", "ben")))


@case("T21", "two approvers of whom one signature is false", "signature")
def _one_false(world: World) -> Tried:
    job = world.planned("grave.touch")
    claims = world.claims(job, ("ana", "ben"))
    half = seal(claims, [world.people.keys["ana"]])

    class Liar(LocalSigner):
        def sign(self, message: bytes) -> bytes:
            return super().sign(message + b".")

    bad = countersign(half, Liar(world.people.keys["ben"].key))
    return Tried(lambda: world.executor.run([bad]), lambda: runs(world, countersign(half, world.people.keys["ben"])))


@case("T21", "two approvers of whom one is not of this tenant", "threshold")
def _one_elsewhere(world: World) -> Tried:
    world.people.scopes["ben"] = frozenset({"other/*"})
    job = world.planned("grave.touch")
    return Tried(lambda: world.executor.run([world.permit(job, "ana", "ben")]), lambda: runs(world, world.permit(job, "ana", "cleo")))


@case("T21", "approvers without the role that the rule asks for", "threshold")
def _roles(world: World) -> Tried:
    world.people.rules = (Rule("repo.*", roles=frozenset({"release"})),)
    job = world.planned()

    def twin() -> None:
        world.people.rules = (Rule("repo.*", roles=frozenset({"security"})),)
        runs(world, world.permit(job))

    return Tried(lambda: world.executor.run([world.permit(job)]), twin)


@case("E8", "a policy about approvers that breaks", "policy")
def _broken_policy(world: World) -> Tried:
    job = world.planned()
    with_policy = Executor(world.store, REGISTRY, replace(world.settings, may_approve=lambda person, wanted: False))

    def attack() -> object:
        with with_policy:
            return with_policy.run([world.permit(job)])

    return Tried(attack, lambda: runs(world, world.permit(job)))


@case("E8", "a roster without anyone", "unknown-key", "approvers")
def _nobody(world: World) -> Tried:
    job = world.planned()
    permit = world.permit(job)
    removed = set(world.people.keys)

    def attack() -> object:
        world.people.removed |= removed
        return world.executor.run([permit])

    def twin() -> None:
        world.people.removed.clear()
        runs(world, permit)

    return Tried(attack, twin)


@case("T9", "a permit for the same project's name in another tenant", "job")
def _same_name(world: World) -> Tried:
    mine, theirs = world.planned(tenant=ACME), world.planned(tenant=OTHER)
    bad = seal(replace(world.claims(theirs), tenant="acme"), [world.people.keys["ana"]])
    return Tried(lambda: world.executor.run([bad]), lambda: runs(world, world.permit(mine)))


@case("T9", "a permit of one project for the other's job", "job")
def _sister(world: World) -> Tried:
    theirs = world.planned(tenant=ACME_API)
    bad = seal(replace(world.claims(theirs), project="web"), [world.people.keys["ana"]])
    return Tried(lambda: world.executor.run([bad]), lambda: runs(world, world.permit(theirs)))
