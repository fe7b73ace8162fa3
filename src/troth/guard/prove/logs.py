"""Canaries through every log handler of the process, in the message, as an argument and in a traceback."""

from __future__ import annotations

import io
import logging
import secrets
import string

from troth.guard.prove.trying import seen

__all__ = ["observe_logs"]


def _canaries() -> dict[str, str]:
    """Made now, so that no list can know them; in the shapes of real tokens."""
    letters = string.ascii_letters + string.digits

    def some(count: int) -> str:
        return "".join(secrets.choice(letters) for _ in range(count))

    return {"github": "ghp_" + some(36), "password": some(20), "header": some(40), "google": "AIza" + some(35)}


def _capture(handler: logging.Handler, record: logging.LogRecord) -> str:
    if isinstance(handler, logging.StreamHandler) and handler is not logging.lastResort:
        before, captured = handler.stream, io.StringIO()
        handler.stream = captured
        try:
            handler.handle(record)
        finally:
            handler.stream = before
        return captured.getvalue()
    return str(handler.format(record))


def _handlers() -> list[tuple[str, logging.Handler]]:
    loggers: list[logging.Logger] = [
        logging.getLogger(),
        *(item for item in logging.Logger.manager.loggerDict.values() if isinstance(item, logging.Logger)),
    ]
    found = {
        id(handler): (logger.name, handler)
        for logger in loggers
        for handler in logger.handlers
        if type(handler) is not logging.NullHandler
    }
    if not found and logging.lastResort is not None:
        return [("(last resort)", logging.lastResort)]
    return list(found.values())


def observe_logs() -> dict[str, object]:
    """Canaries through every handler, in the message, as an argument and in a traceback."""
    canaries = _canaries()
    leaks: list[str] = []
    wrote = 0
    for name, handler in _handlers():
        for kind, value in canaries.items():
            text = {"password": f"password={value}", "header": f"Authorization: Bearer {value}"}.get(kind, value)
            error = ValueError(text)
            record = logging.LogRecord(
                name, logging.CRITICAL, __file__, 1, "canary: %s", (text,), (ValueError, error, None)
            )
            shown = _capture(handler, record)
            wrote += "canary" in shown or bool(shown)
            if value in shown:
                leaks.append(f"{kind} in {type(handler).__name__} of {name}")
    says = f"{len(canaries)} canaries through {len(_handlers())} handlers: " + (
        f"{len(leaks)} came out, the first: {leaks[0]}" if leaks else "none came out"
    )
    return seen("logs/redacted", None if not wrote else not leaks, says)
