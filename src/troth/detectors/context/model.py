"""The model of the context tier: a sum of small decision trees over named features, in a file that a person can read.

`weights.json` holds for every tree its questions (feature, limit) and its leaves, and was written by `tools/train_context.py`; docs/secrets.md says on what, and what it is worth on repositories that it has not seen. Reading it needs
nothing but the standard library. The answer is a probability in the data that it was trained on, no more.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from typing import Final

from troth.detectors.context.features import NAMES
from troth.errors import DetectorError

__all__ = ["Model", "Tree", "shipped"]

_FILE: Final = "weights.json"
_FORM: Final = 1


@dataclass(frozen=True, slots=True)
class Tree:
    """One tree: for each node the feature's number (-1: a leaf), the limit, the node for "at most" and the node for "more", and the leaf's value."""

    feature: tuple[int, ...]
    limit: tuple[float, ...]
    low: tuple[int, ...]
    high: tuple[int, ...]
    value: tuple[float, ...]

    def of(self, told: Sequence[float]) -> float:
        """The value of the leaf that these features lead to."""
        at = 0
        while self.feature[at] >= 0:
            at = self.low[at] if told[self.feature[at]] <= self.limit[at] else self.high[at]
        return self.value[at]


@dataclass(frozen=True, slots=True)
class Model:
    """All trees.

    Attributes:
        base: log-odds before any tree.
        trees: their values are added.
        threshold: probability from which a candidate is reported.
        digest: SHA-256 of the file.
    """

    base: float
    trees: tuple[Tree, ...]
    threshold: float
    digest: str

    def probability(self, told: Sequence[float]) -> float:
        """How likely a candidate with these features is a credential.

        Args:
            told: in the order of `features.NAMES`.
        """
        odds = self.base + sum(tree.of(told) for tree in self.trees)
        return 1.0 / (1.0 + math.exp(-max(-60.0, min(60.0, odds))))


@lru_cache(maxsize=1)
def shipped() -> Model:
    """The model that ships with this version.

    Raises:
        DetectorError: the file is not of this version: other features, or damaged.
    """
    raw = resources.files("troth.detectors.context").joinpath(_FILE).read_bytes()
    try:
        told = json.loads(raw)
        if told["form"] != _FORM or tuple(told["features"]) != NAMES:
            raise DetectorError("the weights of the context tier belong to other features; run tools/train_context.py")
        trees = tuple(Tree(*(tuple(tree[key]) for key in ("feature", "limit", "low", "high", "value"))) for tree in told["trees"])
        return Model(float(told["base"]), trees, float(told["threshold"]), hashlib.sha256(raw).hexdigest())
    except (KeyError, TypeError, ValueError) as error:
        raise DetectorError(f"the weights of the context tier are damaged: {error}") from error
