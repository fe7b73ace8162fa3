"""Who a sentence binds.

Rules: the section decides where it is about process, scope or settings; elsewhere grammar does first (an imperative speaks to someone, "we" promises,
a passive describes) and the section then says to whom. Pure; looks at words, not at repositories. Polarity and hedges: `polarity`.
"""

from __future__ import annotations

import re
from typing import Final

from troth.policy.lexicon import IMPERATIVES, NOUNS_TOO, TAKES_CLAUSE
from troth.policy.sentences import symbols_end
from troth.terms.promise import Kind, Modality, Polarity, Section

__all__ = ["clause", "imperative", "modality"]

_OPENERS: Final = re.compile(
    r"^(?:(?:and|or|but|so|then|also|always|never|please|kindly|do not|don't|do n't|only|regularly|periodically|immediately|instead|first|next|finally|optionally|carefully|strongly"
    r"|explicitly|ideally|actively|continuously|properly|privately|in production|at minimum|at least|all (?:users|contributors) (?:should|must))[,:]?\s+"
    r"|(?:on|for|in|if|when|where|whenever|before|after|to|while|once|until)\b[^,;:]{2,90}[,:]\s+)+",
    re.IGNORECASE,
)
_WE_ACT: Final = re.compile(
    r"\b(?:we|(?:our|the) (?:\w+ )?(?:team|maintainers?)|maintainers?)(?:'ll|’ll| will| aim| strive| try| commit| promise| plan| endeavou?r| may| can| do| also| always| never| take| follow| release"
    r"| provide| publish| credit| acknowledge| audit| review| monitor| support| respond| triage| appreciate| believe| thank| welcome| actively| regularly| verify| assess| develop| work| investigate"
    r"| coordinate| disclose| keep| run| pin| sign| scan| test)\b|\bwe(?:'ll|’ll)\b",
    re.IGNORECASE,
)
_WE_ADVISE: Final = re.compile(r"\bwe (?:\w+ ){0,2}?(?:recommend|encourage|ask|advise|suggest|urge)|\b(?:is|are) (?:\w+ )?(?:recommended|encouraged|advised)\b", re.IGNORECASE)
_YOU: Final = re.compile(r"\b(?:you|your|users?|operators?|administrators?|admins?|customers?|deployers?)\b", re.IGNORECASE)
_MUST: Final = re.compile(
    r"\b(?:should|must|need to|needs to|need (?:\w+ )?review|have to|has to|ought to|(?:is|are) required to|be sure to|make sure)\b", re.IGNORECASE
)
_PARTS: Final = re.compile(r"^(?:all |any |each |every |new )?(?:modules?|plugins?|extensions?|components?|integrations?|adapters?|code|changes?|prs?|pull requests?|tests?)\b", re.IGNORECASE)
_CONTRIBUTOR: Final = re.compile(
    r"\b(?:contributors?|contributing|developers?|prs?|pull requests?|commit(?:s|ting)?|code reviews?|reviewers?|codebase|merg(?:e|ing)|pre-commit|module authors?|plugin authors?)\b",
    re.IGNORECASE,
)
_PIPELINE: Final = re.compile(r"\b(?:workflows?|ci(?:/cd)?|pipelines?|github actions)\b", re.IGNORECASE)
_FOR_USERS: Final = re.compile(r"\b(?:users?|operators?|deploy\w*|production|self-host\w*|administrators?|customers?|end[- ]users?)\b", re.IGNORECASE)
_MEASURES: Final = re.compile(r"\b(?:measures|our (?:practices|process|commitments?)|how we|what we do|security program)\b", re.IGNORECASE)
_MITIGATION: Final = re.compile(r"\bmitigations?\b", re.IGNORECASE)
_WARNS: Final = re.compile(r"(?:risks?|threats?|warning|caution|danger|limitations?)\Z", re.IGNORECASE)
_PROTECTS: Final = re.compile(r"(?:protection|prevention|secure|isolation|encryption|mitigated|prevented)\b", re.IGNORECASE)
_STATUS: Final = re.compile(r"^(?:last[- ](?:updated|reviewed|modified)|version|effective(?: date)?|status)\b", re.IGNORECASE)
_SUBJECT: Final = re.compile(r"^(?:subject|subject line|title)$|^(?:subject|subject line)\b\s?:", re.IGNORECASE)
_BY_DEFAULT: Final = re.compile(r"\([^()]{0,80}\b(?:by default|default in|is default|the default)\b[^()]{0,80}\)", re.IGNORECASE)
_ACCOUNT: Final = re.compile(r"^(?:enable|require|enforce|turn on|activate)\b.{0,40}\b(?:2fa|mfa|two[- ]factor|multi[- ]factor|branch protection|secret scanning|push protection|code scanning|private vulnerability)", re.IGNORECASE)
_DISCLAIMS: Final = re.compile(r"\b(?:is|are|does|do) not (?:\w+ )?(?:compliant|certified|guarantee\w*|a substitute|a replacement|intended|audited)\b", re.IGNORECASE)
_FINITE: Final = re.compile(
    r"\b(?:is|are|was|were|will|has|have|does|do|can|cannot|can't|may|might|could|allows?|allowed|denies|denied|runs|supports|requires|restricts|prevents|enforces|validates"
    r"|includes?|provides|depends|contains|stays?|goes|go to|live in|lives in|binds|ensures)\b",
    re.IGNORECASE,
)
_CLAUSE: Final = re.compile(r"\b(?:is|are|was|were|will|has|have|can|cannot|may|might|could|sees?|does|do not)\b", re.IGNORECASE)
_VERB_SOON: Final = re.compile(r"^[\w-]+(?: [\w/.'’-]+){0,4}? (?:is|are|was|were|will|has|have|cannot|can|must|should|may|does|do|runs?|only|always|never|uses|requires|prevents|prioriti[sz]es?)\b", re.IGNORECASE)
_ADJECTIVE: Final = re.compile(r"(?:secure|separate|complete|clean|open) (?:by|default|defaults|coding|\w+(?:ing|ion|ment|ship|ance|ity|source))\b|access (?:tokens?|controls?|logs?|keys?|lists?|rights|policies)\b|clear (?:errors?|messages?|logs?|separation|boundar\w+)\b", re.IGNORECASE)
_RELATIVE: Final = re.compile(r"\b(?:that|which|who|if|when|where|unless|until|before|after|you|we|they|it|what)\b", re.IGNORECASE)
_PROCESS: Final = frozenset({Section.VERSIONS, Section.REPORTING, Section.TIMELINE, Section.HANDLING, Section.DISCLOSURE, Section.CREDIT, Section.CONTACT})
_DESCRIBES: Final = frozenset({Section.FEATURES, Section.SCANNING, Section.CI, Section.COMPLIANCE})
_ADVISES: Final = frozenset({Section.USERS, Section.CONTRIBUTORS})


def clause(label: str) -> bool:
    """True for a label that is itself a sentence ("Chat history is stored locally")."""
    return _CLAUSE.search(label) is not None


def _finite(text: str) -> bool:
    """True for a whole sentence in the indicative ("secrets are redacted")."""
    return _FINITE.search(text) is not None


def imperative(text: str, *, strict: bool = False) -> bool:
    """True where a sentence (without its label) tells somebody to do something.

    Args:
        text: without markup.
        strict: in a list of features, where "Audit logging" and "Release workflow" are nouns: a verb that is also a noun does not count.
    """
    words = text[symbols_end(text) :].replace("’", "'").strip()
    opened = _OPENERS.match(words)
    for rest in (words, words[opened.end() :] if opened else words):
        first = re.match(r"[A-Za-z][A-Za-z-]*", rest)
        if first is None or first.group().lower() not in IMPERATIVES or _ADJECTIVE.match(rest):
            continue
        verb = first.group().lower()
        soon = _VERB_SOON.match(rest)
        if soon and verb not in TAKES_CLAUSE and not _RELATIVE.search(soon.group()):
            continue
        if not strict or verb not in NOUNS_TOO or rest is not words or re.match(r"[\w-]+ (?:the|a|an|your|all|any|only|for)\b", rest, re.IGNORECASE):
            return True
    return False


def modality(text: str, *, kind: Kind, label: str | None, section: Section, context: str, points: Polarity) -> Modality:
    """Who a sentence binds, and how.

    Args:
        text: without markup, label taken off.
        kind: shape of text.
        label: bold label that opens it.
        section: type of its section.
        context: headings and lead-ins around it, joined, outermost first.
        points: its polarity.
    """
    if kind is Kind.CODE:
        return _reader(text, section, context)
    if section in {Section.SCOPE_IN, Section.SCOPE_OUT}:
        return _scope(text, section)
    if section is Section.REPORT_CONTENTS or _SUBJECT.search(label or text):
        return Modality.RECOMMENDATION_USERS
    if section is Section.SETTINGS or (section is Section.CI and _ACCOUNT.search(text)):
        return Modality.REQUIRED_SETTING
    if section in _PROCESS or _STATUS.match(label or text):
        return Modality.PROMISE
    if _WE_ACT.search(text) and not _WE_ADVISE.search(text):
        return Modality.PROMISE
    return _described(text, label, section, context, points)


def _scope(text: str, section: Section) -> Modality:
    """In a scope list all is limits, but for what the program is said to do about them."""
    if section is Section.SCOPE_IN and re.search(r"\bis (?:sandboxed|isolated|enforced|encrypted|protected|validated)", text, re.IGNORECASE):
        return Modality.FEATURE
    return Modality.LIMIT


def _described(text: str, label: str | None, section: Section, context: str, points: Polarity) -> Modality:
    """Modality of what is neither process, scope nor settings."""
    if label is not None and clause(label):
        return Modality.LIMIT if points is Polarity.ADMITTED or re.search(r"\bsees?\b", label) else Modality.FEATURE
    if _told(text, label, section):
        return _spoken_to(text, section, context)
    if points is Polarity.ADMITTED or _DISCLAIMS.search(text) or (label is not None and _WARNS.match(label)):
        return Modality.LIMIT
    if section is Section.LIMITS and not _mitigates(context) and not _PROTECTS.match(text):
        return Modality.LIMIT
    if section in _ADVISES and not _finite(text) and not _BY_DEFAULT.search(text):
        return Modality.PROMISE if _MEASURES.search(context) else _reader(text, section, context)
    return Modality.FEATURE


def _told(text: str, label: str | None, section: Section) -> bool:
    """True where somebody is told to do something."""
    if _BY_DEFAULT.search(text):
        return False
    describes = section in _DESCRIBES
    if imperative(text, strict=describes) or _WE_ADVISE.search(text):
        return True
    if label is not None and not describes and (section in _ADVISES or not _finite(text)) and imperative(label):
        return True
    if _MUST.search(text) is None:
        return False
    return section in _ADVISES or _PARTS.match(text) is not None or (_YOU.search(text) is not None and section is not Section.LIMITS)


def _mitigates(context: str) -> bool:
    """True under "Mitigation:", false under "Risks and mitigations"."""
    tail = context[-60:]
    return _MITIGATION.search(tail) is not None and re.search(r"\brisks?\b", tail, re.IGNORECASE) is None


def _spoken_to(text: str, section: Section, context: str) -> Modality:
    """Whom an imperative speaks to: maintainers (their own measures), contributors or users."""
    if _mitigates(context):
        return Modality.RECOMMENDATION_USERS
    if _MEASURES.search(context) and section is not Section.CONTRIBUTORS:
        return Modality.PROMISE
    return _reader(text, section, context)


def _reader(text: str, section: Section, context: str) -> Modality:
    """Whom advice speaks to."""
    if section in {Section.CONTRIBUTORS, Section.CI, Section.SCANNING} or _CONTRIBUTOR.search(context[-200:]):
        return Modality.RECOMMENDATION_CONTRIBUTORS
    if _PIPELINE.search(context) and not _FOR_USERS.search(context):
        return Modality.RECOMMENDATION_CONTRIBUTORS
    if section is Section.USERS or _YOU.search(context):
        return Modality.RECOMMENDATION_USERS
    return Modality.RECOMMENDATION_CONTRIBUTORS if _CONTRIBUTOR.search(text) or _PARTS.match(text) else Modality.RECOMMENDATION_USERS
