"""Judges a limit for fixes: only the desk's records can keep it; two policies that give different limits break it."""

from __future__ import annotations

import re

from troth.judgement.policy_scope import said
from troth.judgement.time_limits import judge_limit
from troth.policy.flaws import weigh_words
from troth.terms.facts.desk_records import DeskRecords
from troth.terms.facts.policies import PolicySet
from troth.terms.promise import Statement
from troth.terms.values import Params
from troth.terms.verdict import Partly, Unknown, Verdict

_NO_FIX = re.compile(
    r"\b(?:time ?lines?|time ?frames?|plans?|estimates?|schedules?|roadmaps?|eta|dates?) (?:for|of|to) (?:the |a |any )?(?:fix|patch|resol|remediat|mitigat|release)|\b(?:fix|patch|remediation|resolution) (?:time ?line|plan|estimate|schedule|eta)\b.{0,20}\b(?:communicat|shar|provid|agre|sent|given)"
    r"|\b(?:fix|patch|resolution|remediation|resolved?)\b(?: or| /|/) (?:an? )?(?:status|progress|update|response|plan|explanation|workaround)",
    re.IGNORECASE,
)
"""A plan for a fix, or a choice between a fix and a word: neither is a time within which the fix is there."""

_OF_CLASS = re.compile(r"the fix(?: itself)? of (\w+) issues")


def verify(params: Params, statement: Statement, policies: PolicySet, records: DeskRecords) -> Verdict:
    """Kept only by what a desk signed: when reports are fixed is in no other file."""
    if _NO_FIX.search(statement.text):
        return Unknown("the case records of a desk", "The sentence promises a plan or a word by then, and not the fix itself.", (said(statement, "It stands here."),))
    words = weigh_words(statement, policies)
    graver = _OF_CLASS.search(words.because) if isinstance(words, Partly) else None
    severity = (params.text("severity") or "").lower()
    if graver is not None and severity and severity != graver.group(1):
        words = None  # one line names the times of several classes, and what is at fault is another's
    return judge_limit("fix/within", "fixed", params, statement, words=words, policies=policies, records=records)
