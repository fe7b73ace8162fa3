"""Judges the rule that vulnerabilities are not reported in public: by the policy's own words and by every other document that tells how to report."""

from __future__ import annotations

import re

from troth.judgement.contacts import documents
from troth.judgement.policy_scope import said, whole
from troth.terms.facts.policies import PolicySet
from troth.terms.facts.tree import Tree
from troth.terms.place import Place
from troth.terms.promise import Statement
from troth.terms.verdict import Broken, Evidence, How, Kept, Partly, Unknown, Verdict

_PUBLIC = re.compile(
    r"\b(?:issue tracker|(?:public|github|gitlab|regular) (?:issues?|discussions?)|(?:open|file|create|raise|submit|use) (?:an? |the )?(?:new |public |github )*(?:issue|ticket|bug report|discussion)|issues? page)\b",
    re.IGNORECASE,
)
_NOT = re.compile(
    r"\b(?:not|never|don'?t|instead of|rather than|avoid|no|without|refrain|unless|other than)\b", re.IGNORECASE
)
_ELSEWHERE = re.compile(
    r"\b(?:non-?security|non-?sensitive|non-?vulnerability|general|feature requests?|regular bugs?|other bugs?|unrelated)\b",
    re.IGNORECASE,
)
_PRIVATE = re.compile(r"\b(?:private(?:ly)?|confidential(?:ly)?)\b", re.IGNORECASE)
_SECURITY = re.compile(
    r"\b(?:vulnerabilit\w+|security (?:issues?|bugs?|problems?|reports?|flaws?|holes?|concerns?)|exploits?)\b",
    re.IGNORECASE,
)
_CROSSED = re.compile(r"\s*(?:[-*+]\s+)?(?:❌|✗|✘|🚫|⛔|:x:|:no_entry\w*:)")
"""A cross before an item says no as a word would."""
_DENIES = re.compile(r"\b(?:cannot|can't|can not|do not|don't|not|never|avoid|unable)\b[^:]{0,60}:\s*\Z", re.IGNORECASE)
"""What introduces a list of things that are not done."""
_TEMPLATE_HEAD = re.compile(r"(?:name|about|title|description)\s*:", re.IGNORECASE)
_OFFERS = re.compile(
    r"\b(?:report|disclos\w*|send|submit|contact|cannot use|can't use|if you|via|through|using)\b", re.IGNORECASE
)

_OURSELVES = re.compile(r"\b(?:we|team|maintainers?|project)\b(?: \w+){0,4}? (?:keep|handle|treat|hold|maintain|store)s?\b.{0,60}\b(?:private|confidential)", re.IGNORECASE)
"""Confidentiality on the side of those who get a report."""


def verify(statement: Statement, policies: PolicySet, tree: Tree) -> Verdict:
    """Kept where the policy forbids it and no other document sends reporters to the public tracker."""
    text = whole(statement, policies)
    if _offers(text) and _about_security(statement):
        evidence = (said(statement, "It offers a public place for reports of vulnerabilities."),)
        mend = "Name a private way for those who cannot use the first."
        return Broken(How.CONTRADICTED, evidence, "The policy itself sends reports to a public place.", mend)
    if not _NOT.search(text) and not _PRIVATE.search(text):
        evidence = (said(statement, "The sentence stands here."),)
        return Unknown(
            "a sentence that forbids public reports", "The sentence does not say that reports stay private.", evidence
        )
    if not _NOT.search(text) and _OURSELVES.search(text):
        return Unknown("what maintainers keep to themselves", "The sentence says how maintainers treat reports, not where reporters send them.", (said(statement, "The sentence stands here."),))
    against, repeated = _elsewhere(tree, {policy.path for policy in policies.files})
    against += _templates(tree)
    if against:
        both: tuple[Evidence, ...] = (*against[:4], said(statement, "The policy forbids it."))
        because = f"{against[0].place.path} sends security reports to the public tracker."
        return Partly(How.CONTRADICTED, both, because, "Let every document point to the policy.")
    because = "The policy says so, and no other document of the project says otherwise."
    return Kept((said(statement, "The policy says so."), *repeated[:3]), because)


def _offers(text: str) -> bool:
    """Whether a sentence sends people to a public place: the place, without a negation before it and without a word that it is for other things."""
    for sentence in re.split(r"(?<=[.;!?])\s+|\n", text):
        for match in _PUBLIC.finditer(sentence):
            before = sentence[max(match.start() - 180, 0) : match.start()]
            if not _NOT.search(before) and not _ELSEWHERE.search(sentence) and _OFFERS.search(sentence):
                return True
    return False


def _about_security(statement: Statement) -> bool:
    around = " ".join((*statement.headings, *statement.lead_in, statement.text))
    return bool(re.search(r"security|vulnerab", around, re.IGNORECASE))


def _templates(tree: Tree) -> list[Evidence]:
    """Public issue templates made for vulnerabilities: their name or description speaks of them, and nothing in them points to a private way."""
    found = []
    for path in tree.paths(".github/ISSUE_TEMPLATE/*", ".gitlab/issue_templates/*", ".gitea/issue_template/*"):
        text = tree.text(path) or ""
        if path.endswith(("config.yml", "config.yaml")) or _NOT.search(text) or _PRIVATE.search(text) or "advisor" in text:
            continue
        for number, line in enumerate(text.split("\n")[:15], start=1):
            if _TEMPLATE_HEAD.match(line) and _SECURITY.search(line):
                found.append(Evidence("A public issue template is made for it.", Place(path, number), line.strip()[:200]))
                break
    return found


def _denied(lines: tuple[str, ...], number: int) -> bool:
    """Whether a line (1-based) is an item of a list that says what is not done."""
    if not re.match(r"\s*(?:[-*+]|\d+[.)])\s", lines[number - 1]):
        return False
    above = (line for line in reversed(lines[max(number - 30, 0) : number - 1]) if line.strip() and not re.match(r"\s*(?:[-*+]|\d+[.)])\s|\s{2,}", line))
    return _DENIES.search(next(above, "")) is not None


def _elsewhere(tree: Tree, policies: set[str]) -> tuple[list[Evidence], list[Evidence]]:
    against, repeated = [], []
    for path in documents(tree):
        if path in policies:
            continue
        lines = tree.lines(path)[:5_000]
        for number, line in enumerate(lines, start=1):
            if len(line) > 2_000 or not _SECURITY.search(line) or not _PUBLIC.search(line):
                continue
            evidence = Evidence("It speaks of public reports too.", Place(path, number), line.strip()[:200])
            if _CROSSED.match(line) or _denied(lines, number) or not _offers(line):
                repeated.append(evidence)
            else:
                against.append(
                    Evidence("It sends security reports to a public place.", Place(path, number), line.strip()[:200])
                )
    return against, repeated
