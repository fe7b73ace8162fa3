"""Labelled values in a text that consists of little else: thousands of `password=...` in one record, which nobody writes and somebody sends.

Looking at each label by itself takes a microsecond or two, which is nothing until there are ten thousand of them. Here the names that stand before a separator are collected at once
and judged once each. Where none is secret, nothing is left to do; where some are, their places are looked for by name; and where there are more of these than a reader could use,
the whole text goes. Fewer details in the marker, never less redaction: where there are too many different names to be judged, the text goes, too.

All expressions here are made once: one that is made from a text costs more than reading it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final

from troth.detectors.redaction.keys import secret_key

__all__ = ["crowded", "is_crowded"]

Span = tuple[int, int, str, bytes]
_NAMED: Final = (b"passw", b"passphrase", b"pwd", b"secret", b"token", b"key", b"credential")
WORDS: Final = (*_NAMED, b"authorization", b"cookie", b"bearer", b"sig")
_LEAST, _PER_BYTE = 150, 1 / 400
"""A text is crowded from this many labels on, and this many more per byte."""
_SUSPECT: Final = re.compile(rb"passw|passphrase|pwd|secret|key|token|credential|authorization|cookie")
"""What a name in lower case must hold to be secret (`keys.secret_key` asks the rest)."""
_NAME_BYTES: Final = 60
"""How much of the end of a name is judged."""
_NAMES_AT_MOST: Final = 300
"""Different suspicious names that are judged."""
_LOOK: Final = 0.08
"""What it costs to look at a name that stands there without a value, beside one with a value."""
_EXACT: Final = 40
"""Up to so many different secret names are looked for."""
_TAIL: Final = rb"\\{0,2}[\"']?[ \t]{0,3}[:=][ \t]{0,3}\\{0,2}[\"']?"
_VALUE: Final = rb"(?!\[redacted|\*\*\*|<redacted|\$\{|\{\{|none|null|true|false|xxxx)[^\s\"'&,;<>{}\[\]()\\]{4,4096}+"
_NAME: Final = re.compile(rb"(?<![A-Za-z0-9_-])([A-Za-z0-9_-]++)\\{0,2}[\"']?[ \t]{0,3}[:=]")
_BEHIND: Final = re.compile(_TAIL + b"(" + _VALUE + b")")
_HEADS: Final = re.compile(
    rb"(?:authorization" + _TAIL + rb"(?:(?:bearer|basic|token|digest|negotiate|apikey)[ \t]+)?+|cookie" + _TAIL + rb"[a-z0-9_.-]{1,64}+=|bearer[ \t]+(?=[a-z0-9._~+/=-]{16})|signature=|[?&]sig=)("
    + _VALUE + b")"
)  # fmt: skip
_ADDRESS: Final = re.compile(rb"://[^\s/@:\"']{0,64}+:([^\s/@\"']{1,256}+)@")
_NAME_SIGNS: Final = frozenset(b"abcdefghijklmnopqrstuvwxyz0123456789_-")


def is_crowded(data: bytes) -> bool:
    """Whether a text holds so many labels that they are taken together."""
    most = _LEAST + int(len(data) * _PER_BYTE)
    if data.count(b"=") + data.count(b":") <= most:
        return False
    low, seen = data.lower(), data.count(b"://")
    for word in WORDS:
        seen += low.count(word)
        if seen > most:
            return True
    return False


def crowded(data: bytes) -> list[Span]:
    """Places of labelled values and of passwords in addresses, in a text that `is_crowded`; all of it where there are too many."""
    low = data.lower()
    everything: list[Span] = [(0, len(data), "labelled values", b"")]
    names = {name[-_NAME_BYTES:] for name in set(_NAME.findall(data)) if _SUSPECT.search(name.lower())}
    if len(names) > _NAMES_AT_MOST:
        return everything
    secret = {name.lower() for name in names if secret_key(name.decode("ascii"))}
    if len(secret) > _EXACT:
        return everything
    found: list[Span] = []
    left = _LEAST + len(data) * _PER_BYTE
    for places in (_named(low, secret), (match.span(1) for match in _HEADS.finditer(low)), (match.span(1) for match in _ADDRESS.finditer(data))):
        for start, end in places:
            left -= 1 if start < end else _LOOK
            if left < 0:
                return everything
            if start < end:
                found.append((start, end, "labelled value", data[start:end]))
    return found


def _named(low: bytes, names: Iterable[bytes]) -> Iterator[tuple[int, int]]:
    """Values behind these names; an empty place for every one that has no value, since it took as long to look."""
    for name in sorted(names):
        at = low.find(name)
        while at >= 0:
            end = at + len(name)
            begins = at == 0 or len(name) == _NAME_BYTES or low[at - 1] not in _NAME_SIGNS
            match = _BEHIND.match(low, end) if begins else None
            yield match.span(1) if match else (end, end)
            at = low.find(name, match.end() if match else end)
