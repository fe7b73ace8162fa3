"""Judges a claim of compliance by the mechanisms that it leans on. A certificate itself is an auditor's, and never in a repository."""

from __future__ import annotations

import re

from troth.judgement.policy_scope import said
from troth.terms.control import Part, Parts
from troth.terms.promise import Statement
from troth.terms.values import Params
from troth.terms.verdict import Broken, Evidence, How, Kept, Partly, Unknown, Verdict

_DISCLAIMS = re.compile(
    r"\b(?:not|never|neither|nor|cannot|isn'?t|aren'?t|don'?t)\b.{0,60}\b(?:complian\w*|certif\w*|audited|attested|guarantee\w*)\b|\bno (?:[\w/-]+ ){0,3}(?:complian\w*|certif\w*|attest\w*|guarantee\w*)\b",
    re.IGNORECASE,
)
_LEANS: dict[str, re.Pattern[str]] = {
    "audit/trail": re.compile(r"\baudit (?:trails?|logs?|logging|records?)\b|\bSOC ?2\b", re.IGNORECASE),
    "data/no-pii": re.compile(r"\b(?:no|not|never|without|zero)\b.{0,40}(?:\bPII\b|\bpersonal(?:ly)? (?:data|identif\w+))|(?:\bPII\b|\bpersonal data).{0,40}\b(?:not|never)\b", re.IGNORECASE),
}


def verify(params: Params, statement: Statement, parts: Parts) -> Verdict:
    """Kept only for a disclaimer, which is true by standing there; a claim is never Kept, and Partly where its mechanism is flawed."""
    framework = params.text("framework") or ""
    if framework == "disclaimer" or _DISCLAIMS.search(statement.text):
        return Kept(
            (said(statement, "It disclaims compliance."),), "The policy says itself that it claims no compliance."
        )
    text = f"{framework} {statement.text}"
    leaned = [part for part in parts.parts if part.control in _LEANS and _LEANS[part.control].search(text)]
    flawed = [part for part in leaned if isinstance(part.verdict, (Partly, Broken))]
    if flawed:
        evidence = (*(piece for part in flawed for piece in _evidence(part)), said(statement, "The claim stands here."))
        because = f"The mechanism that the claim leans on is flawed ({', '.join(sorted({part.control for part in flawed}))}): {_because(flawed[0])}"
        return Partly(How.INCOMPLETE, evidence[:12], because, "Mend the mechanism, or say what is really in place.")
    return Unknown(
        "an auditor's report, dated and named",
        "Whether a framework's demands are met is an auditor's word, which no repository shows.",
        (said(statement, "The claim stands here."),),
    )


def _evidence(part: Part) -> tuple[Evidence, ...]:
    return part.verdict.evidence if isinstance(part.verdict, (Partly, Broken)) else ()


def _because(part: Part) -> str:
    return part.verdict.because if isinstance(part.verdict, (Partly, Broken)) else ""
