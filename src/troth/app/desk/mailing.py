"""Mail out: the outbox is emptied; and the round that also has reminders climb and looks for what came in.

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
from troth.app.desk.mail_texts import message_id
from troth.app.desk.opening import Desk
from troth.app.desk.probing import daily
from troth.desk.crypt.mail_keys import PGP_ARMOR
from troth.desk.storage.outbox_rows import BATCH, Waiting
from troth.errors import DeskError

__all__ = ["Pump", "deliver", "send_smtp"]

_HOURLY: Final = 720
"""Rounds in an hour."""
LOG: Final = logging.getLogger("troth.desk")
Sender = Callable[[Desk, Waiting], None]


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
    """Send what is due; returns how many were taken."""
    taken = 0
    for waiting in desk.writer.write(lambda t: desk.outbox.claim(t, desk.now())):
        try:
            send(desk, waiting)
        except RefusedError:
            desk.writer.write(lambda t, w=waiting: desk.outbox.fail(t, w.id, desk.now()))  # type: ignore[misc]
        except PutOffError:
            later = desk.now() + timedelta(minutes=2**waiting.tries)
            desk.writer.write(lambda t, w=waiting, at=later: desk.outbox.put_off(t, w, at))  # type: ignore[misc]
        except (OSError, smtplib.SMTPException):
            LOG.warning("a mail may have been sent or not; it is shown as unsure")
            desk.writer.write(lambda t: desk.outbox.settle_crash(t) and None)
        else:
            desk.writer.write(lambda t, w=waiting: desk.outbox.done(t, w.id, desk.now()))  # type: ignore[misc]
            taken += 1
    return taken


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
        climbed: Place | None = None
        pause = 0.0  # the first round at once: what was waiting when the process ended has waited long enough
        while not self._stop.wait(pause):
            pause = self._seconds
            try:
                if not self._leads():
                    continue
                if rounds % 12 == 0:
                    climbed = climb(self._desk, after=climbed)
                if self._desk.settings.mail.host:
                    while deliver(self._desk) >= BATCH and not self._stop.is_set():
                        pass
                if self._desk.settings.mail.maildir:
                    read_maildir(self._desk, Path(self._desk.settings.mail.maildir))
                if rounds % _HOURLY == _HOURLY // 2:  # not in the first minutes, in which a proxy may not be there yet
                    daily(self._desk)
                if self._desk.settings.mail.imap and rounds % 6 == 0:
                    from troth.app.desk.mailbox import read_mailbox

                    read_mailbox(self._desk)
            except (DeskError, OSError) as error:
                LOG.warning("mail: %s", type(error).__name__)
            rounds += 1
