"""Judges the claim that no personal data is processed: names of declared fields can speak against it, and nothing here can prove it."""

from __future__ import annotations

import re

from troth.judgement.policy_scope import for_users, home_of, inside
from troth.judgement.wording import several
from troth.terms.facts.data_fields import DataFields, Field
from troth.terms.facts.policies import PolicySet
from troth.terms.promise import Statement
from troth.terms.verdict import How, NotApplicable, Partly, Unknown, Verdict

_ENCRYPT = re.compile(r"\b(?:encrypt|protect|minimi[sz]|locali[sz]|retain|retention|delete)\w*\b", re.IGNORECASE)


def verify(statement: Statement, fields: DataFields, policies: PolicySet) -> Verdict:
    """Never Kept and never Broken: a field's name is a hint. Partly where the source declares such fields."""
    advice = for_users(statement, "keep personal data out")
    if advice is not None:
        return advice
    if _ENCRYPT.search(statement.text):
        return Unknown(
            "a look at how the data is handled", "How personal data is handled is not followed through the code."
        )
    found = list(fields.personal)
    if not found:
        if not fields.files:
            return NotApplicable("There is no source file that could process anything.")
        return Unknown(
            "data-flow analysis",
            "No declared field speaks of a person; what is built at run time, or named otherwise, was not seen.",
        )
    home = home_of(statement.path, policies)
    near = sorted(found, key=lambda field: (not inside(home, field.evidence.place.path), field.evidence.place))
    firsts = _first_of_each(near)
    because = f"{several(len(found), 'declared field speaks', 'declared fields speak')} of a person, such as {firsts[0].name}; whether they hold personal data, a name does not prove."
    return Partly(
        How.CONTRADICTED,
        tuple(field.evidence for field in firsts[:10]),
        because,
        "Say which data is processed, and why.",
    )


def _first_of_each(fields: list[Field]) -> list[Field]:
    """One for each file, so that a reader sees where to look."""
    return list({field.evidence.place.path: field for field in reversed(fields)}.values())[::-1]
