"""A job as JSON data: the one form in which the command line and the board's API show it."""

from __future__ import annotations

import json
from datetime import UTC, datetime

from troth.jobs.job import Job

__all__ = ["as_json"]


def as_json(job: Job) -> dict[str, object]:
    """A job as JSON data; docs/fix.md describes it."""
    request = json.loads(job.content)
    diff = job.diff
    return {
        "id": job.id, "project": str(job.tenant), "type": job.type, "category": job.category.name.lower().replace("_", "-"), "state": job.state.value, "reason": job.reason,
        "requester": job.requester, "risk": request["risk"], "submitted_at": _time(job.submitted_at), "evidence": request["evidence"], "attempt": job.attempt,
        "plan": None if diff is None else {
            "summary": diff.summary, "sha256": diff.sha256, "basis": diff.basis,
            "changes": [{"target": one.target, "action": one.action, "text": one.text, "before": one.before, "after": one.after} for one in diff.changes],
        },
        "outcome": None if job.outcome is None else {"summary": job.outcome.summary, "facts": dict(job.outcome.facts)},
    }  # fmt: skip


def _time(milliseconds: int) -> str:
    return datetime.fromtimestamp(milliseconds / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
