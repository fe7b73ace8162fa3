"""Writes a scan of code as text, JSON or SARIF 2.1.0. Suppressed findings are shown as such in each."""

from __future__ import annotations

import json
from collections.abc import Iterator

from troth.engines.code.ruff import RuffRun
from troth.engines.code.rule import Rule, Severity
from troth.engines.code.scan import CodeFinding, CodeScan

__all__ = ["as_json", "as_sarif", "as_text"]

_SARIF_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_LEVELS = {Severity.HIGH: "error", Severity.MEDIUM: "warning", Severity.LOW: "note"}


def as_text(scan: CodeScan, ruff: RuffRun) -> Iterator[str]:
    """Lines for a terminal; paths and source lines are not yet made safe to show."""
    for item in scan.findings:
        mark = f"  (silenced there by: {item.suppressed})" if item.suppressed else ""
        yield f"{item.path}:{item.line}  {item.rule.severity.value:6}  {item.rule.id}  {item.says}{mark}"
        yield f"    {item.text}"
    for other in ruff.findings:
        yield f"{other.path}:{other.line}  ruff    {other.code}  {other.says}"
    for path, why in scan.unread:
        yield f"{path}: not read: {why}"
    if not ruff.ran:
        yield f"ruff S: not run: {ruff.why}"
    suppressed = sum(bool(item.suppressed) for item in scan.findings)
    yield f"{len(scan.findings)} findings ({suppressed} silenced in the code) in {scan.files} files; {len(scan.unread)} not read"


def as_json(scan: CodeScan, ruff: RuffRun) -> str:
    """For programs; the form is stable."""
    body = {
        "format": 1,
        "files": scan.files,
        "parsed": scan.parsed,
        "unread": [{"path": path, "why": why} for path, why in scan.unread],
        "findings": [_finding(item) for item in scan.findings],
        "ruff": {
            "ran": ruff.ran,
            "why": ruff.why,
            "version": ruff.version,
            "findings": [{"code": item.code, "path": item.path, "line": item.line, "says": item.says} for item in ruff.findings],
        },
    }
    return json.dumps(body, indent=1) + "\n"


def _finding(item: CodeFinding) -> dict[str, object]:
    return {
        "rule": item.rule.id,
        "severity": item.rule.severity.value,
        "path": item.path,
        "line": item.line,
        "says": item.says,
        "text": item.text,
        "suppressed": item.suppressed,
        "cwe": list(item.rule.cwe),
        "owasp": list(item.rule.owasp),
        "atlas": list(item.rule.atlas),
    }


def as_sarif(scan: CodeScan, ruff: RuffRun, version: str, rules: tuple[Rule, ...]) -> str:
    """SARIF 2.1.0; `executionSuccessful` is false where a file could not be read."""
    notes = [{"level": "error", "message": {"text": f"{path}: {why}"}} for path, why in scan.unread]
    if not ruff.ran:
        notes.append({"level": "warning", "message": {"text": f"ruff S: {ruff.why}"}})
    run = {
        "tool": {
            "driver": {
                "name": "troth code",
                "version": version,
                "informationUri": "https://github.com/troth-dev/troth",
                "rules": [_descriptor(rule) for rule in rules],
            }
        },
        "invocations": [{"executionSuccessful": not scan.unread, "toolExecutionNotifications": notes}],
        "results": [_result(item) for item in scan.findings],
    }
    return json.dumps({"$schema": _SARIF_SCHEMA, "version": "2.1.0", "runs": [run]}, indent=1) + "\n"


def _descriptor(rule: Rule) -> dict[str, object]:
    return {
        "id": rule.id,
        "shortDescription": {"text": rule.title},
        "fullDescription": {"text": rule.why},
        "help": {"text": rule.mend},
        "defaultConfiguration": {"level": _LEVELS[rule.severity]},
        "properties": {"tags": ["security", *rule.cwe, *rule.owasp, *rule.atlas]},
    }


def _result(item: CodeFinding) -> dict[str, object]:
    result: dict[str, object] = {
        "ruleId": item.rule.id,
        "level": _LEVELS[item.rule.severity],
        "message": {"text": item.says},
        "locations": [{"physicalLocation": {"artifactLocation": {"uri": item.path}, "region": {"startLine": item.line}}}],
    }
    if item.suppressed:
        result["suppressions"] = [{"kind": "inSource", "justification": item.suppressed}]
    return result
