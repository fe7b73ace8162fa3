"""A change as the page shows it: exact text, line by line, each with what it is. Nothing is shortened; what cannot be seen is made visible."""

from __future__ import annotations

from dataclasses import dataclass

from troth.jobs.handler import Change
from troth.report.untrusted import visible

__all__ = ["Line", "Shown", "shown"]


@dataclass(frozen=True, slots=True)
class Line:
    """One line: `kind` is `add`, `cut`, `hunk`, `head` or `same`; `says` names it for those who do not see colours."""

    kind: str
    says: str
    text: str


@dataclass(frozen=True, slots=True)
class Shown:
    """One change."""

    target: str
    action: str
    before: str
    after: str
    lines: tuple[Line, ...]


_NAMES = {"add": "added", "cut": "removed", "hunk": "place", "head": "file", "same": ""}


def shown(change: Change) -> Shown:
    """The change, line by line."""
    is_diff = change.text.startswith("diff --git ")
    lines = tuple(_line(text, diff=is_diff) for text in change.text.removesuffix("\n").split("\n"))
    return Shown(visible(change.target), change.action, change.before, change.after, lines)


def _line(text: str, *, diff: bool) -> Line:
    kind = "same"
    if diff:
        kind = "head" if text.startswith(("diff ", "--- ", "+++ ", "old mode", "new mode", "new file", "deleted ", "rename ", "similarity ")) else {"+": "add", "-": "cut", "@": "hunk"}.get(text[:1], "same")
    return Line(kind, _NAMES[kind], visible(text.replace("\r", "\u240d")))
