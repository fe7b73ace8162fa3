"""Labelled values in a text that consists of little else: thousands of `password=...` in one record, which nobody writes and somebody sends.

Looking at each label by itself takes a microsecond or two, which is nothing until there are ten thousand of them. Here the expressions do the work: the names that stand before a
separator are collected at once and judged once each; where some of them are secret, a whole row of labels and values is one place, and goes as one. Fewer details in the marker, never
less redaction: where there are too many different names to be judged, every one counts as secret.
"""

from __future__ import annotations

import re
from typing import Final

from troth.detectors.redaction.keys import secret_key

__all__ = ["crowded", "is_crowded"]

Span = tuple[int, int, str, bytes]
_NAMED: Final = (b"passw", b"passphrase", b"pwd", b"secret", b"token", b"key", b"credential")
WORDS: Final = (*_NAMED, b"authorization", b"cookie", b"bearer", b"sig")
_LEAST, _PER_BYTE = 150, 1 / 120
"""A text is crowded from this many labels on, and this many more per byte."""
_NAMES_AT_MOST: Final = 1_000
_EXACT: Final = 40
"""Up to so many different secret names are looked for by name; beyond, by the words that make a name suspicious."""
_TAIL: Final = rb"\\{0,2}[\"']?[ \t]{0,3}[:=][ \t]{0,3}\\{0,2}[\"']?"
_VALUE: Final = rb"(?!\[redacted|\*\*\*|<redacted|\$\{|\{\{|none|null|true|false|xxxx)[^\s\"'&,;<>{}\[\]()\\]{4,4096}+"
_BETWEEN: Final = rb"[\s\"'&,;<>{}()\\]{0,16}+"
_NAME: Final = re.compile(rb"(?<![A-Za-z0-9_-])([A-Za-z0-9_-]++)\\{0,2}[\"']?[ \t]{0,3}[:=]")
_HEADS: Final = (
    rb"authorization" + _TAIL + rb"(?:(?:bearer|basic|token|digest|negotiate|apikey)[ \t]+)?+", rb"cookie" + _TAIL + rb"[a-z0-9_.-]{1,64}=",
    rb"bearer[ \t]+(?=[a-z0-9._~+/=-]{16})", rb"signature=", rb"\?sig=", rb"&sig=",
)  # fmt: skip
_ANY: Final = rb"[a-z0-9_-]{0,20}+" + _TAIL
_ADDRESSES: Final = re.compile(rb"(?:://[^\s/@:\"']{0,64}+:[^\s/@\"']{1,256}+@[^\s:@\[]{0,40}+){1,64}+")


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
    """Places of labelled values and of passwords in addresses, in a text that `is_crowded`."""
    low = data.lower()
    names = set(_NAME.findall(data))
    secret = [name for name in names if secret_key(name[-80:].decode("ascii"))] if len(names) <= _NAMES_AT_MOST else []
    labels = list(_HEADS)
    if len(names) > _NAMES_AT_MOST or len(secret) > _EXACT:
        labels += [word + _ANY for word in _NAMED]
    else:
        labels += [_named(name.lower()) + _TAIL for name in sorted(secret)]
    one = b"(?:" + b"|".join(labels) + b")" + _VALUE + _BETWEEN
    rows = re.compile(one + b"(?:" + one + b"){0,63}+")
    found = [(*_whole(data, match), "labelled values", b"") for match in rows.finditer(low)]
    if b"@" in data and b"://" in data:
        found += [(*_whole(data, match), "addresses with passwords", b"") for match in _ADDRESSES.finditer(data)]
    return found


def _named(name: bytes) -> bytes:
    """Exactly this name. The look-behind stands behind the first letter: an expression whose every branch begins with a letter is searched much faster."""
    first = re.escape(name[:1])
    return first + rb"(?<![a-z0-9_-]" + first + rb")" + re.escape(name[1:])


def _whole(data: bytes, match: re.Match[bytes]) -> tuple[int, int]:
    """Where it begins and ends; a letter of several bytes is never cut."""
    start, end = match.span()
    while end < len(data) and data[end] & 0xC0 == 0x80:
        end += 1
    return start, end
