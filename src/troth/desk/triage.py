"""The scope of a policy as rules of triage: which of its lines a report touches, and why. Ranks, and never closes.

Rules: a weakness class that the reporter names and the line's words mean is the strongest reason; else most of the line's telling words have to stand near each
other in the report. A line that puts something out of scope is shown beside the report with its place in the policy; a human decides.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from troth.desk.promises import ScopeRule

__all__ = ["Touch", "touches"]

MAX_TEXT: Final = 100_000
WINDOW: Final = 60
"""Words within which a line's words have to stand."""
SHARE: Final = 0.6
_STOP: Final = frozenset(
    ["issue", "issues", "vulnerability", "vulnerabilities", "attack", "attacks", "security", "with", "without", "that", "this", "from", "which", "where", "when", "have", "been", "into", "your", "their", "other", "than", "only", "using", "used", "proof", "the", "and", "for", "are", "not", "any", "all", "via", "e.g", "such", "through", "against", "including"]
)
_WORD: Final = re.compile(r"[a-z][a-z0-9-]{2,40}")
_CWE: Final = re.compile(r"\bCWE-(\d{1,5})\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Touch:
    """A scope line that a report touches: the rule, one sentence why, and how sure (0 to 1)."""

    rule: ScopeRule
    says: str
    weight: float


def touches(rules: Sequence[ScopeRule], text: str, weaknesses: Iterable[str] = ()) -> tuple[Touch, ...]:
    """Scope lines that a report touches; the surest first, lines that put things out of scope before those that put them in.

    Args:
        rules: of the policy that binds the case.
        text: title and description.
        weaknesses: CWE ids that the reporter gave; those in the text count too.
    """
    text = text[:MAX_TEXT]
    named = {f"CWE-{number}" for number in _CWE.findall(text)} | {one.upper() for one in weaknesses}
    stems = [_stem(word) for word in _WORD.findall(text.lower())]
    found = [touch for rule in rules if (touch := _touch(rule, stems, named)) is not None]
    return tuple(sorted(found, key=lambda one: (-one.weight, one.rule.direction != "out", one.rule.place.line)))


def _touch(rule: ScopeRule, stems: Sequence[str], named: set[str]) -> Touch | None:
    shared = sorted(named & set(rule.weaknesses))
    if shared:
        return Touch(rule, f"The report names {shared[0]}, which line {rule.place.line} of the policy puts {rule.direction} {'of ' if rule.direction == 'out' else ''}scope.", 1.0)
    wanted = list(dict.fromkeys(_stem(word) for word in _WORD.findall(rule.item) if word not in _STOP and len(word) > 3))
    if not wanted:
        return None
    places = [(number, stem) for number, stem in enumerate(stems) if stem in wanted]
    best = 0
    start = 0
    for end, (number, _) in enumerate(places):
        while number - places[start][0] > WINDOW:
            start += 1
        best = max(best, len({stem for _, stem in places[start : end + 1]}))
    share = best / len(wanted)
    if share < SHARE or (best < 2 and len(wanted) > 1):
        return None
    return Touch(rule, f"{best} of the {len(wanted)} telling words of line {rule.place.line} of the policy stand together in the report.", round(0.9 * share, 3))


def _stem(word: str) -> str:
    """A word without its commonest endings; enough to meet its plural and its verb."""
    for ending in ("ations", "ation", "ings", "ing", "ies", "ed", "es", "s"):
        if word.endswith(ending) and len(word) - len(ending) >= 4:
            return word[: -len(ending)]
    return word
