"""Judges the claim that dependencies have no known vulnerabilities: by an index of advisories, its age and its coverage."""

from __future__ import annotations

import re

from troth.terms.facts.advisories import Advisories, AdvisoriesShown, AdvisorySource, Hit, Reach
from troth.terms.facts.dependencies import Dependencies
from troth.terms.facts.tree import Tree
from troth.terms.promise import Statement
from troth.terms.verdict import Broken, Evidence, How, Kept, Partly, Unknown, Verdict

_RUNTIME = re.compile(r"\b(?:run[- ]?time|production|shipped|released)\b", re.IGNORECASE)
_SHOWN = 8


def verify(statement: Statement, advisories: AdvisoriesShown, dependencies: Dependencies, tree: Tree) -> Verdict:
    """Kept only if fresh sources without holes know nothing against every dependency, and a lock file names them all."""
    found = advisories.advisories
    if found is None:
        return Unknown(advisories.gap.missing, advisories.gap.because)
    hits = [hit for hit in found.hits if not (hit.development and _RUNTIME.search(statement.text))]
    exact = [hit for hit in hits if hit.reach is not Reach.ADMITTED]
    if exact:
        return _broken(exact, found, tree)
    if hits:
        evidence = tuple(_shown(hit, found, tree) for hit in hits[:_SHOWN])
        names = len({hit.package for hit in hits})
        because = f"The ranges of {names} dependencies admit versions with known vulnerabilities."
        return Partly(How.INCOMPLETE, evidence, because, "Raise the floor above the affected versions, or commit a lock file.")
    gap = _gap(found, dependencies)
    if gap is not None:
        return gap
    evidence = tuple(
        Evidence(f"{count} dependencies were compared; nothing is known against them.", place, source=_sources(found.sources))
        for place, count in found.judged[:_SHOWN]
    )
    total = sum(count for _, count in found.judged)
    return Kept(evidence, f"Nothing is known against any of {total} locked dependencies.")


def _broken(exact: list[Hit], found: Advisories, tree: Tree) -> Verdict:
    evidence = tuple(_shown(hit, found, tree) for hit in exact[:_SHOWN])
    if all(hit.development for hit in exact):
        return Partly(
            How.CONTRADICTED, evidence, "Only dependencies for development have known vulnerabilities.", "Update them, or say which dependencies are meant."
        )
    names = len({hit.package for hit in exact})
    return Broken(How.CONTRADICTED, evidence, f"{names} dependencies have known vulnerabilities.", "Update them to versions that are not affected.")


def _shown(hit: Hit, found: Advisories, tree: Tree) -> Evidence:
    says = {
        Reach.LOCKED: f"{hit.package} {hit.version} is locked; {hit.advisory} affects {hit.affected}.",
        Reach.PINNED: f"{hit.package} {hit.version} is pinned; {hit.advisory} affects {hit.affected}.",
        Reach.ADMITTED: f"{hit.package} {hit.version or 'without a version'} admits {hit.affected}, which {hit.advisory} affects.",
    }[hit.reach]
    shown = tree.evidence(hit.place.path, hit.place.line, says)
    return Evidence(shown.says, shown.place, shown.text, _sources(tuple(each for each in found.sources if each.name == hit.source)))


def _sources(sources: tuple[AdvisorySource, ...]) -> str:
    return "; ".join(f"{each.name} of {each.taken.date().isoformat()}" for each in sources)


def _gap(found: Advisories, dependencies: Dependencies) -> Unknown | None:
    """Why silence is no all-clear."""
    if dependencies.problems:
        problem = dependencies.problems[0]
        return Unknown("manifests and lock files that can be read", f"{problem.place} cannot be read: {problem.says}")
    if not found.judged:
        return Unknown("dependencies that could be compared", "No manifest or lock file names a dependency that could be compared.")
    if found.uncovered:
        return Unknown(f"a source of advisories for {', '.join(found.uncovered)}", "The index knows nothing of these dependencies at all.")
    if found.stale:
        newest = max(each.taken for each in found.sources if any(name in found.stale for name, _ in each.coverage))
        because = f"Nothing is known against the dependencies, but the newest source for {', '.join(found.stale)} is of {newest.date().isoformat()}."
        return Unknown(f"advisories that are no older than {found.limit_days:g} days", because)
    if found.holes:
        return Unknown("sources of advisories that can be read as a whole", f"{found.holes[0]} has entries that could not be read.")
    if found.undecided:
        name, why = found.undecided[0]
        return Unknown("versions that can be compared", f"{name}: {why}.")
    if found.open:
        return Unknown("a lock file that covers every manifest", f"What {found.open[0].path} pulls in is not known.")
    return None
