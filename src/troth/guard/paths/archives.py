"""Unpacks tar and zip archives below a `Root`: regular files and directories only, each name once, within a budget that is checked before writing.

Refused as a whole, before anything is written for that member: absolute names, `..`, backslashes and drive letters, links and devices of every kind,
names that collide (also by case or Unicode form), more members or bytes than allowed, an expansion that is not believable. Permission bits are reduced to
read, write and the owner's execute; owners and times are not restored.
"""

from __future__ import annotations

import io
import lzma
import re
import shutil
import stat
import struct
import tarfile
import unicodedata
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, Final

from troth.guard.paths.refusal import PathRefusedError
from troth.guard.paths.root import Root
from troth.guard.paths.tape import open_tar

__all__ = ["extract_tar", "extract_zip"]

_MEMBERS: Final = 100_000
_TOTAL_BYTES: Final = 4 * 1024**3
_RATIO: Final = 200
"""Largest believable expansion of one zip member; deflate itself ends at 1,032."""
_SMALL_BYTES: Final = 1024 * 1024
_RESERVED: Final = re.compile(r"(?i)(?:con|prn|aux|nul|conin\$|conout\$|com[0-9\u00b9\u00b2\u00b3]|lpt[0-9\u00b9\u00b2\u00b3])[ ]*(?:\..*)?\Z")
"""Names that are devices on Windows, also before an ending."""
_ODD: Final = re.compile("[\0-\x1f\x7f\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff]")
"""Control characters, and what some file systems leave out of a name (HFS+), so that two names are one."""
_ENTRY: Final = 46
"""Bytes of an entry of a zip archive's directory, without its texts."""
_ZIP64: Final = 76
"""Bytes of the end record and the locator of zip64."""
_DAMAGE: Final = (tarfile.TarError, zipfile.BadZipFile, EOFError, NotImplementedError, RuntimeError, OSError, ValueError, KeyError, OverflowError, MemoryError, struct.error, zlib.error, lzma.LZMAError)
"""What the readers of the standard library raise on archives that are not what they say (RecursionError is a RuntimeError)."""
_CHUNK: Final = 1024 * 1024


@dataclass
class _Budget:
    members: int
    bytes_left: int
    seen: set[str]

    def member(self, name: str) -> str:
        """A member's safe relative path; refuses everything that could mean another place."""
        self.members -= 1
        if self.members < 0:
            raise PathRefusedError("size", "The archive holds more members than allowed")
        bad = not name or name.startswith("/") or "\\" in name or ":" in name or _ODD.search(name)
        parts = [part for part in name.split("/") if part not in ("", ".")]
        odd = any(part == ".." or part != part.rstrip(" .") or _RESERVED.match(part) for part in parts)
        if bad or odd or not parts:
            raise PathRefusedError("name", f"The archive names {name[:80]!r}, which is no plain relative path")
        path = "/".join(parts)
        folded = unicodedata.normalize("NFKC", path).casefold()
        if folded in self.seen:
            raise PathRefusedError("name", f"The archive holds {name[:80]!r} twice, or in two spellings")
        self.seen.add(folded)
        return path

    def spend(self, size: int) -> None:
        """Take bytes from the budget before they are written."""
        self.bytes_left -= size
        if self.bytes_left < 0:
            raise PathRefusedError("size", "The archive unpacks to more bytes than allowed")


class _Metered(io.RawIOBase):
    """Counts what a decompressor really yields: headers may lie."""

    def __init__(self, source: IO[bytes], budget: _Budget, announced: int) -> None:
        self._source, self._budget, self._left = source, budget, announced

    def readable(self) -> bool:
        """Always."""
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        """Read into `buffer`, and refuse a byte more than announced."""
        data = self._source.read(len(buffer))
        self._left -= len(data)
        if self._left < 0:
            raise PathRefusedError("size", "A member is larger than the archive says")
        self._budget.spend(len(data))
        buffer[: len(data)] = data
        return len(data)


@contextmanager
def _clean() -> Iterator[None]:
    try:
        yield
    except PathRefusedError:
        raise
    except _DAMAGE as error:
        raise PathRefusedError("kind", f"The archive is damaged: {type(error).__name__}") from error


def _write(root: Root, path: str, source: IO[bytes], announced: int, budget: _Budget, *, executable: bool) -> None:
    folder = path.rpartition("/")[0]
    if folder:
        root.make_directory(folder, 0o755)
    with root.write(path, mode=0o755 if executable else 0o644) as target:
        shutil.copyfileobj(_Metered(source, budget, announced), target, _CHUNK)


def _listed(archive: IO[bytes], members: int) -> zipfile.ZipFile:
    """A zip archive whose directory was counted before `zipfile` makes an object of each entry, which takes long for a million."""
    archive.seek(0, io.SEEK_END)
    length = archive.tell()
    archive.seek(max(0, length - 65_557 - _ZIP64))  # the end records and the longest comment
    tail = archive.read()
    at = tail.rfind(b"PK\5\6")
    if at < 0 or len(tail) - at < 22:
        raise PathRefusedError("kind", "The archive is damaged: it has no directory")
    size = struct.unpack_from("<I", tail, at + 12)[0]
    end = length - len(tail) + at
    if at >= _ZIP64 and tail[at - 20 : at - 16] == b"PK\6\7":  # whoever reads zip64 believes its record and not the small one
        size, end = struct.unpack_from("<Q", tail, at - _ZIP64 + 40)[0], end - _ZIP64
    archive.seek(max(0, end - min(size, end)))
    count = archive.read(min(size, end)).count(b"PK\1\2") if size > members * _ENTRY else 0
    if count > members:
        raise PathRefusedError("size", "The archive holds more members than allowed")
    return zipfile.ZipFile(archive)


def extract_zip(
    archive: IO[bytes], root: Root, *, members: int = _MEMBERS, total_bytes: int = _TOTAL_BYTES, ratio: int = _RATIO
) -> tuple[str, ...]:
    """Unpack a zip archive.

    Args:
        archive: seekable file.
        root: where to.
        members: most members.
        total_bytes: most bytes written in all.
        ratio: most bytes out per byte in, for members of more than 1 MiB.

    Returns:
        Paths written, relative to the root.

    Raises:
        PathRefusedError: at the first member that breaks a rule; members before it have been written.
    """
    budget, written = _Budget(members, total_bytes, set()), []
    with (
        _clean(),
        _listed(archive, members) as opened,
    ):
        for info in opened.infolist():
            kind = stat.S_IFMT(info.external_attr >> 16)
            if kind not in (0, stat.S_IFREG, stat.S_IFDIR) or "\\" in info.orig_filename or info.flag_bits & 0x1:
                raise PathRefusedError(
                    "kind", f"The archive holds {info.filename[:80]!r}, which is no plain file or directory"
                )
            path = budget.member(info.filename)
            if info.is_dir():
                root.make_directory(path, 0o755)
                continue
            if info.file_size > _SMALL_BYTES and info.file_size > ratio * max(info.compress_size, 1):
                raise PathRefusedError("size", f"{path[:80]!r} expands more than {ratio} times")
            with opened.open(info) as source:
                _write(
                    root, path, source, info.file_size, budget, executable=bool(info.external_attr >> 16 & stat.S_IXUSR)
                )
            written.append(path)
    return tuple(written)


def extract_tar(
    archive: IO[bytes], root: Root, *, members: int = _MEMBERS, total_bytes: int = _TOTAL_BYTES
) -> tuple[str, ...]:
    """Unpack a tar archive, compressed or not.

    Args:
        archive: file.
        root: where to.
        members: most members.
        total_bytes: most bytes written in all.

    Returns:
        Paths written, relative to the root.

    Raises:
        PathRefusedError: at the first member that breaks a rule; members before it have been written.
    """
    budget, written = _Budget(members, total_bytes, set()), []
    with _clean(), open_tar(archive) as opened:
        for info in opened:
            if not (info.isreg() or info.isdir()) or info.issparse():
                raise PathRefusedError(
                    "kind", f"The archive holds {info.name[:80]!r}, which is no plain file or directory"
                )
            if info.isdir() and info.name.strip("/") in ("", "."):
                continue
            path = budget.member(info.name.rstrip("/"))
            if info.isdir():
                root.make_directory(path, 0o755)
                continue
            source = opened.extractfile(info)
            if source is None:
                raise PathRefusedError("kind", f"{path[:80]!r} cannot be read")
            _write(root, path, source, info.size, budget, executable=bool(info.mode & stat.S_IXUSR))
            written.append(path)
    return tuple(written)
