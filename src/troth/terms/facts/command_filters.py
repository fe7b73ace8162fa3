"""Lists of commands that code refuses or allows, who consults them and how: enough to try a command on them without running anything of the tree."""

from __future__ import annotations

import re
from dataclasses import dataclass

from troth.terms.place import Place

__all__ = ["CommandFilter", "CommandFilters", "Entry"]


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of a list.

    Attributes:
        text: a word, a piece of text, or a regular expression.
        place: where it is written.
        expression: it is a regular expression that its engine accepts and that cannot take exponential time.
        flags: of the expression.
    """

    text: str
    place: Place
    expression: bool = False
    flags: int = 0


@dataclass(frozen=True, slots=True)
class CommandFilter:
    """One list and one way in which it is consulted.

    Attributes:
        name: of the list.
        refuses: a list of what is refused; false for a list of what is allowed.
        mode: `search`, `match`, `piece` (a piece of the command), `prefix`, `word` (the first word) or `whole`; empty for a list that nothing consults.
        entries: what the list holds.
        place: where the list is written.
        consulted: the function that consults it, and where; None where nothing does.
        function: name of that function; empty outside of functions.
        lowered: the command is turned to lower case first.
        live: production code may call that function.
        acts: the function leaves by what it finds (raises, or gives it back).
        raises: it leaves by an exception, which no caller can overlook.
        before_start: the same function, or one that calls it, starts a process further down.
        heeded: some caller looks at the answer, or need not.
    """

    name: str
    refuses: bool
    mode: str
    entries: tuple[Entry, ...]
    place: Place
    consulted: Place | None = None
    function: str = ""
    lowered: bool = False
    live: bool = False
    acts: bool = False
    raises: bool = False
    before_start: bool = False
    heeded: bool = True

    def hits(self, command: str) -> bool | None:
        """Whether an entry is found in a command; None where one cannot be tried, and none that can be is."""
        text = command.lower() if self.lowered else command
        found = [self._hit(entry, text) for entry in self.entries]
        return True if True in found else None if None in found else False

    def _hit(self, entry: Entry, text: str) -> bool | None:
        if self.mode in ("search", "match"):
            if not entry.expression:
                return None
            found = re.search(entry.text, text, entry.flags) if self.mode == "search" else re.match(entry.text, text, entry.flags)
            return found is not None
        words = text.split()
        first = words[0] if words else ""
        if self.mode == "word":
            return entry.text == first
        return {"piece": entry.text in text, "prefix": text.startswith(entry.text), "whole": text == entry.text}.get(self.mode)


@dataclass(frozen=True, slots=True)
class CommandFilters:
    """All such lists.

    Attributes:
        filters: by path and line; a list that is consulted in two ways comes twice.
        unread: files that hold such a list and cannot be cut into functions.
        starts: places that start a process with a command that is a value, and whether a shell reads it: place, function, shell.
    """

    filters: tuple[CommandFilter, ...] = ()
    unread: tuple[str, ...] = ()
    starts: tuple[tuple[Place, str, bool], ...] = ()
