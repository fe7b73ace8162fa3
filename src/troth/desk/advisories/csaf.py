"""Draft in CSAF 2.0 (OASIS standard), profile `csaf_security_advisory`.

Rules of the standard that bite (section 6.1): every product id that is used is defined, once; no product has two contradicting states; a score stands with its
products; the revision history is ascending and ends with the tracking version; a draft has version 0, a final document at least 1; a weakness carries MITRE's
own name or is left out; each affected product has a remediation. Version 2.1 is not final and not written here.
"""

from __future__ import annotations

from typing import Final

from troth.desk.advisories.advisory import Advisory, Branch, Status, demand, utc
from troth.desk.advisories.cvss import base_score, rating
from troth.ledger.record import Json

__all__ = ["csaf"]

_PRODUCT_STATUS: Final = {Status.AFFECTED: "known_affected", Status.FIXED: "fixed", Status.NOT_AFFECTED: "known_not_affected", Status.UNDER_INVESTIGATION: "under_investigation"}
_REFERENCE: Final = frozenset({"advisory"})


def csaf(advisory: Advisory) -> dict[str, Json]:
    """The draft.

    Raises:
        DeskError: no title, description, version line or web address of the publisher.
    """
    needs = {
        "a title": bool(advisory.title.strip()),
        "a description": bool(advisory.details.strip()),
        "a version line": bool(advisory.branches),
        "a publisher's web address": bool(advisory.publisher.namespace),
    }
    demand(advisory, needs, "the CSAF draft")
    return {"document": _document(advisory), "product_tree": {"branches": [_tree(advisory)]}, "vulnerabilities": [_vulnerability(advisory)]}


def _document(advisory: Advisory) -> Json:
    first = (advisory.published or advisory.modified) if advisory.revision else advisory.modified
    current = advisory.modified if advisory.revision > 1 else first
    history: list[Json] = [{"date": utc(first), "number": "1" if advisory.revision else "0", "summary": "First publication." if advisory.revision else "Draft."}]
    for number in range(2, advisory.revision + 1):
        history.append({"date": utc(current), "number": str(number), "summary": "Withdrawn." if advisory.withdrawn and number == advisory.revision else "Corrected."})
    publisher: dict[str, Json] = {"category": "vendor", "name": advisory.publisher.name, "namespace": advisory.publisher.namespace}
    if advisory.publisher.contact:
        publisher["contact_details"] = advisory.publisher.contact
    tracking: dict[str, Json] = {
        "id": advisory.id,
        "status": "final" if advisory.revision else "draft",
        "version": str(advisory.revision),
        "initial_release_date": utc(first),
        "current_release_date": utc(current),
        "revision_history": history,
        "generator": {"engine": {"name": "troth"}},
    }
    aliases = [name for name in advisory.aliases if name != advisory.id]
    if aliases:
        tracking["aliases"] = list(aliases)
    document: dict[str, Json] = {
        "category": "csaf_security_advisory",
        "csaf_version": "2.0",
        "lang": advisory.language,
        "title": advisory.title,
        "publisher": publisher,
        "tracking": tracking,
        "notes": [{"category": "summary", "text": advisory.title, "title": "Summary"}],
        "distribution": {"tlp": {"label": "WHITE"}} if advisory.revision else {"tlp": {"label": "RED"}, "text": "Draft under embargo: do not pass on."},
    }
    if advisory.references:
        document["references"] = [{"category": "self" if one.kind in _REFERENCE else "external", "summary": one.kind, "url": one.url} for one in advisory.references]
    if advisory.credits:
        document["acknowledgments"] = [{"names": [one.name], **({"urls": [one.contact]} if one.contact.startswith("https://") else {})} for one in advisory.credits]
    return document


def _product_id(branch: Branch) -> str:
    return "line-" + "".join(char if char.isalnum() or char in ".-" else f"_{ord(char):x}" for char in branch.line)


def _tree(advisory: Advisory) -> Json:
    lines: list[Json] = []
    for one in advisory.branches:
        name = one.fixed if one.status is Status.FIXED and one.fixed else one.line
        product: dict[str, Json] = {"name": f"{advisory.publisher.name} {advisory.package.name} {name}", "product_id": _product_id(one)}
        if advisory.package.purl:
            product["product_identification_helper"] = {"purl": advisory.package.purl + (f"@{one.fixed}" if one.fixed and one.fixed.isascii() and one.fixed.replace(".", "").isalnum() else "")}
        exact = one.status is Status.FIXED and bool(one.fixed)
        lines.append({"category": "product_version" if exact else "product_version_range", "name": name if exact else _range(one.line), "product": product})
    return {"category": "vendor", "name": advisory.publisher.name, "branches": [{"category": "product_name", "name": advisory.package.name, "branches": lines}]}


def _range(line: str) -> str:
    """A line as a range in `vers` words (section 3.1.2.3 allows either form, and forbids words that sound like one)."""
    return f"vers:generic/{line.replace(' ', '')}"


def _vulnerability(advisory: Advisory) -> Json:
    states: dict[str, Json] = {}
    for status, name in _PRODUCT_STATUS.items():
        ids: list[Json] = [_product_id(one) for one in advisory.branches if one.status is status]
        if ids:
            states[name] = ids
    found: dict[str, Json] = {"title": advisory.title, "notes": [{"category": "description", "text": advisory.details, "title": "Description"}], "product_status": states}
    if advisory.cve:
        found["cve"] = advisory.cve
    else:
        found["ids"] = [{"system_name": advisory.publisher.name, "text": advisory.id}]
    named = [(identity, name) for identity, name in advisory.weaknesses if name]
    if named:
        found["cwe"] = {"id": named[0][0], "name": named[0][1]}
    remedies = _remediations(advisory)
    if remedies:
        found["remediations"] = remedies
    excused: list[Json] = [{"category": "impact", "details": one.reason or "The vulnerable code is not in this line.", "product_ids": [_product_id(one)]} for one in advisory.branches if one.status is Status.NOT_AFFECTED]
    if excused:
        found["threats"] = excused
    score = base_score(advisory.cvss)
    scored: list[Json] = [_product_id(one) for one in advisory.branches if one.status in (Status.AFFECTED, Status.FIXED)]
    if score is not None and scored:
        value: Json = {"version": advisory.cvss[5:8], "vectorString": advisory.cvss, "baseScore": score, "baseSeverity": rating(score)}
        found["scores"] = [{"products": scored, "cvss_v3": value}]
    return found


def _remediations(advisory: Advisory) -> list[Json]:
    """One for each line that is or was affected."""
    found: list[Json] = []
    for one in advisory.branches:
        ids: list[Json] = [_product_id(one)]
        if one.status is Status.FIXED:
            found.append({"category": "vendor_fix", "details": advisory.solution or f"Update to {one.fixed or 'the fixed version'}.", "product_ids": ids})
        elif one.status is Status.AFFECTED and advisory.workaround:
            found.append({"category": "workaround", "details": advisory.workaround, "product_ids": ids})
        elif one.status is Status.AFFECTED:
            planned = one.reason or "No fix is available yet."
            found.append({"category": "no_fix_planned" if one.reason else "none_available", "details": planned, "product_ids": ids})
    return found
