"""Judges a safe harbour: it is given by being written; words that take it back elsewhere break it."""

from __future__ import annotations

import re

from troth.judgement.contacts import placeholder_in
from troth.judgement.policy_scope import said, twin_of
from troth.terms.facts.policies import PolicySet
from troth.terms.place import Place
from troth.terms.promise import Statement
from troth.terms.verdict import Broken, Evidence, How, Kept, Partly, Unknown, Verdict

_GIVES = re.compile(
    r"\b(?:safe harbou?r|will not (?:pursue|take|initiate|bring|sue|prosecute)|won'?t (?:pursue|take|sue)|no legal action|not (?:be )?(?:subject to|face) legal|authori[sz]ed|waive|good faith)\b",
    re.IGNORECASE,
)
_TAKES = re.compile(
    r"\b(?:reserves? the right|may|will|can) (?:to )?(?:pursue|take|seek|initiate) (?:any )?legal (?:action|remedies|proceedings)\b|\bwill be prosecuted\b",
    re.IGNORECASE,
)
_NOT = re.compile(r"\b(?:not|never|no|unless|outside|violat\w+|malicious|bad faith)\b", re.IGNORECASE)

_LEGALESE = re.compile(r"\b(?:policy|document|software|information)\b.{0,30}\b(?:is|are) (?:provided|offered|published|written|made) in good faith", re.IGNORECASE)


def verify(statement: Statement, policies: PolicySet) -> Verdict:
    """Kept where the words give it and no other line of the policies takes it back; what it is worth in court is not judged."""
    if placeholder_in(statement.quote) is not None:
        return Broken(
            How.VACUOUS,
            (said(statement, "A template was never filled in."),),
            "The safe harbour is a template's.",
            "Fill it in.",
        )
    if not _GIVES.search(statement.text):
        return Unknown(
            "words that give a safe harbour",
            "The sentence gives no safe harbour in words that are known here.",
            (said(statement, "The sentence stands here."),),
        )
    if _LEGALESE.search(statement.text):
        return Unknown("words that give a safe harbour", "The sentence says how the policy is meant, and promises researchers nothing.", (said(statement, "The sentence stands here."),))
    own = twin_of(statement.path, policies)
    for policy in policies.files:
        for number, line in enumerate(policy.text.split("\n"), start=1):
            if _TAKES.search(line) and not _NOT.search(line) and line.strip() not in statement.quote:
                taken = Evidence("It threatens legal action.", Place(policy.path, number), line.strip()[:200])
                return Partly(
                    How.CONTRADICTED,
                    (taken, said(statement, "The safe harbour stands here.")),
                    "Another line takes it back.",
                    "Say when it ends.",
                )
    where = "" if own is None or own.shown else " (in a policy that the forge does not show)"
    return Kept((said(statement, "It is given here."),), f"The policy gives it{where}.")
