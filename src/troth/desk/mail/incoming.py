"""An incoming mail, read with bounds: sender, subject, text, attachments.

Rules: a mail is hostile: size, parts and depth are bounded before anything is decoded; HTML is never rendered: where a mail has nothing else, its tags are
dropped; names of attachments are text, never paths; nothing is opened, unpacked or executed; a mail that is too large or no mail raises and is left to people.
"""

from __future__ import annotations

import html
import re
from dataclasses import dataclass
from email import message_from_bytes
from email.errors import MessageError
from email.message import MIMEPart
from email.policy import default
from typing import ClassVar, Final

from troth.errors import DeskError

__all__ = ["MAX_BYTES", "Attachment", "Incoming", "MailError", "parse"]

MAX_BYTES: Final = 40 * 1024 * 1024
_PARTS: Final = 100
_DEPTH: Final = 10
_TEXT: Final = 50_000
_NAME: Final = 120
_TAG: Final = re.compile(r"<(?:script|style)\b.*?(?:</(?:script|style)>|\Z)|<[^>]*(?:>|\Z)", re.IGNORECASE | re.DOTALL)
_CONTROL: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
_CODE: Final = re.compile(r"\[([A-Z][A-Z0-9]{0,9}-\d{1,9})\]")
_REFERENCE: Final = re.compile(r"<([!-;=?-~]{3,250})>")
_BOUNDARY: Final = re.compile(rb"\n--[^\r\n]{1,200}")


class MailError(DeskError):
    """A mail that the desk does not read: too large, too many parts, nested too deep, or no mail at all."""

    code: ClassVar[str] = "desk-mail"
    help: ClassVar[str] = "The mail stays where it is, for a person to look at in a program made for it."


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that came with a mail; the name is what the sender says."""

    name: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Incoming:
    """A mail, read.

    Attributes:
        sender: address in From; anyone can write anything there.
        name: beside it.
        subject, text: cleaned of control characters, cut to what a case holds (`cut` says so).
        message: Message-ID; names the mail, so that it is taken once.
        case: short id in square brackets of the subject; empty without.
        attachments: in order.
        cut: the text was longer.
        alone: From names exactly one address.
        automatic: `reply` for what a program answers (out of office, bounces), `notice` for what a program sends by itself or to a list; empty for a person's mail.
        answers: Message-IDs of mails that this one answers.
        mark: what a desk wrote into its own mails.
    """

    sender: str
    name: str
    subject: str
    text: str
    message: str
    case: str
    attachments: tuple[Attachment, ...]
    cut: bool
    alone: bool = True
    automatic: str = ""
    answers: tuple[str, ...] = ()
    mark: str = ""


def parse(raw: bytes) -> Incoming:
    """Read a mail.

    Raises:
        MailError: it is over a bound, or none.
    """
    if len(raw) > MAX_BYTES:
        raise MailError(f"a mail of {len(raw):,} bytes is larger than {MAX_BYTES:,}")
    # before the parser builds anything: how many separators could there be at all
    if sum(1 for _ in _BOUNDARY.finditer(raw)) > 20 * _PARTS:
        raise MailError("a mail has more separators than a person's mail has")
    try:
        mail = message_from_bytes(raw, policy=default)
        parts = list(_walk(mail))
        plain = _body(parts)
        sender, name, alone = _sender(mail)
        automatic, answers = _automatic(mail), tuple(_REFERENCE.findall(_header(mail, "in-reply-to", 2_000) + _header(mail, "references", 20_000)))
        subject, message = _header(mail, "subject"), _header(mail, "message-id")
        files = tuple(_attachment(part) for part in parts if _is_file(part))
    except MailError:
        raise
    except (MessageError, LookupError, ValueError, TypeError, AttributeError, RecursionError) as error:
        raise MailError("this is no mail that can be read") from error
    found = _CODE.search(subject)
    return Incoming(sender, name, subject, plain[:_TEXT], message, found.group(1) if found else "", files, len(plain) > _TEXT, alone, automatic, answers[:100], _header(mail, "x-troth-desk", 64))


def _walk(mail: MIMEPart, depth: int = 0) -> list[MIMEPart]:
    if depth > _DEPTH:
        raise MailError("a mail is nested deeper than a person's mail is")
    if not mail.is_multipart() or mail.get_content_type() == "message/rfc822":
        return [mail]
    found: list[MIMEPart] = []
    for part in mail.iter_parts():
        found += _walk(part, depth + 1)
        if len(found) > _PARTS:
            raise MailError(f"a mail has more than {_PARTS} parts")
    return found


def _is_file(part: MIMEPart) -> bool:
    return part.get_content_disposition() == "attachment" or part.get_content_maintype() != "text" or bool(part.get_filename())


def _body(parts: list[MIMEPart]) -> str:
    texts = [part for part in parts if not _is_file(part)]
    plain = [part for part in texts if part.get_content_subtype() == "plain"]
    if plain:
        return _clean("\n\n".join(_text(part) for part in plain))
    return _clean("\n\n".join(html.unescape(_TAG.sub(" ", _text(part)[: 4 * _TEXT])) for part in texts))


def _text(part: MIMEPart) -> str:
    payload = part.get_payload(decode=True)
    if not isinstance(payload, bytes):
        return ""
    try:
        return payload.decode(part.get_content_charset() or "utf-8", "replace")
    except LookupError:
        return payload.decode("utf-8", "replace")


def _clean(text: str) -> str:
    return _CONTROL.sub("\ufffd", text.replace("\r\n", "\n").replace("\r", "\n")).strip()


def _header(mail: MIMEPart, name: str, most: int = 300) -> str:
    return " ".join(_clean(str(mail.get(name, ""))).split())[:most]


def _sender(mail: MIMEPart) -> tuple[str, str, bool]:
    """Address and name in From, and whether it is the only one.

    The parsed header is asked, not its text: in the text a name that was encoded (RFC 2047) can look like an address, and be taken for it.
    """
    headers = mail.get_all("from", [])
    people = [one for header in headers for one in getattr(header, "addresses", ())]
    if not people:
        return "", "", False
    first = people[0]
    address = _clean(first.addr_spec) if first.username and first.domain else ""
    return address[:254], " ".join(_clean(first.display_name).split())[:_NAME], len(people) == len(headers) == 1 and not headers[0].defects


def _automatic(mail: MIMEPart) -> str:
    """Whether a program wrote it (RFC 3834, section 2; RFC 3464; RFC 5321, section 4.5.5; RFC 2919; and what older programs say)."""
    submitted = re.split(r"[;(\s]", _header(mail, "auto-submitted").casefold())[0]
    precedence = _header(mail, "precedence").casefold()
    if submitted == "auto-replied" or precedence == "auto_reply" or mail.get_content_type() == "multipart/report" or _header(mail, "return-path") == "<>":
        return "reply"
    if any(mail.get(name) is not None for name in ("x-autoreply", "x-autorespond", "x-auto-reply-from", "x-failed-recipients")):
        return "reply"
    if (submitted and submitted != "no") or precedence in ("bulk", "list", "junk") or any(mail.get(name) is not None for name in ("list-id", "list-unsubscribe", "feedback-id")):
        return "notice"
    return ""


def _attachment(part: MIMEPart) -> Attachment:
    payload = part.get_payload(decode=True)
    content = payload if isinstance(payload, bytes) else part.as_bytes()
    return Attachment((part.get_filename() or f"part.{part.get_content_subtype()}")[:_NAME], content)
