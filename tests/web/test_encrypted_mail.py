"""Encrypted mail: age and OpenPGP, inline and PGP/MIME, opened with the desk's keys; what does not open stays as it came; security.txt signed with the same key.

GnuPG, where it is installed, is the other side: it encrypts to the desk's key and checks its signature.
"""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pyrage
import pytest

from tests.web.conftest import Room, copied
from troth.app.desk.keeping import make_mail_keys
from troth.app.desk.lists import list_cases
from troth.app.desk.mail_intake import take_mail
from troth.app.desk.opening import open_desk
from troth.app.desk.triage import open_case
from troth.desk.crypt.envelope import CryptError
from troth.desk.crypt.mail_keys import MailKeys
from troth.desk.security_txt import parse_security_txt
from troth.errors import DeskError

SECRET = "The parser reads past its end: café."
HEAD = "From: Rosa <rosa@example.org>\r\nTo: security@example.org\r\nMessage-ID: <{name}@example.org>\r\nSubject: {subject}\r\n"


def mail(body: str, subject: str = "...", name: str = "1", kind: str = "") -> bytes:
    return (HEAD.format(name=name, subject=subject) + kind + "\r\n" + body).encode()


def armored(room: Room, content: bytes) -> str:
    recipient = MailKeys.read(room.folder / "keys").recipient
    return pyrage.encrypt(content, [pyrage.x25519.Recipient.from_str(recipient)], armored=True).decode()


@pytest.fixture
def keyed(room: Room) -> Room:
    pytest.importorskip("pysequoia", reason="OpenPGP needs pysequoia")
    make_mail_keys(room.folder, "security@example.org")
    return room


@pytest.fixture
def aged(room: Room) -> Room:
    """A desk with an age key for mail, and no OpenPGP."""
    from troth.desk.crypt import mail_keys, wraps

    mail_keys._keep(room.folder / "keys" / "mail.age", wraps.new_identity()[0] + "\n")
    return room


def told(room: Room, number: int = 1) -> tuple[str, str, list[str]]:
    member, _client = room.member(f"Reader {number}")
    opened = open_case(room.desk, member, number)
    return opened.title, opened.report.get("description"), [one.name for one in opened.files]


def test_age_in_the_text_is_opened(aged: Room) -> None:
    take_mail(aged.desk, mail("Hello,\r\n\r\n" + armored(aged, SECRET.encode()) + "\r\n-- \r\nRosa", subject="Report"))
    assert told(aged) == ("Report", SECRET, [])


def test_age_as_an_attachment_with_a_mail_inside_is_opened_with_its_files(aged: Room) -> None:
    inside = (
        "Content-Type: multipart/mixed; boundary=i\r\nSubject: Overflow in the parser\r\n\r\n--i\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n" + SECRET
        + "\r\n--i\r\nContent-Type: application/octet-stream\r\nContent-Disposition: attachment; filename=poc.bin\r\n\r\nAAAA\r\n--i--\r\n"
    )  # fmt: skip
    outer = f"--o\r\nContent-Type: text/plain\r\n\r\nsee attachment\r\n--o\r\nContent-Type: application/octet-stream\r\nContent-Disposition: attachment; filename=m.age\r\n\r\n{armored(aged, inside.encode())}\r\n--o--\r\n"
    take_mail(aged.desk, mail(outer, kind="Content-Type: multipart/mixed; boundary=o\r\n"))
    assert told(aged) == ("Overflow in the parser", SECRET, ["poc.bin"])


def test_what_does_not_open_stays_as_it_came(aged: Room) -> None:
    stranger = pyrage.x25519.Identity.generate().to_public()
    text = pyrage.encrypt(SECRET.encode(), [stranger], armored=True).decode()
    take_mail(aged.desk, mail(text, subject="For somebody else"))
    title, description, _files = told(aged)
    assert title == "For somebody else"
    assert description.startswith("-----BEGIN AGE ENCRYPTED FILE-----")


def test_a_sealed_desk_keeps_age_mail_closed_and_its_subject_out(template: Path, tmp_path: Path) -> None:
    identity = pyrage.x25519.Identity.generate()
    folder = copied(template, tmp_path / "sealed")
    path = folder / "desk.toml"
    path.write_text(path.read_text().replace("sealed = []", f'sealed = ["{identity.to_public()}"]'))
    desk = open_desk(folder)
    try:
        take_mail(desk, mail(pyrage.encrypt(SECRET.encode(), [identity.to_public()], armored=True).decode(), subject="A canary subject"))
        with pytest.raises(DeskError, match="sealed"):
            make_mail_keys(folder, "security@example.org")
    finally:
        desk.close()
    assert not any(SECRET.encode() in one.read_bytes() or b"canary subject" in one.read_bytes() for one in (folder / "data").iterdir())


def gpg(home: Path, *words: str, given: bytes = b"") -> subprocess.CompletedProcess:
    home.mkdir(mode=0o700, exist_ok=True)
    return subprocess.run(["gpg", "--homedir", str(home), "--batch", "--no-tty", "--trust-model", "always", *words], input=given, capture_output=True, timeout=60)


needs_gpg = pytest.mark.skipif(shutil.which("gpg") is None, reason="needs GnuPG as the other side")


@needs_gpg
@pytest.mark.parametrize("way", ["inline", "mime"])
def test_what_gnupg_encrypts_is_opened(keyed: Room, tmp_path: Path, way: str) -> None:
    home = tmp_path / "gnupg"
    assert gpg(home, "--import", given=MailKeys.read(keyed.folder / "keys").certificate.encode()).returncode == 0
    inside = SECRET if way == "inline" else f"Content-Type: text/plain; charset=utf-8\r\nSubject: Inner\r\n\r\n{SECRET}"
    block = gpg(home, "--armor", "--encrypt", "--recipient", "security@example.org", given=inside.encode()).stdout.decode()
    assert block.startswith("-----BEGIN PGP MESSAGE-----")
    if way == "inline":
        take_mail(keyed.desk, mail(block, subject="Outer"))
    else:
        body = f"--o\r\nContent-Type: application/pgp-encrypted\r\n\r\nVersion: 1\r\n--o\r\nContent-Type: application/octet-stream; name=encrypted.asc\r\n\r\n{block}\r\n--o--\r\n"
        take_mail(keyed.desk, mail(body, subject="...", kind='Content-Type: multipart/encrypted; protocol="application/pgp-encrypted"; boundary=o\r\n'))

    assert told(keyed)[:2] == ("Outer" if way == "inline" else "Inner", SECRET)


@needs_gpg
def test_a_message_that_swells_does_not_take_the_machine_with_it(keyed: Room, tmp_path: Path) -> None:
    home = tmp_path / "gnupg"
    gpg(home, "--import", given=MailKeys.read(keyed.folder / "keys").certificate.encode())
    block = gpg(home, "--armor", "--compress-algo", "zlib", "-z", "9", "--encrypt", "--recipient", "security@example.org", given=bytes(500 * 1024 * 1024)).stdout
    assert len(block) < 3 * 1024 * 1024

    assert MailKeys.read(keyed.folder / "keys").opened(block) is None


@needs_gpg
def test_gnupg_verifies_the_signature_of_security_txt(keyed: Room, tmp_path: Path) -> None:
    client = keyed.client()
    text = client.get("/.well-known/security.txt").text
    home = tmp_path / "gnupg"
    assert gpg(home, "--import", given=client.get("/openpgp.asc").content).returncode == 0
    good = gpg(home, "--verify", given=text.encode())
    assert good.returncode == 0, good.stderr
    assert gpg(home, "--verify", given=text.replace("Contact: http", "Contact: xttp").encode()).returncode != 0

    # an address without TLS is one of this machine only, which security.txt would refuse
    read = parse_security_txt(text.replace("http://", "https://").encode())
    assert read.signed
    assert read.canonical
    assert read.encryption[0].endswith("/openpgp.asc")


def test_keys_that_others_can_read_are_refused(aged: Room) -> None:
    (aged.folder / "keys" / "mail.age").chmod(0o644)
    with pytest.raises(CryptError, match="read by others"):
        MailKeys.read(aged.folder / "keys")


def test_without_keys_nothing_is_signed_and_no_key_is_shown(room: Room) -> None:
    client = room.client()
    assert client.get("/.well-known/security.txt").text.startswith("Contact:")
    assert client.get("/openpgp.asc").status_code == 404
    assert list_cases(room.desk, room.member()[0]).cases == ()
