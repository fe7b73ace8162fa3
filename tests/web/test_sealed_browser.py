"""Encrypting in the reporter's browser: what the server gets, stores and could show is ciphertext, files included; who holds the key reads it offline."""

from __future__ import annotations

import json
from pathlib import Path

import pyrage
import pytest

from tests.web.conftest import REPORT, copied, serving
from tests.web.test_browser import browser, fill_report, signed_in, watched  # noqa: F401
from troth.app.desk import keeping
from troth.app.desk.reading import read_cases

pytestmark = pytest.mark.browser


def test_a_report_and_its_files_are_closed_before_they_leave_the_browser(template: Path, tmp_path: Path, browser) -> None:  # noqa: F811
    identity = pyrage.x25519.Identity.generate()
    folder = copied(template, tmp_path / "desk")
    path = folder / "desk.toml"
    path.write_text(path.read_text().replace("sealed = []", f'sealed = ["{identity.to_public()}"]'))
    sent: list[bytes] = []
    with serving(folder) as room:
        page = watched(browser)
        page.on("request", lambda request: sent.append(request.post_data_buffer or b"") if request.method == "POST" else None)
        page.goto(room.desk.settings.origin)
        fill_report(page)
        page.set_input_files("#f-files", {"name": "poc.txt", "mimeType": "text/plain", "buffer": b"a canary in a file"})
        page.check("#seal-box")
        page.click("text=Send the report")
        page.wait_for_selector("#link")
        assert page.complaints == []
        keeping.backup(room.desk, tmp_path / "backup.db")

    words = [REPORT["description"].encode(), REPORT["title"].encode(), b"a canary in a file"]
    assert sent
    assert not any(word in body for word in words for body in sent)
    read_cases(f"sqlite:///{tmp_path}/backup.db", [str(identity)], tmp_path / "out")
    told = json.loads((tmp_path / "out" / "T-1" / "case.json").read_text())
    assert told["thread"][0]["values"]["description"] == REPORT["description"]
    assert told["thread"][0]["files"][0]["name"] == "poc.txt.age"
    assert pyrage.decrypt((tmp_path / "out" / "T-1" / "file-1").read_bytes(), [identity]) == b"a canary in a file"


@pytest.fixture
def closed(template: Path, tmp_path: Path):
    """A sealed desk behind a server, its holder's identity, and what a member's browser sent."""
    identity = pyrage.x25519.Identity.generate()
    folder = copied(template, tmp_path / "desk")
    path = folder / "desk.toml"
    path.write_text(path.read_text().replace("sealed = []", f'sealed = ["{identity.to_public()}"]'))
    with serving(folder) as room:
        yield room, identity


def _watched(room, browser, sent: list[bytes]):  # noqa: F811
    page = signed_in(room, browser, "Mia", "member")
    page.on("request", lambda request: sent.append(f"{request.method} {request.url} {request.headers}".encode() + (request.post_data_buffer or b"")))
    return page


def test_a_member_opens_a_sealed_case_in_the_browser_and_the_key_stays_there(closed, tmp_path: Path, browser) -> None:  # noqa: F811
    room, identity = closed
    content = bytes(range(256)) * 700
    link = room.report(files=[("files", ("poc <b>.bin", content))], title="Closed <i>title</i>", description="A <script>window.pwned = 1</script> tag")
    room.client().post(f"{link}/reply", data={"text": "Also the tar reader.", "nonce": "n" * 43})
    sent: list[bytes] = []
    page = _watched(room, browser, sent)
    page.goto(f"{room.desk.settings.origin}/board/T-1")
    assert "Closed" not in page.content()
    (tmp_path / "identity.txt").write_text(f"# created: today\n{identity}\n")
    page.set_input_files("#identity-file", tmp_path / "identity.txt")
    page.click("#sealed-open")
    page.wait_for_selector("#sealed-thread li:nth-child(2)")

    assert page.inner_text("#sealed-title") == "Closed <i>title</i>"
    letters = page.inner_text("#sealed-thread")
    assert "A <script>window.pwned = 1</script> tag" in letters
    assert REPORT["steps"] in letters
    assert "Also the tar reader." in letters
    assert page.evaluate("window.pwned") is None
    with page.expect_download() as download:
        page.click("text=Save poc")
    assert Path(download.value.path()).read_bytes() == content
    assert sent
    assert not any(str(identity)[:30].encode() in one for one in sent)
    assert page.complaints == []


def test_what_the_reporter_s_browser_closed_opens_with_the_same_key(closed, browser) -> None:  # noqa: F811
    room, identity = closed
    reporter = watched(browser)
    reporter.goto(room.desk.settings.origin)
    fill_report(reporter)
    reporter.set_input_files("#f-files", {"name": "poc.txt", "mimeType": "text/plain", "buffer": b"a canary in a file"})
    reporter.check("#seal-box")
    reporter.click("text=Send the report")
    reporter.wait_for_selector("#link")
    page = _watched(room, browser, [])
    page.goto(f"{room.desk.settings.origin}/board/T-1")
    page.fill("#identity-text", str(identity))
    page.click("#sealed-open")
    page.wait_for_selector("#sealed-thread li")
    assert page.inner_text("#sealed-title") == REPORT["title"]
    assert REPORT["description"] in page.inner_text("#sealed-thread")
    with page.expect_download() as download:
        page.click("text=Save poc.txt")
    assert download.value.suggested_filename == "poc.txt"
    assert Path(download.value.path()).read_bytes() == b"a canary in a file"
    assert page.complaints == []


def test_another_key_and_changed_rows_open_nothing(closed, browser) -> None:  # noqa: F811
    from sqlalchemy import text

    room, identity = closed
    room.report()
    page = _watched(room, browser, [])
    page.goto(f"{room.desk.settings.origin}/board/T-1")
    page.fill("#identity-text", str(pyrage.x25519.Identity.generate()))
    page.click("#sealed-open")
    page.wait_for_selector("#sealed-said:has-text('holds no key')")
    with room.desk.store.engine.begin() as connection:
        connection.execute(text("UPDATE desk_items SET audience = 'team' WHERE kind = 'report'"))
    page.fill("#identity-text", str(identity))
    page.click("#sealed-open")
    page.wait_for_selector("#sealed-said:has-text('changed or moved')")
    assert page.locator("#sealed-thread li").count() == 0


def test_the_ciphertext_is_for_who_may_read(closed) -> None:
    room, _identity = closed
    room.report(files=[("files", ("poc.bin", b"x" * 10))])
    _member, team = room.member("Mia", "member")
    told = team.get("/board/T-1/sealed").json()
    assert len(told["wraps"]) == 1
    file = told["files"][0]["id"]
    assert team.get(f"/board/T-1/sealed/{file}").status_code == 200
    assert team.get("/board/T-1/sealed/nothing").status_code == 404
    assert team.get("/board/T-2/sealed").status_code == 400
    for role in ("guest", "auditor", "admin"):
        _other, client = room.member("Eve", role)
        for path in ("/board/T-1", "/board/T-1/sealed", f"/board/T-1/sealed/{file}"):
            assert client.get(path).status_code in (400, 403), (role, path)
    assert room.client().get("/board/T-1/sealed").status_code == 401
    _guest, visitor = room.member("Gil", "guest")
    answers = [visitor.get(f"/board/T-{number}/sealed") for number in (1, 9)]
    assert answers[0].status_code == answers[1].status_code
    assert answers[0].text.replace("T-1", "T-9") == answers[1].text


def test_an_open_desk_s_case_is_not_handed_out_closed(served) -> None:
    served.report()
    _member, team = served.member("Mia", "member")
    assert team.get("/board/T-1/sealed").status_code == 403
