"""Values that stand behind a name which says that they are secret, in running text: `password=...`, `"apiKey": "..."`, `Authorization: Bearer ...`, `scheme://user:...@host`.

Names are judged by `keys.secret_key`, so that `max_tokens: 4096` and `tokenizer: bpe` stay. Linear: expressions start at a literal word and look a bounded distance ahead.
"""

from __future__ import annotations

import re
import string
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Final

from troth.detectors.matching import presence
from troth.detectors.redaction.crowded import crowded, is_crowded
from troth.detectors.redaction.keys import secret_key

__all__ = ["hides", "labelled", "plain_view"]

_SMALL: Final = 2_000
"""Texts up to this length cannot hold so many labels that it matters how they are taken."""
Span = tuple[int, int, str, bytes]
_AFTER: Final = rb"([a-z0-9_-]{0,20}+)\\{0,2}[\"']?[ \t]{0,3}[:=][ \t]{0,3}\\{0,2}[\"']?"
_WORDS: Final = (b"passw", b"passphrase", b"pwd", b"secret", b"token", b"key", b"credential")
_STARTS: Final = {word: re.compile(re.escape(word) + _AFTER) for word in _WORDS}
_HEADS: Final = {
    b"authorization": re.compile(
        rb"authorization\\{0,2}[\"']?[ \t]{0,3}[:=][ \t]{0,3}\\{0,2}[\"']?(?:(?:bearer|basic|token|digest|negotiate|apikey)[ \t]+)?"
    ),
    b"cookie": re.compile(rb"cookie\\{0,2}[\"']?[ \t]{0,3}[:=][ \t]{0,3}\\{0,2}[\"']?[a-z0-9_.-]{1,64}+="),
    b"signature=": re.compile(rb"signature="),
    b"sig=": re.compile(rb"sig=(?<=[?&]sig=)"),
}
_HEAD_ITEMS: Final = tuple(_HEADS.items())
_BEARER: Final = re.compile(rb"bearer[ \t]+(?=[a-z0-9._~+/=-]{16})")
_USERINFO: Final = re.compile(rb"://[^\s/@:\"']{0,64}+:([^\s/@\"']{1,256}+)@")
_VALUE: Final = re.compile(rb"[^\s\"'&,;<>{}\[\]()\\]{4,4096}")
_TO_SPACE: Final = bytes(code if code in b"_-" or (chr(code).isalnum() and code < 128) else 32 for code in range(256))
"""Everything that no name contains, as a space."""
_WORDY: Final = re.compile(rb"[a-z]+[.!?]?\Z")
_NOT_VALUES: Final = (b"[redacted", b"***", b"<redacted", b"${", b"{{", b"none", b"null", b"true", b"false", b"xxxx")
_CODES: Final = re.compile("\x1b(?:\\[[0-9;?]{0,12}[@-~]|\\][^\x07\x1b]{0,200}+(?:\x07|\x1b\\\\)|[@-Z\\\\-_])|[\x00-\x08\x0b\x0c\x0e-\x1a\x1c-\x1f\x7f]")
"""What a terminal does not show: colours, cursor and title codes, a letter and the backspace over it, control characters."""
_OVER: Final = re.compile("[^\b]\b")
_PLAIN: Final = {
    **dict.fromkeys(
        [0xAD, *range(0x300, 0x370), 0x61C, 0x115F, 0x1160, 0x180E, *range(0x200B, 0x2010), *range(0x202A, 0x202F), *range(0x2060, 0x2065), *range(0x2066, 0x2070), 0x2800, 0x3164,
         *range(0xFE00, 0xFE10), 0xFEFF, 0xFFA0, *range(0xE0000, 0xE0080), *range(0xE0100, 0xE01F0)], None,
    ),
    **{code: chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F)},
    **{
        first + number: letters[number % len(letters)]
        for first, count, letters in ((0x1D400, 676, string.ascii_uppercase + string.ascii_lowercase), (0x1D7CE, 50, string.digits))
        for number in range(count)
    },
    **dict(zip(map(ord, "асеорхуіјѕԁԛԝАВЕКМНОРСТХ"), "aceopxyijsdqwABEKMHOPCTX", strict=True)),
}  # fmt: skip
"""Invisible characters and combining marks -> nothing; wide, mathematical and look-alike letters -> the plain ones."""
_MAYBE: Final = re.compile("[" + "".join(chr(code) for code in _PLAIN if code < 0x10000) + "\U0001d400-\U0001d7ff\U000e0000-\U000e01ef]")
"""Ranges for what lies beyond 16 bits: a thousand single ones would be compared one by one at every character."""
_LETTERS: Final = frozenset(map(chr, _PLAIN))
_KNOWN_AT_MOST: Final = 70_000
_FEW: Final = 16
"""Up to so many different characters are replaced one by one, which is quicker than to translate the whole text."""


class _Known(dict[int, str | int | None]):
    """`_PLAIN`, and every other character as itself once it was asked for: a miss in `translate` costs an exception."""

    def __missing__(self, code: int) -> int:
        self[code] = code
        return code


_known_now: list[_Known] = []


def _known() -> _Known:
    """The table of this process, made anew where texts have filled it with characters that nobody needs."""
    if not _known_now or len(_known_now[0]) > _KNOWN_AT_MOST:
        _known_now[:] = [_Known(_PLAIN)]
    return _known_now[0]


@lru_cache(maxsize=1)
def _present() -> Callable[[bytes], Sequence[int]]:
    """Which of `_STARTS`, `_HEADS`, a bearer and an address with a user may be there: one pass instead of a dozen, since most lines have none."""
    patterns = [start.pattern for start in _STARTS.values()] + [head.pattern for head in _HEADS.values()]
    plain = [pattern.replace(b"(?=[a-z0-9._~+/=-]{16})", b"").replace(b"(?<=[?&]sig=)", b"").replace(b"}+", b"}") for pattern in (*patterns, _BEARER.pattern)]
    return presence([*plain, b"://[^@]{0,400}@"], [*_STARTS, *_HEADS, b"bearer", b"://"])


def labelled(data: bytes) -> list[Span]:
    """Places of such values: start, end, name for the marker, the value."""
    if len(data) > _SMALL and is_crowded(data):
        return crowded(data)
    present = _present()(data)
    if not present:
        return []
    low = data.lower()
    found: list[Span] = []
    for number in present:
        if number < len(_WORDS):
            found += _behind(data, low, _STARTS[_WORDS[number]])
        elif number < len(_WORDS) + len(_HEADS):
            word, head = _HEAD_ITEMS[number - len(_WORDS)]
            for match in head.finditer(low):
                found += _taken(data, match.end(), word.decode().strip("="), strict=False)
        elif number == len(_WORDS) + len(_HEADS):
            for match in _BEARER.finditer(low):
                found += _taken(data, match.end(), "bearer", strict=False)
        else:
            found += [
                (match.start(1), match.end(1), "password-in-address", match.group(1))
                for match in _USERINFO.finditer(data)
                if not match.group(1).startswith(_NOT_VALUES)
            ]
    return found


def _behind(data: bytes, low: bytes, start: re.Pattern[bytes]) -> list[Span]:
    found: list[Span] = []
    skip = 0
    for match in start.finditer(low):
        at, end = match.span()
        if at < skip:
            continue  # inside a value that goes anyway: looking again would cost the square of its length
        name = data[max(0, at - 40) : match.end(1)].translate(_TO_SPACE).rpartition(b" ")[2]
        if _secret_name(name):
            taken = _taken(data, end, f"value of {name[:30].decode('ascii')}", strict=data[end - 1 : end] in b" \t")
            if taken:
                skip = taken[0][1]
                found += taken
    return found


@lru_cache(maxsize=4096)
def _secret_name(name: bytes) -> bool:
    return secret_key(name.decode("ascii"))


def _taken(data: bytes, at: int, name: str, *, strict: bool) -> list[Span]:
    match = _VALUE.match(data, at)
    if match is None or match.group().lower().startswith(_NOT_VALUES) or (strict and _WORDY.match(match.group())):
        return []  # `password: required` is prose
    end = match.end()
    while end < len(data) and data[end] & 0xC0 == 0x80:
        end += 1  # a letter of several bytes is never cut
    return [(match.start(), end, name, data[match.start() : end])]


def hides(text: str) -> bool:
    """Whether a text of ASCII holds what a terminal does not show. In a long one only the signs that terminals act on are asked for: looking for all 30 would cost more than the rest."""
    if len(text) <= _SMALL:
        return not text.isprintable() and ("\b" in text or _CODES.search(text) is not None)
    return "\x1b" in text or "\b" in text or "\0" in text or "\x7f" in text or "\x07" in text


def plain_view(text: str) -> str | None:
    """The text as a person reads it: without invisible characters and colours, wide and look-alike letters as plain ones; None where that changes nothing."""
    plain = _OVER.sub("", text) if "\b" in text else text
    plain = _CODES.sub("", plain)
    if not plain.isascii() and _MAYBE.search(plain):
        seen = _LETTERS.intersection(plain[:_SMALL])
        if len(seen) <= _FEW and len(plain) > _SMALL:
            seen = _LETTERS.intersection(plain)
        if len(seen) > _FEW:
            plain = plain.translate(_known())
        else:
            for letter in seen:
                plain = plain.replace(letter, _PLAIN.get(ord(letter), letter) or "")
    return plain if plain != text else None
