"""What the linter says about one statement, for verifiers that judge that statement.

The linter looks at all policies of a tree at once; its remarks are kept while the same set of policies is being judged, so that each verifier may ask.
"""

from __future__ import annotations

from functools import lru_cache

from troth.policy.lint import Flaw, Remark, lint
from troth.terms.facts.policies import PolicySet
from troth.terms.place import Place
from troth.terms.promise import Statement
from troth.terms.verdict import Evidence, How, Partly, Unknown

__all__ = ["contradiction", "remarks_about", "weigh_words", "without_number"]


class _Held:
    """A set of policies, told apart by identity: it is large, and never changed."""

    def __init__(self, policies: PolicySet) -> None:
        self.policies = policies

    def __hash__(self) -> int:
        return id(self.policies)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Held) and other.policies is self.policies


@lru_cache(maxsize=4)
def _remarks(held: _Held) -> tuple[Remark, ...]:
    found: list[Remark] = []
    for file in held.policies.files:
        own = [promise for promise in held.policies.promises if promise.statement.path == file.path]
        found.extend(lint(file.statements, own))
    return tuple(found)


def remarks_about(statement: Statement, policies: PolicySet) -> tuple[Remark, ...]:
    """Remarks that name a statement, among those about its own policy."""
    key = (statement.path, statement.span)
    return tuple(remark for remark in _remarks(_Held(policies)) if any((one.path, one.span) == key for one in remark.statements))


def contradiction(statement: Statement, policies: PolicySet, *rules: str) -> Remark | None:
    """The first contradiction of one of the named rules that a statement has a part in."""
    return next((one for one in remarks_about(statement, policies) if one.flaw is Flaw.CONTRADICTION and one.rule in rules), None)


def without_number(statement: Statement, policies: PolicySet) -> Remark | None:
    """The remark that a statement promises a time and names none."""
    return next((one for one in remarks_about(statement, policies) if one.flaw is Flaw.UNMEASURABLE), None)


def weigh_words(statement: Statement, policies: PolicySet) -> Partly | Unknown | None:
    """The verdict on a promised time that its own policy speaks against, or that names no time; None where nothing is wrong with the words."""
    # one sentence that names two times tells of two steps
    clash = next((one for one in remarks_about(statement, policies) if one.flaw is Flaw.CONTRADICTION and len({each.span for each in one.statements}) > 1), None)
    if clash is not None:
        evidence = tuple(_line(one) for one in sorted(clash.statements, key=lambda one: one.span == statement.span))
        return Partly(How.CONTRADICTED, evidence, clash.says, "Let the times agree, or say which one holds.")
    vague = without_number(statement, policies)
    return None if vague is None else Unknown("a number in the sentence itself, and then the case records of a desk", vague.says, (_line(statement),))


def _line(statement: Statement) -> Evidence:
    return Evidence("It stands here.", Place(statement.path, statement.line), statement.quote.split("\n", 1)[0].strip()[:200])
