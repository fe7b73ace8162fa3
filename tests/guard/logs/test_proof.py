"""The proof: a canary through every sink, and handlers that format, write or read the exception in ways of their own."""

from __future__ import annotations

import io
import logging
import logging.config
import logging.handlers
import os
import subprocess
import sys

import pytest

from troth.guard import logs
from troth.guard.logs import UnprovenSinkError, prove
from troth.guard.redact import remember


def test_a_proof_sends_a_canary_through_every_sink() -> None:
    program = "import logging; from troth.guard import logs; logging.basicConfig(); logs.install(); print(len(logs.prove().sinks) >= 3)"

    assert (
        subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.strip()
        == "True"
    )


class Leaky(logging.Handler):
    """Writes the record without `format`."""

    def __init__(self) -> None:
        super().__init__()
        self.wrote: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.wrote.append(f"{record.getMessage()} {vars(record)}")


def test_a_handler_that_writes_without_format_is_given_final_text(sink: io.StringIO) -> None:
    handler = Leaky()
    logging.getLogger("app").addHandler(handler)
    try:
        logging.getLogger("app").warning("with %s", "ghp_" + "aZ3" * 12, extra={"user": "ghp_" + "aZ3" * 12})
    finally:
        logging.getLogger("app").handlers.clear()

    assert "with [redacted" in handler.wrote[0]
    assert "aZ3aZ3" not in handler.wrote[0]


def test_an_unproven_sink_is_an_error(sink: io.StringIO) -> None:
    with pytest.raises(UnprovenSinkError, match=r"sys\.stdout is not redacted"):
        prove()


class PastEmit(logging.Handler):
    """Its own `handle` writes, and never comes to `emit`."""

    def handle(self, record: logging.LogRecord) -> bool:
        sys.__stdout__.write("" if record.name == "troth.proof" else record.getMessage())
        return True


def test_a_handler_that_goes_past_emit_is_no_proof(sink: io.StringIO) -> None:
    logging.getLogger("app").addHandler(PastEmit())
    try:
        with pytest.raises(UnprovenSinkError, match="PastEmit"):
            prove()
    finally:
        logging.getLogger("app").handlers.clear()


class AlsoTheException(logging.Handler):
    """As pretty printers of tracebacks do: the message by `format`, the exception by itself."""

    def __init__(self) -> None:
        super().__init__()
        self.written = ""

    def emit(self, record: logging.LogRecord) -> None:
        self.written += self.format(record)
        if record.exc_info:
            self.written += repr(record.exc_info[1])


def test_a_handler_that_reads_the_exception_gets_final_text(sink: io.StringIO) -> None:
    handler = AlsoTheException()
    logging.getLogger("app").addHandler(handler)
    remember("hunter2-hunter2")
    try:
        try:
            raise ValueError("hunter2-hunter2")
        except ValueError:
            logging.getLogger("app").exception("failed with %s", "hunter2-hunter2")
    finally:
        logging.getLogger("app").handlers.clear()

    assert "ValueError" in handler.written
    assert "hunter2-hunter2" not in handler.written


def test_a_format_that_is_set_on_the_handler_itself_is_redacted_too(sink: io.StringIO) -> None:
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    logging.getLogger("app").addHandler(handler)
    remember("hunter2-hunter2")
    try:
        logging.getLogger("app").error("first")
        for prefix in ("a", "b"):
            handler.format = lambda record, prefix=prefix: f"{prefix} {record.getMessage()}"
            logging.getLogger("app").error("second %s", "hunter2-hunter2")
    finally:
        logging.getLogger("app").handlers.clear()

    assert "a second [redacted" in stream.getvalue()
    assert "b second [redacted" in stream.getvalue()


class Silent(logging.NullHandler):
    """As libraries and test runners derive them: `handle` is inherited and drops everything."""


def test_handlers_that_write_nothing_or_to_the_stream_of_the_moment_are_proved(sink: io.StringIO) -> None:
    handlers: tuple[logging.Handler, ...] = (Silent(), type(logging.lastResort)())
    logging.getLogger("app").handlers[:] = handlers
    try:
        with pytest.raises(UnprovenSinkError, match="stdout"):  # every handler is past; only the stream is bare
            prove()
    finally:
        logging.getLogger("app").handlers.clear()


class Lazy(logging.StreamHandler[io.StringIO]):
    """As torch's trace handler: a stream of its own, opened at need, closed by its descriptor."""

    def __init__(self) -> None:
        super().__init__()
        self.stream = None  # type: ignore[assignment]

    def emit(self, record: logging.LogRecord) -> None:
        if self.stream is not None:
            os.close(self.stream.fileno())
        super().emit(record)


def test_a_handler_that_opens_its_own_stream_is_proved_by_what_it_formats(sink: io.StringIO) -> None:
    logging.getLogger("app").handlers[:] = [Lazy()]
    try:
        with pytest.raises(UnprovenSinkError, match="stdout"):
            prove()
    finally:
        logging.getLogger("app").handlers.clear()


def test_no_proof_without_installation_or_without_wrapped_streams(sink: io.StringIO) -> None:
    with pytest.raises(UnprovenSinkError, match="stdout"):
        prove()
    logs.installed().remove()
    with pytest.raises(UnprovenSinkError, match="not installed"):
        prove()
