from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

pytest.importorskip("fastapi", reason="the extra `desk` is not installed")
pytest.importorskip("webauthn", reason="webauthn is not installed")

from fastapi.testclient import TestClient

from tests.web.board_made import Made, made_board
from troth.app.board import BoardError
from troth.jobs.job import State
from troth.web.board.site import COOKIE, application


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Made]:
    """One board for all tests that leave its job waiting, its roster as it is and its people where they were."""
    with made_board(tmp_path_factory.mktemp("board")) as board:
        yield board


@pytest.fixture
def made(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Made]:
    if request.node.get_closest_marker("changes_the_board") is None:
        yield request.getfixturevalue("shared")
        return
    with made_board(tmp_path) as board:
        yield board


@pytest.fixture
def client(made: Made) -> TestClient:
    return TestClient(application(made.board), base_url="http://localhost:1", follow_redirects=False)


def token_of(link: str) -> str:
    return parse_qs(urlsplit(link).query)["token"][0]


def enter(client: TestClient, made: Made, person: str = "ana") -> str:
    answer = client.post("/enter", data={"token": token_of(made.board.link(person))})
    assert 303 == answer.status_code
    return made.board.signed_in(client.cookies[COOKIE]).csrf


@pytest.mark.parametrize("path", ["/", "/past", "/you", "/jobs/" + "0" * 64])
def test_nobody_sees_anything_before_signing_in(client: TestClient, path: str) -> None:
    answer = client.get(path)

    assert 401 == answer.status_code
    assert "bandit" not in answer.text


def test_every_answer_carries_the_strict_headers(client: TestClient, made: Made) -> None:
    enter(client, made)
    for path in ("/", "/past", "/you", f"/jobs/{made.job.id}", "/enter", "/nothing", "/api/jobs"):
        headers = client.get(path).headers

        assert "default-src 'none'" in headers["content-security-policy"]
        assert "unsafe" not in headers["content-security-policy"]
        assert ("no-store", "nosniff", "DENY", "no-referrer") == tuple(headers[name] for name in ("cache-control", "x-content-type-options", "x-frame-options", "referrer-policy"))


def test_a_link_signs_in_once(client: TestClient, made: Made) -> None:
    token = token_of(made.board.link("ana"))
    assert 303 == client.post("/enter", data={"token": token}).status_code
    assert 401 == client.post("/enter", data={"token": token}).status_code
    cookie = client.post("/enter", data={"token": token_of(made.board.link("ana"))}).headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=strict" in cookie


def test_opening_the_link_alone_uses_nothing_up(client: TestClient, made: Made) -> None:
    link = made.board.link("ana")
    for _ in range(3):
        assert 200 == client.get(link.removeprefix("http://localhost:1")).status_code

    assert 303 == client.post("/enter", data={"token": token_of(link)}).status_code


def test_the_page_shows_the_exact_diff_and_evidence_and_escapes_what_others_wrote(client: TestClient, made: Made) -> None:
    enter(client, made)
    text = client.get(f"/jobs/{made.job.id}").text

    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in text
    assert "<script>alert" not in text
    assert made.job.diff is not None
    for change in made.job.diff.changes:
        for line in change.text.strip("\n").split("\n"):
            assert line.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&#34;").replace("'", "&#39;") in text
    assert made.job.diff.sha256 in text
    assert 'src="/static/' in text
    assert " onclick" not in text
    assert " style=" not in text


@pytest.mark.changes_the_board
def test_a_permit_that_is_handed_in_runs_the_job_once(client: TestClient, made: Made) -> None:
    csrf = enter(client, made)
    permit = made.jobs.sign(made.job, made.key).decode()
    answer = client.post(f"/jobs/{made.job.id}/permit", data={"csrf": csrf, "permit": permit})

    assert f"/jobs/{made.job.id}?said=ran" == answer.headers["location"]
    assert "the job is done" in client.get(answer.headers["location"]).text
    assert "troth/fix-" in made.repository.git("branch", "--list", "troth/*")
    assert 403 == client.post(f"/jobs/{made.job.id}/permit", data={"csrf": csrf, "permit": permit}).status_code


@pytest.mark.parametrize(
    ("headers", "csrf"),
    [({}, ""), ({}, "wrong"), ({"origin": "https://evil.example"}, None), ({"origin": "null"}, None), ({"sec-fetch-site": "cross-site"}, None), ({"sec-fetch-site": "same-site"}, None)],
)
def test_a_write_from_elsewhere_changes_nothing(client: TestClient, made: Made, headers: dict[str, str], csrf: str | None) -> None:
    own = enter(client, made)
    for path in (f"/jobs/{made.job.id}/cancel", f"/jobs/{made.job.id}/permit", "/leave"):
        assert 403 == client.post(path, data={"csrf": own if csrf is None else csrf, "permit": "x"}, headers=headers).status_code
    for path in ("/passkey/register/options", f"/passkey/approve/{made.job.id}/options"):
        assert 403 == client.post(path, headers={**headers, "x-csrf": own if csrf is None else csrf or "none"}).status_code

    assert State.PLANNED is made.jobs.executor.show(made.board.sessions("ana")[0], made.job.id).state


def test_another_tenant_s_person_sees_no_job(client: TestClient, made: Made) -> None:
    enter(client, made, "mallory")

    assert "bandit" not in client.get("/").text
    assert 404 == client.get(f"/jobs/{made.job.id}").status_code
    assert 404 == client.post(f"/jobs/{made.job.id}/cancel", data={"csrf": made.board.signed_in(client.cookies[COOKIE]).csrf}).status_code


@pytest.mark.changes_the_board
def test_a_removed_approver_is_signed_out_at_once(client: TestClient, made: Made) -> None:
    enter(client, made, "mallory")
    path = made.home.path / "roster.json"
    import json

    roster = json.loads(path.read_text())
    roster["approvers"] = [one for one in roster["approvers"] if one["id"] != "mallory"]
    path.write_text(json.dumps(roster))

    assert 401 == client.get("/").status_code


def test_cookies_count_for_nothing_at_the_api(client: TestClient, made: Made) -> None:
    enter(client, made)
    secret = client.cookies[COOKIE]

    assert 401 == client.get("/api/jobs").status_code
    assert [made.job.id] == [one["id"] for one in client.get("/api/jobs", headers={"authorization": f"Bearer {secret}"}).json()]
    assert 401 == client.post(f"/api/jobs/{made.job.id}/cancel").status_code


@pytest.mark.changes_the_board
def test_the_api_submits_shows_approves_and_cancels(client: TestClient, made: Made) -> None:
    enter(client, made)
    bearer = {"authorization": f"Bearer {client.cookies[COOKIE]}"}
    shown = client.get(f"/api/jobs/{made.job.id}", headers=bearer).json()
    again = client.post("/api/jobs", content=made.job.content, headers=bearer)
    permit = made.jobs.sign(made.job, made.key).decode()
    other = client.post(f"/api/jobs/{made.job.id}/permits", json={"permits": ["{}"]}, headers=bearer)
    done = client.post(f"/api/jobs/{made.job.id}/permits", json={"permits": [permit]}, headers=bearer)

    assert "planned" == shown["state"]
    assert again.status_code in (201, 403)
    assert 403 == other.status_code
    assert "done" == done.json()["state"]
    assert 403 == client.post(f"/api/jobs/{made.job.id}/cancel", headers=bearer).status_code


def test_a_forged_passkey_answer_approves_nothing(made: Made) -> None:
    with pytest.raises(BoardError):
        made.board.ask_approval("ana", made.job)
    with pytest.raises(BoardError):
        made.board.approve("ana", made.job, "{}")
    with pytest.raises(BoardError):
        made.board.register("ana", "{}")


def test_a_large_body_is_refused(client: TestClient, made: Made) -> None:
    enter(client, made)

    assert 413 == client.post(f"/jobs/{made.job.id}/permit", data={"csrf": "x", "permit": "x" * 300_000}).status_code


@pytest.mark.slow
@pytest.mark.changes_the_board
def test_the_api_keeps_its_own_description_whatever_it_is_asked(made: Made) -> None:
    schemathesis = pytest.importorskip("schemathesis")
    from hypothesis import HealthCheck, given, settings

    secret = made.board.enter(token_of(made.board.link("ana")))
    schema = schemathesis.openapi.from_asgi("/api/openapi.json", application(made.board))

    for found in schema.get_all_operations():
        operation = found.ok()

        @settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck), database=None)
        @given(case=operation.as_strategy())
        def keeps(case):
            answer = case.call(headers={"authorization": f"Bearer {secret}"})
            assert answer.status_code < 500, answer.text

        keeps()
