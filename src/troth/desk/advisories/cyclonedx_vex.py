"""Draft in CycloneDX 1.7 (https://cyclonedx.org/): a document of one component and one vulnerability with its analysis."""

from __future__ import annotations

import uuid
from typing import Final

from troth.desk.advisories.advisory import Advisory, Status, demand, utc
from troth.desk.advisories.cvss import base_score, rating
from troth.ledger.record import Json

__all__ = ["cyclonedx_vex"]

_STATE: Final = {Status.AFFECTED: "exploitable", Status.FIXED: "resolved", Status.NOT_AFFECTED: "not_affected", Status.UNDER_INVESTIGATION: "in_triage"}
_AFFECTED: Final = {Status.AFFECTED: "affected", Status.FIXED: "unaffected", Status.NOT_AFFECTED: "unaffected", Status.UNDER_INVESTIGATION: "unknown"}
_SPACE: Final = uuid.UUID("7d4e2a53-0f0e-5c0e-9c2b-1f9f3f0d6a11")
_REF: Final = "product"


def cyclonedx_vex(advisory: Advisory) -> dict[str, Json]:
    """The draft; its serial number follows from the id and the revision, so that the same draft is made twice the same.

    Raises:
        DeskError: the product has no name, or there is no version line.
    """
    demand(advisory, {"a product's name": bool(advisory.package.name), "a version line": bool(advisory.branches)}, "the CycloneDX draft")
    component: dict[str, Json] = {"type": "application", "bom-ref": _REF, "name": advisory.package.name}
    if advisory.package.purl:
        component["purl"] = advisory.package.purl
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.7",
        "serialNumber": f"urn:uuid:{uuid.uuid5(_SPACE, f'{advisory.publisher.namespace}|{advisory.id}')}",
        "version": max(1, advisory.revision),
        "metadata": {"timestamp": utc(advisory.modified), "component": component},
        "vulnerabilities": [_vulnerability(advisory)],
    }


def _vulnerability(advisory: Advisory) -> Json:
    versions: list[Json] = [{"version": one.fixed or one.line, "status": _AFFECTED[one.status]} for one in advisory.branches]
    found: dict[str, Json] = {
        "id": advisory.cve or advisory.id,
        "source": {"name": advisory.publisher.name, "url": advisory.publisher.namespace},
        "description": advisory.title,
        "detail": advisory.details,
        "created": utc(advisory.created),
        "updated": utc(advisory.modified),
        "analysis": _analysis(advisory),
        "affects": [{"ref": _REF, "versions": versions}],
    }
    if advisory.published is not None:
        found["published"] = utc(advisory.published)
    if advisory.workaround:
        found["workaround"] = advisory.workaround
    if advisory.solution:
        found["recommendation"] = advisory.solution
    if advisory.weaknesses:
        found["cwes"] = [int(identity.removeprefix("CWE-")) for identity, _ in advisory.weaknesses]
    if advisory.references:
        found["advisories"] = [{"url": one.url} for one in advisory.references]
    if advisory.credits:
        found["credits"] = {"individuals": [{"name": one.name} for one in advisory.credits]}
    return {**found, **_ratings(advisory)}


def _ratings(advisory: Advisory) -> dict[str, Json]:
    score = base_score(advisory.cvss)
    if score is not None:
        method = "CVSSv31" if advisory.cvss.startswith("CVSS:3.1") else "CVSSv3"
        return {"ratings": [{"score": score, "severity": rating(score).lower(), "method": method, "vector": advisory.cvss}]}
    if advisory.cvss.startswith("CVSS:4"):
        return {"ratings": [{"method": "CVSSv4", "vector": advisory.cvss}]}
    return {"ratings": [{"severity": advisory.severity}]} if advisory.severity else {}


def _analysis(advisory: Advisory) -> Json:
    """One state for the product: the worst of its lines; what is affected and will be fixed says so."""
    order = (Status.AFFECTED, Status.UNDER_INVESTIGATION, Status.FIXED, Status.NOT_AFFECTED)
    worst = min((one.status for one in advisory.branches), key=order.index)
    found: dict[str, Json] = {"state": _STATE[worst], "firstIssued": utc(advisory.published or advisory.modified), "lastUpdated": utc(advisory.modified)}
    reasons = "; ".join(f"{one.line}: {one.reason}" for one in advisory.branches if one.reason)
    if worst in (Status.AFFECTED, Status.FIXED):
        found["response"] = ["update"] if any(one.fixed for one in advisory.branches) else ["workaround_available"] if advisory.workaround else ["can_not_fix" if reasons else "update"]
    return {**found, **({"detail": reasons} if reasons else {})}
