"""Routes by which a secret leaves a program: records of every kind, objects, streams, queues, sockets, hooks, warnings."""

from __future__ import annotations

import asyncio
import dataclasses
import io
import logging
import logging.config
import logging.handlers
import pickle
import queue
import sys
import threading
import warnings
from collections.abc import Callable
from contextlib import redirect_stderr
from pathlib import Path

from tests.attacks.redaction.texts import SECOND, SECRET
from tests.attacks.suite import Attack
from troth.detectors.redaction import StreamRedactor
from troth.guard import logs
from troth.guard.redact import redact, remember, shared_redactor


class Holder:
    """An object that prints its secret."""

    def __init__(self, value: str) -> None:
        self.value = value

    def __repr__(self) -> str:
        return f"Holder({self.value})"


@dataclasses.dataclass
class Settings:
    """A data class with a field whose name says that it is secret."""

    api_key: str


def _raise(value: str) -> None:
    try:
        try:
            raise KeyError(value)
        except KeyError as error:
            raise ValueError("outer") from error
    except ValueError:
        logging.getLogger("x").exception("failed")


def _group(value: str) -> None:
    try:
        error = ValueError("note")
        error.add_note(f"with {value}")
        raise ExceptionGroup("several", [error, KeyError(value)])
    except ExceptionGroup:
        logging.getLogger("x").exception("failed")


ROUTES: dict[str, Callable[[logging.Logger, str], object]] = {
    "argument": lambda log, s: log.info("password=%s", s),
    "assembled": lambda log, s: log.info(s[:6] + "%s", s[6:]),
    "f-string": lambda log, s: log.info(f"using {s}"),
    "mapping": lambda log, s: log.info("%(key)s", {"key": s}),
    "dictionary": lambda log, s: log.info("%s", {"headers": {"Authorization": s}}),
    "object": lambda log, s: log.info("%s", Holder(s)),
    "object, repr": lambda log, s: log.info("%r", [Holder(s)]),
    "data class": lambda log, s: log.info("%s", Settings(s)),
    "bytes": lambda log, s: log.info("%s", s.encode()),
    "exception as an argument": lambda log, s: log.info("%s", ValueError(s)),
    "cause of an exception": lambda log, s: _raise(s),
    "exception group and notes": lambda log, s: _group(s),
    "message that is an object": lambda log, s: log.info(Holder(s)),
    "wrong number of arguments": lambda log, s: log.info("%s %s", s),  # noqa: PLE1206 - that is the attack
    "broken format": lambda log, s: log.info("%d", s),
    "level by number": lambda log, s: log.log(35, "x %s", s),
    "long record": lambda log, s: log.info("x" * 20_000 + s),
    "many lines": lambda log, s: log.info("a\nb\n" + s + "\nc"),
    "stack": lambda log, s: log.info("x", stack_info=True, extra={"k": s}),
    "child that propagates": lambda log, s: logging.getLogger("x.y.z").info(s),
    "forged record": lambda log, s: log.handle(
        logging.makeLogRecord({"msg": "m %s", "args": (s,), "levelno": 30, "levelname": "WARNING"})
    ),
    "thread name": lambda log, s: _in_thread(log, s),  # noqa: PLW0108 - defined below
    "logger name": lambda log, s: logging.getLogger(s).warning("x"),
}


def _in_thread(log: logging.Logger, name: str) -> None:
    thread = threading.Thread(target=lambda: log.warning("x"), name=name)
    thread.start()
    thread.join()


def captured(
    work: Callable[[logging.Logger], object], formatter: str = "%(levelname)s %(name)s %(threadName)s %(message)s"
) -> str:
    """What a handler and the error stream get while the guard is installed."""
    out, errors = io.StringIO(), io.StringIO()
    handler = logging.StreamHandler(out)
    handler.setFormatter(logging.Formatter(formatter))
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    root.handlers[:], installation = [handler], logs.install(streams=False)
    root.setLevel(1)
    try:
        with redirect_stderr(errors):
            work(logging.getLogger("x"))
    finally:
        installation.remove()
        root.handlers[:] = before
        root.setLevel(level)
    return out.getvalue() + errors.getvalue()


def objects() -> dict[str, object]:
    deep: object = SECRET
    for _ in range(100_000):
        deep = [deep]
    circle: dict[str, object] = {"k": SECRET}
    circle["self"] = circle
    return {
        "list": [SECRET], "dictionary key": {SECRET: 1}, "tuple in a key": {("a", SECRET): 1}, "set": {SECRET}, "nested": {"a": [{"b": (SECRET,)}]}, "data class": Settings("short"), "exception": ValueError(SECRET), "bytes": SECRET.encode(),
        "100,000 deep": deep, "circle": circle, "API_KEY": {"API_KEY": "short"}, "apiKey": {"apiKey": "short"}, "Api-Key": {"Api-Key": "short"}, "list under a key": {"passwords": ["short"], "password": ["short"]}, "number under a key": {"pin_secret": 90210, "password": 90210},
    }  # fmt: skip


def object_of(value: object) -> Attack:
    def tried(_: Path) -> bool:
        clean = redact(value)
        shown, steps = "", 0
        while isinstance(clean, list) and len(clean) == 1 and steps < 200_000:
            clean, steps = clean[0], steps + 1
        shown = repr(clean)
        return SECRET in shown or "'short'" in shown or "90210" in shown

    return tried


def stream_in(width: int) -> Attack:
    def tried(_: Path) -> bool:
        stream, data = StreamRedactor(shared_redactor()), f"before {SECRET} after\n".encode()
        out = b"".join(stream.write(data[at : at + width]) for at in range(0, len(data), width)) + stream.flush()
        return SECRET.encode() in out

    return tried


def rotated(_: Path) -> bool:
    remember(SECOND, "rotated")
    return SECOND in shared_redactor().text(f"now {SECOND}")


def pickled(_: Path) -> bool:
    sent: list[bytes] = []
    installation = logs.install(streams=False)
    handler = logging.handlers.SocketHandler("127.0.0.1", 9)
    handler.send = sent.append  # type: ignore[method-assign, assignment]
    try:
        handler.handle(logging.LogRecord("x", 30, "p", 1, "m %s", (SECRET,), None))
    finally:
        installation.remove()
        handler.close()
    return not sent or any(SECRET.encode() in item or SECRET in str(pickle.loads(item[4:])) for item in sent)


def queued(_: Path) -> bool:
    waiting: queue.Queue[logging.LogRecord] = queue.Queue()
    installation = logs.install(streams=False)
    try:
        logging.handlers.QueueHandler(waiting).handle(logging.LogRecord("x", 30, "p", 1, "m %s", (SECRET,), None))
    finally:
        installation.remove()
    return SECRET in str(waiting.get().__dict__)


def unhandled(kind: str) -> Attack:
    def tried(_: Path) -> bool:
        errors = io.StringIO()
        installation = logs.install(streams=False)
        try:
            with redirect_stderr(errors):
                if kind == "excepthook":
                    error = ValueError(SECRET)
                    sys.excepthook(ValueError, error, None)
                elif kind == "thread":

                    def fail() -> None:
                        raise ValueError(SECRET)

                    thread = threading.Thread(target=fail)
                    thread.start()
                    thread.join()
                elif kind == "asyncio":

                    async def main() -> None:
                        asyncio.get_running_loop().call_exception_handler(
                            {"message": f"m {SECRET}", "exception": ValueError(SECRET)}
                        )

                    asyncio.run(main())
                else:

                    class Bad:
                        def __del__(self) -> None:
                            raise ValueError(SECRET)

                    Bad()
        finally:
            installation.remove()
        return SECRET in errors.getvalue() or not errors.getvalue()

    return tried


def warned(_: Path) -> bool:
    def work(log: logging.Logger) -> None:
        logging.captureWarnings(True)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("always")
                warnings.warn(f"w {SECRET}", stacklevel=1)
        finally:
            logging.captureWarnings(False)

    shown = captured(work)
    return SECRET in shown or "w " not in shown


def configured(_: Path) -> bool:
    out = io.StringIO()

    def work(log: logging.Logger) -> None:
        logging.config.dictConfig(
            {
                "version": 1,
                "disable_existing_loggers": False,
                "handlers": {"h": {"class": "logging.StreamHandler", "stream": out}},
                "root": {"handlers": ["h"], "level": "INFO"},
            }
        )
        logging.getLogger("late").warning(SECRET)

    captured(work)
    return SECRET in out.getvalue() or not out.getvalue()
