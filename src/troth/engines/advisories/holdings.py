"""Walks what somebody downloaded: a folder, a zip, a tar, or one file, of advisories in any of the known forms. Reads bytes; unpacks nothing to disk.

Rules: one entry at a time is in memory, each bounded; entries that are no advisories by their name (licences, scripts, READMEs) are not touched; links are not followed.
"""

from __future__ import annotations

import os
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Final

from troth.errors import LookError

__all__ = ["entries"]

LARGEST: Final = 8 * 1024 * 1024
"""Bytes of one advisory; the largest known ones have some hundred thousand."""

MOST: Final = 2_000_000
"""Advisories of one source."""

_KINDS: Final = (".json", ".yaml", ".yml", ".md")
_ASIDE: Final = ("readme", "contributing", "changelog", "code_of_conduct", "license", "security", "howto", "example", "package", "events_guidelines")


def entries(path: Path) -> Iterator[tuple[str, bytes | None]]:
    """Name and bytes of every entry that could be an advisory; None for bytes that are larger than an advisory may be.

    Raises:
        LookError: the path cannot be read, or is no archive though its name says so.
    """
    try:
        if path.is_dir():
            found = _folder(path)
        elif zipfile.is_zipfile(path):
            found = _zip(path)
        elif path.suffix in _KINDS:
            found = iter([(path.name, _bounded(path.open("rb")))])
        else:
            found = _tar(path)
        for number, entry in enumerate(found):
            if number >= MOST:
                raise LookError("a database of bearable size", f"{path.name} holds more than {MOST:,} entries.")
            yield entry
    except (OSError, EOFError, tarfile.TarError, zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else type(error).__name__
        raise LookError("a readable folder, zip or tar of advisories", f"{path.name} cannot be read ({reason}).") from error


def _wanted(name: str) -> bool:
    last = name.rpartition("/")[2].lower()
    return last.endswith(_KINDS) and not last.startswith((".", *_ASIDE)) and "/.git/" not in f"/{name}" and "/.github/" not in f"/{name}"


def _bounded(stream: IO[bytes]) -> bytes | None:
    with stream:
        data = stream.read(LARGEST + 1)
    return None if len(data) > LARGEST else data


def _folder(path: Path) -> Iterator[tuple[str, bytes | None]]:
    for folder, folders, files in os.walk(path, followlinks=False):
        folders.sort()
        for name in sorted(files):
            full = Path(folder) / name
            relative = full.relative_to(path).as_posix()
            if _wanted(relative) and not full.is_symlink():
                yield relative, _bounded(full.open("rb"))


def _zip(path: Path) -> Iterator[tuple[str, bytes | None]]:
    with zipfile.ZipFile(path) as archive:
        for entry in archive.infolist():
            if not entry.is_dir() and _wanted(entry.filename):
                yield entry.filename, _bounded(archive.open(entry))


def _tar(path: Path) -> Iterator[tuple[str, bytes | None]]:
    with tarfile.open(path, "r|*") as archive:
        for entry in archive:
            stream = archive.extractfile(entry) if entry.isfile() and _wanted(entry.name) else None
            if stream is not None:
                yield entry.name, _bounded(stream)
