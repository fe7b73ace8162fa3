"""Whether nothing at all can be in a text: one pass of one automaton over everything that a redaction looks for.

Nearly every line of a log is clean. For those the answer of this pass is all that there is to do, so that nothing else may cost time: the rules, the hints of encodings and the
further patterns of the caller are one database, and the first occurrence of anything ends the pass. A gate may say "maybe" too often, never too seldom.
"""

from __future__ import annotations

import hashlib
import sys
import threading
from collections.abc import Callable, Sequence
from typing import Any

import hyperscan

from troth.detectors import cache
from troth.detectors.matching.vector import build
from troth.detectors.rule import Probe
from troth.errors import DetectorError

__all__ = ["gate"]


def gate(
    probes: Callable[[], tuple[Probe, ...]], digest: str, anycase: Sequence[bytes], exact: Sequence[bytes]
) -> Callable[[bytes], bool] | None:
    """What tells whether a text is clean for certain; None where there is no cache to keep it in: it would be compiled (a second and more) at every start.

    Args:
        probes: makes the list of what the engine looks for; only called where the database must be compiled.
        digest: of the probes.
        anycase: further patterns, lower case, compared without case.
        exact: further patterns, compared as they are.

    Raises:
        DetectorError: hyperscan refuses a pattern.
    """
    database = _load(probes, digest, anycase, exact)
    if database is None:
        return None
    local = threading.local()
    stopped = hyperscan.ScanTerminated

    def found(_number: int, _start: int, _end: int, _flags: int, _context: object) -> bool:
        return True

    def clean(data: bytes) -> bool:
        try:
            scan, scratch = local.state
        except AttributeError:
            scan, scratch = local.state = database.scan, hyperscan.Scratch(database)
        try:
            scan(data, found, 0, None, scratch)  # by position: the binding takes twice as long for names
        except stopped:
            return False
        return True

    return clean


def _load(
    probes: Callable[[], tuple[Probe, ...]], digest: str, anycase: Sequence[bytes], exact: Sequence[bytes]
) -> Any:  # noqa: ANN401 - the binding has no types
    ours = hashlib.blake2b(b"\0".join((digest.encode(), *anycase, b"", *exact)), digest_size=16).hexdigest()
    key = f"gate-{build()}-{sys.platform}-{ours}.db"
    kept = cache.read(key)
    if kept is not None:
        try:
            return hyperscan.loadb(kept, mode=hyperscan.HS_MODE_BLOCK)
        except (hyperscan.error, ValueError):
            pass  # made by another build, or damaged: compile again and replace it
    if cache.directory() is None:
        return None
    shapes = [probe.shape.encode("latin-1") for probe in probes()]
    expressions = [*shapes, *exact, *anycase]
    plain = hyperscan.HS_FLAG_DOTALL | hyperscan.HS_FLAG_SINGLEMATCH
    flags = [plain] * (len(shapes) + len(exact)) + [plain | hyperscan.HS_FLAG_CASELESS] * len(anycase)
    database = hyperscan.Database(mode=hyperscan.HS_MODE_BLOCK)
    try:
        database.compile(expressions=expressions, ids=list(range(len(expressions))), flags=flags)
    except hyperscan.error as error:
        raise DetectorError(f"hyperscan refuses a pattern: {error}") from error
    cache.write(key, hyperscan.dumpb(database))
    return database
