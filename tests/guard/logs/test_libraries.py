"""The doors to other logging libraries, with the libraries themselves: nothing that was registered and no token comes out, and ordinary words do."""

from __future__ import annotations

import contextlib
import io
import logging
from collections.abc import Callable
from typing import Any

import pytest

from troth.guard import logs
from troth.guard.redact import remember

VALUE = "n4Rt-9cYp6LsGw1Qe"
TOKEN = "ghp_" + "aB3dE5gH7jK9mN1pQ3rS5tU7vW9xY1zA3bC5"


@pytest.fixture(autouse=True)
def _registered() -> None:
    remember(VALUE)


def _clean(text: str) -> bool:
    return VALUE not in text and TOKEN not in text and "ordinary" in text


def _raise(password: str) -> None:
    raise ValueError(f"ordinary {password}")


@pytest.mark.parametrize("kind", ["JSON", "console", "pairs"])
def test_structlog_renders_nothing_secret(kind: str) -> None:
    structlog = pytest.importorskip("structlog")
    renderer = {"JSON": structlog.processors.JSONRenderer, "console": structlog.dev.ConsoleRenderer, "pairs": structlog.processors.KeyValueRenderer}[kind]()
    out = io.StringIO()
    structlog.reset_defaults()
    structlog.configure(processors=[structlog.contextvars.merge_contextvars, structlog.processors.StackInfoRenderer(), logs.structlog_processor, renderer], logger_factory=structlog.PrintLoggerFactory(out))
    try:
        logger = structlog.get_logger()
        logger.bind(a=VALUE).info(f"ordinary {VALUE}", token=TOKEN, deep={"password": "x" * 12, "l": [VALUE]}, stack_info=True)
        try:
            _raise(VALUE)
        except ValueError as error:
            logger.exception("boom")
            logger.warning("boom", exc_info=error)
            logger.warning("boom", exc_info=(type(error), error, error.__traceback__))
    finally:
        structlog.reset_defaults()

    assert _clean(out.getvalue()), out.getvalue()
    assert out.getvalue().count("Traceback") == 3


@pytest.mark.parametrize("options", [{}, {"serialize": True}, {"diagnose": True, "backtrace": True}, {"format": "{message} {extra} {exception}"}], ids=["plain", "serialize", "diagnose", "format"])
def test_loguru_writes_nothing_secret(options: dict[str, Any]) -> None:
    logger = pytest.importorskip("loguru").logger
    out = io.StringIO()
    logger.remove()
    logger.configure(patcher=logs.loguru_patcher, extra={"everywhere": VALUE})
    logger.add(out, filter=logs.loguru_filter, **options)
    try:
        logger.bind(a={"password": "x" * 12, "l": [VALUE]}).info("ordinary {} {b}", VALUE, b=TOKEN)
        logger.patch(lambda record: record["extra"].update(late=VALUE)).info("patched")
        logger.opt(lazy=True).info("{}", lambda: VALUE)
        logger.catch(_raise)(VALUE)
    finally:
        logger.remove()
        logger.configure(patcher=lambda _: None, extra={})

    assert _clean(out.getvalue()), out.getvalue()


def _act(sentry: Any) -> None:
    sentry.set_tag("tag", VALUE)
    sentry.set_context("c", {"password": "x" * 12, "v": VALUE})
    sentry.add_breadcrumb(message=VALUE, data={"x": TOKEN})
    try:
        _raise(VALUE)
    except ValueError as error:
        sentry.capture_exception(error)
    with sentry.start_transaction(op="ordinary", name=f"transaction {VALUE}"), sentry.start_span(op="http", name=f"GET ?token={TOKEN}") as span:
        span.set_data("q", VALUE)
    with sentry.new_scope() as scope:
        scope.add_attachment(bytes=f"ordinary {VALUE}".encode(), filename="a.txt")
        scope.add_attachment(bytes=b"\xff\xfe" + VALUE.encode(), filename="b.bin")
        sentry.capture_message(f"ordinary {VALUE}")
    if hasattr(sentry, "logger"):
        sentry.logger.info(f"ordinary {VALUE}", attributes={"a": TOKEN})
    sentry.flush()


def test_sentry_sends_nothing_secret() -> None:
    sentry = pytest.importorskip("sentry_sdk")
    from sentry_sdk.transport import Transport

    sent: list[str] = []

    class Kept(Transport):  # type: ignore[misc,unused-ignore]
        def capture_envelope(self, envelope: Any) -> None:
            sent.append(envelope.serialize().decode("utf-8", "replace"))

    sentry.init(dsn="http://a@localhost/1", transport=Kept, traces_sample_rate=1.0, enable_logs=True, default_integrations=False, **logs.sentry_options())
    try:
        _act(sentry)
    finally:
        sentry.init()

    assert len(sent) >= 3
    assert _clean("".join(sent)), [text for text in sent if VALUE in text or TOKEN in text]


def test_open_telemetry_exports_nothing_secret() -> None:
    trace = pytest.importorskip("opentelemetry.sdk.trace")
    from opentelemetry.sdk.trace.export import ConsoleSpanExporter, SimpleSpanProcessor
    out = io.StringIO()
    provider = trace.TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(logs.otel_exporter(ConsoleSpanExporter(out=out))))
    tracer = provider.get_tracer("t")
    with tracer.start_as_current_span(f"ordinary {VALUE}") as span:
        span.set_attribute("url", f"https://example.org/?token={TOKEN}")
        span.set_attributes({"password": "x" * 12, "list": [VALUE, "b"], "count": 5})
        span.add_event(f"event {VALUE}", {"k": VALUE})
        span.add_link(span.get_span_context(), {"k": VALUE})
    with pytest.raises(ValueError, match="ordinary"), tracer.start_as_current_span("second"):
        _raise(VALUE)
    provider.shutdown()

    assert _clean(out.getvalue()), out.getvalue()
    assert "x" * 12 not in out.getvalue()
    assert '"count": 5' in out.getvalue()
    assert "exception.stacktrace" in out.getvalue()


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_open_telemetry_exports_no_log_record_with_something_secret() -> None:
    """Records of the logs API itself, with bodies of every kind, exceptions, a resource, and what its handler makes of records of `logging`, guarded or not."""
    sdk = pytest.importorskip("opentelemetry.sdk._logs")
    from opentelemetry.sdk._logs import export
    from opentelemetry.sdk.resources import Resource

    exporter = getattr(export, "ConsoleLogRecordExporter", None) or export.ConsoleLogExporter
    out = io.StringIO()
    provider = sdk.LoggerProvider(resource=Resource({"service.name": "shop", "db.url": f"postgres://a:{VALUE}@h/db"}))
    provider.add_log_record_processor(export.SimpleLogRecordProcessor(logs.otel_log_exporter(exporter(out=out))))
    logger = provider.get_logger("t")
    for body in (f"ordinary {VALUE}", {"password": "x" * 12, "nested": [VALUE, {"token": TOKEN}]}, [VALUE], VALUE.encode()):
        logger.emit(body=body, attributes={"list": [VALUE, "b"], "count": 5, "apiKey": "x" * 12}, event_name=f"event {VALUE}", severity_text=VALUE)
    with pytest.raises(ValueError, match="ordinary") as caught:
        _raise(VALUE)
    with contextlib.suppress(TypeError):  # before 1.38 the logs API knew no exceptions
        logger.emit(body="failed", exception=caught.value)
    plain = logging.Logger("plain")
    plain.addHandler(sdk.LoggingHandler(logger_provider=provider))
    for _ in range(2):
        plain.error("said %s", VALUE, extra={"mine": {"k": VALUE}}, exc_info=(ValueError, caught.value, caught.value.__traceback__))
        installation = logs.install(streams=False)
    installation.remove()
    provider.shutdown()

    text = out.getvalue()
    assert _clean(text), text
    assert "x" * 12 not in text
    assert '"count": 5' in text
    assert '"service.name": "shop"' in text
    assert "exception.stacktrace" in text
    assert text.count('"body"') >= 6


def test_the_doors_need_no_library_until_they_are_called() -> None:
    """The module is imported by every program that installs the guard."""
    import subprocess
    import sys

    code = "import sys, troth.guard.logs; print(sorted({'sentry_sdk', 'opentelemetry', 'loguru', 'structlog'} & set(sys.modules)))"

    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "[]"


def test_the_hooks_let_ordinary_events_pass_as_they_are() -> None:
    event = {"message": "ordinary", "extra": {"count": 5, "ok": True}}
    record: dict[str, Any] = {"message": "ordinary", "extra": {"count": 5}, "exception": None}
    filtered: Callable[[Any], bool] = logs.loguru_filter

    assert logs.sentry_before_send(event, {"attachments": []}) == event
    assert logs.structlog_processor(None, "info", {"event": "ordinary", "exc_info": False}) == {"event": "ordinary"}
    assert filtered(record) is True
    assert record["message"] == "ordinary"
