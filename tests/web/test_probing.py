"""Channels that are tried: what works is recorded as working, what does not is told, and a probe's mail is no report."""

from __future__ import annotations

import dataclasses

import pytest

from tests.web.conftest import Room
from troth.app.desk.keeping import status
from troth.app.desk.mail_intake import take_mail
from troth.app.desk.mail_texts import message_id
from troth.app.desk.mailing import deliver
from troth.app.desk.opening import TENANT, Desk
from troth.app.desk.probing import daily, probe_mail, probe_pages
from troth.desk.storage.outbox_rows import Mail


def through(room: Room):
    """The desk's own pages, as they are."""
    client = room.client()

    def get(address: str) -> tuple[int, str, bytes]:
        answer = client.get(address.removeprefix(room.desk.settings.origin))
        return answer.status_code, answer.headers["content-type"], answer.content

    return get


def sent(desk: Desk) -> list[Mail]:
    found: list[Mail] = []
    deliver(desk, lambda _desk, waiting: found.append(waiting.mail))
    return found


def test_pages_that_work_are_recorded_as_working(room: Room) -> None:
    assert [(one.channel, one.why) for one in probe_pages(room.desk, through(room))] == [("form", ""), ("security.txt", "")]
    assert {name: value for name, value in status(room.desk).items() if name.startswith("probe")} == {"probe form": "2026-11-02 09:00 UTC", "probe security.txt": "2026-11-02 09:00 UTC"}
    assert sent(room.desk) == []


def broken(status_: int, kind: str, body: bytes):
    return lambda _address: (status_, kind, body)


def gone(_address: str) -> tuple[int, str, bytes]:
    raise OSError("no answer (ConnectError)")


@pytest.mark.parametrize("get", [gone, broken(502, "text/html", b"bad gateway"), broken(200, "text/html", b"a parked domain"), broken(200, "text/plain", b"Contact: mailto:evil@example.org\n"), broken(301, "text/html", b"")])
def test_what_does_not_work_is_told_once_a_day(room: Room, get) -> None:
    assert all(one.why for one in probe_pages(room.desk, get))
    probe_pages(room.desk, get)

    assert sorted(mail.subject for mail in sent(room.desk)) == ["[probe] form does not work", "[probe] security.txt does not work"]
    assert status(room.desk)["probe form"] == "never arrived"
    room.clock.go(days=1)
    probe_pages(room.desk, get)
    assert len(sent(room.desk)) == 2


def test_security_txt_of_a_public_desk_is_held_to_the_rfc(room: Room) -> None:
    desk = dataclasses.replace(room.desk, settings=dataclasses.replace(room.desk.settings, url="https://security.example.org"))

    def answers(text: str) -> str:
        return probe_pages(desk, lambda address: (200, "text/plain", text.encode()) if address.endswith("txt") else (200, "text/html", b'action="/report"'))[1].why

    good = "Contact: https://security.example.org/\nExpires: {}\n"
    assert answers(good.format("2027-03-01T00:00:00Z")) == ""
    assert "expires" in answers(good.format("2026-11-05T00:00:00Z"))
    assert "RFC 9116" in answers("Contact: https://security.example.org/\n")
    assert "another contact" in answers("Contact: https://elsewhere.example/\nExpires: 2027-03-01T00:00:00Z\n")


def test_a_mail_to_the_mailbox_comes_back_as_no_report(room: Room) -> None:
    desk = dataclasses.replace(room.desk, settings=dataclasses.replace(room.desk.settings, mail=dataclasses.replace(room.desk.settings.mail, address="security@example.org")))
    assert probe_mail(desk)
    assert probe_mail(desk)
    (mail,) = sent(desk)
    assert mail.to == "security@example.org"
    assert status(desk)["probe email"] == "never arrived"

    raw = f"From: desk@example.org\r\nAuto-Submitted: auto-generated\r\nSubject: {mail.subject}\r\nMessage-ID: <{message_id(desk, mail.key)}>\r\n\r\n{mail.text}".encode()
    assert take_mail(desk, raw) == ""
    assert status(desk)["probe email"].startswith("2026-11-02")
    assert take_mail(desk, raw.replace(b"<", b"<0")) == "T-1", "what only looks like a probe is a mail as any other"
    for hours, lost in ((72, False), (24, True)):  # the first one had come in, the second never does
        room.clock.go(hours=hours)
        assert probe_mail(desk)
        assert ("[probe] email does not work" in [one.subject for one in sent(desk)]) is lost


def test_each_is_tried_once_a_day_and_mail_only_where_there_is_an_address(room: Room) -> None:
    asked: list[str] = []

    def get(address: str) -> tuple[int, str, bytes]:
        asked.append(address)
        return through(room)(address)

    for _ in range(3):
        daily(room.desk, get)
        room.clock.go(hours=7)
    assert len(asked) == 2
    daily(room.desk, get)
    assert len(asked) == 4
    with room.desk.store.read(TENANT) as t:
        assert room.desk.outbox.counts(t) == {}
