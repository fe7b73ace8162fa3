"""Where one sentence of a policy ends and the next begins.

Rules: wrapped lines are one sentence; a full stop inside of code, a URL, an address, a version (0.1.x), a file name or an abbreviation does not end
one; a hard line break does, and so does a line that opens with a tick, an emoji or a bold label, because Markdown joins such lines though their
authors meant a list. A sentence longer than `MAX_SENTENCE` is cut, so that every pattern that runs on one has a bound. Linear.

Does not look at meaning: what a sentence says is for `modality` and the catalogue.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

from troth.policy.inline import Plain

__all__ = ["MAX_SENTENCE", "is_symbol", "split", "symbols_end"]

MAX_SENTENCE: Final = 2_000
"""Longest sentence in characters; longer ones are cut at a space."""

_END: Final = re.compile(r"[.!?…]+[\"')\]”’»]*(?=\s)|[。！？]")
_ABBREVIATION: Final = re.compile(
    r"(?:^|[\s(\[\"'/])(?:e\.g|i\.e|etc|vs|cf|al|approx|resp|incl|excl|esp|max|min|no|nr|vol|fig|sec|ch|pp?|ca|dr|mr|mrs|ms|st|inc|ltd|co|corp|dept|est|a\.m|p\.m|u\.s"
    r"|jan|feb|mar|apr|jun|jul|aug|sept?|oct|nov|dec|[a-z]|\d{1,3})$",
    re.IGNORECASE,
)
_SOFT: Final = frozenset({"etc", "al", "inc", "ltd", "co", "corp", "a.m", "p.m", "u.s", "no", "min", "max", "sec", "st", "ms", "est"})
"""Abbreviations (and words that look like one) that may also end a sentence, where a capital follows."""
_CLAUSE: Final = re.compile(
    r";\s(?=(?!(?:otherwise|however|therefore|thus|e\.g|i\.e|see|for example|in particular)\b)"
    r"(?:[\w`'’/-]+\s){1,8}?(?:is|are|was|were|will|shall|can|cannot|must|may|has|have|does|do)\s)",
    re.IGNORECASE,
)


def is_symbol(char: str) -> bool:
    """True for emoji, ticks, arrows and the marks that vary them: pictures, not words."""
    return ord(char) > 127 and (unicodedata.category(char) in {"So", "Sk", "Mn", "Me"} or char in "\u200d\u2713\u2717\u2022\u25cf\u25aa")


_SHORTCODE: Final = re.compile(r":[a-z][a-z0-9_+-]{0,40}:")


def symbols_end(text: str, start: int = 0, stop: int | None = None) -> int:
    """Index of the first character after the emoji and ticks (`:white_check_mark:` too) that open `text[start:stop]`."""
    at = start
    end = len(text) if stop is None else stop
    while at < end:
        code = _SHORTCODE.match(text, at)
        if code:
            at = code.end()
        elif is_symbol(text[at]) or (at > start and text[at].isspace()):
            at += 1
        else:
            break
    return at


def split(plain: Plain) -> list[tuple[int, int]]:
    """Ranges of sentences in `plain.text`, white space at their edges left out."""
    cuts = _cuts(plain)
    ranges: list[tuple[int, int]] = []
    for start, stop in zip([0, *cuts], [*cuts, len(plain.text)], strict=True):
        while stop - start > MAX_SENTENCE:
            at = plain.text.rfind(" ", start + 1, start + MAX_SENTENCE)
            at = at if at > start else start + MAX_SENTENCE
            _add(plain.text, start, at, ranges)
            start = at
        _add(plain.text, start, stop, ranges)
    return ranges


def _add(text: str, start: int, stop: int, ranges: list[tuple[int, int]]) -> None:
    while start < stop and text[start] == " ":
        start += 1
    while stop > start and text[stop - 1] == " ":
        stop -= 1
    if stop > start:
        ranges.append((start, stop))


def _cuts(plain: Plain) -> list[int]:
    text = plain.text
    cuts = {at for at in plain.breaks if 0 < at < len(text) and not text[at].islower()}
    cuts.update(at for at in plain.starts if 0 < at < len(text) and _opens_line(plain, at))
    last = 0
    for match in _END.finditer(text):
        at = match.end()
        if not plain.guarded[match.start()] and _ends(plain, last, match):
            cuts.add(at)
            last = at
    for match in _CLAUSE.finditer(text):
        if not plain.guarded[match.start()] and text.count(" ", max(0, match.start() - 40), match.start()) > 1:
            cuts.add(match.end())
    return sorted(cuts)


def _opens_line(plain: Plain, at: int) -> bool:
    """True where a source line that Markdown joins to the one before was meant to stand alone."""
    text = plain.text
    if symbols_end(text, at, at + 1) > at:
        return True
    if text[max(0, at - 2) : at].rstrip()[-1:] == ":" and not text[at].islower():
        return True
    end = plain.strong.get(at)
    return end is not None and (text[end - 1 : end] == ":" or text[end : end + 1] == ":")


def _ends(plain: Plain, last: int, match: re.Match[str]) -> bool:
    """True where the stop that matched ends a sentence."""
    text = plain.text
    at = match.end()
    following = text[at : at + 3].lstrip()[:1]
    if not following or match.group()[0] in "。！？":
        return bool(following)
    if following.islower() and not plain.guarded[at + 1 if at + 1 < len(text) else at]:
        return False
    if match.group()[0] != ".":
        # "impact (what can an attacker do?) + assumptions" asks in passing, and goes on
        return match.group()[-1] not in ")]" or following not in "+,;:/&–—-"
    head = text[max(last, match.start() - 12) : match.start()]
    short = _ABBREVIATION.search(head)
    if short is None:
        return True
    word = short.group().strip(" ([\"'/").lower()
    if word.isdigit():
        return match.start() - last > len(word) + 1
    return word in _SOFT and following.isupper()
