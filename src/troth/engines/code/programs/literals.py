"""What a JavaScript string literal means: a backslash before a letter that it does not know is dropped, which spoils many a regular expression."""

from __future__ import annotations

import re
from typing import Final

__all__ = ["javascript_string"]

_ESCAPE: Final = re.compile(r"\\(u\{[0-9a-fA-F]{1,6}\}|u[0-9a-fA-F]{4}|x[0-9a-fA-F]{2}|\r\n|.)", re.DOTALL)
_KNOWN: Final = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f", "v": "\v", "0": "\0", "\n": "", "\r\n": ""}


def javascript_string(raw: str) -> str:
    r"""The value of a quoted string as ECMAScript reads it (12.9.4).

    >>> javascript_string("'[a-z_\\-]'")
    '[a-z_-]'
    """
    return _ESCAPE.sub(_meaning, raw[1:-1] if raw[:1] in "'\"" else raw)


def _meaning(match: re.Match[str]) -> str:
    escape = match.group(1)
    if escape in _KNOWN:
        return _KNOWN[escape]
    if escape[0] in "ux" and len(escape) > 1:
        point = int(escape.strip("ux{}"), 16)
        return chr(point) if point <= 0x10FFFF else ""
    return escape
