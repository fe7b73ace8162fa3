"""Values that stand behind a name which says that they are secret, in running text: `password=...`, `"apiKey": "..."`, `Authorization: Bearer ...`, `scheme://user:...@host`.

Names are judged by `keys.secret_key`, so that `max_tokens: 4096` and `tokenizer: bpe` stay. Linear: expressions start at a literal word and look a bounded distance ahead.
"""

from __future__ import annotations

import re
from typing import Final

from troth.detectors.redaction.keys import secret_key

__all__ = ["labelled", "plain_view"]

Span = tuple[int, int, str, bytes]
_AFTER: Final = rb"[a-z0-9_-]{0,20}\\{0,2}[\"']?[ \t]{0,3}[:=][ \t]{0,3}\\{0,2}[\"']?"
_WORDS: Final = (b"passw", b"passphrase", b"pwd", b"secret", b"token", b"key", b"credential")
_STARTS: Final = {word: re.compile(re.escape(word) + _AFTER) for word in _WORDS}
_HEADS: Final = {
    b"authorization": re.compile(
        rb"authorization\\{0,2}[\"']?[ \t]{0,3}[:=][ \t]{0,3}\\{0,2}[\"']?(?:(?:bearer|basic|token|digest|negotiate|apikey)[ \t]+)?"
    ),
    b"cookie": re.compile(rb"cookie\\{0,2}[\"']?[ \t]{0,3}[:=][ \t]{0,3}\\{0,2}[\"']?[a-z0-9_.-]{1,64}="),
    b"signature=": re.compile(rb"signature="),
    b"sig=": re.compile(rb"[?&]sig="),
}
_BEARER: Final = re.compile(rb"bearer[ \t]+(?=[a-z0-9._~+/=-]{16})")
_USERINFO: Final = re.compile(rb"://[^\s/@:\"']{0,64}:([^\s/@\"']{1,256})@")
_VALUE: Final = re.compile(rb"[^\s\"'&,;<>{}\[\]()\\]{4,4096}")
_NAME: Final = re.compile(rb"[A-Za-z0-9_-]{1,40}\Z")
_WORDY: Final = re.compile(rb"[a-z]+[.!?]?\Z")
_NOT_VALUES: Final = (b"[redacted", b"***", b"<redacted", b"${", b"{{", b"none", b"null", b"true", b"false", b"xxxx")
_INVISIBLE: Final = re.compile(
    "[\u00ad\u034f\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufe00-\ufe0f\ufeff]|\x1b\\[[0-9;]{0,12}[A-Za-z]"
)
_WIDE: Final = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}
_LOOK_ALIKE: Final = dict(zip(map(ord, "асеорхуіјѕԁԛԝАВЕКМНОРСТХ"), "aceopxyijsdqwABEKMHOPCTX", strict=True))
_MAYBE: Final = re.compile(
    "[\u00ad\u034f\u0400-\u052f\u061c\u180e\u200b-\u206f\ufe00-\ufe0f\ufeff\uff01-\uff5e]|\x1b\\["
)


def labelled(data: bytes) -> list[Span]:
    """Places of such values: start, end, name for the marker, the value."""
    if b"=" not in data and b":" not in data and b"earer" not in data:
        return []
    low = data.lower()
    found: list[Span] = []
    for word, start in _STARTS.items():
        if word in low:
            found += _behind(data, low, start)
    for word, head in _HEADS.items():
        if word in low:
            found += [
                span
                for match in head.finditer(low)
                for span in _taken(data, match.end(), word.decode().strip("="), strict=False)
            ]
    if b"bearer" in low:
        found += [span for match in _BEARER.finditer(low) for span in _taken(data, match.end(), "bearer", strict=False)]
    if b"://" in data and b"@" in data:
        found += [
            (match.start(1), match.end(1), "password-in-address", match.group(1))
            for match in _USERINFO.finditer(data)
            if not match.group(1).startswith(_NOT_VALUES)
        ]
    return found


def _behind(data: bytes, low: bytes, start: re.Pattern[bytes]) -> list[Span]:
    found: list[Span] = []
    for match in start.finditer(low):
        at = match.start()
        if found and at < found[-1][1]:
            continue  # inside a value that goes anyway: looking again would cost the square of its length
        before = _NAME.search(data[max(0, at - 40) : at])
        whole = (before.group() if before else b"") + data[at : match.end()]
        name = re.split(rb"[\"'\\ \t:=]", whole, maxsplit=1)[0].decode("ascii", "replace")
        if secret_key(name):
            spaced = data[match.end() - 1 : match.end()] in (b" ", b"\t")
            found += _taken(data, match.end(), f"value of {name[:30]}", strict=spaced)
    return found


def _taken(data: bytes, at: int, name: str, *, strict: bool) -> list[Span]:
    match = _VALUE.match(data, at)
    if match is None or match.group().lower().startswith(_NOT_VALUES) or (strict and _WORDY.match(match.group())):
        return []  # `password: required` is prose
    end = match.end()
    while end < len(data) and data[end] & 0xC0 == 0x80:
        end += 1  # a letter of several bytes is never cut
    return [(match.start(), end, name, data[match.start() : end])]


def plain_view(text: str) -> str | None:
    """The text as a person reads it: without invisible characters and colours, wide and look-alike letters as plain ones; None where that changes nothing."""
    if (text.isascii() and "\x1b[" not in text) or not _MAYBE.search(text):
        return None
    plain = _INVISIBLE.sub("", text).translate(_WIDE).translate(_LOOK_ALIKE)
    return plain if plain != text else None
