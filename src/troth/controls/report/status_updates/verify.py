"""Judges the rhythm of status updates: only the desk's records can keep it; two policies that give different limits break it."""

from __future__ import annotations

from troth.judgement.time_limits import judge_limit
from troth.policy.flaws import weigh_words
from troth.terms.facts.desk_records import DeskRecords
from troth.terms.facts.policies import PolicySet
from troth.terms.promise import Statement
from troth.terms.values import Params
from troth.terms.verdict import Verdict


def verify(params: Params, statement: Statement, policies: PolicySet, records: DeskRecords) -> Verdict:
    """Kept only by what a desk signed: when reports are answered again is in no other file."""
    return judge_limit("report/status-updates", "answered again", params, statement, words=weigh_words(statement, policies), policies=policies, records=records)
