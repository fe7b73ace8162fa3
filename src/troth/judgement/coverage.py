"""Which of the project's dependencies does a scan leave out? Manifests of other ecosystems, folders and groups."""

from __future__ import annotations

from collections.abc import Sequence

from troth.terms.facts.dependencies import Dependencies, Ecosystem, Manifest
from troth.terms.facts.tools import Purpose, ToolRun
from troth.terms.facts.tree import Tree
from troth.terms.verdict import Evidence

__all__ = ["uncovered"]

_ECOSYSTEMS: dict[str, Ecosystem] = {
    "safety": Ecosystem.PYPI,
    "pip-audit": Ecosystem.PYPI,
    "uv-audit": Ecosystem.PYPI,
    "npm-audit": Ecosystem.NPM,
    "pnpm-audit": Ecosystem.NPM,
    "yarn-audit": Ecosystem.NPM,
    "bun-audit": Ecosystem.NPM,
    "audit-ci": Ecosystem.NPM,
    "better-npm-audit": Ecosystem.NPM,
    "cargo-audit": Ecosystem.CARGO,
    "cargo-deny": Ecosystem.CARGO,
    "govulncheck": Ecosystem.GO,
    "nancy": Ecosystem.GO,
}
"""Tools that read one ecosystem; every other one is taken to read all that it finds."""
_ASIDE = (
    "test",
    "tests",
    "example",
    "examples",
    "fixtures",
    "docs",
    "benchmarks",
    "node_modules",
    "vendor",
    "third_party",
    "vendored",
    "patches",
)


def _counts(manifest: Manifest) -> bool:
    return bool(manifest.entries) and not any(part in _ASIDE for part in manifest.path.split("/")[:-1])


def uncovered(runs: Sequence[ToolRun], dependencies: Dependencies, tree: Tree) -> tuple[Evidence, ...]:
    """Evidence of what the runs leave out; empty where they see everything, as far as files tell."""
    full = [run for run in runs if Purpose.REVIEW not in run.purposes]
    if runs and not full:
        return _only_changes(runs, dependencies, tree)
    if any(run.tool not in _ECOSYSTEMS for run in full):
        return ()
    seen = {_ECOSYSTEMS[run.tool] for run in full}
    left: list[Evidence] = []
    for manifest in dependencies.manifests:
        if not _counts(manifest):
            continue
        line = manifest.entries[0].place.line
        if manifest.ecosystem not in seen:
            says = f"nothing scans {manifest.ecosystem} dependencies of {manifest.path}"
            left.append(tree.evidence(manifest.path, line, says))
        elif not _covered(manifest, full, dependencies):
            left.append(tree.evidence(manifest.path, line, f"nothing scans {manifest.path}"))
    return tuple(left)


def _only_changes(runs: Sequence[ToolRun], dependencies: Dependencies, tree: Tree) -> tuple[Evidence, ...]:
    place = runs[0].place
    says = f"{runs[0].tool} only looks at what a pull request changes, not at what is there"
    shown = [tree.evidence(place.path, place.line, says)]
    nested = [manifest for manifest in dependencies.manifests if _counts(manifest) and manifest.folder]
    for manifest in nested[:3]:
        shown.append(
            tree.evidence(manifest.path, manifest.entries[0].place.line, f"nothing scans {manifest.path} as it is")
        )
    return tuple(shown)


def _covered(manifest: Manifest, runs: Sequence[ToolRun], dependencies: Dependencies) -> bool:
    folders = {run.working_directory.strip("/") for run in runs if _reads(run, manifest)}
    if manifest.kind == "requirements" or manifest.ecosystem is Ecosystem.PYPI:
        return _installed(manifest, runs, dependencies)
    if manifest.folder in folders:
        return True
    locks = dependencies.locks_of(manifest.path)
    return any(lock.path.rpartition("/")[0] in folders for lock in locks)


def _reads(run: ToolRun, manifest: Manifest) -> bool:
    return _ECOSYSTEMS.get(run.tool) is manifest.ecosystem


def _installed(manifest: Manifest, runs: Sequence[ToolRun], dependencies: Dependencies) -> bool:
    """A Python manifest is covered where a run names it, or its job installs it (or one that includes it)."""
    named = {word for run in runs if _reads(run, manifest) for word in (*run.argv, *run.installs)}
    names = {manifest.path, manifest.path.rpartition("/")[2]}
    if names & named:
        return True
    if manifest.kind in ("pyproject", "setup.py", "setup.cfg", "Pipfile"):
        return True
    return any(
        manifest.path in other.includes and ({other.path, other.path.rpartition("/")[2]} & named)
        for other in dependencies.manifests
    )
