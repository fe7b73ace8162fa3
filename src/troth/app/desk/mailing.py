"""Mail out: the outbox is emptied; and the round that also has reminders climb, looks for what came in and sweeps up what was broken off.

Rules: a mail is claimed and committed before it is sent, and settled after the server took it: a crash in between leaves it `unsure`, for people, and never
sends it twice. Of several processes of a desk one makes the rounds; when it ends, another takes over within seconds. Every mail says that a program sent it (RFC 3834), so that no program answers.
"""

from __future__ import annotations

import logging
import os
import smtplib
import ssl
import threading
from collections.abc import Callable
from datetime import timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Final

from troth.app.desk.ladder import Place, climb
from troth.app.desk.mail_intake import read_maildir
from troth.app.desk.mail_texts import message_id, own_mark
from troth.app.desk.opening import TENANT, Desk
from troth.app.desk.probing import daily
from troth.desk.crypt.mail_keys import PGP_ARMOR
from troth.desk.storage.outbox_rows import BATCH, Waiting
from troth.errors import DeskError
from troth.store import Transaction

__all__ = ["Pump", "Sweeper", "deliver", "send_smtp"]

_HOURLY: Final = 720
"""Rounds in an hour."""
LOG: Final = logging.getLogger("troth.desk")
Sender = Callable[[Desk, Waiting], None]
Settle = Callable[[Transaction], object]


class RefusedError(DeskError):
    """A mail server refused a mail for good."""

    code = "desk-mail-refused"
    help = "Look at the address and at the mail server's settings in desk.toml; the mail is shown as failed."


class PutOffError(DeskError):
    """A mail server could not take a mail now, and certainly did not."""

    code = "desk-mail-put-off"
    help = "The desk tries again by itself; see `troth desk status`."


def send_smtp(desk: Desk, waiting: Waiting) -> None:
    """Hand a mail to the server.

    Raises:
        RefusedError: for good. PutOffError: not now; the server has not taken it. OSError: unknown whether it did.
    """
    settings, mail = desk.settings.mail, waiting.mail
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = settings.sender, mail.to, mail.subject
    message["Message-ID"] = f"<{message_id(desk, mail.key)}>"
    message["Auto-Submitted"] = "auto-generated"
    message["X-Troth-Desk"] = own_mark(desk, message_id(desk, mail.key))
    _fill(message, mail.text)
    try:
        server = smtplib.SMTP(settings.host, settings.port, timeout=20)
    except (OSError, smtplib.SMTPException) as error:
        raise PutOffError("the mail server cannot be reached") from error
    with server:
        try:
            if settings.starttls:
                server.starttls(context=ssl.create_default_context())
            if settings.user:
                server.login(settings.user, os.environ.get("TROTH_DESK_MAIL_PASSWORD", ""))
            server.send_message(message)
        except (smtplib.SMTPRecipientsRefused, smtplib.SMTPSenderRefused, smtplib.SMTPDataError) as error:
            code = next(iter(error.recipients.values()))[0] if isinstance(error, smtplib.SMTPRecipientsRefused) else error.smtp_code
            raise (PutOffError if code < 500 else RefusedError)(f"the mail server answered {code}") from error
        except (smtplib.SMTPNotSupportedError, smtplib.SMTPAuthenticationError, smtplib.SMTPHeloError, ssl.SSLError) as error:
            raise PutOffError("the mail server and the settings do not go together") from error


def _fill(message: EmailMessage, text: str) -> None:
    """The body: an OpenPGP message as RFC 3156 wraps it, anything else as plain text."""
    if not text.startswith(PGP_ARMOR.decode()):
        message.set_content(text)
        return
    message["Content-Type"] = 'multipart/encrypted; protocol="application/pgp-encrypted"'
    for kind, content in (("pgp-encrypted", b"Version: 1\r\n"), ("octet-stream", text.encode("ascii"))):
        part = EmailMessage()
        part.set_content(content, "application", kind, cte="7bit")
        message.attach(part)


def deliver(desk: Desk, send: Sender = send_smtp) -> int:
    """Send what is due, at most a batch; returns how many were taken. One at a time is marked as being sent, so that a crash leaves one unsure and no more."""
    taken = 0

    def next_(t: Transaction) -> Waiting | None:
        return next(iter(desk.outbox.claim(t, desk.now(), 1)), None)

    waiting = desk.writer.write(next_)
    for number in range(BATCH):
        if waiting is None:
            break
        settle, good = _sent(desk, waiting, send)
        taken += good
        more = number + 1 < BATCH

        def then(t: Transaction, settle: Settle = settle, more: bool = more) -> Waiting | None:
            settle(t)
            return next_(t) if more else None

        waiting = desk.writer.write(then)
    return taken


def _sent(desk: Desk, waiting: Waiting, send: Sender) -> tuple[Settle, bool]:
    """Send a mail: what is to be written about it, and whether it was taken."""
    try:
        send(desk, waiting)
    except RefusedError:
        return lambda t: desk.outbox.fail(t, waiting.id, desk.now()), False
    except PutOffError:
        later = desk.now() + timedelta(minutes=2**waiting.tries)
        return lambda t: desk.outbox.put_off(t, waiting, later), False
    except (OSError, smtplib.SMTPException):
        LOG.warning("a mail may have been sent or not; it is shown as unsure")
        return desk.outbox.settle_crash, False
    return lambda t: desk.outbox.done(t, waiting.id, desk.now()), True


class Sweeper:
    """Deletes what arrived of uploads that were broken off: what no case names, and named none an hour before either."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._seen: frozenset[str] = frozenset()

    def round(self) -> int:
        """Look, delete what was there the last time already; returns how many pieces were deleted."""
        desk = self._desk
        with desk.store.read(TENANT) as t:
            found = desk.threads.unnamed(t)
        old = sorted(found & self._seen)
        self._seen = found
        return sum(desk.writer.write(lambda t, some=old[at : at + 200]: desk.threads.forget_chunks(t, some)) for at in range(0, len(old), 200))  # type: ignore[misc]


class Pump:
    """Does all that again and again, beside the pages.

    Args:
        desk: the desk.
        seconds: between two rounds.
    """

    def __init__(self, desk: Desk, seconds: float = 5.0) -> None:
        self._desk, self._seconds = desk, seconds
        self._stop = threading.Event()
        self._leading = False
        self._climbed: Place | None = None
        self._sweeper = Sweeper(desk)
        self._thread = threading.Thread(target=self._run, name="desk-mail", daemon=True)

    def start(self) -> None:
        """Begin; what a crash left half-sent is marked unsure first, by the process that makes the rounds."""
        self._leads()
        self._thread.start()

    def _leads(self) -> bool:
        """Whether this process makes the rounds. One that begins to do so settles what the one before it left: nobody else is sending then."""
        if not self._leading and (self._desk.rounds is None or self._desk.rounds.keep()):
            self._desk.writer.write(self._desk.outbox.settle_crash)
            self._leading = True
        return self._leading

    def stop(self) -> None:
        """End after the round that is running."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(30)

    def _run(self) -> None:
        rounds = 0
        pause = 0.0  # the first round at once: what was waiting when the process ended has waited long enough
        while not self._stop.wait(pause):
            pause = self._seconds
            try:
                if not self._leads():
                    continue
                self._mails(rounds)
                self._rarely(rounds)
            except (DeskError, OSError) as error:
                LOG.warning("mail: %s", type(error).__name__)
            rounds += 1

    def _mails(self, rounds: int) -> None:
        """Reminders, mail out, mail in."""
        settings = self._desk.settings.mail
        if rounds % 12 == 0:
            self._climbed = climb(self._desk, after=self._climbed)
        if settings.host:
            while deliver(self._desk) >= BATCH and not self._stop.is_set():
                pass
        if settings.maildir:
            read_maildir(self._desk, Path(settings.maildir))
        if settings.imap and rounds % 6 == 0:
            from troth.app.desk.mailbox import read_mailbox

            read_mailbox(self._desk)

    def _rarely(self, rounds: int) -> None:
        """Probes once a day, a sweep once an hour; not in the first minutes, in which a proxy may not be there yet."""
        if rounds % _HOURLY == _HOURLY // 2:
            daily(self._desk)
        if rounds % _HOURLY == _HOURLY - 1:
            self._sweeper.round()
