"""Judges which licences dependencies come under, against the rule that the sentence states."""

from __future__ import annotations

from troth.judgement.licences import rule_of, satisfies
from troth.judgement.wording import several
from troth.terms.facts.licences import Licences, PackageLicence
from troth.terms.facts.tree import Tree
from troth.terms.promise import Statement
from troth.terms.verdict import Broken, Evidence, How, Kept, Unknown, Verdict

_SHOWN = 8


def verify(statement: Statement, licences: Licences, tree: Tree) -> Verdict:
    """Kept only if a file tells the licence of every dependency and each satisfies the rule."""
    rule = rule_of(statement.text)
    if rule is None:
        return Unknown("the licences that are meant", "The sentence names no licence that could be compared.")
    judged = [(package, satisfies(package.expression, rule)) for package in licences.packages]
    refused = [package for package, good in judged if good is False]
    if refused:
        evidence = tuple(_shown(package, tree, "which the sentence rules out") for package in refused[:_SHOWN])
        return Broken(How.CONTRADICTED, evidence, f"{several(len(refused), 'dependency comes under', 'dependencies come under')} other licences.", "Replace them, or say which are excepted.")
    unclear = [package for package, good in judged if good is None]
    if unclear:
        evidence = tuple(_shown(package, tree, "which cannot be compared") for package in unclear[:_SHOWN])
        return Unknown("licence expressions in SPDX's form", f"The licence of {len(unclear)} dependencies cannot be read.", evidence)
    if licences.unread:
        return Unknown("lock files that can be read", f"{licences.unread[0]} cannot be read.")
    if licences.silent or not judged:
        where = licences.silent[0][0] if licences.silent else "No file"
        return Unknown("the licences of dependencies, in a lock file or beside vendored copies", f"{where} names no licences.")
    evidence = tuple(_shown(package, tree, "which the sentence allows") for package, _ in judged[:_SHOWN])
    return Kept(evidence, f"All {len(judged)} dependencies come under licences that the sentence allows.")


def _shown(package: PackageLicence, tree: Tree, says: str) -> Evidence:
    name = f"{package.name} {package.version}".strip()
    return tree.evidence(package.place.path, package.place.line, f"{name} comes under {package.expression[:80] or 'no named licence'}, {says}.")
