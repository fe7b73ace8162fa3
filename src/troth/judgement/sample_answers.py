"""Samples that show calls and what the program answers to them: the calls must be known, the answers worded as in the code.

An answer is compared up to where the program fills something in. A message that shares most of its words with the expected one is that answer in other words:
wrong, but of little weight. Does not run anything.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from troth.judgement.sample_names import Found, Outcome, first, programs
from troth.terms.facts.tree import Tree

__all__ = ["answers"]

_CALL: Final = re.compile(r"^\s*(?:>\s*)?([a-z]\w*_\w+|[a-z]+[A-Z]\w*)\((\{.*\}|[^()]*)\)\s*;?\s*$")
_ANSWER: Final = re.compile(
    r"^\s*(?:#|//|%|--)\s*(?:Expected|Returns|Output|Result|Response)\s*:\s*(.{8,300})$", re.IGNORECASE
)
_SUCCEEDS: Final = re.compile(r"success|ok\b|works|allowed|passes", re.IGNORECASE)
_ALIKE: Final = 0.6
"""Share of an expected answer's words that a message of the code must have for it to be that answer in other words."""


def answers(lines: Iterable[tuple[int, str]], tree: Tree) -> tuple[tuple[int, str, Found], ...]:
    """A sample that shows calls and what they answer (`# Expected: ...`): the calls must be known, the answers worded as in the code.

    Returns:
        (line, text, answer) for each call and each answer; empty where the sample shows no call.
    """
    found: list[tuple[int, str, Found]] = []
    called = False
    for number, text in lines:
        call = _CALL.match(text)
        answer = _ANSWER.match(text) if called else None
        if call:
            called = True
            seen = first(
                tree,
                (re.compile(rf"""["'`]{call.group(1)}["'`]"""), re.compile(rf"(?<!\w){call.group(1)}(?!\w)")),
                f"{call.group(1)} is here.",
            )
            found.append(
                (
                    number,
                    text.strip()[:200],
                    Found(Outcome.RIGHT, f"{call.group(1)} exists.", seen)
                    if seen
                    else Found(Outcome.OPEN, f"{call.group(1)} was not found."),
                )
            )
        elif answer and not _SUCCEEDS.match(answer.group(1)):
            found.append((number, text.strip()[:200], _worded(answer.group(1), tree)))
        elif text.strip() and not re.match(r"\s*(?:#|//|%|--)", text):
            found.append(
                (
                    number,
                    text.strip()[:200],
                    Found(Outcome.OPEN, "What this line does cannot be told without running it."),
                )
            )
    return tuple(found) if called else ()


def _worded(answer: str, tree: Tree) -> Found:
    """Whether the code has the expected message: up to where it fills something in, or in other words."""
    fixed = re.split(r"""['"`<{(\[]""", answer.strip(), maxsplit=1)[0].strip()
    words = frozenset(re.findall(r"[a-z]{3,}", fixed.lower()))
    if len(words) < 4:
        return Found(Outcome.OPEN, "The expected answer is too short to look for.")
    near: tuple[float, str, int] | None = None
    for path, text in programs(tree):
        at = text.find(fixed)
        if at >= 0:
            number = text.count("\n", 0, at) + 1
            return Found(Outcome.RIGHT, "The code gives this answer.", tree.evidence(path, number, "The message."))
        near = max(filter(None, (near, _nearest(path, text, words))), default=None)
    if near is None:
        return Found(Outcome.OPEN, "No message like the expected one was found.")
    seen = tree.evidence(near[1], near[2], "The message that the code gives.")
    return Found(Outcome.WRONG, "The code words this answer otherwise.", seen, weak=True)


def _nearest(path: str, text: str, words: frozenset[str]) -> tuple[float, str, int] | None:
    """The string of a file that shares most words with an expected answer, if it shares enough of them."""
    best: tuple[float, str, int] | None = None
    lower = text.lower()
    rare = sorted(words, key=lambda word: (-len(word), word))[:3]
    for number, row in enumerate(text.split("\n"), start=1) if any(word in lower for word in rare) else ():
        if len(row) > 500 or not re.search(r"""["'`]""", row):
            continue
        theirs = frozenset(re.findall(r"[a-z]{3,}", row.lower()))
        share = len(words & theirs) / len(words)
        if (
            share >= _ALIKE
            and re.search(r"error|fail|throw|raise|message|return", row, re.IGNORECASE)
            and (best is None or share > best[0])
        ):
            best = (share, path, number)
    return best
