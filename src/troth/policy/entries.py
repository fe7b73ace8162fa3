"""What a maintainer may say about single promises in the settings: pin, correct, ignore, attest.

An entry names a sentence by its digest, so that a changed sentence is not covered by what was said about the old one. Types only, and the digest.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Final

from troth.policy.inline import Run, plain
from troth.policy.sentences import symbols_end
from troth.terms.facts.desk_records import DeskSource
from troth.terms.promise import Statement
from troth.terms.values import Value

__all__ = ["DIGEST_LENGTH", "Attest", "Entry", "Settings", "quote_digest", "sentence_digest"]

DIGEST_LENGTH: Final = 16
"""Shortest digest that an entry may give, in hexadecimal digits (64 bits)."""


@dataclass(frozen=True, slots=True)
class Attest:
    """Somebody vouches for a promise.

    Attributes:
        by: the person.
        until: last day on which it counts.
        note: how they know, or where it can be looked up.
    """

    by: str
    until: date
    note: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of the settings.

    Attributes:
        digest: SHA-256 of the normalised sentence, hexadecimal, at least `DIGEST_LENGTH` digits.
        quote: the sentence, for people.
        policy: path of the policy; None = any.
        control: id of the control that the sentence is pinned to, or that `ignore` and `attest` are limited to.
        params: parameters that replace those read from the sentence.
        why: reason of a pin.
        ignore: reason for which the promise is left out; empty = it is not.
        attest: who vouches for it.
        place: `file:line` of the entry.
    """

    digest: str
    quote: str
    policy: str | None = None
    control: str | None = None
    params: Mapping[str, Value] = field(default_factory=dict)
    why: str = ""
    ignore: str = ""
    attest: Attest | None = None
    place: str = ""

    @property
    def pins(self) -> bool:
        """True for a pin or correction: it names a control and neither ignores nor attests."""
        return self.control is not None and not self.ignore and self.attest is None

    def covers(self, policy: str, digest: str) -> bool:
        """True where the entry speaks of this very sentence (its policy's path and its full digest)."""
        return digest.startswith(self.digest) and (self.policy is None or self.policy == policy)


@dataclass(frozen=True, slots=True)
class Settings:
    """All entries, and, once bound to the policies, which of them came undone.

    Attributes:
        entries: in order of the file.
        source: path of the file; empty where there is none.
        undone: (policy, digest of a sentence that changed) -> remark for its finding.
        notes: remarks for the whole run.
        desk: where a desk's signed statement lies, and whose key it needs.
    """

    entries: tuple[Entry, ...] = ()
    source: str = ""
    undone: Mapping[tuple[str, str], str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    desk: DeskSource = field(default_factory=DeskSource)

    def of(self, statement: Statement) -> tuple[Entry, ...]:
        """Entries that speak of a statement."""
        if not self.entries:
            return ()
        digest = sentence_digest(statement.text)
        return tuple(entry for entry in self.entries if entry.covers(statement.path, digest))


def sentence_digest(text: str) -> str:
    """SHA-256 of a sentence's text, hexadecimal: case, white space, wrapping and a final full stop do not count.

    Args:
        text: without markup (`Statement.text`).
    """
    words = " ".join(unicodedata.normalize("NFKC", text).casefold().split())
    return hashlib.sha256(words.strip().rstrip(".;").encode("utf-8", "surrogatepass")).hexdigest()


def quote_digest(quote: str) -> str:
    """Digest of a sentence that is quoted as it stands in the policy, markup, list mark and all."""
    bare = re.sub(r"^\s*(?:[-*+]|\d{1,9}[.)]|#{1,6}|>)\s+(?:\[[ xX]\]\s+)?", "", quote)
    if bare.strip().startswith("|"):
        cells = [cell.strip() for cell in re.split(r"(?<!\\)\|", bare.strip().strip("|"))]
        return sentence_digest(" | ".join(_plain(cell) for cell in cells))
    text = _plain(bare)
    return sentence_digest(text[symbols_end(text) :])


def _plain(text: str) -> str:
    return plain(Run(text, list(range(len(text))))).text
