"""A bullet that no rule understands speaks of what its heading names: "Configurable per endpoint" under "Rate limiting".

Only the nearest heading counts, only for bullets that claim something, and not where a heading introduces instructions for reporters. On policies that nobody had
seen when this was written, 17 of 23 such bullets were what their heading said.
"""

from __future__ import annotations

import re
from collections.abc import Container
from dataclasses import replace
from typing import Final

from troth.policy.match.draft import introduces
from troth.policy.match.scoring import Fit, Scorer
from troth.policy.sections import type_of
from troth.terms.promise import Kind, Section, Statement

__all__ = ["from_heading", "from_section"]

LEAST: Final = 0.7
"""Score that the heading itself must have as a sentence."""
SCORE: Final = 0.62
"""Score of what is inherited: just enough to be reported, never enough to beat a rule."""
_OTHERS: Final = frozenset(
    (
        Section.REPORTING,
        Section.REPORT_CONTENTS,
        Section.HANDLING,
        Section.TIMELINE,
        Section.CONTACT,
        Section.RESOURCES,
        Section.CREDIT,
        Section.VERSIONS,
    )
)
_TOPICS: Final = frozenset(("report", "disclosure", "fix", "versions", "policy", "compliance", "assurance", "settings", "container", "scope"))
"""Topics whose headings introduce more than their own promises."""
_ASSORTED: Final = re.compile(r"\b(?:checklist|pull requests?|before (?:deploy|releas|merg|submitt)\w*)\b", re.IGNORECASE)
"""Headings over lines of all sorts."""
_ASIDE: Final = re.compile(r"\b(?:incident|breach|backups?|disclaimers?|legal)\b", re.IGNORECASE)
"""What stands under monitoring, scanning and the like, and is none of it."""
_STEP: Final = re.compile(r"(?:go to|follow|click|open|see|visit|read|run|install|use the|note|example)\b", re.IGNORECASE)


_DEFAULTS: Final = {
    Section.SCOPE_IN: "scope/declared",
    Section.SCOPE_OUT: "scope/declared",
}
"""What a section's lines say where nothing else is heard."""

_BOUNDS: Final = re.compile(
    r"\b(?:(?:un|semi-)?trust(?:s|ed|worthy)?|attack(?:s|er|ers|ed)?|adversar\w+|malicious|boundar\w+|surface|vulnerabilit\w+|assum\w+|responsib\w+|(?:not|be|is|are) (?:considered|treated)|threats?|hostile|in[- ]scope|out[- ]of[- ]scope|outside)\b",
    re.IGNORECASE,
)
"""Words by which prose draws the line between what is defended and what is not."""
_ABOUT_US: Final = re.compile(r"^(?:this|these|the following|the) (?:section|document|page|policy|table)|^understanding\b|\b(?:please|your|you are|we would)\b|\brequires? one of\b", re.IGNORECASE)
"""Prose about the policy itself, or to its readers."""
_PROTECTED: Final = re.compile(r"\b(?:is|are) (?:\w+ )?(?:sandboxed|isolated|validated|encrypted|blocked|protected|restricted|enforced|redacted|signed)\b", re.IGNORECASE)
"""What is done about it, wherever it stands."""


def from_section(statement: Statement, controls: Container[str]) -> Fit | None:
    """The control of a line that no rule understood, from the kind of section that it stands in, or None."""
    control = _DEFAULTS.get(statement.section)
    if control is None or control not in controls or statement.kind not in (Kind.ITEM, Kind.PARAGRAPH, Kind.ROW):
        return None
    if introduces(statement) or statement.label or len(statement.text.split()) < 3 or _STEP.match(statement.text):
        return None
    around = statement.lead_in or statement.headings[-1:]
    if statement.kind is Kind.PARAGRAPH and (not _BOUNDS.search(statement.text) or _ABOUT_US.search(statement.text)):
        return None
    if _PROTECTED.search(statement.text):
        return None
    if not any(type_of(words) in _DEFAULTS or _BOUNDS.search(words) for words in around):
        return None
    return Fit(control, SCORE, None, f"stands under '{(statement.lead_in or statement.headings or ('',))[-1][:60]}'")


def from_heading(statement: Statement, scorer: Scorer) -> Fit | None:
    """The control that a bullet inherits from its heading, or None.

    Args:
        statement: one that no rule and nothing learned understood.
        scorer: of the catalogue.
    """
    if statement.kind is not Kind.ITEM or len(statement.headings) < 2 or statement.section in _OTHERS or statement.lead_in:
        return None
    if introduces(statement) or len(statement.text.split()) < 4 or _STEP.match(statement.text):
        return None
    heading = statement.headings[-1]
    if _ASSORTED.search(heading) or _ASIDE.search(statement.text):
        return None
    asked = replace(statement, text=heading, quote=heading, label=None, headings=statement.headings[:-1])
    fits = scorer.fits(asked, heading)
    if not fits or fits[0].score < LEAST or fits[0].control.split("/")[0] in _TOPICS:
        return None
    return replace(fits[0], score=SCORE, heading=heading)
