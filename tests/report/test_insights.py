"""Security Insights and the OSPS Baseline, from findings: valid by the schema's rules, and nothing in them that was not found or given."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path

import jsonschema_rs
import pytest
import yaml

from tests.report.results import CONTROLS, finding, orchard, result, statement
from troth.check.catalogue import shipped
from troth.errors import UsageError
from troth.report.insights import STATUSES, Told, baseline, insights
from troth.terms.place import Place
from troth.terms.verdict import Broken, Evidence, How, Kept, NotApplicable, Unknown

CONFORMANCE = os.environ.get("TROTH_CONFORMANCE")
URL = {"type": "string", "pattern": r"^https?://[^\s]+$"}
DATE = {"type": "string", "format": "date", "pattern": r"^\d{4}-\d{2}-\d{2}$"}


def closed(required: dict, optional: dict | None = None) -> dict:
    return {"type": "object", "required": sorted(required), "properties": {**required, **(optional or {})}, "additionalProperties": False}


TEXT, FLAG = {"type": "string"}, {"type": "boolean"}
CONTACT = closed({"name": TEXT, "primary": FLAG}, {"affiliation": TEXT, "email": {"type": "string", "pattern": r"^[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+\.[A-Za-z]{2,}$"}, "social": TEXT})
ASSESSMENT = closed({"comment": TEXT}, {"name": TEXT, "evidence": URL, "date": DATE})
ATTESTATION = closed({"name": TEXT, "location": URL, "predicate-uri": TEXT}, {"comment": TEXT})
TOOL = closed(
    {
        "name": TEXT,
        "type": {"enum": ["fuzzing", "container", "secret", "SCA", "SAST", "other"]},
        "rulesets": {"type": "array", "items": TEXT},
        "integration": closed({"adhoc": FLAG, "ci": FLAG, "release": FLAG}),
        "results": closed({}, {"adhoc": ATTESTATION, "ci": ATTESTATION, "release": ATTESTATION}),
    },
    {"version": TEXT, "comment": TEXT},
)
REPOSITORY = closed(
    {
        "status": {"enum": list(STATUSES)},
        "url": URL,
        "accepts-change-request": FLAG,
        "accepts-automated-change-request": FLAG,
        "core-team": {"type": "array", "items": CONTACT, "minItems": 1},
        "license": closed({"url": URL, "expression": TEXT}),
        "security": closed({"assessments": closed({"self": ASSESSMENT}, {"third-party": {"type": "array", "items": ASSESSMENT}})}, {"champions": {"type": "array", "items": CONTACT}, "tools": {"type": "array", "items": TOOL}}),
    },
    {"bug-fixes-only": FLAG, "no-third-party-packages": FLAG, "documentation": {"type": "object"}, "release": {"type": "object"}},
)
HEADER = closed({"last-reviewed": DATE, "last-updated": DATE, "schema-version": {"type": "string", "pattern": r"^[1-9]+\.[0-9]+\.[0-9]+$"}, "url": URL}, {"comment": TEXT, "project-si-source": URL})
SCHEMA = closed({"header": HEADER}, {"project": {"type": "object"}, "repository": REPOSITORY})
"""The rules of ossf/security-insights-spec 2.0.0 (`schema.cue`) for the parts that are written, as JSON Schema."""

TOLD = Told("https://forge.test/acme/rocket", "2026-01-01", "active", (("Robin", "robin@example.org"), ("Kim", "")), "MIT", "https://forge.test/acme/rocket/LICENSE")
SEEN = (Evidence("It is there.", Place("a.yml", 1)),)


def kept(control: str, **params: object):
    return finding(statement("Our GPU farm is air-gapped."), control, Kept(SEEN, "It runs."), params)


def valid(text: str) -> dict:
    document = yaml.safe_load(text)
    jsonschema_rs.validator_for(SCHEMA, validate_formats=True).validate(document)
    return document


def test_the_document_is_valid_with_and_without_what_people_say() -> None:
    assert set(valid(insights(orchard(), Told("https://forge.test/acme/rocket", "2026-01-01")))) == {"header"}
    document = valid(insights(orchard(), TOLD))
    assert document["repository"]["core-team"][0] == {"name": "Robin", "primary": True, "email": "robin@example.org"}
    assert document["header"]["last-reviewed"] == "2026-01-01"


def test_a_tool_is_listed_only_where_its_promise_is_kept() -> None:
    broken = finding(statement("Our GPU farm is air-gapped."), "code/scan-tool-runs", Broken(How.VACUOUS, SEEN, "No."), {"tool": "semgrep"})
    run = result([kept("code/scan-tool-runs", tool="bandit"), kept("deps/vuln-scan"), kept("deps/none"), broken])
    repository = valid(insights(run, TOLD))["repository"]

    assert [(tool["name"], tool["type"]) for tool in repository["security"]["tools"]] == [("bandit", "SAST")]
    assert repository["no-third-party-packages"] is True
    assert "1 broken, 3 kept" in repository["security"]["assessments"]["self"]["comment"]


@pytest.mark.parametrize(
    "told",
    [
        Told("", "2026-01-01"),
        Told("acme/rocket", "2026-01-01"),
        replace(TOLD, reviewed=""),
        replace(TOLD, status="busy"),
        replace(TOLD, team=()),
        replace(TOLD, licence=""),
        replace(TOLD, licence_url="LICENSE"),
        replace(TOLD, team=(("Robin", "robin"),)),
    ],
)
def test_what_the_schema_would_refuse_is_refused_before_it_is_written(told: Told) -> None:
    with pytest.raises(UsageError):
        insights(orchard(), told)


@pytest.mark.parametrize(
    ("verdicts", "wanted"),
    [
        ([Kept(SEEN, "yes")], "met"),
        ([Kept(SEEN, "yes"), Broken(How.ABSENT, SEEN, "no")], "not met"),
        ([Kept(SEEN, "yes"), Unknown("a token", "no")], "unknown"),
        ([Kept(SEEN, "yes"), NotApplicable("none")], "met"),
        ([NotApplicable("none")], "not applicable"),
    ],
)
def test_a_requirement_is_met_only_where_every_finding_on_it_is_kept(verdicts, wanted) -> None:
    found = [finding(statement("Our GPU farm is air-gapped."), "deps/vuln-scan", verdict) for verdict in verdicts]
    rows = yaml.safe_load(baseline(result(found), shipped()))["requirements"]

    assert [(row["id"], row["result"]) for row in rows] == [("OSPS-VM-05.03", wanted)]
    assert len(rows[0]["promises"]) == len(verdicts)


@pytest.mark.skipif(CONFORMANCE is None, reason="TROTH_CONFORMANCE is not set")
def test_every_requirement_that_a_control_names_is_in_the_baseline() -> None:
    known = set()
    for path in (Path(CONFORMANCE) / "osps" / "baseline").glob("OSPS-*.yaml"):
        for control in yaml.safe_load(path.read_text(encoding="utf-8"))["controls"]:
            known.add(control["id"])
            known |= {each["id"] for each in control.get("assessment-requirements", ())}
    named = {ref for control in shipped().values() for ref in control.refs if ref.startswith("OSPS-")}

    assert len(known) > 40
    assert not named - known, json.dumps(sorted(named - known))


def test_a_made_result_maps_without_the_real_catalogue() -> None:
    assert yaml.safe_load(baseline(orchard(), CONTROLS))["requirements"] is not None
