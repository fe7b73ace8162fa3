"""Archives behind, or inside of, files of another format: readers that look for the end record open them, whatever the file begins with."""

from __future__ import annotations

from struct import unpack_from
from typing import Final

from troth.formats import unpacking
from troth.formats.source import Source
from troth.formats.tarred import looks_like_tar
from troth.formats.verdict import Refusal

__all__ = ["refuse_archive_behind"]

_TAIL: Final = 66_000
"""An end record and the longest comment behind it."""
_RECORDS: Final = 50


def refuse_archive_behind(source: Source, head: bytes) -> None:
    """Refuse a file whose end reads as an archive.

    Offsets that count from the begin of the file are for readers as torch's, and only made on purpose. Offsets that count from somewhere in it are how every container (and every pickle)
    holds an archive at its end; that is refused only where the file is neither, because Python's reader opens it all the same.

    Raises:
        Refusal: `zip-gap`.
    """
    base = max(source.size - _TAIL, 0)
    tail = source.read(base, source.size - base)
    at = tail.rfind(b"PK\5\6")
    for _ in range(_RECORDS):
        if at < 0 or source.size < 22:
            return
        if at + 22 <= len(tail):
            size, start = unpack_from("<II", tail, at + 12)
            own = _wide(source, base + at) or (start < base + at and _signature(source, start))
            inner = size <= base + at and _signature(source, base + at - size)
            if own or (inner and not _holds_files(head)):
                raise Refusal("zip-gap", "an archive behind other bytes, which some loaders find and others do not", base + at)
        at = tail.rfind(b"PK\5\6", 0, at)


def _wide(source: Source, at: int) -> bool:
    """Whether the locator before the end record points to a 64-bit record, counted from the begin of the file."""
    if at < 20 or source.read(at - 20, 4) != b"PK\6\7":
        return False
    place = unpack_from("<Q", source.read(at - 12, 8))[0]
    return bool(place + 56 <= source.size and source.read(place, 4) == b"PK\6\6")


def _signature(source: Source, at: int) -> bool:
    return at + 46 <= source.size and source.read(at, 4) == b"PK\1\2"


def _holds_files(head: bytes) -> bool:
    """Whether the format holds whole files: tar, 7z, compressed streams, pickles."""
    return head[:1] == b"\x80" or head[:2] == b"7z" or unpacking.codec_of(head) is not None or looks_like_tar(head)
