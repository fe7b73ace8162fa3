"""What the desk writes in mails: that something happened, and where to read it; what somebody wrote only where it is encrypted to the reporter's own key.

Rules: no title, no text, no name of a file and no name of a person is in a mail that is sent in the clear; a reporter's link is in the mail that confirms the
report only where the reporter gave an address; each mail has a key that says its reason, so that it is sent once, and a Message-ID that only who got it knows.
Where `encrypt` is on and the reporter gave a key, their mail is encrypted to it; a key that cannot be used gets a mail without link and without text.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from troth.desk.crypt.envelope import CryptError
from troth.desk.crypt.outgoing import encrypted_to
from troth.desk.storage.outbox_rows import Mail

if TYPE_CHECKING:
    from troth.app.desk.opening import Desk
    from troth.app.desk.reports import Arrival
    from troth.desk.intake.fields import Submission
    from troth.desk.storage.case_rows import CaseRow

__all__ = ["message_id", "missed_mail", "own_mark", "received_mails", "reply_mails", "reporter_keys", "team_reply_mail"]


def message_id(desk: Desk, key: str) -> str:
    """Message-ID of the mail with a key, without brackets: only who got the mail can name it."""
    return f"{hmac.new(desk.keys.mails, key.encode(), hashlib.sha256).hexdigest()[:32]}@{desk.settings.host}"


def own_mark(desk: Desk, message: str) -> str:
    """What a mail of ours carries beside its Message-ID, so that one that comes back is known as ours, whatever forwarded it."""
    return hmac.new(desk.keys.mails, f"own {message}".encode(), hashlib.sha256).hexdigest()


def received_mails(desk: Desk, arrival: Arrival, code: str, report: Submission | None) -> Sequence[Mail]:
    """Mails about a new report: to the team, and to the reporter where there is an address; `report` None: the reporter is not written to."""
    mails = []
    site = desk.settings
    if site.mail.team:
        text = f"A new report is at the desk: {code}\n\n{site.origin}/board/{code}\n\nThis mail carries nothing of what it says.\n"
        mails.append(Mail(f"{arrival.uid}/received/team", arrival.uid, site.mail.team, f"[{code}] new report", text))
    if report is not None and report.get("contact") and site.mail.host:
        stored, by = f"Your report to {site.project} was stored. It is {code}.", "Nobody has read it yet; this mail was sent by a program."
        link = f"Your private page, where we answer and where the signed receipt lies:\n\n{site.origin}/r/{arrival.token}\n\nWhoever has this address can read your report."
        text = _for_reporter(desk, report, f"{stored}\n\n{link} {by}\n", f"{stored}\n\nThe key that you gave cannot be encrypted to, so your page's address is not in this mail. {by}\n", f"{stored}\n\n{link} {by}\n")
        mails.append(Mail(f"{arrival.uid}/received/reporter", arrival.uid, report.get("contact"), f"[{code}] your report was received", text))
    return mails


def _for_reporter(desk: Desk, report: Submission, private: str, unusable: str, plain: str) -> str:
    """The text of a mail to a reporter: encrypted where that is wanted and there is a key; `unusable` where the key is none; `plain` otherwise."""
    if not desk.settings.mail.encrypt or not report.get("key"):
        return plain
    try:
        return encrypted_to(report.get("key"), private)
    except CryptError:
        return unusable


def reply_mails(desk: Desk, row: CaseRow, item: str) -> Sequence[Mail]:
    """The team hears that a reporter wrote."""
    code, site = desk.cases.code(row.number), desk.settings
    if not site.mail.team:
        return ()
    return (Mail(f"{row.uid}/message/{item}", row.uid, site.mail.team, f"[{code}] the reporter wrote", f"There is news on {code}:\n\n{site.origin}/board/{code}\n"),)


def team_reply_mail(desk: Desk, row: CaseRow, item: str, report: Submission, written: str) -> Sequence[Mail]:
    """The reporter hears that the team wrote; the link is the one that they have. What was written is in it only where the mail is encrypted to their key."""
    code, site, contact = desk.cases.code(row.number), desk.settings, report.get("contact")
    if not contact or not site.mail.host:
        return ()
    begin = f"The security team of {site.project} wrote to you about {code}."
    plain = f"{begin}\n\nOpen your private page (the address that you got when you sent the report) to read it and to answer.\n"
    text = _for_reporter(desk, report, f"{begin}\n\n{written}\n\nTo answer, open your private page, or answer this mail.\n", plain, plain)
    return (Mail(f"{row.uid}/answer/{item}", row.uid, contact, f"[{code}] there is an answer for you", text),)


def missed_mail(desk: Desk, row: CaseRow, report: Submission, key: str, *, says: str, due: datetime) -> Sequence[Mail]:
    """The reporter hears that a promise was not kept: its own sentence, and when it was due."""
    code, contact = desk.cases.code(row.number), report.get("contact")
    if not contact or not desk.settings.mail.host:
        return ()
    text = (
        f"We promised: \"{says}\"\n\nFor {code} that was due {due:%Y-%m-%d %H:%M} UTC, and we have not kept it.\n\n"
        "The team was told so, too. Your private page shows where everything stands. This mail was sent by a program.\n"
    )
    return (Mail(key, row.uid, contact, f"[{code}] we are late", _for_reporter(desk, report, text, text, text)),)


def reporter_keys(keys: Sequence[str]) -> Sequence[str]:
    """Keys of mails that went to the reporter, out of those of a case."""
    return [key for key in keys if key.endswith("/reporter") or "/answer/" in key]
