"""Mail that came encrypted, opened: OpenPGP (inline, and PGP/MIME as RFC 3156 wraps it) and age, with what is inside read by the same bounds as any mail.

Rules: the first armored message of a mail is what is opened; what does not open stays as it came, ciphertext and all; from an encrypted mail the outer sender
and reference stay, for the desk answers there; an inner subject replaces the outer one, which programs fill with "...".
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Final

from troth.desk.crypt.mail_keys import AGE_ARMOR, PGP_ARMOR
from troth.desk.mail.incoming import MAX_BYTES, Attachment, Incoming, parse

__all__ = ["armor_of", "decrypted"]

_BLOCK: Final = re.compile(rb"-----BEGIN (PGP MESSAGE|AGE ENCRYPTED FILE)-----\r?\n.{0,41943040}?\n-----END \1-----", re.DOTALL)
_ENTITY: Final = re.compile(rb"(?:[A-Za-z-]{1,60}:[^\r\n]{0,2000}\r?\n(?:[ \t][^\r\n]{0,2000}\r?\n)*){0,40}?content-type:", re.IGNORECASE)


def armor_of(mail: Incoming) -> bytes:
    """The first armored message of a mail, from its text or its attachments; empty where there is none."""
    for content in (mail.text.encode(), *(one.content for one in mail.attachments)):
        if AGE_ARMOR in content or PGP_ARMOR in content:
            found = _BLOCK.search(content)
            if found is not None:
                return found.group().replace(b"\r\n", b"\n") + b"\n"
    return b""


def decrypted(mail: Incoming, opened: Callable[[bytes], bytes | None]) -> Incoming:
    """The mail with what was encrypted in its place; as it came where nothing was, or nothing opens.

    Args:
        mail: as it arrived.
        opened: a desk's keys: armored message -> content, or None.

    Raises:
        MailError: what was inside is over a bound.
    """
    armor = armor_of(mail)
    inside = opened(armor) if armor else None
    if inside is None or len(inside) > MAX_BYTES:
        return mail
    if _ENTITY.match(inside):
        inner = parse(inside)
        return replace(mail, subject=inner.subject or mail.subject, text=inner.text, attachments=inner.attachments, cut=inner.cut)
    rest = tuple(one for one in mail.attachments if AGE_ARMOR not in one.content and PGP_ARMOR not in one.content and one.content.strip() != b"Version: 1")
    try:
        whole = parse(b"Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n" + inside)
    except UnicodeError:
        return replace(mail, text="", attachments=(*rest, Attachment("decrypted", inside)))
    return replace(mail, text=whole.text, attachments=rest, cut=whole.cut)
