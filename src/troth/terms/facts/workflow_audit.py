"""What an auditor of workflows beside our own model found; a second opinion, which can take a Kept away and never give one."""

from __future__ import annotations

from dataclasses import dataclass

from troth.terms.place import Place

__all__ = ["AuditFinding", "WorkflowAudit"]


@dataclass(frozen=True, slots=True)
class AuditFinding:
    """One finding.

    Attributes:
        audit: the auditor's name of the rule (`template-injection`).
        severity: `High`, `Medium`, `Low` or `Informational`.
        confidence: `High`, `Medium` or `Low`.
        place: where.
        says: the auditor's remark on that place, one line.
        ignored: a comment in the file or its author's configuration asks to overlook it.
    """

    audit: str
    severity: str
    confidence: str
    place: Place
    says: str
    ignored: bool = False


@dataclass(frozen=True, slots=True)
class WorkflowAudit:
    """Always there; empty with a reason where no audit was made.

    Attributes:
        findings: in the auditor's order.
        version: of the auditor; "" where none ran.
        missing: what would be needed for an audit; "" where there was one.
        because: why there was none; "" where there was one.
    """

    findings: tuple[AuditFinding, ...] = ()
    version: str = ""
    missing: str = ""
    because: str = ""

    def grave(self, *audits: str) -> tuple[AuditFinding, ...]:
        """Findings of those audits that the auditor is sure of and thinks grave, ignored ones too: a comment is no remedy."""
        return tuple(
            one for one in self.findings if one.audit in audits and one.severity == "High" and one.confidence == "High"
        )
