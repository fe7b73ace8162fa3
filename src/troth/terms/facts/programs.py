"""What a tree's programs define and call, as far as it concerns what guards them: redactors, validators, verifiers, confinement, limiters.

Read from syntax trees of Python, TypeScript, JavaScript and Rust. A *mention* is an identifier that is neither a definition nor part of an import or an export list:
a name without one
in production code is called by nobody there, not even through a table. Tests, examples and documentation are left out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from troth.terms.place import Place

__all__ = ["PARTLY_PARSED", "Called", "Mention", "Pattern", "Programs", "Unit"]

PARTLY_PARSED: Final = "Part of it cannot be parsed."
"""Reason in `unread` of a file whose other parts were read all the same."""
_ENDS: Final = {"python": (".py",), "rust": (".rs",), "typescript": (".ts", ".tsx", ".mts", ".cts", ".js", ".mjs", ".cjs", ".jsx")}


@dataclass(frozen=True, slots=True)
class Unit:
    """A function, method or class.

    Attributes:
        name: its own name.
        owner: class or `impl` around it; empty at the top.
        kind: `function`, `method` or `class`.
        place: where it begins and ends.
        language: `python`, `typescript` or `rust`.
        parameters: names of its parameters, without `self` and `this`.
        bases: names of a class' bases.
        text: its source, cut at 8,000 characters.
        decorated: something registers or wraps it, so that a framework may call it.
    """

    name: str
    owner: str
    kind: str
    place: Place
    language: str
    parameters: tuple[str, ...] = ()
    bases: tuple[str, ...] = ()
    text: str = ""
    decorated: bool = False


@dataclass(frozen=True, slots=True)
class Called:
    """A call: last part of the name, what stands before it, arguments as written (cut), and the unit around it."""

    name: str
    receiver: str
    arguments: tuple[str, ...]
    place: Place
    inside: str
    language: str


@dataclass(frozen=True, slots=True)
class Mention:
    """An identifier in use, with the unit around it."""

    place: Place
    inside: str


@dataclass(frozen=True, slots=True)
class Pattern:
    """A regular expression as its engine gets it, after the language has read the literal.

    Attributes:
        text: the expression.
        place: where it is written.
        flags: letters of the literal.
        language: whose engine reads it.
        inside: the unit around it.
        raw: the literal as written.
        error: why its engine refuses it; empty where it does not, or where that cannot be told.
        hits: names of sample secrets that it matches; None where it was not tried.
    """

    text: str
    place: Place
    flags: str
    language: str
    inside: str
    raw: str
    error: str = ""
    hits: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Programs:
    """Units, calls, mentions and patterns.

    Attributes:
        units, calls, patterns: by path and line; of files that hold a guard's word; calls of or with such a name only.
        mentions: name -> its mentions; names that speak of a guard only.
        files: language -> number of production files that were looked at.
        unread: files that could not be read or parsed, with the reason.
        missing: languages of the tree for which no parser is installed.
    """

    units: tuple[Unit, ...] = ()
    calls: tuple[Called, ...] = ()
    patterns: tuple[Pattern, ...] = ()
    mentions: Mapping[str, tuple[Mention, ...]] = field(default_factory=dict)
    files: Mapping[str, int] = field(default_factory=dict)
    unread: tuple[tuple[str, str], ...] = ()
    missing: tuple[str, ...] = ()

    def uses(self, unit: Unit) -> tuple[Mention, ...]:
        """Mentions of a unit's name outside of its own body; only for names that speak of a guard."""
        end = unit.place.end_line or unit.place.line
        return tuple(
            item
            for item in self.mentions.get(unit.name, ())
            if not (item.place.path == unit.place.path and unit.place.line <= item.place.line <= end)
        )

    def unseen(self, unit: Unit) -> bool:
        """Whether a file of the unit's language was not read at all, so that a call may stand there."""
        ends = _ENDS.get(unit.language, ())
        return any(why != PARTLY_PARSED and path.endswith(ends) for path, why in self.unread)
