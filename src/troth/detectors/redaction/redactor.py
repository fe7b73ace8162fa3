"""Takes secrets out of text. One call, final text in, safe text out; block mode, linear time.

Rules: what a detector matches is replaced as a whole (a key with its armour, an encoded run with its encoding); what the registry knows is
replaced literally in all its encodings; clean text comes back as the same object; a failure never lets the text through.

Not here: where log records come from and how they are hooked (`guard`), and cutting streams into texts (`streams`).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from typing import Final

from troth.detectors.redaction.crowded import is_crowded
from troth.detectors.redaction.labelled import SIGNS, Span, hides, labelled, plain_view, suspicious
from troth.detectors.redaction.marker import marker, process_key
from troth.detectors.redaction.registry import Registry
from troth.detectors.rule import Match
from troth.detectors.scanner import Scanner, default

__all__ = ["Redactor"]

_PACKED: Final = re.compile(rb"(?s)[He](?<![0-9A-Za-z+/_-].)(?:(?<=H)4sI|(?<=e)J[w-z0-9A-Za-z])[0-9A-Za-z+/_-]{12,}+={0,2}")
"""Begins with a letter, which is searched faster than a boundary in front of it."""
_ALSO: Final = (rb"H4sI[0-9A-Za-z\x2b\x2f_\x2d]{12}", rb"eJ[w-z0-9A-Za-z][0-9A-Za-z\x2b\x2f_\x2d]{12}", rb"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
"""What else makes a second look necessary: something compressed, and signs that a terminal does not show."""
_PACKED_RUNS: Final = 64
"""Compressed runs of one text that are unpacked, and one more for every 500 bytes; what is behind them goes unread."""
_UNPACKED: Final = 64 << 10
"""Bytes that all of them together may unpack to, and four more for every byte of the text."""
_SHORT: Final = 400
_NOTHING: Final = 6
"""Texts shorter than this hold nothing: known values have six bytes, tokens and labelled values with their labels have more."""
_TWICE: Final = 0.2
"""Share of all limits for a text that is looked at twice, as it is and as it reads, or that was compressed."""
_ONLY_AT_MOST: Final = 40
"""Different secrets that only show in a text as it is, from which on a text that also hides others goes as a whole."""
_LONG: Final = 3_000
"""Bytes of secrets with letters beyond ASCII in such a text from which on it goes as a whole: comparing them costs as much as looking for them."""
_FINGERPRINTS: Final = 1_000
"""Pieces of one text from which on markers come without a fingerprint: making one costs more than all the rest."""


class Redactor:
    """Replaces secrets by markers. Safe to share between threads."""

    def __init__(self, scanner: Scanner | None = None, registry: Registry | None = None, key: bytes = b"") -> None:
        """Prepare.

        Args:
            scanner: which rules; the shared one of the process if omitted.
            registry: known values; an empty one if omitted.
            key: for the fingerprints in markers; random per process if omitted.
        """
        self._scanner = scanner or default()
        self._quiet = self._scanner.quiet
        self._clean = self._scanner.gate(SIGNS, _ALSO) or self._clean_by_parts
        self.registry = registry if registry is not None else Registry()
        self._key = key or process_key()

    def text(self, text: str) -> str:
        """Redact a string. Returns the same object where there is nothing to redact."""
        if text.isascii():
            data = text.encode()
            if self._clean(data) and not (self.registry.longest and self.registry.find(data)):
                return text  # nearly every record: nothing else may cost time before this
        try:
            data = text.encode()
        except UnicodeEncodeError:
            data = text.encode("utf-8", "surrogatepass")
        plain = None if text.isascii() and not hides(text) else plain_view(text)
        if plain is None:
            found = self._spans(data)
            return self._without(data, found).decode("utf-8", "surrogatepass") if found else text
        seen = plain.encode("utf-8", "surrogatepass")
        if is_crowded(seen):
            return self._crowd(data, seen).decode("utf-8", "surrogatepass")
        return self._looked_at_twice(text, data, seen)

    def _looked_at_twice(self, text: str, data: bytes, seen: bytes) -> str:
        """A text with invisible or look-alike letters. What only shows once they are gone makes the text go out without them; what only shows while they are there goes from there, too."""
        shown = self._spans(seen, _TWICE)
        if _all_of(shown, seen):
            return self._without(seen, shown).decode("utf-8", "surrogatepass")
        spans = self._spans(data, _TWICE, standing=True)
        if not shown or _all_of(spans, data):
            return self._without(data, spans).decode("utf-8", "surrogatepass") if spans else text
        pieces = [data[start:end] for start, end, _, _ in spans]
        if sum(len(piece) for piece in pieces if not piece.isascii()) > _LONG:
            return marker("hidden text", data, self._key).decode()
        read = Counter(seen[span[0] : span[1]] for span in shown)
        bare = Counter(map(_as_read, pieces))
        if not read - bare:
            return self._without(data, spans).decode("utf-8", "surrogatepass")
        only = bare - read
        if len(only) > _ONLY_AT_MOST or any(piece not in seen for piece in only):
            return marker("hidden text", data, self._key).decode()
        found = [(at, at + len(piece), "hidden text", piece) for piece in only for at in _places(piece, seen)]
        return self._without(seen, shown + found).decode("utf-8", "surrogatepass")

    def _crowd(self, data: bytes, seen: bytes) -> bytes:
        """A text of little else than labels, with invisible letters in it: it goes out without them, looked at once as it is and once as it reads."""
        spans, bare = (
            self._tokens(text, self._scanner.scan(text, everything=True, bounded=_TWICE), standing=text is data) for text in (seen, data)
        )
        read = Counter(seen[span[0] : span[1]] for span in spans)
        if _all_of(spans, seen) or Counter(_as_read(data[span[0] : span[1]]) for span in bare) - read:
            return marker("crowded text", data, self._key)  # an invisible letter ended a token: which of both texts is whole cannot be told
        return self._without(seen, spans + labelled(seen))

    def _tokens(self, data: bytes, found: list[Match], *, standing: bool = False) -> list[Span]:
        return (self.registry.standing(data) if standing else self.registry.find(data)) + [
            (match.outer_start if _armoured(match) else match.start, match.outer_end if _armoured(match) else match.end,
             match.rule.id, match.value(data))
            for match in found
        ]  # fmt: skip

    def _spans(self, data: bytes, share: float = 1.0, left: list[int] | None = None, *, standing: bool = False) -> list[Span]:
        """Places of secrets; with `standing`, known values only where they stand as they are: the same text is read in other ways besides."""
        found = self._scanner.scan(data, None, everything=True, bounded=share)
        spans = self._tokens(data, found, standing=standing) if found or self.registry.longest else []
        if found and found[0].outer_end - found[0].outer_start == len(data):
            return spans
        if (b"H" in data and b"H4sI" in data) or (b"J" in data and b"eJ" in data):  # one byte is looked for much faster than two
            spans = spans + self._packed(data, left or [_PACKED_RUNS + len(data) // 500, _UNPACKED + 4 * len(data)])
        return spans + labelled(data)

    def _packed(self, data: bytes, left: list[int]) -> list[Span]:
        """Runs of base 64 that hold compressed text with a secret in it, also compressed again; and those that are too many or too large to be read.

        Args:
            data: the text.
            left: runs and bytes that may still be unpacked, shared by all depths: what unpacks to itself must not multiply.
        """
        found: list[Span] = []
        for match in _PACKED.finditer(data):
            left[0] -= 1
            inner, whole = _unpacked(match.group(), left[1]) if min(left) > 0 else (b"", False)
            left[1] -= len(inner)
            if not whole or (inner and self._spans(inner, _TWICE, left)):
                found.append((*match.span(), "compressed", match.group()))
        return found

    def _without(self, data: bytes, spans: list[Span]) -> bytes:
        spans.sort(key=_place)
        parts, at = [], 0
        for start, end, rule, value in spans:
            if end <= at:
                continue
            while start > at and data[start] & 0xC0 == 0x80:
                start -= 1  # a letter of several bytes goes whole: half of one is no text
            while end < len(data) and data[end] & 0xC0 == 0x80:
                end += 1
            parts.append(data[at : max(at, start)])
            parts.append(marker(rule, value if len(parts) < _FINGERPRINTS else b"", self._key))
            at = end
        parts.append(data[at:])
        return b"".join(parts)

    def _clean_by_parts(self, data: bytes) -> bool:
        """What the gate tells in one pass, for the engines that have none; only of short and plain texts, of others it says nothing."""
        if len(data) < _NOTHING:
            return True
        if len(data) > _SHORT:
            return False
        return b"eJ" not in data and b"H4sI" not in data and not suspicious(data) and data.isascii() and data.decode("ascii").isprintable() and self._quiet(data)

    def bytes(self, data: bytes) -> bytes:
        """Redact bytes. Returns the same object where there is nothing to redact."""
        if self._clean(data) and not (self.registry.longest and self.registry.find(data)):
            return data
        spans = self._spans(data)
        return self._without(data, spans) if spans else data


def _unpacked(text: bytes, most: int) -> tuple[bytes, bool]:
    """What gzip or zlib, in base 64, unpack to, at most so many bytes of it, and whether that is all; nothing, which is all, where they do not."""
    import base64
    import zlib

    try:
        body = text.rstrip(b"=").translate(bytes.maketrans(b"-_", b"+/"))
        raw = base64.b64decode(body[: len(body) - (len(body) % 4 == 1)] + b"=" * (-len(body) % 4))
        unpacker = zlib.decompressobj(wbits=47)
        return unpacker.decompress(raw, most), not unpacker.unconsumed_tail
    except (ValueError, zlib.error):
        return b"", True


def _all_of(spans: list[Span], data: bytes) -> bool:
    return any(start == 0 and end == len(data) for start, end, _, _ in spans)


def _as_read(data: bytes) -> bytes:
    text = data.decode("utf-8", "replace")
    if text.isascii() and not hides(text):
        return data
    return (plain_view(text) or text).encode("utf-8", "surrogatepass")


def _places(piece: bytes, data: bytes) -> Iterator[int]:
    at = data.find(piece) if piece else -1
    while at >= 0:
        yield at
        at = data.find(piece, at + len(piece))


def _place(span: Span) -> tuple[int, int]:
    return span[0], -span[1]


def _armoured(match: Match) -> bool:
    """A key's block is replaced with its BEGIN and END lines: half an armour would invite tools to parse it."""
    return match.rule.proof == "pem" or match.rule.id in ("pgp-private-key", "putty-private-key")
