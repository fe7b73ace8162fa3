"""Personal data at the boundary of modules: what a module says leaves its process without addresses, telephone numbers and names of people, or is refused.

What counts: e-mail addresses, telephone numbers in international form or behind a word that announces one, and names where a line says that they are names (`Signed-off-by:`,
`Author:`, a name before an e-mail address in angle brackets). A name in running text is not found: nothing short of a language model does, and that guesses.

Patches are not touched: a patch that was redacted would be another patch. Where the setting is to refuse, one that adds personal data is refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from troth.jobs.recommend.recommendation import Advice, Gap, RecommendationError

__all__ = ["Found", "Personal", "find", "held", "without"]

_EMAIL: Final = re.compile(r"(?<![\w.+-])[A-Za-z0-9._%+-]{1,64}@(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,62})\.){1,8}[A-Za-z]{2,24}(?![\w-])")
_PHONE: Final = re.compile(r"(?<![\w.+-])\+[1-9][0-9](?:[ ./-]?\(?[0-9]\)?){6,13}(?![\w-])|(?i:\b(?:tel|phone|mobile|fax)\b[.:]{0,2} ?)(?P<after>\(?[0-9](?:[ ./()-]{0,2}[0-9]){5,14})(?![\w-])")
_NAME: Final = re.compile(r"(?im:^|[*\-\s])(?i:signed-off-by|co-authored-by|reviewed-by|reported-by|acked-by|tested-by|author|maintainer)[ \t]*:[ \t]*(?P<name>[A-Z][\w'.-]{1,30}(?: [A-Z][\w'.-]{0,30}){1,3})|(?P<before>\b[A-Z][a-z'-]{1,30}(?: [A-Z][\w'.-]{0,30}){1,2})(?= <[^<>@\s]{1,64}@)")
_RESERVED: Final = re.compile(r"@(?:[\w-]+\.)*(?:example\.(?:com|net|org)|example|invalid|test|localhost)$|^(?:no-?reply|security|git)@", re.IGNORECASE)
"""Addresses of nobody (RFC 2606) and of roles: they name no person."""

_LIMIT: Final = 200_000


class Personal(StrEnum):
    """What to do with personal data in what a module says."""

    REDACT = "redact"
    REFUSE = "refuse"
    ALLOW = "allow"


@dataclass(frozen=True, slots=True)
class Found:
    """One piece: `email`, `phone` or `name`, and its span."""

    kind: str
    start: int
    end: int


def find(text: str) -> tuple[Found, ...]:
    """Personal data in a text, in order; longer than 200,000 characters is looked through so far."""
    return tuple(sorted(_find(text[:_LIMIT]), key=lambda one: one.start))


def _find(text: str) -> Iterator[Found]:
    for match in _EMAIL.finditer(text):
        if not _RESERVED.search(match[0]):
            yield Found("email", *match.span())
    for match in _PHONE.finditer(text):
        yield Found("phone", *(match.span("after") if match["after"] else match.span()))
    for match in _NAME.finditer(text):
        yield Found("name", *(match.span("name") if match["name"] else match.span("before")))


def without(text: str) -> str:
    """The text with each piece replaced by its kind in brackets."""
    out, at = [], 0
    for one in find(text):
        if one.start >= at:
            out += [text[at : one.start], f"[{one.kind}]"]
            at = one.end
    return "".join((*out, text[at:]))


def held(advice: Advice, setting: Personal) -> Advice:
    """What a module said, held to the setting. A quote with personal data loses the quote: the digest of the file still stands for it.

    Raises:
        RecommendationError: `personal-data`, where the setting is to refuse.
    """
    if setting is Personal.ALLOW:
        return advice
    if isinstance(advice, Gap):
        texts: tuple[str, ...] = (advice.missing, advice.because)
    else:
        added = "\n".join(line[1:] for line in advice.patch.split("\n") if line.startswith("+") and not line.startswith("+++"))
        texts = (advice.title, advice.why, *advice.cautions, *(text for proof in advice.evidence for text in (proof.quote, proof.says)), added if setting is Personal.REFUSE else "")
    if not any(find(text) for text in texts):
        return advice
    if setting is Personal.REFUSE:
        raise RecommendationError("personal-data", f"What {advice.module} says holds personal data, and the settings refuse that.")
    if isinstance(advice, Gap):
        return replace(advice, missing=without(advice.missing), because=without(advice.because))
    evidence = tuple(replace(one, quote="" if find(one.quote) else one.quote, says=without(one.says)) for one in advice.evidence)
    return replace(advice, title=without(advice.title), why=without(advice.why), cautions=tuple(map(without, advice.cautions)), evidence=evidence)
