"""Mail out: the outbox is emptied, reminders climb their ladder; and the round that also looks for what came in.

Rules: a mail is claimed and committed before it is sent, and settled after the server took it: a crash in between leaves it `unsure`, for people, and never
sends it twice; a mail of the ladder has the clock's own key, so it exists once. Every mail says that a program sent it (RFC 3834), so that no program answers.
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

from sqlalchemy import select

from troth.app.desk.acting import TEAM_CLOCKS
from troth.app.desk.mail_intake import read_maildir
from troth.app.desk.mail_texts import message_id
from troth.app.desk.opening import TENANT, Desk
from troth.desk.clock_rules import clocks
from troth.desk.clocks import Clock, Rung, rungs_due
from troth.desk.crypt.mail_keys import PGP_ARMOR
from troth.desk.storage.case_rows import COLUMNS, CaseRow, row_of
from troth.desk.storage.outbox_rows import BATCH, Mail, Waiting
from troth.desk.tables import CASES, NEVER
from troth.errors import DeskError

__all__ = ["Pump", "climb", "deliver", "send_smtp"]

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


def climb(desk: Desk, most: int = 500) -> int:
    """Put reminders of clocks that reached a rung into the outbox; returns how many are new."""
    team = desk.settings.mail.team
    if not team:
        return 0
    now, tenant = desk.now(), desk.cases.tenant
    mails: list[Mail] = []
    with desk.store.read(TENANT) as t:
        found = t.execute(select(*COLUMNS).where(CASES.c.tenant == tenant, CASES.c.due_at < NEVER, CASES.c.erased_at.is_(None)).order_by(CASES.c.due_at).limit(most))
        for row in [row_of(one) for one in found]:
            code = desk.cases.code(row.number)
            for clock in clocks(desk.policies.get(row.policy).policy, desk.events.read(t, row.uid, code), now, desk.team):
                if clock.open and clock.name in TEAM_CLOCKS:
                    mails += [_reminder(desk, row, clock, key, rung) for key, _when, rung in rungs_due(clock, now)]
    return desk.writer.write(lambda t: desk.outbox.put(t, mails, now)) if mails else 0


def _reminder(desk: Desk, row: CaseRow, clock: Clock, key: str, rung: Rung) -> Mail:
    code, due = desk.cases.code(row.number), f"{clock.due:%Y-%m-%d %H:%M} UTC" if clock.due is not None else "soon"
    text = f"The clock {clock.name!r} of {code} stands at {rung.percent} %. It is due {due}.\n\n{desk.settings.origin}/board/{code}\n"
    return Mail(f"{row.uid}/{key}", row.uid, desk.settings.mail.team, f"[{code}] {clock.name} at {rung.percent} %", text)


class Pump:
    """Does all that again and again, beside the pages.

    Args:
        desk: the desk.
        seconds: between two rounds.
    """

    def __init__(self, desk: Desk, seconds: float = 5.0) -> None:
        self._desk, self._seconds = desk, seconds
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="desk-mail", daemon=True)

    def start(self) -> None:
        """Begin; what a crash left half-sent is marked unsure first."""
        self._desk.writer.write(self._desk.outbox.settle_crash)
        self._thread.start()

    def stop(self) -> None:
        """End after the round that is running."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(30)

    def _run(self) -> None:
        rounds = 0
        # the first round at once: what was waiting when the process ended has waited long enough
        while not self._stop.wait(self._seconds if rounds else 0):
            try:
                if rounds % 12 == 0:
                    climb(self._desk)
                if self._desk.settings.mail.host:
                    while deliver(self._desk) >= BATCH and not self._stop.is_set():
                        pass
                if self._desk.settings.mail.maildir:
                    read_maildir(self._desk, Path(self._desk.settings.mail.maildir))
                if self._desk.settings.mail.imap and rounds % 6 == 0:
                    from troth.app.desk.mailbox import read_mailbox

                    read_mailbox(self._desk)
            except (DeskError, OSError) as error:
                LOG.warning("mail: %s", type(error).__name__)
            rounds += 1
