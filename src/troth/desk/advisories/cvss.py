"""The base score of CVSS 3.0 and 3.1, from its vector: formats that carry a score want the number beside the vector.

Source: FIRST, CVSS v3.1 specification, sections 7.1 and 7.4, and appendix A for rounding. Temporal and environmental metrics do not change the base score.
CVSS 4.0 vectors are carried without a number.
"""

from __future__ import annotations

import re
from typing import Final

__all__ = ["base_score", "rating"]

_VECTOR: Final = re.compile(r"CVSS:3\.([01])((?:/[A-Z]{1,3}:[A-Z])+)\Z")
_IMPACT: Final = {"H": 0.56, "L": 0.22, "N": 0.0}
_WEIGHTS: Final = {
    "AV": {"N": 0.85, "A": 0.62, "L": 0.55, "P": 0.2},
    "AC": {"L": 0.77, "H": 0.44},
    "UI": {"N": 0.85, "R": 0.62},
    "C": _IMPACT,
    "I": _IMPACT,
    "A": _IMPACT,
}
_RIGHTS: Final = {"U": {"N": 0.85, "L": 0.62, "H": 0.27}, "C": {"N": 0.85, "L": 0.68, "H": 0.5}}


def base_score(vector: str) -> float | None:
    """Base score of a vector; None where it is no whole CVSS 3 vector.

    >>> base_score("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H")
    9.8
    """
    match = _VECTOR.match(vector)
    if match is None:
        return None
    parts = [part.split(":") for part in match[2].strip("/").split("/")]
    metrics = {name: value for name, value in parts}  # noqa: C416 - pairs of a list of lists
    if len(metrics) != len(parts) or not {"AV", "AC", "PR", "UI", "S", "C", "I", "A"} <= set(metrics) or metrics["S"] not in _RIGHTS:
        return None
    try:
        weight = {name: table[metrics[name]] for name, table in _WEIGHTS.items()} | {"PR": _RIGHTS[metrics["S"]][metrics["PR"]]}
    except KeyError:
        return None
    changed = metrics["S"] == "C"
    base = 1 - (1 - weight["C"]) * (1 - weight["I"]) * (1 - weight["A"])
    impact = 7.52 * (base - 0.029) - 3.25 * (base - 0.02) ** 15 if changed else 6.42 * base
    if impact <= 0:
        return 0.0
    total = impact + 8.22 * weight["AV"] * weight["AC"] * weight["PR"] * weight["UI"]
    return _round_up(min(1.08 * total if changed else total, 10.0))


def _round_up(number: float) -> float:
    """The smallest tenth that is not less (appendix A: in whole numbers, against floating point)."""
    whole = round(number * 100_000)
    return whole / 100_000 if whole % 10_000 == 0 else (whole // 10_000 + 1) / 10


def rating(score: float) -> str:
    """The word for a score: NONE, LOW, MEDIUM, HIGH, CRITICAL."""
    for bound, word in ((9.0, "CRITICAL"), (7.0, "HIGH"), (4.0, "MEDIUM"), (0.1, "LOW")):
        if score >= bound:
            return word
    return "NONE"
