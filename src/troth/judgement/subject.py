"""Whether a sentence speaks of its control's matter at all.

Matching reads headings and neighbours, and may hand a verifier a line that only stands near its matter ("Checks for Docker cgroup signatures" under
"Docker support"). A verdict on such a line, kept or broken, would be about something that nobody said.
"""

from __future__ import annotations

import re

from troth.judgement.policy_scope import said
from troth.terms.promise import Statement
from troth.terms.verdict import Unknown

__all__ = ["nearest", "off_subject"]


def nearest(statement: Statement) -> str:
    """What introduces a statement: its innermost lead-in, or its innermost heading where it has none."""
    return next(iter((*reversed(statement.lead_in), *reversed(statement.headings))), "")


def off_subject(statement: Statement, matter: re.Pattern[str], what: str, *, around: bool = True) -> Unknown | None:
    """Unknown for a sentence that says no word of the matter; None for every other one, and for a statement without text.

    Args:
        statement: the sentence.
        matter: words that a sentence about the matter has.
        what: the matter, for the reader ("a scan of images").
        around: also what introduces the sentence may name it.
    """
    words = " ".join((statement.text, statement.label or "", *((nearest(statement),) if around else ())))
    if not statement.text or matter.search(words):
        return None
    return Unknown(f"a sentence about {what}", f"The sentence does not speak of {what}.", (said(statement, "It says something else."),))
