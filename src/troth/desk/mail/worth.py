"""What the sender of a mail is worth: verified, failed or unknown, and the sentence that says why.

Rules: anyone can write anything into From, so nothing follows from it alone. It counts as verified where

* the own mail server says so: `Authentication-Results` (RFC 8601) with the authserv-id that the settings name, in the block of headers above the second
  Received, where a server puts its own; the topmost header that states a method decides about it. The server has to take out foreign headers with its name
  (RFC 8601, section 5): nobody else can;
* or a DKIM signature (RFC 6376) of the sender's own domain was checked here.

Aligned is a domain with itself and with those below it: without a list of public suffixes a signature of `mail.example.org` says nothing of `example.org`.
SPF alone verifies nobody (many customers send from one host), and a sealed chain (ARC) is as good as its sealer: both are shown and do not count. A mail with
several senders has no sender that could be verified. Reads bytes, asks nobody.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from email.errors import MessageError
from email.parser import BytesHeaderParser
from email.policy import compat32
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from troth.desk.mail.incoming import Incoming

__all__ = ["Result", "Standing", "Worth", "results_of", "standing"]

_HEAD: Final = 256 * 1024
_HEADERS: Final = 500
_TOKEN: Final = re.compile(r'"((?:[^"\\]|\\.)*)"|([^\s";=]+)|(=)')
_SHOWN: Final = ("dmarc", "dkim", "spf", "arc")


class Worth(StrEnum):
    """What is known of whoever stands in From."""

    VERIFIED = "verified"
    FAILED = "failed"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Standing:
    """A sender's worth, and the sentence for people."""

    worth: Worth
    says: str


@dataclass(frozen=True, slots=True)
class Result:
    """What a server found by one method: `dkim=pass header.d=example.org`."""

    method: str
    result: str
    properties: Mapping[str, str]


def standing(raw: bytes, mail: Incoming, authserv: str, signers: Callable[[bytes], Sequence[str]] | None = None) -> Standing:
    """What the sender of a mail is worth.

    Args:
        raw: the mail as it arrived.
        mail: the same, read.
        authserv: name that the own mail server gives itself in Authentication-Results; empty where none is trusted.
        signers: domains whose DKIM signatures over the mail are good; None where nobody checks.
    """
    domain = mail.sender.rpartition("@")[2].casefold()
    if not mail.alone or not domain:
        return Standing(Worth.UNKNOWN, "The mail names several senders, or none: nobody vouches for who wrote it.")
    found = results_of(raw, authserv) if authserv else ()
    if any(one.method == "dmarc" and one.result == "fail" for one in found):
        return Standing(Worth.FAILED, f"{authserv} says that this mail is not from {domain} ({_told(found)}).")
    if any(_vouches(one, domain) for one in found):
        return Standing(Worth.VERIFIED, f"{authserv} says that this mail is from {domain} ({_told(found)}).")
    good = next((signer for signer in (signers(raw) if signers is not None else ()) if _aligned(domain, signer)), "")
    if good:
        return Standing(Worth.VERIFIED, f"The mail has a good DKIM signature of {good}.")
    if any(one.method == "dkim" and one.result in ("fail", "permerror") for one in found):
        return Standing(Worth.FAILED, f"{authserv} found a signature that does not fit this mail ({_told(found)}).")
    return Standing(Worth.UNKNOWN, f"Nobody vouches for this sender{f' ({_told(found)})' if found else ''}: anyone could have written that address.")


def results_of(raw: bytes, authserv: str) -> tuple[Result, ...]:
    """What the trusted server found, method by method; of several headers the topmost that states a method."""
    head = re.split(rb"\r?\n\r?\n", raw[:_HEAD], maxsplit=1)[0] + b"\n\n"
    try:
        headers = BytesHeaderParser(policy=compat32).parsebytes(head).items()[:_HEADERS]
    except (MessageError, ValueError, LookupError):
        return ()
    known: dict[str, list[Result]] = {}
    received = 0
    for name, value in headers:
        received += name.casefold() == "received"
        if received > 1:
            break
        if name.casefold() == "authentication-results":
            fresh: dict[str, list[Result]] = {}
            for one in _stated(str(value), authserv):
                fresh.setdefault(one.method, []).append(one)
            known = {**fresh, **known}
    return tuple(one for method in known.values() for one in method)


def _stated(value: str, authserv: str) -> list[Result]:
    """Results of one header; none where it is another server's, or no header as RFC 8601 has it."""
    pieces = _pieces(_without_comments(value))
    if not pieces or not pieces[0] or pieces[0][0].casefold() != authserv.casefold():
        return []
    return [result for result in map(_result, pieces[1:]) if result is not None]


def _without_comments(value: str) -> str:
    """The text without comments in round brackets, which nest; quoted texts stay."""
    kept, depth, quoted, escaped = [], 0, False, False
    for letter in value:
        if escaped:
            escaped = False
        elif letter == "\\":
            escaped = True
        elif letter == '"' and not depth:
            quoted = not quoted
        elif letter == "(" and not quoted:
            depth += 1
        elif letter == ")" and not quoted and depth:
            depth -= 1
            continue
        if not depth:
            kept.append(letter)
    return "".join(kept)


def _pieces(value: str) -> list[list[str]]:
    """Tokens between semicolons; a quoted text is one token."""
    pieces: list[list[str]] = [[]]
    at = 0
    while at < len(value):
        if value[at] == ";":
            pieces.append([])
            at += 1
            continue
        found = _TOKEN.match(value, at)
        if found is None:
            at += 1
            continue
        quoted = found.group(1)
        pieces[-1].append(re.sub(r"\\(.)", r"\1", quoted) if quoted is not None else found.group())
        at = found.end()
    return pieces


def _result(tokens: Sequence[str]) -> Result | None:
    """`method [/version] = result`, then `ptype.property = value`."""
    if len(tokens) < 3 or tokens[1] != "=":
        return None
    pairs = {tokens[at].casefold(): tokens[at + 2] for at in range(3, len(tokens) - 2, 3) if tokens[at + 1] == "="}
    return Result(tokens[0].partition("/")[0].casefold(), tokens[2].casefold(), MappingProxyType(pairs))


def _vouches(one: Result, domain: str) -> bool:
    """Whether a result says that the mail is from a domain."""
    if one.result != "pass":
        return False
    if one.method == "dmarc":
        return one.properties.get("header.from", "").casefold() == domain
    return one.method == "dkim" and _aligned(domain, one.properties.get("header.d", "") or one.properties.get("header.i", "").rpartition("@")[2])


def _aligned(domain: str, signer: str) -> bool:
    signer = signer.casefold().rstrip(".")
    return "." in signer and (domain == signer or domain.endswith(f".{signer}"))


def _told(found: Sequence[Result]) -> str:
    """Results in short, for people."""
    return ", ".join(f"{one.method}={one.result}" for name in _SHOWN for one in found if one.method == name)[:200] or "nothing of use"
