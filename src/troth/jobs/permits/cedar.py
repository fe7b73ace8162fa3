"""Who may approve what, as a Cedar policy (https://www.cedarpolicy.com): optional, and never wider than the roster.

    permit(principal, action == Action::"approve", resource) when { principal.roles.contains("security") && resource.category == "action" };

The policies are parsed once. Cedar denies what nothing permits; an error in a policy denies too. `cedarpy` is an extra (`troth[cedar]`).
"""

from __future__ import annotations

from typing import Any, Final

from troth.errors import LookError
from troth.jobs.permits.roster import Approver
from troth.jobs.permits.verify import Wanted
from troth.jobs.refusals import RosterError

__all__ = ["CedarPolicy"]

_LIMIT: Final = 256 * 1024


class CedarPolicy:
    """A set of policies, asked for each approver of a job.

    Args:
        text: the policies.

    Raises:
        LookError: the extra is not installed.
        RosterError: `cedar`: the text is no policy, or holds none.
    """

    def __init__(self, text: str) -> None:
        try:
            import cedarpy
        except ImportError as error:
            raise LookError("the extra troth[cedar]", "Cedar policies cannot be read.") from error
        if len(text) > _LIMIT:
            raise RosterError("cedar", "The policies are too long.")
        self._cedar: Any = cedarpy
        try:
            self._policies: Any = cedarpy.PolicySet.from_str(text)
        except ValueError as error:
            raise RosterError("cedar", "The policies are not Cedar.") from error

    def __call__(self, approver: Approver, wanted: Wanted) -> bool:
        """Whether a policy permits, and none forbids, that `approver` approves `wanted`."""
        category = wanted.category.name.lower().replace("_", "-")
        tenant = f"{wanted.tenant.id}/{wanted.tenant.project}"
        entities = [
            {"uid": {"type": "Approver", "id": approver.id}, "attrs": {"roles": sorted(approver.roles)}, "parents": []},
            {
                "uid": {"type": "Job", "id": wanted.sha256},
                "attrs": {"type": wanted.job_type, "category": category, "tenant": tenant, "requester": wanted.requester},
                "parents": [],
            },
        ]
        asked = {
            "principal": {"type": "Approver", "id": approver.id},
            "action": {"type": "Action", "id": "approve"},
            "resource": {"type": "Job", "id": wanted.sha256},
            "context": {},
        }
        answer = self._cedar.is_authorized(asked, self._policies, entities)
        return bool(answer.allowed) and not answer.diagnostics.errors
