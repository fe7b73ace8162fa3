"""What a desk's records say about one promise of a policy.

Rules: a record counts for a sentence only if it was made under this very text of the policy and for this very line; without a decided case it says nothing; a miss
is a miss, also one that is still open. At least half kept is Partly, less is Broken; an aim is never Broken.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from troth.judgement.policy_scope import said, twin_of
from troth.terms.facts.desk_records import DeskRecord, DeskRecords
from troth.terms.facts.policies import PolicySet
from troth.terms.place import Place
from troth.terms.promise import Statement
from troth.terms.verdict import Broken, Evidence, How, Kept, Partly, Unknown, Verdict

__all__ = ["weigh_records"]


def weigh_records(control: str, statement: Statement, policies: PolicySet, records: DeskRecords) -> Verdict | None:
    """The verdict that a desk's statement gives; None where nobody named one.

    Args:
        control: whose promise it is.
        statement: the sentence.
        policies: to find the text in which it stands.
        records: what the desk's statement says.
    """
    if not records.path:
        return None
    here = (said(statement, "The promise stands here."),)
    if records.because:
        return Unknown(records.missing, records.because, here)
    own = [one for one in records.records if one.control == control]
    told = [one for one in own if one.policy == _digest(statement, policies) and one.line in statement.lines]
    if not told:
        because = "The desk's statement was made under another text of the policy." if own else "The desk's statement does not count this promise."
        return Unknown("a statement of the desk about this sentence", because, here)
    return _weigh(told, statement, records)


def _digest(statement: Statement, policies: PolicySet) -> str:
    file = policies.file(statement.path) or twin_of(statement.path, policies)
    return hashlib.sha256(file.text.encode("utf-8", "surrogatepass")).hexdigest() if file is not None else ""


def _weigh(told: Sequence[DeskRecord], statement: Statement, records: DeskRecords) -> Verdict:
    cases, kept = sum(one.cases for one in told), sum(one.kept for one in told)
    period = f"{records.since:%Y-%m-%d} to {records.until:%Y-%m-%d}" if records.since and records.until else "its period"
    if not cases:
        waiting = sum(one.pending for one in told)
        because = f"No case of {period} was due yet" + (f"; {waiting} are running." if waiting else ".")
        return Unknown("a case whose time has come", because, (said(statement, "The promise stands here."),))
    evidence = tuple(_evidence(one, records, period) for one in told)
    if kept == cases:
        return Kept(evidence, f"Kept in all {cases} cases of {period}, says the desk's statement, signed by {records.signer[:16]}.")
    because = f"Kept in {kept} of {cases} cases of {period}, says the desk's own statement."
    mend = "Give a time that holds (troth desk promise), or more hands."
    if 2 * kept >= cases or not any(one.binding for one in told):
        return Partly(How.INCOMPLETE, evidence, because, mend)
    return Broken(How.INCOMPLETE, evidence, because, mend)


def _evidence(one: DeskRecord, records: DeskRecords, period: str) -> Evidence:
    severity = f" ({one.severity})" if one.severity not in ("", "any") else ""
    late = f", {one.overdue_open} late and still open" if one.overdue_open else ""
    says = f"{one.kept} of {one.cases} within {one.limit}{severity} in {period}{late}; with 95 % confidence at least {one.at_least * 100:.1f} %."
    return Evidence(says, Place(records.path, 1), source=f"signed by {records.signer}, {records.at:%Y-%m-%d}" if records.at else None)
