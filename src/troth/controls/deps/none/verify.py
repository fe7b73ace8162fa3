"""Judges the claim to need nothing but the standard library: by the run-time entries of the manifests."""

from __future__ import annotations

import re

from troth.judgement.policy_scope import home_of, inside
from troth.judgement.wording import several
from troth.terms.facts.dependencies import Dependencies, Manifest, Pin, Scope
from troth.terms.facts.policies import PolicySet
from troth.terms.facts.tree import Tree
from troth.terms.promise import Statement
from troth.terms.verdict import Broken, How, Kept, Unknown, Verdict

_ASIDE = ("test", "example", "doc", "bench", "fuzz", "sample", "tool", "script", "ci")
_SHOWN = 8
_LINKED = re.compile(r"\bCGO|static(?:ally)?[- ](?:link|compil|binar|build)|\b(?:g?libc|musl)\b|\b(?:shared|dynamic|system) (?:librar|link|dependenc)|\bexternal binar", re.IGNORECASE)
"""What a binary is linked with, and no package."""


def verify(statement: Statement, dependencies: Dependencies, policies: PolicySet, tree: Tree) -> Verdict:
    """Kept only if a manifest lists run-time dependencies and lists none; extras and development tools do not count."""
    if _LINKED.search(statement.text):
        return Unknown("the binary that is built", "The sentence speaks of what the binary is linked with, and of no packages.")
    home = home_of(statement.path, policies)
    manifests = [item for item in dependencies.manifests if inside(home, item.path) and not _aside(item)]
    needed = [entry for item in manifests for entry in item.of_scope(Scope.RUNTIME) if entry.pin is not Pin.LOCAL]
    if needed:
        evidence = tuple(
            tree.evidence(entry.place.path, entry.place.line, f"{entry.name} is needed at run time.")
            for entry in needed[:_SHOWN]
        )
        return Broken(
            How.CONTRADICTED,
            evidence,
            f"{several(len(needed), 'package is needed', 'packages are needed')} at run time.",
            "Drop them, or say what they are.",
        )
    unread = next((item for item in manifests if item.incomplete), None)
    if unread is not None or dependencies.problems:
        path = unread.path if unread is not None else dependencies.problems[0].place.path
        return Unknown("a manifest that can be read as text", f"{path} computes, or hides, what it needs.")
    packages = [item for item in manifests if item.package is not None]
    if not packages:
        return Unknown(
            "a manifest of the package", "No manifest says what the package needs; what it imports was not followed."
        )
    evidence = tuple(
        tree.evidence(
            item.path, item.package.place.line if item.package else 0, "It lists no package needed at run time."
        )
        for item in packages[:_SHOWN]
    )
    return Kept(evidence, "No manifest lists a package needed at run time.")


def _aside(manifest: Manifest) -> bool:
    name = manifest.path.lower()
    parts = name.split("/")[:-1]
    by_name = manifest.kind == "requirements" and any(word in name for word in ("dev", "test", "doc", "lint"))
    return by_name or any(part.startswith(_ASIDE) for part in parts)
