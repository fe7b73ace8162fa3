"""Doors to logging libraries that do not use `logging`. Each is a plain function; a library is imported only by the door that is called with its objects or makes its options.

structlog.configure(processors=[..., structlog_processor, structlog.processors.JSONRenderer()])
loguru.logger.configure(patcher=loguru_patcher); loguru.logger.add(sink, filter=loguru_filter)
sentry_sdk.init(dsn, **sentry_options())
tracer_provider.add_span_processor(BatchSpanProcessor(otel_exporter(OTLPSpanExporter())))
logger_provider.add_log_record_processor(BatchLogRecordProcessor(otel_log_exporter(OTLPLogExporter())))

None of them sees what a library writes about its own mistakes; that goes to stderr, which `install` covers.
"""

from __future__ import annotations

import copy
import importlib
import sys
import traceback
from collections.abc import Callable, Mapping, MutableMapping, Sequence
from typing import Any

from troth.guard.redact import redact

__all__ = ["loguru_filter", "loguru_patcher", "otel_attributes", "otel_exporter", "otel_log_exporter", "sentry_before_send", "sentry_options", "structlog_processor"]

_SENTRY_HOOKS = ("before_send", "before_send_transaction", "before_breadcrumb", "before_send_log", "before_send_metric")


def structlog_processor(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """A structlog processor; put it last before the renderer."""
    event = dict(event)
    error = event.pop("exc_info", None)
    if error:
        # a renderer that gets the exception itself prints the values of variables (rich does): it gets the text
        event["exception"] = _told(error)
    safe: MutableMapping[str, Any] = redact(event)
    return safe


def _told(error: object) -> str:
    """Redacted text of what structlog takes as `exc_info`: an exception, its triple, or anything true for the one that is handled now."""
    found = error[1] if isinstance(error, tuple) and len(error) == 3 else error
    found = found if isinstance(found, BaseException) else sys.exc_info()[1]
    return str(redact("".join(traceback.format_exception(found)))) if found is not None else ""


def loguru_patcher(record: MutableMapping[str, Any]) -> None:
    """A loguru patcher: message, extra and exception of the record, in place, as loguru wants it."""
    record["message"] = redact(record.get("message", ""))
    record["extra"] = redact(dict(record.get("extra", {})))
    if record.get("exception") is not None:
        # loguru prints the exception object itself, with the values of variables: its text goes into the message instead
        error = getattr(record["exception"], "value", None) or record["exception"]
        record["message"] += "\n" + str(redact(error))
        record["exception"] = None


def loguru_filter(record: MutableMapping[str, Any]) -> bool:
    """The same as a filter of a sink, which runs after the patchers that a logger brings by `.patch(...)`; lets every record pass."""
    loguru_patcher(record)
    return True


def sentry_before_send(event: Mapping[str, Any], hint: object = None) -> Any:  # noqa: ANN401 - Sentry's own event type
    """Every `before_...` hook of Sentry. Attachments that are text are redacted, others are left out."""
    if isinstance(hint, MutableMapping) and hint.get("attachments"):
        hint["attachments"] = [item for item in hint["attachments"] if _attachment(item)]
    return redact(dict(event))


def sentry_options(*, streaming: bool = False) -> dict[str, Any]:
    """Keyword arguments of `sentry_sdk.init` that set all hooks this release of Sentry has: events, transactions, breadcrumbs, logs, metrics.

    Args:
        streaming: whether `trace_lifecycle="stream"` is asked for: spans are sent one by one then, by a hook of their own.
    """
    import inspect  # only here: it would be a tenth of the guard's import

    known = inspect.signature(importlib.import_module("sentry_sdk.consts").ClientConstructor).parameters
    names = (*_SENTRY_HOOKS, "before_send_span") if streaming else _SENTRY_HOOKS
    hooks: dict[str, Any] = {name: sentry_before_send for name in names if name in known}
    return hooks


def _attachment(item: Any) -> bool:  # noqa: ANN401 - Sentry's own type
    """Redact an attachment in place; whether it may go."""
    content: Any = getattr(item, "bytes", None)
    try:
        item.bytes = redact((content() if callable(content) else content).decode("utf-8")).encode()
    except Exception:  # noqa: BLE001 - a file by its path, no text, another library's object: nobody can say what it holds
        return False
    return True


def otel_attributes(attributes: Mapping[str, Any]) -> dict[str, Any]:
    """Attributes of an OpenTelemetry span or log record."""
    safe: dict[str, Any] = redact(dict(attributes))
    return safe


def otel_exporter(exporter: Any) -> Any:  # noqa: ANN401 - OpenTelemetry's own exporter type
    """An OpenTelemetry span exporter that hands redacted copies to another: names, attributes, events (also the exceptions that a span records by itself), links and status.

    Args:
        exporter: a `SpanExporter`.

    Returns:
        An exporter for any span processor.
    """
    return _RedactingExporter(exporter)


def otel_log_exporter(exporter: Any) -> Any:  # noqa: ANN401 - OpenTelemetry's own exporter type
    """An OpenTelemetry exporter of log records that hands redacted copies to another: body, attributes (also of exceptions), names, and the resource. For records of the logs API itself as well as of any handler.

    Args:
        exporter: a `LogRecordExporter` (`LogExporter` before 1.37).

    Returns:
        An exporter for any log record processor.
    """
    return _RedactingLogExporter(exporter)


class _RedactingExporter:
    """Between the spans and what sends them; span processors ask for no more than these three."""

    def __init__(self, exporter: Any) -> None:  # noqa: ANN401 - OpenTelemetry's own type
        self._exporter = exporter
        self._copy = self._copier()

    @staticmethod
    def _copier() -> Callable[[Any], Any]:
        sdk, api = importlib.import_module("opentelemetry.sdk.trace"), importlib.import_module("opentelemetry.trace")
        return lambda span: _copy(span, sdk, api)

    def export(self, items: Sequence[Any]) -> Any:  # noqa: ANN401 - as above
        """Send redacted copies."""
        return self._exporter.export([self._copy(item) for item in items])

    def shutdown(self) -> None:
        """As the other."""
        self._exporter.shutdown()

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        """As the other."""
        flush = getattr(self._exporter, "force_flush", None)  # exporters of logs have it since 2025
        return bool(flush(timeout_millis)) if flush is not None else True


class _RedactingLogExporter(_RedactingExporter):
    """The same between log records and what sends them."""

    @staticmethod
    def _copier() -> Callable[[Any], Any]:
        return _copy_of_record


def _copy(span: Any, sdk: Any, api: Any) -> Any:  # noqa: ANN401 - OpenTelemetry's own types
    status = span.status
    return sdk.ReadableSpan(
        name=redact(span.name),
        context=span.context,
        parent=span.parent,
        resource=_resource(span.resource),
        attributes=otel_attributes(span.attributes or {}),
        events=[sdk.Event(redact(event.name), otel_attributes(event.attributes or {}), event.timestamp) for event in span.events],
        links=[api.Link(link.context, otel_attributes(link.attributes or {})) for link in span.links],
        kind=span.kind,
        status=api.Status(status.status_code, redact(status.description) if status.description else None),
        start_time=span.start_time,
        end_time=span.end_time,
        instrumentation_scope=span.instrumentation_scope,
    )


def _copy_of_record(item: Any) -> Any:  # noqa: ANN401 - OpenTelemetry's own types
    """A record as processors hand it on: the record itself in what tells its scope (and, since 1.37, its resource)."""
    record = copy.copy(item.log_record)
    record.body = redact(record.body)
    record.attributes = _bounded(record.attributes)
    for name in ("event_name", "severity_text"):
        if getattr(record, name, None):
            setattr(record, name, redact(getattr(record, name)))
    if getattr(record, "exception", None) is not None:
        record.exception = None  # its text is among the attributes; the object would be told again
    changed: dict[str, Any] = {"log_record": record}
    if getattr(item, "resource", None) is not None:
        changed["resource"] = _resource(item.resource)
    if getattr(record, "resource", None) is not None:
        record.resource = _resource(record.resource)
    if hasattr(type(item), "__dataclass_fields__"):
        import dataclasses  # imports inspect: only where records are such

        return dataclasses.replace(item, **changed)
    made = copy.copy(item)
    for name, value in changed.items():
        setattr(made, name, value)
    return made


def _bounded(attributes: Any) -> Any:  # noqa: ANN401 - OpenTelemetry's own type
    """Redacted attributes of the type they had, with the number of those that had to be dropped."""
    safe = otel_attributes(attributes or {})
    if not hasattr(attributes, "dropped"):
        return safe
    try:
        made = type(attributes)(attributes=safe, immutable=False, extended_attributes=True)
    except TypeError:  # before 1.36
        made = type(attributes)(attributes=safe, immutable=False)
    made.dropped = attributes.dropped
    return made


def _resource(resource: Any) -> Any:  # noqa: ANN401 - OpenTelemetry's own type
    attributes = dict(resource.attributes)
    safe = otel_attributes(attributes)
    return resource if safe == attributes else type(resource)(safe, resource.schema_url)
