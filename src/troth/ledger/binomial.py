"""How sure one may be of a share: the exact bound of Clopper and Pearson (Biometrika 26, 1934) for so many kept out of so many.

Rules: the bound is one-sided and exact, never an approximation by the normal distribution, which is worst where it matters (few cases, no misses). The
incomplete beta function is our own (continued fraction after Lentz), so that a statement can be checked without a numeric library.
"""

from __future__ import annotations

import math
from typing import Final

from troth.errors import UsageError

__all__ = ["at_least", "at_most", "beta_share", "needed"]

_TINY: Final = 1e-300
_STEPS: Final = 10_000
_HALVINGS: Final = 200


def beta_share(x: float, a: float, b: float) -> float:
    """The regularised incomplete beta function I_x(a, b), for x in [0, 1] and a, b > 0."""
    if x <= 0.0:
        return 0.0
    if x >= 1.0:
        return 1.0
    front = math.exp(math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log1p(-x))
    if x < (a + 1.0) / (a + b + 2.0):
        return front * _fraction(x, a, b) / a
    return 1.0 - front * _fraction(1.0 - x, b, a) / b


def _fraction(x: float, a: float, b: float) -> float:
    """The continued fraction of the incomplete beta function."""
    c, d = 1.0, 1.0 - (a + b) * x / (a + 1.0)
    d = 1.0 / (d if abs(d) > _TINY else _TINY)
    result = d
    for m in range(1, _STEPS):
        even = m * (b - m) * x / ((a + 2 * m - 1.0) * (a + 2 * m))
        odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1.0))
        for term in (even, odd):
            d = 1.0 + term * d
            c = 1.0 + term / c
            d = 1.0 / (d if abs(d) > _TINY else _TINY)
            c = c if abs(c) > _TINY else _TINY
            result *= d * c
        if abs(d * c - 1.0) < 1e-15:
            break
    return result


def _quantile(share: float, a: float, b: float) -> float:
    """The x at which I_x(a, b) reaches a share, by halving."""
    low, high = 0.0, 1.0
    for _ in range(_HALVINGS):
        middle = (low + high) / 2.0
        if beta_share(middle, a, b) < share:
            low = middle
        else:
            high = middle
        if high - low < 1e-15:
            break
    return (low + high) / 2.0


def at_least(kept: int, cases: int, confidence: float = 0.95) -> float:
    """The share that is kept at the least, at a confidence; 0 where nothing is known.

    >>> round(at_least(59, 59), 4)
    0.9505

    Raises:
        UsageError: the numbers are none of a share.
    """
    _check(kept, cases, confidence)
    return 0.0 if kept == 0 else _quantile(1.0 - confidence, kept, cases - kept + 1)


def at_most(kept: int, cases: int, confidence: float = 0.95) -> float:
    """The share that is kept at the most, at a confidence; 1 where nothing is known.

    Raises:
        UsageError: the numbers are none of a share.
    """
    _check(kept, cases, confidence)
    return 1.0 if kept == cases else _quantile(confidence, kept + 1, cases - kept)


def needed(share: float, confidence: float = 0.95) -> int:
    """How many cases without a miss it takes to say that at least a share is kept: 59 for 95 % at 95 %, 29 for 90 %, 299 for 99 %.

    Raises:
        UsageError: share or confidence lies outside (0, 1).
    """
    if not 0.0 < share < 1.0 or not 0.0 < confidence < 1.0:
        raise UsageError("share and confidence lie between 0 and 1")
    return math.ceil(math.log(1.0 - confidence) / math.log(share) - 1e-12)


def _check(kept: int, cases: int, confidence: float) -> None:
    if not 0 <= kept <= cases or not 0.0 < confidence < 1.0:
        raise UsageError(f"{kept} of {cases} at {confidence} is no share")
