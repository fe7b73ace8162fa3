"""Hooks the places through which text leaves a program. See the package's text for the rules.

How: `logging.Handler.format` is the one door through which every handler gets its final text, so the class is patched, not the instances: handlers added later,
by `dictConfig`, in libraries or with `propagate=False` pass it too. A handler class that overrides `format` is wrapped when it handles its first record.
Handlers that pickle or map the record (`SocketHandler`, `HTTPHandler`) get a record whose text is final already.
"""

from __future__ import annotations

import atexit
import copy
import logging
import sys
import threading
import traceback
from collections.abc import Callable
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final
from weakref import WeakKeyDictionary

from troth.guard.logs.streams import RedactedStream
from troth.guard.redact import redact, shared_redactor
from troth.guard.redact.objects import shared

if TYPE_CHECKING:
    from troth.detectors.redaction import Redactor

__all__ = ["FAILED", "Installation", "install", "installed", "ordinary"]

FAILED: Final = "[redaction failed]"
_current: list[Installation] = []
_KINDS: Final = 1_000
_OURS: Final = ("logging", "logging.handlers")
_HARMLESS: Final = frozenset(("format", "close", "flush", "doRollover", "rotate", "rotation_filename", "setStream", "setLevel", "setFormatter", "createSocket", "acquire", "release", "createLock", "getFilesToDelete"))
"""What a class may define without its records being given to it in final form; `format` has redaction behind it by itself."""
_RECORDS: Final = ("QueueHandler", "SocketHandler", "DatagramHandler", "HTTPHandler")
"""Handlers of the library that hand on the record itself."""
_ordinary: WeakKeyDictionary[type[logging.Handler], bool] = WeakKeyDictionary()


def ordinary(kind: type[logging.Handler]) -> bool:
    """Whether handlers of a class take nothing of a record but the text that `format` makes of it: the library's own, and those that change nothing that sees records.

    What anybody else's `emit` reads besides `format` cannot be told by looking at it: it gets records whose text is final.
    """
    known = _ordinary.get(kind)
    if known is None:
        known = _ordinary[kind] = _plain(kind)
    return known


def _plain(kind: type[logging.Handler]) -> bool:
    from logging.handlers import BufferingHandler  # whose `flush` sees the records that it kept

    for owner in kind.__mro__:
        if owner.__module__ in _OURS:
            return owner.__name__ not in _RECORDS
        if any(callable(value) and (name not in _HARMLESS or (name == "flush" and issubclass(kind, BufferingHandler))) and not name.startswith("__") for name, value in vars(owner).items()):
            return False
    return False


def _final(bound: Callable[[logging.LogRecord], str], redacted: Callable[[str], str]) -> Callable[[logging.LogRecord], str]:
    """A handler's own `format`, of its class or set on itself, with redaction behind it."""

    def final(record: logging.LogRecord) -> str:
        return redacted(bound(record))

    final._troth_final = True  # type: ignore[attr-defined]
    return final


def _last_resort(logger: logging.Logger, record: logging.LogRecord) -> None:
    """As `Logger.callHandlers` does where nobody has set up a handler."""
    if logging.lastResort:
        if record.levelno >= logging.lastResort.level:
            logging.lastResort.handle(record)
    elif logging.raiseExceptions and not logger.manager.emittedNoHandlerWarning and sys.stderr is not None:
        sys.stderr.write(f"No handlers could be found for logger {logger.name!r}\n")
        logger.manager.emittedNoHandlerWarning = True


class Installation:
    """What `install` did; `remove` undoes it (for tests)."""

    def __init__(self, redactor: Redactor | None, *, streams: bool) -> None:
        self._redactor = redactor
        self._undo: list[Callable[[], None]] = []
        self._patch_logging()
        self._patch_hooks()
        if streams:
            for name in ("stdout", "stderr"):
                self._wrap_stream(name)

    def text(self, text: str) -> str:
        """Final text without secrets; a placeholder where redaction itself fails."""
        try:
            return self._following.safe(text, (self._redactor or shared_redactor()).text(text))
        except Exception:  # noqa: BLE001 - fails closed: whatever went wrong, the text does not get out
            return FAILED

    def remove(self) -> None:
        """Put everything back."""
        while self._undo:
            self._undo.pop()()
        if _current and _current[0] is self:
            _current.clear()

    def _replace(self, owner: object, name: str, value: object) -> None:
        before = getattr(owner, name)
        setattr(owner, name, value)
        self._undo.append(lambda: setattr(owner, name, before))

    def _patch_logging(self) -> None:
        original_format, original_handle, given = logging.Handler.format, logging.Handler.handle, self._redactor
        quick: dict[type[logging.Handler], Callable[..., object]] = {}
        """Ordinary kinds, with the `emit` that they had when they were looked at."""
        from troth.detectors.redaction.armour import Following

        following = self._following = Following()

        def final_text(handler: logging.Handler, record: logging.LogRecord) -> str:
            text = original_format(handler, record)
            try:  # as `text` below, without a call more: this is done for every record
                safe = (given or shared[0]).text(text)
                return safe if safe is text and not following.left else following.safe(text, safe)
            except Exception:  # noqa: BLE001 - fails closed
                return FAILED

        def handle(handler: logging.Handler, record: logging.LogRecord) -> bool | logging.LogRecord:
            kind, own = type(handler), handler.__dict__
            if kind.format is final_text and quick.get(kind) is kind.emit and "format" not in own and "emit" not in own:
                return original_handle(handler, record)
            if ("format" in own or kind.format is not final_text) and not getattr(handler.format, "_troth_final", False):
                handler.format = _final(handler.format, self.text)  # type: ignore[method-assign, assignment]
            if not ordinary(kind) or "emit" in own or kind.emit.__module__ not in _OURS:
                return original_handle(handler, self.finished(record))
            if kind.format is final_text and len(quick) < _KINDS:
                quick[kind] = kind.emit
            return original_handle(handler, record)

        self._replace(logging.Handler, "format", final_text)
        self._replace(logging.Handler, "handle", handle)

        self._patch_loggers(handle)
        self._patch_senders()

    def _patch_loggers(self, handle: Callable[..., object]) -> None:
        def call_handlers(logger: logging.Logger, record: logging.LogRecord) -> None:
            at: logging.Logger | None = logger
            found = 0
            while at is not None:
                for handler in at.handlers:
                    found += 1
                    if record.levelno >= handler.level:
                        # a handler that overrides `handle`, or is none of the library's at all, does not pass below
                        handler.handle(record if getattr(type(handler), "handle", None) is handle else self.finished(record))
                at = at.parent if at.propagate else None
            if not found:
                _last_resort(logger, record)

        self._replace(logging.Logger, "callHandlers", call_handlers)

    def _patch_senders(self) -> None:
        def report(handler: logging.Handler, record: logging.LogRecord) -> None:
            self._error_report(handler, record)

        self._replace(logging.Handler, "handleError", report)  # a function: a bound method would not get the handler
        original_exception = logging.Formatter.formatException
        # cached in the record as exc_text, which handlers pickle
        self._replace(
            logging.Formatter, "formatException", lambda formatter, info: self.text(original_exception(formatter, info))
        )
        from logging import handlers  # brings sockets and pickle: when it is installed, not when it is imported

        pickled = handlers.SocketHandler.makePickle
        self._replace(
            handlers.SocketHandler,
            "makePickle",
            lambda handler, record: pickled(handler, self.finished(record)),
        )
        subject = handlers.SMTPHandler.getSubject
        self._replace(handlers.SMTPHandler, "getSubject", lambda handler, record: self.text(subject(handler, record)))
        mapped = handlers.HTTPHandler.mapLogRecord
        self._replace(
            handlers.HTTPHandler, "mapLogRecord", lambda handler, record: mapped(handler, self.finished(record))
        )

    def finished(self, record: logging.LogRecord) -> logging.LogRecord:
        """A copy of a record whose texts are final and redacted: nothing is left to format."""
        final = copy.copy(record)
        try:
            final.msg, final.args = self.text(record.getMessage()), ()
        except Exception:  # noqa: BLE001 - arguments that do not fit their format: say so, not what they were
            final.msg, final.args = FAILED, ()
        if record.exc_info and not record.exc_text:
            final.exc_text = self.text("".join(traceback.format_exception(*record.exc_info)))
        final.exc_info = None
        plain = set(logging.makeLogRecord({}).__dict__) | {"message", "asctime"}
        for name, value in record.__dict__.items():
            if name not in plain:
                setattr(final, name, self._safe(value))
        return final

    @staticmethod
    def _safe(value: object) -> object:
        try:
            return redact(value)
        except Exception:  # noqa: BLE001 - fails closed
            return FAILED

    def _error_report(self, handler: logging.Handler, record: logging.LogRecord) -> None:
        """What logging prints when a handler fails: redacted, and without the raw arguments of the record."""
        if not logging.raiseExceptions or sys.stderr is None:
            return
        where = f"{record.pathname}:{record.lineno}"
        report = (
            f"--- Logging error in {type(handler).__name__} for a record from {where} ---\n{traceback.format_exc()}"
        )
        try:
            sys.stderr.write(self.text(report))
        except (OSError, ValueError):
            return  # the error stream itself is gone: there is nobody left to tell

    def _patch_hooks(self) -> None:
        def uncaught(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
            if sys.stderr is not None:
                sys.stderr.write(self.text("".join(traceback.format_exception(kind, error, trace))))

        def in_thread(arguments: threading.ExceptHookArgs) -> None:
            if arguments.exc_type is not SystemExit and sys.stderr is not None:
                name = arguments.thread.name if arguments.thread else "unknown"
                told = "".join(
                    traceback.format_exception(arguments.exc_type, arguments.exc_value, arguments.exc_traceback)
                )
                sys.stderr.write(self.text(f"Exception in thread {name}:\n{told}"))

        def unraisable(arguments: Any) -> None:  # noqa: ANN401 - sys.UnraisableHookArgs exists for type checkers only
            if sys.stderr is not None:
                told = "".join(
                    traceback.format_exception(arguments.exc_type, arguments.exc_value, arguments.exc_traceback)
                )
                sys.stderr.write(
                    self.text(f"{arguments.err_msg or 'Exception ignored in'}: {arguments.object!r}\n{told}")
                )

        self._replace(sys, "excepthook", uncaught)
        self._replace(threading, "excepthook", in_thread)
        self._replace(sys, "unraisablehook", unraisable)

    def _wrap_stream(self, name: str) -> None:
        stream = getattr(sys, name)
        if stream is not None and not isinstance(stream, RedactedStream):
            wrapped = RedactedStream(stream, self._redactor or shared_redactor())
            # handlers made earlier hold the bare stream; their text passes `format`, so that is no way round
            self._replace(sys, name, wrapped)
            self._undo.append(wrapped.finish)
            atexit.register(wrapped.finish)


def install(redactor: Redactor | None = None, *, streams: bool = True) -> Installation:
    """Redact everything that this process logs or prints, from now on. Calling it again changes nothing.

    Args:
        redactor: the process's own where None is given.
        streams: also wrap sys.stdout and sys.stderr.

    Returns:
        What is installed.
    """
    if not _current:
        (redactor or shared_redactor()).text("warm up: the first text makes the matcher ready")
        _current.append(Installation(redactor, streams=streams))
    return _current[0]


def installed() -> Installation | None:
    """What is installed in this process, or None."""
    return _current[0] if _current else None
