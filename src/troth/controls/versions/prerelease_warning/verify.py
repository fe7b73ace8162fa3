"""Judges a statement that the software is a pre-release: against version, classifiers and the manifests' own words."""

from __future__ import annotations

import re

from troth.judgement.policy_scope import home_of, inside
from troth.judgement.version_ranges import parse_version
from troth.terms.facts.dependencies import Dependencies, Package
from troth.terms.facts.policies import PolicySet
from troth.terms.facts.tree import Tree
from troth.terms.promise import Statement
from troth.terms.values import Params
from troth.terms.verdict import Broken, Evidence, How, Kept, Partly, Unknown, Verdict

_STAGES = {"alpha": 3, "beta": 4, "production/stable": 5, "mature": 6, "pre-alpha": 2, "planning": 1}
_EARLY = re.compile(
    r"\b(?:alpha|beta|pre-?release|preview|experimental|early[- ](?:stages?|access|release|adopter|development|preview|phase|version|days|software)|unstable|(?:active|heavy) development"
    r"|breaking changes|pre[- ]?1\.0|0\.x|not (?:yet )?(?:stable|production|(?:recommended|ready) for production))",
    re.IGNORECASE,
)
_SUBJECT = re.compile(
    r"\b(?:this|the|our|it|project|software|release|library|package|version|framework|api|tool|crate|server|currently|status|is an?|are)\b[^.;]{0,80}\b(?:alpha|beta|pre-?release|preview|experimental|early|unstable|development|breaking|not (?:yet )?)"
    r"|\A\W*(?:alpha|beta|pre-?release|preview|experimental|early|unstable)\b|\bv?0\.\d",
    re.IGNORECASE,
)
"""The software as a whole, and not one option of it ("in alpha, --private is required")."""

_DEVELOPED = re.compile(r"\b(?:under |in )?(?:active|heavy|ongoing) development\b", re.IGNORECASE)
"""Work goes on: that is said of finished software, too."""
_WHOLE = re.compile(r"status|version|support|stabil|release|security|maturity|notice|disclaim|warning|about|overview|project|limit|important|note|scope|caveat|risk|alpha|beta|production|experiment|early", re.IGNORECASE)
_PART = re.compile(r"\(v\d[\w.]*\)")
"""A heading of a part with a version of its own ("Sampling (v1.0.0)")."""


def verify(
    params: Params, statement: Statement, dependencies: Dependencies, policies: PolicySet, tree: Tree
) -> Verdict:
    """Kept where version or classifier say the same, Broken where they say that it is stable, Partly where they disagree."""
    status = " ".join((params.text("status") or "", statement.text))
    if not _EARLY.search(status) or (statement.text and not _EARLY.search(" ".join((statement.text, *statement.headings[1:])))):
        return Unknown("a sentence that names the state", "The sentence does not say which state the software is in.")
    if _PART.search(" ".join(statement.headings[1:])) or (len(statement.headings) > 1 and not _WHOLE.search(statement.headings[-1])):
        return Unknown("a version of that part", "The sentence stands in a section about one part of the software, which may be younger than the release.")
    home = home_of(statement.path, policies)
    packages = [
        item.package
        for item in dependencies.manifests
        if item.package is not None and item.package.version and not item.package.private
    ]
    near = [
        package
        for package in packages
        if inside(home, package.place.path) and package.place.path.count("/") <= home.count("/") + bool(home)
    ] or packages
    early, stable = list[Evidence](), list[Evidence]()
    for package in near:
        for says, is_early in _signs(package, tree):
            (early if is_early else stable).append(says)
    if early and stable:
        return Partly(
            How.CONTRADICTED,
            (*early[:4], *stable[:4]),
            "Manifests disagree whether this is a pre-release.",
            "Let version and classifiers say one thing.",
        )
    if early:
        return Kept(tuple(early[:6]), "The manifests say that it is a pre-release too.")
    if stable and statement.text and not any(_SUBJECT.search(text) for text in (statement.text, *statement.headings[1:])):
        return Unknown("a sentence about the software as a whole", "The sentence speaks of a part of the software; manifests tell of all of it.", tuple(stable[:3]))
    if stable and not _EARLY.search(_DEVELOPED.sub("", " ".join((statement.text, *statement.headings[1:])))):
        return Unknown("a sentence that names the state", "The sentence says that work goes on, which is true of released software as well.", tuple(stable[:3]))
    if stable:
        return Broken(
            How.CONTRADICTED,
            tuple(stable[:6]),
            "The manifests say that it is a stable release.",
            "Drop the warning, or mark the version.",
        )
    return Unknown("a version or classifier that tells the state", "No manifest tells whether this is a pre-release.")


def _signs(package: Package, tree: Tree) -> list[tuple[Evidence, bool]]:
    found = []
    version = parse_version(package.version)
    if version is not None and package.version_place is not None:
        place = package.version_place
        if version.prerelease or version.numbers[0] == 0:
            found.append(
                (
                    tree.evidence(
                        place.path, place.line, f"{package.version} is before 1.0 or carries a pre-release mark."
                    ),
                    True,
                )
            )
        else:
            found.append(
                (tree.evidence(place.path, place.line, f"{package.version} carries no pre-release mark."), False)
            )
    for text, line in package.classifiers:
        stage = text.rpartition(" - ")[2].strip().lower() if text.startswith("Development Status") else ""
        if stage in _STAGES:
            found.append((tree.evidence(package.place.path, line, f"The classifier says {stage}."), _STAGES[stage] < 5))
    return found
