"""Bounded inflation of git's zlib streams, with isal where it is installed.

Rule: never more than the announced size plus one byte is produced, so a lying header cannot take memory.
isal is 1.5-1.9 times faster on pieces over about 1 KiB and slower on those below 128 bytes (its state is large), hence the two ways.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, cast

from troth.errors import FormatError

__all__ = ["BACKEND", "inflate", "inflate_each", "inflate_pieces"]

Buffer = bytes | memoryview

SMALL = 128
"""Compressed bytes below which zlib's start-up is cheaper than isal's."""
MAX_RATIO = 1_032
"""Deflate cannot expand by more than this factor."""
ONE_SHOT = 64 << 20
"""If a stream cannot expand beyond this, it is inflated in one call, which is quicker than in pieces."""
_SHORT = ONE_SHOT // MAX_RATIO


_big: Callable[..., bytes]
_stream: Callable[..., Any]
_errors: tuple[type[Exception], ...]
try:
    from isal import isal_zlib

    _big, _stream = isal_zlib.decompress, isal_zlib.decompressobj
    _errors = (zlib.error, cast("type[Exception]", isal_zlib.error))
    BACKEND = "isal"
except ImportError:  # the extra `troth[secrets]` is not installed
    _big, _stream, _errors = zlib.decompress, zlib.decompressobj, (zlib.error,)
    BACKEND = "zlib"


def inflate(packed: Buffer, size: int) -> bytes:
    """Inflate one object whose header announced `size` bytes; `packed` may have bytes after the stream's end.

    Raises:
        FormatError: the stream is damaged, or its length is not the announced one.
    """
    length = len(packed)
    try:
        if length <= SMALL:
            data = zlib.decompress(packed, bufsize=size or 1)
        elif length <= _SHORT:
            data = _big(packed, 15, size or 1)
        else:
            data = _bounded(packed, size)
    except _errors as error:
        raise FormatError(f"damaged zlib stream ({type(error).__name__})") from error
    if len(data) != size:
        raise FormatError(f"object has another length than its header says ({size} bytes)")
    return data


def inflate_each(
    pack: memoryview, entries: Iterable[int], where: tuple[Sequence[int], Sequence[int], Sequence[int]], limit: int
) -> Iterator[bytes | None]:
    """Inflate many small entries of a pack with as little as possible between them.

    Args:
        pack: the pack.
        entries: numbers of entries.
        where: by entry: where its zlib stream begins, where the next entry begins, the announced size.
        limit: largest size that is inflated.

    Yields:
        The content, or None where the entry is damaged or over the limit.
    """
    small, large = zlib.decompress, _big
    begins, ends, sizes = where
    for k in entries:
        begin, end, size = begins[k], ends[k], sizes[k]
        length = end - begin
        if length > _SHORT or size > limit:
            try:
                yield inflate(pack[begin:end], size) if size <= limit else None
            except FormatError:
                yield None
            continue
        try:
            data = (small if length <= SMALL else large)(pack[begin:end], 15, size or 1)
        except _errors:
            yield None
            continue
        yield data if len(data) == size else None


def _bounded(packed: Buffer, size: int) -> bytes:
    stream = _stream()
    data: bytes = stream.decompress(packed, size + 1)
    if not stream.eof and len(data) == size:
        # the checksum may still have to be read: this call can only yield bytes if the header lied
        data += stream.decompress(stream.unconsumed_tail, 1)
    if not stream.eof:
        raise zlib.error("incomplete stream")
    return data


def inflate_pieces(packed: Buffer, size: int, piece: int) -> Iterator[bytes]:
    """Inflate a large object piece by piece, for streaming.

    Raises:
        FormatError: the stream is damaged, ends early, or goes on beyond the announced size.
    """
    stream = _stream()
    done, tail, position, step = 0, b"", 0, 256 << 10
    while done < size:
        if not tail:
            tail = bytes(packed[position : position + step])
            position += step
            if not tail:
                raise FormatError("zlib stream ends early")
        try:
            data: bytes = stream.decompress(tail, min(piece, size - done + 1))
        except _errors as error:
            raise FormatError(f"damaged zlib stream ({type(error).__name__})") from error
        tail = stream.unconsumed_tail
        done += len(data)
        if done > size or (stream.eof and done < size):
            raise FormatError("object has another length than its header says")
        if data:
            yield data
