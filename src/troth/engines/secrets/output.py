"""Writes a scan's report as text, JSON or SARIF 2.1.0. Everything that reaches this module is redacted already; nothing here adds text of
the repository.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

from troth.engines.packs.faults import Coverage
from troth.engines.secrets.findings import Finding, Occurrence, Report

__all__ = ["as_json", "as_sarif", "as_text", "coverage_line"]

SARIF_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
SARIF_RESULTS = 25_000
SHOWN_PLACES = 3


def coverage_line(report: Report) -> str:
    """`scanned n objects, m bytes, k missing`, with the kinds."""
    coverage = report.coverage
    kinds = ", ".join(
        f"{count:,} {kind}s" if kind != "stdin" else kind for kind, count in sorted(coverage.objects.items())
    )
    earlier = f" ({report.earlier:,} more were read by an earlier run)" if report.earlier else ""
    return f"scanned {coverage.objects.total():,} objects ({kinds}), {coverage.bytes.total():,} bytes, {coverage.missing:,} missing{earlier}"


def as_text(report: Report) -> str:
    """For a terminal."""
    reader = f", packs read by {'compiled code' if report.reader == 'compiled' else report.reader}" if report.reader else ""
    lines = [f"{report.what}: {coverage_line(report)}; {report.rules} rules, {report.engine}{reader}"]
    lines += [f"  not scanned: {count:,} x {reason.value}" for reason, count in sorted(report.coverage.faults.items())]
    lines += [f"  note: {note}" for note in report.coverage.notes]
    for finding in report.findings:
        state = f"allowed: {finding.allowed}" if finding.allowed else finding.proof
        lines.append(f"{finding.rule}  {finding.title}  [{state}]  #{finding.fingerprint}  {finding.count} place(s)")
        lines += [f"    {_place(place)}" for place in finding.occurrences[:SHOWN_PLACES]]
    open_count = len(report.open)
    lines.append(f"{open_count} secret(s) found" if open_count else "no secrets found in what was scanned")
    return "\n".join(lines) + "\n"


def _place(place: Occurrence) -> str:
    where = place.path or f"{place.kind} {place.object[:12]}"
    text = f"{where}:{place.line}" if place.line else where
    if place.how:
        text += f" (inside {', '.join(place.how)})"
    if place.commit:
        text += f"  {place.commit[:12]} {place.when[:10]} {place.author}"
    if place.in_head is not None:
        text += "  still in HEAD" if place.in_head else "  not in HEAD"
    if place.kind == "blob" and not place.commit and not place.path:
        text += "  (no commit leads to it)"
    return text


def _coverage(coverage: Coverage) -> dict[str, object]:
    return {
        "objects": dict(sorted(coverage.objects.items())),
        "bytes": dict(sorted(coverage.bytes.items())),
        "missing": coverage.missing,
        "complete": coverage.complete,
        "faults": [
            {"reason": reason.value, "count": count, "objects": coverage.samples.get(reason, [])}
            for reason, count in sorted(coverage.faults.items())
        ],
        "notes": list(coverage.notes),
    }


def as_json(report: Report) -> str:
    """For programs; the form is stable."""
    body = {
        "format": 1,
        "scanned": report.what,
        "engine": report.engine,
        "reader": report.reader,
        "rules": report.rules,
        "earlier": report.earlier,
        "cut_off": report.cut_off,
        "coverage": _coverage(report.coverage),
        "findings": [_finding(finding) for finding in report.findings],
    }
    return json.dumps(body, indent=1) + "\n"


def _finding(finding: Finding) -> dict[str, object]:
    return {
        "rule": finding.rule,
        "title": finding.title,
        "provider": finding.provider,
        "tier": finding.tier,
        "proof": finding.proof,
        "score": round(finding.score, 3),
        "fingerprint": finding.fingerprint,
        "count": finding.count,
        "allowed": finding.allowed,
        "places": [
            {
                name: getattr(place, name)
                for name in Occurrence.__dataclass_fields__
                if getattr(place, name) not in ("", (), None)
            }
            for place in finding.occurrences
        ],
    }


def as_sarif(report: Report, version: str) -> str:
    """SARIF 2.1.0, keyed by rule and fingerprint through `partialFingerprints`."""
    rules = {finding.rule: finding for finding in report.findings}
    run = {
        "tool": {
            "driver": {
                "name": "troth",
                "version": version,
                "informationUri": "https://github.com/troth-dev/troth",
                "rules": [
                    {
                        "id": name,
                        "name": name,
                        "shortDescription": {"text": item.title},
                        "properties": {"tags": ["security", item.tier]},
                    }
                    for name, item in sorted(rules.items())
                ],
            }
        },
        "invocations": [
            {
                "executionSuccessful": not report.unfinished,
                "toolExecutionNotifications": [
                    {"level": "warning", "message": {"text": text}} for text in _warnings(report.coverage)
                ],
            }
        ],
        "results": [_result(finding) for finding in report.findings[:SARIF_RESULTS]],
        "properties": {"coverage": _coverage(report.coverage)},
    }
    return json.dumps({"$schema": SARIF_SCHEMA, "version": "2.1.0", "runs": [run]}, indent=1) + "\n"


def _warnings(coverage: Coverage) -> Sequence[str]:
    faults = [f"{count} object(s) not scanned: {reason.value}" for reason, count in sorted(coverage.faults.items())]
    return [*faults, *coverage.notes]


def _result(finding: Finding) -> dict[str, object]:
    found: dict[str, object] = {
        "ruleId": finding.rule,
        "level": "error" if finding.score >= 0.9 else "warning",
        "message": {
            "text": f"{finding.title} ({finding.proof}), in {finding.count} place(s). Revoke it; deleting the line is not enough."
        },
        "partialFingerprints": {"trothSecret/v1": finding.key},
        "locations": [_location(place) for place in finding.occurrences[:10]],
    }
    if finding.allowed:
        found["suppressions"] = [{"kind": "external", "justification": finding.allowed}]
    return found


def _location(place: Occurrence) -> dict[str, object]:
    uri = place.path if place.path and not place.path.startswith("(") else f"git-object/{place.object or place.kind}"
    physical: dict[str, object] = {"artifactLocation": {"uri": _uri(uri)}}
    if place.line:
        physical["region"] = {"startLine": place.line}
    return {"physicalLocation": physical, "message": {"text": _place(place)}}


def _uri(path: str) -> str:
    from urllib.parse import quote

    return quote(path, safe="/._-~")
