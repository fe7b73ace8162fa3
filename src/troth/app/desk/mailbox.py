"""Mail out of a mailbox (IMAP4rev1 over TLS): each taken once, and deleted there once its case is on the disk.

Rules: TLS with the system's authorities, never without; a mail that was taken is deleted, for its text has no business in another place; one that the desk does not
read, or that is too large, is flagged for people and left; a crash between taking and deleting takes it again, which its Message-ID makes the same case.
"""

from __future__ import annotations

import imaplib
import logging
import os
import re
import ssl
from typing import Final

from troth.app.desk.mail_intake import take_mail
from troth.app.desk.opening import Desk
from troth.desk.mail.incoming import MAX_BYTES, MailError
from troth.errors import DeskError

__all__ = ["MailboxError", "read_mailbox"]

LOG: Final = logging.getLogger("troth.desk")
_MOST: Final = 100
"""Mails in one round."""
_SIZE: Final = re.compile(rb"RFC822\.SIZE (\d{1,15})")


class MailboxError(DeskError):
    """The mailbox cannot be read now; nothing was lost, and the next round tries again."""

    code = "desk-mailbox"
    help = "Look at imap, imap_port and imap_user in desk.toml, at TROTH_DESK_IMAP_PASSWORD, and at the server's certificate."


def read_mailbox(desk: Desk) -> tuple[int, int]:
    """Take what is new in the mailbox; returns how many were taken, and how many were flagged and left for people.

    Raises:
        MailboxError: the server cannot be reached, its certificate is not good, or it refuses.
    """
    settings = desk.settings.mail
    try:
        with imaplib.IMAP4_SSL(settings.imap, settings.imap_port, ssl_context=ssl.create_default_context(), timeout=30) as box:
            box.login(settings.imap_user, os.environ.get("TROTH_DESK_IMAP_PASSWORD", ""))
            return _read(desk, box, settings.imap_folder)
    except (OSError, imaplib.IMAP4.error) as error:
        raise MailboxError(f"the mailbox cannot be read ({type(error).__name__})") from error


def _read(desk: Desk, box: imaplib.IMAP4, folder: str) -> tuple[int, int]:
    _demand(box.select('"' + folder.replace("\\", "\\\\").replace('"', '\\"') + '"'))
    found = _demand(box.uid("SEARCH", "UNDELETED UNFLAGGED"))
    taken = left = 0
    for uid in (found[0] or b"").split()[:_MOST]:
        name = uid.decode("ascii")
        try:
            take_mail(desk, _mail(box, name))
        except MailError as error:
            LOG.warning("a mail was left for people: %s", error)
            _demand(box.uid("STORE", name, "+FLAGS.SILENT", r"(\Flagged)"))
            left += 1
        else:
            _demand(box.uid("STORE", name, "+FLAGS.SILENT", r"(\Deleted)"))
            taken += 1
    if taken:
        _demand(box.expunge())
    return taken, left


def _mail(box: imaplib.IMAP4, uid: str) -> bytes:
    """A mail's bytes, once its size is known to be one.

    Raises:
        MailError: it is too large.
    """
    size = _SIZE.search(b" ".join(one if isinstance(one, bytes) else one[0] for one in _demand(box.uid("FETCH", uid, "(RFC822.SIZE)")) if one))
    if size is None or int(size.group(1)) > MAX_BYTES:
        raise MailError("a mail in the mailbox is larger than a case holds")
    parts = _demand(box.uid("FETCH", uid, "(BODY.PEEK[])"))
    content = next((one[1] for one in parts if isinstance(one, tuple)), b"")
    if not content:
        raise MailError("a mail in the mailbox is empty")
    return bytes(content)


def _demand(answer: tuple[str, list]) -> list:  # type: ignore[type-arg]
    """The data of an answer that is OK.

    Raises:
        imaplib.IMAP4.error: it is not.
    """
    status, data = answer
    if status != "OK":
        raise imaplib.IMAP4.error(f"the server answered {status}")
    return data
