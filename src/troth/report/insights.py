"""OSSF Security Insights (2.x) and the OSPS Baseline, from a check's findings.

Rules: nothing is invented. What only people can say (status, team, licence) is taken from who asks, and the part that needs it is left out where it is not given; a tool is listed only
where the promise that names it is Kept; a requirement of the Baseline is met only where every finding on it is Kept. The schema is that of ossf/security-insights-spec, version 2.0.0.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import yaml

from troth.errors import UsageError
from troth.terms.control import Control
from troth.terms.result import Result
from troth.terms.verdict import Attested, Broken, Finding, Kept, NotApplicable, Partly, Unknown, name_of

__all__ = ["Told", "baseline", "insights"]

SCHEMA: Final = "2.0.0"
STATUSES: Final = ("active", "abandoned", "concept", "inactive", "moved", "suspended", "unsupported", "WIP")

_OSPS: Final = re.compile(r"OSPS-[A-Z]{2}-\d{2}(?:\.\d{2})?\Z")
_URL: Final = re.compile(r"https?://[^\s]+\Z")
_EMAIL: Final = re.compile(r"[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+\.[A-Za-z]{2,}\Z")
_TYPES: Final = {
    "code/scan-tool-runs": "SAST",
    "code/scan-custom-rules": "SAST",
    "deps/vuln-scan": "SCA",
    "deps/update-bot": "SCA",
    "secrets/scan-history": "secret",
    "container/scan": "container",
}

Plain = None | bool | int | str | list["Plain"] | dict[str, "Plain"]


@dataclass(frozen=True, slots=True)
class Told:
    """What no file of a repository says, and who asks for the document must.

    Attributes:
        url: address of the repository; the document's own reference.
        reviewed: ISO date on which a person last reviewed it.
        status: one of `STATUSES`; "" leaves the part about the repository out.
        team: name and mail address ("" for none) of each member of the core team.
        licence, licence_url: SPDX expression and address of the licence.
        changes, automated: the repository accepts change requests, and such of bots.
    """

    url: str
    reviewed: str
    status: str = ""
    team: tuple[tuple[str, str], ...] = ()
    licence: str = ""
    licence_url: str = ""
    changes: bool = True
    automated: bool = True


def _demand(told: Told) -> None:
    wrong = [value for value in (told.url, told.licence_url) if value and not _URL.match(value)]
    wrong += [mail for _, mail in told.team if mail and not _EMAIL.match(mail)]
    if not re.fullmatch(r"\d{4}-\d{2}-\d{2}", told.reviewed):
        raise UsageError("Security Insights need the day on which a person last reviewed the document")
    if wrong or not told.url:
        raise UsageError(f"{wrong[0] if wrong else 'the url'} is not in the form that Security Insights takes")
    given = (told.status, told.team, told.licence, told.licence_url)
    if any(given) and not all(given):
        raise UsageError("a document about the repository needs its status, core team, licence and the licence's address; give all or none")
    if told.status and told.status not in STATUSES:
        raise UsageError(f"{told.status} is no status of Security Insights")


def insights(result: Result, told: Told) -> str:
    """The document as YAML.

    Args:
        result: the run.
        told: what only people can say.

    Raises:
        UsageError: something of `told` is missing or not in the form that the schema takes.
    """
    _demand(told)
    day = result.started[:10]
    header: dict[str, Plain] = {
        "schema-version": SCHEMA,
        "last-updated": day,
        "last-reviewed": told.reviewed,
        "url": told.url,
        "comment": f"Made by troth {result.version} from a check of the security policy.",
    }
    document: dict[str, Plain] = {"header": header}
    if told.status:
        document["repository"] = _repository(result, told, day)
    return yaml.safe_dump(document, sort_keys=False, allow_unicode=True, width=100)


def _repository(result: Result, told: Told, day: str) -> dict[str, Plain]:
    team: list[Plain] = [
        {"name": name, "primary": number == 0, **({"email": mail} if mail else {})} for number, (name, mail) in enumerate(told.team)
    ]
    repository: dict[str, Plain] = {
        "status": told.status,
        "url": told.url,
        "accepts-change-request": told.changes,
        "accepts-automated-change-request": told.automated,
    }
    if any(found.promise.control == "deps/none" and isinstance(found.verdict, Kept) for found in result.findings):
        repository["no-third-party-packages"] = True
    repository |= {"core-team": team, "license": {"url": told.licence_url, "expression": told.licence}}
    security: dict[str, Plain] = {"assessments": {"self": {"comment": _comment(result), "date": day}}}
    tools = _tools(result)
    if tools:
        security["tools"] = tools
    repository["security"] = security
    return repository


def _comment(result: Result) -> str:
    counts: dict[str, int] = {}
    for found in result.findings:
        counts[name_of(found.verdict)] = counts.get(name_of(found.verdict), 0) + 1
    told = ", ".join(f"{count} {name}" for name, count in sorted(counts.items())) or "none"
    unfinished = "" if result.finished else " The check could not finish."
    commit = f" at commit {result.commit}" if result.commit else ""
    return f"Promises of the security policy, checked by effect{commit}: {told}.{unfinished}"


def _tools(result: Result) -> list[Plain]:
    """Tools whose promise is Kept; a sentence that names none lists none."""
    found: dict[tuple[str, str], Plain] = {}
    for finding in result.findings:
        kind = _TYPES.get(finding.promise.control)
        name = finding.promise.params.values.get("tool")
        if kind is None or not isinstance(name, str) or not name or not isinstance(finding.verdict, Kept):
            continue
        found[name, kind] = {
            "name": name,
            "type": kind,
            "rulesets": ["default"],
            "integration": {"adhoc": False, "ci": True, "release": False},
            "results": {},
            "comment": finding.verdict.because[:300],
        }
    return [found[key] for key in sorted(found)]


def baseline(result: Result, controls: Mapping[str, Control]) -> str:
    """What the findings say of the OSPS Baseline's requirements, as YAML.

    Args:
        result: the run.
        controls: the catalogue, by id; their `refs` name the requirements.
    """
    groups: dict[str, list[Finding]] = {}
    for finding in result.findings:
        for ref in controls[finding.promise.control].refs:
            if _OSPS.match(ref):
                groups.setdefault(ref, []).append(finding)
    rows: list[Plain] = [
        {
            "id": ref,
            "result": _result([finding.verdict for finding in found]),
            "promises": [
                {
                    "place": f"{finding.promise.statement.path}:{finding.promise.statement.line}",
                    "control": finding.promise.control,
                    "verdict": name_of(finding.verdict),
                }
                for finding in found
            ],
        }
        for ref, found in sorted(groups.items())
    ]
    head: dict[str, Plain] = {"tool": f"troth {result.version}", "checked": result.started, "commit": result.commit or ""}
    document: dict[str, Plain] = {**head, "note": "A requirement that no promise of the policy speaks of is not listed; it is neither met nor unmet.", "requirements": rows}
    return yaml.safe_dump(document, sort_keys=False, allow_unicode=True, width=100)


def _result(verdicts: list[object]) -> str:
    """`not met` where anything is broken or partly kept, `met` where all that applies is Kept, `attested` where only people vouch, else `unknown`."""
    if any(isinstance(each, (Broken, Partly)) for each in verdicts):
        return "not met"
    applying = [each for each in verdicts if not isinstance(each, NotApplicable)]
    if not applying or any(isinstance(each, Unknown) for each in applying):
        return "unknown" if applying else "not applicable"
    return "attested" if any(isinstance(each, Attested) for each in applying) else "met"
