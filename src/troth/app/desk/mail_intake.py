"""Mail in: a mail becomes a case, a message of the case that it answers, or a note for the team; a maildir is read.

Rules: From is what anyone can write there. Words count as the reporter's only where the sender is the case's contact and *either* answers a mail that we sent them
(its Message-ID is a secret that only they have) *or* is vouched for (`troth.desk.mail.worth`); otherwise the team gets them as a note that says so, and no clock
hears of it. What a program wrote is never answered (RFC 3834): an automatic answer or a bounce of one of our mails becomes a note, any other is left for people.
Nobody who failed a check is written to, and an address that nobody vouches for three times a day. A file is removed only after its case is on the disk.
"""

from __future__ import annotations

import hashlib
import hmac
import logging
import re
from pathlib import Path
from typing import Final

from troth.app.desk import reports
from troth.app.desk.acting import record
from troth.app.desk.gates import rationed
from troth.app.desk.mail_texts import message_id, own_mark, reporter_keys
from troth.app.desk.opening import Desk
from troth.app.desk.probing import arrived_probe
from troth.app.desk.room import demand_room_for_mail
from troth.desk.crypt.envelope import CryptError
from troth.desk.crypt.mail_keys import AGE_ARMOR, MailKeys
from troth.desk.crypt.streams import Sealer
from troth.desk.events import EventKind, make
from troth.desk.intake.fields import Submission
from troth.desk.intake.links import digest_of
from troth.desk.mail.decrypting import armor_of, decrypted
from troth.desk.mail.incoming import MAX_BYTES, Attachment, Incoming, MailError, parse
from troth.desk.mail.signatures import good_signers
from troth.desk.mail.worth import Standing, Worth, standing
from troth.desk.storage.case_rows import CaseRow, StagedFile, new_id
from troth.desk.storage.thread_rows import staged
from troth.errors import DeskError
from troth.store import Transaction

__all__ = ["read_maildir", "take_mail"]

LOG: Final = logging.getLogger("troth.desk")
_OURS: Final = re.compile(rb"<([0-9a-f]{32}@[A-Za-z0-9.-]{1,250})>")
_CODE: Final = re.compile(rb"\[([A-Z][A-Z0-9]{0,9}-\d{1,9})\]")
_LOOKED_AT: Final = 256 * 1024
_CONFIRMATIONS: Final = 3
"""So many a day go to an address that nobody vouches for."""


def take_mail(desk: Desk, raw: bytes) -> str:
    """Take a mail: a new case, or a message or note of the case that it answers; returns the short id, empty for the desk's own probe.

    Raises:
        MailError: the mail cannot be read, or a program wrote it in answer to something that was not ours.
        FullError: there is no room for it; it has to be brought again later.
    """
    mail = decrypted(parse(raw), lambda content: MailKeys.read(desk.folder / "keys").opened(content))
    if arrived_probe(desk, mail):
        return ""
    if mail.mark and mail.message and hmac.compare_digest(mail.mark.encode(), own_mark(desk, mail.message.strip("<>")).encode()):
        LOG.warning("a mail of the desk's own came back to it; it was dropped")
        return ""
    nonce = _nonce(mail, raw)
    if mail.automatic == "reply":
        return _automatic(desk, raw, mail, nonce)
    if not mail.sender:
        raise MailError("a mail names no sender")
    found = _standing(desk, raw, mail)
    demand_room_for_mail(desk, mail.sender, len(raw))
    known = _answer(desk, mail, nonce, found) if mail.case else ""
    return known or _new_case(desk, mail, nonce, found)


def _nonce(mail: Incoming, raw: bytes) -> str:
    """What makes a mail that comes twice one: its Message-ID with what it says. Its id alone would let whoever saw it send something else first."""
    if not mail.message:
        return f"mail {hashlib.sha256(raw).hexdigest()}"
    told = hashlib.sha256("\0".join((mail.sender.casefold(), mail.subject, mail.text)).encode("utf-8", "replace"))
    for one in mail.attachments:
        told.update(hashlib.sha256(one.content).digest())
    return f"mail {mail.message} {told.hexdigest()}"


def _standing(desk: Desk, raw: bytes, mail: Incoming) -> Standing:
    settings = desk.settings.mail
    try:
        return standing(raw, mail, settings.authserv, good_signers if settings.dkim else None)
    except DeskError as error:
        LOG.warning("mail: %s", error)
        return standing(raw, mail, settings.authserv)


def _files(key: bytes, attachments: tuple[Attachment, ...]) -> tuple[list[StagedFile], list[tuple[str, int, bytes]]]:
    files, chunks = [], []
    for one in attachments:
        id_ = new_id()
        sealer = Sealer(key, id_)
        sealed = [*sealer.feed(one.content), sealer.finish()]
        files.append(staged(one.name, len(one.content), len(sealed), id_))
        chunks += [(id_, number, blob) for number, blob in enumerate(sealed)]
    return files, chunks


def _new_case(desk: Desk, mail: Incoming, nonce: str, found: Standing) -> str:
    arrival = reports.begin(desk, nonce)
    files, chunks = _files(arrival.key, mail.attachments)
    confirm = not mail.automatic and found.worth is not Worth.FAILED
    if confirm and found.worth is not Worth.VERIFIED:
        confirm = rationed(desk, f"confirmation {mail.sender}", _CONFIRMATIONS)
    armor = armor_of(mail)
    if desk.settings.sealed and armor.startswith(AGE_ARMOR):
        # for the recipients' own keys: it is kept as a browser's encrypted report is, and the subject, which came in the clear, is not
        report = Submission({"contact": mail.sender}, armor.decode("ascii", "replace"))
    else:
        text = mail.text + ("\n\n[cut: the mail was longer]" if mail.cut else "")
        report = Submission({"title": mail.subject[:200] or "(no subject)", "description": text or "(no text)", "contact": mail.sender, **({"name": mail.name} if mail.name else {})})
    note = f"Came by mail. {found.says}" + ("" if confirm else " Nobody was written to.")
    stored = reports.submit(desk, arrival, report, channel="mail", proven=False, files=files, chunks=chunks, note=note, confirm=confirm).result()
    return desk.cases.code(stored.number)


def _case(desk: Desk, t: Transaction, code: str) -> tuple[CaseRow, bytes] | None:
    """The case that a subject names, with its key; None where there is none, or the desk holds no key of it."""
    head, _, digits = code.partition("-")
    row = desk.cases.by_number(t, int(digits)) if head == desk.settings.prefix else None
    if row is None or row.erased_at is not None:
        return None
    try:
        return row, desk.cases.desk_key(t, row.uid)
    except CryptError:
        return None


def _ours(desk: Desk, t: Transaction, row: CaseRow) -> frozenset[str]:
    """Message-IDs of what we sent to the reporter of a case."""
    return frozenset(message_id(desk, key) for key in reporter_keys(desk.outbox.keys_of(t, row.uid)))


def _answer(desk: Desk, mail: Incoming, nonce: str, found: Standing) -> str:
    """Add a mail to the case that its subject names, if it says that it is from that case's contact; empty otherwise."""

    def work(t: Transaction) -> str:
        case = _case(desk, t, mail.case)
        if case is None:
            return ""
        row, key = case
        report = desk.threads.one(t, row.uid, key, "report")
        contact = Submission.from_canonical(report.body).get("contact") if report is not None else ""
        if not contact or contact.casefold() != mail.sender.casefold():
            return ""
        if found.worth is Worth.VERIFIED or (mail.alone and not _ours(desk, t, row).isdisjoint(mail.answers)):
            _message(desk, t, case, mail, nonce)
        else:
            _note(desk, t, case, mail, nonce, says=f"A mail came that says it is from the reporter. {found.says} Nothing in it was counted as their word.")
        return mail.case

    return desk.writer.write(work)


def _message(desk: Desk, t: Transaction, case: tuple[CaseRow, bytes], mail: Incoming, nonce: str) -> None:
    (row, key), at = case, desk.now()
    item = desk.threads.add(t, row.uid, key, "message", "reporter", author="reporter", at=at, text=mail.text, nonce=digest_of(nonce))
    if item:
        _attach(desk, t, case, item, mail)
        record(desk, t, row, key, make(EventKind.MESSAGE_RECEIVED, at, "reporter", mail.case, message=item, channel="mail"))
        desk.cases.change(t, row.uid, waiting=True)


def _note(desk: Desk, t: Transaction, case: tuple[CaseRow, bytes], mail: Incoming, nonce: str, *, says: str) -> None:
    (row, key), at = case, desk.now()
    item = desk.threads.add(t, row.uid, key, "note", "team", author="system", at=at, text=f"{says}\n\n{mail.text}", nonce=digest_of(nonce))
    if item:
        _attach(desk, t, case, item, mail)
        record(desk, t, row, key, make(EventKind.NOTE_ADDED, at, "system", desk.cases.code(row.number), note=item))
        desk.cases.change(t, row.uid, waiting=True)


def _attach(desk: Desk, t: Transaction, case: tuple[CaseRow, bytes], item: str, mail: Incoming) -> None:
    row, key = case
    files, chunks = _files(key, mail.attachments)
    desk.threads.put_chunks(t, chunks)
    desk.cases.attach(t, row.uid, key, item, files)


def _automatic(desk: Desk, raw: bytes, mail: Incoming, nonce: str) -> str:
    """A bounce of one of our mails, or a program's answer to it: a note of its case.

    Raises:
        MailError: it answers nothing of ours.
    """
    named: set[str] = {mail.case, *(one.decode() for one in _CODE.findall(raw[:_LOOKED_AT]))} - {""}
    cited = {*mail.answers, *(one.decode() for one in _OURS.findall(raw[:_LOOKED_AT]))}

    def work(t: Transaction) -> str:
        for code in sorted(named)[:20]:
            case = _case(desk, t, code)
            if case is not None and not _ours(desk, t, case[0]).isdisjoint(cited):
                _note(desk, t, case, mail, nonce, says="A program answered a mail that we sent to the reporter: it may not have arrived.")
                return code
        return ""

    code: str = desk.writer.write(work)
    if not code:
        raise MailError("a program wrote this mail, and not in answer to one of ours")
    return code


def _content(path: Path) -> bytes:
    if path.is_symlink() or not path.is_file() or path.stat().st_size > MAX_BYTES:
        raise MailError("this is no file of a size that a mail has")
    return path.read_bytes()


def read_maildir(desk: Desk, folder: Path) -> tuple[int, int]:
    """Take all mails in a maildir's `new`; returns how many were taken, and how many were left in `cur` for people to look at."""
    taken = left = 0
    new, cur = folder / "new", folder / "cur"
    for path in sorted(new.iterdir()) if new.is_dir() else ():
        try:
            take_mail(desk, _content(path))
        except MailError as error:
            LOG.warning("a mail was left for people: %s", error)
            cur.mkdir(mode=0o700, exist_ok=True)
            path.rename(cur / f"{path.name}:2,F")
            left += 1
        else:
            path.unlink()
            taken += 1
    return taken, left
