"""Takes secrets out of text. One call, final text in, safe text out; block mode, linear time.

Rules: what a detector matches is replaced as a whole (a key with its armour, an encoded run with its encoding); what the registry knows is
replaced literally in all its encodings; clean text comes back as the same object; a failure never lets the text through.

Not here: where log records come from and how they are hooked (`guard`), and cutting streams into texts (`streams`).
"""

from __future__ import annotations

import re
from itertools import islice
from typing import Final

from troth.detectors.redaction.crowded import is_crowded
from troth.detectors.redaction.labelled import Span, hides, labelled, plain_view
from troth.detectors.redaction.marker import marker, process_key
from troth.detectors.redaction.registry import Registry
from troth.detectors.rule import Match
from troth.detectors.scanner import Scanner, default

__all__ = ["Redactor"]

_PACKED: Final = re.compile(rb"(?<![0-9A-Za-z+/_-])(?:H4sI|eJ[w-z0-9A-Za-z])[0-9A-Za-z+/_-]{12,}+={0,2}")
_PACKED_AT_MOST: Final = 16
_FINGERPRINTS: Final = 2_000
"""Pieces of one text from which on markers come without a fingerprint: making one costs more than all the rest."""


class Redactor:
    """Replaces secrets by markers. Safe to share between threads."""

    def __init__(self, scanner: Scanner | None = None, registry: Registry | None = None, key: bytes = b"") -> None:
        """Prepare.

        Args:
            scanner: which rules; the shared one of the process if omitted.
            registry: known values; an empty one if omitted.
            key: for the fingerprints in markers; random per process if omitted.
        """
        self._scanner = scanner or default()
        self.registry = registry if registry is not None else Registry()
        self._key = key or process_key()

    def text(self, text: str) -> str:
        """Redact a string. Returns the same object where there is nothing to redact."""
        try:
            data = text.encode()
        except UnicodeEncodeError:
            data = text.encode("utf-8", "surrogatepass")
        plain = None if text.isascii() and not hides(text) else plain_view(text)
        if plain is None:
            found = self._spans(data)
            return self._without(data, found).decode("utf-8", "surrogatepass") if found else text
        seen = plain.encode("utf-8", "surrogatepass")
        if is_crowded(seen):
            return self._crowd(data, seen).decode("utf-8", "surrogatepass")
        spans, shown = self._spans(data), self._spans(seen)
        # what only shows once invisible and look-alike letters are gone: then the text goes out without them
        if len(shown) > len(spans):
            return self._without(seen, shown).decode("utf-8", "surrogatepass")
        return self._without(data, spans).decode("utf-8", "surrogatepass") if spans else text

    def _crowd(self, data: bytes, seen: bytes) -> bytes:
        """A text of little else than labels, with invisible letters in it: it goes out without them, looked at once as it is and once as it reads."""
        spans, bare = (
            self._tokens(text, self._scanner.scan(text, everything=True, bounded=True)) for text in (seen, data)
        )
        if len(bare) > len(spans):  # an invisible letter ended a token: which of both texts is whole cannot be told
            return marker("crowded text", data, self._key)
        return self._without(seen, spans + labelled(seen))

    def _tokens(self, data: bytes, found: list[Match]) -> list[Span]:
        return self.registry.find(data) + [
            (match.outer_start if _armoured(match) else match.start, match.outer_end if _armoured(match) else match.end,
             match.rule.id, match.value(data))
            for match in found
        ]  # fmt: skip

    def _spans(self, data: bytes) -> list[Span]:
        found = self._scanner.scan(data, None, everything=True, bounded=True)
        spans = self._tokens(data, found) if found or self.registry.longest else []
        if (b"H" in data and b"H4sI" in data) or (b"J" in data and b"eJ" in data):  # one byte is looked for much faster than two
            spans = spans + self._packed(data)
        return spans + labelled(data) if b"=" in data or b":" in data or b"earer" in data else spans

    def _packed(self, data: bytes) -> list[Span]:
        """Runs of base 64 that hold compressed text with a secret in it. What is not read, because there are too many or it is too large, stays."""
        return [
            (match.start(), match.end(), "compressed", match.group())
            for match in islice(_PACKED.finditer(data), _PACKED_AT_MOST)
            if (inner := _unpacked(match.group())) and self._spans(inner)
        ]

    def _without(self, data: bytes, spans: list[Span]) -> bytes:
        spans.sort(key=_place)
        parts, at = [], 0
        for start, end, rule, value in spans:
            if end <= at:
                continue
            parts.append(data[at : max(at, start)])
            parts.append(marker(rule, value if len(parts) < _FINGERPRINTS else b"", self._key))
            at = end
        parts.append(data[at:])
        return b"".join(parts)

    def bytes(self, data: bytes) -> bytes:
        """Redact bytes. Returns the same object where there is nothing to redact."""
        spans = self._spans(data)
        return self._without(data, spans) if spans else data


def _unpacked(text: bytes) -> bytes:
    """At most 64 KB of what gzip or zlib, in base 64, unpack to; nothing where they do not."""
    import base64
    import zlib

    try:
        body = text.rstrip(b"=").translate(bytes.maketrans(b"-_", b"+/"))
        raw = base64.b64decode(body[: len(body) - (len(body) % 4 == 1)] + b"=" * (-len(body) % 4))
        return zlib.decompressobj(wbits=47).decompress(raw, 65_536)
    except (ValueError, zlib.error):
        return b""


def _place(span: Span) -> tuple[int, int]:
    return span[0], -span[1]


def _armoured(match: Match) -> bool:
    """A key's block is replaced with its BEGIN and END lines: half an armour would invite tools to parse it."""
    return match.rule.proof == "pem" or match.rule.id in ("pgp-private-key", "putty-private-key")
