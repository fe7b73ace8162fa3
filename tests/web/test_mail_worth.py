"""What a mail's sender is worth, and what follows from it: nothing that matters follows from From alone, and no program is answered."""

from __future__ import annotations

import dataclasses
import email
import re
import subprocess
import sys
from datetime import UTC, datetime
from email.policy import default

import pyrage
import pytest

from tests.web.conftest import REPORT, Room
from troth.app.desk import triage
from troth.app.desk.mail_intake import take_mail
from troth.app.desk.mail_texts import message_id
from troth.app.desk.mailing import _fill, deliver
from troth.app.desk.opening import TENANT, Desk
from troth.desk.crypt.envelope import CryptError
from troth.desk.crypt.outgoing import encrypted_to
from troth.desk.mail.incoming import MailError, parse
from troth.desk.mail.worth import Worth, results_of, standing

MX = "mx.desk.example"
HOP = "Received: from x by mx.desk.example; Mon, 2 Nov 2026 09:00:00 +0000\r\n"


def mail(*headers: str, sender: str = "Rosa <rosa@example.org>", subject: str = "Report", text: str = "It breaks.", name: str = "1") -> bytes:
    head = "".join(f"{one}\r\n" for one in headers)
    return f"{head}From: {sender}\r\nSubject: {subject}\r\nMessage-ID: <{name}@example.org>\r\n\r\n{text}\r\n".encode()


def worth(raw: bytes, authserv: str = MX) -> Worth:
    return standing(raw, parse(raw), authserv).worth


@pytest.mark.parametrize(
    "header",
    [
        f"{MX}; dmarc=pass header.from=example.org",
        f"{MX} 1; dmarc=pass (p=reject dis=none) header.from=EXAMPLE.org; spf=pass smtp.mailfrom=rosa@example.org",
        f"{MX}; spf=fail; dkim=pass header.d=example.org header.s=k",
        f'{MX.upper()};\r\n\tdkim=pass reason="good; really (yes)" header.i=@example.org',
        f"{MX}; dkim=fail header.d=list.example; dkim=pass header.d=example.org",
        f"{MX} (a comment; dmarc=fail (nested)); dmarc/1=pass header.from=example.org",
    ],
)
def test_the_own_server_vouches_for_a_sender(header: str) -> None:
    assert worth(mail(f"Authentication-Results: {header}")) is Worth.VERIFIED


@pytest.mark.parametrize(
    "header",
    [
        "mx.elsewhere.example; dmarc=pass header.from=example.org",
        f"{MX}; dmarc=pass header.from=evil.example",
        f"{MX}; dkim=pass header.d=evil.example",
        f"{MX}; dkim=pass header.d=mail.example.org",
        f"{MX}; dkim=pass header.d=org",
        f"{MX}; dkim=pass header.d=notexample.org",
        f"{MX}; spf=pass smtp.mailfrom=rosa@example.org",
        f"{MX}; arc=pass",
        f"{MX}; dmarc=none header.from=example.org",
        f"{MX}; (dmarc=pass header.from=example.org)",
        f'{MX}; dkim=none reason="x; dmarc=pass header.from=example.org"',
        f"evil.example; x=y ({MX}); dmarc=pass header.from=example.org",
        f"{MX} dmarc=pass header.from=example.org",
        "",
        ";",
        '"',
        "(" * 500,
    ],
)
def test_what_vouches_for_nobody(header: str) -> None:
    assert worth(mail(f"Authentication-Results: {header}")) is Worth.UNKNOWN
    assert worth(mail(f"Authentication-Results: {header}"), "") is Worth.UNKNOWN


def test_a_failed_check_is_told_and_outweighs_a_signature() -> None:
    assert worth(mail(f"Authentication-Results: {MX}; dkim=pass header.d=example.org; dmarc=fail header.from=example.org")) is Worth.FAILED
    assert worth(mail(f"Authentication-Results: {MX}; dkim=fail header.d=example.org")) is Worth.FAILED


def test_a_header_that_the_sender_wrote_counts_for_nothing() -> None:
    forged = f"Authentication-Results: {MX}; dmarc=pass header.from=example.org"
    assert worth(mail(HOP.strip(), "Received: from evil by x; now", forged)) is Worth.UNKNOWN, "below the server's own block"
    assert worth(mail(f"Authentication-Results: {MX}; dmarc=fail header.from=example.org", HOP.strip(), forged)) is Worth.FAILED, "the topmost decides"
    assert results_of(mail(f"Authentication-Results: {MX}; spf=none", f"Authentication-Results: {MX}; dkim=pass header.d=example.org"), MX)[0].method in ("spf", "dkim")


@pytest.mark.parametrize("sender", ["rosa@example.org, eve@evil.example", "rosa@example.org\r\nFrom: eve@evil.example", "<rosa@example.org> <eve@evil.example>", "team: rosa@example.org, eve@evil.example;"])
def test_several_senders_are_no_sender(sender: str) -> None:
    raw = mail(f"Authentication-Results: {MX}; dmarc=pass header.from=example.org", sender=sender)
    assert worth(raw) is Worth.UNKNOWN


def test_a_name_that_looks_like_an_address_is_none() -> None:
    read = parse(mail(sender="=?utf-8?q?rosa=40example=2Eorg_=3Crosa=40example=2Eorg=3E?= <eve@evil.example>"))
    assert read.sender == "eve@evil.example"
    assert read.alone


def test_a_signature_is_checked_here() -> None:
    dkim = pytest.importorskip("dkim", reason="needs dkimpy")
    from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

    from troth.desk.mail.signatures import good_signers

    key = generate_private_key(65537, 2048)
    private = key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())
    import base64

    public = base64.b64encode(key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo))

    def asked(name: bytes, _seconds: int) -> bytes | None:
        return b"v=DKIM1; k=rsa; p=" + public if name.rstrip(b".") == b"k._domainkey.example.org" else None

    raw = mail(HOP.strip())
    header = dkim.sign(raw, b"k", b"example.org", private, include_headers=[b"from", b"subject"])
    part = dkim.sign(raw, b"k", b"example.org", private, include_headers=[b"from", b"subject"], length=True)

    assert good_signers(header + raw, asked) == ("example.org",)
    assert good_signers(header + raw.replace(b"It breaks", b"It brakes"), asked) == ()
    assert good_signers(header + raw.replace(b"rosa@example.org>", b"mara@example.org>", 1), asked) == ()
    assert good_signers(part + raw, asked) == (), "anybody could add to a mail whose signature has an end"
    assert good_signers(header + raw, lambda _name, _seconds: None) == ()
    assert good_signers(raw, asked) == ()
    assert good_signers(b"DKIM-Signature: v=1; nothing\r\n" * 50 + raw, asked) == ()
    assert standing(header + raw, parse(header + raw), "", lambda one: good_signers(one, asked)).worth is Worth.VERIFIED
    other = header + raw
    assert standing(other, dataclasses.replace(parse(other), sender="rosa@evil.example"), "", lambda one: good_signers(one, asked)).worth is Worth.UNKNOWN


def with_mail(desk: Desk, **values: object) -> Desk:
    return dataclasses.replace(desk, settings=dataclasses.replace(desk.settings, mail=dataclasses.replace(desk.settings.mail, **values)))


def thread(room: Room, number: int = 1) -> list[tuple[str, str, str]]:
    member, _client = room.member()
    return [(item.kind, item.audience, item.text) for item in triage.open_case(room.desk, member, number).items if item.kind in ("message", "note")]


def sent_to(desk: Desk, whom: str) -> list:
    found: list = []
    deliver(desk, lambda _desk, waiting: found.append(waiting.mail))
    return [one for one in found if one.to == whom]


def test_words_count_as_the_reporters_where_they_answer_a_mail_of_ours(room: Room) -> None:
    room.report()
    (ours,) = sent_to(room.desk, REPORT["contact"])
    take_mail(room.desk, mail(subject="Re: [T-1] x", text="It is me.", name="1"))
    take_mail(room.desk, mail(f"In-Reply-To: <{message_id(room.desk, ours.key)}>", subject="Re: [T-1] x", text="Here is more.", name="2"))
    team = next(key for key in outbox_keys(room) if key.endswith("/team"))
    take_mail(room.desk, mail(f"References: <{message_id(room.desk, team)}>", subject="Re: [T-1] x", text="I guessed.", name="3"))

    found = thread(room)
    assert [(kind, audience) for kind, audience, _text in found] == [("note", "team"), ("message", "reporter"), ("note", "team")]
    assert found[1][2] == "Here is more."
    assert "Nobody vouches" in found[0][2]
    assert found[0][2].endswith("It is me.")
    member, _client = room.member("Ada")
    kinds = [event.kind.value for event in triage.open_case(room.desk, member, 1).events]
    assert kinds.count("message.received") == 1, "no clock hears of what nobody vouches for"


def outbox_keys(room: Room) -> tuple[str, ...]:
    with room.desk.store.read(TENANT) as t:
        row = room.desk.cases.by_number(t, 1)
        assert row is not None
        return room.desk.outbox.keys_of(t, row.uid)


def test_words_count_as_the_reporters_where_the_own_server_vouches(room: Room) -> None:
    desk = with_mail(room.desk, authserv=MX)
    room.report()
    take_mail(desk, mail(f"Authentication-Results: {MX}; dmarc=pass header.from=example.org", subject="Re: [T-1] x", text="More.", name="2"))
    take_mail(desk, mail(f"Authentication-Results: {MX}; dmarc=fail header.from=example.org", subject="Re: [T-1] x", text="Less.", name="3"))

    assert [(kind, text.endswith("More.")) for kind, _audience, text in thread(room)] == [("message", True), ("note", False)]


def test_an_unverified_note_never_reaches_the_reporter(room: Room) -> None:
    address = room.report()
    take_mail(room.desk, mail(subject="Re: [T-1] x", text="A canary in a forged mail.", name="2"))

    page = room.client().get(address).text
    assert "canary" not in page
    assert "vouches" not in page


AUTOMATIC = [
    ("Auto-Submitted: auto-replied",), ("Auto-Submitted: AUTO-REPLIED (vacation)",), ("Return-Path: <>",), ("Precedence: auto_reply",), ("X-Autoreply: yes",),
    ("Content-Type: multipart/report; report-type=delivery-status; boundary=b",),
]  # fmt: skip


@pytest.mark.parametrize("headers", AUTOMATIC)
def test_a_programs_answer_makes_no_case_and_gets_no_answer(room: Room, headers: tuple[str, ...]) -> None:
    with pytest.raises(MailError):
        take_mail(room.desk, mail(*headers))
    room.report()
    (ours,) = sent_to(room.desk, REPORT["contact"])
    with pytest.raises(MailError):
        take_mail(room.desk, mail(*headers, subject="Away [T-1]"))
    assert take_mail(room.desk, mail(*headers, f"In-Reply-To: <{message_id(room.desk, ours.key)}>", subject="Away [T-1]", text="--b\r\n\r\nI am away.\r\n--b--")) == "T-1"

    ((kind, audience, text),) = thread(room)
    assert (kind, audience) == ("note", "team")
    assert "away" in text
    assert sent_to(room.desk, REPORT["contact"]) == []


def test_a_bounce_that_cites_our_mail_in_its_body_finds_the_case(room: Room) -> None:
    room.report()
    (ours,) = sent_to(room.desk, REPORT["contact"])
    body = f"--b\r\nContent-Type: message/delivery-status\r\n\r\nStatus: 5.1.1\r\n\r\n--b\r\nContent-Type: message/rfc822\r\n\r\nSubject: {ours.subject}\r\nMessage-ID: <{message_id(room.desk, ours.key)}>\r\n\r\nx\r\n--b--"
    raw = mail("Return-Path: <>", "Content-Type: multipart/report; report-type=delivery-status; boundary=b", sender="MAILER-DAEMON@example.org", subject="Undelivered", text=body)

    assert take_mail(room.desk, raw) == "T-1"
    assert [kind for kind, _audience, _text in thread(room)] == ["note"]


@pytest.mark.parametrize("headers", [("Auto-Submitted: auto-generated",), ("List-Id: <x.example>",), ("Precedence: bulk",)])
def test_what_a_program_sends_by_itself_is_a_case_that_nobody_answers(room: Room, headers: tuple[str, ...]) -> None:
    assert take_mail(room.desk, mail(*headers)) == "T-1"
    assert sent_to(room.desk, "rosa@example.org") == []


def test_an_address_that_nobody_vouches_for_is_written_to_three_times_a_day(room: Room) -> None:
    for number in range(5):
        take_mail(room.desk, mail(name=str(number)))
    assert len(sent_to(room.desk, "rosa@example.org")) == 3
    room.clock.go(days=1, minutes=1)
    take_mail(room.desk, mail(name="later"))
    assert len(sent_to(room.desk, "rosa@example.org")) == 1


def test_who_failed_a_check_is_not_written_to(room: Room) -> None:
    take_mail(with_mail(room.desk, authserv=MX), mail(f"Authentication-Results: {MX}; dmarc=fail header.from=example.org"))
    assert sent_to(room.desk, "rosa@example.org") == []
    assert "Nobody was written to." in thread(room)[0][2]


def test_mail_to_a_reporter_is_encrypted_to_their_age_key(room: Room) -> None:
    identity = pyrage.x25519.Identity.generate()
    desk = with_mail(room.desk, encrypt=True)
    take_report(room, desk, f"my key: {identity.to_public()}")
    member, _client = room.member()
    triage.reply(desk, member, 1, "The canary answer.")

    received, answered = sent_to(desk, REPORT["contact"])
    assert "/r/" not in received.text
    assert "canary" not in answered.text
    assert f"{desk.settings.origin}/r/" in pyrage.decrypt(received.text.encode(), [identity]).decode()
    assert "The canary answer." in pyrage.decrypt(answered.text.encode(), [identity]).decode()


def take_report(room: Room, desk: Desk, key: str) -> None:
    from troth.app.desk import reports
    from troth.desk.intake.fields import Submission

    reports.submit(desk, reports.begin(desk), Submission({**REPORT, "key": key}), channel="form", proven=True).result()


@pytest.mark.parametrize("key", ["age1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqq", "my key is on my page", "-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nnone\n-----END PGP PUBLIC KEY BLOCK-----"])
def test_a_key_that_is_none_gets_a_mail_that_says_nothing(room: Room, key: str) -> None:
    desk = with_mail(room.desk, encrypt=True)
    take_report(room, desk, key)
    member, _client = room.member()
    triage.reply(desk, member, 1, "The canary answer.")

    received, answered = sent_to(desk, REPORT["contact"])
    assert "/r/" not in received.text
    assert "canary" not in answered.text
    with pytest.raises(CryptError):
        encrypted_to(key, "x")


def test_mail_to_an_openpgp_key_is_pgp_mime(room: Room) -> None:
    sequoia = pytest.importorskip("pysequoia", reason="needs pysequoia (extra: pgp)")
    secret = sequoia.Tsk.generate("Rosa <rosa@example.org>")
    desk = with_mail(room.desk, encrypt=True)
    take_report(room, desk, str(secret.extract_certificate()))
    (received,) = sent_to(desk, REPORT["contact"])
    message = email.message.EmailMessage()
    _fill(message, received.text)
    parsed = email.message_from_bytes(message.as_bytes(), policy=default)

    assert parsed.get_content_type() == "multipart/encrypted"
    assert parsed.get_param("protocol") == "application/pgp-encrypted"
    first, second = parsed.iter_parts()
    assert first.get_content().strip() == b"Version: 1"
    inside = email.message_from_bytes(sequoia.decrypt(second.get_content(), secret.decryptor()).bytes, policy=default)
    assert re.search(r"/r/[\w-]{43}", inside.get_content())


def test_without_the_option_a_key_changes_nothing(room: Room) -> None:
    take_report(room, room.desk, str(pyrage.x25519.Identity.generate().to_public()))
    (received,) = sent_to(room.desk, REPORT["contact"])
    assert "/r/" in received.text


def test_a_mail_servers_pipe_delivers_beside_a_running_desk(room: Room) -> None:
    def piped(raw: bytes) -> subprocess.CompletedProcess[bytes]:
        return subprocess.run([sys.executable, "-m", "troth", "desk", "take-mail", str(room.folder)], input=raw, capture_output=True, timeout=300, check=False)

    room.clock.at = datetime.now(UTC)  # two processes, one time
    room.report()
    taken, again, nothing = piped(mail(subject="By a pipe")), piped(mail(subject="By a pipe")), piped(b"\x00" * 20)

    assert (taken.returncode, taken.stdout.strip()) == (0, b"T-2"), taken.stderr
    assert (again.returncode, again.stdout.strip()) == (0, b"T-2"), "taken twice, stored once"
    assert nothing.returncode == 65
    room.clock.at = datetime.now(UTC)
    assert room.report().startswith("/r/")
    member, _client = room.member()
    assert triage.open_case(room.desk, member, 2).title == "By a pipe"
