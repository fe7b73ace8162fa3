"""Limits on text, checked in time linear in its length and before anything else touches it.

Why the longest run matters: tokenizers and regular expressions split on white space first and then work on each piece; several well-known ones are quadratic in
the length of a piece (CWE-400, CWE-1333), so that one word of 16 KB costs more than a book. A run is what no white space interrupts.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final, Literal, NamedTuple

from troth.guard.limits.exceeded import LimitExceededError

__all__ = ["TextLimits"]

_CONTROLS: Final = bytes([*range(9), 11, 12, *range(14, 32), 127])
"""C0 controls and DEL but tab, line feed and carriage return (which ordinary text has)."""
_C1: Final = re.compile(b"\xc2[\x80-\x9f]")
"""C1 controls as UTF-8 writes them."""
_INVISIBLE: Final = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff9-\ufffb\U000e0000-\U000e01ef]"
)
"""Zero-width, direction-changing, filling and tag characters, and the selectors in which bytes can be hidden: text that a person does not see and a model does."""


class TextLimits(NamedTuple):
    """What a text may be.

    Attributes:
        bytes_at_most: length in UTF-8.
        run_at_most: characters without white space between them.
        lines_at_most: number of lines; None = no limit.
        controls: `refuse` text with control characters, or `keep` them.
        invisible: `refuse`, `drop` or `keep` characters that nobody sees (zero-width, direction, tags).
        form: Unicode form to bring the text to, or None to leave it.
    """

    bytes_at_most: int = 1_000_000
    run_at_most: int = 4_000
    lines_at_most: int | None = None
    controls: Literal["refuse", "keep"] = "refuse"
    invisible: Literal["refuse", "drop", "keep"] = "keep"
    form: Literal["NFC", "NFKC"] | None = None

    def demand(self, text: str) -> str:
        """The text, normalised as asked.

        Raises:
            LimitExceededError: too long, a run too long, too many lines, control or invisible characters where they are refused, or not encodable (lone surrogates).
        """
        if type(text) is not str:
            if not isinstance(text, str):
                raise LimitExceededError("type", "This is no text")
            text = str.__str__(text)  # a kind of text may say what it likes about its length
        # a character has at least one byte: the cheap test first, so that a huge text is not even encoded
        data = self._encoded(text) if len(text) <= self.bytes_at_most else b""
        if (not data and text) or len(data) > self.bytes_at_most:
            raise LimitExceededError("bytes_at_most", f"The text is longer than {self.bytes_at_most} bytes")
        if len(text) > self.run_at_most and _has_run(text, self.run_at_most):
            raise LimitExceededError(
                "run_at_most", f"The text has a run of more than {self.run_at_most} characters without white space"
            )
        if self.lines_at_most is not None and text.count("\n") >= self.lines_at_most:
            raise LimitExceededError("lines_at_most", f"The text has more than {self.lines_at_most} lines")
        return self._characters(text, data)

    @staticmethod
    def _encoded(text: str) -> bytes:
        try:
            return text.encode("utf-8")
        except UnicodeEncodeError:
            raise LimitExceededError(
                "encoding", "The text holds lone surrogates, which no encoding can carry"
            ) from None

    def _characters(self, text: str, data: bytes) -> str:
        if self.controls == "refuse" and (
            len(data.translate(None, _CONTROLS)) != len(data) or (not text.isascii() and _C1.search(data))
        ):
            raise LimitExceededError("controls", "The text holds control characters")
        if self.invisible != "keep" and not text.isascii() and _INVISIBLE.search(text):
            if self.invisible == "refuse":
                raise LimitExceededError("invisible", "The text holds characters that nobody sees")
            text = _INVISIBLE.sub("", text)
        if self.form is not None and not text.isascii():
            text = unicodedata.normalize(self.form, text)
            if len(self._encoded(text)) > self.bytes_at_most:  # normalising can make text longer
                raise LimitExceededError(
                    "bytes_at_most", f"The normalised text is longer than {self.bytes_at_most} bytes"
                )
        return text


def _has_run(text: str, longest: int) -> bool:
    """Whether more than `longest` characters stand without white space between them.

    Such a run covers at least one whole window of half that length, so that only windows without any white space are looked at closely.
    """
    width = max(1, (longest + 1) // 2)
    start = 0
    while start < len(text):
        # split(None, 1) stops at the first white space
        if len(text[start : start + width].split(None, 1)) <= 1 and not text[start].isspace():
            before = text[max(0, start - longest) : start].split()
            begin = start - (len(before[-1]) if before and not text[start - 1].isspace() else 0)
            word = text[begin : begin + longest + 1].split(None, 1)
            if word and len(word[0]) > longest:
                return True
        start += width
    return False
