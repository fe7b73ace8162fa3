"""zizmor as an embedded engine: a second opinion on workflows."""

from __future__ import annotations

from troth.engines.workflow_audit.zizmor import look

__all__ = ["look"]
