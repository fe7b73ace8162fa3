"""Changes to a text by exact spans: everything that is not in a span stays, character for character.

Rules: spans do not overlap; inserted lines take the file's own line ends; a byte order mark stays where it is.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

__all__ = ["Edit", "TextFile", "edited"]

_BOM: Final = "\ufeff"


@dataclass(frozen=True, slots=True, order=True)
class Edit:
    """Replace the characters `[start, end)` by `text`, which is written with line feeds."""

    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class TextFile:
    """A text without its byte order mark, and how its lines end.

    Attributes:
        body: the text that spans count in.
        mark: the byte order mark, or "".
        newline: the file's own line end; the first one decides.
    """

    body: str
    mark: str
    newline: str

    @classmethod
    def of(cls, text: str) -> TextFile:
        """Take a file's text apart."""
        mark = _BOM if text.startswith(_BOM) else ""
        body = text.removeprefix(_BOM)
        at = body.find("\n")
        return cls(body, mark, "\r\n" if at > 0 and body[at - 1] == "\r" else "\n")

    def line_start(self, at: int) -> int:
        """Index of the first character of the line that `at` is in."""
        return self.body.rfind("\n", 0, at) + 1

    def line_end(self, at: int) -> int:
        """Index after the last character of the line, before its line end."""
        end = self.body.find("\n", at)
        if end < 0:
            return len(self.body)
        return end - 1 if end > at and self.body[end - 1] == "\r" else end

    def next_line(self, at: int) -> int:
        """Index of the first character of the line below, or the text's end."""
        end = self.body.find("\n", at)
        return len(self.body) if end < 0 else end + 1

    def indent(self, at: int) -> str:
        """White space that the line of `at` begins with."""
        start = self.line_start(at)
        line = self.body[start : self.line_end(start)]
        return line[: len(line) - len(line.lstrip(" \t"))]

    def line_at(self, number: int) -> int:
        """Index of the first character of a line by number (from 1), or -1."""
        at = 0
        for _ in range(number - 1):
            at = self.body.find("\n", at) + 1
            if at == 0:
                return -1
        return at if at < len(self.body) else -1

    def line(self, at: int) -> str:
        """The line that `at` is in, without its end."""
        return self.body[self.line_start(at) : self.line_end(at)]


def edited(file: TextFile, edits: Iterable[Edit]) -> str:
    """The whole text after the edits, with its mark and its line ends. Equal edits count once; one that overlaps an earlier one is left out."""
    out: list[str] = [file.mark]
    at = 0
    for edit in sorted(set(edits)):
        if edit.start < at:
            continue
        out += [file.body[at : edit.start], edit.text.replace("\n", file.newline)]
        at = edit.end
    out.append(file.body[at:])
    return "".join(out)
