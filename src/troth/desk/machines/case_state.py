"""What is true of a vulnerability: the case state of Householder and Spring (CERT/CC, CMU/SEI-2021-SR-021), six facts that only ever become true.

V the maintainers know, F a fix is ready, D the fix is deployed; P the public knows, X an exploit is public, A attacks are observed. Rules: V before F before D;
an exploit that is public makes the vulnerability public at once; what is public is known to the maintainers at once. 32 states, 70 histories to the end.
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum

__all__ = ["CaseFacts", "Fact", "after", "histories", "may_follow", "states"]


class Fact(StrEnum):
    """The six facts."""

    V = "vendor aware"
    F = "fix ready"
    D = "fix deployed"
    P = "public aware"
    X = "exploit public"
    A = "attacks observed"


CaseFacts = frozenset[Fact]
"""Facts that are true; the others are not (yet)."""


def _must_be_next(facts: CaseFacts) -> Fact | None:
    """The one fact that has to become true before any other."""
    if Fact.X in facts and Fact.P not in facts:
        return Fact.P
    if Fact.P in facts and Fact.V not in facts:
        return Fact.V
    return None


def may_follow(facts: CaseFacts) -> tuple[Fact, ...]:
    """Facts that may become true next."""
    forced = _must_be_next(facts)
    if forced is not None:
        return (forced,)
    open_facts = [fact for fact in Fact if fact not in facts]
    needs = {Fact.F: Fact.V, Fact.D: Fact.F}
    return tuple(fact for fact in open_facts if needs.get(fact) is None or needs[fact] in facts)


def after(facts: CaseFacts, fact: Fact) -> CaseFacts:
    """The facts once one more is true, with what follows from it at once.

    A fact that is true already changes nothing. One that may not follow yet (a fix that is deployed before it is ready) brings what it implies:
    the caller checks `may_follow` where that would be an error.
    """
    found = set(facts) | {fact}
    if Fact.D in found:
        found.add(Fact.F)
    if Fact.F in found or Fact.X in found or Fact.P in found:
        found.add(Fact.V)
    if Fact.X in found:
        found.add(Fact.P)
    return frozenset(found)


def states() -> tuple[CaseFacts, ...]:
    """All states that the three ordered facts V, F, D and the three free ones P, X, A can be in: 4 x 8 = 32."""
    ordered = ((), (Fact.V,), (Fact.V, Fact.F), (Fact.V, Fact.F, Fact.D))
    free = [tuple(fact for bit, fact in enumerate((Fact.P, Fact.X, Fact.A)) if number >> bit & 1) for number in range(8)]
    return tuple(frozenset((*one, *two)) for one in ordered for two in free)


def histories(facts: CaseFacts = frozenset()) -> Iterator[tuple[Fact, ...]]:
    """Every order in which the facts that are still open may become true, one at a time."""
    if len(facts) == len(Fact):
        yield ()
    for fact in may_follow(facts):
        for rest in histories(facts | {fact}):
            yield (fact, *rest)
