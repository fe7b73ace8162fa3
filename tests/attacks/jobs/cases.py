"""What a case is: an attack that must be refused for the right reason and leave no effect, and a twin that differs in nothing but the attack and must go through."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass

from tests.jobs.world import People, World
from troth.errors import JobError, TrothError

VERSIONS = itertools.count(10)


@dataclass(frozen=True)
class Case:
    """One attack.

    Attributes:
        letter: its entry in the list of attacks, or `new`.
        title: what is tried.
        reasons: rules of which one must refuse it; empty where `attack` itself asserts.
        prepare: makes the attack and its twin in a world.
        only: `sqlite` or `postgresql` where it is about one of them; "" for both.
    """

    letter: str
    title: str
    reasons: frozenset[str]
    prepare: Callable[[World], Tried]
    only: str = ""


@dataclass(frozen=True)
class Tried:
    """An attack and its twin, ready."""

    attack: Callable[[], object]
    twin: Callable[[], object]


CASES: list[Case] = []
ANY = ("*",)
"""For a case that any refusal holds off: which one is not what it is about."""


def case(letter: str, title: str, *reasons: str, only: str = "") -> Callable[[Callable[[World], Tried]], Callable[[World], Tried]]:
    """Register a case."""

    def register(prepare: Callable[[World], Tried]) -> Callable[[World], Tried]:
        CASES.append(Case(letter, title, frozenset(reasons), prepare, only))
        return prepare

    return register


@dataclass(frozen=True)
class Verdict:
    """How a case ended: `succeeded` says that the attack did what it should not, `twin_refused` that the harmless one was refused."""

    case: Case
    succeeded: str
    twin_refused: str


def play(one: Case, world: World) -> Verdict:
    """Play a case in a world whose people are new."""
    world.people = People(version=next(VERSIONS))
    tried = one.prepare(world)
    before = {tenant: world.effects(tenant) for tenant in world.trees}
    succeeded = ""
    try:
        answer = tried.attack()
        if one.reasons:
            succeeded = f"was not refused: {answer!r}"[:300]
    except JobError as error:
        if error.reason not in one.reasons and "*" not in one.reasons:
            succeeded = f"refused for another reason: {error.reason}"
    except TrothError as error:
        if error.code not in one.reasons and "*" not in one.reasons:
            succeeded = f"refused for another reason: {error.code}"
    except AssertionError as error:
        succeeded = f"asserted: {error}"[:500] or "asserted"
    if not succeeded and one.reasons and before != {tenant: world.effects(tenant) for tenant in world.trees}:
        succeeded = "refused, but something was done"
    refused = ""
    try:
        tried.twin()
    except (TrothError, AssertionError) as error:
        refused = f"{type(error).__name__}: {error}"
    return Verdict(one, succeeded, refused)


def runs(world: World, *permits: bytes) -> None:
    """The twin of most: these permits run their job, once."""
    before = sum(len(world.effects(tenant)) for tenant in world.trees)
    job = world.executor.run(list(permits))
    assert job.state.value == "done", job
    assert sum(len(world.effects(tenant)) for tenant in world.trees) == before + 1
