"""Judges a line of the declared scope. Such a line is kept by standing there, unless the policies put the same thing on the other side."""

from __future__ import annotations

import re

from troth.judgement.policy_scope import said, twin_of
from troth.terms.facts.policies import PolicySet
from troth.terms.place import Place
from troth.terms.promise import Statement
from troth.terms.values import Params
from troth.terms.verdict import Broken, Evidence, How, Kept, Unknown, Verdict

_WORD = re.compile(r"[a-z]{3,}")
_STATE = re.compile(r"(?:partially |fully )?(?:mitigated|implemented|fixed|resolved|done|addressed|complete[d]?|in place|enabled|accepted|open|planned|in progress)", re.IGNORECASE)
_EMPTY = frozenset(("the", "and", "for", "with", "issues", "attacks", "vulnerabilities", "any", "that", "requiring"))


def verify(params: Params, statement: Statement, policies: PolicySet) -> Verdict:
    """Kept where the policy declares it and nothing else declares the opposite; whether reports are triaged by it is not in a file."""
    direction = params.text("direction")
    if not statement.text.strip():
        return Unknown("the line of the policy", "There is no text to read.")
    if any(_STATE.fullmatch(cell.strip(" *_`:.✅❌☑✓")) for cell in statement.cells[1:]):
        return Unknown("a line of the scope", "The row tells the state of a measure, and not what reports may be about.", (said(statement, "It is a row about a measure."),))
    mine = _words(params.text("item") or statement.text)
    own = twin_of(statement.path, policies)
    for promise in policies.of("scope/declared"):
        other = promise.statement
        theirs = promise.params.values.get("direction")
        if (
            direction in ("in", "out")
            and theirs in ("in", "out")
            and theirs != direction
            and len(mine) >= 2
            and _words(other.text) == _words(statement.text)
        ):
            evidence = (
                said(statement, f"Here it is {direction} of scope."),
                Evidence(
                    "Here it is on the other side.", Place(other.path, other.line), other.quote.split("\n", 1)[0][:200]
                ),
            )
            return Broken(
                How.CONTRADICTED,
                evidence,
                "The policies put the same thing in scope and out of scope.",
                "Decide, and say it once.",
            )
    where = "" if own is None or own.shown else " (in a policy that the forge does not show)"
    return Kept((said(statement, "It is declared here."),), f"The policy declares it{where}.")


def _words(text: str) -> frozenset[str]:
    return frozenset(_WORD.findall(text.lower())) - _EMPTY
