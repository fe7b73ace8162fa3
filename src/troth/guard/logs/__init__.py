"""Make the sentence "secrets are redacted from all logs" true, and prove it.

    logs.install()      # once, at start
    logs.prove()        # at start and whenever asked: a canary goes through every sink

Rules: what is redacted is the *final text* of every handler, after formatting, whoever made the handler and whenever; also tracebacks, uncaught exceptions of any thread,
"--- Logging error ---" reports, warnings, and what is written to stdout and stderr. An unproven sink is an error. Standard library only.

Does not see what C code writes to file descriptors by itself, or the output of child processes that do not call `install`.
"""

from troth.guard.logs.install import Installation, install, installed
from troth.guard.logs.integrations import (
    loguru_filter,
    loguru_patcher,
    otel_attributes,
    otel_exporter,
    otel_log_exporter,
    sentry_before_send,
    sentry_options,
    structlog_processor,
)
from troth.guard.logs.proof import Proof, UnprovenSinkError, prove

__all__ = [
    "Installation",
    "Proof",
    "UnprovenSinkError",
    "install",
    "installed",
    "loguru_filter",
    "loguru_patcher",
    "otel_attributes",
    "otel_exporter",
    "otel_log_exporter",
    "prove",
    "sentry_before_send",
    "sentry_options",
    "structlog_processor",
]
