"""Words for people that cannot read as something else than they are: no character that steers a display or turns the direction of a line (CVE-2021-42574), none that ends a line for some readers only.

What modules say becomes the subject of a commit, the text of a pull request and lines on a terminal. Modules are held to it; our own, which repeat names of a repository
that may hold anything, make their words plain first.
"""

from __future__ import annotations

import re
from typing import Final

__all__ = ["LINE", "TEXT", "is_plain", "made_line", "made_plain"]

_STEERS: Final = "\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u206f\ufff9-\ufffb\U000e0000-\U000e007f"
"""C0 but tab and newline, DEL, C1, marks, embeddings and isolates, separators of lines and paragraphs, annotations, tags."""
_HIDES: Final = "\u00ad\u115f\u1160\u17b4\u17b5\u180e\u200b\u2060-\u2065\u2800\u3164\ufeff\uffa0"
"""Of no width, or blank under another name; not U+200C and U+200D, which some alphabets and signs need."""
LINE: Final = rf"(?=[\s\S]*\S)[^\t\n{_STEERS}{_HIDES}]+"
"""One line that says something."""
TEXT: Final = rf"[^{_STEERS}]*"
"""Lines. What has no width is let be: it keeps a name from being a mention."""
_BAD: Final = re.compile(f"[{_STEERS}]")
_BARE: Final = re.compile(f"[{_HIDES}]")


def is_plain(text: str) -> bool:
    """Whether no character of a text steers a display."""
    return _BAD.search(text) is None


def made_plain(text: str) -> str:
    """The text with U+FFFD where a character would steer a display."""
    return _BAD.sub("\ufffd", text.replace("\r\n", "\n"))


def made_line(text: str) -> str:
    """`made_plain` on one line, without what has no width."""
    return " ".join(_BARE.sub("\ufffd", made_plain(text)).split())
