"""Which of many expressions stand in some bytes, by Hyperscan: one pass, one number back with a bit for each.

Compiling the automaton costs as much as parsing a megabyte of Python, so it is compiled once per build of the library and set of expressions and kept in the cache
(never anything of what is scanned); a cache that cannot be used costs time alone.
"""

from __future__ import annotations

import hashlib
import platform
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from troth.detectors import cache

__all__ = ["presence"]


def presence(library: Any, expressions: Sequence[bytes]) -> Callable[[bytes], int]:  # noqa: ANN401 - the library carries no types
    """A search that gives bit `n` where expression number `n` matches anywhere in the bytes."""
    database = _database(library, expressions)
    scratch = library.Scratch(database)
    found: list[int] = []

    def hit(index: int, _start: int, _end: int, _flags: int, _context: object) -> None:
        found.append(index)

    def search(data: bytes) -> int:
        if not data:
            return 0
        found.clear()
        database.scan(data, match_event_handler=hit, scratch=scratch)
        mask = 0
        for index in found:
            mask |= 1 << index
        return mask

    return search


def _database(library: Any, expressions: Sequence[bytes]) -> Any:  # noqa: ANN401 - as above
    status = Path(library.__file__).stat()
    digest = hashlib.sha256(b"\0".join(expressions)).hexdigest()[:32]
    name = f"code-{status.st_mtime_ns:x}-{status.st_size:x}-{platform.system()}-{platform.machine()}-{digest}.db"
    kept = cache.read(name)
    if kept is not None:
        try:
            return library.loadb(kept, mode=library.HS_MODE_BLOCK)
        except (library.error, ValueError):
            pass  # made by another build, or damaged: compile again and replace it
    database = library.Database(mode=library.HS_MODE_BLOCK)
    database.compile(expressions=list(expressions), ids=list(range(len(expressions))), flags=[library.HS_FLAG_SINGLEMATCH] * len(expressions))
    cache.write(name, library.dumpb(database))
    return database
