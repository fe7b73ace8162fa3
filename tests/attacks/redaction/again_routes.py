"""Ways out of a program, a second time: handlers that mix `format` with what they read themselves, that are changed as objects, sockets and files for real, exceptions, tasks, prompts.

Each way is tried with the secret, and with harmless words, which must arrive.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextlib
import functools
import io
import logging
import logging.config
import logging.handlers
import os
import pickle
import queue
import socket
import subprocess
import threading
import traceback
import types
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from urllib.parse import unquote_plus

from tests.attacks.redaction.again_forms import LONG
from tests.attacks.redaction.again_handlers import (
    ByName,
    Decorated,
    Duck,
    Handles,
    Helped,
    Inner,
    Message,
    OwnFormat,
    Packs,
    Raw,
    Sink,
    Super,
    Vars,
)
from tests.attacks.redaction.again_prints import programs
from tests.attacks.redaction.routes import captured
from tests.attacks.suite import Attack
from troth.guard.redact import remember

HARMLESS = "harmless-words-arrive"
Work = Callable[[logging.Logger, str], object]


def _sunk(sink: Sink, work: Work, said: str) -> str:
    captured(lambda log: (log.addHandler(sink), work(log, said), log.removeHandler(sink)))
    return sink.out.getvalue()


def _info(log: logging.Logger, said: str) -> None:
    log.info("says %s", said, extra={"user": said})


def _duck(said: str) -> str:
    duck = Duck()
    captured(lambda log: (log.addHandler(duck), log.info("says %s", said), log.removeHandler(duck)))  # type: ignore[arg-type]
    return duck.out.getvalue()


def _changed(said: str) -> str:
    """An object whose `emit` is replaced, after it has handled one as it was."""
    sink = OwnFormat()
    plain = logging.StreamHandler(sink.out)

    def work(log: logging.Logger) -> None:
        log.addHandler(plain)
        log.info("first")
        plain.emit = lambda record: sink.out.write(record.getMessage())  # type: ignore[method-assign, assignment, return-value]
        log.info("says %s", said)
        log.removeHandler(plain)

    captured(work)
    return sink.out.getvalue()


def _reclassed(said: str) -> str:
    """A class whose `emit` is replaced after it has handled one."""

    class Late(Sink):
        def emit(self, record: logging.LogRecord) -> None:
            self.out.write(self.format(record))

    sink = Late()

    def work(log: logging.Logger) -> None:
        log.addHandler(sink)
        log.info("first")
        Late.emit = lambda self, record: self.out.write(record.getMessage())  # type: ignore[method-assign, assignment, return-value]
        log.info("says %s", said)
        log.removeHandler(sink)

    captured(work)
    return sink.out.getvalue()


def _own_logger(said: str) -> str:
    out = io.StringIO()

    class Own(logging.Logger):
        def callHandlers(self, record: logging.LogRecord) -> None:
            for handler in self.handlers:
                handler.emit(record)

    def work(_: logging.Logger) -> None:
        log = Own("own", 1)
        log.addHandler(logging.StreamHandler(out))
        log.info("says %s", said, extra={"user": said})

    captured(work)
    return out.getvalue()


def _emitted(said: str) -> str:
    """`emit` called by itself on a handler that reads the record."""
    sink = Super()
    captured(lambda log: sink.emit(log.makeRecord("x", 30, "p", 1, "says %s", (said,), None)))
    return sink.out.getvalue()


def _queue(handler: Callable[[queue.Queue[logging.LogRecord]], logging.Handler], said: str) -> str:
    waiting: queue.Queue[logging.LogRecord] = queue.Queue()
    captured(lambda log: (log.addHandler(made := handler(waiting)), _info(log, said), log.removeHandler(made)))
    return str([vars(waiting.get()) for _ in range(waiting.qsize())])


def _listened(said: str) -> str:
    """A record that is queued raw, and handled after it by a thread."""
    out, waiting = io.StringIO(), queue.Queue()  # type: ignore[var-annotated]

    def work(log: logging.Logger) -> None:
        listener = logging.handlers.QueueListener(waiting, logging.StreamHandler(out))
        log.addHandler(made := Raw(waiting))
        listener.start()
        _info(log, said)
        listener.stop()
        log.removeHandler(made)

    captured(work)
    return out.getvalue()


def _udp(make: Callable[[int], logging.Handler], said: str) -> str:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taker:
        taker.bind(("127.0.0.1", 0))
        taker.settimeout(10)
        handler = make(taker.getsockname()[1])
        captured(lambda log: (log.addHandler(handler), _info(log, said), log.removeHandler(handler)))
        handler.close()
        data = taker.recv(65_000)
    with contextlib.suppress(Exception):
        return data.decode("latin-1") + str(pickle.loads(data[4:]))
    return data.decode("latin-1")


def _http(method: str, said: str) -> str:
    got: list[str] = []

    class Taker(BaseHTTPRequestHandler):
        def _take(self) -> None:
            got.append(unquote_plus(self.path) + unquote_plus(self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()))
            self.send_response(200)
            self.end_headers()

        do_GET = do_POST = _take

        def log_message(self, *_: object) -> None:
            return

    server = HTTPServer(("127.0.0.1", 0), Taker)
    thread = threading.Thread(target=server.handle_request)
    thread.start()
    handler = logging.handlers.HTTPHandler(f"127.0.0.1:{server.server_port}", "/log", method)
    captured(lambda log: (log.addHandler(handler), _info(log, said), log.removeHandler(handler)))
    thread.join()
    server.server_close()
    return "".join(got)


def _mailed(said: str) -> str:
    sent: list[str] = []

    class Smtp:
        def __init__(self, *_: object, **__: object) -> None: ...

        def send_message(self, message: object) -> None:
            sent.append(str(message))

        def quit(self) -> None: ...

    import smtplib

    before, smtplib.SMTP = smtplib.SMTP, Smtp  # type: ignore[misc, assignment]
    handler = logging.handlers.SMTPHandler("h", "a@b.example", ["c@d.example"], f"alarm {said}")
    try:
        captured(lambda log: (log.addHandler(handler), _info(log, said), log.removeHandler(handler)))
    finally:
        smtplib.SMTP = before  # type: ignore[misc]
    return "".join(sent)


def _filed(make: Callable[[str], logging.Handler], said: str, place: Path) -> str:
    handler = make(str(place / "app.log"))
    captured(lambda log: (log.addHandler(handler), _info(log, said), log.removeHandler(handler)))
    handler.close()
    return "".join(path.read_text() for path in place.iterdir())


def _configured(said: str, place: Path) -> str:
    (place / "log.ini").write_text(f"[loggers]\nkeys=root\n[handlers]\nkeys=f\n[formatters]\nkeys=p\n[logger_root]\nlevel=INFO\nhandlers=f\n[handler_f]\nclass=FileHandler\nargs=('{place}/app.log',)\nformatter=p\n[formatter_p]\nformat=%(message)s %(user)s\n")
    captured(lambda log: (logging.config.fileConfig(place / "log.ini", disable_existing_loggers=False), _info(log, said)))
    for handler in logging.getLogger().handlers:
        handler.close()
    return (place / "app.log").read_text()


class Locals(logging.Formatter):
    """With the values of variables, as many do."""

    def formatException(self, ei: object) -> str:
        return "".join(traceback.TracebackException(*ei, capture_locals=True).format())  # type: ignore[misc]


class Plain:
    """No formatter of the library's."""

    def format(self, record: logging.LogRecord) -> str:
        return f"{record.getMessage()} {record.__dict__}"


def _formatted(formatter: object, said: str) -> str:
    out = io.StringIO()
    handler = logging.StreamHandler(out)
    handler.setFormatter(formatter)  # type: ignore[arg-type]

    def work(log: logging.Logger) -> None:
        log.addHandler(handler)
        try:
            value = said
            raise ValueError(value)
        except ValueError:
            log.exception("says %s", said, extra={"user": {"deep": [said]}}, stack_info=True)
        log.removeHandler(handler)

    captured(work)
    return out.getvalue()


def _noted(said: str) -> BaseException:
    inner = KeyError({"key": said})
    inner.add_note(f"note {said}")
    outer = ExceptionGroup(f"group {said}", [inner, OSError(2, "none", f"/srv/{said}")])
    outer.__context__ = subprocess.CalledProcessError(1, ["login", "--token", said])
    return outer


async def _forgotten(said: str) -> None:
    async def fails() -> None:
        raise ValueError(said)

    task = asyncio.create_task(fails(), name=said)
    await asyncio.sleep(0)
    del task


async def _slow(said: str) -> None:
    loop = asyncio.get_running_loop()
    loop.slow_callback_duration = 0.0
    loop.call_soon(functools.partial(sorted, [said]))
    await asyncio.sleep(0)


def _future(log: logging.Logger, said: str) -> None:
    def told(_: object) -> None:
        raise ValueError(said)

    future: concurrent.futures.Future[int] = concurrent.futures.Future()
    future.add_done_callback(told)
    future.set_result(1)


def _forked(said: str) -> str:
    read, write = os.pipe()
    child = 0

    def work(log: logging.Logger) -> None:
        nonlocal child
        child = os.fork()
        if not child:
            with os.fdopen(write, "w") as out:
                handler = logging.StreamHandler(out)
                log.addHandler(handler)
                _info(log, said)
                handler.flush()
            os._exit(0)

    captured(work)
    os.close(write)
    with os.fdopen(read) as taken:
        got = taken.read()
    os.waitpid(child, 0)
    return got


class Lazy:
    def __init__(self, said: str) -> None:
        self.said = said

    def __format__(self, _: str) -> str:
        return self.said

    def __str__(self) -> str:
        return self.said


def _lines() -> Iterator[tuple[str, Work]]:
    """Ways through one logger."""
    yield "an object with a format of its own", lambda log, s: log.info(f"{Lazy(s)}")
    yield "a message that is an object with arguments", lambda log, s: log.info(Lazy("says %s"), s)
    yield "repr of a list in a dictionary", lambda log, s: log.info("%r", {"a": [s]})
    yield "a byte string in an exception", lambda log, s: log.error("x", exc_info=ValueError(s.encode()))
    yield "notes, groups, contexts", lambda log, s: log.error("x", exc_info=_noted(s))
    yield "an exception as message and as error", lambda log, s: log.error(_noted(s), exc_info=_noted(s))
    yield "a task that nobody waits for", lambda log, s: asyncio.run(_forgotten(s))
    yield "a slow callback", lambda log, s: asyncio.run(_slow(s), debug=True)
    yield "a callback of a future", _future
    yield "a frame of the stack", lambda log, s: types.FunctionType(compile("log.warning('says', stack_info=True)", f"/srv/{s}.py", "exec"), {"log": log})()
    yield "a name of a function", lambda log, s: log.handle(log.makeRecord("x", 40, "p", 1, "x", (), None, func=s, extra={"k": s}))
    yield "a line end before it", lambda log, s: log.info("a\n%s\r\nb", s)
    yield "a failing handler's report", lambda log, s: log.info("%d %d", s, s)
    yield "a logger's child named by it", lambda log, s: log.getChild(s).warning("x")


def ways() -> dict[str, Callable[[str, Path], str]]:
    """All ways: name -> what is shown of a text."""
    found: dict[str, Callable[[str, Path], str]] = {f"log: {name}": (lambda s, _, work=work: captured(lambda log: work(log, s))) for name, work in _lines()}  # type: ignore[misc]
    for kind in (Helped, Inner, ByName, Vars, Message, Handles, Super, OwnFormat, Packs, Decorated):
        found[f"handler: {kind.__name__}"] = lambda s, _, kind=kind: _sunk(kind(), _info, s)  # type: ignore[misc]
    found |= {"handler: none of the library's": lambda s, _: _duck(s), "handler: an object that is changed": lambda s, _: _changed(s), "handler: a class that is changed": lambda s, _: _reclassed(s), "a logger of its own kind": lambda s, _: _own_logger(s), "emit called by itself": lambda s, _: _emitted(s)}
    found |= {"queue": lambda s, _: _queue(logging.handlers.QueueHandler, s), "queue, raw": lambda s, _: _queue(Raw, s), "queue, raw, and its listener": lambda s, _: _listened(s), "mail": lambda s, _: _mailed(s), "a fork": lambda s, _: _forked(s), "fileConfig": _configured}
    found |= {"datagrams": lambda s, _: _udp(lambda port: logging.handlers.DatagramHandler("127.0.0.1", port), s), "syslog": lambda s, _: _udp(lambda port: logging.handlers.SysLogHandler(("127.0.0.1", port)), s), "HTTP, GET": lambda s, _: _http("GET", s), "HTTP, POST": lambda s, _: _http("POST", s)}
    makers: dict[str, Callable[[str], logging.Handler]] = {"a file": logging.FileHandler, "a file, late": lambda p: logging.FileHandler(p, delay=True), "a file that turns": lambda p: logging.handlers.RotatingFileHandler(p, maxBytes=10, backupCount=2), "a file of a day": lambda p: logging.handlers.TimedRotatingFileHandler(p, "S"), "a watched file": logging.handlers.WatchedFileHandler}
    found |= {name: (lambda s, place, make=make: _filed(make, s, place)) for name, make in makers.items()}  # type: ignore[misc]
    found |= {"formatter: variables": lambda s, _: _formatted(Locals(), s), "formatter: none of the library's": lambda s, _: _formatted(Plain(), s), "formatter: all of it": lambda s, _: _formatted(logging.Formatter("%(message)s %(user)s %(args)s %(msg)s"), s)}
    return found | programs()


BEYOND = frozenset(("emit called by itself",))
"""Past every door of the library."""
SILENT = frozenset(("log: a name of a function", "log: a failing handler's report", "print: loguru, variables"))
"""Ways on which harmless words do not arrive either: they are not shown there, or (arguments of a record that failed) never."""


def attacks() -> dict[str, Attack]:
    """Each way with the secret."""
    remember(LONG, "again")
    return {f"again, {name}": (lambda place, way=way: LONG in way(LONG, place)) for name, way in ways().items() if name not in BEYOND}  # type: ignore[misc]


def twins() -> dict[str, Attack]:
    """Each way with harmless words."""
    return {f"again, {name}": (lambda place, way=way: HARMLESS.replace("-", "") in way(HARMLESS.replace("-", ""), place)) for name, way in ways().items() if name not in SILENT}  # type: ignore[misc]
