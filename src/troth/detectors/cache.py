"""A small private cache directory for what is derived from Troth's own files, such as its rules (never for anything that was scanned).

Where: `TROTH_CACHE`, else `$XDG_CACHE_HOME/troth`, else `~/.cache/troth`. Files are written aside and renamed; a directory that
others can write is not used. Losing the cache costs time, never a result.
"""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

__all__ = ["directory", "read", "write"]

LIMIT = 64 << 20


def directory() -> Path | None:
    """The cache directory, made if necessary; None where there can be none (the caller then works without)."""
    named = os.environ.get("TROTH_CACHE")
    if named == "":
        return None
    try:
        base = Path(named) if named else Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "troth"
        base.mkdir(mode=0o700, parents=True, exist_ok=True)
        status = base.stat()
    except (OSError, RuntimeError):
        return None
    if os.name == "posix" and (status.st_uid != os.geteuid() or status.st_mode & 0o022):
        return None
    return base


def read(name: str) -> bytes | None:
    """A cached file's bytes; None where it is absent or unreadable."""
    folder = directory()
    if folder is None:
        return None
    path = folder / name
    try:
        return path.read_bytes() if path.stat().st_size <= LIMIT else None
    except OSError:
        return None


def write(name: str, data: bytes) -> None:
    """Keep bytes under a name. Failing to is not an error: the cache is only a convenience."""
    folder = directory()
    if folder is None:
        return
    import tempfile  # costs 8 ms, and most runs only read

    with contextlib.suppress(OSError):
        handle, temporary = tempfile.mkstemp(dir=folder)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(data)
            os.replace(temporary, folder / name)
        except OSError:
            os.unlink(temporary)
            raise
