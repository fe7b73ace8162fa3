"""A second blind set of attacks on the desk: intake, receipts, status links and mail that comes in; `test_attacks_second_people` has the rest. Every test has the harmless twin of what it tries.

Written before any of it had been tried; docs/desk.md says how many got through at first.
"""

from __future__ import annotations

import json
import os
import re
from email.message import EmailMessage
from pathlib import Path

import pytest

from tests.web.conftest import REPORT, Room
from tests.web.test_attacks_people import NO, files_of, number_of_cases, two
from troth.app.desk import triage
from troth.app.desk.mail_intake import take_mail
from troth.app.desk.statements import signed_statement
from troth.desk.mail.incoming import MailError
from troth.errors import TrothError
from troth.ledger.desk_statement import verify_desk_statement
from troth.web.desk.guards import network_of

__all__ = ["two"]

KEY = "A" * 43
OTHER = {**REPORT, "title": "Another", "description": "Something else entirely.", "contact": "eve@example.org"}


def api(client, fields: dict[str, str], key: str = ""):
    return client.post("/api/reports", json={"fields": fields}, headers={"idempotency-key": key} if key else {})


def sent(room: Room, nonce: str, **values: str):
    return room.client().post("/report", data={"nonce": nonce, **REPORT, **values}, files=[("files", ("", b""))])


def texts(room: Room, number: int) -> list[str]:
    member, _client = room.member("Reader", "coordinator")
    return [item.text if item.kind != "report" else item.body.decode() for item in triage.open_case(room.desk, member, number).items]


# --- intake ------------------------------------------------------------------------------------------------------------------------


def test_somebody_else_with_the_same_key_gets_no_link_to_the_first_report(room: Room) -> None:
    mine = api(room.client(), REPORT, KEY).json()
    assert api(room.client(), REPORT, KEY).json()["token"] == mine["token"]  # the twin: a retry
    stranger = api(room.client(), OTHER, KEY)
    assert mine["token"] not in stranger.text


def test_a_form_whose_nonce_is_known_but_whose_words_are_others_gets_no_link(room: Room) -> None:
    first = sent(room, "n" * 43).headers["location"].partition("?")[0]
    assert sent(room, "n" * 43).headers["location"].partition("?")[0] == first
    stranger = sent(room, "n" * 43, **OTHER)
    assert first not in stranger.headers.get("location", "") + stranger.text


def test_a_report_with_a_key_that_was_used_is_not_lost_silently(room: Room) -> None:
    api(room.client(), REPORT, KEY)
    answer = api(room.client(), OTHER, KEY)
    assert answer.status_code >= 400 or number_of_cases(room) == 2


def test_a_reply_with_another_case_s_nonce_is_not_swallowed(room: Room) -> None:
    one, other = room.report(), room.report(title="Second")
    room.client().post(f"{one}/reply", data={"text": "from the first", "nonce": "r" * 43})
    room.client().post(f"{other}/reply", data={"text": "from the second", "nonce": "r" * 43})
    assert "from the first" in texts(room, 1)
    assert "from the second" in texts(room, 2)


def test_a_reply_whose_nonce_was_used_for_other_words_is_not_swallowed(room: Room) -> None:
    link = room.report()
    client = room.client()
    client.post(f"{link}/reply", data={"text": "first words", "nonce": "r" * 43})
    client.post(f"{link}/reply", data={"text": "first words", "nonce": "r" * 43})
    again = client.post(f"{link}/reply", data={"text": "other words", "nonce": "r" * 43})
    found = texts(room, 1)
    assert found.count("first words") == 1
    assert "other words" in found or again.status_code >= 400


@pytest.mark.parametrize(("one", "other"), [("2001:db8::1", "2001:db8::2"), ("2001:db8:0:0:1::1", "2001:db8::9"), ("2001:0db8:0000:0000::1", "2001:db8::1"), ("::ffff:192.0.2.1", "192.0.2.1"), ("2001:DB8::1", "2001:db8::1"), ("192.0.2.1:4711", "192.0.2.1:4712"), ("[2001:db8::1]:443", "2001:db8::1")])
def test_addresses_of_one_network_are_one_sender(room: Room, one: str, other: str) -> None:
    assert _network(room, one) == _network(room, other)
    assert _network(room, "2001:db8:1::1") != _network(room, "2001:db8:2::1")
    assert _network(room, "192.0.2.1") != _network(room, "192.0.2.2")


def _network(room: Room, address: str) -> str:
    from dataclasses import replace

    from starlette.requests import Request

    object.__setattr__(room.desk, "settings", replace(room.desk.settings, hops=1))
    site = room.client().app
    return network_of(Request({"type": "http", "app": site, "client": ("127.0.0.1", 1), "headers": [(b"x-forwarded-for", address.encode())], "method": "GET", "path": "/"}))


@pytest.mark.parametrize("names", ["1.2.3.4", "1.2.3.4, 5.6.7.8", "unknown", "", "a" * 4000])
def test_without_a_proxy_nobody_chooses_their_network(room: Room, names: str) -> None:
    from starlette.requests import Request

    request = Request({"type": "http", "app": room.client().app, "client": ("203.0.113.7", 1), "headers": [(b"x-forwarded-for", names.encode())], "method": "GET", "path": "/"})
    assert network_of(request) == "203.0.113.7"


@pytest.mark.parametrize("host", ["evil.example", "evil.example:80", "127.0.0.1@evil.example", ""])
def test_no_link_leads_to_the_host_that_a_request_names(room: Room, host: str) -> None:
    client = room.client()
    answer = client.post("/report", data={"nonce": "h" * 43, **REPORT}, files=[("files", ("", b""))], headers={"host": host})
    assert "evil" not in answer.headers.get("location", "")
    link = sent(room, "i" * 43).headers["location"]
    page = client.get(link, headers={"host": host})
    assert "evil" not in page.text
    assert room.desk.settings.origin in client.get(link).text


@pytest.mark.parametrize("path", ["/static/x/../../desk.toml", "/static/x/..%2f..%2fdesk.toml", "/static/x/%2e%2e/%2e%2e/keys/desk.key", "/static/../keys/desk.key", "/static/x//etc/passwd", "/static/x/desk.css%00.html"])
def test_static_files_are_those_of_the_page(room: Room, path: str) -> None:
    client = room.client()
    assert client.get(path).status_code in NO
    assert client.get(re.search(r"/static/[0-9a-f]{12}/desk.css", client.get("/").text).group(0)).status_code == 200


def test_a_field_that_is_a_file_and_a_file_that_is_a_field_are_no_way_round(room: Room) -> None:
    client = room.client()
    answer = client.post("/report", files=[("title", ("x.txt", b"A title in a file")), ("description", (None, b"words")), ("nonce", (None, b"q" * 43))])
    assert answer.status_code == 422
    assert sent(room, "q" * 43).status_code == 303


# --- status links and receipts --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("change", [lambda link: f"{link}/", lambda link: link.upper(), lambda link: link + "%00", lambda link: link + ".", lambda link: link.replace("/r/", "/r//"), lambda link: link[:-1], lambda link: link + "?new=1&x", lambda link: link.replace("/r/", "/R/")])
def test_what_is_nearly_a_link_tells_nothing_that_a_wrong_one_does_not(room: Room, change) -> None:
    link = room.report()
    client = room.client()
    answer = client.get(change(link))
    assert REPORT["title"] not in answer.text or "?" in change(link)
    assert client.get("/r/" + "x" * 43).status_code == 404
    assert REPORT["title"] in client.get(link).text


@pytest.mark.parametrize("method", ["HEAD", "OPTIONS", "PUT", "DELETE", "PATCH", "TRACE"])
def test_other_methods_do_nothing_to_a_link(room: Room, method: str) -> None:
    link = room.report()
    client = room.client()
    client.request(method, link)
    assert client.request(method, f"{link}/reply").status_code in NO
    assert REPORT["title"] in client.get(link).text


def test_an_erased_case_s_link_shows_nothing_and_takes_nothing(room: Room) -> None:
    link, kept = room.report(files=[("files", ("a.txt", b"alpha"))]), room.report(title="Kept")
    client = room.client()
    file = files_of(client, link)[0]
    owner, _team = room.member()
    triage.erase(room.desk, owner, 1)
    for path in ("", "/receipt", f"/files/{file}", "?new"):
        assert client.get(f"{link}{path}").status_code == 404, path
    for what in ("reply", "embargo", "credit", "renew"):
        assert client.post(f"{link}/{what}", data={"text": "x", "nonce": "e" * 43, "choice": "named", "answer": "accept"}).status_code == 404, what
    assert client.get(kept).status_code == 200


def test_a_link_is_no_session_and_a_session_no_link(room: Room) -> None:
    link = room.report()
    token = link.rpartition("/")[2]
    client = room.client()
    client.headers["cookie"] = f"troth={token}"
    assert client.get("/board").status_code == 401
    _member, team = room.member()
    assert room.client().get(f"/r/{team.cookies['troth']}").status_code == 404
    assert team.get("/board").status_code == 200


def test_a_receipt_is_no_statement_and_a_statement_no_receipt(room: Room, tmp_path: Path) -> None:
    from click.testing import CliRunner

    from troth.cli.desk import desk as command

    link = room.report()
    receipt = room.client().get(f"{link}/receipt").content
    statement = signed_statement(room.desk, "lantern/fish").encode()
    key = room.desk.keys.signer.public_key()
    with pytest.raises(TrothError):
        verify_desk_statement(receipt, key=key)
    assert verify_desk_statement(statement, key=key).project == "lantern/fish"
    page = room.client().get("/key").text
    shown = re.search(r"[A-Za-z0-9+/]{43}=", page).group(0)
    mixed = json.loads(receipt)
    other = json.loads(room.client().get(f"{room.report(title='Two')}/receipt").content)
    (tmp_path / "mixed.json").write_text(json.dumps({**mixed, "receipt": other["receipt"]}))
    (tmp_path / "twice.json").write_text(receipt.decode().replace('"receipt"', '"receipt": "x", "receipt"', 1))
    (tmp_path / "good.json").write_bytes(receipt)
    run = lambda name: CliRunner().invoke(command, ["verify", str(tmp_path / name), "--key", shown])
    assert run("good.json").exit_code == 0, run("good.json").output
    assert run("mixed.json").exit_code != 0
    assert run("twice.json").exit_code != 0


# --- mail ---------------------------------------------------------------------------------------------------------------------------------


def mail(text: str = "It is in the archive reader.", **headers: str) -> bytes:
    made = EmailMessage()
    told = {"From": "Rosa <rosa@example.org>", "Subject": "A report", "Message-ID": f"<{os.urandom(6).hex()}@x>", **headers}
    for name, value in told.items():
        made[name.replace("_", "-")] = value
    made.set_content(text)
    return made.as_bytes()


def contact_of(room: Room, number: int) -> str:
    member, _client = room.member("Reader", "coordinator")
    return triage.open_case(room.desk, member, number).report.get("contact")


def queued(room: Room) -> str:
    """Everything that waits to be sent, opened."""
    return "\n".join(str(one.mail) for one in room.desk.writer.write(lambda t: room.desk.outbox.claim(t, room.clock(), 1_000)))


@pytest.mark.parametrize("header", ["Reply_To", "Return_Path", "Errors_To", "Cc", "Bcc", "Disposition_Notification_To", "Sender"])
def test_a_mail_has_nobody_else_written_to(room: Room, header: str) -> None:
    take_mail(room.desk, mail(**{header: "victim@example.net"}))
    assert "victim@example.net" not in queued(room)
    assert contact_of(room, 1) == "rosa@example.org"


@pytest.mark.parametrize("sender", ['"victim@example.net" <rosa@example.org>', "=?utf-8?q?victim=40example.net?= <rosa@example.org>", "rosa@example.org (victim@example.net)"])
def test_a_name_that_looks_like_an_address_is_a_name(room: Room, sender: str) -> None:
    raw = mail().replace(b"From: Rosa <rosa@example.org>", f"From: {sender}".encode())
    take_mail(room.desk, raw)
    assert contact_of(room, 1) == "rosa@example.org"


@pytest.mark.parametrize("raw", [
    b"From: a@example.org\r\nFrom: b@example.org\r\nSubject: x\r\n\r\ntext", b"From: a@example.org, b@example.org\r\nSubject: x\r\n\r\ntext", b"From: list: a@example.org, b@example.org;\r\nSubject: x\r\n\r\ntext",
])  # fmt: skip
def test_a_mail_of_two_senders_is_of_the_first_or_of_none(room: Room, raw: bytes) -> None:
    try:
        take_mail(room.desk, raw)
    except MailError:
        return
    assert "b@example.org" not in queued(room)


@pytest.mark.parametrize("subject", ["Re: [T-1] x", "[T-1]", "Re: T-1", "=?utf-8?q?=5BT-1=5D?="])
def test_a_stranger_s_mail_that_names_a_case_is_no_letter_of_its_reporter(room: Room, subject: str) -> None:
    room.report()
    raw = mail("I agree, publish it now.", From="eve@evil.example").replace(b"Subject: A report", f"Subject: {subject}".encode())
    take_mail(room.desk, raw)
    member, _client = room.member("Reader", "coordinator")
    opened = triage.open_case(room.desk, member, 1)
    assert not any(item.author == "reporter" and item.kind == "message" for item in opened.items)
    assert not any(item.audience == "reporter" and "publish it now" in item.body.decode() for item in opened.items)


def _nested(depth: int) -> bytes:
    head = b"From: rosa@example.org\r\nSubject: x\r\nMessage-ID: <deep@x>\r\nMIME-Version: 1.0\r\n"
    body = b"Content-Type: text/plain\r\n\r\nhidden"
    for at in range(depth):
        body = b'Content-Type: multipart/mixed; boundary="b%d"\r\n\r\n--b%d\r\n%b\r\n--b%d--' % (at, at, body, at)
    return head + body


@pytest.mark.parametrize("raw", [_nested(60), _nested(3000), mail("x" * 2_000_000), mail().replace(b"Subject: A report", b"Subject: " + b"A" * 500_000), mail().replace(b'charset="utf-8"', b'charset="utf-7"'), mail().replace(b'charset="utf-8"', b'charset="rot13"'), mail().replace(b'charset="utf-8"', b'charset="' + b"x" * 10_000 + b'"')], ids=["deep", "deeper", "long", "subject", "utf-7", "rot13", "charset"])
def test_a_strange_mail_is_a_case_or_left_for_people_and_never_a_crash(room: Room, raw: bytes) -> None:
    try:
        take_mail(room.desk, raw)
    except MailError:
        assert number_of_cases(room) == 0
        return
    assert number_of_cases(room) == 1
    take_mail(room.desk, mail())
    assert number_of_cases(room) == 2


def test_an_id_that_goes_on_in_another_line_adds_no_header_to_ours(room: Room) -> None:
    take_mail(room.desk, b"From: rosa@example.org\r\nSubject: x\r\nMessage-ID: <a@b>\r\n Bcc: victim@example.net\r\nIn-Reply-To: <c@d>\r\n\tBcc: victim@example.net\r\n\r\ntext")
    member, _client = room.member("Reader", "coordinator")
    triage.reply(room.desk, member, 1, "We look at it.")
    assert "victim@example.net" not in queued(room)
