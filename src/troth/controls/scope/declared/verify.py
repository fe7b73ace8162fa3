"""Judges a line of the declared scope. Such a line is kept by standing there, unless the policies put the same thing on the other side."""

from __future__ import annotations

import re

from troth.judgement.policy_scope import said, twin_of
from troth.judgement.subject import nearest
from troth.terms.facts.policies import PolicySet
from troth.terms.place import Place
from troth.terms.promise import Statement
from troth.terms.values import Params
from troth.terms.verdict import Broken, Evidence, How, Kept, Unknown, Verdict

_WORD = re.compile(r"[a-z]{3,}")
_STATE = re.compile(r"(?:partially |fully )?(?:mitigated|implemented|fixed|resolved|done|addressed|complete[d]?|in place|enabled|accepted|open|planned|in progress)", re.IGNORECASE)
_OF_SCOPE = re.compile(
    r"\bscopes?\b|threat|\btrust|attack|adversar|vulnerab|risks?\b|qualif|eligib|exclu|interested|\bcover(?:s|ed)?\b|\bappl(?:y|ies)\b|boundar|severity|\b(?:critical|high|medium|low)\b|assum|examples?\b|includ|following|such as|report|consider|protect|defend|non-?goals",
    re.IGNORECASE,
)
"""What introduces lines of a scope: its own word, threats, what qualifies, or an enumeration."""
_SAYS_SCOPE = re.compile(
    r"\bscope\b|vulnerab|\btrust|threat model|boundar|assum|consider|treat|attacker|adversar|accepted risk|\b(?:providers?|upstream|third[- ]part\w+)\b|responsib|\b(?:protect|defend|guard)s? against|\b(?:policy|document)\b.{0,40}\b(?:appl|cover)",
    re.IGNORECASE,
)
_STORY = re.compile(r"\bcan attack:|\[?(?:mitigated|fixed|resolved|patched)\b|\bCVSS\b|\bCVE-\d|\breleases?\b", re.IGNORECASE)
"""Introduces what one flaw was, or what one release brought: a report of the past, and no scope."""
_TRIAGE = re.compile(r"\b(?:clarif|explain|decid|determin|confirm|assess|evaluat|check|establish|tell)\w*\b.{0,30}\b(?:(?:in|out)(?: of)?|within)[- ](?:the )?scope\b", re.IGNORECASE)
"""What maintainers do with one report: it says nothing of what the scope is."""
_DEED = re.compile(r"\b(?:an|the|any) (?:attacker|adversary)\b.{0,40}\b(?:can|could|may|might|would)\b", re.IGNORECASE)
_MODEL = re.compile(r"scope|threat|\btrust|assum|adversar|boundar|consider|interested|qualif|what counts|report", re.IGNORECASE)
_CROSS = re.compile(r"[\s\d.*+-]*(?:❌|✗|✘|🚫|⛔|:x:)")
_EMPTY = frozenset(("the", "and", "for", "with", "issues", "attacks", "vulnerabilities", "any", "that", "requiring"))


def verify(params: Params, statement: Statement, policies: PolicySet) -> Verdict:
    """Kept where the policy declares it and nothing else declares the opposite; whether reports are triaged by it is not in a file."""
    direction = params.text("direction")
    if not statement.text.strip():
        return Unknown("the line of the policy", "There is no text to read.")
    if any(_STATE.fullmatch(cell.strip(" *_`:.✅❌☑✓")) for cell in statement.cells[1:]):
        return Unknown("a line of the scope", "The row tells the state of a measure, and not what reports may be about.", (said(statement, "It is a row about a measure."),))
    beside = _no_scope(statement, direction)
    if beside is not None:
        return beside
    mine = _words(params.text("item") or statement.text)
    own = twin_of(statement.path, policies)
    for promise in policies.of("scope/declared"):
        other = promise.statement
        theirs = promise.params.values.get("direction")
        if (
            direction in ("in", "out")
            and theirs in ("in", "out")
            and theirs != direction
            and (other.path, other.line) != (statement.path, statement.line)
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


def _no_scope(statement: Statement, direction: str | None) -> Unknown | None:
    """The verdict on a line that declares no scope, or not the side that was read from it."""
    before, shown = nearest(statement), (said(statement, "The line stands here."),)
    introduced = (before, *statement.headings[-1:])
    if not _SAYS_SCOPE.search(statement.text) and (any(map(_STORY.search, introduced)) or not _OF_SCOPE.search(before)):
        return Unknown("a line of the scope", "Neither the line nor what introduces it speaks of what reports may be about.", shown)
    if _DEED.search(statement.text) and not _MODEL.search(" ".join(introduced)):
        return Unknown("a line of the scope", "The line tells how one attack goes, and not what reports may be about.", shown)
    if _TRIAGE.search(statement.text):
        return Unknown("a line of the scope", "The line tells what is done with a report, and not what reports may be about.", shown)
    inward = re.search(r"\bin[- ]scope\b", before, re.IGNORECASE) is not None and not re.search(r"\b(?:not|out)\b", before, re.IGNORECASE)
    denied = _CROSS.match(statement.quote) is not None or re.search(r"\bnot (?:an? )?(?:security )?(?:boundar|vulnerab)", statement.text, re.IGNORECASE) is not None
    if (direction == "out" and inward and not denied) or (direction == "in" and denied):
        return Unknown("which side of the scope is meant", "What the line says and where it stands point to different sides.", shown)
    return None


def _words(text: str) -> frozenset[str]:
    return frozenset(_WORD.findall(text.lower())) - _EMPTY
