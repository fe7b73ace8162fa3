"""Judges a limit for acknowledging reports: only the desk's records can keep it; two policies that give different limits break it."""

from __future__ import annotations

import re

from troth.judgement.policy_scope import said
from troth.judgement.time_limits import judge_limit
from troth.policy.flaws import weigh_words
from troth.terms.facts.desk_records import DeskRecords
from troth.terms.facts.policies import PolicySet
from troth.terms.promise import Statement
from troth.terms.values import Params
from troth.terms.verdict import Unknown, Verdict

_INCIDENT = re.compile(r"\b(?:detect|respond|response)\w*\b.{0,30}\bincidents?\b|\bincident (?:response|detection)\b|\b(?:P[0-4]|sev[- ]?[0-4])\b.{0,20}\bincident", re.IGNORECASE)
_REPORT = re.compile(r"report|disclos|vulnerabilit|acknowledg", re.IGNORECASE)


def verify(params: Params, statement: Statement, policies: PolicySet, records: DeskRecords) -> Verdict:
    """Kept only by what a desk signed: when reports are acknowledged is in no other file."""
    if _INCIDENT.search(statement.text) and not _REPORT.search(" ".join((statement.text, *statement.headings[-1:]))):
        return Unknown("a record of incidents", "The sentence gives a time for incidents, and not for the acknowledgement of a report.", (said(statement, "It stands here."),))
    return judge_limit("report/ack-within", "acknowledged", params, statement, words=weigh_words(statement, policies), policies=policies, records=records)
