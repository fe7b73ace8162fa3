"""`read`: a policy's text to its statements, with notes about what was passed over.

Rules: no input crashes it; time is linear in the length; what it does not read it says in a note. A comment that gives orders to a reader of the
source is never obeyed and always reported. Does not match, judge or look at any repository.
"""

from __future__ import annotations

import hashlib
import re
from bisect import bisect_right
from dataclasses import dataclass, replace
from typing import Final

from troth.errors import PolicyTooLargeError
from troth.policy.decoding import MAX_BYTES, decode, normalise
from troth.policy.fences import close_fences
from troth.policy.markdown import MAX_NESTING, parse
from troth.policy.other_markup import shadow
from troth.policy.sentences import MAX_SENTENCE
from troth.policy.statements import MAX_STATEMENTS, statements
from troth.terms.promise import Statement

__all__ = ["Note", "Reading", "read", "read_bytes"]

_ORDERS: Final = re.compile(
    r"\b(?:ignore|disregard|skip|override|forget)\b.{0,60}\b(?:instructions?|rules?|checks?|findings?|above|previous|policy|verif\w*)"
    r"|\b(?:mark|report|treat|consider|rate|score|classify)\b.{0,60}\b(?:as\s+)?(?:kept|passed?|passing|safe|compliant|true|verified|ok)\b"
    r"|\b(?:you (?:are|must|should|will)|assistant|system prompt|as an ai|language model|llm|troth|scanner|checker)\b"
    r"|\b(?:do not|don't|never)\s+(?:report|flag|check|verify|mention|scan)\b",
    re.IGNORECASE | re.DOTALL,
)


MAX_REMARKS: Final = 20
MAX_LINES: Final = 20_000
"""Most lines of a policy that are read."""


@dataclass(frozen=True, slots=True)
class Note:
    """Something that a reader of the report should know about how a policy was read.

    Attributes:
        line: 1-based; 0 = the whole file.
        says: one sentence.
    """

    line: int
    says: str


@dataclass(frozen=True, slots=True)
class Reading:
    """A policy, read.

    Attributes:
        path: as given.
        text: the text that all spans count in (BOM dropped, line ends normalised).
        statements: in order of place.
        notes: what was passed over or doubtful.
        digest: SHA-256 of `text` in UTF-8, hexadecimal.
    """

    path: str
    text: str
    statements: tuple[Statement, ...]
    notes: tuple[Note, ...] = ()
    digest: str = ""


def read_bytes(data: bytes, path: str) -> Reading:
    """Decode and read a policy.

    Raises:
        PolicyTooLargeError: above 1 MiB.
        PolicyUnreadableError: not text.
    """
    decoded = decode(data, path)
    return _read(decoded.text, path, tuple(Note(0, note) for note in decoded.notes))


def read(text: str, path: str) -> Reading:
    """Read a policy's text.

    Args:
        text: decoded text; a BOM and any line ends are taken.
        path: POSIX path that statements name.

    Raises:
        PolicyTooLargeError: above 1 MiB.
    """
    if len(text) > MAX_BYTES:
        raise PolicyTooLargeError(f"{path}: {len(text):,} characters; a policy may have {MAX_BYTES:,} bytes")
    return _read(normalise(text), path, ())


def _read(text: str, path: str, notes: tuple[Note, ...]) -> Reading:
    found = list(notes)
    if text.count("\n") > MAX_LINES:
        cut = _line_end(text, MAX_LINES)
        found.append(Note(MAX_LINES + 1, f"the policy has more than {MAX_LINES:,} lines; the rest was not read"))
    else:
        cut = len(text)
    view = shadow(text[:cut], path)
    source, mended = _closed(view.text if view else text[:cut], found)
    document = parse(source)
    if view is not None or mended:
        document = replace(document, text=text[:cut])
    if view is not None:
        found.extend(Note(line, says) for line, says in view.notes[:MAX_REMARKS])
    reader = statements(document, path)
    if not text.strip():
        found.append(Note(0, "the policy is empty"))
    for position, comment in (*reader.comments, *(view.comments if view else ())):
        if _ORDERS.search(comment[:2000]):
            found.append(Note(bisect_right(document.starts, position), "a hidden comment gives orders to readers of the source; it was ignored"))
    if document.too_deep:
        found.append(Note(document.too_deep[0], f"text nested deeper than {MAX_NESTING} levels was not read"))
    if reader.full:
        found.append(Note(reader.found[-1].line, f"the policy has more than {MAX_STATEMENTS:,} statements; the rest was not read"))
    long = next((made for made in reader.found if len(made.text) >= MAX_SENTENCE - 80 and made.language == ""), None)
    if long is not None:
        found.append(Note(long.line, f"a sentence longer than {MAX_SENTENCE:,} characters was read in pieces"))
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
    return Reading(path, text, tuple(reader.found), tuple(found), digest)


def _closed(source: str, found: list[Note]) -> tuple[str, bool]:
    """The text with code blocks that end, and whether anything had to be mended."""
    mended = close_fences(source)
    if mended is None:
        return source, False
    found.append(Note(mended[1], "a closing fence carries a language, so that the rest would be code; it was read as closing"))
    return mended[0], True


def _line_end(text: str, lines: int) -> int:
    """Position after the given number of lines."""
    at = 0
    for _ in range(lines):
        at = text.find("\n", at) + 1
    return at
