"""What a reporter does, without scripts and without an account."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.web.conftest import REPORT, Room, csrf
from troth.desk import receipts
from troth.desk.intake.fields import Submission


def test_a_report_gets_a_page_a_receipt_and_a_short_id(room: Room) -> None:
    client = room.client()
    path = room.report(client)

    page = client.get(path).text

    assert "T-1" in page
    assert "Nobody has read it yet" in page
    assert "We will acknowledge your report within 48 hours." in page
    assert client.get(f"{path}?new").text.count(path) >= 2


def test_the_receipt_verifies_offline_with_the_documented_program(room: Room, tmp_path: Path) -> None:
    client = room.client()
    path = room.report(client)
    file = tmp_path / "receipt.json"
    file.write_text(client.get(f"{path}/receipt").text)
    page = client.get("/key").text
    program = page.partition("<pre>")[2].partition("</pre>")[0].replace("&#34;", '"').replace("&quot;", '"')

    good = subprocess.run([sys.executable, "-c", program, str(file)], capture_output=True, text=True)
    told = json.loads(good.stdout)
    outer = json.loads(file.read_text())
    file.write_text(json.dumps({**outer, "receipt": outer["receipt"].replace("T-1", "T-2")}))
    bad = subprocess.run([sys.executable, "-c", program, str(file)], capture_output=True, text=True)

    assert told["case"] == "T-1"
    assert {"acknowledge", "assess"} <= {one["clock"] for one in told["clocks"]}
    assert bad.returncode != 0


def test_a_receipt_commits_to_this_report_and_tells_nothing_of_it(room: Room) -> None:
    client = room.client()
    text = client.get(f"{room.report(client)}/receipt").text

    receipts.verify(text, room.desk.public_key, Submission({**REPORT}).canonical())
    with pytest.raises(receipts.ReceiptError, match="another report"):
        receipts.verify(text, room.desk.public_key, Submission({**REPORT, "title": "other"}).canonical())
    with pytest.raises(receipts.ReceiptError):
        receipts.verify(text, base64.b64encode(bytes(32)).decode())

    assert "traversal" not in text


def test_a_form_that_is_sent_twice_is_one_case_with_one_link(room: Room) -> None:
    client = room.client()
    nonce = "n" * 43
    sent = [client.post("/report", data={"nonce": nonce, **REPORT}).headers["location"] for _ in range(3)]

    assert len(set(sent)) == 1
    assert client.get(sent[0]).status_code == 200
    with room.desk.store.read(room.desk.writer._tenant) as t:
        assert room.desk.cases.by_number(t, 2) is None


def test_what_is_missing_is_said_and_what_was_written_stays(room: Room) -> None:
    answer = room.client().post("/report", data={"title": "only <b>this</b>", "contact": "nobody"})

    assert answer.status_code == 422
    assert "only &lt;b&gt;this&lt;/b&gt;" in answer.text
    assert "does not look like an e-mail address" in answer.text
    assert answer.text.count('aria-invalid="true"') == 4


def test_the_reporter_answers_and_adds_files_and_gets_them_back_as_downloads(room: Room) -> None:
    client = room.client()
    path = room.report(client, files=[("files", ("../../etc/passwd.html", b"<script>1</script>" * 20_000))])
    client.post(f"{path}/reply", data={"text": "one more thing", "nonce": "m" * 43}, files=[("files", ("log.txt", b"line"))])
    client.post(f"{path}/reply", data={"text": "one more thing", "nonce": "m" * 43}, files=[("files", ("log.txt", b"line"))])
    page = client.get(path).text
    links = [part.partition('"')[0] for part in page.split('href="')[1:] if "/files/" in part.partition('"')[0]]
    first = client.get(links[0])

    assert page.count("one more thing") == 1
    assert len(links) == 2
    assert first.content == b"<script>1</script>" * 20_000
    assert first.headers["content-disposition"].startswith("attachment; filename*=UTF-8''passwd.html")
    assert first.headers["content-type"] == "application/octet-stream"
    assert "sandbox" in first.headers["content-security-policy"]


def test_a_wrong_link_an_old_link_and_no_link_look_the_same(room: Room) -> None:
    client = room.client()
    path = room.report(client)
    new = client.post(f"{path}/renew").headers["location"].partition("?")[0]
    told = {client.get(where).text for where in (path, "/r/" + "x" * 43, "/r/short")}

    assert client.get(new).status_code == 200
    assert len(told) == 1
    assert client.get(path).status_code == 404


def test_guessing_links_is_slowed(room: Room) -> None:
    client = room.client()
    codes = [client.get("/r/" + f"{at:043d}").status_code for at in range(45)]

    assert codes[:40] == [404] * 40
    assert codes[-1] == 429


def test_another_site_cannot_send_a_report_in_my_name(room: Room) -> None:
    client = room.client()

    assert client.post("/report", data=REPORT, headers={"sec-fetch-site": "cross-site"}).status_code == 403
    assert client.post("/report", data=REPORT, headers={"origin": "https://evil.example"}).status_code == 403


def test_too_many_and_too_large_files_are_refused_with_the_text_kept(room: Room) -> None:
    client = room.client()
    many = client.post("/report", data=REPORT, files=[("files", (f"{at}.txt", b"x")) for at in range(11)])
    large = client.post("/report", data=REPORT, files=[("files", ("big", bytes(26 * 1024 * 1024)))])

    assert (many.status_code, large.status_code) == (422, 422)
    assert REPORT["description"] in large.text
    assert "25 MiB" in large.text


def test_every_page_has_the_strict_headers_and_no_inline_script_or_style(room: Room) -> None:
    client = room.client()
    path = room.report(client)
    _member, team = room.member()
    pages = [client.get(where) for where in ("/", path, f"{path}?new", "/promises", "/published", "/key", "/signin", "/nothing")]
    pages += [team.get(where) for where in ("/board", "/board?view=lanes", "/board?view=clocks", "/board/T-1", "/board/numbers", "/board/desk", "/passkey")]

    for page in pages:
        assert "unsafe" not in page.headers["content-security-policy"]
        assert page.headers["content-security-policy"].startswith("default-src 'none'")
        assert page.headers["referrer-policy"] == "no-referrer"
        assert page.headers["cache-control"] == "no-store"
        assert " style=" not in page.text
        assert "<script>" not in page.text
        assert "onclick" not in page.text


def test_a_form_of_the_board_without_the_sessions_token_is_refused(room: Room) -> None:
    room.report()
    _member, team = room.member()

    assert team.post("/board/T-1/note", data={"text": "x"}).status_code == 403
    assert team.post("/board/T-1/note", data={"text": "x", "csrf": "0" * 64}).status_code == 403
    assert team.post("/board/T-1/note", data={"text": "x", "csrf": csrf(team)}, headers={"sec-fetch-site": "cross-site"}).status_code == 403
    assert team.post("/board/T-1/note", data={"text": "x", "csrf": csrf(team)}).status_code == 303


def test_a_sign_in_link_works_once_and_sessions_rotate_and_end(room: Room) -> None:
    from troth.app.desk.opening import new_member

    _member, link = new_member(room.desk, "Bo", "", "member")
    path = link.removeprefix(room.desk.settings.origin)
    client = room.client()
    client.get(path)
    first = client.post(path).headers["set-cookie"]
    again = client.post(path)
    before = client.get("/board").status_code
    room.clock.go(hours=3)

    assert "httponly" in first.lower()
    assert "samesite=lax" in first.lower()
    assert again.status_code == 404
    assert before == 200
    assert client.get("/board").status_code == 401


def test_intake_paused_is_announced_everywhere_and_says_what_happens(room: Room) -> None:
    _member, team = room.member()
    team.post("/board/desk/pause", data={"csrf": csrf(team), "starts": "2026-11-03T00:00", "ends": "2026-11-10T00:00", "mode": "refuse"})
    client = room.client()
    before = client.get("/").text
    room.clock.go(days=2)
    during, told = client.get("/").text, client.get("/.well-known/security.txt").text

    assert "Announced: a pause" in before
    assert "Send the report" in before
    assert "Reports are paused" in during
    assert "Send the report" not in during
    assert "paused from 2026-11-02" in told
    assert client.post("/report", data=REPORT).status_code == 503
    assert client.post("/api/reports", json={"fields": REPORT}).status_code == 503


def test_what_stands_between_fences_is_shown_as_code_and_nothing_else_is_a_mark(room: Room) -> None:
    path = room.report(description="Run it:\n```sh\n<b>tar</b> xf evil.tar\n```\nthen **look**.", steps="```\nnever closed")
    page = room.client().get(path).text
    assert '<pre class="fence" tabindex="0">&lt;b&gt;tar&lt;/b&gt; xf evil.tar</pre>' in page
    assert "then **look**." in page
    assert "```\nnever closed" in page


def test_a_text_of_nothing_but_fences_takes_no_longer_than_another() -> None:
    from tests.timing import processor_seconds
    from troth.web.desk.words import fenced

    with processor_seconds(2):
        for text in ("```\n" * 12_500, "~~~x\n" * 10_000, "`" * 50_000, "```" + "a" * 40 + "\n"):
            fenced(text)
    assert fenced("a\n```\nb\n```\nc") == (("words", "a"), ("code", "b"), ("words", "c"))
    assert fenced("plain") == (("words", "plain"),)
    assert fenced("```\n~~~\n```") == (("code", "~~~"),)


def test_spans_of_a_policy_are_told_in_words() -> None:
    from troth.web.desk.words import promised

    assert [promised(text) for text in ("PT48H", "P1D", "P7D", "P2BD", "P1M", "PT30M", "P2W", "P1DT2H")] == ["48 hours", "1 day", "7 days", "2 working days", "1 month", "30 minutes", "2 weeks", "P1DT2H"]
