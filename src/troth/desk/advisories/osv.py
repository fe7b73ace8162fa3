"""Draft in the OSV format, 1.7 (https://ossf.github.io/osv-schema/): for package ecosystems.

Rules of the format that bite: an id without a registered prefix starts with `x_`; times end in `Z`; a range holds `introduced`, and `fixed` or nothing.
"""

from __future__ import annotations

import re
from typing import Final

from troth.desk.advisories.advisory import Advisory, Branch, Status, demand, utc
from troth.ledger.record import Json

__all__ = ["osv"]

SCHEMA_VERSION: Final = "1.7.5"
_REGISTERED: Final = re.compile(r"(?:CVE|GHSA|PYSEC|RUSTSEC|GO|OSV|MAL|GSD|HSEC|JLSEC|RSEC)-")
_REFERENCE: Final = {"advisory": "ADVISORY", "fix": "FIX", "report": "REPORT", "article": "ARTICLE", "package": "PACKAGE"}
_ROLE: Final = {"finder": "FINDER", "reporter": "REPORTER", "coordinator": "COORDINATOR", "remediation developer": "REMEDIATION_DEVELOPER", "analyst": "ANALYST", "tool": "TOOL"}


def osv(advisory: Advisory) -> dict[str, Json]:
    """The draft.

    Raises:
        DeskError: no ecosystem is named: OSV speaks of packages.
    """
    demand(advisory, {"an ecosystem": bool(advisory.package.ecosystem), "a package's name": bool(advisory.package.name)}, "the OSV draft")
    draft: dict[str, Json] = {
        "schema_version": SCHEMA_VERSION,
        "id": _id(advisory.id),
        "modified": utc(advisory.modified),
        "summary": advisory.title,
        "details": advisory.details,
        "affected": [_affected(advisory)],
        "references": [{"type": _REFERENCE.get(one.kind, "WEB"), "url": one.url} for one in advisory.references],
    }
    if advisory.aliases:
        draft["aliases"] = list(advisory.aliases)
    if advisory.published is not None:
        draft["published"] = utc(advisory.published)
    if advisory.withdrawn is not None:
        draft["withdrawn"] = utc(advisory.withdrawn)
    if advisory.cvss:
        draft["severity"] = [{"type": "CVSS_V4" if advisory.cvss.startswith("CVSS:4") else "CVSS_V3", "score": advisory.cvss}]
    if advisory.credits:
        draft["credits"] = [{"name": one.name, "type": _ROLE.get(one.role, "OTHER"), **({"contact": [one.contact]} if one.contact else {})} for one in advisory.credits]
    return draft


def _id(name: str) -> str:
    if _REGISTERED.match(name) or name.startswith("x_"):
        return name
    return "x_" + name.lower()


def _affected(advisory: Advisory) -> Json:
    package: dict[str, Json] = {"ecosystem": advisory.package.ecosystem, "name": advisory.package.name}
    if advisory.package.purl:
        package["purl"] = advisory.package.purl
    ranges: list[Json] = [{"type": "ECOSYSTEM", "events": _events(one)} for one in advisory.branches if one.status in (Status.AFFECTED, Status.FIXED)]
    found: dict[str, Json] = {"package": package, "ranges": ranges}
    if advisory.weaknesses:
        found["database_specific"] = {"cwe_ids": [identity for identity, _ in advisory.weaknesses]}
    return found


def _events(branch: Branch) -> list[Json]:
    events: list[Json] = [{"introduced": branch.introduced}]
    return [*events, {"fixed": branch.fixed}] if branch.fixed else events
