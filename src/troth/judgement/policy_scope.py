"""What a policy's own place says: which part of the tree it speaks for, and which of the tree's policies a text from elsewhere is a copy of."""

from __future__ import annotations

import re

from troth.terms.facts.policies import PolicySet
from troth.terms.place import Place
from troth.terms.promise import Modality, Statement
from troth.terms.result import PolicyFile
from troth.terms.verdict import Evidence, Unknown

__all__ = ["for_users", "home_of", "inside", "policy_paths", "said", "twin_of", "whole"]

_HOUSES = (".github", "docs", ".gitlab", "doc", "documentation")
_READERS = re.compile(r"\b(?:that|which|whose|files?|code|sources?) .{0,40}\byou (?:have |'ve )?(?:inspected|trust|control|reviewed|verified|own)\b|\bin your (?:own )?(?:code|project|application|repository|fork)\b", re.IGNORECASE)
"""Speaks to the reader about what is the reader's."""
_COPY_SHARE = 0.5


def said(statement: Statement, says: str) -> Evidence:
    """Evidence that the policy itself gives: the statement's line."""
    first = statement.quote.split("\n", 1)[0].strip()[:200]
    return Evidence(says, Place(statement.path, statement.line), first)


def for_users(statement: Statement, what: str) -> Unknown | None:
    """The verdict on advice that binds the reader of the policy; None for every other sentence."""
    if statement.modality is not Modality.RECOMMENDATION_USERS and not _READERS.search(statement.text):
        return None
    return Unknown(
        missing="what users of the software do, which no repository shows",
        because=f"The sentence asks users to {what}; nothing in this repository can keep or break it.",
        evidence=(said(statement, "It is advice to users."),),
    )


def twin_of(path: str, policies: PolicySet) -> PolicyFile | None:
    """The tree's own policy that stands behind a path: itself, or the one that a text from elsewhere is mostly a copy of."""
    found = policies.file(path)
    if found is None or found.inside:
        return found
    lines = {line.strip() for line in found.text.split("\n") if line.strip()}
    best, share = None, _COPY_SHARE
    for other in policies.files:
        if not other.inside or not lines:
            continue
        own = {line.strip() for line in other.text.split("\n") if line.strip()}
        common = len(lines & own) / len(lines)
        if common > share:
            best, share = other, common
    return best


def home_of(path: str, policies: PolicySet) -> str:
    """Folder that a policy speaks for; empty for the root (also for policies in `.github/` and `docs/`)."""
    twin = twin_of(path, policies)
    parts = (twin.path if twin is not None else "").split("/")[:-1]
    while parts and parts[-1] in _HOUSES:
        parts.pop()
    return "/".join(parts)


def inside(folder: str, path: str) -> bool:
    """Whether a path lies in a folder (or is the root's)."""
    return not folder or path.startswith(folder + "/")


def policy_paths(statement: Statement, policies: PolicySet) -> tuple[str, ...]:
    """Paths in the tree under which the statement's policy may be known to git."""
    twin = twin_of(statement.path, policies)
    return (twin.path,) if twin is not None and twin.inside else (statement.path,)


def whole(statement: Statement, policies: PolicySet) -> str:
    """The statement's source text with that of its nested lines."""
    own = policies.file(statement.path) or twin_of(statement.path, policies)
    lines = own.text.split("\n") if own is not None and statement.children else []
    nested = [lines[number - 1] for number in statement.children if 0 < number <= len(lines)]
    return "\n".join([statement.quote, *nested])
