"""Attacks on the desk by what is written: markup, headers, names of files, numbers, mails, keys; each beside what people do write.

Written before any of it had been tried; docs/desk.md says how many got through at first.
"""

from __future__ import annotations

import html
import json
import re
import secrets
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from html.parser import HTMLParser
from pathlib import Path

import pyrage
import pytest
from sqlalchemy import select

from tests.timing import processor_seconds
from tests.web.conftest import Room, csrf
from tests.web.test_mail_worth import mail
from troth.app.desk import triage
from troth.app.desk.mail_intake import take_mail
from troth.app.desk.mailing import deliver, send_smtp
from troth.app.desk.opening import TENANT, new_member
from troth.desk.intake.fields import FIELDS
from troth.desk.mail.incoming import MailError
from troth.desk.tables import CASES, OUTBOX

XSS = (
    "<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "'><svg/onload=alert(1)>", "</textarea><script>alert(1)</script>", "</title><script>alert(1)</script>", "{{7*7}}{% raw %}",
    '" autofocus onfocus=alert(1) x="', "javascript:alert(1)", '<a hx-get="/board/desk" hx-trigger="load">x</a>', "<!--<img src='--><img src=x onerror=alert(1)>'>", "<math><mtext></form><form action=//evil>",
    "\u003cscript\u003ealert(1)\u003c/script\u003e", "<base href=//evil.example/>", "<meta http-equiv=refresh content=0;url=//evil>", "<style>@import '//evil'</style>",
)  # fmt: skip


class Seen(HTMLParser):
    """What a browser would make of a page: elements, handlers, addresses."""

    def __init__(self) -> None:
        super().__init__()
        self.wrong: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = {name: value or "" for name, value in attrs}
        if tag in ("img", "math", "base", "style", "iframe", "object", "embed", "template") or (tag == "script" and not told.get("src", "").startswith("/static/")):
            self.wrong.append(f"<{tag}>")
        self.wrong += [f"{tag} {name}" for name in told if name.startswith("on") or name in ("style", "http-equiv", "autofocus", "srcdoc")]
        for name in ("href", "src", "action", "hx-get", "hx-post", "formaction"):
            if not re.match(r"(?:/(?!/)|#|\?|mailto:|https?://(?:127\.0\.0\.1|localhost)|\Z)", told.get(name, "")):
                self.wrong.append(f"{name}={told[name][:60]}")


def clean(page: str) -> bool:
    """No markup of a stranger's is in a page: whatever they wrote stands there as text."""
    seen = Seen()
    seen.feed(page)
    assert seen.wrong == []
    return "49{%" not in page


def pages_of(room: Room, path: str) -> list[str]:
    _owner, team = room.member()
    seen = [room.client().get(path).text, room.client().get(f"{path}?new").text, room.client().get("/published").text]
    seen += [team.get(one).text for one in ("/board", "/board?view=lanes", "/board?view=clocks", "/board/T-1", "/board/T-1?advisory&claims", "/board/numbers", "/board/desk")]
    return seen


@pytest.mark.parametrize("evil", XSS, ids=range(len(XSS)))
def test_markup_in_any_field_is_text_on_every_page(room: Room, evil: str) -> None:
    fields = {name: evil[: one.limit] for name, one in FIELDS.items() if one.kind in ("line", "text") and name not in ("zone",)}
    path = room.report(files=[("files", (f"{evil}.txt".replace("\r", ""), b"x"))], **fields)
    owner, team = room.member()
    triage.note(room.desk, owner, 1, evil)
    triage.reply(room.desk, owner, 1, evil)
    triage.tag(room.desk, owner, 1, evil)
    team.post("/board/T-1/act", data={"csrf": csrf(team), "kind": "report.invalidated", "reason": evil, "rule": evil, "message": evil})
    team.post("/board/desk/canned", data={"csrf": csrf(team), "title": evil, "text": evil})
    new_member(room.desk, evil[:60], "", "member")
    triage.publish(room.desk, owner, 1, evil, evil)
    room.client().post(f"{path}/credit", data={"choice": "named", "credit_as": evil})
    pages = pages_of(room, path)
    assert all(map(clean, pages))
    assert html.escape(evil.strip()[:20], quote=True).replace("&#x27;", "&#39;").replace("&quot;", "&#34;") in "".join(pages)  # and it is there to be read


@pytest.mark.parametrize("evil", XSS[:6], ids=range(6))
def test_what_is_given_back_with_a_problem_is_text(room: Room, evil: str) -> None:
    answer = room.client().post("/report", data={"nonce": secrets.token_urlsafe(32), "title": "", "description": evil, "steps": evil, "impact": evil, "version": evil, "contact": evil, "cwe": evil * 20})
    assert answer.status_code == 422
    assert clean(answer.text)
    _owner, team = room.member()
    for path in ("/board", "/board/T-1", f"/board/{evil}", f"/r/{evil}", "/nothing"):
        assert clean(team.get(path, params={"q": evil, "tag": evil, "which": evil, "view": evil, "after": evil}).text)


@pytest.mark.parametrize("evil", XSS[:6], ids=range(6))
def test_markup_in_a_mail_is_text(room: Room, evil: str) -> None:
    message = EmailMessage()
    message["From"], message["Subject"], message["Message-ID"] = f'"{evil.replace(chr(34), "")}" <rosa@example.org>', evil, "<1@example.org>"
    message.set_content(evil)
    message.add_attachment(b"x", maintype="text", subtype="html", filename=f"{evil}.html")
    take_mail(room.desk, message.as_bytes())
    _owner, team = room.member()
    assert clean(team.get("/board/T-1").text)
    assert clean(team.get("/board").text)


@pytest.mark.parametrize("name", ["../../etc/passwd", "..\\..\\boot.ini", "/etc/passwd", "a\r\nSet-Cookie: x=1", "a\x00.txt", 'a"; filename="b.html', "invoice\u202efdp.exe", ".", "..", "", "CON", "a" * 400 + ".txt", "\ufeff.htaccess", "a;b=c", "é 漢字.txt", "<x>.html"], ids=range(16))  # fmt: skip
def test_a_file_name_is_a_name_and_the_file_is_only_saved(room: Room, name: str) -> None:
    path = room.report(files=[("files", (name or "x", b"content"))])
    client = room.client()
    found = re.findall(r"/files/([0-9a-f]{32})", client.get(path).text)
    for file in found:
        answer = client.get(f"{path}/files/{file}")
        told = answer.headers["content-disposition"]
        assert answer.content == b"content"
        assert told.startswith("attachment; filename*=UTF-8''")
        assert not re.search(r"[\r\n\x00\"\\/;](?!\s?filename\*)", told.partition("''")[2])
        assert "%2E%2E%2F" not in told.upper()
        assert "%E2%80%AE" not in told.upper()
        assert "set-cookie" not in answer.headers
        assert answer.headers["content-type"] == "application/octet-stream"
        assert answer.headers["x-content-type-options"] == "nosniff"
    assert found


@pytest.mark.parametrize("trick", ["\u202e", "\u2066", "\u2067\u2069", "\u200f", "\u061c"], ids=range(5))
def test_characters_that_turn_the_direction_of_a_line_do_not_reach_the_next_one(room: Room, trick: str) -> None:
    """A title that turns the text round could make the state or the number beside it read otherwise."""
    room.report(title=f"Harmless{trick}desolc", version=f"1.0{trick}", name=f"Rosa{trick}")
    _owner, team = room.member()
    for page in (team.get("/board").text, team.get("/board/T-1").text):
        assert trick not in page
    triage.note(room.desk, _owner, 1, "שלום is Hebrew, and stays")
    assert "שלום" in team.get("/board/T-1").text


# --- numbers, times and kinds that no form offers -----------------------------------------------------------------------------

ODD = ("", "x", "-1", "9" * 30, "1e400", "NaN", "2027-13-45T99:99", "9999-12-31T23:59", "0001-01-01T00:00", "2027-01-01T00:00+99:99", "\x00", "\ud800".encode("utf-8", "surrogatepass").decode("latin-1"), "T-1", "None", "[]", "x" * 60_000)


@pytest.mark.parametrize("value", ODD, ids=range(len(ODD)))
def test_whatever_a_form_of_the_board_says_it_is_an_answer_and_no_crash(room: Room, value: str) -> None:
    from troth.web.desk.case_pages import _OFFERS, _SIMPLE

    room.report()
    _owner, team = room.member()
    token = csrf(team)
    for kind, (_label, fields, _writes) in _OFFERS.items():
        answer = team.post("/board/T-1/act", data={"csrf": token, "kind": kind, "message": value, **{name: value for name, *_rest in fields}})
        assert answer.status_code < 500, (kind, value[:40])
    for what in _SIMPLE:
        if what not in ("restrict", "ban"):
            names = ("name", "label", "to", "other", "member", "take", "title", "text")
            assert team.post(f"/board/T-1/{what}", data={"csrf": token, **dict.fromkeys(names, value)}).status_code < 500, what
    for what in ("canned", "uncanned", "pause", "leave", "member"):
        assert team.post(f"/board/desk/{what}", data={"csrf": token, **dict.fromkeys(("name", "mail", "role", "title", "text", "id", "starts", "ends", "mode", "member"), value)}).status_code < 500, what
    assert team.get("/board/T-1").status_code == 200
    assert team.get("/board").status_code == 200


@pytest.mark.parametrize("value", ODD, ids=range(len(ODD)))
def test_whatever_a_reporter_sends_it_is_an_answer_and_no_crash(room: Room, value: str) -> None:
    client = room.client()
    assert client.post("/report", data={"nonce": secrets.token_urlsafe(32), **dict.fromkeys(FIELDS, value), "altcha": value}).status_code < 500
    path = room.report(client)
    for what, names in (("reply", ("text", "nonce")), ("credit", ("choice", "credit_as")), ("embargo", ("answer",)), ("nothing", ())):
        assert client.post(f"{path}/{what}", data=dict.fromkeys(names, value)).status_code < 500, what
    assert client.post("/api/reports", json={"fields": dict.fromkeys(FIELDS, value), "proof": value}).status_code < 500
    assert client.get("/api/reports/mine", headers={"authorization": f"Bearer {html.escape(value[:100])}".encode("ascii", "ignore").decode().replace("\x00", "")}).status_code < 500
    assert client.get(path).status_code == 200


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"fields": 5}', b'{"fields": {"title": ["x"]}}', b"[" * 50_000, b'{"fields": {' + b",".join(b'"k%d": "v"' % at for at in range(20_000)) + b"}}", b'{"fields": {"title": "\\ud800", "description": "\\ud800"}}', b"\xff\xfe"], ids=range(9))
def test_whatever_the_api_is_sent_it_is_an_answer_and_no_crash(room: Room, body: bytes) -> None:
    with processor_seconds(20):
        assert 400 <= room.client().post("/api/reports", content=body, headers={"content-type": "application/json"}).status_code < 500


@pytest.mark.parametrize("kind", ["multipart/form-data", "multipart/form-data; boundary=", "multipart/form-data; boundary=" + "b" * 500, "text/plain", "application/x-www-form-urlencoded; charset=utf-16", ""], ids=range(6))
def test_a_body_that_is_not_what_it_says_is_no_crash(room: Room, kind: str) -> None:
    for body in (b"", b"--b\r\n", b"--b--", b"title=x&description=%ff%fe", b"a" * 200_000, b"&" * 5_000):
        assert room.client().post("/report", content=body, headers={"content-type": kind}).status_code < 500


def test_a_report_full_of_claims_is_looked_up_in_bounded_time(tmp_path: Path) -> None:
    import subprocess

    from troth.app.claims import check_report

    (tmp_path / "file1.py").write_text("def function_1(): ...\n")
    for words in (["init", "-q"], ["add", "."], ["-c", "user.name=x", "-c", "user.email=x@example.org", "commit", "-qm", "x"]):
        subprocess.run(["git", *words], cwd=tmp_path, check=True)

    text = " ".join(f"src/file{at}.py:{at} function_{at}() CVE-2024-{at:05}" for at in range(1_000)) + "a" * 20_000 + "/" * 5_000 + "(" * 5_000
    with processor_seconds(30):
        check_report(tmp_path, text, "1.0" * 5_000)


# --- mail ------------------------------------------------------------------------------------------------------------------------


def waiting(room: Room) -> list:
    room.clock.go(seconds=1)
    return [one.mail for one in room.desk.writer.write(lambda t: room.desk.outbox.claim(t, room.clock(), 1_000))]


def sent(room: Room, monkeypatch: pytest.MonkeyPatch) -> list[EmailMessage]:
    """What a mail server would be given."""
    import smtplib

    found: list[EmailMessage] = []

    class Server:
        def __init__(self, *_given: object, **_more: object) -> None: ...
        def __enter__(self):
            return self
        def __exit__(self, *_given: object) -> None: ...
        def starttls(self, **_given: object) -> None: ...
        def send_message(self, message: EmailMessage) -> None:
            found.append(message_from_bytes(message.as_bytes(), policy=default))

    monkeypatch.setattr(smtplib, "SMTP", Server)
    room.clock.go(seconds=1)
    deliver(room.desk, send_smtp)
    return found


@pytest.mark.parametrize("contact", ["a@example.org\r\nBcc: evil@example.org", "a@example.org, evil@example.org", "a@example.org;evil@example.org", "<a@example.org>", "a@example.org>", '"a, evil@example.org"@example.org', "a b@example.org", "a@example.org\x0bBcc: x@y", "@example.org", "a@", "a@b@c", "a@-example.org", "postmaster", "a\u2028@example.org"], ids=range(14))  # fmt: skip
def test_an_address_is_one_address(room: Room, contact: str, monkeypatch: pytest.MonkeyPatch) -> None:
    answer = room.client().post("/report", data={"nonce": secrets.token_urlsafe(32), "title": "t", "description": "d", "steps": "s", "impact": "i", "contact": contact})
    assert answer.status_code == 422
    assert [str(one["To"]) for one in sent(room, monkeypatch)] == []


@pytest.mark.parametrize("contact", ["rosa@example.org", "o'hara+desk@mail.example.co.uk", "x_1-2.3@example.org"])
def test_an_address_that_people_have_is_written_to(room: Room, contact: str, monkeypatch: pytest.MonkeyPatch) -> None:
    room.report(contact=contact)
    assert contact in [str(one["To"]) for one in sent(room, monkeypatch)]


@pytest.mark.parametrize("sender", ['"x, evil@example.org, y" <rosa@example.org>', '"a, evil@example.org"@example.org', "rosa@example.org, evil@example.org", "evil@example.org <rosa@example.org>", "=?utf-8?q?evil=40example.org=2C?= <rosa@example.org>", "rosa@example.org (\r\n Bcc: evil@example.org)", "Group: evil@example.org;"], ids=range(7))  # fmt: skip
def test_a_mail_is_answered_to_one_address_and_never_to_another(room: Room, sender: str, monkeypatch: pytest.MonkeyPatch) -> None:
    try:
        take_mail(room.desk, mail(sender=sender))
    except MailError:
        return
    for one in sent(room, monkeypatch):
        assert len(one["To"].addresses) == 1
        assert one["Bcc"] is None
        assert one["Cc"] is None
        if str(one["To"]) != "team@example.org":
            # in the fourth, without quotes, it is not clear who the sender is: one of the two it is
            unclear = ("evil@example.org",) if sender.startswith(("evil", "Group")) else ()
            assert one["To"].addresses[0].addr_spec in ("rosa@example.org", '"a, evil@example.org"@example.org', *unclear)


def test_our_own_mails_that_come_back_make_no_case_and_no_mail(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    """The team's address, or a reporter's, forwards to the desk's mailbox: a loop that would never end."""
    room.report(contact="security@desk.example")
    first = sent(room, monkeypatch)
    assert len(first) == 2
    for one in first:
        take_mail(room.desk, b"Received: from a forwarder; Mon, 2 Nov 2026 09:00:00 +0000\r\n" + one.as_bytes())
    assert sent(room, monkeypatch) == []
    with room.desk.store.read(TENANT) as t:
        assert sum(room.desk.cases.counts(t).values()) == 1


def test_what_only_claims_to_be_ours_is_a_report(room: Room) -> None:
    take_mail(room.desk, mail("X-Troth-Desk: " + "0" * 32, "Auto-Submitted: auto-generated", name=f"{'0' * 32}"))
    with room.desk.store.read(TENANT) as t:
        assert sum(room.desk.cases.counts(t).values()) == 1


def test_the_form_is_no_way_to_fill_a_strangers_mailbox(room: Room) -> None:
    client = room.client()
    for _ in range(8):
        room.report(client, contact="victim@example.org")
    assert sum(one.to == "victim@example.org" for one in waiting(room)) <= 3
    room.report(client, contact="other@example.org")
    assert sum(one.to == "other@example.org" for one in waiting(room)) == 1
    for _ in range(5):
        fields = {"title": "t", "description": "d", "steps": "s", "impact": "i", "contact": "api@example.org"}
        assert client.post("/api/reports", json={"fields": fields}).status_code == 201
    assert sum(one.to == "api@example.org" for one in waiting(room)) <= 3


def test_a_mail_cannot_take_the_place_of_another_by_its_id(room: Room) -> None:
    """Whoever sees a Message-ID, in a carbon copy or a list, could send first under it, and the report would count as known."""
    take_mail(room.desk, mail(sender="Eve <eve@example.org>", subject="nothing", text="nothing"))
    take_mail(room.desk, mail(subject="The real report", text="It breaks."))
    take_mail(room.desk, mail(subject="The real report", text="It breaks."))
    _owner, team = room.member()
    assert "The real report" in team.get("/board").text
    with room.desk.store.read(TENANT) as t:
        assert sum(room.desk.cases.counts(t).values()) == 2


def test_no_mail_carries_what_only_the_team_wrote_or_what_a_report_says(room: Room) -> None:
    room.report(title="titleword", description="bodyword", name="nameword", files=[("files", ("fileword.txt", b"x"))])
    owner, team = room.member()
    triage.note(room.desk, owner, 1, "noteword")
    triage.tag(room.desk, owner, 1, "tagword")
    team.post("/board/T-1/act", data={"csrf": csrf(team), "kind": "report.invalidated", "reason": "reasonword", "rule": "ruleword"})
    triage.reply(room.desk, owner, 1, "replyword")
    told = json.dumps([[one.to, one.subject, one.text] for one in waiting(room)])
    for word in ("titleword", "bodyword", "nameword", "fileword", "noteword", "tagword", "reasonword", "ruleword", "replyword"):
        assert word not in told


def test_no_draft_or_statement_carries_what_only_the_team_wrote(room: Room) -> None:
    from troth.app.desk.drafting import drafts
    from troth.app.desk.statements import signed_statement

    path = room.report(private="privateword", contact="hidden@example.org", credit="anonymous", name="Nameword")
    owner, _team = room.member("Olga Ownerword")
    triage.note(room.desk, owner, 1, "noteword")
    triage.tag(room.desk, owner, 1, "tagword")
    triage.act(room.desk, owner, 1, "report.validated", {})
    room.client().post(f"{path}/credit", data={"choice": "anonymous"})
    made = drafts(room.desk, triage.open_case(room.desk, owner, 1))
    told = json.dumps([dict(made.made), dict(made.refused), signed_statement(room.desk, "o/r", 365)]) + room.client().get("/promises").text + room.client().get("/.well-known/security.txt").text
    for word in ("privateword", "hidden@example.org", "Nameword", "noteword", "tagword", "Ownerword", "Path traversal in"):
        assert word not in told.replace("Path traversal in the archive reader", "") if word != "Path traversal in" else True


# --- keys ------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("key", ["age1", "age1" + "q" * 58, "-----BEGIN PGP PUBLIC KEY BLOCK-----\n\n-----END PGP PUBLIC KEY BLOCK-----", "-----BEGIN PGP PUBLIC KEY BLOCK-----" + "A" * 11_000, "ssh-rsa AAAA", "AGE-SECRET-KEY-1" + "Q" * 58, "\u202e"], ids=range(7))  # fmt: skip
def test_a_key_that_is_none_gets_a_mail_without_link_and_breaks_nothing(room: Room, key: str) -> None:
    import dataclasses

    settings = dataclasses.replace(room.desk.settings, mail=dataclasses.replace(room.desk.settings.mail, encrypt=True))
    desk = dataclasses.replace(room.desk, settings=settings)
    path = Room(desk, room.clock, room.folder).report(key=key)
    [told] = [one for one in waiting(room) if one.to == "rosa@example.org"]
    assert path not in told.text


def test_a_key_that_works_gets_the_link_encrypted(room: Room) -> None:
    import dataclasses

    settings = dataclasses.replace(room.desk.settings, mail=dataclasses.replace(room.desk.settings.mail, encrypt=True))
    identity = pyrage.x25519.Identity.generate()
    path = Room(dataclasses.replace(room.desk, settings=settings), room.clock, room.folder).report(key=str(identity.to_public()))
    [told] = [one for one in waiting(room) if one.to == "rosa@example.org"]
    assert path not in told.text
    assert path in pyrage.decrypt(told.text.encode(), [identity]).decode()


def test_what_a_browser_encrypted_is_ciphertext_and_nothing_else(room: Room) -> None:
    for fake in ("-----BEGIN AGE ENCRYPTED FILE-----", "-----BEGIN AGE ENCRYPTED FILE-----\n<script>alert(1)</script>", "x"):
        answer = room.client().post("/report", data={"nonce": secrets.token_urlsafe(32), "sealed": fake})
        if answer.status_code == 303:
            _owner, team = room.member()
            assert clean(team.get("/board/T-1").text)
        else:
            assert answer.status_code == 422


def test_the_outbox_and_the_rows_hold_no_word_in_the_clear(room: Room) -> None:
    room.report(title="titleword", contact="addressword@example.org", name="nameword")
    owner, _team = room.member("Memberword")
    triage.tag(room.desk, owner, 1, "tagword")
    with room.desk.store.read(TENANT) as t:
        told = repr([tuple(row) for table in (CASES, OUTBOX) for row in t.execute(select(table).where(table.c.tenant == str(TENANT)))])
    for word in ("titleword", "addressword", "nameword", "Memberword", "tagword"):
        assert word not in told
