"""Verification of a desk's statement: needs the file and a key, and nothing of the desk.

The form is that of `ledger.evidence` (DSSE around an in-toto Statement v1) with a predicate of its own. Rules: whatever is wrong raises `EvidenceFileError`;
counts that cannot be (more kept than cases, a bound that the counts do not give) are wrong; nothing is taken from an unsigned part of the file.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from troth.errors import EvidenceFileError
from troth.ledger.binomial import beta_share
from troth.ledger.evidence import Signed, verify
from troth.ledger.record import Json

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

__all__ = ["DESK_PREDICATE", "Counted", "DeskStatement", "verify_desk_statement"]

DESK_PREDICATE: Final = "https://github.com/troth-dev/troth/desk-statement/v1"
_HEX: Final = re.compile(r"[0-9a-f]{64}\Z")
_CONTROL: Final = re.compile(r"[a-z0-9-]{1,60}/[a-z0-9-]{1,60}\Z|\Z")
MAX_COUNTED: Final = 2_000
CONFIDENCE: Final = 0.95
"""Of the bound in a statement (one-sided)."""
_ROUNDING: Final = 1e-9
_MOST_CASES: Final = 10**9
_LONGEST: Final = 1e11
"""Seconds; three thousand years."""
_AHEAD: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Counted:
    """One promise of the statement; see `docs/desk-model.md` for its fields."""

    clock: str
    control: str
    policy: str
    line: int
    limit: str
    binding: bool
    severity: str
    cases: int
    kept: int
    overdue_open: int
    pending: int
    cancelled: int
    at_least: float
    longest: float | None


@dataclass(frozen=True, slots=True)
class DeskStatement:
    """What a verified statement says.

    Attributes:
        signer: id of the key. at: when it was made. since, until: period of reception that it covers.
        project: whose desk it is, as the desk names itself.
        checkpoint: signed checkpoint of the desk's log, as text; empty where there is none.
        counted: the promises.
    """

    signer: str
    at: datetime
    since: datetime
    until: datetime
    project: str
    checkpoint: str
    counted: tuple[Counted, ...]


def verify_desk_statement(content: bytes, *, key: Ed25519PublicKey | None = None, trusted_id: str | None = None) -> DeskStatement:
    """Verify a statement against a key that the caller trusts, and read it.

    Args:
        content: bytes of the file.
        key: public key of the desk.
        trusted_id: its id instead.

    Raises:
        EvidenceFileError: malformed, of something else, by another key, changed, or with counts that cannot be.
        UsageError: neither a key nor an id is given.
    """
    signed: Signed = verify(content, key=key, trusted_id=trusted_id, predicate_type=DESK_PREDICATE)
    told = signed.predicate
    period = told.get("period")
    if not isinstance(period, dict):
        raise EvidenceFileError("the statement covers no period")
    counted = told.get("promises")
    if not isinstance(counted, list) or len(counted) > MAX_COUNTED:
        raise EvidenceFileError("the statement counts no promises")
    at, since, until = _moment(told, "at"), _moment(period, "from"), _moment(period, "to")
    if not since <= until or at < since:
        raise EvidenceFileError("the statement's period ends before it begins, or it was made before that")
    subjects = {digest for _, algorithm, digest in signed.subjects if algorithm == "sha256"}
    if told.get("confidence") != CONFIDENCE or until > at + _AHEAD:
        raise EvidenceFileError("the statement is of another confidence than 95 %, or of a time that is still to come")
    found = tuple(_counted(one) for one in counted)
    if len({(one.clock, one.policy, one.line, one.limit, one.severity, one.binding) for one in found}) != len(found):
        raise EvidenceFileError("the statement counts one promise twice")
    if any(one.policy not in subjects for one in found):
        raise EvidenceFileError("the statement counts promises of a policy that is not among its subjects")
    log = told.get("log")
    checkpoint = log.get("checkpoint") if isinstance(log, dict) else ""
    return DeskStatement(signed.key_id, at, since, until, _text(told, "project"), checkpoint if isinstance(checkpoint, str) else "", found)


def _text(raw: Mapping[str, Json], name: str) -> str:
    value = raw.get(name)
    if not isinstance(value, str) or len(value) > 300:
        raise EvidenceFileError(f"{name!r} of the statement is no short text")
    return value


def _moment(raw: Mapping[str, Json], name: str) -> datetime:
    try:
        found = datetime.fromisoformat(_text(raw, name))
    except ValueError as error:
        raise EvidenceFileError(f"{name!r} of the statement is no time") from error
    if found.tzinfo is None:
        raise EvidenceFileError(f"{name!r} of the statement has no zone")
    return found


def _holds(share: float, kept: int, cases: int) -> bool:
    """Whether so many kept give this bound: at that share, so many or more happen in one of twenty at the most (Clopper and Pearson; one evaluation, as a file may have thousands)."""
    if share == 0:
        return True
    return 0 < share <= 1 and 0 < kept <= cases < _MOST_CASES and beta_share(share - _ROUNDING, kept, cases - kept + 1) <= 1 - CONFIDENCE


def _times(raw: Mapping[str, Json]) -> float | None:
    """The longest time, in seconds, after it was held against the quantiles below it; None where there is none."""
    times = [raw.get(name) for name in ("medianSeconds", "p90Seconds", "p95Seconds", "longestSeconds")]
    told = [float(one) for one in times if isinstance(one, int | float) and not isinstance(one, bool) and 0 <= one <= _LONGEST]
    if len(told) != sum(one is not None for one in times) or told != sorted(told):
        raise EvidenceFileError("times of the statement are none, or a longer one is below a shorter")
    longest = raw.get("longestSeconds")
    return told[-1] if longest is not None else None


def _count(raw: Mapping[str, Json], name: str) -> int:
    value = raw.get(name)
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 2**53:
        raise EvidenceFileError(f"{name!r} of the statement is no count")
    return value


def _counted(raw: Json) -> Counted:
    if not isinstance(raw, dict):
        raise EvidenceFileError("a promise of the statement is no object")
    cases, kept, late = _count(raw, "cases"), _count(raw, "kept"), _count(raw, "overdueOpen")
    share, policy, control = raw.get("atLeast"), _text(raw, "policy"), _text(raw, "control")
    if kept + late > cases:
        raise EvidenceFileError("the statement counts more kept and late cases than there are")
    if not isinstance(share, (int, float)) or isinstance(share, bool) or not _holds(share, kept, cases):
        raise EvidenceFileError("the statement claims a bound above the one that its counts give")
    if not _text(raw, "says").startswith(f"Kept in {kept} of {cases} cases" if cases else "No case was due"):
        raise EvidenceFileError("a sentence of the statement is not about its counts")
    if not _HEX.match(policy) or not _CONTROL.match(control):
        raise EvidenceFileError("a promise of the statement names no policy or no control")
    binding, longest = raw.get("binding"), _times(raw)
    if not isinstance(binding, bool):
        raise EvidenceFileError("a promise of the statement is malformed")
    return Counted(
        _text(raw, "clock"), control, policy, _count(raw, "line"), _text(raw, "limit"), binding, _text(raw, "severity"), cases, kept, late,
        _count(raw, "pending"), _count(raw, "cancelled"), float(share), longest,
    )  # fmt: skip
