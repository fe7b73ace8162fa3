"""security.txt (RFC 9116): written from a desk's settings, and read strictly.

Rules of the RFC: at least one `Contact`, a URI, in order of preference; exactly one `Expires`, less than a year ahead as a matter of sense; at most one
`Preferred-Languages`; web addresses are `https`; a signed file says its `Canonical` address. A file is UTF-8, its lines end in CRLF or LF; `#` begins a comment;
unknown fields are kept and passed over. Signing (OpenPGP clear text) is the caller's; a signed file is read without checking its signature, and says so.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import ClassVar, Final

from troth.errors import DeskError

__all__ = ["SecurityTxt", "SecurityTxtError", "parse_security_txt", "write_security_txt"]


class SecurityTxtError(DeskError):
    """A security.txt that breaks RFC 9116, or that cannot be written because something is missing."""

    code: ClassVar[str] = "desk-security-txt"
    help: ClassVar[str] = "The message names the line and the rule of RFC 9116."


MAX_BYTES: Final = 64 * 1024
MAX_AHEAD: Final = timedelta(days=366)
_URI: Final = re.compile(r"(?:https://[^\s<>\"]{1,1000}|mailto:[^\s<>\"@]{1,200}@[^\s<>\"@]{1,253}|tel:[+0-9().-]{3,40}|[a-z][a-z0-9+.-]{1,30}:[^\s<>\"]{1,1000})\Z", re.IGNORECASE)
_FIELD: Final = re.compile(r"(?P<name>[A-Za-z][A-Za-z0-9-]{0,40}):[ \t]+(?P<value>\S.*)\Z")
_LANGUAGES: Final = re.compile(r"[A-Za-z]{2,8}(?:-[A-Za-z0-9]{1,8}){0,3}(?:\s*,\s*[A-Za-z]{2,8}(?:-[A-Za-z0-9]{1,8}){0,3}){0,20}\Z")
_LINKS: Final = {"encryption": "encryption", "acknowledgments": "acknowledgments", "policy": "policy", "hiring": "hiring", "canonical": "canonical", "csaf": "csaf"}


@dataclass(frozen=True, slots=True)
class SecurityTxt:
    """What the file says; every list in its order.

    Attributes:
        contact: URIs, the preferred one first.
        expires: when it must no longer be used, with a zone.
        encryption, acknowledgments, policy, hiring, canonical, csaf: URIs.
        languages: language tags.
        signed: it came in an OpenPGP envelope (whose signature nobody checked here).
        unknown: fields that no registry names, as they stand.
    """

    contact: tuple[str, ...]
    expires: datetime
    encryption: tuple[str, ...] = ()
    acknowledgments: tuple[str, ...] = ()
    policy: tuple[str, ...] = ()
    hiring: tuple[str, ...] = ()
    canonical: tuple[str, ...] = ()
    csaf: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    signed: bool = False
    unknown: tuple[tuple[str, str], ...] = field(default=())


def write_security_txt(told: SecurityTxt, *, now: datetime, notes: Sequence[str] = ()) -> str:
    """The file, ready to be served as `text/plain; charset=utf-8` below `/.well-known/`.

    Args:
        told: what it says; `signed` and `unknown` are not written.
        now: the file must not have expired, nor run for more than a year.
        notes: comments, one line each ("Reports are paused until ...").

    Raises:
        SecurityTxtError: a rule of the RFC is broken.
    """
    if told.expires.tzinfo is None or not now < told.expires <= now + MAX_AHEAD:
        raise SecurityTxtError("Expires lies ahead, and by no more than a year")
    lines = [f"# {' '.join(note.split())[:400]}" for note in notes]
    lines += [f"Contact: {_uri(address, 'Contact')}" for address in told.contact]
    lines.append(f"Expires: {told.expires.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}")
    for name in ("Encryption", "Acknowledgments", "Policy", "Hiring", "Canonical", "CSAF"):
        lines += [f"{name}: {_uri(address, name)}" for address in getattr(told, name.lower())]
    if told.languages:
        joined = ", ".join(told.languages)
        if not _LANGUAGES.match(joined):
            raise SecurityTxtError(f"{joined[:60]!r} are no language tags")
        lines.append(f"Preferred-Languages: {joined}")
    if not told.contact:
        raise SecurityTxtError("RFC 9116 wants at least one Contact")
    return "\n".join(lines) + "\n"


def _uri(text: str, name: str) -> str:
    if not _URI.match(text) or text.lower().startswith("http:"):
        raise SecurityTxtError(f"{name}: {text[:80]!r} is no URI (https:, mailto:, tel: ...)")
    return text


def parse_security_txt(data: bytes) -> SecurityTxt:
    """Read a file, strictly.

    Raises:
        SecurityTxtError: too large, not UTF-8, or against the RFC; with the line.
    """
    if len(data) > MAX_BYTES:
        raise SecurityTxtError(f"more than {MAX_BYTES // 1024} KiB")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise SecurityTxtError("not UTF-8") from error
    lines, signed = _unwrapped(text.replace("\r\n", "\n").split("\n"))
    values: dict[str, list[str]] = {}
    unknown: list[tuple[str, str]] = []
    for number, line in lines:
        if not line.strip() or line.startswith("#"):
            continue
        match = _FIELD.match(line.rstrip())
        if match is None:
            raise SecurityTxtError(f"line {number} is neither a field nor a comment")
        name, value = match["name"].lower(), match["value"].strip()
        if name in _LINKS or name == "contact":
            value = _uri(value, match["name"])
        elif name not in ("expires", "preferred-languages"):
            unknown.append((match["name"], value))
            continue
        values.setdefault(name, []).append(value)
    return _made(values, signed=signed, unknown=tuple(unknown))


def _unwrapped(lines: list[str]) -> tuple[list[tuple[int, str]], bool]:
    """Numbered lines of the text itself; those of an OpenPGP envelope left out, its dash escapes undone."""
    numbered = list(enumerate(lines, start=1))
    if not lines or not lines[0].startswith("-----BEGIN PGP SIGNED MESSAGE-----"):
        return numbered, False
    blank = next((number for number, line in numbered if not line.strip()), len(lines))
    end = next((number for number, line in numbered if line.startswith("-----BEGIN PGP SIGNATURE-----")), 0)
    if not end:
        raise SecurityTxtError("the OpenPGP envelope has no signature")
    return [(number, line.removeprefix("- ")) for number, line in numbered if blank < number < end], True


def _made(values: dict[str, list[str]], *, signed: bool, unknown: tuple[tuple[str, str], ...]) -> SecurityTxt:
    if not values.get("contact"):
        raise SecurityTxtError("RFC 9116 wants at least one Contact")
    if len(values.get("expires", [])) != 1:
        raise SecurityTxtError("RFC 9116 wants exactly one Expires")
    if len(values.get("preferred-languages", [])) > 1:
        raise SecurityTxtError("RFC 9116 allows one Preferred-Languages")
    try:
        expires = datetime.fromisoformat(values["expires"][0].upper().replace("Z", "+00:00"))
    except ValueError as error:
        raise SecurityTxtError("Expires is no RFC 3339 time") from error
    if expires.tzinfo is None or "T" not in values["expires"][0].upper():
        raise SecurityTxtError("Expires needs a time and a zone")
    languages = values.get("preferred-languages", [""])[0]
    if languages and not _LANGUAGES.match(languages):
        raise SecurityTxtError("Preferred-Languages holds no language tags")
    links = {name: tuple(values.get(key, ())) for key, name in _LINKS.items()}
    return SecurityTxt(tuple(values["contact"]), expires, languages=tuple(tag.strip() for tag in languages.split(",") if tag.strip()), signed=signed, unknown=unknown, **links)
