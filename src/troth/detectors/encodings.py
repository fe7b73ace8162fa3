"""Secrets that are written in another alphabet: base64 (also twice), hex, percent-encoding, UTF-16, or cut into joined string literals.

Nothing is decoded on suspicion. The engine looks for what the *beginning of a known token* looks like in each encoding (three alignments
for base64), and only the run around such a place is decoded and scanned. Runs, depth and output are bounded.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from troth.detectors import shapes
from troth.detectors.rule import Rule, Tier

__all__ = ["Encoding", "Hint", "decoded", "hints", "joined", "worth"]

BEFORE, RUN = 1 << 10, 12 << 10
"""How much of an encoded run is decoded, before and behind a hint: the longest keys fit, an embedded picture is not decoded for one hint."""
SHORT_STARTS = ("hf_",)
"""Beginnings of three characters leave three or four fixed ones in base64, which cost speed; these are common enough to be worth it."""
JOINED_BEFORE, JOINED_BEHIND = 300, 600
"""How much around a joint of two string literals is joined."""


class Encoding(StrEnum):
    """How a text was written."""

    BASE64 = "base64"
    HEX = "hex"
    PERCENT = "percent-encoding"
    UTF16 = "UTF-16"
    JOINED = "joined strings"


@dataclass(frozen=True, slots=True)
class Hint:
    """A pattern whose presence says that something may be encoded there.

    Attributes:
        encoding: which one.
        shape: pattern for the engines.
        literal: the fixed text in it, lower case; empty where there is none.
    """

    encoding: Encoding
    shape: str
    literal: str


def hints(rules: Iterable[Rule]) -> tuple[Hint, ...]:
    """Hints for the beginnings of all provider tokens that have a fixed one."""
    starts = sorted({text[:9] for rule in rules if rule.tier is Tier.PROVIDER for text in shapes.fixed(rule.pattern)})
    starts = [start for start in starts if not start.startswith(("http", "-----", "eyJ", "xox"))] + [
        "PRIVATE KEY-----",
        "xoxb-",
        "xoxp-",
    ]
    found: dict[tuple[Encoding, str], Hint] = {}

    def add(encoding: Encoding, text: str, shape: str = "") -> None:
        found.setdefault((encoding, text), Hint(encoding, shape or _quoted(text), text.lower()))

    for start in starts:
        raw = start.encode("latin-1")
        for once in _aligned(raw) if len(raw) > 3 or start in SHORT_STARTS else ():
            # three characters are common in any text: they only count at the head of a long run
            add(Encoding.BASE64, once, "" if len(once) > 3 else _quoted(once) + r"[0-9A-Za-z\x2b\x2f]{40}")
            for twice in _aligned(once.encode()):
                add(Encoding.BASE64, twice, "" if len(twice) > 3 else _quoted(twice) + r"[0-9A-Za-z\x2b\x2f]{40}")
        add(Encoding.HEX, raw.hex())
        add(Encoding.HEX, raw.hex().upper())
        add(Encoding.PERCENT, "".join(f"%{byte:02x}" for byte in raw))
        add(Encoding.PERCENT, "".join(f"%{byte:02X}" for byte in raw))
        add(Encoding.UTF16, "\0".join(start))
    for quote in ('"', "'"):
        for joint in (" + ", "+", " +\n", " . ", " \\\n"):
            add(Encoding.JOINED, quote + joint + (quote if "\n" not in joint else ""))
    return tuple(found.values())


def _aligned(raw: bytes) -> Iterator[str]:
    """What base64 text of anything that contains `raw` must contain, for each of the three alignments."""
    for skip in range(3):
        text = base64.b64encode(b"\0" * skip + raw).decode().rstrip("=")
        first = (0, 2, 3)[skip]
        spoiled = 0 if (skip + len(raw)) % 3 == 0 else 1
        kept = text[first : len(text) - spoiled]
        if len(kept) >= 3:
            yield kept


def _quoted(text: str) -> str:
    return "".join(char if char.isalnum() else f"\\x{ord(char):02x}" for char in text)


_CUT_TOKEN = re.compile(
    rb"[\"'](?<=[0-9A-Za-z_-][0-9A-Za-z_-][0-9A-Za-z_-][\"'])[ \t]{0,4}[+.\\]?[ \t\r\n]{0,40}[bfru]{0,2}[\"'][0-9A-Za-z_-]{6}"
)
"""Begins with the quote, which is searched faster than the three signs in front of it."""
_STANDARD = bytes.maketrans(b"-_", b"+/")
_JOINT = re.compile(
    rb"[\"'][ \t]{0,12}(?:\\?\r?\n[ \t]{0,40})?[+.]?[ \t]{0,12}(?:\\?\r?\n[ \t]{0,40})?[bfru]{0,2}[\"']"
)
_NOT_BASE64 = re.compile(rb"[^0-9A-Za-z+/_=-]")
_NOT_HEX = re.compile(rb"[^0-9A-Fa-f]")
_NOT_PERCENT = re.compile(rb"[^0-9A-Za-z_.~%-]")
_NOT_UTF16 = re.compile(rb"[^\t\n\r -~\0]")
_WRAP = re.compile(rb"(?:\\r)?(?:\\n|\r?\n)[ \t\"'+#*]{0,40}")
_LINE = re.compile(rb"[0-9A-Za-z+/_-]{16,1000}={0,2}")
_OTHER = {
    Encoding.BASE64: _NOT_BASE64,
    Encoding.HEX: _NOT_HEX,
    Encoding.PERCENT: _NOT_PERCENT,
    Encoding.UTF16: _NOT_UTF16,
}
SHORTEST = {Encoding.BASE64: 20, Encoding.HEX: 20, Encoding.PERCENT: 30, Encoding.UTF16: 20}
"""Encoded runs below this length cannot hold a token."""
_LONG = {
    Encoding.BASE64: rb"[0-9A-Za-z+/_=-]{20,}+",
    Encoding.HEX: rb"[0-9A-Fa-f]{20,}+",
    Encoding.PERCENT: rb"[0-9A-Za-z_.~%-]{30,}+",
    Encoding.UTF16: rb"[\t\n\r -~\0]{20,}+",
}
MANY = 64
"""From so many places on it is cheaper to know all long runs of the text first."""


def worth(encoding: Encoding, data: bytes, places: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Of many places those that stand in something long enough to be decoded, in order; the rest can hold nothing."""
    if len(places) < MANY:
        return places
    if encoding is Encoding.JOINED:
        spans = [(match.start() - 63, match.end() + 12) for match in _CUT_TOKEN.finditer(data)]
    else:
        spans = [match.span() for match in re.finditer(_LONG[encoding], data)]
    kept: list[tuple[int, int]] = []
    number, most, covered = 0, len(spans), -1
    for place in places:
        if place[1] < covered:
            continue  # in the part of a run that the place before leads to
        while number < most and spans[number][1] < place[0]:
            number += 1
        if number == most:
            break
        if spans[number][0] <= place[1]:
            kept.append(place)
            covered = -1 if encoding is Encoding.JOINED else min(place[0] + RUN, spans[number][1])
    return kept


def decoded(encoding: Encoding, data: bytes, low: int, high: int) -> Iterator[tuple[int, int, bytes]]:
    """Decode what is encoded around `data[low:high]`.

    Yields:
        Start and end of the encoded run in `data`, and the decoded bytes.
    """
    if encoding is Encoding.JOINED:
        cut = _CUT_TOKEN.search(data, max(0, low - 9), high + 60)
        if cut is None:
            return
        # from the joint itself, not from the hint: engines may point at different ends of it
        start, end = max(0, cut.start() - 3 - JOINED_BEFORE), min(len(data), cut.end() + JOINED_BEHIND)
        yield start, end, _JOINT.sub(b"", data[start:end])
        return
    other = _OTHER[encoding]
    start = _run_start(_marked(encoding), data, max(0, low - BEFORE), low)
    after = other.search(data, low, min(len(data), low + RUN))
    end = after.start() if after else min(len(data), low + RUN)
    text = data[start:end]
    if encoding is Encoding.BASE64:
        start, end, text = _unwrapped(data, start, end)
    if len(text) >= SHORTEST[encoding]:
        for raw in _raw(encoding, text):
            yield start, end, raw


def joined(data: bytes, low: int, high: int) -> bytes:
    """The text around `data[low:high]` with all of its string literals joined."""
    return _JOINT.sub(b"", data[max(0, low - JOINED_BEFORE) : high + JOINED_BEHIND])


@lru_cache
def _marked(encoding: Encoding) -> bytes:
    """Bytes that end a run as 0, the others as 1."""
    return bytes(0 if _OTHER[encoding].match(bytes([code])) else 1 for code in range(256))


def _run_start(table: bytes, data: bytes, first: int, low: int) -> int:
    """Where the run around `low` begins: behind the last byte before it that no run contains."""
    at, step = low, 64
    while at > first:
        begin = max(first, at - step)
        inside = data[begin:at].translate(table).rfind(b"\0")
        if inside >= 0:
            return begin + inside + 1
        at, step = begin, 4096
    return first


def _unwrapped(data: bytes, start: int, end: int) -> tuple[int, int, bytes]:
    """A base64 run together with the following lines of the same block; the hint stands in its first or a middle line."""
    parts, last = [data[start:end]], end
    if end - start >= 48:
        while last - start < RUN and (wrap := _WRAP.match(data, last)):
            line = _LINE.match(data, wrap.end())
            if line is None:
                break
            parts.append(line.group())
            last = line.end()
    return start, last, b"".join(parts)


def _raw(encoding: Encoding, text: bytes) -> Iterator[bytes]:
    if encoding is Encoding.HEX:
        for skip in range(2):  # a digit glued in front shifts the pairs
            part = text[skip:]
            yield bytes.fromhex(part[: len(part) & ~1].decode())
    elif encoding is Encoding.PERCENT:
        yield _unquoted(text)
    elif encoding is Encoding.UTF16:
        yield text[::2]
        yield text[1::2]
    else:
        body = text.rstrip(b"=").translate(_STANDARD)
        # a word glued in front of the run (a name, a path) shifts the alignment: try all four
        for skip in range(4):
            part = body[skip:]
            part = part[: len(part) - (1 if len(part) % 4 == 1 else 0)]
            try:
                yield base64.b64decode(part + b"=" * (-len(part) % 4))
            except (binascii.Error, ValueError):
                continue


def _unquoted(text: bytes) -> bytes:
    """Percent-escapes undone; a run of nothing else in one go, since the library takes a step for each."""
    if text.count(b"%") * 3 == len(text) and text[::3] == b"%" * (len(text) // 3):
        try:
            return bytes.fromhex(text.replace(b"%", b"").decode())
        except ValueError:
            pass  # `%zz`: left as it is
    import urllib.parse  # 3 ms, and few texts come here

    return urllib.parse.unquote_to_bytes(text)
