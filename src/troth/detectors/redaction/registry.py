"""Values that a program knows to be secret (from its environment, its secrets file), whatever they look like, in every common encoding.

Values shorter than six characters, and common words, are refused: replacing them would destroy logs and hide nothing.
"""

from __future__ import annotations

import base64
import json
import threading
import urllib.parse
from collections.abc import Iterable, Mapping

from troth.detectors.redaction.forms import Forms
from troth.detectors.redaction.keys import secret_key

__all__ = ["Registry"]

SHORTEST = 6
MOST = 10_000
_ESCAPES = (("%", "02x", ""), ("%", "02X", ""), ("\\x", "02x", ""), ("\\x", "02X", ""), ("&#", "d", ";"), ("&#x", "x", ";"))
"""Every byte escaped: before it, its form, after it."""
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
            for form in _forms(raw):
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
        found: list[tuple[int, int, str, bytes]] = []
        last = -1
        for at, form in sorted(self._index.find(data), key=lambda hit: (hit[0], -len(hit[1]))):
            if at + len(form) > last:
                last = at + len(form)
                found.append((at, last, *self._forms[form]))
        return found


def _forms(raw: bytes) -> set[bytes]:
    """The value as it would stand in text: plain, JSON-escaped, percent-encoded, hex, base64 (three alignments)."""
    import html  # its table of entities costs a start more than the rest of this module

    forms = {raw, raw.hex().encode(), raw.hex().upper().encode()}
    text = raw.decode("utf-8", "replace")
    forms.add(json.dumps(text)[1:-1].encode())
    forms.add(json.dumps(text, ensure_ascii=False)[1:-1].encode("utf-8", "surrogatepass"))
    forms.add(urllib.parse.quote(raw, safe="").encode())
    forms.add(urllib.parse.quote_plus(raw).encode())
    forms.add(repr(text)[1:-1].encode("utf-8", "surrogatepass"))
    forms |= {"".join(f"{before}{byte:{form}}{after}" for byte in raw).encode() for before, form, after in _ESCAPES}
    points = [ord(letter) for letter in text]
    forms |= {"".join(f"\\u{point:{form}}" for point in points if point < 0x10000).encode() for form in ("04x", "04X")}
    forms |= {json.dumps(text)[1:-1].replace("/", "\\/").encode(), html.escape(text).encode("utf-8", "surrogatepass")}
    for skip in range(5):
        body = base64.b32encode(b"\0" * skip + raw).rstrip(b"=")
        kept = body[(0, 2, 4, 5, 7)[skip] : len(body) - (0 if (skip + len(raw)) % 5 == 0 else 1)]
        forms |= {kept, kept.lower()} if len(kept) >= 8 else set()
    for skip in range(3):
        body = base64.b64encode(b"\0" * skip + raw).rstrip(b"=")
        spoiled = 0 if (skip + len(raw)) % 3 == 0 else 1
        kept = body[(0, 2, 3)[skip] : len(body) - spoiled]
        if len(kept) >= 8:
            forms |= {kept, kept.translate(bytes.maketrans(b"+/", b"-_"))}
    return {form for form in forms if len(form) >= SHORTEST}
