"""Takes secrets out of text. One call, final text in, safe text out; block mode, linear time.

Rules: what a detector matches is replaced as a whole (a key with its armour, an encoded run with its encoding); what the registry knows is
replaced literally in all its encodings; clean text comes back as the same object; a failure never lets the text through.

Not here: where log records come from and how they are hooked (`guard`), and cutting streams into texts (`streams`).
"""

from __future__ import annotations

import re
from typing import Final

from troth.detectors.redaction.labelled import labelled, plain_view
from troth.detectors.redaction.marker import marker, process_key
from troth.detectors.redaction.registry import Registry
from troth.detectors.rule import Match
from troth.detectors.scanner import Scanner, default

__all__ = ["Redactor"]

_MARKER: Final = re.compile(rb"\[redacted ")


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
        data = text.encode("utf-8", "surrogatepass")
        safe = self.bytes(data)
        plain = plain_view(text)
        if plain is not None:
            seen = plain.encode("utf-8", "surrogatepass")
            shown = self.bytes(seen)
            # what only shows once invisible and look-alike letters are gone: then the text goes out without them
            if shown is not seen and len(_MARKER.findall(shown)) > len(_MARKER.findall(safe)):
                return shown.decode("utf-8", "surrogatepass")
        return text if safe is data else safe.decode("utf-8", "surrogatepass")

    def bytes(self, data: bytes) -> bytes:
        """Redact bytes. Returns the same object where there is nothing to redact."""
        spans = [
            (match.outer_start if _armoured(match) else match.start, match.outer_end if _armoured(match) else match.end,
             match.rule.id, match.value(data))
            for match in self._scanner.scan(data, everything=True)
        ]  # fmt: skip
        spans += self.registry.find(data)
        spans += labelled(data)
        if not spans:
            return data
        spans.sort(key=lambda span: (span[0], -span[1]))
        parts, at = [], 0
        for start, end, rule, value in spans:
            if end <= at:
                continue
            parts.append(data[at : max(at, start)])
            parts.append(marker(rule, value, self._key))
            at = end
        parts.append(data[at:])
        return b"".join(parts)


def _armoured(match: Match) -> bool:
    """A key's block is replaced with its BEGIN and END lines: half an armour would invite tools to parse it."""
    return match.rule.proof == "pem" or match.rule.id in ("pgp-private-key", "putty-private-key")
