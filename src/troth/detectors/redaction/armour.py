"""Private keys of which a text holds only a part: cut off, or a line in each record of a log.

A whole block is the business of the rules. Here is what they cannot see: a block that begins and does not end, and the lines that follow in later texts.
"""

from __future__ import annotations

import re
from typing import Final

__all__ = ["UNFINISHED", "Following", "unfinished"]

UNFINISHED: Final = "unfinished private key"
_BEGIN: Final = re.compile(rb"-----BEGIN (?:[A-Z0-9]{1,12} ){0,3}PRIVATE KEY(?: BLOCK)?-----")
_END: Final = b"-----END "
_BLOCKS: Final = 100
"""Blocks that are looked at; what is behind them goes unread."""
_NEAR: Final = 300
"""A block that ends so soon, with nothing in it, is an example."""
_AT_MOST: Final = 16 << 10
_BODY: Final = re.compile(
    rb"(?:[\s\\\"',>|]*+(?:n?[A-Za-z][A-Za-z-]{2,20}: [^\r\n\\]{0,80}+|[0-9A-Za-z+/]{16,120}+={0,2}))*+(?:[\s\\\"',>|]*+[0-9A-Za-z+/]{1,15}={0,2}[\s\\\"',n]*+(?=\Z|-----END))?"
)
"""Lines of headers and of base 64, also quoted, escaped or indented; the last may be short."""
_REST: Final = re.compile(rb"[\s\\\"',>|nr]*+")
_LINE: Final = re.compile(r"(?:(?<=[\s:|>\]\"'=])|\A)[0-9A-Za-z+/]{16,76}={0,2}(?=[\"'\\nr,]{0,4}\s*\Z)")
_RECORDS: Final = 200
"""So many texts without a line of the key end the waiting for one."""


def unfinished(data: bytes) -> list[tuple[int, int, str, bytes]]:
    """Places of blocks that begin here and do not end here."""
    found, skip = [], 0
    for number, match in enumerate(_BEGIN.finditer(data)):
        if match.start() < skip:
            continue
        if number >= _BLOCKS:
            found.append((match.start(), len(data), UNFINISHED, data[match.start() :]))
            break
        high = min(len(data), match.end() + _AT_MOST)
        body = _BODY.match(data, match.end(), high)
        end = skip = body.end() if body else match.end()
        after = _REST.match(data, end, high)
        whole = data.startswith(_END, after.end() if after else end)
        # a header in a sentence hides nothing; at the end of a line or a literal it announces the lines that follow
        alone = data[match.end() : match.end() + 1] in (b"", b"\n", b"\r", b'"', b"'", b"\\") and _END not in data[match.end() : match.end() + _NEAR]
        if not whole and (end > match.end() or alone):
            found.append((match.start(), end, UNFINISHED, data[match.start() : end]))
    return found


class Following:
    """Watches the texts of one log for the lines of a key that began in an earlier one. Shared by threads: at worst a line too much goes."""

    def __init__(self) -> None:
        self.left = 0

    def safe(self, text: str, redacted: str) -> str:
        """The redacted text, without a line of a key where one has begun.

        Args:
            text: as it was.
            redacted: what the redactor made of it.
        """
        if UNFINISHED in redacted:
            self.left = _RECORDS
            return redacted
        if self.left:
            self.left -= 1
            if "-----END" in text:
                self.left = 0
            lined, count = _LINE.subn(f"[redacted line of an {UNFINISHED}]", redacted)
            if count:
                self.left = _RECORDS
                return lined
        return redacted
