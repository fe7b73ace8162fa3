"""Values that a sentence names by a word of the field: headers, formats of a bill of materials, what is limited, where it is recorded, which channel is meant."""

from __future__ import annotations

import re
from typing import Final

from troth.policy.match.source import Source
from troth.terms.values import Value

__all__: list[str] = []

_HEADER: Final = re.compile(
    r"\b(?:Content-Security-Policy|Strict-Transport-Security|X-Frame-Options|X-Content-Type-Options|X-XSS-Protection|Referrer-Policy|Permissions-Policy"
    r"|Cross-Origin-(?:Opener|Embedder|Resource)-Policy|CSP|HSTS|CORS|CSRF)\b",
    re.IGNORECASE,
)
_MATERIALS: Final = re.compile(r"\b(cyclonedx|spdx|swid)\b", re.IGNORECASE)
_LIMITED: Final = (
    ("file size", r"\bfile (?:operation |upload )?sizes?\b|\bupload sizes?\b|size of (?:files|uploads)"),
    ("request size", r"\b(?:request|body|payload|message) (?:body )?sizes?\b"),
    ("output", r"\boutput\b"),
    ("disk", r"\bdisk\b"),
    ("cpu/gpu", r"\bcpu\s?/\s?gpu\b"),
    ("memory", r"\b(?:memory|ram)\b"),
)
_CHANNELS: Final = (
    ("bounty", r"\bbount(?:y|ies)\b|\brewards?\b"),
    ("discussions", r"\bdiscussions?\b"),
    ("issues", r"\bissues?\b|\bissue tracker\b"),
    ("discord", r"\bdiscord\b"),
)


def headers(source: Source) -> Value | None:
    """Headers that the words, or the lines below them, name."""
    texts = (source.text, *(one.text for one in source.members))
    return tuple(dict.fromkeys(match.group() for text in texts for match in _HEADER.finditer(text[:2000])))


def materials_format(source: Source) -> Value | None:
    """Format of a bill of materials."""
    texts = (source.text, *(one.text for one in source.members))
    return next((match.group(1).lower() for text in texts if (match := _MATERIALS.search(text[:2000])) is not None), None)


def limited_what(source: Source) -> Value | None:
    """What is limited."""
    return next((name for name, pattern in _LIMITED if source.has(pattern)), None)


def found_how(source: Source) -> Value | None:
    """How what is dangerous is found."""
    return "pattern scan" if source.has(r"^\W*pattern detection|\bscans?\b.{0,80}\bpatterns?\b|\bpattern (?:scan|match)\w*") else None


def blocked_when(source: Source) -> Value | None:
    """Whether it is stopped before it runs."""
    return "pre-execution" if source.has(r"\bpre-?execution\b|\bbefore (?:execution|running|it runs)\b") else None


def recorded_where(source: Source) -> Value | None:
    """Where the record is made, where a heading or lead-in says that it is the pipeline."""
    return "CI" if any(re.search(r"\bCI(?:/CD)?\b", text) for text in (source.text, *source.around[:2])) else None


def channel_kind(source: Source) -> Value | None:
    """Which channel is declared: a bounty, discussions, issues."""
    return next((name for name, pattern in _CHANNELS if source.has(pattern)), None)
