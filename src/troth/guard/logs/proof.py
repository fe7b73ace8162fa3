"""Sends a canary through every sink and looks at what comes out. An unproven sink is an error: a filter that is attached to nothing must not look attached."""

from __future__ import annotations

import io
import logging
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

from troth.errors import GuardError
from troth.guard.logs.install import installed
from troth.guard.logs.streams import RedactedStream
from troth.guard.redact import shared_redactor

__all__ = ["Proof", "UnprovenSinkError", "prove"]


class UnprovenSinkError(GuardError):
    """A canary came through in clear, or a sink could not be looked at."""

    code = "unproven-sink"
    help = "Call logs.install() first; give the handler a `format` that it uses, or take it off the logger."


class Proof(NamedTuple):
    """What was proved.

    Attributes:
        sinks: one line each: logger, handler, how the canary came out.
    """

    sinks: tuple[str, ...]


def prove() -> Proof:
    """Send a canary through every handler of every logger, and through stdout and stderr, in a message, an argument and a traceback.

    Returns:
        The sinks that were proved.

    Raises:
        UnprovenSinkError: naming the first sink that let the canary through or could not be proved.
    """
    current = installed()
    if current is None:
        raise UnprovenSinkError("The guard is not installed in this process")
    canary = f"canary-{os.urandom(12).hex()}"
    shared_redactor().registry.add(canary, "canary")
    sinks = [_handler(name, handler, canary) for name, handler in _handlers()]
    sinks += [_stream(name, canary) for name in ("stdout", "stderr")]
    return Proof(tuple(sinks))


def _handlers() -> Iterator[tuple[str, logging.Handler]]:
    """Every handler once, with the name of a logger that has it; the last resort is one, too."""
    seen: set[int] = set()
    loggers = [
        logging.getLogger(),
        *(item for item in logging.Logger.manager.loggerDict.values() if isinstance(item, logging.Logger)),
    ]
    for logger in loggers:
        for handler in logger.handlers:
            if id(handler) not in seen:
                seen.add(id(handler))
                yield logger.name, handler
    if logging.lastResort is not None and id(logging.lastResort) not in seen:
        yield "(last resort)", logging.lastResort


def _record(canary: str) -> logging.LogRecord:
    error = ValueError(f"in a traceback: {canary}")
    info = (ValueError, error, None)
    return logging.LogRecord(
        "troth.proof", logging.CRITICAL, __file__, 1, f"in the message: {canary}, as an argument: %s", (canary,), info
    )


def _handler(name: str, handler: logging.Handler, canary: str) -> str:
    label = f"{name}: {type(handler).__name__}"
    if type(handler).handle is logging.NullHandler.handle:  # its own `handle` drops the record before any `emit`
        return f"{label}: writes nothing"
    record = _record(canary)
    with _captured(handler) as captured:
        if captured is None:
            return f"{label}: {_door(label, handler, record, canary)}"
        handler.handle(record)
        text = captured.getvalue()
    if canary in text:
        raise UnprovenSinkError(f"{label} lets a secret through")
    if "canary" not in text:
        if record.levelno >= handler.level and not handler.filters:
            raise UnprovenSinkError(f"{label} wrote nothing, so nothing is proved")
        return f"{label}: drops the record"
    return f"{label}: redacted"


def _door(label: str, handler: logging.Handler, record: logging.LogRecord, canary: str) -> str:
    """How the canary comes to the `emit` of a handler without a stream that we could read: as final text by `format`, or in a record whose text is final."""
    came: list[logging.LogRecord] = []
    handler.emit = came.append  # type: ignore[method-assign, assignment]
    try:
        handler.handle(record)
    finally:
        del handler.emit
    if not came:
        if handler.filters or type(handler).handle is logging.Handler.handle:
            return "drops the record"
        raise UnprovenSinkError(f"{label} has a `handle` that goes past `emit`; what it writes cannot be proved")
    text = repr(came[0].__dict__)  # final: what `emit` makes of it cannot hold what is not there any more
    if came[0] is record:  # as the library's own handlers get it, which write what `format` makes of it
        text = handler.format(record)
    if canary in text:
        raise UnprovenSinkError(f"{label} lets a secret through")
    return "redacted"


_STREAM_EMITS = (logging.StreamHandler.emit, logging.FileHandler.emit)


@contextmanager
def _captured(handler: logging.Handler) -> Iterator[io.StringIO | None]:
    """The handler's stream replaced by one that we can read; None for handlers without a stream of their own."""
    if not isinstance(handler, logging.StreamHandler):
        yield None
        return
    captured = io.StringIO()
    if isinstance(
        getattr(type(handler), "stream", None), property
    ):  # as of the last resort: sys.stderr, each time anew
        yield None
        return
    if handler.stream is None and type(handler).emit not in _STREAM_EMITS:
        yield None  # it opens a stream of its own, and may close ours: torch's trace handler
        return
    with_lock = handler.lock
    if with_lock is not None:
        with_lock.acquire()
    before = handler.stream
    handler.stream = captured
    try:
        yield captured
    finally:
        handler.stream = before
        if with_lock is not None:
            with_lock.release()


def _stream(name: str, canary: str) -> str:
    stream = getattr(sys, name)
    if stream is None:
        return f"{name}: closed"
    if not isinstance(stream, RedactedStream):
        raise UnprovenSinkError(
            f"sys.{name} is not redacted; call logs.install(streams=True), and after whatever replaces it"
        )
    captured = io.StringIO()
    before = stream.divert(captured)
    try:
        half = len(canary) // 2
        stream.write(f"split over two writes: {canary[:half]}")
        stream.write(f"{canary[half:]}\n")
        stream.flush()
    finally:
        stream.divert(before)
    if canary in captured.getvalue() or "canary" not in captured.getvalue():
        raise UnprovenSinkError(f"sys.{name} lets a secret through")
    return f"{name}: redacted"
