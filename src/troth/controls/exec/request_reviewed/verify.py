"""Judges whether requests are reviewed before they are carried out, as far as code shows it: who asks, whether it is called, and what the defaults say."""

from __future__ import annotations

import re

from troth.judgement.approvals import always_yes, asking, read, switched_off, unasked
from troth.judgement.guards import not_a_claim
from troth.judgement.subject import off_subject
from troth.terms.facts.tree import Tree
from troth.terms.promise import Statement
from troth.terms.verdict import Broken, How, Partly, Unknown, Verdict

_MATTER = re.compile(r"approv|confirm|review|consent|permission|human|prompt|ask|supervis|dry[- ]run|preview|plan mode|validat|verif|warn|pending|inspect", re.IGNORECASE)
_PEOPLE = re.compile(r"approv|confirm|consent|human|permission|prompt|asked|ask\b", re.IGNORECASE)
_ALWAYS = re.compile(r"\b(?:all|every|each|any|always|must|never|no|requires?|required|mandatory|by default|explicit\w*|before)\b", re.IGNORECASE)
_OPTIONAL = re.compile(r"\boptional|\bcan (?:be|require|ask)|\bmay\b|when enabled|if enabled|configurable|unless|opt[- ]in", re.IGNORECASE)
_MEND = "Ask before each act that the sentence names, by default, and act only on a yes."
_RUN = "a run with a request that nobody approves"


def verify(statement: Statement, tree: Tree) -> Verdict:
    """Broken where nothing calls what asks, or it answers yes by itself; Partly where the defaults ask nobody; never Kept: that each act waits for an answer takes a run."""
    other = not_a_claim(statement, "review requests") or off_subject(statement, _MATTER, "review of requests")
    if other is not None:
        return other
    if not _PEOPLE.search(statement.text):
        return Unknown("a run of validation with requests that carry known faults", "Whether warnings reach the person who approves takes a run.")
    found = read(tree)
    hollow = always_yes(found, tree)
    if hollow:
        return Broken(How.TOOTHLESS, hollow, "What asks for approval asks nobody and says yes.", _MEND)
    idle = unasked(found, tree)
    if idle and not found.unread:
        return Broken(How.BYPASSED, idle, "What asks for approval is never called.", _MEND)
    off = switched_off(found, tree)
    if off and _ALWAYS.search(statement.text) and not _OPTIONAL.search(statement.text):
        return Partly(How.CONTRADICTED, off, "As it is shipped, nobody is asked.", "Ship it switched on; whoever wants it off can say so.")
    shown = tuple(one.evidence(tree, one.line, "It asks.") for one in asking(found)[:3])
    return Unknown(_RUN, "Somebody is asked; whether each act waits for the answer takes a run." if shown else "No code that asks somebody is known here.", shown)
