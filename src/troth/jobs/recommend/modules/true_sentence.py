"""Rewrites the policy to what is true: a sentence that is not kept moves to a section of known limits, with what is missing.

The last resort, and an honest one: a promise that nobody will keep is better taken back than left standing. Only whole list items and whole sentences of a
paragraph are moved; a row of a table, or an item with items below it, wants a person.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from troth.jobs.recommend.facts import Complaint, Facts
from troth.jobs.recommend.recommendation import Advice, Gap, Risk, patch

__all__ = ["HEADING", "MODULE", "TrueSentence", "rewritten"]

HEADING: Final = "## Known limitations"
_MARKER: Final = re.compile(r"[ \t]*(?:[-*+]|\d{1,3}[.)])[ \t]+(?:\[[ xX]\][ \t]+)?")
_FENCE: Final = re.compile(r"[ \t]*(?:```|~~~)")


class TrueSentence:
    """See the module."""

    name = "true-sentence"
    controls = ("*",)
    wants = ("SECURITY.md", ".github/SECURITY.md", "docs/SECURITY.md", "*SECURITY.md", "*security.md", "*Security.md")

    def recommend(self, facts: Facts) -> Iterable[Advice]:
        """One patch for each policy."""
        for path in sorted({one.policy for one in facts.complaints if one.policy in facts.files}):
            mends = tuple(one for one in facts.complaints if one.policy == path and one.verdict in ("broken", "partly"))
            text, left = rewritten(facts.files[path].text, mends)
            moved = tuple(one for one in mends if one not in left)
            made = patch(
                facts, self.name, {path: text}, title="Say in the policy what is true", mends=moved, risk=Risk.LOW,
                why="The sentences are not kept. In the section of known limits they tell readers what is missing; whoever mends one moves it back.",
                cautions=("It takes a promise back: mend the mechanism instead where you can.",),
            ) if moved else None  # fmt: skip
            if made is not None:
                yield made
            if left:
                yield Gap(self.name, tuple(one.fingerprint for one in left), "a person's hand", "The sentence is part of a table, of a nested list or of a larger sentence.")


def rewritten(text: str, complaints: tuple[Complaint, ...]) -> tuple[str, tuple[Complaint, ...]]:
    """The policy with the sentences moved, and the complaints whose sentences could not be."""
    crlf = "\r\n" in text
    lines = text.replace("\r\n", "\n").split("\n")
    if crlf and text.count("\r\n") != text.count("\n"):
        return text, complaints
    said: dict[str, str] = {}
    left: list[Complaint] = []
    done: set[tuple[int, str]] = set()
    for one in sorted(complaints, key=lambda item: (-item.line, item.quote)):
        if (one.line, one.quote) in done or _cut(lines, one):
            done.add((one.line, one.quote))
            told = " ".join(one.text.split()).rstrip(".")
            said.setdefault(told, f"- Not yet in place: {told}. {' '.join(one.because.split())}")
        else:
            left.append(one)
    if not said:
        return text, complaints
    body = "\n".join(_added(lines, list(reversed(said.values()))))
    return (body.replace("\n", "\r\n") if crlf else body), tuple(left)


def _cut(lines: list[str], one: Complaint) -> bool:
    """Take the sentence out of the lines; False where it is no whole item or sentence."""
    quoted = one.quote.split("\n")
    first, last = one.line - 1, one.line - 2 + len(quoted)
    if first < 0 or last >= len(lines) or not one.quote.strip() or any(_FENCE.match(line) or line.lstrip().startswith("|") for line in lines[first : last + 1]):
        return False
    start = lines[first].find(quoted[0])
    inside = lines[first + 1 : last] == quoted[1:-1] and (first == last or lines[last].startswith(quoted[-1]))
    if start < 0 or not inside:
        return False
    before = lines[first][:start]
    after = (lines[first][start + len(quoted[0]) :] if first == last else lines[last][len(quoted[-1]) :]).rstrip()
    marker = _MARKER.fullmatch(before)
    if marker is not None or (not before.strip() and not lines[first].startswith("    ")):
        if after.strip(" .;*_"):
            return _cut_head(lines, first, last, after.strip(), one.quote, item=marker is not None)
        return _cut_block(lines, first, last, one.quote, item=marker is not None)
    if before.rstrip().endswith((".", "!", "?")) and (not after or after[0] == " ") and one.quote.rstrip().endswith((".", "!", "?")):
        lines[first : last + 1] = [before.rstrip() + after]
        return True
    return False


def _cut_head(lines: list[str], first: int, last: int, after: str, quote: str, *, item: bool) -> bool:
    """Take the first sentence of a paragraph out."""
    if item or not quote.rstrip().endswith((".", "!", "?")):
        return False
    lines[first : last + 1] = [after]
    return True


def _cut_block(lines: list[str], first: int, last: int, quote: str, *, item: bool) -> bool:
    """Take out whole lines: an item without items below it, or a paragraph of one sentence."""
    below = lines[last + 1] if last + 1 < len(lines) else ""
    depth = len(lines[first]) - len(lines[first].lstrip())
    if item and below.strip() and len(below) - len(below.lstrip()) > depth:
        return False
    if not item and below.strip() and not _MARKER.match(below) and not quote.rstrip().endswith((".", "!", "?")):
        return False
    if lines[first].lstrip().startswith("#") or quote.rstrip().endswith(":"):
        return False
    del lines[first : last + 1]
    if 0 < first < len(lines) and not lines[first - 1].strip() and not lines[first].strip():
        del lines[first]
    return True


def _added(lines: list[str], items: list[str]) -> list[str]:
    """The lines with the items at the end of the section of known limits, which is made where it is missing."""
    at = next((index for index, line in enumerate(lines) if line.strip() == HEADING), -1)
    if at < 0:
        while lines and not lines[-1].strip():
            lines.pop()
        return [*lines, "", HEADING, "", *items, ""]
    end = next((index for index in range(at + 1, len(lines)) if re.match(r"#{1,2} ", lines[index])), len(lines))
    while end > at + 1 and not lines[end - 1].strip():
        end -= 1
    return [*lines[:end], *([""] if end == at + 1 else []), *items, *lines[end:]]


MODULE = TrueSentence()
