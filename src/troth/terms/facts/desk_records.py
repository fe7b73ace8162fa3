"""What a desk's signed statement says about how promises to reporters were kept."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

__all__ = ["DeskRecord", "DeskRecords", "DeskSource"]


@dataclass(frozen=True, slots=True)
class DeskSource:
    """Where a check finds a desk's statement, and whom it believes.

    Attributes:
        path: of the statement, in the judged tree; empty where nobody named one.
        key_id: SHA-256 of the public key that has to have signed it, hex.
        max_age_days: how old it may be.
    """

    path: str = ""
    key_id: str = ""
    max_age_days: int = 100


@dataclass(frozen=True, slots=True)
class DeskRecord:
    """One promise, counted.

    Attributes:
        control: the control whose promise it is, `report/ack-within`.
        policy: digest of the policy's text. line: of the sentence in it.
        limit: ISO 8601. binding: a limit, not an aim. severity: for fixes; `any` or empty else.
        cases: decided. kept: in time. overdue_open: late and still open. pending: not yet due.
        at_least: share kept at the least, with 95 % confidence.
        longest: the longest time, seconds.
    """

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
    at_least: float
    longest: float | None


@dataclass(frozen=True, slots=True)
class DeskRecords:
    """A statement that was verified, or why there is none.

    Attributes:
        records: what it says; empty where there is none.
        missing, because: what it would take, and what is wrong; empty where everything is well.
        path, line: the statement in the tree.
        signer: id of the key. at: when it was made. since, until: the period it covers.
    """

    records: tuple[DeskRecord, ...] = ()
    missing: str = ""
    because: str = ""
    path: str = ""
    signer: str = ""
    at: datetime | None = None
    since: datetime | None = None
    until: datetime | None = None
    policies: frozenset[str] = field(default_factory=frozenset)
