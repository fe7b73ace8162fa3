"""What the desk writes in mails: that something happened, and where to read it; never what somebody wrote.

Rules: no title, no text, no name of a file and no name of a person is in a mail; a reporter's link is in the mail that confirms the report only where the
reporter gave an address; each mail has a key that says its reason, so that it is sent once.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from troth.desk.storage.outbox_rows import Mail

if TYPE_CHECKING:
    from troth.app.desk.opening import Desk
    from troth.app.desk.reports import Arrival
    from troth.desk.storage.case_rows import CaseRow

__all__ = ["received_mails", "reply_mails", "team_reply_mail"]


def received_mails(desk: Desk, arrival: Arrival, code: str, contact: str) -> Sequence[Mail]:
    """Mails about a new report: to the team, and to the reporter where there is an address."""
    mails = []
    site = desk.settings
    if site.mail.team:
        text = f"A new report is at the desk: {code}\n\n{site.origin}/board/{code}\n\nThis mail carries nothing of what it says.\n"
        mails.append(Mail(f"{arrival.uid}/received/team", arrival.uid, site.mail.team, f"[{code}] new report", text))
    if contact and site.mail.host:
        text = (
            f"Your report to {site.project} was stored. It is {code}.\n\nYour private page, where we answer and where the signed receipt lies:\n\n"
            f"{site.origin}/r/{arrival.token}\n\nWhoever has this address can read your report. Nobody has read it yet; this mail was sent by a program.\n"
        )
        mails.append(Mail(f"{arrival.uid}/received/reporter", arrival.uid, contact, f"[{code}] your report was received", text))
    return mails


def reply_mails(desk: Desk, row: CaseRow, item: str) -> Sequence[Mail]:
    """The team hears that a reporter wrote."""
    code, site = desk.cases.code(row.number), desk.settings
    if not site.mail.team:
        return ()
    return (Mail(f"{row.uid}/message/{item}", row.uid, site.mail.team, f"[{code}] the reporter wrote", f"There is news on {code}:\n\n{site.origin}/board/{code}\n"),)


def team_reply_mail(desk: Desk, row: CaseRow, item: str, contact: str) -> Sequence[Mail]:
    """The reporter hears that the team wrote; the link is the one that they have."""
    code, site = desk.cases.code(row.number), desk.settings
    if not contact or not site.mail.host:
        return ()
    text = f"The security team of {site.project} wrote to you about {code}.\n\nOpen your private page (the address that you got when you sent the report) to read it and to answer.\n"
    return (Mail(f"{row.uid}/answer/{item}", row.uid, contact, f"[{code}] there is an answer for you", text),)
