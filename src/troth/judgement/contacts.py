"""Contacts that documents give for reports of vulnerabilities: addresses, channels, and words that show that nobody filled the template in."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from troth.terms.facts.tree import Tree, is_foreign

__all__ = ["ADDRESS", "Mention", "placeholder_in", "security_mentions"]

ADDRESS: Final = re.compile(r"[A-Za-z0-9][\w.+-]{0,63}@[A-Za-z0-9](?:[A-Za-z0-9-]{0,62}\.){1,5}[A-Za-z]{2,24}")
_TEMPLATES: Final = (
    (re.compile(r"(?:\.[a-z]{2,24}|\b(?:e-?mail|address|mailbox|inbox))\W{0,6}\(\s*(?:or )?(?:if|when|once|where) (?:available|one exists|set up|configured)\s*\)|\(or create this (?:e-?mail|address)[^)]*\)|\bcreate this (?:e-?mail|address)\b", re.IGNORECASE), "it says itself that the address may not exist"),
    (re.compile(r"\[\s*(?:enable|add|insert|your|todo|tbd|fill|replace|change|update|to be|e-?mail|security-?email|contact)\b[^\]\n]{0,60}\](?![(\[:])", re.IGNORECASE), "a template's placeholder in brackets was never filled in"),
    (re.compile(r"<\s*(?:your|insert|add|e-?mail|security|todo|tbd)[^>\n@]{0,60}>", re.IGNORECASE), "a template's placeholder was never filled in"),
    (re.compile(r"\b(?:your|my)[-_.]?(?:security[-_.]?)?(?:e-?mail|domain|company|org|organization|organisation|project|user(?:name)?|name|repo)\b(?:[-_.][\w-]+)*\.[a-z]{2,10}\b|@(?:your|my)[-_]?(?:domain|company|org|project)\b", re.IGNORECASE), "a template's domain was never replaced"),
    (re.compile(r"@(?:example|domain|company|yourdomain|test|localhost|acme)\.(?:com|org|net|io|dev)\b|@example\b|\bexample\.(?:com|org|net)/", re.IGNORECASE), "the domain is one that is reserved for examples"),
    (re.compile(r"\[(?:your|my)[-_ ][\w -]{1,40}\]|\{\{[^}\n]{1,60}\}\}|\bgithub\.com/(?:your|my|owner|user(?:name)?|org)[-_/][\w-]*", re.IGNORECASE), "its address still holds a placeholder"),
    (re.compile(r"\b(?:TODO|TBD|FIXME|XXX)\b|\b(?:to be (?:announced|determined|added|set up))\b|\bcoming soon\b"), "it is marked as still to be done"),
)  # fmt: skip
_ELSE: Final = re.compile(r"conduct|harass|abus|licen[cs]|partnership|patent|trademark|\bCLA\b|\bpress\b|commercial|sponsor", re.IGNORECASE)
"""What an address is for that stands near a word about security by chance."""
_SECURITY: Final = re.compile(r"vulnerab|security|disclos", re.IGNORECASE)
_DOCUMENTS: Final = re.compile(
    r"(?:^|/)(?:CONTRIBUTING|CODE_OF_CONDUCT|README|SUPPORT|SECURITY|GOVERNANCE|MAINTAINERS)[\w.-]*\.(?:md|rst|txt|adoc)\Z|(?:^|/)\.github/ISSUE_TEMPLATE/[^/]+\Z|(?:^|/)security\.txt\Z",
    re.IGNORECASE,
)
_LIMIT: Final = 60


@dataclass(frozen=True, slots=True)
class Mention:
    """A line of a document that speaks of security and gives an address."""

    path: str
    line: int
    address: str
    text: str


def placeholder_in(text: str) -> str | None:
    """Why a contact is none: what in its words shows that a template was never filled in; None where nothing does."""
    return next((why for pattern, why in _TEMPLATES if pattern.search(text)), None)


def documents(tree: Tree) -> tuple[str, ...]:
    """Documents in which a project tells how to reach it, nearest to the root first."""
    found = [path for path in tree.paths() if _DOCUMENTS.search(path) and not is_foreign(path)]
    return tuple(sorted(found, key=lambda path: (path.count("/"), path))[:_LIMIT])


def security_mentions(tree: Tree) -> tuple[Mention, ...]:
    """Lines of the project's documents that tell where to send reports of vulnerabilities."""
    found = []
    for path in documents(tree):
        lines = tree.lines(path)[:5_000]
        for number, line in enumerate(lines, start=1):
            around = " ".join(lines[max(number - 3, 0) : number])
            if (
                "@" in line
                and _SECURITY.search(around)
                and not _ELSE.search(around)
            ):
                found += [
                    Mention(path, number, match.group(0).lower(), line.strip()[:200])
                    for match in ADDRESS.finditer(line[:2_000])
                ]
    return tuple(found)
