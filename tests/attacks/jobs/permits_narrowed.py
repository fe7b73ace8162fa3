"""Permits that narrow each other, and children that would not be narrower: T18."""

from __future__ import annotations

from dataclasses import replace

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tests.attacks.jobs.cases import Tried, case, runs
from tests.jobs.world import World
from troth.jobs.permits.claims import Binding, narrow, new_jti
from troth.jobs.permits.envelope import read, seal
from troth.jobs.permits.signers import LocalSigner


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
