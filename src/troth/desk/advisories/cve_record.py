"""Draft of a CVE record, format 5.2 (https://github.com/CVEProject/cve-schema): for a CNA, or to send with a request for an id.

Rules of the format that bite: an affected product needs vendor and product, or collection and package; and versions or a default status; English text; a reference.
"""

from __future__ import annotations

from typing import Final

from troth.desk.advisories.advisory import Advisory, Branch, Status, demand, distinct, utc
from troth.desk.advisories.cvss import base_score, rating
from troth.ledger.record import Json

__all__ = ["COLLECTIONS", "cna_container", "cve_record"]

COLLECTIONS: Final = {
    "PyPI": "https://pypi.python.org",
    "npm": "https://registry.npmjs.org",
    "crates.io": "https://crates.io",
    "RubyGems": "https://rubygems.org",
    "Maven": "https://repo.maven.apache.org/maven2",
    "Go": "https://golang.org/pkg",
    "NuGet": "https://nuget.org/packages",
    "Packagist": "https://packagist.org",
    "Hex": "https://repo.hex.pm",
    "Pub": "https://pub.dev",
}
"""Ecosystem as OSV names it -> the collection's address as the CVE format's own list writes it."""
_TAGS: Final = {"advisory": "vendor-advisory", "fix": "patch", "report": "issue-tracking", "article": "technical-description", "package": "product"}
_ROLES: Final = {"finder": "finder", "reporter": "reporter", "coordinator": "coordinator", "remediation developer": "remediation developer", "analyst": "analyst", "tool": "tool"}


def cve_record(advisory: Advisory) -> dict[str, Json]:
    """The whole record.

    Raises:
        DeskError: without a CVE id, the UUID of a CNA, a reference or a description.
    """
    demand(advisory, {"a CVE id": bool(advisory.cve), "the UUID of a CNA": bool(advisory.publisher.cna_id)}, "the CVE record")
    metadata: dict[str, Json] = {"cveId": advisory.cve, "assignerOrgId": advisory.publisher.cna_id, "state": "PUBLISHED", "dateUpdated": utc(advisory.modified)}
    if advisory.publisher.cna_name:
        metadata["assignerShortName"] = advisory.publisher.cna_name
    if advisory.published is not None:
        metadata["datePublished"] = utc(advisory.published)
    return {"dataType": "CVE_RECORD", "dataVersion": "5.2.0", "cveMetadata": metadata, "containers": {"cna": cna_container(advisory)}}


def cna_container(advisory: Advisory) -> dict[str, Json]:
    """What a CNA submits: the container alone.

    Raises:
        DeskError: without a description or a reference.
    """
    demand(advisory, {"a description": bool(advisory.details.strip()), "a reference": bool(advisory.references), "a version line": bool(advisory.branches)}, "the CVE record")
    provider: dict[str, Json] = {"orgId": advisory.publisher.cna_id or "00000000-0000-4000-8000-000000000000"}
    if advisory.publisher.cna_name:
        provider["shortName"] = advisory.publisher.cna_name
    found: dict[str, Json] = {
        "providerMetadata": provider,
        "title": advisory.title[:256],
        "descriptions": [{"lang": "en", "value": advisory.details[:4096]}],
        "affected": [_affected(advisory)],
        "references": [{"url": one.url, **({"tags": [_TAGS[one.kind]]} if one.kind in _TAGS else {})} for one in advisory.references],
        "source": {"discovery": "EXTERNAL" if any(one.role in ("finder", "reporter") for one in advisory.credits) else "UNKNOWN"},
    }
    if advisory.published is not None:
        found["datePublic"] = utc(advisory.published)
    if advisory.weaknesses:
        found["problemTypes"] = [
            {"descriptions": [{"lang": "en", "type": "CWE", "cweId": identity, "description": f"{identity} {name}".strip()}]} for identity, name in advisory.weaknesses
        ]
    for name, text in (("workarounds", advisory.workaround), ("solutions", advisory.solution)):
        if text:
            found[name] = [{"lang": "en", "value": text[:4096]}]
    if advisory.credits:
        found["credits"] = [{"lang": "en", "value": one.name, "type": _ROLES.get(one.role, "other")} for one in advisory.credits]
    score = base_score(advisory.cvss)
    if score is not None:
        version = advisory.cvss[5:8]
        found["metrics"] = [
            {"format": "CVSS", f"cvssV{version.replace('.', '_')}": {"version": version, "vectorString": advisory.cvss, "baseScore": score, "baseSeverity": rating(score)}}
        ]
    return found


def _affected(advisory: Advisory) -> Json:
    package = advisory.package
    found: dict[str, Json] = {"vendor": advisory.publisher.name, "product": package.name, "defaultStatus": "unaffected", "versions": distinct(_version(one) for one in advisory.branches)}
    collection = COLLECTIONS.get(package.ecosystem)
    if collection is not None:
        found |= {"collectionURL": collection, "packageName": package.name}
    if package.purl:
        found["packageURL"] = package.purl
    if package.repository:
        found["repo"] = package.repository
    return found


def _version(branch: Branch) -> Json:
    if branch.status is Status.FIXED and branch.fixed:
        return {"version": branch.introduced, "status": "affected", "lessThan": branch.fixed, "versionType": "custom"}
    if branch.status is Status.AFFECTED:
        return {"version": branch.introduced, "status": "affected", "lessThan": "*", "versionType": "custom"} if branch.introduced != "0" else {"version": branch.line, "status": "affected"}
    return {"version": branch.line, "status": "unknown" if branch.status is Status.UNDER_INVESTIGATION else "unaffected"}
