"""Other readings of a text, in which a known value may show that does not stand there letter by letter: with nothing but its letters and digits, with its escapes undone, unpacked.

Each is made by a few steps of the standard library that run at the speed of C, whatever the text: a reading of 50 KB takes a fraction of a millisecond. None says where in the text
a letter came from; only where a value shows its place is searched for (`registry`).
"""

from __future__ import annotations

import binascii
import re
import string
from collections.abc import Callable, Iterator
from typing import Final

__all__ = ["bare", "escaped", "joined", "lines_of", "places_of", "quoted", "runs_around", "unpacked"]

_ALNUM: Final = (string.ascii_letters + string.digits).encode()
_OTHERS: Final = bytes(code for code in range(256) if code not in _ALNUM)
_SMALL: Final = bytes.maketrans(string.ascii_uppercase.encode(), string.ascii_lowercase.encode())
_IS_ALNUM: Final = bytes(code in _ALNUM for code in range(256))
_PASSES: Final = 3
"""Escapes of escapes of escapes are undone."""
_BY_NUMBER: Final = (b"\\u00", b"\\U000000", b"\\x{", b"\\u{", b"\\x", b"%u00", b"%")
"""What stands before the two hexadecimal digits of a letter. As `=`, it makes quoted-printable, which the standard library undoes in one step."""
_ESCAPE: Final = re.compile(rb"(\\\\*(?:(?:u00|U000000|x|[ux]\{)[0-9a-fA-F]{2}\}?|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|[23][a-fA-F]|[0-7]{2,3}|N\{[A-Z0-9 -]{1,80}\}|[\"'/]|(?<=\\\\))|%(?:25)*(?:u00)?[0-9a-fA-F]{2})")
"""Its branches begin with a letter each: a repetition in front would keep the search from skipping."""
_DENSE: Final = 4_000
"""Signs that may begin an escape, from which on they are not looked at one by one."""
_MORE: Final = re.compile(rb"\\[ux0-7\"'/]|%[2-7ux]|&#?\w{2,24};|\x1b")
"""What makes another pass worth its time."""
_OCTAL: Final = re.compile(rb"\\([0-7]{2,3})")
_BEYOND: Final = re.compile(rb"\\u[0-9a-fA-F]{4}|\\U[0-9a-fA-F]{8}|\\N\{[A-Z0-9 -]{1,80}\}")
"""Letters beyond ASCII, told by number or name: a value is known by its other letters."""
_ENTITY: Final = re.compile(rb"&(#x?[0-9a-fA-F]{1,8}|[A-Za-z]{2,24}[0-9]{0,2});")
_CODES: Final = re.compile(rb"\x1b(?:\[[0-9;?]{0,12}[@-~]|\][^\x07\x1b]{0,200}+(?:\x07|\x1b\\)|[@-Z\\-_])")
_RUN: Final = re.compile(rb"[A-Za-z0-9+/_-]{24,}+")
_LEAST_RUN: Final = b"\1" * 16
"""Letters and digits in a row, without which there is hardly base 64 of any length: paths and UUIDs have none."""
_RUNS: Final = bytes(65 if code in _ALNUM + b"+/_-" else 32 for code in range(256))
_QUOTED: Final = re.compile(rb"=(?:3D|\?|[0-9A-Fa-f]{2}=[0-9A-Fa-f]{2})")
"""What quoted-printable has: `step=45` has it not."""
_CUT: Final = re.compile(rb"(?:\\?\r?\n[ \t]{0,40}+)++|[\"'][ \t]{0,8}[+.]?[ \t\r\n]{0,40}[bfru]{0,2}[\"']")
_PLAIN64: Final = bytes.maketrans(b"-_", b"+/")
_PADS: Final = (b"", b"AAA", b"AA", b"A")


class _Remembered(dict[bytes, bytes]):
    """Escape -> what it stands for; a miss costs more than a hit, and there are few different ones."""

    def __init__(self, meaning: Callable[[bytes], bytes]) -> None:
        super().__init__()
        self._meaning = meaning

    def __missing__(self, escape: bytes) -> bytes:
        meant = self._meaning(escape)
        if len(self) < 5_000:
            self[escape] = meant
        return meant


_escapes: Final = _Remembered(lambda escape: _letter(escape.lstrip(b"\\")))
_octals: Final = _Remembered(lambda digits: bytes((int(digits, 8) & 255,)))
_entities: Final = _Remembered(lambda name: _entity(name.decode("ascii")).encode("utf-8", "replace"))


def _entity(name: str) -> str:
    import html  # its table costs a start more than the rest of this module

    return html.unescape(f"&{name};")


def _letter(escape: bytes) -> bytes:
    """Of an escape without its backslashes: a letter of ASCII, another byte, or nothing for a letter beyond."""
    if escape in (b"", b'"', b"'", b"/"):
        return escape or b"\\"
    if escape[:1].isdigit():
        if not escape.isdigit():  # a sign in a name of a directory
            return bytes((int(escape, 16),))
        return bytes((int(escape, 8) & 255,))
    if escape[:1] == b"N" or (escape[:1] in b"uU" and escape[1:2] != b"{" and int(escape[1:], 16) > 255):
        return b""
    return bytes((int(escape.rstrip(b"}")[-2:], 16),))


def bare(data: bytes) -> bytes:
    """Nothing but the letters and digits of ASCII, small."""
    return data.translate(_SMALL, _OTHERS)


def places_of(data: bytes) -> list[int]:
    """Where in the text each letter of `bare` stands."""
    from itertools import compress

    return list(compress(range(len(data)), data.translate(_IS_ALNUM)))


def escaped(data: bytes) -> bytes:
    """With the escapes of JSON, Python, JavaScript, addresses, HTML and terminals undone, as often as they are nested; the same object where there are none."""
    for _ in range(_PASSES):
        before = data
        if b"\\" in data or b"%" in data:
            data = _numbers(data)
        if b"&" in data and len(parts := _ENTITY.split(data)) > 1:
            parts[1::2] = map(_entities.__getitem__, parts[1::2])
            data = b"".join(parts)
        if b"\x1b" in data:
            data = _CODES.sub(b"", data)
        if data == before or not _MORE.search(data):
            return data
    return data


def _numbers(data: bytes) -> bytes:
    if data.count(b"\\") + data.count(b"%") > _DENSE:
        return _dense(data)
    parts = _ESCAPE.split(data)
    if len(parts) == 1:
        return data
    parts[1::2] = map(_escapes.__getitem__, parts[1::2])
    return b"".join(parts)


def _dense(data: bytes) -> bytes:
    """The same of a text of little but escapes, in steps that look at all of them at once."""
    if b"\\" in data:
        while b"\\\\" in data:
            data = data.replace(b"\\\\", b"\\")
        if b"\\u" in data or b"\\U" in data or b"\\N" in data:
            data = data.replace(b"\\u00", b"%").replace(b"\\U000000", b"%")
            data = _BEYOND.sub(b"", data)
        if len(parts := _OCTAL.split(data)) > 1:
            parts[1::2] = map(_octals.__getitem__, parts[1::2])
            data = b"".join(parts)
        for sign in (b'"', b"'", b"/"):
            data = data.replace(b"\\" + sign, sign)
    while b"%25" in data:
        data = data.replace(b"%25", b"%")
    if b"\\" not in data and b"%" not in data:
        return data
    kept = data.replace(b"=", b"\0")
    for begin in _BY_NUMBER:
        kept = kept.replace(begin, b"=")
    if b"=" not in kept:
        return data
    # a sign that begins no escape becomes an equals sign here, which no value is known by
    return binascii.a2b_qp(kept).replace(b"\0", b"=")


def joined(data: bytes) -> bytes:
    """With what a line end, or the joint of two literals, cuts in two put together again."""
    return _CUT.sub(b"", data)


def quoted(data: bytes) -> bytes:
    """Quoted-printable undone."""
    return binascii.a2b_qp(data) if _QUOTED.search(data) else data


def unpacked(data: bytes) -> bytes:
    """All that stands there in base 64, one after another: also what lines cut in pieces."""
    if _LEAST_RUN not in data.translate(_IS_ALNUM):
        return data
    runs = [run + _PADS[len(run) % 4] for run in _RUN.findall(data)]
    return escaped(binascii.a2b_base64(b"".join(runs).translate(_PLAIN64)))


def runs_around(data: bytes, start: int, end: int) -> tuple[int, int]:
    """The same place without cutting a run of base 64."""
    while start > 0 and data[start - 1 : start].translate(_RUNS) == b"A":
        start -= 1
    while end < len(data) and (data[end : end + 1].translate(_RUNS) == b"A" or data[end : end + 1] == b"="):
        end += 1
    return start, end


def lines_of(value: bytes) -> Iterator[bytes]:
    """The lines of a value of several lines that are long enough to be known by themselves."""
    if b"\n" in value.strip():
        yield from (line.strip() for line in value.split(b"\n") if len(line.strip()) >= 20 and not line.strip().startswith(b"-----"))
