"""Draft in OpenVEX 0.2.0 (https://github.com/openvex/spec): the status of each version line, for scanners.

Rules of the format that bite: `not_affected` needs a justification or a statement of impact; `affected` needs a statement of what to do.
"""

from __future__ import annotations

from troth.desk.advisories.advisory import Advisory, Branch, Status, demand, distinct, utc
from troth.ledger.record import Json

__all__ = ["openvex", "product_of"]


def product_of(advisory: Advisory, branch: Branch) -> str:
    """Package URL of a version line; a page of the publisher where the package has no package URL."""
    version = (branch.fixed if branch.status is Status.FIXED else "") or branch.line
    if advisory.package.purl:
        return f"{advisory.package.purl}@{_escaped(version)}"
    return f"{advisory.publisher.namespace.rstrip('/')}/{_escaped(advisory.package.name)}@{_escaped(version)}"


def _escaped(text: str) -> str:
    """A version or a name as part of a URL."""
    return "".join(char if char.isascii() and (char.isalnum() or char in "._-~") else "".join(f"%{byte:02X}" for byte in char.encode("utf-8", "replace")) for char in text)


def openvex(advisory: Advisory) -> dict[str, Json]:
    """The draft.

    Raises:
        DeskError: there is no version line to speak of.
    """
    demand(advisory, {"a version line": bool(advisory.branches), "a publisher's web address": bool(advisory.publisher.namespace)}, "the OpenVEX draft")
    statements = distinct(_statement(advisory, one) for one in advisory.branches)
    return {
        "@context": "https://openvex.dev/ns/v0.2.0",
        "@id": f"{advisory.publisher.namespace.rstrip('/')}/vex/{_escaped(advisory.id)}",
        "author": advisory.publisher.name,
        "role": "maintainer",
        "timestamp": utc(advisory.published or advisory.modified),
        "last_updated": utc(advisory.modified),
        "version": max(1, advisory.revision),
        "tooling": "troth",
        "statements": statements,
    }


def _statement(advisory: Advisory, branch: Branch) -> Json:
    vulnerability: dict[str, Json] = {"name": advisory.cve or advisory.id}
    others = [name for name in (advisory.id, *advisory.aliases) if name != vulnerability["name"]]
    if others:
        vulnerability["aliases"] = list(others)
    product: dict[str, Json] = {"@id": product_of(advisory, branch)}
    if advisory.package.purl:
        product["identifiers"] = {"purl": product_of(advisory, branch)}
    found: dict[str, Json] = {"vulnerability": vulnerability, "products": [product], "status": branch.status.value, "timestamp": utc(advisory.modified)}
    if branch.status is Status.NOT_AFFECTED:
        found["impact_statement"] = branch.reason or "The vulnerable code is not in this line."
    if branch.status is Status.AFFECTED:
        found["action_statement"] = advisory.workaround or advisory.solution or branch.reason or "No fix is available yet; see the advisory."
    return found
