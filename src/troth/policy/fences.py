"""Code blocks whose closing fence carries a language, so that the rest of the policy would be code.

Tools that add a language to every bare fence add one to closing fences too; by the rules of Markdown the block then never ends, and every promise after it would be silence. Rules: only a text that ends inside
a code block is looked at; the words after a would-be closing fence are blanked out, so that no place changes; it is done only if the text then ends outside of code. Does not parse anything else.
"""

from __future__ import annotations

import re
from typing import Final

__all__ = ["close_fences"]

_FENCE: Final = re.compile(r"(?P<lead>[ \t>]*(?:(?:[-*+]|\d{1,9}[.)])[ \t]+)?)(?P<mark>`{3,}|~{3,})(?P<info>[^`\n]*)\Z")
_WORD: Final = re.compile(r"[ \t]*[\w+#.-]{1,20}[ \t]*\Z")


def _open_at_end(lines: list[str]) -> int | None:
    """Line (0-based) of the fence that is still open at the end, by the rules of Markdown; None where none is."""
    opened: tuple[int, str] | None = None
    for number, line in enumerate(lines):
        match = _FENCE.match(line)
        if match is None:
            continue
        if opened is None:
            opened = (number, match["mark"])
        elif match["mark"][0] == opened[1][0] and len(match["mark"]) >= len(opened[1]) and not match["info"].strip():
            opened = None
    return opened[0] if opened else None


def _bare(line: str, mark: str, lead: str) -> str:
    """The fence without its words, as far in as the one that it closes: a fence further out would end the list item and open a block of its own."""
    lead = lead if len(lead) + len(mark) <= len(line) else ""
    return (lead + mark).ljust(len(line))


def close_fences(text: str) -> tuple[str, int] | None:
    """The text with closing fences that close, and the line (1-based) of the first that was mended.

    Args:
        text: a policy; line ends LF.

    Returns:
        None where nothing is amiss, or where mending would not help.
    """
    lines = text.split("\n")
    if _open_at_end(lines) is None:
        return None
    mark, lead, first = "", "", 0
    for number, line in enumerate(lines):
        match = _FENCE.match(line)
        if match is None:
            continue
        same = bool(mark) and match["mark"][0] == mark[0] and len(match["mark"]) >= len(mark)
        if not mark:
            mark, lead = match["mark"], match["lead"]
        elif same and (not match["info"].strip() or _WORD.match(match["info"])):
            if match["info"].strip():
                lines[number] = _bare(line, match["mark"], " " * len(lead) if lead.strip(" ") else lead)
                first = first or number + 1
            mark = ""
    return None if mark or not first else ("\n".join(lines), first)
