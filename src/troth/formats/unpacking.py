"""Single-stream compression around a file (gzip, bzip2, xz, lzma, zlib, lz4, zstd), expanded within limits, large results on disk.

Refused: more than the budget, more than its ratio, members that are damaged or cut, and bytes behind the stream. Formats whose decoder is not
installed are refused with the name of the extra that would read them; they are never skipped.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from typing import Any, Protocol

from troth.formats.source import Source
from troth.formats.verdict import Budget, Refusal

__all__ = ["codec_of", "expand"]

_CHUNK = 1 << 18
_IN_MEMORY = 16 << 20


class _Decoder(Protocol):
    @property
    def eof(self) -> bool: ...

    @property
    def unused_data(self) -> bytes: ...

    def decompress(self, data: bytes, max_length: int = -1, /) -> bytes: ...


def _is_lzma(head: bytes) -> bool:
    """Whether the first bytes are the header of the old form (`lzma.FORMAT_ALONE`): settings, a window of 2^n or 2^n + 2^(n-1), a length, and the zero that opens the coded bytes."""
    window, size = int.from_bytes(head[1:5], "little"), int.from_bytes(head[5:13], "little")
    lowest = window & -window
    return head[0] < 225 and head[13] == 0 and window >= 4096 and (window == lowest or window == lowest * 3) and (size == (1 << 64) - 1 or 0 < size < 1 << 38)


def codec_of(head: bytes) -> str | None:
    """Name of the compression that the first bytes announce, or None."""
    for magic, name in ((b"\x1f\x8b\x08", "gzip"), (b"BZh", "bzip2"), (b"\xfd7zXZ\0", "xz"), (b"\x28\xb5\x2f\xfd", "zstd"), (b"\x04\x22\x4d\x18", "lz4")):
        if head.startswith(magic):
            return name
    if len(head) > 13 and _is_lzma(head):
        return "lzma"
    if len(head) > 2 and head[0] == 0x78 and (head[0] * 256 + head[1]) % 31 == 0 and not head[1] & 0x20:
        return "zlib"
    return None


def _decoder(codec: str) -> _Decoder:
    if codec == "gzip":
        return zlib.decompressobj(31)
    if codec == "zlib":
        return zlib.decompressobj(15)
    if codec == "bzip2":
        import bz2

        return bz2.BZ2Decompressor()
    if codec in ("xz", "lzma"):
        import lzma

        kind = lzma.FORMAT_XZ if codec == "xz" else lzma.FORMAT_ALONE
        return lzma.LZMADecompressor(kind, memlimit=256 << 20)
    try:
        if codec == "lz4":
            import lz4.frame  # type: ignore[import-untyped]

            return lz4.frame.LZ4FrameDecompressor()  # type: ignore[no-any-return]
        import zstandard
    except ImportError as error:
        raise Refusal("codec-missing", f"{codec} data cannot be looked into here; install the package for {codec}") from error
    return _Zstd(zstandard.ZstdDecompressor(max_window_size=128 << 20).decompressobj())


class _Zstd:
    """zstd's decoder in the shape of the others; its blocks bound what one call gives."""

    def __init__(self, inner: Any) -> None:  # noqa: ANN401
        self._inner = inner

    @property
    def eof(self) -> bool:
        return bool(self._inner.eof)

    @property
    def unused_data(self) -> bytes:
        return bytes(self._inner.unused_data)

    def decompress(self, data: bytes, max_length: int = -1, /) -> bytes:  # noqa: ARG002
        return bytes(self._inner.decompress(data))


def expand(source: Source, codec: str, budget: Budget) -> Source:
    """The expanded content, as a source of its own.

    Raises:
        Refusal: a budget is exceeded, the data are damaged, cut or followed by more.
    """
    import tempfile

    target = tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY)  # noqa: SIM115
    size, pos, decoder = 0, 0, _decoder(codec)
    step = 4096 if codec == "zstd" else _CHUNK
    while pos < source.size:
        raw = source.read(pos, min(step, source.size - pos))
        pos += len(raw)
        for piece in _pieces(decoder, raw, codec, pos):
            target.write(piece)
            size += len(piece)
            if size > budget.expanded:
                raise Refusal("budget-expanded", f"the content expands to more than {budget.expanded} bytes", pos)
            if size > 1 << 20 and size > budget.ratio * pos:
                raise Refusal("budget-ratio", f"the content expands more than {budget.ratio} times", pos)
        if decoder.eof and (decoder.unused_data or pos < source.size):
            if codec not in ("gzip", "bzip2", "xz"):
                raise Refusal("trailing-bytes", "bytes behind the compressed content", pos)
            pos -= len(decoder.unused_data)
            decoder = _decoder(codec)
    if not decoder.eof:
        raise Refusal("truncated", "the compressed content ends before its end mark", source.size)
    if size <= _IN_MEMORY:
        target.seek(0)
        return Source(target.read())
    target.rollover()
    target.flush()
    return Source(target.fileno(), size, keep=target)


def _pieces(decoder: _Decoder, raw: bytes, codec: str, pos: int) -> Iterator[bytes]:
    data = raw
    while True:
        try:
            piece = decoder.decompress(data, 1 << 20)
        except (zlib.error, OSError, EOFError, ValueError, RuntimeError) as error:
            raise Refusal("damaged", f"the {codec} data cannot be expanded: {error}", pos) from error
        except Exception as error:
            if type(error).__name__ not in ("ZstdError", "LZMAError"):
                raise
            raise Refusal("damaged", f"the {codec} data cannot be expanded", pos) from error
        yield piece
        data = getattr(decoder, "unconsumed_tail", b"")
        more = not decoder.eof and (bool(data) or (hasattr(decoder, "needs_input") and not decoder.needs_input))
        if not more:
            return
