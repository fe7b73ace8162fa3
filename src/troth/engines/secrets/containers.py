"""Opens what a blob may be wrapped in: gzip, bzip2, xz, zip (wheels, .pt, office files), tar, pickle. Bounded in size, depth and count.

Pickles are never loaded: only the string arguments of their opcodes are read (`pickletools`). What is too large or damaged is left as it
is and said in the notes of the scan, never raised.
"""

from __future__ import annotations

import io
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

__all__ = ["Budget", "is_container", "members"]

MAGIC = (b"\x1f\x8b", b"PK\x03\x04", b"BZh", b"\xfd7zXZ\x00", b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05")
TAR_AT = 257


@dataclass(slots=True)
class Budget:
    """What opening containers may still cost in one blob.

    Attributes:
        bytes: decoded bytes left.
        members: files left.
        depth: containers in containers left.
        cut: true once something was left out for one of these limits, or could not be read.
    """

    bytes: int = 64 << 20
    members: int = 2_000
    depth: int = 3
    cut: bool = False


def is_container(data: bytes) -> bool:
    """True where the first bytes are those of a known container."""
    return data.startswith(MAGIC) or data[TAR_AT : TAR_AT + 5] == b"ustar"


def members(data: bytes, budget: Budget) -> Iterator[tuple[str, bytes]]:
    """What is inside, one level: (how, content)."""
    try:
        yield from _members(data, budget)
    except (
        OSError,
        EOFError,
        ValueError,
        zlib.error,
        NotImplementedError,
        RuntimeError,
        KeyError,
        IndexError,
        MemoryError,
    ):
        budget.cut = True
    except Exception as error:
        # the archive modules' own errors (BadZipFile, TarError, LZMAError) derive from Exception directly; anything else is a bug of ours
        if type(error).__module__ not in ("zipfile", "tarfile", "_lzma", "lzma"):
            raise
        budget.cut = True


def _members(data: bytes, budget: Budget) -> Iterator[tuple[str, bytes]]:
    # imported here: most scans never meet a container, and the modules cost more than a small scan
    if data.startswith(b"\x1f\x8b"):
        yield "gzip", _inflated(zlib.decompressobj(31), data, budget)
    elif data.startswith(b"BZh"):
        import bz2

        yield "bzip2", _inflated(bz2.BZ2Decompressor(), data, budget)
    elif data.startswith(b"\xfd7zXZ"):
        import lzma

        yield "xz", _inflated(lzma.LZMADecompressor(memlimit=128 << 20), data, budget)
    elif data.startswith(b"PK\x03\x04"):
        yield from _zip(data, budget)
    elif data[TAR_AT : TAR_AT + 5] == b"ustar":
        yield from _tar(data, budget)
    elif data[:1] == b"\x80":
        yield from _pickle(data, budget)


def _inflated(stream: object, data: bytes, budget: Budget) -> bytes:
    out = stream.decompress(data, budget.bytes)  # type: ignore[attr-defined]
    if len(out) >= budget.bytes:
        budget.cut = True
    budget.bytes -= len(out)
    return bytes(out)


def _zip(data: bytes, budget: Budget) -> Iterator[tuple[str, bytes]]:
    import zipfile

    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        for info in archive.infolist():
            budget.members -= 1
            if budget.members < 0 or budget.bytes <= 0:
                budget.cut = True
                return
            if info.is_dir():
                continue
            try:
                with archive.open(info) as file:
                    content = file.read(min(budget.bytes, 64 << 20))
            except (RuntimeError, NotImplementedError, zipfile.BadZipFile, zlib.error, EOFError, OSError):
                budget.cut = True  # encrypted, damaged or of an unknown method: the other members are still read
                continue
            budget.bytes -= len(content)
            budget.cut = budget.cut or info.file_size > len(content)
            yield "zip", info.filename.encode("utf-8", "replace") + b"\n" + content


def _tar(data: bytes, budget: Budget) -> Iterator[tuple[str, bytes]]:
    import tarfile

    with tarfile.open(fileobj=io.BytesIO(data), mode="r:") as archive:
        for info in archive:
            budget.members -= 1
            if budget.members < 0 or budget.bytes <= 0:
                budget.cut = True
                return
            file = archive.extractfile(info) if info.isreg() else None
            if file is not None:
                content = file.read(min(budget.bytes, 64 << 20))
                budget.bytes -= len(content)
                budget.cut = budget.cut or info.size > len(content)
                yield "tar", content


def _pickle(data: bytes, budget: Budget) -> Iterator[tuple[str, bytes]]:
    """The text in a pickle: its strings, one a line, since opcodes and lengths stand where a token's boundary would be."""
    from troth.engines.secrets.pickled import texts_of

    texts, cut = texts_of(data, min(budget.bytes, 16 << 20))
    budget.cut = budget.cut or cut
    if texts:
        budget.bytes = max(0, budget.bytes - sum(map(len, texts)))
        yield "pickle", b"\n".join(texts)
