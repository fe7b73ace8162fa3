"""A further blind group, written after the classes of the second set were mended and before it was run: what the same attacker tries next."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from sqlalchemy import and_, bindparam, delete, func, insert, or_, select, update

from tests.attacks.jobs.bundles_and_evidence import _git, repository
from tests.attacks.jobs.cases import ANY, Tried, case, runs
from tests.attacks.jobs.second_modules import GOOD, MENDS, TEXT
from tests.attacks.jobs.second_modules import _told as by_wire
from tests.attacks.jobs.second_permits import _document, _works, renewed
from tests.attacks.jobs.trees import _adding, _opens
from tests.jobs.world import ACME, OTHER, REGISTRY, World
from troth.jobs.executor import Executor
from troth.jobs.job import State
from troth.jobs.permits.envelope import seal
from troth.jobs.permits.roster import parse_roster
from troth.jobs.recommend.diffs import Version, file_diff
from troth.jobs.recommend.facts import digest
from troth.jobs.recommend.recommendation import FileChange
from troth.jobs.tables import JOBS, RATES
from troth.jobs.tables import REVOCATIONS as GONE

OWN, THEIRS = str(ACME), str(OTHER)

# --- approvals that wait ------------------------------------------------------------------------------------------------------


def _waits(title: str, spoil: Callable[[World], Any]) -> None:
    """Something changes while an approved job waits; it must not act when it leaves the queue."""

    @case("T20", title)
    def prepare(world: World) -> Tried:
        job = world.planned()
        world.executor.approve([world.permit(job)])

        def attack() -> None:
            changed = spoil(world)
            before = world.effects()
            if isinstance(changed, Executor):
                with changed:
                    ended = changed.work(ACME, job.id)
            else:
                ended = world.executor.work(ACME, job.id)
            assert ended.state is State.FAILED
            assert world.effects() == before

        def twin() -> None:
            world.people = renewed()
            other = world.planned()
            world.executor.approve([world.permit(other)])
            _works(world, other)

        return Tried(attack, twin)


def _other_key(world: World) -> None:
    """The person stays, with another key; the one that signed is in no roster any more."""
    world.people.add("ana")


def _rolled_back(world: World) -> None:
    """Ana was taken out in a newer roster that the executor has seen; somebody brings the older one back."""
    older = world.people
    world.people = renewed()
    world.people.removed.add("ana")
    runs(world, world.permit(world.planned(), "ben"))
    world.people = older


def _other_issuer(world: World) -> Executor:
    roster = world._roster

    def renamed() -> Any:
        found = roster()
        found.issuer = "another-board"
        return found

    return Executor(world.store, REGISTRY, replace(world.settings, roster=renamed))


_waits("the key that signed is replaced while the job waits", _other_key)
_waits("an older roster comes back while the job waits", _rolled_back)
_waits("another board answers for the roster while the job waits", _other_issuer)
_waits("a policy that forbids it comes while the job waits", lambda w: Executor(w.store, REGISTRY, replace(w.settings, may_approve=lambda person, wanted: False)))
_waits("another executor with the same database takes the job from the queue", lambda w: Executor(w.store, REGISTRY, replace(w.settings, name="executor-2", seal=b"another key")))


def _revokes(title: str, kind: str, value: str) -> None:
    @case("T20", title, *ANY)
    def prepare(world: World) -> Tried:
        return Tried(lambda: world.executor.revoke(world.session(), kind, value, "x"), lambda: world.executor.revoke(world.session(), "approver", "somebody", "x"))


_revokes("a number that is none is taken for a revocation", "jti", "0x1234")
_revokes("a permit's first half is taken for a revocation", "permit", "ab" * 16)
_revokes("an approver of two lines is taken for a revocation", "approver", "ana\nben")


def _rosters(title: str, **changed: Any) -> None:
    @case("T21", title, *ANY)
    def prepare(world: World) -> Tried:
        return Tried(lambda: parse_roster(json.dumps(_document(**changed)).encode()), lambda: parse_roster(json.dumps(_document()).encode()))


_rosters("a roster in which three share names in a ring", approvers=[{"id": "ana", "scopes": [], "also": ["b"]}, {"id": "ben", "scopes": [], "also": ["c"]}, {"id": "cleo", "scopes": [], "also": ["b"]}])
_rosters("a roster in which somebody's other name has capitals", approvers=[{"id": "ana", "scopes": ["acme/*"], "also": ["Ana"]}])

# --- statements with values that come later -----------------------------------------------------------------------------------


def _later(title: str, bad: Callable[[], Any], row: dict[str, Any], good: Callable[[], Any], own: dict[str, Any]) -> None:
    @case("E2", title, *ANY)
    def prepare(world: World) -> Tried:
        def ask(made: Any, given: dict[str, Any]) -> None:
            with world.store.write(ACME) as t:
                t.execute(made, given)

        return Tried(lambda: ask(bad(), row), lambda: ask(good(), own))


def _moves() -> Any:
    return update(JOBS).where(JOBS.c.tenant == OWN, JOBS.c.id == "nobody's").values(tenant=bindparam("whose"))


def _revocation() -> Any:
    return insert(GONE).values(tenant=bindparam("whose"), kind="jti", value=bindparam("v"), at=1, actor="a", reason="r")


_later("a change whose new tenant comes under another name", _moves, {"whose": THEIRS}, _moves, {"whose": OWN})
_later("a row whose tenant comes under another name", _revocation, {"whose": THEIRS, "v": "x1"}, _revocation, {"whose": OWN, "v": "x2"})
_later("a condition whose tenant comes under another name", lambda: delete(RATES).where(RATES.c.tenant == bindparam("whose"), RATES.c.at == -1), {"whose": THEIRS}, lambda: delete(RATES).where(RATES.c.tenant == bindparam("whose"), RATES.c.at == -1), {"whose": OWN})


def _read(title: str, bad: Callable[[], Any], good: Callable[[], Any], only: str = "") -> None:
    @case("E2", title, *ANY, only=only)
    def prepare(world: World) -> Tried:
        def ask(made: Any) -> object:
            with world.store.read(ACME) as t:
                return t.execute(made).all()

        return Tried(lambda: ask(bad()), lambda: ask(good()))


_read("a second name of a table, with the condition on the first", lambda: select((a := JOBS.alias()).c.id).where(JOBS.c.tenant == OWN, a.c.attempt >= 0), lambda: select((a := JOBS.alias()).c.id).where(a.c.tenant == OWN))
_read("a condition that is one of two", lambda: select(JOBS.c.id).where(or_(and_(JOBS.c.tenant == OWN, JOBS.c.attempt == 0), JOBS.c.attempt == 0)), lambda: select(JOBS.c.id).where(and_(JOBS.c.tenant == OWN, or_(JOBS.c.attempt == 0, JOBS.c.attempt == 1))))
_read("a function that says who one is", lambda: select(func.set_config("troth.tenant", "other", False)), lambda: select(func.coalesce(func.max(JOBS.c.id), "")).where(JOBS.c.tenant == OWN), only="postgresql")
_read("a function that loads code", lambda: select(func.load_extension("/tmp/x.so")), lambda: select(func.max(JOBS.c.id)).where(JOBS.c.tenant == OWN), only="sqlite")
_read("a join whose condition is one of two", lambda: select(JOBS.c.id, GONE.c.value).join(GONE, or_(GONE.c.tenant == JOBS.c.tenant, GONE.c.at == 1)).where(JOBS.c.tenant == OWN), lambda: select(JOBS.c.id, GONE.c.value).join(GONE, GONE.c.tenant == JOBS.c.tenant).where(JOBS.c.tenant == OWN))

# --- what is made ---------------------------------------------------------------------------------------------------------------


def _named(title: str, path: str) -> None:
    """A new file whose name reads as another."""

    @case("W2", title, *ANY)
    def prepare(world: World) -> Tried:
        repository(world)
        return Tried(lambda: _opens(world, f"troth/after-{world.count}", _adding(path)), lambda: _opens(world, f"troth/after-{world.count}", _adding(f"docs/after-{world.count}.txt")))


_named("a new file whose name's direction is turned", "docs/\u202etxt.exe")
_named("a new file whose name has a letter of no width", "docs/ci\u200b.yml")
_named("a new file whose name holds a line's end for some readers", "docs/a\u2028b")


def _told(title: str, bad: Callable[[], object]) -> None:
    @case("M1", title, *ANY)
    def prepare(world: World) -> Tried:
        return Tried(lambda: by_wire(bad()), lambda: by_wire(GOOD))


_told("a recommendation that makes a file whose name's direction is turned", lambda: replace(GOOD, patch=file_diff(None, Version("\u202elmy.ic", "a: 1\n")), files=(FileChange("\u202elmy.ic", "", digest("a: 1\n")),)))
_told("a recommendation whose caution is a hundred thousand letters", lambda: replace(GOOD, cautions=("x" * 100_000,)))
_told("a recommendation with a finding of another module's", lambda: replace(GOOD, mends=(MENDS, "secrets/scan-1")))
_told("a title that is a mark for an empty name", lambda: replace(GOOD, title="\u2800\u3164"))


@case("W2", "a branch that differs from the one that everybody works on in case alone", *ANY)
def _case(world: World) -> Tried:
    repository(world)
    refs = _git(world.trees[ACME], "for-each-ref")

    def attack() -> object:
        try:
            return _opens(world, "MAIN", _adding("docs/upper.txt"))
        finally:
            assert refs == _git(world.trees[ACME], "for-each-ref")

    return Tried(attack, lambda: _opens(world, f"troth/lower-{world.count}", _adding("docs/lower.txt")))


for _mode in ("hex-with-colons", "percent-twice", "in-parts"):

    @case("T24", f"a handler tells its secret as {_mode.replace('-', ' ')}")
    def _secret(world: World, mode: str = _mode) -> Tried:
        def attack() -> None:
            job = world.planned("repo.telltale", secret="forge-token", name=mode)
            ended = world.executor.run([world.permit(job)])
            assert ended.state is State.FAILED, "what it told was kept"

        def twin() -> None:
            job = world.planned("repo.keyed", secret="forge-token", name="fine")
            assert world.executor.run([world.permit(job)]).state is State.DONE

        return Tried(attack, twin)


@case("T6", "a permit is spent twice by two executors with two seals and one database", *ANY)
def _two(world: World) -> Tried:
    job = world.planned()
    permit = seal(world.claims(job), [world.people.keys["ana"]])
    runs(world, permit)

    def attack() -> object:
        with Executor(world.store, REGISTRY, replace(world.settings, seal=b"yet another")) as other:
            return other.run([permit])

    return Tried(attack, lambda: runs(world, world.permit(world.planned())))


assert TEXT
