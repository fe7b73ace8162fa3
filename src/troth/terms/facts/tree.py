"""The judged tree: which files there are, and their content on demand.

Content is read through `reader`, which the git engine supplies (or a test, from a dictionary); a verifier does no I/O of its own.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Final

from troth.terms.place import Place
from troth.terms.verdict import Evidence

__all__ = ["File", "Tree", "is_foreign"]

_FOREIGN: Final = re.compile(
    r"(?:^|/)(?:node_modules|bower_components|vendor|vendored|third[_-]?party|site-packages|dist-packages|\.venv|venv|\.tox|\.pnpm-store)/", re.IGNORECASE
)


def is_foreign(path: str) -> bool:
    """Whether a file is somebody else's, copied or installed into the tree: a project promises nothing of how that is written."""
    return bool(_FOREIGN.search(path))


@dataclass(frozen=True, slots=True)
class File:
    """One file of the tree.

    Attributes:
        path: POSIX path relative to the root.
        size: bytes; -1 where the object is not here (partial clone, missing blob).
        mode: git mode: `100644`, `100755`, `120000` (symlink), `160000` (submodule).
        tracked: false for a file that is neither committed nor ignored.
        blob: id of the content where it is read from a commit; empty where it is read from disk, and may be anything.
    """

    path: str
    size: int
    mode: str = "100644"
    tracked: bool = True
    blob: str = ""


@dataclass(frozen=True)
class Tree:
    """All files that count for a check (tracked, and untracked but not ignored).

    Attributes:
        files: path -> file, sorted by path.
        commit: full id of the commit checked out; None outside git or before the first commit.
        reader: bytes of a file by path; None where it cannot be read (missing object, a directory, over the size limit of 8 MiB).
        dirty: true where the work tree differs from the commit; None where that was not asked.
        notes: what a reader of the report should know ("3 tracked files are missing from the work tree").
        origin: `owner/name` of the remote `origin` where that is a forge's URL; None where it is not known.
    """

    files: dict[str, File]
    reader: Callable[[str], bytes | None]
    commit: str | None = None
    dirty: bool | None = None
    notes: tuple[str, ...] = ()
    origin: str | None = None

    def paths(self, *patterns: str) -> tuple[str, ...]:
        """Paths that match any of the glob patterns (`*` also matches `/`), sorted; all paths without a pattern."""
        if not patterns:
            return tuple(self.files)
        return tuple(path for path in self.files if any(fnmatchcase(path, pattern) for pattern in patterns))

    def text(self, path: str) -> str | None:
        """Content decoded as UTF-8 (BOM dropped, bad bytes replaced, newlines normalised); None where unreadable or binary."""
        data = self.reader(path) if path in self.files else None
        if data is None or b"\0" in data[:8192]:
            return None
        return data.decode("utf-8-sig", "replace").replace("\r\n", "\n").replace("\r", "\n")

    def lines(self, path: str) -> tuple[str, ...]:
        """Lines of a text file without their ends; empty where unreadable. `lines(p)[n - 1]` is line n."""
        text = self.text(path)
        return () if text is None else tuple(text.split("\n"))

    def evidence(self, path: str, line: int, says: str) -> Evidence:
        """Evidence at a line of this tree, with the line's text."""
        lines = self.lines(path) if line else ()
        text = lines[line - 1].strip()[:200] if 0 < line <= len(lines) else ""
        return Evidence(says, Place(path, line), text)
