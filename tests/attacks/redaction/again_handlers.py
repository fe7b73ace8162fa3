"""Handlers that mix `format` with what they read by themselves, or go another way altogether."""

from __future__ import annotations

import functools
import io
import json
import logging
import logging.handlers
from collections.abc import Callable


class Sink(logging.Handler):
    """Writes into memory; what is tried is how."""

    def __init__(self) -> None:
        super().__init__()
        self.out = io.StringIO()


class Helped(Sink):
    def emit(self, record: logging.LogRecord) -> None:
        self.out.write(self.format(record))
        self._more(record)

    def _more(self, record: logging.LogRecord) -> None:
        self.out.write(f"{record.msg} {record.args}")


class Inner(Sink):
    def emit(self, record: logging.LogRecord) -> None:
        write = lambda: self.out.write(str(record.msg % record.args))
        self.format(record)
        write()


class ByName(Sink):
    def emit(self, record: logging.LogRecord) -> None:
        self.format(record)
        self.out.write(str([getattr(record, name) for name in ("m" + "sg", "ar" + "gs")]))


class Vars(Sink):
    def emit(self, record: logging.LogRecord) -> None:
        self.out.write(self.format(record) + repr(vars(record)))


class Message(Sink):
    """`format` leaves the message on the record: in clear."""

    def emit(self, record: logging.LogRecord) -> None:
        self.format(record)
        self.out.write(record.message)


class Handles(Sink):
    """Overrides the step before `emit`."""

    def handle(self, record: logging.LogRecord) -> bool:
        self.out.write(record.getMessage())
        return True


class Super(Sink):
    def emit(self, record: logging.LogRecord) -> None:
        self.out.write(logging.Formatter("%(message)s").format(record))


class OwnFormat(Sink):
    def format(self, record: logging.LogRecord) -> str:
        return f"own {record.getMessage()}"

    def emit(self, record: logging.LogRecord) -> None:
        self.out.write(self.format(record))


class Packs(Sink):
    def emit(self, record: logging.LogRecord) -> None:
        self.out.write(json.dumps({"m": self.format(record), "extra": record.user}))  # type: ignore[attr-defined]


class Decorated(Sink):
    @staticmethod
    def _also(function: Callable[..., None]) -> Callable[..., None]:
        @functools.wraps(function)
        def both(self: Sink, record: logging.LogRecord) -> None:
            self.format(record)
            function(self, record)

        return both

    @_also
    def emit(self, record: logging.LogRecord) -> None:
        self.out.write(record.getMessage())


class Duck:
    """No handler at all, but what a logger asks of one."""

    level = 0

    def __init__(self) -> None:
        self.out = io.StringIO()

    def handle(self, record: logging.LogRecord) -> None:
        self.out.write(record.getMessage())


class Raw(logging.handlers.QueueHandler):
    """As many do, so that arguments stay objects."""

    def prepare(self, record: logging.LogRecord) -> logging.LogRecord:
        return record
