"""Ways in which a secret reaches a log in real programs (classes R1 to R26): none gets out, and ordinary records pass unchanged."""

from __future__ import annotations

import asyncio
import io
import json
import logging
import logging.config
import logging.handlers
import pickle
import queue
import subprocess
import sys
import threading
import warnings
from types import SimpleNamespace

import pytest

from troth.guard import logs
from troth.guard.logs.streams import RedactedStream
from troth.guard.redact import remember, shared_redactor

SECRET = "zq7-Vhk29sLmWx0pTd4"
remember(SECRET, "test")


class Holder:
    def __init__(self, value: str) -> None:
        self.value = value

    def __repr__(self) -> str:
        return f"Holder({self.value})"


ROUTES = {
    "argument": lambda log: log.info("password=%s", SECRET),
    "assembled": lambda log: log.info(SECRET[:6] + "%s", SECRET[6:]),
    "f-string": lambda log: log.info(f"using {SECRET}"),
    "dict": lambda log: log.info("%s", {"headers": {"Authorization": SECRET}}),
    "mapping argument": lambda log: log.info("%(key)s", {"key": SECRET}),
    "object": lambda log: log.info("%s", Holder(SECRET)),
    "repr": lambda log: log.info("%r", SECRET),
    "bytes": lambda log: log.info("%s", SECRET.encode()),
    "exception as argument": lambda log: log.error("%s", ValueError(SECRET)),
    "child logger": lambda _log: logging.getLogger("a.b.c").warning(SECRET),
    "adapter": lambda log: logging.LoggerAdapter(log, {}).info(SECRET),
    "long record": lambda log: log.info("x" * 20_000 + SECRET + "y" * 20_000),
    "many lines": lambda log: log.info("a\nb\n%s\nc", SECRET),
    "stack": lambda log: log.info("%s", SECRET, stack_info=True),
    "base64": lambda log: log.info("%s", __import__("base64").b64encode(SECRET.encode()).decode()),
    "hex": lambda log: log.info("%s", SECRET.encode().hex()),
    "url": lambda log: log.info("https://u:%s@host/", SECRET),
    "provider token": lambda log: log.info("token %s", "ghp_" + "A1b2" * 9),
    "level below the logger's own": lambda log: log.log(5, SECRET),
}


@pytest.mark.parametrize("route", ROUTES)
def test_no_route_through_logging_lets_it_out(route: str, sink: io.StringIO) -> None:
    logging.getLogger().setLevel(1)
    ROUTES[route](logging.getLogger("app"))

    text = sink.getvalue()
    assert text
    assert SECRET not in text
    assert SECRET.encode().hex() not in text
    assert "ghp_A1b2" not in text


def raise_chained() -> None:
    try:
        raise KeyError(SECRET)
    except KeyError as cause:
        error = RuntimeError(f"wrapped {SECRET}")
        error.add_note(f"a note with {SECRET}")
        raise ExceptionGroup("several", [error, ValueError(SECRET)]) from cause


def test_tracebacks_with_chains_notes_and_groups_are_clean(sink: io.StringIO) -> None:
    try:
        raise_chained()
    except ExceptionGroup:
        logging.getLogger("app").exception("failed")

    assert "ExceptionGroup" in sink.getvalue()
    assert SECRET not in sink.getvalue()


def test_a_handler_added_later_and_one_of_a_library_that_does_not_propagate_are_covered(sink: io.StringIO) -> None:
    late = io.StringIO()
    library = logging.getLogger("library")
    library.propagate = False
    library.addHandler(logging.StreamHandler(late))
    library.error("%s", SECRET)
    library.handlers.clear()

    assert late.getvalue()
    assert SECRET not in late.getvalue()


def test_a_configuration_that_replaces_every_handler_is_covered(sink: io.StringIO, tmp_path) -> None:
    path = tmp_path / "app.log"
    logging.config.dictConfig({
        "version": 1, "disable_existing_loggers": False,
        "formatters": {"f": {"format": "%(asctime)s %(message)s %(extra)s"}},
        "handlers": {"file": {"class": "logging.FileHandler", "filename": str(path), "formatter": "f"}},
        "root": {"handlers": ["file"], "level": "DEBUG"},
    })  # fmt: skip
    logging.getLogger("app").info("hello", extra={"extra": SECRET})
    logging.shutdown()

    assert "hello" in path.read_text()
    assert SECRET not in path.read_text()


class JsonFormatter(logging.Formatter):
    """Writes the whole record, as many formatters do, without calling its parent."""

    def format(self, record: logging.LogRecord) -> str:
        return json.dumps({"m": record.getMessage(), "x": getattr(record, "token", None), "e": repr(record.exc_info)})


class OwnFormat(logging.StreamHandler):
    """A handler that overrides `format`."""

    def format(self, record: logging.LogRecord) -> str:
        return f"own: {record.getMessage()}"


def test_formatters_and_handlers_with_a_format_of_their_own_are_covered(sink: io.StringIO) -> None:
    log = logging.getLogger("app")
    logging.getLogger().handlers[0].setFormatter(JsonFormatter())
    own = io.StringIO()
    logging.getLogger().addHandler(OwnFormat(own))
    log.info("say %s", SECRET, extra={"token": SECRET})

    assert SECRET not in sink.getvalue() + own.getvalue()
    assert "own: say" in own.getvalue()


def test_queues_sockets_and_memory_carry_clean_records(sink: io.StringIO) -> None:
    carried: queue.Queue = queue.Queue()
    handler = logging.handlers.QueueHandler(carried)
    socket_handler = logging.handlers.SocketHandler("localhost", 1)
    record = logging.LogRecord("app", logging.INFO, "f", 1, "say %s", (SECRET,), None)
    handler.handle(record)
    try:
        raise ValueError(SECRET)
    except ValueError:
        failed = logging.LogRecord("app", logging.INFO, "f", 1, "say %s", (SECRET,), sys.exc_info())
    payload = pickle.loads(socket_handler.makePickle(failed)[4:])

    assert SECRET not in repr(vars(carried.get_nowait()))
    assert SECRET not in repr(payload)


def test_arguments_that_do_not_fit_are_reported_without_themselves(
    sink: io.StringIO, capsys: pytest.CaptureFixture[str]
) -> None:
    # pytest puts handlers of its own on the root logger, and those raise
    logging.getLogger().handlers[:] = [
        each for each in logging.getLogger().handlers if type(each) is logging.StreamHandler
    ]
    logging.getLogger("app").info("two %s %s", SECRET)  # noqa: PLE1206 - the mistake is the point
    told = capsys.readouterr().err

    assert "Logging error" in told
    assert SECRET not in told + sink.getvalue()


def test_a_redactor_that_fails_lets_nothing_out(monkeypatch: pytest.MonkeyPatch) -> None:
    class Failing:
        registry = None

        def text(self, text: str) -> str:
            if text.startswith("warm"):
                return text
            raise RuntimeError("broken")

    installation = logs.install(Failing(), streams=False)  # type: ignore[arg-type]
    stream = io.StringIO()
    logger = logging.Logger("alone")
    logger.addHandler(logging.StreamHandler(stream))
    logger.error("%s", SECRET)
    installation.remove()

    assert stream.getvalue() == "[redaction failed]\n"


def test_ordinary_records_pass_unchanged(sink: io.StringIO) -> None:
    lines = [
        "tokenizer: bpe",
        "monkey: banana",
        "commit 3f2a9c0d4e5b6a7f8091a2b3c4d5e6f708192a3b",
        "id 7f9c24e8-3b12-4f3a-9c1d-0a1b2c3d4e5f",
        "max_tokens=512 took 12 ms",
    ]
    for line in lines:
        logging.getLogger("app").info("%s", line)

    assert lines == sink.getvalue().splitlines()


PROGRAM = """
import asyncio, logging, os, sys, threading, warnings
from troth.guard import logs
from troth.guard.logs.streams import RedactedStream
from troth.guard.redact import remember, shared_redactor
secret = os.environ["PROBE"]
remember(secret)
logs.install()
def print_it(): print("stdout", secret); sys.stdout.write(secret[:5]); sys.stdout.write(secret[5:] + "\\n"); sys.stdout.buffer.write(secret.encode() + b"\\n")
def err_it(): print(secret, file=sys.stderr); warnings.warn(secret)
def thread_it():
    t = threading.Thread(target=lambda: 1 / 0 if not secret else (_ for _ in ()).throw(ValueError(secret))); t.start(); t.join()
async def task(): raise ValueError(secret)
async def loop_it():
    t = asyncio.get_running_loop().create_task(task()); await asyncio.sleep(0.01); del t; import gc; gc.collect()
class Dying:
    def __del__(self): raise ValueError(secret)
def unraisable_it(): Dying()
def last_resort_it(): logging.getLogger("nobody").error(secret)
{"print": print_it, "err": err_it, "thread": thread_it, "async": lambda: asyncio.run(loop_it()), "unraisable": unraisable_it, "last": last_resort_it,
 "uncaught": lambda: (_ for _ in ()).throw(ValueError(secret))}[sys.argv[1]]()
"""


@pytest.mark.parametrize("route", ["print", "err", "thread", "async", "unraisable", "last", "uncaught"])
def test_what_does_not_go_through_logging_is_covered_too(route: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, route],
        capture_output=True,
        text=True,
        env={"PROBE": SECRET, "PATH": "/usr/bin"},
        check=False,
    )

    assert done.stdout + done.stderr
    assert SECRET not in done.stdout + done.stderr


def test_other_libraries_get_clean_events() -> None:
    event = logs.structlog_processor(None, "info", {"event": f"hi {SECRET}", "api_key": "x", "n": 3})
    record = {"message": SECRET, "extra": {"t": SECRET}, "exception": SimpleNamespace(value=ValueError(SECRET))}
    logs.loguru_patcher(record)

    assert event["n"] == 3
    assert SECRET not in repr(event) + repr(record) + repr(logs.sentry_before_send({"a": [SECRET]})) + repr(
        logs.otel_attributes({"k": SECRET})
    )
    assert event["api_key"] != "x"


def test_installing_twice_changes_nothing_and_removing_puts_everything_back() -> None:
    before = (logging.Handler.format, sys.excepthook, threading.excepthook, logging.Formatter.formatException)
    first = logs.install(streams=False)

    assert first is logs.install()
    first.remove()
    assert before == (logging.Handler.format, sys.excepthook, threading.excepthook, logging.Formatter.formatException)
    assert asyncio is not None
    assert warnings is not None


def test_a_stream_says_that_it_takes_no_bytes() -> None:
    """By which click finds out what kind of stream it writes to: where none failed, nothing that it printed came out."""
    stream = RedactedStream(io.StringIO(), shared_redactor())

    with pytest.raises(TypeError, match="must be str"):
        stream.write(b"")  # type: ignore[arg-type]
