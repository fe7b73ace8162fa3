"""Mail by LMTP: what RFC 2033 asks of whoever takes mail, and what a mail server may repeat of a stranger's."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import smtplib
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from dataclasses import replace
from email.message import EmailMessage
from pathlib import Path

import pytest

from tests.timing import until
from tests.web.conftest import Room, copied
from tests.web.test_mail_worth import mail
from troth.app.desk.lmtp import Lmtp, listen
from troth.app.desk.mail_intake import take_mail
from troth.app.desk.opening import TENANT
from troth.desk.mail.incoming import MailError
from troth.errors import DeskError, SettingsError

pytestmark = pytest.mark.skipif(not hasattr(socket, "AF_UNIX"), reason="LMTP is spoken over a socket of this machine")


@pytest.fixture
def place() -> Iterator[Path]:
    """A folder whose name is short: the path of a socket holds 107 bytes."""
    with tempfile.TemporaryDirectory(prefix="lmtp-") as name:
        yield Path(name)


@contextlib.contextmanager
def speaking(room: Room, take=take_mail, seconds: float = 60.0) -> Iterator[socket.socket]:
    """A conversation with the service, which runs in a thread."""
    loop, (ours, theirs) = asyncio.new_event_loop(), socket.socketpair()

    async def session() -> None:
        reader, writer = await asyncio.open_connection(sock=theirs, limit=64 * 1024)
        await Lmtp(room.desk, take, seconds).session(reader, writer)

    thread = threading.Thread(target=lambda: loop.run_until_complete(session()))
    thread.start()
    ours.settimeout(60)
    try:
        assert answer(ours).startswith(b"220 ")
        yield ours
    finally:
        ours.close()
        thread.join(60)
        loop.close()


def answer(line: socket.socket, count: int = 1) -> bytes:
    """So many answers, each of which may have several lines; less where the other side leaves."""
    got = b""
    while sum(part[3:4] != b"-" for part in got.split(b"\r\n")[:-1]) < count:
        piece = line.recv(65536)
        if not piece:
            return got
        got += piece
    return got


def say(line: socket.socket, *words: bytes, count: int | None = None) -> bytes:
    """Send lines, all at once as a client that pipelines does; what was answered."""
    line.sendall(b"".join(word + b"\r\n" for word in words))
    return answer(line, len(words) if count is None else count)


def begun(line: socket.socket, recipients: int = 1) -> None:
    told = say(line, b"LHLO mx.example", b"MAIL FROM:<rosa@example.org> BODY=8BITMIME SIZE=500", *[b"RCPT TO:<security@desk.example>"] * recipients, b"DATA")
    assert told.endswith(b"354 go on\r\n"), told


def cases(room: Room) -> int:
    with room.desk.store.read(TENANT) as t:
        return sum(room.desk.cases.counts(t).values())


def test_a_mail_becomes_a_case_and_the_answer_comes_after_the_commit(room: Room) -> None:
    with speaking(room) as line:
        hello = say(line, b"LHLO mx.example")
        assert {b"250-PIPELINING", b"250-ENHANCEDSTATUSCODES", b"250-8BITMIME"} <= set(hello.split(b"\r\n"))
        begun(line)
        line.sendall(mail(subject="Overflow in the reader") + b".\r\n")
        assert answer(line) == b"250 2.0.0 taken\r\n"
        assert cases(room) == 1
        assert say(line, b"QUIT").startswith(b"221")


def test_one_answer_for_each_recipient_and_one_case(room: Room) -> None:
    with speaking(room) as line:
        begun(line, 3)
        line.sendall(mail() + b".\r\n")
        assert answer(line, 3) == b"250 2.0.0 taken\r\n" * 3
    assert cases(room) == 1


def test_the_library_that_everybody_has_can_speak_with_it(room: Room, place: Path) -> None:
    path = place / "s"
    loop, ready = asyncio.new_event_loop(), threading.Event()
    task: list[asyncio.Task] = []

    def run() -> None:
        task.append(loop.create_task(listen(room.desk, path, ready=ready.set)))
        with contextlib.suppress(asyncio.CancelledError):
            loop.run_until_complete(task[0])

    thread = threading.Thread(target=run)
    thread.start()
    assert ready.wait(60)
    assert path.stat().st_mode & 0o777 == 0o600
    for at in range(2):
        message = EmailMessage()
        message["From"], message["To"], message["Subject"], message["Message-ID"] = "Rosa <rosa@example.org>", "s@desk.example", f"Report {at}", f"<{at}@example.org>"
        message.set_content(".\n..\n.leading dots stay\n")
        with smtplib.LMTP(str(path)) as client:
            assert client.send_message(message, "rosa@example.org", ["s@desk.example"]) == {}
    assert cases(room) == 2
    loop.call_soon_threadsafe(task[0].cancel)
    thread.join(60)
    loop.close()


def test_dots_are_taken_off_once(room: Room) -> None:
    got: list[bytes] = []
    with speaking(room, lambda _desk, raw: got.append(raw) or "") as line:
        begun(line)
        line.sendall(b"A: b\r\n\r\n..\r\n...\r\n.x\r\nend\r\n.\r\n")
        answer(line)
    assert got == [b"A: b\r\n\r\n.\r\n..\r\nx\r\nend\r\n"]


@pytest.mark.parametrize("trick", [b"\n.\n", b"\n.\r\n", b"\r.\r", b"\r.\r\n", b"\n.\r", b"\r\n.\n", b"\r\n.\r", b"\r\n\x00.\r\n", b"\r\n.\x00\r\n", b"\r\n. \r\n", b"\r\n.\r\r\n", b"\xe2\x80\xa8.\xe2\x80\xa8"])
def test_what_only_looks_like_the_end_ends_nothing(room: Room, trick: bytes) -> None:
    """SMTP smuggling: whatever a stranger writes after it stays his own mail."""
    got: list[bytes] = []
    with speaking(room, lambda _desk, raw: got.append(raw) or "") as line:
        begun(line)
        smuggled = b"MAIL FROM:<admin@desk.example>\r\nRCPT TO:<security@desk.example>\r\nDATA\r\nFrom: admin@desk.example\r\n\r\nI am yours"
        line.sendall(b"From: m@example.org\r\n\r\nhello" + trick + smuggled + b"\r\n.\r\n")
        assert answer(line) == b"250 2.0.0 taken\r\n"
        assert say(line, b"NOOP").startswith(b"250")
    assert len(got) == 1
    assert b"I am yours" in got[0]


def test_a_mail_that_is_too_large_is_read_to_its_end_and_refused(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("troth.app.desk.lmtp.MAX_BYTES", 100_000)
    got: list[bytes] = []
    with speaking(room, lambda _desk, raw: got.append(raw) or "") as line:
        assert say(line, b"LHLO x", b"MAIL FROM:<> SIZE=100001").endswith(b"552 5.3.4 larger than 100000 bytes\r\n")
        begun(line)
        for _ in range(40):
            line.sendall(b"x" * 70_000 if _ % 2 else b"y\r\n" * 9_000)
        line.sendall(b"\r\n.\r\n")
        assert answer(line).startswith(b"552 5.3.4")
        begun(line)
        line.sendall(b"A: b\r\n\r\nsmall\r\n.\r\n")
        assert answer(line).startswith(b"250")
    assert got == [b"A: b\r\n\r\nsmall\r\n"]


@pytest.mark.parametrize(
    "order",
    [
        (b"MAIL FROM:<a@b>",), (b"LHLO x", b"RCPT TO:<a@b>"), (b"LHLO x", b"DATA"), (b"LHLO x", b"MAIL FROM:<a@b>", b"DATA"), (b"LHLO x", b"MAIL FROM:<a@b>", b"MAIL FROM:<a@b>"),
        (b"LHLO x", b"MAIL FROM:<a@b>", b"RSET", b"RCPT TO:<a@b>"), (b"LHLO x", b"MAIL FROM:<a@b>", b"LHLO x", b"RCPT TO:<a@b>"),
    ],
)  # fmt: skip
def test_what_comes_out_of_order_is_refused(room: Room, order: tuple[bytes, ...]) -> None:
    with speaking(room) as line:
        assert say(line, *order).split(b"\r\n")[-2].startswith(b"503 5.5.1")


_NO_COMMANDS = (
    b"", b"EHLO x", b"HELO x", b"STARTTLS", b"MAIL", b"MAIL FROM:a@b", b"MAIL FROM:<a@b", b"MAIL FROM:<a b@c>", b"MAIL FROM:<a\x00@b>", b"MAIL FROM:<a@b> SMTPUTF8", b"MAIL FROM:<a@b> SIZE=x",
    b"MAIL FROM:<a@b> BODY=BINARYMIME", b"LHLO", b"\xff\xfe\x00", b"__init__ x", b"_DATA", b"run", b"MAIL FROM:<" + b"a" * 5_000 + b">", b"x" * 200_000, b"DATA x", b"RCPT TO:<>",
)  # fmt: skip


@pytest.mark.parametrize("words", _NO_COMMANDS, ids=[f"fault {at}" for at in range(len(_NO_COMMANDS))])
def test_what_is_no_command_is_a_fault_and_the_next_one_is_heard(room: Room, words: bytes) -> None:
    with speaking(room) as line:
        say(line, b"LHLO x")
        told = say(line, words)
        assert told[:1] == b"5"
        assert len(words) < 8 or words[:30] not in told  # nothing that was sent is said back
        assert say(line, b"NOOP") == b"250 2.0.0 ok\r\n"


def test_who_makes_mistake_after_mistake_is_shown_the_door(room: Room) -> None:
    with speaking(room) as line:
        told = say(line, *[b"what"] * 30, count=21)
        assert told.split(b"\r\n")[20].startswith(b"421")
        assert line.recv(100) == b""


def test_silence_ends_a_session(room: Room) -> None:
    with speaking(room, seconds=0.05) as line:
        assert line.recv(100) == b""


def test_recipients_are_those_of_this_desk(room: Room) -> None:
    settings = replace(room.desk.settings, mail=replace(room.desk.settings.mail, address="Security@Desk.example"))
    desk = replace(room.desk, settings=settings)
    lmtp = Lmtp(desk)
    for good in (b"security@desk.example", b"SECURITY@DESK.EXAMPLE", b"security+T-12@desk.example"):
        assert lmtp.wanted(good)
    for bad in (b"root@desk.example", b"security@evil.example", b"security", b"", b"security@desk.example@evil.example", b"x+security@desk.example"):
        assert not lmtp.wanted(bad)
    assert Lmtp(room.desk).wanted(b"anybody@desk.example")


def test_there_is_an_end_to_recipients(room: Room) -> None:
    with speaking(room) as line:
        told = say(line, b"LHLO x", b"MAIL FROM:<a@b>", *[b"RCPT TO:<s@d>"] * 101)
        assert told.split(b"\r\n")[-2].startswith(b"452 4.5.3")


@pytest.mark.parametrize(("error", "code"), [(MailError("x"), b"554 5.6.0"), (DeskError("x"), b"451 4.3.0"), (OSError("x"), b"451 4.3.0"), (RecursionError("secret words"), b"451 4.3.0")])
def test_what_went_wrong_is_a_code_and_no_word_of_the_mail(room: Room, error: Exception, code: bytes, caplog: pytest.LogCaptureFixture) -> None:
    def broken(_desk, _raw: bytes) -> str:
        raise error

    with speaking(room, broken) as line:
        begun(line)
        line.sendall(mail(subject="secret words") + b".\r\n")
        told = answer(line)
        assert told.startswith(code)
        assert b"secret" not in told
        assert say(line, b"NOOP").startswith(b"250")
    assert "secret words" not in caplog.text


def test_the_same_mail_again_is_one_case(room: Room) -> None:
    with speaking(room) as line:
        for _ in range(3):
            begun(line)
            line.sendall(mail() + b".\r\n")
            assert answer(line).startswith(b"250")
    assert cases(room) == 1


def test_confirmations_are_counted_over_processes(room: Room) -> None:
    """A pipe takes each mail in a process of its own, which once began to count anew."""
    from troth.app.desk.gates import rationed
    from troth.app.desk.opening import open_desk

    other = open_desk(room.folder, room.clock)
    assert [rationed(desk, "confirmation a@b", 3) for desk in (room.desk, other, room.desk, other, room.desk)] == [True, True, True, False, False]
    assert rationed(other, "confirmation c@d", 3)
    room.clock.go(days=1, minutes=1)
    assert [rationed(other, "confirmation a@b", 3) for _ in range(4)] == [True, True, True, False]
    other.close()


def test_a_socket_that_nobody_listens_at_is_replaced_and_nothing_else_is(room: Room, place: Path) -> None:
    stale = place / "s"
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(stale))
    async def once() -> None:
        task: list[asyncio.Task] = []
        task.append(asyncio.ensure_future(listen(room.desk, stale, ready=lambda: task[0].cancel() and None)))
        with contextlib.suppress(asyncio.CancelledError):
            await task[0]

    asyncio.run(once())
    (place / "file").write_text("mine")
    with pytest.raises(SettingsError, match="no socket"):
        asyncio.run(listen(room.desk, place / "file"))
    assert (place / "file").read_text() == "mine"
    with socket.socket(socket.AF_UNIX) as held:
        held.bind(str(place / "held"))
        held.listen(1)
        with pytest.raises(SettingsError, match="listens"):
            asyncio.run(listen(room.desk, place / "held"))
    with pytest.raises(SettingsError, match="cannot listen"):
        asyncio.run(listen(room.desk, place / "none" / "s"))
    with pytest.raises(SettingsError, match="no group"):
        asyncio.run(listen(room.desk, place / "g", "no-such-group-here"))


def test_the_command_takes_mail_until_it_is_asked_to_end(template: Path, tmp_path: Path, place: Path) -> None:
    folder, path = copied(template, tmp_path / "desk"), place / "s"
    process = subprocess.Popen([sys.executable, "-m", "troth", "desk", "lmtp", str(folder), "--socket", str(path)], stderr=subprocess.PIPE, text=True)
    try:
        until(lambda: process.poll() is not None or path.exists(), "it listens")
        assert process.poll() is None, process.stderr.read()
        with smtplib.LMTP(str(path)) as client:
            client.sendmail("rosa@example.org", ["s@desk.example"], mail())
        os.kill(process.pid, signal.SIGTERM)
        assert process.wait(60) == 0
        assert not path.exists()
    finally:
        process.kill()
        process.wait(30)
        process.stderr.close()
