"""What was learned from examples: a sparse linear model over words, headings and section (`weights.tsv`, made by `tools/train_match.py`).

It breaks ties between rules, and names a control by itself only above a threshold. Features are words, pairs of neighbouring words, words of the bold label and
of the nearest headings, the section and the kind of line. No library is needed to use it. It learns from Troth's own sentences and from labelled policies; see the script.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Final

from troth.policy.match.words import words_of
from troth.terms.promise import Statement

__all__ = ["Learned", "features", "read_weights", "shipped_weights"]

FILE: Final = Path(__file__).resolve().parent / "weights.tsv"
_STOP: Final = frozenset(["a", "an", "the", "of", "to", "in", "on", "for", "with", "by", "from", "is", "are", "be", "been", "and", "or", "our", "we", "your", "you", "it", "its", "this", "that", "as", "at", "will"])
_STEM: Final = 6


def _stem(word: str) -> str:
    return word[:_STEM] if len(word) > _STEM else word


def features(text: str, headings: Iterable[str], section: str, kind: str = "item", label: str | None = None) -> dict[str, float]:
    """Features of a statement, scaled to length one.

    Args:
        text: the words that say it.
        headings: lead-ins and headings, nearest first; two count.
        section: type of the section.
        kind: kind of line.
        label: its bold label, if it has one.
    """
    words = [_stem(word) for word in words_of(text).tokens if word not in _STOP][:60]
    found: dict[str, float] = {}
    for word in words:
        found["w:" + word] = 1.0
    for first, second in pairwise(words):
        found[f"p:{first} {second}"] = 0.8
    for word in words_of(label).tokens[:8] if label else ():
        if word not in _STOP:
            found["l:" + _stem(word)] = 0.8
    for depth, heading in enumerate(headings):
        if depth > 1:
            break
        for word in words_of(heading).tokens[:12]:
            if word not in _STOP:
                found.setdefault("h:" + _stem(word), 0.6 if depth == 0 else 0.4)
    found["s:" + section] = 0.5
    found[f"k:{section} {kind}"] = 0.3
    norm = math.sqrt(sum(value * value for value in found.values()))
    return {name: value / norm for name, value in found.items()}


class Learned:
    """A softmax over sparse weights.

    Args:
        weights: feature -> control -> weight.
        bias: control -> weight; also names all controls that it knows.
    """

    def __init__(self, weights: Mapping[str, Mapping[str, float]], bias: Mapping[str, float]) -> None:
        self.weights = weights
        self.bias = bias

    def chances(self, statement: Statement, text: str) -> dict[str, float]:
        """Probability of each control that is likelier than one in twenty."""
        around = (*reversed(statement.lead_in), *reversed(statement.headings[1:]))
        return self.of(features(text, around, statement.section.value, statement.kind.value, statement.label))

    def of(self, found: Mapping[str, float]) -> dict[str, float]:
        """Probabilities of a row of features."""
        scores = dict(self.bias)
        for name, value in found.items():
            for control, weight in self.weights.get(name, {}).items():
                scores[control] += weight * value
        top = max(scores.values(), default=0.0)
        powers = {control: math.exp(score - top) for control, score in scores.items() if score > top - 12}
        total = sum(powers.values())
        return {control: power / total for control, power in powers.items() if control != "-" and power > total * 0.05}


@cache
def shipped_weights() -> Learned | None:
    """The weights that ship with Troth, or None where there are none."""
    return read_weights(FILE.read_text(encoding="utf-8")) if FILE.is_file() else None


def read_weights(text: str) -> Learned:
    """Weights as `tools/train_match.py` writes them: what they were made from, the controls with their bias, then one feature a line."""
    lines = text.splitlines()
    pairs = [pair.rpartition("=") for pair in lines[1].split("\t")]
    controls = [control for control, _, _ in pairs]
    weights: dict[str, dict[str, float]] = {}
    for line in lines[2:]:
        name, *row = line.split("\t")
        weights[name] = {controls[int(number)]: float(value) for number, _, value in (pair.partition("=") for pair in row)}
    return Learned(weights, {control: float(value) for control, _, value in pairs})
