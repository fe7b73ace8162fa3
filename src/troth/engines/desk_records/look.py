"""A desk's signed statement as facts: what it counts, or why it counts for nothing.

Rules: only a statement that the settings name, that a key of the settings signed, that is not older than they allow, and that is of this project says anything.
A statement that is missing, changed or stale is no failure of the run: it is the reason for which a promise stays undecided.
"""

from __future__ import annotations

from datetime import timedelta

from troth.errors import EvidenceFileError, UsageError
from troth.ledger.desk_statement import Counted, DeskStatement, verify_desk_statement
from troth.terms.facts.clock import Clock
from troth.terms.facts.desk_records import DeskRecord, DeskRecords, DeskSource
from troth.terms.facts.tree import Tree

__all__ = ["look"]

_NAMED = "a desk's signed statement, named in the settings ([desk])"


def look(tree: Tree, source: DeskSource, clock: Clock) -> DeskRecords:
    """What the statement says, or what is wrong with it."""
    if not source.path:
        return DeskRecords(missing=_NAMED, because="")
    data = tree.reader(source.path) if source.path in tree.files else None
    if data is None:
        return _nothing(source, f"{source.path}, which the settings name, cannot be read.")
    try:
        told = verify_desk_statement(data, trusted_id=source.key_id)
    except (EvidenceFileError, UsageError) as error:
        return _nothing(source, f"{source.path} does not verify: {error}.")
    if clock.now - told.at > timedelta(days=source.max_age_days):
        return _nothing(source, f"{source.path} was made on {told.at:%Y-%m-%d}, more than {source.max_age_days} days ago.", "a newer statement of the desk")
    if told.at > clock.now + timedelta(days=1):
        return _nothing(source, f"{source.path} was made in the future, on {told.at:%Y-%m-%d}.")
    if tree.origin and told.project and tree.origin.lower() != told.project.lower():
        return _nothing(source, f"{source.path} is the statement of {told.project}, not of {tree.origin}.")
    return _records(source, told)


def _nothing(source: DeskSource, because: str, missing: str = "a statement of the desk that verifies") -> DeskRecords:
    return DeskRecords(missing=missing, because=because, path=source.path)


def _records(source: DeskSource, told: DeskStatement) -> DeskRecords:
    records = tuple(_record(one) for one in told.counted if one.control)
    return DeskRecords(records, "", "", source.path, told.signer, told.at, told.since, told.until, frozenset(one.policy for one in records))


def _record(one: Counted) -> DeskRecord:
    return DeskRecord(one.control, one.policy, one.line, one.limit, one.binding, one.severity, one.cases, one.kept, one.overdue_open, one.pending, one.at_least, one.longest)
