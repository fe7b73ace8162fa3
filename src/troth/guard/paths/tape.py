"""A tar archive as `tarfile` reads it, with a bound on what only describes members.

`tarfile` reads a long name, a long link or a pax header into memory whole, whatever size it announces, before a caller sees the member, and parses pax headers with an
expression whose time grows with the square of a run of digits (CVE-2024-6232). A gzip of some kilobytes can announce gigabytes of it. Both are refused here, before.
"""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import re
import tarfile
from typing import IO, Final, cast

from troth.guard.paths.refusal import PathRefusedError

__all__ = ["open_tar"]

_DESCRIBING: Final = frozenset((tarfile.XHDTYPE, tarfile.XGLTYPE, tarfile.SOLARIS_XHDTYPE, tarfile.GNUTYPE_LONGNAME, tarfile.GNUTYPE_LONGLINK))
_HEADER_BYTES: Final = 64 * 1024
"""Of one long name or pax header; a path has at most 4,096."""
_DIGITS: Final = re.compile(rb"[0-9]{256}")
"""More than the longest name of a file that consists of digits."""


class _Tape(io.RawIOBase):
    """The unpacked bytes; a read that follows the head of a description is looked at."""

    def __init__(self, source: IO[bytes]) -> None:
        self._source = source
        self.describing = False

    def read(self, size: int | None = -1, /) -> bytes:
        """So many bytes; refuses a description that would take the parser long."""
        data = self._source.read(-1 if size is None else size)
        if self.describing:
            self.describing = False
            if _DIGITS.search(data):
                raise PathRefusedError("size", "A header of the archive holds a number that no file has")
        return data

    def seek(self, offset: int, whence: int = 0, /) -> int:
        """Of the unpacked bytes."""
        return self._source.seek(offset, whence)

    def tell(self) -> int:
        """In the unpacked bytes."""
        return self._source.tell()


def open_tar(archive: IO[bytes]) -> tarfile.TarFile:
    """A tar archive, plain or compressed by gzip, bzip2 or xz, for reading from where the file stands.

    Raises:
        PathRefusedError: here or while it is read, where a header is larger than any file's description.
        OSError, tarfile.TarError, lzma.LZMAError: it is damaged or no tar archive.
    """
    tape = _Tape(_unpacked(archive))

    class Member(tarfile.TarInfo):
        """A member whose description is measured before it is read."""

        @classmethod
        def frombuf(cls, buf: bytes | bytearray, encoding: str, errors: str) -> tarfile.TarInfo:  # type: ignore[override]
            """See tarfile."""
            info = super().frombuf(buf, encoding, errors)
            if info.type in _DESCRIBING:
                if not 0 <= info.size <= _HEADER_BYTES:
                    raise PathRefusedError("size", f"A header of the archive is larger than {_HEADER_BYTES} bytes")
                tape.describing = True
            return info

    return tarfile.open(fileobj=cast("IO[bytes]", tape), mode="r:", tarinfo=Member)


def _unpacked(archive: IO[bytes]) -> IO[bytes]:
    start = archive.tell()
    magic = archive.read(6)
    archive.seek(start)
    if magic.startswith(b"\x1f\x8b"):
        return cast("IO[bytes]", gzip.GzipFile(fileobj=archive, mode="rb"))
    if magic.startswith(b"BZh"):
        return cast("IO[bytes]", bz2.BZ2File(archive, "rb"))
    if magic.startswith((b"\xfd7zXZ", b"]\0\0")):
        return cast("IO[bytes]", lzma.LZMAFile(archive, "rb"))
    return archive
