"""Attacks on the board and its API: bodies without end, sites that send forms, ids that climb, permits on the wrong page, differences that look like something else. Each with its twin."""

from __future__ import annotations

import contextlib
import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("fastapi", reason="the extra `desk` is not installed")
pytest.importorskip("webauthn", reason="webauthn is not installed")

from fastapi.testclient import TestClient

from tests.web.board_made import Made, made_board
from tests.web.test_board import token_of
from troth.app.board import BoardError
from troth.jobs.handler import Change
from troth.web.board.differences import shown
from troth.web.board.site import COOKIE, application

ORIGIN = "http://localhost:1"
MIB = 1024 * 1024


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Made]:
    with made_board(tmp_path_factory.mktemp("attacked")) as board:
        yield board


@pytest.fixture
def client(made: Made) -> TestClient:
    return TestClient(application(made.board), base_url=ORIGIN, follow_redirects=False, raise_server_exceptions=False)


def signed_in(client: TestClient, made: Made, person: str = "ana") -> str:
    assert 303 == client.post("/enter", data={"token": token_of(made.board.link(person))}).status_code
    return made.board.signed_in(client.cookies[COOKIE]).csrf


def bearer(made: Made, person: str = "ana") -> dict[str, str]:
    return {"Authorization": f"Bearer {made.board.enter(token_of(made.board.link(person)))}"}


class Endless:
    """A body that says nothing of its length; counts what was taken of it."""

    def __init__(self, mebibytes: int = 24) -> None:
        self.left, self.taken = mebibytes * 16, 0

    def __iter__(self) -> Iterator[bytes]:
        while self.left:
            self.left -= 1
            self.taken += 1
            yield b"a" * (MIB // 16)


@pytest.mark.parametrize("path", ["/enter", "/api/jobs", "/passkey/register", "/jobs/{id}/permit", "/jobs/{id}/cancel", "/api/jobs/{id}/permits"])
def test_a_body_that_does_not_say_how_long_it_is_is_refused_all_the_same(client: TestClient, made: Made, path: str) -> None:
    csrf = signed_in(client, made)
    body = Endless()
    kind = "application/json" if path.endswith("permits") else "application/x-www-form-urlencoded"

    answer = client.post(path.format(id=made.job.id), content=iter(body), headers={"content-type": kind, "x-csrf": csrf, **bearer(made)})

    assert 413 == answer.status_code
    assert 400 <= client.post(path.format(id="0" * 64), content=iter([b"a=b"]), headers={"content-type": kind, "x-csrf": "", **bearer(made)}).status_code < 500


@pytest.mark.parametrize("length", ["-5", "1e9", "0x10", "\u0663", "5, 5", ""])
def test_a_length_that_is_none_is_refused_and_breaks_nothing(client: TestClient, length: str) -> None:
    answer = client.post("/enter", content=b"token=x", headers={"content-length": length.encode()})

    assert answer.status_code < 500
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize(
    "headers",
    [
        {"sec-fetch-site": "cross-site"}, {"sec-fetch-site": "same-site"}, {"sec-fetch-site": "cross-site", "origin": ORIGIN}, {"sec-fetch-site": ""}, {"sec-fetch-site": "Same-Origin "},
        {"origin": "null"}, {"origin": "http://localhost"}, {"origin": "http://localhost:1.evil.example"}, {"origin": "https://localhost:1"}, {"origin": "http://localhost:1/"},
    ],
)  # fmt: skip
def test_a_form_of_another_site_does_nothing_though_it_knows_the_token(client: TestClient, made: Made, headers: dict[str, str]) -> None:
    csrf = signed_in(client, made)

    answer = client.post(f"/jobs/{made.job.id}/cancel", data={"csrf": csrf}, headers=headers)

    assert 403 == answer.status_code
    assert "planned" == made.board.job("ana", made.job.id)[1].state.value
    twin = client.post(f"/jobs/{made.job.id}/permit", data={"csrf": csrf, "permit": ""}, headers={"sec-fetch-site": "same-origin", "origin": ORIGIN})
    assert "No permit" in twin.text


@pytest.mark.parametrize("way", ["query", "basic", "cookie", "twice", "lower", "empty", "another"])
def test_the_api_knows_callers_by_their_bearer_token_alone(client: TestClient, made: Made, way: str) -> None:
    secret = bearer(made)["Authorization"].partition(" ")[2]
    if way == "cookie":
        client.cookies.set(COOKIE, secret)
    headers = {"query": {}, "cookie": {}, "basic": {"Authorization": f"Basic {secret}"}, "twice": {"Authorization": f"Bearer {secret} {secret}"}, "lower": {"Authorization": f"Bearer {secret.swapcase()}"}, "empty": {"Authorization": "Bearer "}, "another": {"X-Authorization": f"Bearer {secret}"}}[way]  # fmt: skip

    assert 401 == client.get("/api/jobs" + (f"?access_token={secret}" if way == "query" else ""), headers=headers).status_code
    assert 200 == client.get("/api/jobs", headers={"Authorization": f"Bearer {secret}"}).status_code


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE", "PATCH", "OPTIONS"])
@pytest.mark.parametrize("path", ["/jobs/{id}/cancel", "/jobs/{id}/permit", "/api/jobs/{id}/cancel", "/passkey/approve/{id}"])
def test_nothing_is_done_by_another_method(client: TestClient, made: Made, method: str, path: str) -> None:
    signed_in(client, made)

    answer = client.request(method, path.format(id=made.job.id), headers={"X-HTTP-Method-Override": "POST", **bearer(made)})

    assert answer.status_code in (404, 405)
    assert "planned" == made.board.job("ana", made.job.id)[1].state.value


@pytest.mark.parametrize(
    "path",
    [
        "/static/../pages/job.html.jinja", "/static/{digest}/..%2fpages%2fjob.html.jinja", "/static/{digest}/%2e%2e/site.py", "/static//board.css", "/static/{digest}/board.css%00.js",
        "/jobs/..%2f..%2froster.json", "/jobs/{upper}", "/jobs/{id}%0a", "/jobs/{id}%20", "/jobs/{short}", "/api/jobs/{upper}", "/api/jobs/..%2f{id}", "/jobs/{id}/../../static/x",
    ],
)  # fmt: skip
def test_ways_that_climb_or_are_spelled_otherwise_lead_nowhere(client: TestClient, made: Made, path: str) -> None:
    signed_in(client, made)
    told = {"id": made.job.id, "short": made.job.id[:12], "upper": made.job.id.upper() if not made.job.id.isdigit() else "F" * 64, "digest": "0" * 16}

    answer = client.get(path.format(**told), headers=bearer(made))

    assert answer.status_code in (307, 404, 422)
    assert made.job.type not in answer.text
    assert 200 == client.get(f"/jobs/{made.job.id}").status_code


def test_one_link_lets_one_of_many_in(made: Made) -> None:
    token = token_of(made.board.link("ana"))
    inside: list[str] = []

    def knock() -> None:
        with contextlib.suppress(BoardError):
            inside.append(made.board.enter(token))

    threads = [threading.Thread(target=knock) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert 1 == len(inside)


@pytest.mark.parametrize("path", ["/jobs/{id}/permit", "/jobs/{id}/cancel", "/passkey/approve/{id}/options"])
def test_another_project_s_person_can_do_nothing_to_a_job(client: TestClient, made: Made, path: str) -> None:
    csrf = signed_in(client, made, "mallory")

    answer = client.post(path.format(id=made.job.id), data={"csrf": csrf, "permit": "x"}, headers={"x-csrf": csrf})

    assert 404 == answer.status_code
    assert "planned" == made.board.job("ana", made.job.id)[1].state.value


@pytest.mark.parametrize("answer", ["", "null", "[]", "{}", '{"id": 5}', '{"id": "' + "A" * 5000 + '"}', "[" * 5000, '{"id": "AA", "rawId": "AA", "response": {}, "type": "public-key"}'])
def test_an_answer_that_no_passkey_gave_approves_nothing(client: TestClient, made: Made, answer: str) -> None:
    csrf = signed_in(client, made)

    told = client.post(f"/passkey/approve/{made.job.id}", content=answer, headers={"x-csrf": csrf})

    assert told.status_code == 403
    assert "planned" == made.board.job("ana", made.job.id)[1].state.value


@pytest.mark.parametrize("text", ["\u202egnp.exe", "\x1b[31mred\x1b[0m", "a\rb", "zero\u200bwidth", "\u2066x\u2069", "<script>x</script>", "\U000e0041tag"])
def test_what_cannot_be_seen_is_shown_in_a_difference(text: str) -> None:
    told = shown(Change("a.txt", "create", f"diff --git a/a.txt b/a.txt\nnew file mode 100644\n--- /dev/null\n+++ b/a.txt\n@@ -0,0 +1 @@\n+{text}\n"))

    last = told.lines[-1]
    assert "add" == last.kind
    assert (text.isprintable() and text.isascii()) or text not in last.text


@pytest.mark.parametrize(("line", "kind"), [("+++ b/harmless.txt", "add"), ("--- a/harmless.txt", "cut"), ("+@@ -1 +1 @@", "add"), ("-diff --git a/x b/x", "cut"), (" +++ b/x", "same")])
def test_a_line_of_a_file_is_not_shown_as_the_difference_s_own(line: str, kind: str) -> None:
    old, new = (1, 0) if kind == "cut" else (0, 1) if kind == "add" else (1, 1)
    told = shown(Change("a.txt", "change", f"diff --git a/a.txt b/a.txt\n--- a/a.txt\n+++ b/a.txt\n@@ -1,{1 + old} +1,{1 + new} @@\n same\n{line}\n"))

    assert [("head", "file")] * 3 == [(one.kind, one.says) for one in told.lines[:3]]
    assert kind == told.lines[-1].kind


def test_a_second_file_of_a_difference_has_its_own_head() -> None:
    one = "diff --git a/a.txt b/a.txt\n--- a/a.txt\n+++ b/a.txt\n@@ -1 +1 @@\n-x\n+y\n"

    assert ["head", "head", "head", "hunk", "cut", "add"] * 2 == [line.kind for line in shown(Change("a.txt", "change", one + one.replace("a.txt", "b.txt"))).lines]


@pytest.mark.parametrize("said", ["<script>alert(1)</script>", '"><img src=x>', "ran%0d%0aSet-Cookie: a=b", "javascript:x"])
def test_what_an_address_says_is_not_shown(client: TestClient, made: Made, said: str) -> None:
    signed_in(client, made)

    answer = client.get(f"/jobs/{made.job.id}?said={said}")

    assert 200 == answer.status_code
    assert "alert(1)" not in answer.text.replace("&lt;script&gt;alert(1)&lt;/script&gt;", "") or "<script>alert(1)" not in answer.text
    assert "<img src=x>" not in answer.text
    assert "set-cookie" not in answer.headers


def test_a_request_for_a_project_of_somebody_else_s_is_not_taken(client: TestClient, made: Made) -> None:
    told: dict[str, Any] = json.loads(made.job.content)
    theirs = json.dumps({**told, "tenant_id": "elsewhere"}).encode()

    assert 404 == client.post("/api/jobs", content=theirs, headers=bearer(made)).status_code
    assert client.post("/api/jobs", content=made.job.content, headers=bearer(made, "mallory")).status_code == 404


def test_nobody_of_the_roster_is_no_caller(made: Made, tmp_path: Path) -> None:
    assert tmp_path
    with pytest.raises(BoardError, match="names no such person"):
        made.board.link("nobody")
