"""What kind of section a heading or lead-in opens.

A short bullet ("Path traversal attacks") says nothing by itself; its heading decides. Rules: the nearest lead-in or heading that names a type wins;
the vocabulary is the field's, taken from public policies and templates, never one project's. Does not read the bullets themselves.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from troth.terms.promise import Section

__all__ = ["section_of", "type_of"]

_VOCABULARY: Final[tuple[tuple[Section, str], ...]] = (
    (Section.FEATURES, r"(?:security|trust|threat) (?:model|design|boundar\w+) (?:and|&) scope\W*$|^\W*scope (?:and|&) (?:security|trust|threat) (?:model|design|boundar\w+)\W*$"),
    (Section.REPORTING, r"(?:open|create|file|submit|use|via|through)\b.{0,30}\bprivate (?:security |vulnerability )?(?:advisor|report)"),
    (Section.SCOPE_OUT, r"^what (?:this|the|our) (?:\w+ ){1,3}(?:does not|doesn't|do not|will not) (?:handle|cover|include|address)"),
    (Section.SCOPE_OUT, r"out[- ]of[- ]scope|^non-?goals|not (?:\w+ )?(?:considered )?security[- ](?:related|issues?|bugs?|vulnerab)|not in scope|non[- ]qualifying|exclusions?\b(?! for\b)|excluded(?! from (?:\w+ ){0,3}(?:package|bundle|build|wheel|archive|image|tarball|distribution)\b)|not (?:generally |usually |typically )?(?:be )?considered?(?: as)?(?: a)? (?:security )?(?:vulnerabilit|issue|bug)"
                        r"|(?:is|are) not (?:a |generally |considered )?(?:security )?vulnerabilit|known non-|what is not an? |what (?:does not|doesn't|do not|don't) (?:qualify|count)|(?:does not|doesn't|do not|don't) qualify|not eligible|ineligible|do not report|(?:will|do) not (?:accept|treat)"),
    (Section.SCOPE_IN, r"in[- ]scope|^(?:\S+ ){0,3}scope(?: of .*)?\W*$|threat model|primary risks|trust (?:boundar|model)|attack (?:surface|vector)|threats?\b|qualifying|^what qualifies|what (?:is|we consider|counts as|qualifies).{0,20}(?:vulnerab|security (?:issue|bug|problem))|of (?:particular|special) interest|risk model"),
    (Section.REPORT_CONTENTS, r"what (?:to|should i|should you|we need|information to) (?:include|provide|send)|^\W*include (?:this|these)\b|what (?:should|to) (?:a |the |your |be in (?:a|the) )?report|\binclud(?:e|ing) (?:in|with|as much|at least|the following|these|all|your|any)\b|^includes?:?$|please (?:also )?(?:include|provide)|provide (?:us )?(?:with )?(?:the following|as much|these)"
                              r"|report (?:contents?|template|format|details)|contents of (?:a|the|your) report|following (?:information|details|items)|information to include|(?:helpful|useful) (?:things|information|details)|your report (?:should|must)|should (?:include|contain)\b|(?:a|the) (?:good|useful|helpful) report"
                              r"|^(?:e-?mail|mail|send|write to|contact)\b.{0,80}\bwith:?$"),
    (Section.TIMELINE, r"time ?lines?|time ?frames?|response (?:time|target|goal|sla|process|expectation)|\bslas?\b|service level|response targets?|how (?:soon|quickly|fast)|when (?:to|can you) expect|turnaround|deadline|day \d"),
    (Section.CREDIT, r"\bcredits?\b|acknowledge?ments?\b|hall of fame|recognition|attribution|thanks|thank you|bount(?:y|ies)|rewards?"),
    (Section.DISCLOSURE, r"disclosures?\b|embargo|advisor(?:y|ies)|notifications?\b|announcements?|safe harbou?r"),
    (Section.VERSIONS, r"(?:supported|affected|maintained|unsupported) (?:versions?|releases?|branches)|versions? (?:supported|support|currently|that|which|policy|receiv)|support(?:ed)? (?:policy|matrix|status)|security (?:updates?|support) (?:policy|for|versions?)|release (?:support|lifecycle)|end[- ]of[- ]life|following versions|versions:?$|^versions?(?: ?\([^)]{0,30}\))? \| .*(?:support|status|maintain|security(?! (?:changes|fix(?:es)?|notes))|eol|end of)"),
    (Section.HANDLING, r"what (?:to|you can|can you|can i) expect|what happens (?:next|after|when)|our (?:response|commitment|process|promise)|(?:response|handling|triage|security update|update|remediation|release|fix|patch|incident) process|after (?:you|a) (?:report|submit)|how we (?:handle|respond|process|triage)|vulnerability (?:handling|management|response)|^(?:\S+ )?security (?:updates?|patches|fixes)\W*$|^(?:these |security )*(?:updates?|patches|fixes) (?:are|will be)\b|we (?:will|promise|commit)(?: to)?:?$|process for|security response|incident response team|severity (?:levels?|classification|ratings?)|prioriti[sz]"),
    (Section.REPORTING, r"report(?:ing)?\b|how to (?:contact|notify|disclose|submit)|responsible(?:ly)? disclos|private(?:ly)? disclos|submit(?:ting)?\b.{0,20}(?:vulnerab|report|issue)|found a (?:vulnerab|security|bug)|discover(?:ed)?\b.{0,30}(?:vulnerab|security)|preferred (?:method|channel)|alternative contact"),
    (Section.CONTACT, r"^for (?:\w+ ){0,3}(?:concerns?|questions|inquir\w+|enquir\w+|matters)\b.{0,40}:$|\bcontacts?\b|official channels|get(?:ting)? in touch|questions|security team|pgp|gpg|encryption key|public key|e-?mail us"),
    (Section.COMPLIANCE, r"compliance|certification|standards?\b|regulat|gdpr|hipaa|soc ?2|iso ?27001|audits?$"),
    (Section.RESOURCES, r"resources?$|references?\b|(?:further|additional) (?:reading|information)|learn more|see also|links|documentation$|related (?:doc|polic)|bibliography|(?:^|(?<!security)(?<!scanning)(?<!testing)(?<!analysis)(?<!integrated)(?<!restricted)(?<!recommended)\s)tools$"),
    (Section.SETTINGS, r"(?:repository|repo|github|gitlab|branch|organi[sz]ation|org|actions?|recommended github|npm account) (?:settings?|permissions?|protection)|settings? \(required\)|required settings|protection rules|branch protection|rulesets?|secrets protection|enable (?:all )?(?:the )?security features|fork pull request workflows|settings?\s*(?:→|->|>)|status checks"),
    (Section.LIMITS, r"\bnot (?:\w+ )?(?:defended?|protected?|covered|mitigated|guaranteed)\b"),
    (Section.FEATURES, r"\b(?:eliminat|mitigat|address|reduc|prevent|avoid)\w*\b.{0,60}\b(?:risks?|attacks?|threats?)\b|^configuration:?$|(?:is|are|we) (?:defended?|protected?) against|what we (?:defend|protect)|(?:blocked|prevented|protected|denied|allowed) (?:patterns?|commands?|paths?|operations?|predicates?|by default)"),
    (Section.USERS, r"what to (?:look for|check)|^(?:release|signature|artifact|package|container)? ?verif(?:ication|ying)\b|(?:secure|safe) (?:operation|use|usage)\b|^before (?:running|installing|using|deploying)|for maximum security|how to verify|risk management"),
    (Section.LIMITS, r"limitations?|known (?:security )?(?:issues?|considerations?|risks?|gaps?|problems?|weakness|caveats?|limits)|(?:security )?(?:concerns?|risks?|caveats?|disclaimers?|warnings?)\b|(?:potential|possible|current) (?:security )?(?:concerns?|issues|risks)|cannot do|can ?not do|not (?:protect|cover|guarantee|supported|a sandbox)|residual|be aware of|no warranty|(?:disabled|experimental) (?:modules?|features?)|current status"),
    (Section.SCANNING, r"(?:code|security|dependency|secret|vulnerability|container|image|license|sast|dast|static|dynamic|automated|continuous) (?:security )?(?:scan\w*|analysis|tests?|testing|monitoring|checks?|gates?|tool\w*)|scanning tools?|automated (?:security|gates|tools|checks)|automated tools|fuzz\w*|tools integration|integrated tools|security tool\w*|quality gates?"),
    (Section.CI, r"\bci(?:/cd)?\b|pipelines?|continuous (?:integration|delivery|deployment)|github actions|workflows?\b|build (?:process|security|integrity|system)|release (?:process|security|integrity|signing)|supply[- ]chain|publish\w*|packages? (?:security|are published)|provenance|npm (?:token|package)|artifact|token protection|slsa"),
    (Section.CONTRIBUTORS, r"contribut\w*|for developers|(?:for|as a) (?:maintainers?|committers?)|develop(?:er|ment) (?:security|guidelines?|practices?|environment|setup|workflow)|secure (?:coding|development)|local development|(?:maintenance|regular|recurring|periodic) (?:security )?tasks|coding (?:standards?|guidelines?|practices?)|code reviews?|pull requests?|pre[- ]commit|modules must not|before (?:committing|submitting|merging|opening)|when (?:contributing|developing|writing code)|plugin (?:librar|develop|author)"),
    (Section.USERS, r"(?:for|as an?) (?:users?|operators?|admin\w*|deployers?|self[- ]host\w*|customers?|end[- ]users?|consumers?|organi[sz]ations?)|user (?:guid|recommend|responsib)|best practices?|recommend(?:ations?|ed|s)?\b|hardening|checklist|deploy\w*|production|self[- ]hosting|operational security|secure (?:usage|use|configuration|setup|installation)|installation security|security (?:guidelines?|tips|advice|notes?|checklist|configuration)|how to (?:use|verify|stay)|when (?:using|running|deploying|hosting|exposing)|usage guidelines|important notes|what you (?:can|should) do|your responsibilit|guidance|suggestions|(?:runtime|environment|build) (?:configuration|variables|flags)|incident response"),
    (Section.FEATURES, r"(?:security )?(?:features?|measures?|controls?|protections?|architecture|design|model|mechanisms?|safeguards?|principles?|guarantees?|benefits|layers|implementation)\b|built[- ]in|defen[cs]e|how (?:it|we) (?:work|protect|secure|keep)|what we do|mitigations?|safe defaults?|secure (?:by )?defaults?|isolation|sandbox\w*|input validation|(?:memory|type) safety|data (?:handling|privacy|protection|storage)|authenticat\w*|authori[sz]ation|encrypt\w*|cryptograph\w*|rate limit\w*|access control|logging|network security|transport security|secrets? management|path (?:security|traversal)"),
)  # fmt: skip
_COMPILED: Final = tuple((section, re.compile(pattern)) for section, pattern in _VOCABULARY)
_WINDOW: Final = 300
_LONG: Final = 110
_CLEAR: Final = frozenset({Section.SCOPE_IN, Section.SCOPE_OUT, Section.REPORT_CONTENTS, Section.HANDLING, Section.CREDIT, Section.DISCLOSURE})
"""Types that a long sentence names reliably; the others' words are too common for one."""


_AUDIENCE: Final = re.compile(
    r"\bfor (?:\w+ )?(?:(?P<users>users?|operators?|admin\w*|deployers?|customers?|self-host\w*)|developers?|contributors?|maintainers?)\b"
)


def type_of(heading: str) -> Section:
    """Type of one heading or lead-in; `OTHER` where its words name none."""
    words = " ".join(heading.lower().replace("’", "'").split())[:_WINDOW]
    for section, pattern in _COMPILED:
        if pattern.search(words):
            return section
    return Section.OTHER


def section_of(lead_in: Iterable[str], headings: Iterable[str]) -> Section:
    """Type of the nearest lead-in or heading that has one, innermost first."""
    outer = tuple(headings)
    for words in (*reversed(tuple(lead_in)), *reversed(outer)):
        section = type_of(words)
        if section is not Section.OTHER and (len(words) <= _LONG or section in _CLEAR):
            return _audience(outer) or section if section is Section.FEATURES else section
    return Section.OTHER


def _audience(headings: tuple[str, ...]) -> Section | None:
    """Whom a part of the policy says that it speaks to ("For users"); a topic inside of it ("Data protection") speaks to them, too."""
    for words in headings[:-1]:
        match = _AUDIENCE.search(words.lower())
        if match:
            return Section.USERS if match["users"] else Section.CONTRIBUTORS
    return None
