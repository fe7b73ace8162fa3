"""What a Python file imports, read from its bytes: a module named in a comment does not count."""

from __future__ import annotations

import re
from typing import Final

__all__ = ["imported"]

_IMPORT: Final = re.compile(rb"[\n;:][ \t]*(?:from|import)[ \t]+([A-Za-z_]\w*)")
_LIST: Final = re.compile(rb"import [\w. ,]+")
_NAME: Final = re.compile(rb"[A-Za-z_]\w*")
_ELSEWHERE: Final = (
    (b"import_module", re.compile(rb"import_module\(\s*[\"'](\w+)")),
    (b"__import__", re.compile(rb"__import__\(\s*[\"'](\w+)")),
)
"""Imports by a name in a string: what must be there, and what finds the name."""
_LINE: Final = b"\n"


def imported(data: bytes) -> frozenset[bytes]:
    """First names of the modules that a file imports by a name that is written in it, and perhaps some more."""
    found = set(_IMPORT.findall(_LINE + data))
    for line in _LIST.findall(data):
        found.update(_NAME.findall(line[7:]))
    for word, pattern in _ELSEWHERE:
        if word in data:
            found.update(pattern.findall(data))
    return frozenset(found)
