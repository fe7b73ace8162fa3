"""One pass over a SARIF file, whatever its size: events of a streaming parser, counted into runs.

Rules: a file that is no SARIF 2.1.0, is cut short or is larger than the limit is a `LookError`, never half a run; strings are cut to a bounded length; nothing of a result is kept but that it was there.
Streaming needs the extra `sarif` (ijson); without it, files up to 32 MiB are read whole. Source: SARIF 2.1.0 (OASIS), sections 3.14 run, 3.18 tool, 3.20 invocation, 3.23 versionControlDetails, 3.58 notification.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO, Final

from troth.errors import LookError
from troth.terms.facts.scans import ScanRun

__all__ = ["LIMIT_BYTES", "WHOLE_BYTES", "read_sarif"]

LIMIT_BYTES: Final = 1024 * 1024 * 1024
"""The forge takes 10 MB compressed; 200 MB are seen in practice."""
WHOLE_BYTES: Final = 32 * 1024 * 1024
_MOST_RUNS: Final = 200
_MOST_ERRORS: Final = 20
_MOST_TEXT: Final = 300
_MOST_DEPTH: Final = 100

Event = tuple[str, str, object]

_RULES: Final = ("runs.item.tool.driver.rules.item", "runs.item.tool.extensions.item.rules.item")
_NOTES: Final = (
    "runs.item.invocations.item.toolExecutionNotifications.item",
    "runs.item.invocations.item.toolConfigurationNotifications.item",
)


@dataclass
class _Run:
    tool: str = ""
    version: str = ""
    rules: int = 0
    results: int = 0
    errors: list[str] = field(default_factory=list)
    finished: datetime | None = None
    commit: str = ""
    note_level: str = ""
    note_text: str = ""

    def error(self, text: str) -> None:
        if len(self.errors) < _MOST_ERRORS:
            self.errors.append(" ".join(text.split())[:_MOST_TEXT])


def read_sarif(path: Path) -> tuple[ScanRun, ...]:
    """All runs of a file.

    Raises:
        LookError: it cannot be read, is too large, or is no SARIF 2.1.0.
    """
    try:
        size = path.stat().st_size
        if not path.is_file() or size > LIMIT_BYTES:
            raise LookError(f"a SARIF file of at most {LIMIT_BYTES // 1024 // 1024} MB", f"{path.name} is none.")
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
            file.seek(0)
            runs = _collect(_events(file, size, path.name), path.name)
    except OSError as error:
        raise LookError("a SARIF file that can be read", f"{path.name} cannot be read ({error.strerror}).") from error
    except (ValueError, RecursionError) as error:
        raise LookError("a whole SARIF file", f"{path.name} is not whole JSON ({type(error).__name__}).") from error
    source = f"{path.name} sha256:{digest}"
    return tuple(
        ScanRun(run.tool, run.version, run.rules, run.results, tuple(run.errors), run.finished, run.commit, source) for run in runs
    )


def _events(file: BinaryIO, size: int, name: str) -> Iterator[Event]:
    try:
        import ijson
    except ImportError:
        if size > WHOLE_BYTES:
            raise LookError("the extra troth[sarif], which reads large files in a stream", f"{name} has {size // 1024 // 1024} MB.") from None
        yield from _walk("", json.load(file), 0)
        return
    try:
        yield from ijson.parse(file, use_float=True)
    except ijson.JSONError as error:
        raise ValueError(str(error)) from error


def _walk(prefix: str, value: object, depth: int) -> Iterator[Event]:
    """The same events as the streaming parser's, of a value that was read whole."""
    if depth > _MOST_DEPTH:
        raise ValueError("nested too deeply")
    if isinstance(value, dict):
        yield prefix, "start_map", None
        for key, inner in value.items():
            yield from _walk(f"{prefix}.{key}" if prefix else str(key), inner, depth + 1)
        yield prefix, "end_map", None
    elif isinstance(value, list):
        yield prefix, "start_array", None
        for inner in value:
            yield from _walk(f"{prefix}.item" if prefix else "item", inner, depth + 1)
        yield prefix, "end_array", None
    elif isinstance(value, str):
        yield prefix, "string", value
    elif isinstance(value, bool):
        yield prefix, "boolean", value
    else:
        yield prefix, "number" if value is not None else "null", value


def _collect(events: Iterator[Event], name: str) -> list[_Run]:
    runs: list[_Run] = []
    version, listed = "", False
    for prefix, kind, value in events:
        if prefix == "runs.item" and kind == "start_map":
            if len(runs) >= _MOST_RUNS:
                raise LookError(f"a SARIF file of at most {_MOST_RUNS} runs", f"{name} has more.")
            runs.append(_Run())
        elif prefix == "version" and kind == "string":
            version = str(value)
        elif prefix == "runs" and kind == "start_array":
            listed = True
        elif runs:
            _take(runs[-1], prefix, kind, value)
    if version != "2.1.0" or not listed:
        raise LookError("a file of SARIF 2.1.0", f"{name} is JSON, but no SARIF 2.1.0.")
    return runs


def _take(run: _Run, prefix: str, kind: str, value: object) -> None:
    """Count one event into a run."""
    if kind == "start_map":
        run.rules += prefix in _RULES
        run.results += prefix == "runs.item.results.item"
        if prefix in _NOTES:
            run.note_level, run.note_text = "warning", ""
    elif kind == "end_map" and prefix in _NOTES:
        if run.note_level == "error":
            run.error(run.note_text or "the tool reports an error without words")
    elif kind in ("string", "boolean"):
        _value(run, prefix, value)


def _value(run: _Run, prefix: str, value: object) -> None:
    text = value[:_MOST_TEXT] if isinstance(value, str) else ""
    match prefix.removeprefix("runs.item."):
        case "tool.driver.name":
            run.tool = text
        case "tool.driver.version" | "tool.driver.semanticVersion":
            run.version = run.version or text
        case "invocations.item.executionSuccessful":
            if value is False:
                run.error("the run says of itself that it was not successful")
        case "invocations.item.endTimeUtc":
            ended = _time(text)
            run.finished = max(filter(None, (run.finished, ended)), default=None)
        case "versionControlProvenance.item.revisionId":
            run.commit = run.commit or text
        case "invocations.item.toolExecutionNotifications.item.level" | "invocations.item.toolConfigurationNotifications.item.level":
            run.note_level = text
        case "invocations.item.toolExecutionNotifications.item.message.text" | "invocations.item.toolConfigurationNotifications.item.message.text":
            run.note_text = text


def _time(text: str) -> datetime | None:
    try:
        told = datetime.fromisoformat(text)
    except ValueError:
        return None
    return told if told.tzinfo else told.replace(tzinfo=UTC)
