"""JSON and TOML to plain data, with one error type that knows a line. Nothing here executes, fetches or follows anything.

`parse_json` also takes what tools take: comments and trailing commas (`tsconfig`, renovate's json5, bun.lock), but only if strict parsing fails.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Mapping, Sequence
from typing import Final

__all__ = ["TEXT_LIMIT", "DocumentError", "Plain", "as_list", "as_map", "as_text", "parse_json", "parse_toml"]

Plain = None | bool | int | float | str | Sequence["Plain"] | Mapping[str, "Plain"]
"""What a document holds; TOML's dates become text."""

TEXT_LIMIT: Final = 8_000_000
"""Characters of one document; a file of 100 MB is refused before any of it is parsed."""

_TOML_LINE = re.compile(r"at line (\d+)")
_STRING_OR_COMMENT = re.compile(r'"(?:[^"\\\n]|\\.)*"|//[^\n]*|/\*.*?\*/|,(?=\s*[}\]])', re.DOTALL)


class DocumentError(Exception):
    """A document that is not what its name says.

    Args:
        says: one sentence.
        line: 1-based; 0 where no line is at fault.
    """

    def __init__(self, says: str, line: int = 0) -> None:
        super().__init__(says)
        self.says = says
        self.line = line


def parse_json(text: str, *, unique: bool = False) -> Plain:
    """Plain data of a JSON text.

    Args:
        text: the text.
        unique: refuse an object with a key that stands twice, which different programs read differently.

    Raises:
        DocumentError: it is none, even with comments and trailing commas taken away.
    """
    _bounded(text)
    try:
        return _load(text, unique=unique)
    except ValueError as error:
        relaxed = _STRING_OR_COMMENT.sub(_keep_strings, text)
        if relaxed == text:
            raise DocumentError(_json_reason(error), getattr(error, "lineno", 0)) from error
    try:
        return _load(relaxed, unique=unique)
    except ValueError as error:
        raise DocumentError(_json_reason(error), getattr(error, "lineno", 0)) from error


def _load(text: str, *, unique: bool) -> Plain:
    try:
        data: Plain = json.loads(text, object_pairs_hook=_unique if unique else None)
    except RecursionError as error:
        raise DocumentError("It is nested too deeply.") from error
    return data


def _unique(pairs: list[tuple[str, Plain]]) -> dict[str, Plain]:
    found = dict(pairs)
    if len(found) != len(pairs):
        seen: set[str] = set()
        twice = ""
        for key, _ in pairs:
            twice = key if key in seen else twice
            seen.add(key)
        raise DocumentError(f"The key {twice[:80]!r} stands twice in one object.")
    return found


def _json_reason(error: ValueError) -> str:
    return f"It is not JSON: {error.msg}." if isinstance(error, json.JSONDecodeError) else "It is not JSON."


def _keep_strings(match: re.Match[str]) -> str:
    found = match.group(0)
    if found.startswith('"'):
        return found
    return "\n" * found.count("\n")


def _bounded(text: str) -> None:
    if len(text) > TEXT_LIMIT:
        raise DocumentError(f"It is longer than {TEXT_LIMIT:,} characters.")


def parse_toml(text: str) -> Mapping[str, Plain]:
    """Plain data of a TOML text.

    Raises:
        DocumentError: it is none.
    """
    _bounded(text)
    try:
        data = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError, ValueError) as error:
        found = _TOML_LINE.search(str(error))
        raise DocumentError(
            f"It is not TOML: {str(error)[:200] or 'nested too deeply'}.", int(found.group(1)) if found else 0
        ) from error
    return data


def as_map(value: Plain) -> Mapping[str, Plain]:
    """The value where it is a mapping; an empty one else. Keys that are no text are left out."""
    if not isinstance(value, Mapping):
        return {}
    return {key: item for key, item in value.items() if isinstance(key, str)}


def as_list(value: Plain) -> Sequence[Plain]:
    """The value where it is a list; an empty one else."""
    return value if isinstance(value, (list, tuple)) else ()


def as_text(value: Plain) -> str:
    """The value where it is text (or a number); empty else."""
    if isinstance(value, str):
        return value
    return str(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else ""
