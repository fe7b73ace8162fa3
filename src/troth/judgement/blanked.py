"""A source text with its comments blanked, and once more with the contents of its strings blanked; both as long as the source, so that positions and lines hold."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

__all__ = ["Blanked", "blanked"]

_PYTHON: Final = re.compile(
    r"(?P<comment>#[^\n]*)"
    r"|(?P<prefix>[rRbBuUfF]{0,2})(?P<string>\"\"\"(?:\\.|[^\\])*?\"\"\"|'''(?:\\.|[^\\])*?'''|\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])*')",
    re.DOTALL,
)
_ECMA: Final = re.compile(
    r"(?P<comment>//[^\n]*|/\*(?:.*?\*/|.*\Z))"
    r"|(?P<prefix>)(?P<string>\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])*'|`(?:\\.|[^`\\])*`"
    r"|(?<=[=(,:!&|?{};\n\[])[ \t]*/(?![/*\s])(?:\\[^\n]|\[(?:\\[^\n]|[^\]\\\n])*\]|[^/\\\n\[])+/[a-z]*)",
    re.DOTALL,
)
_RUST: Final = re.compile(
    r"(?P<comment>//[^\n]*|/\*(?:.*?\*/|.*\Z))|(?P<prefix>b?)(?P<string>r#*\".*?\"#*|\"(?:\\.|[^\"\\])*\"|'(?:\\.|[^'\\\n])')",
    re.DOTALL,
)
_LANGUAGES: Final = {"python": _PYTHON, "ecma": _ECMA, "rust": _RUST}
_KEEP: Final = re.compile(r"[^\n]")
_LONG: Final = re.compile(r"[^\n]{3000,}")
_HOLE: Final = {"python": re.compile(r"\{([^{}\n]*)\}"), "ecma": re.compile(r"\$\{([^{}\n]*)\}")}
_OPEN: Final = re.compile(r"[=(,\[{+:]\s*\Z|\b(?:return|in|not|and|or|yield|lambda.*:)\s*\Z")


@dataclass(frozen=True, slots=True)
class Blanked:
    """A source in two forms.

    Attributes:
        text: without comments, and without strings that stand alone (docstrings).
        code: besides, without what strings say; what is put into a string (`{name}`, `${name}`) stays.
    """

    text: str
    code: str


@lru_cache(maxsize=64)
def blanked(source: str, language: str) -> Blanked:
    """Both forms of a source of `python`, `ecma` or `rust`."""
    text: list[str] = []
    code: list[str] = []
    at = 0
    for match in _LANGUAGES[language].finditer(source):
        between = source[at : match.start()]
        found = match.group(0)
        if match.group("comment") is not None or (language == "python" and _alone(source, match)):
            shown = inner = _KEEP.sub(" ", found)
        else:
            shown, inner = found, _emptied(match, language)
        text += (between, shown)
        code += (between, inner)
        at = match.end()
    return Blanked(_short("".join((*text, source[at:]))), _short("".join((*code, source[at:]))))


def _short(text: str) -> str:
    """Lines that no hand wrote are blanked: searches within a line would take the square of their length."""
    return _LONG.sub(lambda found: " " * len(found.group()), text)


def _alone(source: str, match: re.Match[str]) -> bool:
    """A string that is a statement of its own says something to readers only."""
    line = source.rfind("\n", 0, match.start()) + 1
    if source[line : match.start()].strip() or not re.match(r"[ \t]*(?:#[^\n]*)?(?:\n|\Z)", source[match.end() :][:200]):
        return False
    before = source[:line].rstrip()
    return before.endswith(":") or not before or (not _OPEN.search(before[-80:]) and match.group("string").startswith(("\"\"\"", "'''")))


def _emptied(match: re.Match[str], language: str) -> str:
    """The quotes of a string, with spaces for what it says."""
    prefix, string = match.group("prefix") or "", match.group("string")
    quote = 3 if string[:3] in ('"""', "'''") else 1
    inside = string[quote:-quote] if len(string) >= 2 * quote else ""
    hole = _HOLE.get(language)
    open_ = (language == "python" and "f" in prefix.lower()) or string.startswith("`")
    blank = _KEEP.sub(" ", inside)
    if open_ and hole is not None:
        letters = list(blank)
        for found in hole.finditer(inside):
            letters[found.start(1) : found.end(1)] = found.group(1)
        blank = "".join(letters)
    return prefix + string[:quote] + blank + string[len(string) - quote :]
