"""The context tier: a value assigned to something called like a credential, in no provider's form, weighed by a small model.

`ContextScanner` adds it to the rules of the catalogue. It is asked for (`--tier context`), never on by itself: by its nature some of what it reports is none.
"""

from __future__ import annotations

import hashlib
from bisect import bisect_left
from collections.abc import Iterable

from troth.detectors.context.candidates import candidates
from troth.detectors.context.features import features
from troth.detectors.context.model import Model, shipped
from troth.detectors.rule import Match, Proof, Rule, Tier
from troth.detectors.scanner import Scanner

__all__ = ["RULE", "ContextScanner"]

RULE = Rule(
    id="context-credential",
    title="Value that is assigned to something called like a credential",
    provider="context",
    docs="https://cwe.mitre.org/data/definitions/798.html",
    tier=Tier.CONTEXT,
    pattern="",
    shape="",
    literals=(),
)


class ContextScanner(Scanner):
    """The catalogue's rules and the context tier. Where both claim the same bytes, the catalogue's rule stands."""

    def __init__(self, base: Scanner, model: Model | None = None) -> None:
        """Add the tier to a scanner.

        Args:
            base: scanner of the catalogue.
            model: other weights than the shipped ones.
        """
        self._base = base
        self._model = model or shipped()
        self.rules = (*base.rules, RULE)
        self.digest = hashlib.sha256(f"{base.digest} {self._model.digest}".encode()).hexdigest()

    @property
    def engine(self) -> str:
        """Name of the engine under the catalogue's rules."""
        return self._base.engine

    def scan(
        self, data: bytes, ranges: Iterable[tuple[int, int]] | None = None, *, everything: bool = False, depth: int = 2,
        bounded: float = 0.0,
    ) -> list[Match]:
        """Matches of both, by position, none overlapping another; see `Scanner.scan`."""
        limits = None if ranges is None else tuple(ranges)
        found = self._base.scan(data, limits, everything=everything, depth=depth, bounded=bounded)
        taken = sorted((match.start, match.end) for match in found)
        own: list[Match] = []
        for one in candidates(data, limits):
            at = bisect_left(taken, (one.end, 0))
            if (at and taken[at - 1][1] > one.start) or any(one.start < match.end and one.end > match.start for match in own[-4:]):
                continue
            score = self._model.probability(features(one))
            if score >= self._model.threshold:
                own.append(Match(RULE, one.start, one.end, one.start, one.end, Proof.UNVERIFIED, round(score, 3)))
        return sorted((*found, *own), key=lambda match: match.start)
