"""Rows whose columns say what their cells are for.

Times for severities: `| Critical | 24 hours | 7 days |` under `Severity | Acknowledgement | Fix`; a row makes one promise for each cell that holds a time.
A threat beside its mitigation: `| Audit tampering | ... | Append-only log |` under `Threat | Description | Mitigation`; the row promises what the last cell says.
"""

from __future__ import annotations

import re
from typing import Final

from troth.policy import durations
from troth.policy.match.scoring import Fit, Scorer
from troth.terms.promise import Kind, Statement

__all__ = ["mitigation", "times"]

_COLUMNS: Final = (
    ("disclosure/timeline", re.compile(r"embargo|disclos", re.IGNORECASE)),
    ("report/status-updates", re.compile(r"update|communicat", re.IGNORECASE)),
    ("report/assess-within", re.compile(r"triage|assess|investigat|validat", re.IGNORECASE)),
    ("report/ack-within", re.compile(r"acknowledg|\back\b|first|initial", re.IGNORECASE)),
    ("fix/within", re.compile(r"fix|patch|resol|remed|mitigat|release|target|deadline|timeline|timeframe|\bsla\b|\btime\b", re.IGNORECASE)),
    ("report/ack-within", re.compile(r"respon", re.IGNORECASE)),
)
_FIX: Final = next(pattern for control, pattern in _COLUMNS if control == "fix/within")
_SCORE: Final = 0.97
_SOON: Final = re.compile(r"\b(?:next|following) (?:\w+ )?(?:release|version|cycle|sprint)|best[- ]effort|\bimmediate|as soon as|\basap\b", re.IGNORECASE)
"""A time that is no number of days."""
_REMEDY: Final = re.compile(r"\b(?:mitigat\w*|countermeasures?|safeguards?|protections?|defen[cs]es?|how (?:we|it)\b.{0,40})\s*$", re.IGNORECASE)


def _meaning(column: str, columns: tuple[str, ...]) -> str | None:
    """Control that a column's times are for; "Response time" is the first answer only where another column is for the fix."""
    fixes = sum(bool(_FIX.search(other)) for other in columns)
    if re.search(r"respon", column, re.IGNORECASE) and not re.search(r"initial|first", column, re.IGNORECASE):
        return "report/ack-within" if fixes > 1 or (fixes == 1 and not _FIX.search(column)) else "fix/within"
    return next((control for control, pattern in _COLUMNS if pattern.search(column)), None)


def times(statement: Statement, scorer: Scorer) -> list[tuple[str, Fit]]:
    """Promises of a row: (the severity and the time as words, the control); empty where it is no such row."""
    at = _severity(statement, scorer)
    if at is None:
        return []
    others = statement.columns[at + 1 :]
    found: list[tuple[str, Fit]] = []
    for column, cell in zip(others, statement.cells[at + 1 :], strict=False):
        control = _meaning(column, others)
        if control is not None and (durations.find(cell) or _SOON.search(cell)) and control not in {fit.control for _, fit in found}:
            found.append((f"{statement.cells[at]}: {cell}", Fit(control, _SCORE, None, f"a time under '{column[:40]}'")))
    return found


def _severity(statement: Statement, scorer: Scorer) -> int | None:
    """Column of the severity: the first, or the second where the first holds its scores ("9.0-10.0 | Critical")."""
    if statement.kind is not Kind.ROW or len(statement.cells) < 2:
        return None
    if scorer.sentence(statement.cells[0]).of("severity"):
        return 0
    scored = len(statement.cells) > 2 and not re.search(r"[A-Za-z]{3}", statement.cells[0])
    return 1 if scored and scorer.sentence(statement.cells[1]).of("severity") else None


def mitigation(statement: Statement) -> str | None:
    """What a row of threats says is done about its threat, or None where it is no such row."""
    if statement.kind is not Kind.ROW or len(statement.cells) < 2 or len(statement.columns) != len(statement.cells):
        return None
    cell = next((cell for column, cell in zip(statement.columns[1:], statement.cells[1:], strict=True) if _REMEDY.search(column)), "")
    return cell if len(cell.split()) > 1 else None
