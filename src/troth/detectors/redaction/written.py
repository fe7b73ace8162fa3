"""How a known value is written by programs that encode it: every form as the letters and digits that it leaves (`views.bare`), since signs between them differ from writer to writer.

Escapes are not here: they are undone in the text (`views.escaped`).
"""

from __future__ import annotations

import base64
import json
import unicodedata
import urllib.parse
from itertools import pairwise

from troth.detectors.redaction.views import bare

__all__ = ["distinctive", "encoded", "skeletons", "spelt"]

_LEAST, _LEAST_DIGITS, _LEAST_LETTERS = 15, 2, 4
_SHORT, _CHANGES = 11, 3
_NUMBER = 12
"""Digits of a number that no other is likely to be."""
_NUMBERED = ("{}", "x{:02x}", "0x{:02x}", "u{:04x}", "u{:x}", "chr{}", "char{}", "{:08b}")
"""Every byte as a number, as lists and calls of programs have it."""


def distinctive(letters: bytes) -> bool:
    """Whether these letters and digits are no words: others stand in ordinary text by chance (`Summer 2024`), and are looked for sign by sign only.

    Args:
        letters: as `bare` gives them.
    """
    digits = sum(48 <= code <= 57 for code in letters)
    if digits == len(letters) >= _NUMBER:
        return True
    if len(letters) >= _LEAST:
        return digits >= _LEAST_DIGITS and len(letters) - digits >= _LEAST_LETTERS
    changes = sum((one <= 57) != (other <= 57) for one, other in pairwise(letters))
    return len(letters) >= _SHORT and changes >= _CHANGES


def skeletons(raw: bytes) -> set[bytes]:
    """The value itself, with letters beyond ASCII left out and as their plain letters, and backwards."""
    text = raw.decode("utf-8", "replace")
    plain = {bare(raw), bare(unicodedata.normalize("NFKD", text).encode("ascii", "ignore"))}
    plain |= {letters[::-1] for letters in plain}
    return {letters for letters in plain if distinctive(letters)}


def encoded(raw: bytes, *, usual: bool) -> set[bytes]:
    """The value in base 16, 32, 64 and 85, byte by byte, and in base 64 and 16 of one another.

    Args:
        raw: the value.
        usual: only in base 16 and 64, since there are many values or this one is long.
    """
    once = _base64(raw)
    forms = {raw.hex().encode()} | once
    wide = {raw.decode("utf-8", "replace").encode(name, "replace") for name in ("latin-1", "utf-16-le", "utf-16-be")} - {raw}
    for other in wide:
        forms |= {other.hex().encode()} | _base64(other)
    if usual:
        return forms
    twice = {form for inner in once for form in _base64(inner)}
    forms |= twice | {form for inner in twice for form in _base64(inner)} | {inner.hex().encode() for inner in once} | _base64(raw.hex().encode())
    forms |= {"".join(map(form.format, raw)).encode() for form in _NUMBERED}
    forms.add("".join(f"{number}{byte}" for number, byte in enumerate(raw)).encode())
    for skip in range(5):
        body = base64.b32encode(b"\0" * skip + raw).rstrip(b"=")
        forms.add(body[(0, 2, 4, 5, 7)[skip] : len(body) - (0 if (skip + len(raw)) % 5 == 0 else 1)])
    for skip in range(4):
        whole = raw[skip : skip + (len(raw) - skip) // 4 * 4]
        forms |= {base64.a85encode(whole), base64.b85encode(whole)} if len(whole) >= 8 else set()
    return forms


def spelt(raw: bytes) -> set[bytes]:
    """A value that is looked for sign by sign, as languages, addresses, and texts without letters beyond ASCII spell it."""
    text = raw.decode("utf-8", "replace")
    forms = {json.dumps(text)[1:-1], json.dumps(text, ensure_ascii=False)[1:-1], repr(text)[1:-1], urllib.parse.quote_plus(raw)}
    if not raw.isascii():
        escaped = json.dumps(text)[1:-1]
        forms |= {escaped.replace("\\u", "\\U").upper().replace("\\U", "\\u"), repr(raw)[2:-1], urllib.parse.quote(raw), urllib.parse.quote(raw).lower(), text.encode("ascii", "xmlcharrefreplace").decode(), unicodedata.normalize("NFD", text)}
    return {raw} | {form.encode("utf-8", "surrogatepass") for form in forms}


def _base64(raw: bytes) -> set[bytes]:
    """What base 64 of anything that holds `raw` must hold, for the three alignments."""
    forms: set[bytes] = set()
    for skip in range(3):
        body = base64.b64encode(b"\0" * skip + raw).rstrip(b"=")
        forms.add(body[(0, 2, 3)[skip] : len(body) - (0 if (skip + len(raw)) % 3 == 0 else 1)])
    return forms
