from __future__ import annotations

import json
import os
import random
from dataclasses import replace
from datetime import timedelta
from functools import lru_cache
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.desk.cases import START, event, received
from troth.desk.advisories import (
    Advisory,
    Branch,
    Named,
    Package,
    Publisher,
    Reference,
    Status,
    advisory_of,
    csaf,
    cve_record,
    cyclonedx_vex,
    gaps,
    openvex,
    osv,
)
from troth.desk.advisories.cvss import base_score, rating
from troth.desk.events import EventKind as K
from troth.desk.machines import fold
from troth.errors import DeskError

VECTORS = ("", "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", "CVSS:3.0/AV:L/AC:H/PR:H/UI:R/S:C/C:L/I:N/A:N", "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N")
FULL = Advisory(
    id="MAPLE-2026-1",
    title="Path traversal in the loader",
    details="The loader follows `..` in names.",
    package=Package("maple-leaf", "PyPI", "pkg:pypi/maple-leaf", "https://git.example.org/maple/leaf"),
    publisher=Publisher("Maple", "https://maple.example", "security@maple.example", "8d3f9a62-1c1e-4f2a-9b1a-1f6f0e2b7c11", "maple"),
    branches=(Branch("1.0.x", Status.FIXED, "1.0.0", "1.0.4"), Branch("2.x", Status.AFFECTED), Branch("3.x", Status.NOT_AFFECTED, reason="rewritten")),
    created=START,
    modified=START + timedelta(days=3),
    published=START + timedelta(days=2),
    revision=2,
    aliases=("CVE-2026-12345",),
    workaround="Do not load archives of strangers.",
    weaknesses=(("CWE-22", "Improper Limitation of a Pathname to a Restricted Directory ('Path Traversal')"),),
    cvss=VECTORS[1],
    severity="critical",
    credits=(Named("Ada", "finder", "https://ada.example"),),
    references=(Reference("https://maple.example/a/1", "advisory"), Reference("https://git.example.org/maple/leaf/commit/1", "fix")),
)


def folder() -> Path:
    if "TROTH_CONFORMANCE" not in os.environ:
        pytest.skip("TROTH_CONFORMANCE does not name the official schemas")
    return Path(os.environ["TROTH_CONFORMANCE"])


@lru_cache(maxsize=8)
def validator(name: str):
    schemas = pytest.importorskip("jsonschema_rs")
    root = folder()
    files = {
        "osv": "osv/validation/schema.json",
        "csaf": "csaf/csaf_2.0/json_schema/csaf_json_schema.json",
        # the format that is live since 2025-10-29, where it was fetched; 5.1.1 does not know every field of it
        "cve": "cve/cve520.json" if (root / "cve/cve520.json").exists() else "cve/cve511.json",
        "openvex": "openvex/openvex_json_schema.json",
        "cyclonedx": "cyclonedx/bom-1.7.schema.json",
    }
    registry = []
    if name == "csaf":
        for version in ("2.0", "3.0", "3.1"):
            body = json.loads((root / f"csaf/csaf_2.0/referenced_schema/first/cvss-v{version}.json").read_text())
            registry.append((f"https://www.first.org/cvss/cvss-v{version}.json", body))
    if name == "cyclonedx":
        for other in ("spdx", "jsf-0.82", "cryptography-defs"):
            body = json.loads((root / f"cyclonedx/{other}.schema.json").read_text())
            registry += [(f"http://cyclonedx.org/schema/{other}.schema.json", body), (f"file:///{other}.schema.json", body)]
    schema = json.loads((root / files[name]).read_text())
    return schemas.validator_for(schema, registry=schemas.Registry(registry) if registry else None, validate_formats=True)


MAKERS = {"osv": osv, "csaf": csaf, "cve": cve_record, "openvex": openvex, "cyclonedx": cyclonedx_vex}


def problems(name: str, advisory: Advisory) -> list[str]:
    draft = json.loads(json.dumps(MAKERS[name](advisory)))
    return [f"{list(error.instance_path)}: {error.message[:200]}" for error in validator(name).iter_errors(draft)]


@pytest.mark.parametrize("name", MAKERS)
def test_a_whole_advisory_is_valid_in_every_official_format(name: str) -> None:
    assert problems(name, FULL) == []


@pytest.mark.parametrize("name", MAKERS)
def test_the_official_schema_refuses_what_is_wrong(name: str) -> None:
    """The validators above can fail: a draft without what each format cannot do without is refused."""
    draft = json.loads(json.dumps(MAKERS[name](FULL)))
    for key in ("id", "document", "containers", "statements", "bomFormat"):
        draft.pop(key, None)
    assert list(validator(name).iter_errors(draft))


texts = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\x00"), min_size=1, max_size=60).filter(str.strip)
branches = st.builds(
    Branch, st.sampled_from(("1.0.x", "2.x", "< 1.0", "main", "0.1.0-alpha.x", "é x")), st.sampled_from(list(Status)), st.sampled_from(("0", "1.0.0")), st.sampled_from(("", "1.0.4", "2.0.0rc1")), st.sampled_from(("", "because"))
)


@pytest.mark.parametrize("name", MAKERS)
@settings(max_examples=60, deadline=None)
@given(
    title=texts, details=texts, workaround=st.sampled_from(("", "w")), lines=st.lists(branches, min_size=1, max_size=4, unique_by=lambda one: one.line), cvss=st.sampled_from(VECTORS),
    severity=st.sampled_from(("", "low", "critical")), revision=st.integers(0, 3), names=st.lists(texts, max_size=2, unique=True), purl=st.sampled_from(("", "pkg:pypi/maple-leaf")), weak=st.booleans(),
)  # fmt: skip
def test_any_advisory_is_valid_whatever_people_write(name: str, title, details, workaround, lines, cvss, severity, revision, names, purl, weak) -> None:
    advisory = replace(
        FULL, title=title, details=details, workaround=workaround, branches=tuple(lines), cvss=cvss, severity=severity, revision=revision, published=FULL.published if revision else None,
        credits=tuple(Named(one) for one in names), package=replace(FULL.package, purl=purl), weaknesses=FULL.weaknesses if weak else (),
    )  # fmt: skip
    assert problems(name, advisory) == []


def test_csaf_keeps_the_mandatory_rules_that_no_schema_can_tell() -> None:
    """6.1.1, 6.1.2, 6.1.6, 6.1.7, 6.1.11, 6.1.14, 6.1.16, 6.1.17, 6.1.18 and 6.1.27 of the standard, over many drafts."""
    rng = random.Random(8)
    for _ in range(300):
        revision = rng.randint(0, 3)
        lines = tuple(Branch(name, rng.choice(list(Status)), "0", rng.choice(("", "1.4"))) for name in rng.sample(("1.x", "2.x", "3.x", "< 1.0"), rng.randint(1, 4)))
        draft = csaf(replace(FULL, branches=lines, revision=revision, published=FULL.published if revision else None, cvss=rng.choice(VECTORS)))
        (vulnerability,) = draft["vulnerabilities"]
        defined = [line["product"]["product_id"] for line in draft["product_tree"]["branches"][0]["branches"][0]["branches"]]
        used = [product for ids in vulnerability["product_status"].values() for product in ids]
        assert len(set(defined)) == len(defined)
        assert sorted(used) == sorted(defined)
        for group in (*vulnerability.get("remediations", []), *vulnerability.get("threats", [])):
            assert set(group["product_ids"]) <= set(defined)
        tracking = draft["document"]["tracking"]
        history = tracking["revision_history"]
        assert [(one["date"], int(one["number"])) for one in history] == sorted((one["date"], int(one["number"])) for one in history)
        assert history[-1]["number"] == tracking["version"]
        assert history[-1]["date"] == tracking["current_release_date"]
        assert history[0]["date"] == tracking["initial_release_date"]
        assert (tracking["status"] == "draft") is (tracking["version"] == "0")
        assert vulnerability["notes"]
        affected = set(vulnerability["product_status"].get("known_affected", []))
        assert affected <= {product for group in vulnerability.get("remediations", []) for product in group["product_ids"]}


def test_the_state_of_each_line_comes_from_the_case_and_a_credit_only_from_consent() -> None:
    log = [
        received(lines=("1.0.x", "2.x", "3.x")), event(K.REPORT_VALIDATED, 1), event(K.REPORT_ACCEPTED, 2), event(K.SEVERITY_SET, 3, severity="high"), event(K.LINE_FIX_READY, 4, line="1.0.x"),
        event(K.LINE_RELEASED, 5, line="1.0.x", version="1.0.9"), event(K.LINE_NOT_AFFECTED, 6, line="3.x", reason="not there"), event(K.ADVISORY_DRAFTED, 7), event(K.CREDIT_ASKED, 8),
    ]  # fmt: skip
    written = replace(FULL, credits=(Named("Ada", "finder"), Named("Bo", "remediation developer")))
    found = advisory_of(fold(log), log, written, introduced={"1.0.x": "1.0.2"})
    assert [(one.line, one.status.value, one.introduced, one.fixed, one.reason) for one in found.branches] == [
        ("1.0.x", "fixed", "1.0.2", "1.0.9", ""), ("2.x", "affected", "0", "", ""), ("3.x", "not_affected", "0", "", "not there"),
    ]  # fmt: skip
    assert [one.name for one in found.credits] == ["Bo"]
    assert (found.severity, found.published, found.revision) == ("high", None, 0)

    log += [event(K.CREDIT_ANSWERED, 9, "reporter", choice="named"), event(K.ADVISORY_PUBLISHED, 10)]
    found = advisory_of(fold(log), log, written)
    assert [one.name for one in found.credits] == ["Ada", "Bo"]
    assert (found.published, found.revision) == (START + timedelta(hours=10), 1)


def test_a_line_that_was_reopened_is_affected_again() -> None:
    log = [received(lines=("1.x",)), event(K.REPORT_VALIDATED, 1), event(K.LINE_FIX_READY, 4, line="1.x"), event(K.LINE_RELEASED, 5, line="1.x", version="1.9"), event(K.LINE_REOPENED, 6, line="1.x", reason="incomplete")]
    (branch,) = advisory_of(fold(log), log, FULL).branches

    assert (branch.status, branch.fixed) == (Status.AFFECTED, "")


def test_before_judgement_every_line_is_under_investigation() -> None:
    log = [received(lines=("1.x",))]

    assert advisory_of(fold(log), log, FULL).branches[0].status is Status.UNDER_INVESTIGATION


def test_ids_are_written_as_osv_wants_them() -> None:
    assert [osv(replace(FULL, id=name))["id"] for name in ("MAPLE-2026-1", "CVE-2026-1", "GHSA-aaaa-bbbb-cccc", "x_maple-1")] == ["x_maple-2026-1", "CVE-2026-1", "GHSA-aaaa-bbbb-cccc", "x_maple-1"]


@pytest.mark.parametrize(
    ("name", "change", "says"),
    [
        ("osv", {"package": Package("x")}, "an ecosystem"),
        ("cve", {"aliases": ()}, "a CVE id"),
        ("cve", {"references": ()}, "a reference"),
        ("csaf", {"title": " "}, "a title"),
        ("openvex", {"branches": ()}, "a version line"),
        ("cyclonedx", {"package": Package("")}, "a product's name"),
    ],
)
def test_what_a_format_cannot_do_without_is_named(name: str, change: dict, says: str) -> None:
    with pytest.raises(DeskError, match=says):
        MAKERS[name](replace(FULL, **change))


def test_gaps_are_listed_before_publication() -> None:
    assert gaps(replace(FULL, branches=(Branch("1.x", Status.FIXED), Branch("2.x", Status.UNDER_INVESTIGATION)), references=(Reference("javascript:x"),), title="")) == (
        "a title and a description", "the version that fixes 1.x", "whether 2.x is affected", "an address that is one instead of 'javascript:x'",
    )  # fmt: skip
    assert gaps(FULL) == ()


def test_scores_agree_with_a_reference_implementation() -> None:
    cvss = pytest.importorskip("cvss")
    rng = random.Random(4)
    values = {"AV": "NALP", "AC": "LH", "PR": "NLH", "UI": "NR", "S": "UC", "C": "HLN", "I": "HLN", "A": "HLN"}
    for _ in range(2_000):
        vector = f"CVSS:3.{rng.choice('01')}/" + "/".join(f"{name}:{rng.choice(letters)}" for name, letters in values.items())
        assert base_score(vector) == float(cvss.CVSS3(vector).base_score)


@pytest.mark.parametrize("vector", ["", "CVSS:3.1/AV:N", "CVSS:3.1/AV:N/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", "CVSS:3.1/AV:X/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", "CVSS:2.0/x", VECTORS[3]])
def test_what_is_no_vector_has_no_score(vector: str) -> None:
    assert base_score(vector) is None


def test_words_for_scores() -> None:
    assert [rating(score) for score in (0.0, 0.1, 4.0, 7.0, 9.0)] == ["NONE", "LOW", "MEDIUM", "HIGH", "CRITICAL"]
