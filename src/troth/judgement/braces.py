"""Functions of languages with braces, found in a text whose comments and strings are blanked: where each begins and ends, and what it is called."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

__all__ = ["closing", "functions", "pairs_of"]

_ECMA: Final = re.compile(
    r"(?:\bfunction\b\s*\*?\s*(?P<declared>[\w$]+)?\s*(?:<[^<>(){}]*>)?\s*(?P<a>\())"
    r"|(?:(?P<bound>[\w$]+)\s*(?::\s*[^=;(){}]{1,80})?[=:]\s*(?:async\s+)?(?:<[^<>(){}]*>\s*)?(?=(?:\([^()]{0,2000}(?:\([^()]{0,2000}\)[^()]{0,2000})*\)|[\w$]+)\s*(?::\s*[^=;{}]{1,80})?\s*=>)(?P<b>\(|[\w$]))"
    r"|(?:^[ \t]*(?:(?:public|private|protected|static|async|override|readonly|get|set)\s+)*\*?[ \t]*(?P<method>#?[\w$]+)\s*(?:<[^<>(){}]*>)?\s*(?P<c>\())"
    r"|(?P<arrow>=>)\s*(?=\{)",
    re.MULTILINE,
)
_RUST: Final = re.compile(r"\bfn\s+(?P<declared>\w+)\s*(?:<[^(){}]*>)?\s*(?P<a>\()")
_CLASS: Final = re.compile(r"\b(?:class\s+([\w$]+)|impl(?:\s*<[^{}]*?>)?\s+(?:[\w:<>, ]+\s+for\s+)?(\w+))[^{};]*(\{)")
_WORDS: Final = frozenset(("if", "for", "while", "switch", "catch", "return", "function", "new", "await", "typeof", "with", "super", "constructor", "do", "else", "throw"))
_ENDS: Final = {"(": ")", "{": "}", "[": "]"}
_BRACKETS: Final = re.compile(r"[()\[\]{}]")
_WORD: Final = re.compile(r"[\w$]+")
_ARROW: Final = re.compile(r"\s*(?::[^=;{}]{1,200})?\s*=>\s*")
_BETWEEN: Final = re.compile(r"\s*(?::[^;{}=]{0,400}|->[^;{]{0,400}|where[^;{]{0,400})?\s*\{")
_MOST_EXPRESSION: Final = 4000


def closing(code: str, at: int) -> int:
    """Position of the bracket that closes the one at a position; the end of the text where none does."""
    opened, ends = code[at], _ENDS[code[at]]
    depth = 0
    for match in re.compile(rf"[{re.escape(opened + ends)}]").finditer(code, at):
        depth += 1 if match.group() == opened else -1
        if depth == 0:
            return match.start()
    return len(code)


def pairs_of(code: str) -> dict[int, int]:
    """Each opening bracket and the one that closes it, counted by kind; in one pass, so that text without ends takes no longer."""
    found: dict[int, int] = {}
    opened: dict[str, list[int]] = {")": [], "}": [], "]": []}
    for match in _BRACKETS.finditer(code):
        letter = match.group()
        if letter in _ENDS:
            opened[_ENDS[letter]].append(match.start())
        elif opened[letter]:
            found[opened[letter].pop()] = match.start()
    return found


def functions(code: str, language: str) -> Iterator[tuple[str, str, int, int, bool]]:
    """Name, owner, start, end (positions) and whether it has no name of its own, of each function."""
    pairs = pairs_of(code)
    classes = [(match.start(3), pairs.get(match.start(3), len(code)), match.group(1) or match.group(2)) for match in _CLASS.finditer(code)]
    bodies: set[int] = set()
    for match in (_RUST if language == "rust" else _ECMA).finditer(code):
        found = match.groupdict()
        name = found.get("declared") or found.get("bound") or found.get("method") or ""
        if found.get("method") and (name in _WORDS and name != "constructor"):
            continue
        body = _body(code, match, found, pairs)
        if body is None or body[0] in bodies:
            continue
        bodies.add(body[0])
        owner = next((named for start, end, named in reversed(classes) if start < match.start() < end), "")
        start = match.start() + len(match.group(0)) - len(match.group(0).lstrip())
        yield name, owner, start, body[1], not name or name == "constructor" or bool(found.get("bound") and _in_object(match))


def _in_object(match: re.Match[str]) -> bool:
    """`name: () => ...` is a value of a table, which its reader calls."""
    return ":" in match.group(0)[len(match.group("bound")) :].split("=", 1)[0][:2]


def _body(code: str, match: re.Match[str], found: dict[str, str | None], pairs: dict[int, int]) -> tuple[int, int] | None:
    """Start and end of a body; None for what has none, or has no end."""
    if found.get("arrow"):
        return _braced(code, code.find("{", match.end() - 1), pairs)
    at = match.start("a") if found.get("a") else match.start("b") if found.get("b") else match.start("c")
    if code[at] == "(":
        after = pairs.get(at, -1) + 1
    else:
        word = _WORD.match(code, at)
        after = word.end() if word is not None else 0
    if after <= 0:
        return None
    if found.get("b"):
        arrow = _ARROW.match(code, after)
        if arrow is None:
            return None
        if code[arrow.end() : arrow.end() + 1] == "{":
            return _braced(code, arrow.end(), pairs)
        return arrow.end(), _expression(code, arrow.end(), pairs)
    between = _BETWEEN.match(code, after)
    return _braced(code, between.end() - 1, pairs) if between is not None else None


def _braced(code: str, start: int, pairs: dict[int, int]) -> tuple[int, int] | None:
    end = pairs.get(start)
    return (start, end + 1) if end is not None and code[start] == "{" else None


def _expression(code: str, start: int, pairs: dict[int, int]) -> int:
    """End of an expression: a semicolon, a comma or a bracket that it did not open, or a line that ends outside of brackets."""
    at = start
    while at < min(len(code), start + _MOST_EXPRESSION):
        letter = code[at]
        if letter in _ENDS:
            at = pairs.get(at, at)
        elif letter in ";,)}]" or (letter == "\n" and not re.match(r"\s*[.?:&|+]", code[at + 1 : at + 40])):
            return at
        at += 1
    return min(at, len(code))
