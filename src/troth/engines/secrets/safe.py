"""Makes texts of a judged repository fit to be shown: no secret, no control character, no endless line."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from troth.detectors.redaction import Redactor
    from troth.detectors.scanner import Scanner

__all__ = ["SafeText"]

LONGEST = 300
_CONTROL = r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]"


class SafeText:
    """A function from any text to one that may be printed."""

    def __init__(self, scanner: Scanner) -> None:
        self._scanner = scanner
        self._redactor: Redactor | None = None
        self._known: dict[str, str] = {}

    def __call__(self, text: str) -> str:
        """Redact, escape control characters, cut at 300 characters."""
        found = self._known.get(text)
        if found is None:
            if self._redactor is None:
                # imported here: most scans show nothing, and it costs as much as a scan of one file
                from troth.detectors.redaction import Redactor

                self._redactor = Redactor(self._scanner)
            plain = self._redactor.text(text[: LONGEST * 4])
            found = re.sub(_CONTROL, lambda match: f"\\u{ord(match.group()):04x}", plain)[:LONGEST]
            if len(self._known) < 10_000:
                self._known[text] = found
        return found
