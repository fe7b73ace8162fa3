"""A desk's statement: how well its promises were kept, signed, so that a third party can verify it with one file.

Rules: the subjects are the policies whose promises are counted, by the digest of their text; what is late and open counts as not kept, at its age; the bound is
the exact one of Clopper and Pearson at 95 %; below the number of cases that a share needs, the statement says so; a checkpoint of the desk's log is carried
along where there is one, so that cases cannot be left out afterwards. No case, name or address is in it.

`ledger.desk_statement.verify_desk_statement` verifies one; docs/evidence.md has a verifier that needs nothing of Troth.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from troth.desk.events import stamp
from troth.desk.measures import Measure
from troth.errors import UsageError
from troth.ledger.binomial import at_least, needed
from troth.ledger.desk_statement import DESK_PREDICATE
from troth.ledger.evidence import STATEMENT_TYPE, seal
from troth.ledger.record import Json

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

__all__ = ["CONTROLS", "Claim", "claim", "sign_statement", "statement"]

CONTROLS: Final = {
    "acknowledge": "report/ack-within",
    "assess": "report/assess-within",
    "plan": "report/assess-within",
    "update": "report/status-updates",
    "fix": "fix/within",
    "develop": "disclosure/timeline",
    "not-before": "disclosure/timeline",
    "disclose": "disclosure/timeline",
    "credit": "disclosure/credit-reporter",
    "variants": "fix/variant-audit",
}
"""Clock -> control whose promise it keeps."""
CONFIDENCE: Final = 0.95
_PROJECT: Final = re.compile(r"[A-Za-z0-9_.-]{1,100}(?:/[A-Za-z0-9_.-]{1,100}){0,3}")


@dataclass(frozen=True, slots=True)
class Claim:
    """What may be said of a measure in one sentence.

    Attributes:
        share: kept at the least, at 95 % confidence.
        says: the sentence.
        enough: enough cases without a miss to say that at least 95 % are kept.
    """

    share: float
    says: str
    enough: bool


def claim(measure: Measure) -> Claim:
    """The strongest sentence that a measure allows, and no stronger one."""
    if not measure.cases:
        waiting = f"; {measure.pending} {'is' if measure.pending == 1 else 'are'} not due yet" if measure.pending else ""
        return Claim(0.0, f"No case was due{waiting}: nothing can be said.", enough=False)
    share = at_least(measure.kept, measure.cases, CONFIDENCE)
    late = f", {measure.overdue_open} of the others still open" if measure.overdue_open else ""
    told = f"Kept in {measure.kept} of {measure.cases} cases{late}; with 95 % confidence at least {share * 100:.1f} % are kept."
    wanted = needed(CONFIDENCE, CONFIDENCE)
    if measure.kept == measure.cases < wanted:
        told += f" It takes {wanted} cases without a miss to say 95 %."
    return Claim(share, told, enough=share >= CONFIDENCE)


def _seconds(time: timedelta | None) -> float | None:
    return None if time is None else round(time.total_seconds(), 3)


def statement(
    measures: Sequence[Measure],
    *,
    project: str,
    at: datetime,
    period: tuple[datetime, datetime],
    policies: dict[str, str],
    version: str,
    checkpoint: str = "",
) -> dict[str, Json]:
    """The in-toto statement.

    Args:
        measures: what was counted.
        project: whose desk it is (`owner/name`).
        at: when the statement is made.
        period: from, to: reception of the cases that it covers.
        policies: digest of each policy's text -> its name.
        version: of Troth.
        checkpoint: a signed checkpoint of the desk's log; empty for none.

    Raises:
        UsageError: no project's name, no policy, or a measure of a policy that is not named.
    """
    if not _PROJECT.fullmatch(project):
        raise UsageError("a statement is of a project by name: owner/name, in letters, digits, dots, hyphens and underscores")
    unknown = sorted({one.policy for one in measures} - set(policies))
    if not policies or unknown:
        raise UsageError(f"a statement names the policies that it speaks of; {unknown[0] if unknown else 'none'} is missing")
    return {
        "_type": STATEMENT_TYPE,
        "subject": [{"name": name, "digest": {"sha256": digest}} for digest, name in sorted(policies.items())],
        "predicateType": DESK_PREDICATE,
        "predicate": {
            "tool": {"name": "troth", "version": version},
            "project": project,
            "at": stamp(at),
            "period": {"from": stamp(period[0]), "to": stamp(period[1])},
            "confidence": CONFIDENCE,
            "promises": [_entry(one) for one in measures],
            "log": {"checkpoint": checkpoint} if checkpoint else None,
        },
    }


def _entry(measure: Measure) -> dict[str, Json]:
    told = claim(measure)
    return {
        "clock": measure.clock,
        "control": CONTROLS.get(measure.clock, ""),
        "policy": measure.policy,
        "line": measure.line,
        "limit": measure.limit,
        "binding": measure.binding,
        "severity": measure.severity,
        "cases": measure.cases,
        "kept": measure.kept,
        "overdueOpen": measure.overdue_open,
        "pending": measure.pending,
        "cancelled": measure.cancelled,
        "spam": {"cases": measure.spam[0], "kept": measure.spam[1]},
        "medianSeconds": _seconds(measure.median),
        "p90Seconds": _seconds(measure.p90),
        "p95Seconds": _seconds(measure.p95),
        "longestSeconds": _seconds(measure.longest),
        "pausedSeconds": _seconds(measure.paused),
        "atLeast": told.share,
        "says": told.says,
        "channels": [{"channel": name, "cases": cases, "kept": kept} for name, cases, kept in measure.channels],
    }


def sign_statement(told: dict[str, Json], key: Ed25519PrivateKey) -> str:
    """The signed file: text that ends with a newline.

    Args:
        told: what `statement` made.
        key: the desk's private key.
    """
    return seal(told, key)
