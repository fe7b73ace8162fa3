"""Requests: any bytes are a request or a typed refusal; bundles of other systems are read without believing them."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.jobs.world import ACME, REGISTRY
from troth.jobs.bundles import import_bundle
from troth.jobs.refusals import RequestError
from troth.jobs.registry import JobType, Kind, Param, Registry
from troth.jobs.request import Constraints, EvidenceItem, JobRequest, Risk, evidence_root
from troth.jobs.session import Session
from troth.jobs.strict import encode, parse

LATER = datetime(2030, 1, 1, tzinfo=UTC)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("abc_", min_size=1, max_size=5), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.text("abc", min_size=1, max_size=4), JSON, max_size=4))
@settings(max_examples=100, deadline=None)
def test_strict_json_reads_what_it_wrote(told: dict[str, object]) -> None:
    assert told == parse(encode(told), limit=1 << 20, depth=20, error=RequestError, what="text")  # type: ignore[arg-type]


@given(st.binary(max_size=200) | st.text(max_size=200).map(lambda text: text.encode("utf-8", "surrogatepass")) | JSON.map(lambda value: json.dumps(value).encode()))
@settings(max_examples=200, deadline=None)
def test_any_bytes_are_a_request_or_a_typed_refusal(content: bytes) -> None:
    with pytest.raises(RequestError):
        JobRequest.parse(content)


def test_a_request_says_what_it_was_made_of() -> None:
    evidence = (EvidenceItem("git", f"{'ab' * 20}:a.yml#L1-L2", "0" * 64, "text"),)
    content = JobRequest.write(ACME, "repo.touch", {"name": "x"}, idempotency_key="k", expires_at=LATER, evidence=evidence, risk=Risk.LOW, constraints=Constraints(5, 2))
    found = JobRequest.parse(content)

    assert (ACME, "repo.touch", evidence, Risk.LOW, Constraints(5, 2), "k", LATER) == (
        found.tenant, found.type, found.evidence, found.risk, found.constraints, found.idempotency_key, found.expires_at,
    )  # fmt: skip
    assert evidence_root(evidence) != evidence_root(())
    assert len(found.sha256) == 64


@pytest.mark.parametrize(
    ("param", "good", "bad"),
    [
        (Param(Kind.TEXT, pattern="[a-z]+"), ["a"], ["A", "", "a\n", 1, None, ["a"], "a" * 5000]),
        (Param(Kind.TEXT, choices=("on", "off")), ["on"], ["On", "maybe"]),
        (Param(Kind.INTEGER, lowest=1, highest=9), [1, 9], [0, 10, True, "1", None]),
        (Param(Kind.FLAG), [True, False], [0, 1, "true", None]),
        (Param(Kind.TEXTS, most=2, pattern="[a-z]"), [[], ["a", "b"]], ["a", ["a", "b", "c"], ["A"], [1]]),
        (Param(Kind.SECRET), ["token"], ["PATH", "", None, 1]),
    ],
)
def test_a_parameter_takes_what_it_declares(param: Param, good: list[object], bad: list[object]) -> None:
    assert all(param.accepts(value, ("token",)) for value in good)  # type: ignore[arg-type]
    assert not any(param.accepts(value, ("token",)) for value in bad)  # type: ignore[arg-type]


def test_a_registry_denies_what_it_does_not_list() -> None:
    with pytest.raises(RequestError, match="unregistered"):
        REGISTRY.of("repo.none")
    kind = REGISTRY.of("repo.touch")
    with pytest.raises(RequestError, match="registry"):
        Registry([kind, kind])
    with pytest.raises(RequestError, match="registry"):
        JobType("Repo Touch", kind.category, "touch")


def test_a_bundle_is_read_as_a_whole_or_not_at_all() -> None:
    session, later = Session(ACME, "importer"), datetime.now(UTC) + timedelta(hours=1)
    one = {"job_type": "a", "tenant_context": {"tenant_id": "acme", "project_id": "web"}, "payload": {"name": "x"}, "priority": 9, "evidence_links": [{"type": "log"}]}
    names = {"a": "repo.touch"}
    found = import_bundle(json.dumps({"bundle_id": "b", "requests": [one, {**one, "idempotency_key": "own"}]}).encode(), session, names, expires_at=later)

    assert ["repo.touch"] * 2 == [JobRequest.parse(content).type for content in found.requests]
    assert "own" == JobRequest.parse(found.requests[1]).idempotency_key
    assert any("priority" in line for line in found.ignored)
    assert any("evidence_links" in line for line in found.ignored)
    again = import_bundle(json.dumps({"bundle_id": "b", "requests": [one, {**one, "idempotency_key": "own"}]}).encode(), session, names, expires_at=later)
    assert found == again, "the same bundle is the same requests"
    for requests in ([], [one] * 101, [one, {**one, "job_type": "b"}], [1], "x"):
        with pytest.raises(RequestError):
            import_bundle(json.dumps({"requests": requests}).encode(), session, names, expires_at=later)
