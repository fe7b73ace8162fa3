"""What a second auditor's grave findings do to a Kept: they take it away; they never give one, and they never break what we could not decide."""

from __future__ import annotations

from troth.terms.facts.workflow_audit import WorkflowAudit
from troth.terms.verdict import Evidence, How, Kept, Partly, Verdict

__all__ = ["doubted"]

_MOST = 6


def doubted(verdict: Verdict, audit: WorkflowAudit, *audits: str, paths: tuple[str, ...] = ()) -> Verdict:
    """The verdict, after a second auditor has been heard.

    Args:
        verdict: ours.
        audit: the second auditor's findings.
        audits: the auditor's rules that speak of the same promise.
        paths: only findings in these files count; all where it is empty.
    """
    grave = [one for one in audit.grave(*audits) if not paths or one.place.path in paths]
    if not isinstance(verdict, Kept) or not grave:
        return verdict
    evidence = tuple(Evidence(f"{audit.version} ({one.audit}): {one.says}.", one.place) for one in grave[:_MOST])
    because = f"{verdict.because} But {audit.version} is sure of a grave flaw in the same workflows ({grave[0].audit})."
    return Partly(How.INCOMPLETE, (*evidence, *verdict.evidence), because, "Mend what the auditor shows, or show why it is none.")
