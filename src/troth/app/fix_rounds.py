"""Mending in rounds: what touches the same lines as something else is left out of the first patch, and asked for again on top of it, so that one change holds it all. So is what a module
has mended and the check still finds wrong: a second fault often stands behind the first (`|| true` in a step that also has `continue-on-error`).

The rounds in between are commits in the temporary view alone: nothing is written where the repository is. What a person approves is one patch for the commit that was judged, and the
evidence is that of the first round, of files as they are.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Final

from troth.app.suggest import Combined, Options, Suggested, run_suggest
from troth.errors import TrothError
from troth.jobs.handlers.git_tree import Author, GitTree
from troth.jobs.handlers.patching import planned
from troth.jobs.recommend.diffs import Version, file_diff
from troth.jobs.recommend.recommendation import Recommendation

__all__ = ["in_rounds"]

_ROUNDS: Final = 3
"""Further rounds at most: each takes in at least one recommendation, and few clash with more than two others."""
_LAST: Final = ("open-issue", "true-sentence")
"""Modules that speak of what the others left: not asked again about what they have mended."""
_NOBODY: Final = Author("Troth", "troth@invalid")

Progress = Callable[[str, int, int], None]


def in_rounds(view: Path, commit: str, suggested: Suggested, options: Options, progress: Progress | None = None) -> Suggested:
    """The same suggestion with what was left out taken in, and with what still stands behind what was mended, as far as that goes.

    Args:
        view: a bare repository whose branch `judged` is at the commit (`fix.commit_view`).
        commit: the commit that is judged.
        suggested: the first round.
        options: of the first round.
        progress: as for a check.
    """
    for _ in range(_ROUNDS):
        if not suggested.combined.left_out and not any(one.module not in _LAST for one in suggested.combined.taken):
            break
        try:
            further = _further(view, commit, suggested, options, progress)
        except TrothError:
            break  # what fits is proposed; the rest is named, as before
        if further is None:
            break
        suggested = replace(suggested, combined=further)
    return suggested


def _further(view: Path, commit: str, suggested: Suggested, options: Options, progress: Progress | None) -> Combined | None:
    """The patch with one more round in it; None where nothing came of it."""
    combined = suggested.combined
    before = GitTree(view, commit)
    made = before.tree_with(planned(combined.patch, before))
    on_top = before.run("commit-tree", made, "-p", commit, content=b"a round\n", author=_NOBODY).decode().strip()
    waiting = (*combined.left_out, *(one for one in combined.taken if one.module not in _LAST))
    names = {name for one in waiting for name in one.mends}
    controls = {one.control for one in suggested.complaints if one.fingerprint in names}
    (view / "refs/heads/judged").write_text(f"{on_top}\n", encoding="utf-8")
    try:
        asked = replace(options, only=tuple(sorted(controls)), modules=tuple(sorted({one.module for one in waiting})))
        again = run_suggest(view, asked, progress).combined
    finally:
        (view / "refs/heads/judged").write_text(f"{commit}\n", encoding="utf-8")
    meant = {(one.module, name) for one in waiting for name in one.mends}
    if not any((one.module, name) in meant for one in again.taken for name in one.mends) or any(change.source for one in (*combined.taken, *again.taken) for change in one.files):
        return None
    texts = {**combined.files, **again.files}
    taken = (*combined.taken, *(one for one in _first(again.taken, waiting) if one not in combined.taken))
    left = tuple(one for one in combined.left_out if one not in taken)
    return Combined("".join(_diff(before, path, text) for path, text in sorted(texts.items())), texts, taken, left)


def _first(taken: tuple[Recommendation, ...], waiting: tuple[Recommendation, ...]) -> tuple[Recommendation, ...]:
    """The first round's words for what was taken in now: its evidence is of the files that are there."""
    now = {(one.module, name) for one in taken for name in one.mends}
    return tuple(one for one in waiting if any((one.module, name) in now for name in one.mends))


def _diff(before: GitTree, path: str, text: str) -> str:
    old = before.entry(path)
    if old is None:
        return file_diff(None, Version(path, text, "100644"))
    return file_diff(Version(path, old.content.decode("utf-8"), old.mode), Version(path, text, old.mode))
