"""Mail over TLS, out and in, against servers of this machine: nothing leaves in the clear, nothing is lost, nothing is taken twice."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

pytest.importorskip("trustme", reason="needs trustme (group: test)")

import trustme

from tests.web.conftest import Room
from tests.web.mail_servers import AUTHORITY, Imap, Said, Smtp, running, server_context
from troth.app.desk.lists import list_cases
from troth.app.desk.mailbox import MailboxError, read_mailbox
from troth.app.desk.mailing import deliver
from troth.app.desk.opening import TENANT, Desk


@pytest.fixture(autouse=True)
def trusted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The machine trusts the test authority, and nobody else."""
    AUTHORITY.cert_pem.write_to_path(str(tmp_path / "authority.pem"))
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "authority.pem"))
    monkeypatch.setenv("SSL_CERT_DIR", str(tmp_path))
    monkeypatch.setenv("TROTH_DESK_MAIL_PASSWORD", "the password out")
    monkeypatch.setenv("TROTH_DESK_IMAP_PASSWORD", "the password in")


def with_mail(room: Room, **values: object) -> Desk:
    settings = dataclasses.replace(room.desk.settings, mail=dataclasses.replace(room.desk.settings.mail, host="localhost", user="desk", starttls=True, **values))
    return dataclasses.replace(room.desk, settings=settings)


def states(desk: Desk) -> dict[str, int]:
    with desk.store.read(TENANT) as t:
        return desk.outbox.counts(t)


def test_mail_leaves_over_tls_and_says_nothing_of_the_report(room: Room) -> None:
    said = Said()
    with running(Smtp, said=said, context=server_context()) as port:
        desk = with_mail(room, port=port)
        room.report()
        assert deliver(desk) == 2

    assert len(said.mails) == 2
    assert [line.split(" ")[0].upper() for line in said.clear] == ["EHLO", "STARTTLS"] * 2, "names, passwords and mails only after TLS"
    assert any(line.startswith("AUTH PLAIN") for line in said.secret)
    assert not any(b"archive" in mail.lower() or b"Rosa" in mail for mail in said.mails)
    assert states(desk) == {"sent": 2}


@pytest.mark.parametrize("server", ["without TLS", "of a stranger", "under another name"])
def test_mail_waits_where_the_server_cannot_be_trusted(room: Room, server: str) -> None:
    said = Said()
    context = None
    if server == "of a stranger":
        context = server_context(trustme.CA())
    elif server == "under another name":
        import ssl

        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        AUTHORITY.issue_cert("elsewhere.example").configure_cert(context)
    with running(Smtp, said=said, context=context) as port:
        desk = with_mail(room, port=port)
        room.report()
        assert deliver(desk) == 0

    assert said.mails == []
    assert not any(line.upper().startswith(("AUTH", "MAIL", "RCPT")) for line in (*said.clear, *said.secret))
    assert states(desk) == {"waiting": 2}, "certainly not sent, and tried again later"


def letter(subject: str, text: str = "The parser reads too far.", sender: str = "Rosa <rosa@example.org>", message: str = "<1@example.org>") -> bytes:
    return f"From: {sender}\r\nTo: security@example.org\r\nSubject: {subject}\r\nMessage-ID: {message}\r\n\r\n{text}\r\n".encode()


def test_a_mailbox_is_read_once_and_emptied(room: Room) -> None:
    said = Said(mails=[letter("Overflow"), b"\x00" * 50, letter("Too large", message="<3@example.org>"), letter("Second", message="<2@example.org>")])
    with running(Imap, said=said, context=server_context(), sizes={3: 10**9}) as port:
        desk = with_mail(room, imap="localhost", imap_port=port, imap_user="security")
        assert read_mailbox(desk) == (2, 2)
        assert said.flags == {1: {r"\Deleted"}, 2: {r"\Flagged"}, 3: {r"\Flagged"}, 4: {r"\Deleted"}}
        assert said.mails[0] == b""
        assert read_mailbox(desk) == (0, 0), "what was left for people is not read again"

    member, _client = room.member()
    assert sorted((one.title, one.row.channel, one.row.lane) for one in list_cases(room.desk, member).cases) == [("Overflow", "mail", "slow"), ("Second", "mail", "slow")]


def test_a_mail_that_was_taken_before_a_crash_is_the_same_case(room: Room) -> None:
    said = Said(mails=[letter("Overflow"), letter("Overflow")])
    with running(Imap, said=said, context=server_context(), sizes={}) as port:
        read_mailbox(with_mail(room, imap="localhost", imap_port=port, imap_user="security"))
    member, _client = room.member()
    assert len(list_cases(room.desk, member).cases) == 1


def test_a_mailbox_of_a_stranger_gets_no_password(room: Room) -> None:
    said = Said(mails=[letter("Overflow")])
    with running(Imap, said=said, context=server_context(trustme.CA()), sizes={}) as port, pytest.raises(MailboxError):
        read_mailbox(with_mail(room, imap="localhost", imap_port=port, imap_user="security"))
    assert said.secret == []


def test_a_refused_sign_in_is_told(room: Room) -> None:
    said = Said(mails=[letter("Overflow")])
    with running(Imap, said=said, context=server_context(), sizes={}) as port, pytest.raises(MailboxError):
        read_mailbox(with_mail(room, imap="localhost", imap_port=port, imap_user="wrong"))
    assert said.mails[0]
