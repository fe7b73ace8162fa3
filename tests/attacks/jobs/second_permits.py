"""A second blind set on permits and their roster: people who are one, chains whose links do not belong together, moments at which something changes, and what a restored or foreign memory says."""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from tests.attacks.jobs import cases
from tests.attacks.jobs.cases import ANY, Tried, case, runs
from tests.jobs.world import ACME, ACME_API, DAY, OTHER, REGISTRY, People, World
from troth.jobs.executor import Executor
from troth.jobs.job import Job, State
from troth.jobs.permits.claims import Claims, narrow, new_jti
from troth.jobs.permits.envelope import countersign, read, seal
from troth.jobs.permits.roster import Approver, Roster, Rule, TrustedKey, load_roster, parse_roster


def renewed() -> People:
    """Other people, in a roster that is newer than all before."""
    return People(version=next(cases.VERSIONS))


# --- one person, two names ------------------------------------------------------------------------------------------------


def _two_names(title: str, make: Callable[[People], tuple[str, str]]) -> None:
    """A job that takes two people is approved by one under two names."""

    @case("T21", title, *ANY)
    def prepare(world: World) -> Tried:
        job = world.planned("grave.touch")

        def attack() -> object:
            one, other = make(world.people)
            return world.executor.run([world.permit(job, one, other)])

        def twin() -> None:
            world.people = renewed()
            runs(world, world.permit(world.planned("grave.touch"), "ben", "cleo"))

        return Tried(attack, twin)


def _alias_is_approver(people: People) -> tuple[str, str]:
    people.also["ana"] = frozenset({"anna"})
    people.add("anna")
    return "ana", "anna"


def _shared_alias(people: People) -> tuple[str, str]:
    people.also |= {"ana": frozenset({"a@example.org"}), "ben": frozenset({"a@example.org"})}
    return "ana", "ben"


def _mutual(people: People) -> tuple[str, str]:
    people.also |= {"ana": frozenset({"ben"}), "ben": frozenset({"ana"})}
    return "ana", "ben"


def _chained(people: People) -> tuple[str, str]:
    people.also |= {"ana": frozenset({"x@a"}), "cleo": frozenset({"x@a", "y@a"}), "ben": frozenset({"y@a"})}
    return "ana", "ben"


_two_names("an approver and the other name under which the roster knows them", _alias_is_approver)
_two_names("two approvers of whom the roster says that they share a name", _shared_alias)
_two_names("two approvers who are each other's other names", _mutual)
_two_names("two approvers whom a third entry joins into one", _chained)


def _own(title: str, actor: str, also: dict[str, frozenset[str]]) -> None:
    """Whoever asked approves, by a name that the roster knows to be theirs."""

    @case("T21", title, "self-approval", "tampered", *ANY)
    def prepare(world: World) -> Tried:
        job = world.planned(actor=actor)

        def attack() -> object:
            world.people.also |= also
            return world.executor.run([world.permit(job, "ana")])

        def twin() -> None:
            world.people = renewed()
            runs(world, world.permit(world.planned(actor=actor), "cleo"))

        return Tried(attack, twin)


_own("who asked is another name's other name", "robot", {"ana": frozenset({"anna"}), "ben": frozenset({"anna", "robot"})})
_own("who asked is the approver's other name with an address of a machine", "ana@laptop", {"ana": frozenset({"ana@laptop"})})

# --- chains ---------------------------------------------------------------------------------------------------------------


def _root(world: World, *jobs: Job, signers: tuple[str, ...] = ("ana",), **more: Any) -> tuple[Claims, bytes, Any]:
    holder = world.people.add("holder")
    bindings = tuple(sorted(binding for job in jobs for binding in world.claims(job).jobs))
    parent = replace(world.claims(jobs[0], signers), jobs=bindings, delegates=(holder.key_id,), **more)
    return parent, seal(parent, [world.people.keys[name] for name in signers]), holder


def _linked(title: str, chain: Callable[[World, Claims, bytes, Any], list[bytes]], *reasons: str) -> None:
    @case("T18", title, *(reasons or ANY))
    def prepare(world: World) -> Tried:
        job = world.planned()
        parent, root, holder = _root(world, job)
        good = seal(narrow(parent, read(root).sha256), [holder])

        def twin() -> None:
            world.people.removed.clear()
            runs(world, root, good)

        return Tried(lambda: world.executor.run(chain(world, parent, root, holder)), twin)


_linked("one permit presented as its own child", lambda w, p, root, h: [root, root])
_linked("a child that names the envelope's digest and not the payload's", lambda w, p, root, h: [root, seal(narrow(p, hashlib.sha256(root).hexdigest()), [h])])
_linked("a child signed by its holder and by an approver", lambda w, p, root, h: [root, seal(narrow(p, read(root).sha256), [h, w.people.keys["ben"]])])
_linked("a child between two copies of its parent", lambda w, p, root, h: [root, seal(narrow(p, read(root).sha256), [h]), root])
_linked("a child presented twice in a row", lambda w, p, root, h: [root, *[seal(narrow(p, read(root).sha256), [h])] * 2])
_linked("no permit at all", lambda w, p, root, h: [], "chain")
_linked("a child whose holder's key was taken out of the roster", lambda w, p, root, h: (w.people.removed.add("holder"), [root, seal(narrow(p, read(root).sha256), [h])])[1])


@case("T18", "a parent by one person, countersigned by another after its child was made", *ANY)
def _countersigned(world: World) -> Tried:
    job = world.planned()
    parent, root, holder = _root(world, job)
    child = seal(narrow(parent, read(root).sha256), [holder])
    return Tried(lambda: world.executor.run([countersign(root, world.people.keys["ben"]), child]), lambda: runs(world, root, child))


@case("T18", "a child whose job is of another project of the tenant", *ANY)
def _other_project(world: World) -> Tried:
    mine, theirs = world.planned(), world.planned(tenant=ACME_API)
    parent, root, holder = _root(world, mine, theirs)
    name = read(root).sha256
    bad, good = (seal(narrow(parent, name, jobs=world.claims(job).jobs), [holder]) for job in (theirs, mine))
    return Tried(lambda: world.executor.run([root, bad]), lambda: runs(world, root, good))


@case("T18", "a child delegated to whoever asked for the job, of a job that takes another approver", *ANY)
def _requester_narrows(world: World) -> Tried:
    job = world.planned("grave.touch", actor="ana")
    holder = world.people.keys["ana"]
    parent = replace(world.claims(job, ("ben",)), delegates=(holder.key_id,))
    root = seal(parent, [world.people.keys["ben"]])
    child = seal(narrow(parent, read(root).sha256), [holder])
    return Tried(lambda: world.executor.run([root, child]), lambda: runs(world, world.permit(job, "ben", "cleo")))


def _revoked_link(title: str, kind: str, value: Callable[[Claims, bytes, bytes, Any], str]) -> None:
    @case("T20", title, "revoked")
    def prepare(world: World) -> Tried:
        job, other = world.planned(), world.planned()
        parent, root, holder = _root(world, job)
        child = seal(narrow(parent, read(root).sha256), [holder])

        def attack() -> object:
            world.executor.revoke(world.session(), kind, value(parent, root, child, holder), "gone")
            return world.executor.run([root, child])

        return Tried(attack, lambda: runs(world, world.permit(other, "ben")))


_revoked_link("the root of a chain, revoked by its number", "jti", lambda p, root, child, h: p.jti)
_revoked_link("the root of a chain, revoked by its digest", "permit", lambda p, root, child, h: read(root).sha256)
_revoked_link("the leaf of a chain, revoked by its digest", "permit", lambda p, root, child, h: read(child).sha256)
_revoked_link("the holder's key in the middle", "key", lambda p, root, child, h: h.key_id)
_revoked_link("a number in capitals", "jti", lambda p, root, child, h: p.jti.upper())
_revoked_link("a digest in capitals", "permit", lambda p, root, child, h: read(root).sha256.upper())
_revoked_link("a number with a space behind", "jti", lambda p, root, child, h: f"{p.jti} ")
_revoked_link("a key in capitals", "key", lambda p, root, child, h: h.key_id.upper())


@case("T20", "an approver revoked by their other name", "revoked", *ANY)
def _revoked_alias(world: World) -> Tried:
    job = world.planned()
    world.people.also["ana"] = frozenset({"ana@example.org"})

    def attack() -> object:
        world.executor.revoke(world.session(), "approver", "ana@example.org", "left")
        return world.executor.run([world.permit(job, "ana")])

    return Tried(attack, lambda: runs(world, world.permit(job, "ben")))


# --- moments --------------------------------------------------------------------------------------------------------------


def _at(world: World, seconds: int) -> Executor:
    return Executor(world.store, REGISTRY, replace(world.settings, clock=lambda: seconds * 1000))


def _moment(title: str, lifetime: tuple[int, int], at: int, *reasons: str) -> None:
    """The permit holds from now + lifetime[0] to now + lifetime[1]; the executor's clock is at now + at."""

    @case("T5", title, *reasons)
    def prepare(world: World) -> Tried:
        job, now = world.planned(), int(time.time())
        permit = world.permit(job, not_before=now + lifetime[0], expires=now + lifetime[1])

        def attack() -> object:
            with _at(world, now + at) as executor:
                return executor.run([permit])

        return Tried(attack, lambda: runs(world, world.permit(job)))


_moment("the first second in which it no longer holds", (-60, 60), 60, "expired")
_moment("the second before it begins", (30, 90), 29, "not-yet")


@case("T5", "a permit of fifteen minutes and a second", *ANY)
def _longer(world: World) -> Tried:
    job, now = world.planned(), int(time.time())
    return Tried(lambda: world.executor.run([world.permit(job, not_before=now - 1, expires=now + 900)]), lambda: runs(world, world.permit(job, not_before=now - 1, expires=now + 899)))


@case("T20", "a permit that began before its key did", "key-window")
def _before_key(world: World) -> Tried:
    job, now = world.planned(), int(time.time())
    world.people.windows["ana"] = (now, now + DAY)
    return Tried(lambda: world.executor.run([world.permit(job, not_before=now - 30)]), lambda: runs(world, world.permit(job, "ben", not_before=now - 30)))


@case("T20", "a key in the last second after its time", "key-window")
def _after_key(world: World) -> Tried:
    job, now = world.planned(), int(time.time())
    world.people.windows["ana"] = (now - DAY, now)
    return Tried(lambda: world.executor.run([world.permit(job)]), lambda: runs(world, world.permit(job, "ben")))


@case("T11", "a request that runs out before its permit does", *ANY)
def _request_out(world: World) -> Tried:
    from datetime import UTC, datetime, timedelta

    now = int(time.time())
    job = world.planned(expires_at=datetime.now(UTC) + timedelta(seconds=90))

    def attack() -> object:
        with _at(world, now + 120) as executor:
            return executor.run([world.permit(job, expires=now + 600)])

    return Tried(attack, lambda: runs(world, world.permit(job)))


@case("T6", "an approval in the queue is spent again by running it at once", *ANY)
def _queued_and_run(world: World) -> Tried:
    job = world.planned()
    permit = world.permit(job)
    world.executor.approve([permit])
    return Tried(lambda: world.executor.run([permit]), lambda: _works(world, job))


@case("T6", "a second approval, by somebody else, of a job in the queue", *ANY)
def _queued_twice(world: World) -> Tried:
    job = world.planned()
    world.executor.approve([world.permit(job)])
    return Tried(lambda: world.executor.approve([world.permit(job, "ben")]), lambda: _works(world, job))


def _works(world: World, job: Job) -> None:
    before = len(world.effects())
    assert world.executor.work(ACME, job.id).state is State.DONE
    assert len(world.effects()) == before + 1


def _leaves_queue(title: str, spoil: Callable[[World, Claims], object]) -> None:
    """Something ends an approval while its job waits: it must not act when it leaves the queue."""

    @case("T20", title)
    def prepare(world: World) -> Tried:
        job = world.planned()
        claims = world.claims(job)
        world.executor.approve([seal(claims, [world.people.keys["ana"]])])

        def attack() -> None:
            before = world.effects()
            spoil(world, claims)
            assert world.executor.work(ACME, job.id).state is State.FAILED
            assert world.effects() == before

        def twin() -> None:
            other = world.planned()
            world.people = renewed()
            world.executor.approve([world.permit(other, "ben")])
            _works(world, other)

        return Tried(attack, twin)


_leaves_queue("the approver's rights to the tenant end while the job waits", lambda w, c: w.people.scopes.update(ana=frozenset({"other/*"})))
_leaves_queue("the approver's key is revoked in the roster while the job waits", lambda w, c: w.people.revoked.add("ana"))
_leaves_queue("the approver is taken out of the roster while the job waits", lambda w, c: w.people.removed.add("ana"))
_leaves_queue("a rule that takes two people comes while the job waits", lambda w, c: setattr(w.people, "rules", (Rule("repo.*", needed=2),)))
_leaves_queue("the roster learns, while the job waits, that the approver asked for it", lambda w, c: w.people.also.update(ana=frozenset({"requester"})))
_leaves_queue("the permit's number is revoked in capitals while the job waits", lambda w, c: w.executor.revoke(w.session(), "jti", c.jti.upper(), "x"))

# --- rosters --------------------------------------------------------------------------------------------------------------


def _document(**changed: Any) -> dict[str, Any]:
    now = int(time.time())
    return {
        "version": 4, "issuer": "board", "approvers": [{"id": "ana", "scopes": ["acme/*"]}, {"id": "ben", "scopes": ["acme/*"]}],
        "keys": [{"holder": "ana", "public": "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "not_before": now, "not_after": now + DAY}], **changed,
    }  # fmt: skip


def _roster(title: str, **changed: Any) -> None:
    @case("T21", title, *ANY)
    def prepare(world: World) -> Tried:
        return Tried(lambda: parse_roster(json.dumps(_document(**changed)).encode()), lambda: parse_roster(json.dumps(_document()).encode()))


_roster("a roster whose rule takes nobody", rules=[{"match": "*", "needed": 0}])
_roster("a roster whose rule speaks of a family without its point", rules=[{"match": "forge*", "needed": 2}])
_roster("a roster whose scope is everything", approvers=[{"id": "ana", "scopes": ["*/*"]}])
_roster("a roster whose scope has a star in its tenant", approvers=[{"id": "ana", "scopes": ["ac*/web"]}])
_roster("a roster whose approver is the other name of another", approvers=[{"id": "ana", "scopes": ["acme/*"], "also": ["ben"]}, {"id": "ben", "scopes": ["acme/*"]}])
_roster("a roster whose version is a truth", version=True)
_roster("a roster whose issuer has capitals", issuer="Board")


def _roster_file(title: str, make: Callable[[Path, bytes], Path]) -> None:
    @case("T21", title, *ANY)
    def prepare(world: World) -> Tried:
        room = Path(tempfile.mkdtemp(prefix="troth-roster-"))
        content = json.dumps(_document()).encode()

        def twin() -> object:
            good = room / "good.json"
            good.write_bytes(content)
            good.chmod(0o600)
            return load_roster(good)

        return Tried(lambda: load_roster(make(room, content)), twin)


def _in_open_folder(room: Path, content: bytes) -> Path:
    folder = room / "open"
    folder.mkdir()
    folder.chmod(0o777)
    (folder / "roster.json").write_bytes(content)
    (folder / "roster.json").chmod(0o600)
    return folder / "roster.json"


def _hard_linked(room: Path, content: bytes) -> Path:
    (room / "one").write_bytes(content)
    (room / "one").chmod(0o620)
    os.link(room / "one", room / "two")
    return room / "two"


_roster_file("a roster in a folder in which anybody can put another", _in_open_folder)
_roster_file("a roster that a group may write, by another name", _hard_linked)


@case("T9", "a permit of one tenant whose number another tenant has revoked, and the other way round", "revoked")
def _foreign_revocation(world: World) -> Tried:
    mine, theirs = world.planned(), world.planned(tenant=OTHER)
    number = new_jti()
    world.executor.revoke(world.session(OTHER), "jti", number, "theirs")
    return Tried(lambda: world.executor.run([world.permit(theirs, jti=number)]), lambda: runs(world, world.permit(mine, jti=number)))


@case("T21", "keys of somebody whom no roster names, put into one by hand", *ANY)
def _nobody(world: World) -> Tried:
    key = world.people.keys["ana"].key.public_key()
    now = int(time.time())
    make = lambda holder: Roster(9, "board", [Approver("ana", frozenset({"acme/*"}))], [TrustedKey(key, holder, now, now + 1)])
    return Tried(lambda: make("anna"), lambda: make("ana"))
