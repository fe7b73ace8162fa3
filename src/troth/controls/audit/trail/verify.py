"""Judges an audit trail from its tables: rows that the code itself changes or deletes are no tamper-evident record. All else is not decided yet."""

from __future__ import annotations

import re

from troth.judgement.policy_scope import for_users
from troth.terms.facts.data_fields import DataFields
from troth.terms.promise import Statement
from troth.terms.verdict import How, Partly, Unknown, Verdict

_ASIDE = re.compile(r"(?:^|/)(?:dev|seeds?|tests?|fixtures?|examples?|demo)/|(?:^|/)seed[\w-]*\.(?:sql|py|ts|js)\Z")
_TIDIES = re.compile(r"\bdelete\b.*<|\b(?:retention|older|expir|purge|cutoff)", re.IGNORECASE)
"""Takes away what is older than it has to be kept: a trail ends somewhere, and that is no change of what it says."""


def verify(statement: Statement, fields: DataFields) -> Verdict:
    """Never Kept: that every execution is recorded takes a run with probes. Partly where recorded rows are changed afterwards."""
    advice = for_users(statement, "keep records")
    if advice is not None:
        return advice
    writes = [field for field in fields.audit_writes if not _ASIDE.search(field.evidence.place.path) and not _TIDIES.search(field.evidence.text)]
    if writes and fields.audit_tables:
        tables = {field.name.rpartition(".")[2].lower() for field in fields.audit_tables}
        writes = [field for field in writes if field.name.rpartition(".")[2].lower() in tables] or writes
        evidence = tuple(field.evidence for field in (*writes[:4], *fields.audit_tables[:2]))
        because = (
            "There is a table of audit records, and the code changes or deletes its rows: it is no append-only chain."
        )
        return Partly(How.BYPASSED, evidence, because, "Append only; chain the records, and sign the chain's end.")
    return Unknown(
        "a run with probes that follow an execution into its record",
        "Whether every execution leaves a record cannot be told from the text of the code.",
    )
