"""Versions and the ranges that tables of supported versions are written in.

A version is its numbers and its pre-release mark; `1.0.x`, `< 1.0`, `>= 2`, `1.2 and newer`, `0.1.0-alpha.x`, `latest`, `main` are ranges.
What cannot be read is None, never a guess.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

__all__ = ["Bound", "Range", "Version", "parse_range", "parse_version"]

_PRE: Final = {
    "dev": 0,
    "canary": 0,
    "nightly": 0,
    "a": 1,
    "alpha": 1,
    "b": 2,
    "beta": 2,
    "pre": 3,
    "preview": 3,
    "next": 3,
    "c": 4,
    "rc": 4,
}
_VERSION: Final = re.compile(
    r"v?(\d{1,9}(?:\.\d{1,9}){0,4})(?:[-._+]?(dev|canary|nightly|alpha|beta|preview|pre|next|rc|a|b|c)[-._]?(\d{1,9})?)?(?:[-._+]?post\.?\d*)?(?:\+[\w.-]+)?\Z",
    re.IGNORECASE,
)
_WILD: Final = re.compile(r"v?(\d{1,9}(?:\.\d{1,9}){0,3})(?:\.[x*X])+(?:-[\w.*]+)?\Z")
_WILD_PRE: Final = re.compile(r"v?(\d{1,9}(?:\.\d{1,9}){0,3})-(alpha|beta|rc|dev|pre)\.?[x*]\Z", re.IGNORECASE)
_NEWEST: Final = re.compile(r"\b(?:latest|newest|current|most recent)\b", re.IGNORECASE)
_BRANCH: Final = re.compile(r"\b(?:main|master|trunk|head)\b", re.IGNORECASE)
_AFTER: Final = re.compile(
    r"(.+?)\s*(\+|and (?:above|later|newer|up|higher|onwards?)|or (?:above|later|newer|higher)|onwards?)\Z",
    re.IGNORECASE,
)
_BEFORE: Final = re.compile(r"(.+?)\s*(?:and|or) (?:below|earlier|older|lower|prior)\Z", re.IGNORECASE)
_NEWEST_OF: Final = re.compile(r"(?:the )?(?:latest|newest|current|most recent)\s+(?:stable |minor |patch |published |released )*(?:of |in |on )?(?:the )?(v?\d[\w.*]*?)(?:\s+(?:releases?|line|series|branch|minor|patch|stable))*\Z", re.IGNORECASE)
"""The newest of a line, and so all that the line's newest release may be: "Latest 1.x release"."""
_COMPARED: Final = re.compile(r"(<=|>=|<|>|=|≤|≥|before|older than|below|prior to|up to)\s*(.+)\Z", re.IGNORECASE)
_HIGHEST: Final = 10**10


@dataclass(frozen=True, slots=True, order=True)
class Version:
    """Numbers, padded to five; then the pre-release mark as a rank (5 = a release) and its number."""

    numbers: tuple[int, ...]
    rank: int = 5
    serial: int = 0

    @property
    def prerelease(self) -> bool:
        """It carries an alpha, beta, rc, dev or similar mark."""
        return self.rank < 5


Bound = tuple[Version, bool]
"""A version, and whether it belongs to the range."""


@dataclass(frozen=True, slots=True)
class Range:
    """What a row covers.

    Attributes:
        low, high: ends; None = open.
        newest: the row speaks of the latest release, whichever that is.
        branch: the row speaks of a branch (`main`); empty else.
    """

    low: Bound | None = None
    high: Bound | None = None
    newest: bool = False
    branch: str = ""

    def holds(self, version: Version) -> bool:
        """Whether a version lies in the range (the latest one always lies in a `newest` row)."""
        if self.newest:
            return True
        if self.branch:
            return False
        above = self.low is None or version > self.low[0] or (self.low[1] and version == self.low[0])
        below = self.high is None or version < self.high[0] or (self.high[1] and version == self.high[0])
        return above and below


def parse_version(text: str) -> Version | None:
    """A version, also with a `v` in front; None where the text is none."""
    match = _VERSION.match(text.strip())
    if match is None:
        return None
    numbers = [int(part) for part in match.group(1).split(".")]
    mark = (match.group(2) or "").lower()
    return Version(_padded(numbers), _PRE.get(mark, 5), int(match.group(3) or 0))


def _padded(numbers: list[int]) -> tuple[int, ...]:
    return tuple((numbers + [0] * 5)[:5])


def _family(numbers: list[int]) -> Range:
    """`1.2` as a family: from the first pre-release of 1.2.0 to before the first of 1.3."""
    following = [*numbers[:-1], numbers[-1] + 1]
    return Range((Version(_padded(numbers), 0, 0), True), (Version(_padded(following), 0, 0), False))


def parse_range(text: str) -> Range | None:
    """The range that a table's cell or a phrase means; None where it cannot be read."""
    text = re.sub(r"[`*_|]|\(.*?\)|\bversions?\b|:\w+:", " ", text).replace("\\", "")
    text = " ".join(text.split()).strip(" ,.:")
    text = re.sub(r"\s+(?:@[\w.-]+/[\w.-]+|any(?: package)?)\Z", "", text)
    if not text:
        return None
    compared, after, before = _COMPARED.match(text), _AFTER.match(text), _BEFORE.match(text)
    if compared:
        return _compared(compared.group(1).lower(), compared.group(2))
    if after and parse_version(after.group(1)):
        return Range(low=_lower(after.group(1)))
    if before and parse_version(before.group(1)):
        return Range(high=_upper(before.group(1)))
    wild_pre, wild = _WILD_PRE.match(text), _WILD.match(text)
    if wild_pre:
        numbers, rank = _padded([int(part) for part in wild_pre.group(1).split(".")]), _PRE[wild_pre.group(2).lower()]
        return Range((Version(numbers, rank, 0), True), (Version(numbers, rank, _HIGHEST), True))
    if wild:
        return _family([int(part) for part in wild.group(1).split(".")])
    return _plain(text)


def _plain(text: str) -> Range | None:
    version = parse_version(text)
    if version is not None:
        numbers = re.match(r"v?([\d.]+)", text)
        parts = [int(part) for part in numbers.group(1).strip(".").split(".")] if numbers else []
        if len(parts) < 3 and not version.prerelease:
            return _family(parts)
        return Range((version, True), (version, True))
    branch = _BRANCH.search(text)
    if branch and not re.search(r"\d", text):
        return Range(branch=branch.group(0).lower())
    if _NEWEST.search(text) and not re.search(r"\d", text):
        return Range(newest=True)
    line = _NEWEST_OF.match(text)
    if line:
        return parse_range(line.group(1))
    named = re.match(r"[@\w./-]+\s+(v?\d[\w.*+-]*)\Z", text)
    return parse_range(named.group(1)) if named else None


def _lower(text: str) -> Bound | None:
    version = parse_version(text.strip())
    return (Version(version.numbers, 0, 0) if not version.prerelease else version, True) if version else None


def _upper(text: str) -> Bound | None:
    """Upper end that belongs to the range: `1.2 and below` holds 1.2.9."""
    family = parse_range(text)
    return family.high if family is not None else None


def _compared(sign: str, text: str) -> Range | None:
    text = re.sub(r"\.[x*X]\b", "", text).strip()
    version = parse_version(text)
    if version is None:
        return None
    if sign in ("<", "before", "older than", "below", "prior to"):
        return Range(high=(Version(version.numbers, 0, 0) if not version.prerelease else version, False))
    if sign in ("<=", "≤", "up to"):
        return Range(high=_upper(text))
    if sign in (">=", "≥"):
        return Range(low=_lower(text))
    if sign == ">":
        return Range(low=(version, False))
    return parse_range(text)
