"""The context tier: a value assigned to something called like a credential, in no provider's form, weighed by a small model.

`ContextScanner` adds it to the rules of the catalogue. It is asked for (`--tier context`), never on by itself: by its nature some of what it reports is none.
"""

from __future__ import annotations

import hashlib
from bisect import bisect_left
from collections.abc import Callable, Iterable, Sequence

from troth.detectors.context.candidates import candidates
from troth.detectors.context.features import features
from troth.detectors.context.model import Model, shipped
from troth.detectors.matching import Hits
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
        return sorted((*found, *self._own(data, limits, found)), key=lambda match: match.start)

    @property
    def quiet(self) -> Callable[[bytes], bool]:
        """See `Scanner.quiet`."""
        base = self._base.quiet
        return lambda data: base(data) and not _proposes(data)

    def gate(self, anycase: Sequence[bytes], exact: Sequence[bytes]) -> Callable[[bytes], bool] | None:
        """See `Scanner.gate`."""
        base = self._base.gate(anycase, exact)
        return None if base is None else lambda data: base(data) and not _proposes(data)

    def scan_near(self, data: bytes, ranges: Iterable[tuple[int, int]] | None = None) -> tuple[list[Match], bool]:
        """See `Scanner.scan_near`. What stands around an assignment weighs too, so a text with one is always looked at as a whole."""
        limits = None if ranges is None else tuple(ranges)
        found, far = self._base.scan_near(data, limits)
        own = self._own(data, limits, found)
        return sorted((*found, *own), key=lambda match: match.start), far or _proposes(data, limits)

    def screen(self, parts: Sequence[bytes]) -> dict[int, Hits | None]:
        """See `Scanner.screen`."""
        found = self._base.screen(parts)
        return {**found, **{number: None for number, part in enumerate(parts) if _proposes(part)}}

    def screen_text(self, text: memoryview) -> Hits | None:  # noqa: ARG002 - the scanner's form
        """See `Scanner.screen_text`: assignments are looked for in each part."""
        return None

    def scan_screened(self, data: bytes, hits: Hits) -> tuple[list[Match], bool]:
        """See `Scanner.scan_screened`: only for texts in which `screen` saw no assignment."""
        return self._base.scan_screened(data, hits)

    def _own(self, data: bytes, limits: tuple[tuple[int, int], ...] | None, found: list[Match]) -> list[Match]:
        taken = sorted((match.start, match.end) for match in found)
        own: list[Match] = []
        for one in candidates(data, limits):
            at = bisect_left(taken, (one.end, 0))
            if (at and taken[at - 1][1] > one.start) or any(one.start < match.end and one.end > match.start for match in own[-4:]):
                continue
            score = self._model.probability(features(one))
            if score >= self._model.threshold:
                own.append(Match(RULE, one.start, one.end, one.start, one.end, Proof.UNVERIFIED, round(score, 3)))
        return own


def _proposes(data: bytes, limits: tuple[tuple[int, int], ...] | None = None) -> bool:
    """Whether anything in a text is assigned to something called like a credential."""
    return next(iter(candidates(data, limits)), None) is not None
