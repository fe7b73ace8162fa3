"""Values that a program knows to be secret (from its environment, its secrets file), whatever they look like, in every common encoding.

Values shorter than six characters, and common words, are refused: replacing them would destroy logs and hide nothing.
"""

from __future__ import annotations

import base64
import json
import re
import threading
import urllib.parse
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping

from troth.detectors.redaction.disguises import Disguises
from troth.detectors.redaction.forms import Forms
from troth.detectors.redaction.keys import secret_key

__all__ = ["Registry"]

SHORTEST = 6
MOST = 100_000
RARE = 20_000
"""Forms from which on a further value is looked for in its usual encodings only: 150 values in all of them take some 30 MB."""
_BYTEWISE = (
    "%{:02x}", "%{:02X}", "\\x{:02x}", "\\x{:02X}", "&#{};", "&#x{:x};", "&#x{:X};", "&#{:03};", "&#{:04};", "&#x{:04x};", "&#{:07};", "={:02X}", "={:02x}", "\\{:03o}", "\\{:o}", "%25{:02x}", "%25{:02X}",
    "\\u{{{:x}}}", "\\x{{{:x}}}", "\\U{:08x}", "\\U{:08X}", "\\u00{:02x}", "\\u00{:02X}", "U+{:04X} ", "{}, ", "{},", "{} ", "0x{:02x}, ", "0x{:02X}, ", "0x{:02x},", "0x{:02x} ", "{:02x}:", "{:02X}:", "{:02x} ", "{:02X} ", "{:02x}-", "{:02X}-",
    "{:08b} ", "{:08b}", "\\{:x} ", "CHR({})||", "CHAR({}),", "chr({})+", "chr({}) + ",
)  # fmt: skip
"""Every byte written in its own way, one after another; the last sign of the last one is not part of the form."""
_CUT = re.compile(rb"(?:\\?\r?\n[ \t]{0,40}+)++|[\"'][ \t]{0,8}[+.]?[ \t\r\n]{0,40}[bfru]{0,2}[\"']")
"""Where a text is cut and goes on: the end of a line, or the end of one literal and the beginning of the next."""
COMMON = frozenset(
    b"password,secret,changeme,default,development,production,localhost,example,username,enabled,disabled,undefined,anonymous,"
    b"123456,1234567,12345678,123456789".split(b",")
)


class Registry:
    """Known values. Adding and finding may happen in different threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._forms: dict[bytes, tuple[str, bytes]] = {}
        self._index = Forms()
        self._disguises = Disguises()
        self.values: list[bytes] = []
        self.longest = 0

    def __len__(self) -> int:
        return len({value for _, value in self._forms.values()})

    def add(self, value: str | bytes, name: str = "known-value") -> bool:
        """Register a value.

        Args:
            value: the secret.
            name: shown in markers; must not be secret itself.

        Returns:
            False where the value is too short or too common to be replaced safely.
        """
        raw = value.encode("utf-8", "surrogatepass") if isinstance(value, str) else value
        raw = raw.strip()
        if len(raw) < SHORTEST or raw.lower() in COMMON or len(set(raw)) < 3 or len(self._forms) >= MOST:
            return False
        with self._lock:
            if raw not in self._forms:
                self.values.append(raw)
                self._disguises.add(raw)
            for form in _forms(raw) if len(self._forms) < RARE else _usual(raw):
                if form not in self._forms:
                    self._forms[form] = (name, raw)
                    self._index.add(form)
                    self.longest = max(self.longest, len(form))
        return True

    def add_mapping(self, values: Mapping[str, str], names: Iterable[str] = ()) -> int:
        """Register the values of a mapping (such as the environment) whose names say that they are secret, and those named.

        Returns:
            How many were registered.
        """
        wanted = frozenset(names)
        return sum(
            self.add(value, f"known-{name[:40]}")
            for name, value in values.items()
            if name in wanted or secret_key(name)
        )

    def find(self, data: bytes) -> list[tuple[int, int, str, bytes]]:
        """Places of known values: start, end, name for the marker, the value."""
        if not self._forms:
            return []
        hits = self._index.find(data)
        found: list[tuple[int, int, str, bytes]] = []
        for start, end, form in self._broken(data) if b"\n" in data or b'"' in data or b"'" in data else ():
            found.append((start, end, *self._forms[form]))
        found += [(start, end, *self._forms[value]) for start, end, value in self._disguises.find(data)]
        last = -1
        for at, form in sorted(hits, key=lambda hit: (hit[0], -len(hit[1]))):
            if at + len(form) > last:
                last = at + len(form)
                found.append((at, last, *self._forms[form]))
        return found

    def _broken(self, data: bytes) -> Iterator[tuple[int, int, bytes]]:
        """Values that a line end, or a joint of two literals, cuts in two: start and end with the cut in between."""
        joined = _CUT.sub(b"", data)
        if len(joined) == len(data) or not (hits := self._index.find(joined)):
            return
        cuts = [match.span() for match in _CUT.finditer(data)]
        places, behind, removed = [], [0], 0
        for start, end in cuts:
            places.append(start - removed)
            removed += end - start
            behind.append(removed)
        for place, form in hits:
            first = bisect_right(places, place)
            last = bisect_right(places, place + len(form) - 1)
            if first != last:
                yield place + behind[first], place + behind[last] + len(form), form


def _usual(raw: bytes) -> set[bytes]:
    """Plain, escaped for JSON and addresses, in hexadecimal and in base 64."""
    plain = json.dumps(raw.decode("utf-8", "replace"))[1:-1]
    forms = {raw, raw.hex().encode(), raw.hex().upper().encode(), plain.encode(), urllib.parse.quote(raw, safe="").encode()}
    return {form for form in forms | _base64(raw) if len(form) >= SHORTEST}


def _forms(raw: bytes) -> set[bytes]:
    """The value as it would stand in text: plain, escaped for every usual reader, byte by byte, in base 16, 32, 64 (also of one another) and 85, backwards."""
    import html  # its table of entities costs a start more than the rest of this module

    text = raw.decode("utf-8", "replace")
    plain = json.dumps(text)[1:-1]
    forms = {raw, raw[::-1], raw.hex().encode(), raw.hex().upper().encode(), plain.encode(), plain.replace("/", "\\/").encode(), repr(text)[1:-1].encode("utf-8", "surrogatepass")}
    forms.add(json.dumps(text, ensure_ascii=False)[1:-1].encode("utf-8", "surrogatepass"))
    forms |= {urllib.parse.quote(raw, safe="").encode(), urllib.parse.quote_plus(raw).encode(), html.escape(text).encode("utf-8", "surrogatepass")}
    forms |= {"".join(map(form.format, raw)).rstrip(", :-|+").encode() for form in _BYTEWISE}
    points = [ord(letter) for letter in text]
    forms |= {"".join(f"\\u{point:{form}}" for point in points if point < 0x10000).encode() for form in ("04x", "04X")}
    forms.add("".join(f"\\{letter}" for letter in text).encode("utf-8", "surrogatepass"))
    forms |= {raw.hex(" ", 2)[skip:].encode() for skip in (0, 2)} | {raw.hex(" ", -2).encode(), raw[1:].hex(" ", -2).encode()}
    forms |= _in_base(raw)
    return {form for form in forms if len(form) >= SHORTEST}


def _in_base(raw: bytes) -> set[bytes]:
    """Base 32 and 85 at every alignment, base 64 up to three times, and base 64 and 16 of one another and of UTF-16."""
    forms: set[bytes] = set()
    for skip in range(5):
        body = base64.b32encode(b"\0" * skip + raw).rstrip(b"=")
        kept = body[(0, 2, 4, 5, 7)[skip] : len(body) - (0 if (skip + len(raw)) % 5 == 0 else 1)]
        forms |= {kept, kept.lower()} if len(kept) >= 8 else set()
    for skip in range(4):
        whole = raw[skip : skip + (len(raw) - skip) // 4 * 4]
        forms |= {base64.a85encode(whole), base64.b85encode(whole)} if len(whole) >= 8 else set()
    once = _base64(raw)
    twice = {form for inner in once for form in _base64(inner)}
    forms |= once | twice | {form for inner in twice for form in _base64(inner)}
    forms |= {inner.hex().encode() for inner in once} | _base64(raw.hex().encode())
    for order in ("utf-16-le", "utf-16-be"):
        wide = raw.decode("latin-1").encode(order)
        forms |= {wide.hex().encode(), wide} | _base64(wide)
    return forms


def _base64(raw: bytes) -> set[bytes]:
    """What base 64 of anything that holds `raw` must hold, for the three alignments and both alphabets; nothing shorter than eight signs."""
    forms: set[bytes] = set()
    for skip in range(3):
        body = base64.b64encode(b"\0" * skip + raw).rstrip(b"=")
        spoiled = 0 if (skip + len(raw)) % 3 == 0 else 1
        kept = body[(0, 2, 3)[skip] : len(body) - spoiled]
        if len(kept) >= 8:
            forms |= {kept, kept.translate(bytes.maketrans(b"+/", b"-_"))}
    return forms
