"""Does each way to report still work? The form and security.txt are fetched as a stranger fetches them, a mail is sent to the mailbox and has to come back in.

Rules: what was tried and whether it arrived is an event of the desk, beside the reports; a mail counts as arrived when the desk reads it out of the mailbox again,
known by its Message-ID, and makes no case; where something does not work, the team is told once a day. Only the desk's own address is fetched, without redirects.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from troth.app.desk.announcing import probe
from troth.app.desk.mail_texts import message_id
from troth.app.desk.opening import TENANT, Desk
from troth.desk.machines import Intake, fold_intake
from troth.desk.mail.incoming import Incoming
from troth.desk.security_txt import SecurityTxtError, parse_security_txt
from troth.desk.storage.outbox_rows import Mail

__all__ = ["Probed", "arrived_probe", "daily", "probe_mail", "probe_pages"]

Get = Callable[[str], tuple[int, str, bytes]]
"""An address -> status, content type, body."""
_BODY: Final = 512 * 1024
_AGAIN: Final = timedelta(hours=20)
_SLOW: Final = timedelta(hours=6)
_REMEMBERED: Final = 7
"""Days for which a probe's mail may be on its way."""


@dataclass(frozen=True, slots=True)
class Probed:
    """What trying a channel gave; `why` is empty where it works."""

    channel: str
    why: str


def fetched(address: str) -> tuple[int, str, bytes]:
    """Get a page of the desk's own address.

    Raises:
        OSError: nobody answers, or not as HTTP has it.
    """
    import httpx

    try:
        with httpx.stream("GET", address, timeout=20, follow_redirects=False) as answer:
            body = b""
            for piece in answer.iter_bytes():
                body += piece
                if len(body) > _BODY:
                    break
            return answer.status_code, answer.headers.get("content-type", ""), body
    except httpx.HTTPError as error:
        raise OSError(f"no answer ({type(error).__name__})") from error


def probe_pages(desk: Desk, get: Get = fetched) -> tuple[Probed, ...]:
    """Try the form and security.txt from outside, and record what came of it."""
    found = (Probed("form", _form(desk, get)), Probed("security.txt", _security_txt(desk, get)))
    for one in found:
        probe(desk, one.channel, arrived=not one.why)
    _tell(desk, [one for one in found if one.why])
    return found


def _form(desk: Desk, get: Get) -> str:
    try:
        status, kind, body = get(f"{desk.settings.origin}/")
    except OSError as error:
        return str(error)
    if status != 200 or not kind.startswith("text/html"):
        return f"it answers {status}, {kind[:40] or 'without a type'}"
    return "" if b'action="/report"' in body else "another page is there"


def _security_txt(desk: Desk, get: Get) -> str:
    try:
        status, kind, body = get(f"{desk.settings.origin}/.well-known/security.txt")
    except OSError as error:
        return str(error)
    if status != 200 or not kind.startswith("text/plain"):
        return f"it answers {status}, {kind[:40] or 'without a type'}"
    if not desk.settings.secure:  # on this machine only: the RFC wants https, so that its rules cannot hold
        return "" if f"Contact: {desk.settings.origin}/".encode() in body else "another file is there"
    try:
        told = parse_security_txt(body)
    except SecurityTxtError as error:
        return f"it is not as RFC 9116 has it: {error}"
    if told.expires < desk.now() + timedelta(days=7):
        return f"it expires on {told.expires:%Y-%m-%d}"
    return "" if f"{desk.settings.origin}/" in told.contact else "it names another contact"


def probe_mail(desk: Desk) -> bool:
    """Send a mail to the public address, if there is one; it arrives when the desk reads it."""
    address = desk.settings.mail.address
    if not address or not desk.settings.mail.host:
        return False
    now = desk.now()
    with desk.store.read(TENANT) as t:
        intake = fold_intake(desk.events.read(t, "", ""))
    if _lost(intake, desk):
        _tell(desk, [Probed("email", "what was sent to it last did not come in")])
    mail = Mail(_key(f"{now:%Y-%m-%d}"), "", address, "[probe] is this mailbox read?", "The desk sent this to itself, to see that reports by mail arrive. Nobody has to answer.\n")
    desk.writer.write(lambda t: desk.outbox.put(t, [mail], now))
    probe(desk, "email", arrived=False)
    return True


def _lost(intake: Intake, desk: Desk) -> bool:
    """Whether the last probe of the mailbox was sent hours ago and nothing came in since; what came in is an event of the same name, and later."""
    tried, good = intake.last_probe.get("email"), intake.last_good.get("email")
    return tried is not None and desk.now() - tried > _SLOW and (good is None or good < tried)


def _key(day: str) -> str:
    return f"probe/email/{day}"


def arrived_probe(desk: Desk, mail: Incoming) -> bool:
    """Whether a mail is one of the desk's own probes; it is recorded as arrived then."""
    name = mail.message.strip("<>")
    today = desk.now()
    if name not in {message_id(desk, _key(f"{today - timedelta(days=back):%Y-%m-%d}")) for back in range(_REMEMBERED)}:
        return False
    probe(desk, "email", arrived=True)
    return True


def _tell(desk: Desk, failed: list[Probed]) -> None:
    team, now = desk.settings.mail.team, desk.now()
    mails = [
        Mail(f"probe/{one.channel}/{now:%Y-%m-%d}/failed", "", team, f"[probe] {one.channel} does not work", f"Trying {one.channel} at {desk.settings.origin}: {one.why}.\nReports may not reach you.\n")
        for one in failed
    ]
    if mails and team:
        desk.writer.write(lambda t: desk.outbox.put(t, mails, now))


def daily(desk: Desk, get: Get = fetched) -> None:
    """Try what was not tried for a day."""
    with desk.store.read(TENANT) as t:
        intake = fold_intake(desk.events.read(t, "", ""))
    now = desk.now()

    def due(channel: str) -> bool:
        return channel not in intake.last_probe or now - intake.last_probe[channel] > _AGAIN

    if due("form"):
        probe_pages(desk, get)
    if due("email"):
        probe_mail(desk)
