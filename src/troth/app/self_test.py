"""`troth check --self-test`: does every Kept fall when the tree is spoiled?

For each Kept, a copy of the tree in memory is spoiled in ways that take away its evidence, then in ways that add what should never be there, until the verdict is Kept no longer. A Kept that survives everything is one that cannot fail:
it must be doubted, and the command exits with 1. What rests on no file (a setting, history, the policy's own words) is listed as not tried, never as passed. Nothing of the repository is executed or written.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from troth.app.check import Session, judge, open_session
from troth.app.saboteurs import Change, additions, removals
from troth.terms.facts.tree import File, Tree
from troth.terms.verdict import Finding, Kept, name_of

__all__ = ["Trial", "self_test"]

Tell = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class Trial:
    """What became of one Kept.

    Attributes:
        finding: the promise that is Kept.
        flipped_by: what spoiled it; "" where nothing did.
        became: the verdict after that; "" where nothing changed it.
        tried: how many spoiled trees were judged; 0 where its evidence lies in no file of the tree but the policy itself.
    """

    finding: Finding
    flipped_by: str
    became: str
    tried: int

    @property
    def survived(self) -> bool:
        """Nothing that was tried could shake it."""
        return self.tried > 0 and not self.flipped_by


def self_test(
    root: Path, *, policies: tuple[str, ...] = (), settings: Path | None = None, only: tuple[str, ...] = (), tell: Tell | None = None
) -> tuple[Trial, ...]:
    """Try every Kept of a tree.

    Args:
        root: as for a check.
        policies: as for a check.
        settings: as for a check.
        only: ids of controls; empty = all.
        tell: progress: a label, the number done, the number in all.

    Raises:
        UsageError, PolicyError, CatalogueError: as for a check.
    """
    session = open_session(root, policies=policies, settings=settings)
    wanted = frozenset(control.id for name in only if (control := session.catalogue.resolve(name)) is not None)
    promises = tuple(promise for promise in session.promises if not only or promise.control in wanted)
    kept = [finding for finding in judge(session, promises, None) if isinstance(finding.verdict, Kept)]
    trials = []
    for done, finding in enumerate(kept):
        if tell is not None:
            tell(finding.promise.control, done, len(kept))
        trials.append(_trial(session, finding))
    return tuple(trials)


def _trial(session: Session, finding: Finding) -> Trial:
    if not isinstance(finding.verdict, Kept) or not any(item.place.path in session.tree.files for item in finding.verdict.evidence):
        return Trial(finding, "", "", 0)
    policy = finding.promise.statement.path
    stands_alone = not any(item.place.path in session.tree.files and item.place.path != policy for item in finding.verdict.evidence)
    tried = 0
    for name, change in _changes(session.tree, finding.verdict, policy):
        tried += 1
        spoiled = replace(session, looks=session.looks.anew(_spoiled(session.tree, change)))
        verdict = judge(spoiled, (finding.promise,), None)[0].verdict
        if not isinstance(verdict, Kept):
            return Trial(finding, name, name_of(verdict), tried)
    return Trial(finding, "", "", 0 if stands_alone else tried)


def _changes(tree: Tree, verdict: Kept, policy: str) -> Iterator[tuple[str, Change]]:
    """The policy itself is left alone: without its sentence there is nothing to judge."""
    own = tuple(item for item in verdict.evidence if item.place.path != policy)
    yield from removals(tree, own)
    yield from additions(tree)


def _spoiled(tree: Tree, change: Change) -> Tree:
    files = {path: file for path, file in tree.files.items() if change.get(path, b"") is not None}
    files |= {path: replace(tree.files.get(path, File(path, 0)), size=len(data)) for path, data in change.items() if data is not None}

    def read(path: str) -> bytes | None:
        return change[path] if path in change else tree.reader(path)

    return replace(tree, files=dict(sorted(files.items())), reader=read)
