"""Values in a text that could be a credential: quoted strings, bare words after a separator, and passwords in addresses, with their line and what stands before them.

Cheap and generous on purpose; the model decides. Bounded: lines are cut at `LINE_BYTES`, a line gives at most `PER_LINE` values, and every pattern is linear. Knows nothing of files or of who calls.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

__all__ = ["LINE_BYTES", "Candidate", "candidates"]

LINE_BYTES: Final = 20_000
PER_LINE: Final = 400
_BEFORE: Final = 60
_NAMED: Final = 45
_LEAST: Final = 3

_NAME: Final = re.compile(
    rb"(?i)pass|pwd|secret|token|key|auth|cred|salt|nonce|bearer|basic|sig|cookie|session|sid\b|hash|seed|pin\b|priv|access|client|login|uuid|guid|\bid\b|_id|code|api|jwt|cert"
)
"""Words in the name of what holds a credential."""
_RUN: Final = re.compile(rb"[A-Za-z0-9+/_=-]{16,}")
_VALUE: Final = re.compile(
    rb"""\\"(?P<escaped>[^"\\\n]{3,300})\\"|"(?P<double>(?:[^"\\\n]|\\.){0,400})"|'(?P<single>(?:[^'\\\n]|\\.){0,400})'|`(?P<tick>[^`\n]{3,400})`"""
    rb"""|(?:(?<=[=:,(\s>|/@])|^)(?P<bare>[^\s"'`,;()<>{}\[\]|]{3,400})"""
)
_ADDRESS: Final = re.compile(rb"""://[^/\s:@"'`]{0,60}:(?P<password>[^@\s/"'`]{2,100})(?=@)""")
_RANDOM: Final = re.compile(rb"[A-Za-z0-9+/_.=-]{16,}\Z")
_UUID: Final = re.compile(rb"(?i)[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}")
_PUBLIC: Final = re.compile(rb"(?:sha\d{1,3}|md5|h1)[-:]|0[xX][0-9A-Fa-f]{1,16}\Z")
"""Public by its form: a digest that says so of itself, a number."""
_DIGIT: Final = re.compile(rb"\d")


@dataclass(frozen=True, slots=True)
class Candidate:
    """One value.

    Attributes:
        start: first byte in the text.
        end: byte behind the last.
        value: the bytes. Never put them into anything that is printed or stored.
        before: up to 60 bytes of the line before the value.
        after: up to 12 bytes of the line behind it.
        line: the line, cut.
        quoted: it stands in quotes (or in an address).
        address: it is the password of an address.
    """

    start: int
    end: int
    value: bytes
    before: bytes
    after: bytes
    line: bytes
    quoted: bool
    address: bool = False


def candidates(data: bytes, ranges: tuple[tuple[int, int], ...] | None = None) -> Iterator[Candidate]:
    """Values of a text, line by line.

    Args:
        data: the text.
        ranges: only lines that touch one of these ranges; all where None.
    """
    start, total = 0, len(data)
    while start < total:
        stop = data.find(b"\n", start)
        stop = total if stop < 0 else stop
        if ranges is None or any(low < stop and high > start for low, high in ranges):
            line = data[start : min(stop, start + LINE_BYTES)]
            if b"://" in line or _NAME.search(line) or _RUN.search(line):
                yield from _of_line(line, start)
        start = stop + 1


def _of_line(line: bytes, at: int) -> Iterator[Candidate]:
    taken = 0
    for match in _ADDRESS.finditer(line):
        yield _made(line, at, match.span("password"), quoted=True, address=True)
    for match in _VALUE.finditer(line):
        group = str(match.lastgroup)
        low, high = match.span(group)
        value = line[low:high]
        if len(value) < _LEAST or value[:1] == b"=" or _PUBLIC.match(value) or not (_looks_random(value) or _NAME.search(line[max(0, low - _NAMED) : low])):
            continue
        yield _made(line, at, (low, high), quoted=group != "bare")
        taken += 1
        if taken >= PER_LINE:
            return


def _looks_random(value: bytes) -> bool:
    return bool(_UUID.search(value) or (_RANDOM.match(value) and _DIGIT.search(value)))


def _made(line: bytes, at: int, span: tuple[int, int], *, quoted: bool, address: bool = False) -> Candidate:
    low, high = span
    return Candidate(at + low, at + high, line[low:high], line[max(0, low - _BEFORE) : low], line[high : high + 12], line, quoted, address)
