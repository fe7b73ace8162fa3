"""Lines of production code that a code rule names: what runs, listens, or is switched off there, told by names and values and not by a word on the line."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from troth.terms.place import Place

__all__ = ["CodeLine", "CodeLines"]


@dataclass(frozen=True, slots=True)
class CodeLine:
    """One line.

    Attributes:
        rule: id of the rule: `js-...` for TypeScript and JavaScript, `rust-...`, else Python's.
        place: where.
        says: why, one sentence.
        silenced: the comment there that silences scanners; empty where there is none.
    """

    rule: str
    place: Place
    says: str
    silenced: str = ""


@dataclass(frozen=True, slots=True)
class CodeLines:
    """What the rules named, and what they could not look at.

    Attributes:
        lines: by path and line; of production code only.
        files: number of files that were looked at, by language (`python`, `ecma`, `rust`).
        unread: files that could not be read or parsed, with the reason.
    """

    lines: tuple[CodeLine, ...] = ()
    files: Mapping[str, int] = field(default_factory=dict)
    unread: tuple[tuple[str, str], ...] = ()

    def of(self, *rules: str) -> tuple[CodeLine, ...]:
        """Lines that any of the rules names."""
        return tuple(item for item in self.lines if item.rule in rules)
