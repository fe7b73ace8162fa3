"""Takes the rights of others away from files that hold secrets: `chmod go=` on named files of the tenant's work tree, and back again.

The files are opened below the tree (no link, no second name: `troth.guard.paths`), and the mode is changed on what was opened, so that nothing can be swapped in between.
What they hold is never read. Git does not keep these modes; this is for the machine that the executor is on.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from troth.errors import GuardError
from troth.guard.paths import Root
from troth.jobs.handler import Change, Diff, HandlerError, Outcome, Reader, Tools
from troth.jobs.request import JobRequest

__all__ = ["RestrictFiles"]

_OTHERS: Final = 0o077


class RestrictFiles:
    """Parameters: `files` (paths below the tree)."""

    name = "restrict-files"
    safe_to_retry = True

    def plan(self, request: JobRequest, reader: Reader) -> Diff:
        """One change for each file that others have rights to."""
        changes = []
        for path in _named(request):
            with _opened(reader.root, path) as descriptor:
                mode = stat.S_IMODE(os.fstat(descriptor).st_mode)
            if mode & _OTHERS:
                changes.append(Change(path, "change", f"mode {mode:04o} -> {mode & ~_OTHERS:04o}"))
        if not changes:
            raise HandlerError("nothing-to-do", "Nobody else has any right to these files.")
        return Diff(f"Take the rights of others away from {len(changes)} files", tuple(changes))

    def act(self, request: JobRequest, diff: Diff, tools: Tools) -> Outcome:
        """Change the modes, each only from what was planned."""
        del request
        done = []
        for path, before, after in _planned(diff):
            with _opened(tools.root, path) as descriptor:
                mode = stat.S_IMODE(os.fstat(descriptor).st_mode)
                if mode not in (before, after):
                    raise HandlerError("plan-changed", f"{path} has another mode than was planned.")
                os.fchmod(descriptor, after)
            done.append(path)
        return Outcome(f"Nobody else has a right to {len(done)} files any more.", {"files": list(done)})

    def undo(self, request: JobRequest, diff: Diff, tools: Tools) -> Outcome:
        """Give back the modes that were, where the mode is still the one that this job set."""
        del request
        back = []
        for path, before, after in _planned(diff):
            with _opened(tools.root, path) as descriptor:
                if stat.S_IMODE(os.fstat(descriptor).st_mode) == after:
                    os.fchmod(descriptor, before)
                    back.append(path)
        return Outcome(f"{len(back)} files have their former modes.", {"files": list(back)})


def _named(request: JobRequest) -> list[str]:
    listed = request.params.get("files")
    return sorted({str(one) for one in listed}) if isinstance(listed, list) else []


@contextmanager
def _opened(root: Path | None, path: str) -> Iterator[int]:
    if os.name != "posix":
        raise HandlerError("no-modes", "This system has no modes of files that could be changed.")
    if root is None:
        raise HandlerError("no-tree", "The executor has no tree for this tenant.")
    try:
        with Root(root) as below, below.open(path) as file:
            yield file.fileno()
    except (GuardError, OSError, ValueError) as error:
        raise HandlerError("not-a-file", f"{path} is no file of its own in the tree.") from error


def _planned(diff: Diff) -> Iterator[tuple[str, int, int]]:
    for one in diff.changes:
        before, _, after = one.text.removeprefix("mode ").partition(" -> ")
        yield one.target, int(before, 8), int(after, 8)
