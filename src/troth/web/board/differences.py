"""A change as the page shows it: exact text, line by line, each with what it is. Nothing is shortened; what cannot be seen is made visible."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

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


_PLACE: Final = re.compile(r"@@ -\d+(?:,(\d+))? \+\d+(?:,(\d+))? @@")
_MARKS: Final = {"+": "add", "-": "cut"}
_NAMES: Final = {"add": "added", "cut": "removed", "hunk": "place", "head": "file", "same": ""}


def shown(change: Change) -> Shown:
    """The change, line by line."""
    texts = change.text.removesuffix("\n").split("\n")
    kinds = _kinds(texts) if change.text.startswith("diff --git ") else ["same"] * len(texts)
    lines = tuple(Line(kind, _NAMES[kind], visible(text.replace("\r", "\u240d"))) for kind, text in zip(kinds, texts, strict=True))
    return Shown(visible(change.target), change.action, change.before, change.after, lines)


def _kinds(texts: list[str]) -> list[str]:
    """What each line of a difference is. Within a hunk its mark says that, however much the rest looks like a header: the hunk's own counts say how far it reaches."""
    kinds: list[str] = []
    old = new = 0
    for text in texts:
        place = _PLACE.match(text)
        if old > 0 or new > 0 or text.startswith("\\"):
            kinds.append(_MARKS.get(text[:1], "same"))
            old -= text[:1] in (" ", "-", "")
            new -= text[:1] in (" ", "+", "")
        elif place is not None:
            kinds.append("hunk")
            old, new = (1 if found is None else int(found) for found in place.groups())
        else:
            kinds.append("head")
    return kinds
