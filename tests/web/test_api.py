"""The API keeps to its own description: schemathesis sends what the schema allows and what it forbids."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings

from tests.web.conftest import REPORT, Room

schemathesis = pytest.importorskip("schemathesis", reason="needs schemathesis")
from schemathesis import GenerationMode  # noqa: E402
from schemathesis.specs.openapi.checks import positive_data_acceptance  # noqa: E402


def test_a_report_by_the_api_is_stored_once_and_answers_with_its_page(room: Room) -> None:
    client = room.client()
    key = {"idempotency-key": "k" * 43}
    first, second = (client.post("/api/reports", json={"fields": REPORT}, headers=key) for _ in range(2))
    bearer = {"authorization": f"Bearer {first.json()['token']}"}
    client.post("/api/reports/mine/messages", json={"text": "more"}, headers=bearer)

    assert (first.status_code, second.status_code) == (201, 201)
    assert first.json()["case"] == second.json()["case"] == "T-1"
    assert second.json()["fresh"] is False
    assert client.get("/api/reports/mine", headers=bearer).json()["messages"] == 2
    assert "signature" in client.get("/api/reports/mine/receipt", headers=bearer).json()["receipt"]
    assert client.get("/api/reports/mine", headers={"authorization": "Bearer " + "x" * 43}).status_code == 404


def test_what_is_wrong_with_a_report_is_said_by_field(room: Room) -> None:
    answer = room.client().post("/api/reports", json={"fields": {"title": "x", "contact": "no"}})

    assert answer.status_code == 422
    assert set(answer.json()["problems"]) >= {"description", "steps", "impact", "contact"}


def test_schemathesis_finds_no_answer_that_the_description_does_not_have(room: Room) -> None:
    client = room.client()
    client.app.state.misses._most = 10**9
    schema = schemathesis.openapi.from_asgi("/api/openapi.json", client.app)
    ran = []

    for operation in schema.get_all_operations():
        for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
            if mode is GenerationMode.NEGATIVE and operation.ok().path == "/api/fields":
                continue  # takes nothing that could be wrong

            @settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
            @given(case=operation.ok().as_strategy(generation_mode=mode))
            def one(case) -> None:
                ran.append(case.method)
                # which fields a report needs is the policy's to say, not the schema's: a 422 that names them is described and right
                case.call_and_validate(excluded_checks=[positive_data_acceptance])

            one()

    assert len(ran) >= 50
