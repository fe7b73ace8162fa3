"""Judges the rhythm of status updates: only the desk's records can keep it; two policies that give different limits break it."""

from __future__ import annotations

from troth.judgement.desk_records import weigh_records
from troth.judgement.disagreements import limit_of, other_limits, seconds
from troth.judgement.policy_scope import said, twin_of
from troth.policy.flaws import weigh_words
from troth.terms.facts.desk_records import DeskRecords
from troth.terms.facts.policies import PolicySet
from troth.terms.promise import Statement
from troth.terms.values import Params
from troth.terms.verdict import Broken, How, Unknown, Verdict

_CONTROL = "report/status-updates"
_RECORDS = "the case records of a desk"


def verify(params: Params, statement: Statement, policies: PolicySet, records: DeskRecords) -> Verdict:
    """Kept only by what a desk signed: when reports are answered again is in no other file. Broken where the same policy, or the one that the forge shows, gives another limit."""
    mine = seconds(limit_of(statement, params)) or 0
    own = twin_of(statement.path, policies)
    for other in other_limits(_CONTROL, statement, params, policies):
        evidence = (
            other.evidence(f"Here the limit is {other.iso}."),
            said(statement, f"Here it is {limit_of(statement, params)}."),
        )
        if other.same_policy:
            return Broken(How.CONTRADICTED, evidence, "The policy gives two different limits.", "Give one limit.")
        if other.shown and (own is None or not own.shown) and (seconds(other.iso) or 0) > mine:
            because = "The policy that the forge shows, and that reporters therefore read, gives a longer limit."
            return Broken(How.CONTRADICTED, evidence, because, "Give one limit in one place.")
    words = weigh_words(statement, policies)
    if words is not None:
        return words
    told = weigh_records(_CONTROL, statement, policies, records)
    if told is not None:
        return told
    because = "When reports are answered again is written down where they are handled, not in the repository."
    return Unknown(_RECORDS, because, (said(statement, "The limit stands here."),))
