"""Keys, revocations, rosters and people who may not: T20, T21, E8."""

from __future__ import annotations

import itertools
import time
from dataclasses import replace

from tests.attacks.jobs import cases
from tests.attacks.jobs.cases import Tried, case, runs
from tests.jobs.world import REGISTRY, World
from troth.jobs.executor import Executor
from troth.jobs.permits.claims import narrow
from troth.jobs.permits.envelope import countersign, read, seal
from troth.jobs.permits.roster import Rule
from troth.jobs.permits.signers import LocalSigner


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
    cases.VERSIONS = itertools.count(max(least, next(cases.VERSIONS)))


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
