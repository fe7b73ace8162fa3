"""Draft in the shape of a repository security advisory of GitHub (REST API, `POST /repos/{owner}/{repo}/security-advisories`): a file for whoever has the rights there.

Rules of the shape that bite: a severity or a vector, never both; a credit is a login, not a name; ecosystems are words of GitHub's own; a range is written with
comparisons, and the versions that are patched stand beside it. What has no place there (what is under investigation, a name without a login) is left out.
"""

from __future__ import annotations

import re
from typing import Final

from troth.desk.advisories.advisory import Advisory, Branch, Status, demand
from troth.ledger.record import Json

__all__ = ["ghsa"]

_ECOSYSTEMS: Final = {
    "PyPI": "pip", "npm": "npm", "crates.io": "rust", "RubyGems": "rubygems", "Maven": "maven", "Go": "go", "NuGet": "nuget", "Packagist": "composer", "Hex": "erlang", "Pub": "pub",
}  # fmt: skip
_ROLES: Final = frozenset({"analyst", "finder", "reporter", "coordinator", "remediation developer", "remediation reviewer", "remediation verifier", "tool", "sponsor"})
_LOGIN: Final = re.compile(r"(?:@|https://github\.com/)([A-Za-z0-9](?:[A-Za-z0-9]|-(?=[A-Za-z0-9])){0,38})/?\Z")
_SEVERITIES: Final = frozenset({"critical", "high", "medium", "low"})
_SUMMARY: Final = 1024
_TEXT: Final = 65_535


def ghsa(advisory: Advisory) -> dict[str, Json]:
    """The draft.

    Raises:
        DeskError: there are no words, or no version that is affected.
    """
    affected = [one for one in advisory.branches if one.status in (Status.AFFECTED, Status.FIXED)]
    demand(advisory, {"a title": bool(advisory.title.strip()), "a description": bool(advisory.details.strip()), "an affected version": bool(affected)}, "the GitHub draft")
    draft: dict[str, Json] = {
        "summary": advisory.title[:_SUMMARY],
        "description": advisory.details[:_TEXT],
        "cve_id": advisory.cve or None,
        "vulnerabilities": [_affected(advisory, one) for one in affected],
        "cwe_ids": [identity for identity, _name in advisory.weaknesses],
        "start_private_fork": False,
    }
    if advisory.cvss:
        draft["cvss_vector_string"] = advisory.cvss
    elif advisory.severity in _SEVERITIES:
        draft["severity"] = advisory.severity
    logins = [(found.group(1), one.role) for one in advisory.credits for found in [_LOGIN.match(one.contact or one.name)] if found]
    if logins:
        draft["credits"] = [{"login": login, "type": role.replace(" ", "_") if role in _ROLES else "other"} for login, role in logins]
    return draft


def _affected(advisory: Advisory, branch: Branch) -> Json:
    package: dict[str, Json] = {"ecosystem": _ECOSYSTEMS.get(advisory.package.ecosystem, "other"), "name": advisory.package.name}
    return {"package": package, "vulnerable_version_range": _range(branch), "patched_versions": branch.fixed or None, "vulnerable_functions": []}


def _range(branch: Branch) -> str:
    """A line as comparisons: what is known of its beginning and its end, and the line's own name where neither is."""
    parts = [f">= {branch.introduced}"] if branch.introduced not in ("", "0") else []
    parts += [f"< {branch.fixed}"] if branch.fixed else []
    return ", ".join(parts) or branch.line
