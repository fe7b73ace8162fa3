"""Functions of languages with braces, found in a text whose comments and strings are blanked: where each begins and ends, and what it is called."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

__all__ = ["closing", "functions"]

_ECMA: Final = re.compile(
    r"(?:\bfunction\b\s*\*?\s*(?P<declared>[\w$]+)?\s*(?:<[^<>(){}]*>)?\s*(?P<a>\())"
    r"|(?:(?P<bound>[\w$]+)\s*(?::\s*[^=;(){}]{1,80})?[=:]\s*(?:async\s+)?(?:<[^<>(){}]*>\s*)?(?=(?:\([^()]{0,2000}(?:\([^()]{0,2000}\)[^()]{0,2000})*\)|[\w$]+)\s*(?::\s*[^=;{}]{1,80})?\s*=>)(?P<b>\(|[\w$]))"
    r"|(?:^[ \t]*(?:(?:public|private|protected|static|async|override|readonly|get|set)\s+|\*\s*)*(?P<method>#?[\w$]+)\s*(?:<[^<>(){}]*>)?\s*(?P<c>\())"
    r"|(?P<arrow>=>)\s*(?=\{)",
    re.MULTILINE,
)
_RUST: Final = re.compile(r"\bfn\s+(?P<declared>\w+)\s*(?:<[^(){}]*>)?\s*(?P<a>\()")
_CLASS: Final = re.compile(r"\b(?:class\s+([\w$]+)|impl(?:\s*<[^{}]*?>)?\s+(?:[\w:<>, ]+\s+for\s+)?(\w+))[^{};]*(\{)")
_WORDS: Final = frozenset(("if", "for", "while", "switch", "catch", "return", "function", "new", "await", "typeof", "with", "super", "constructor", "do", "else", "throw"))
_ENDS: Final = {"(": ")", "{": "}", "[": "]"}
_TYPE: Final = re.compile(r"\s*(?::\s*[^={};]+?(?:\{[^{}]*\}[^={};]*?)?)?\s*(=>)?\s*(?=\{)|\s*(?::\s*[^={};]+?)?\s*=>\s*|\s*->[^{;]*(?=\{)|[^{;]*(?=\{)")


def closing(code: str, at: int) -> int:
    """Position of the bracket that closes the one at a position; the end of the text where none does."""
    opened, ends = code[at], _ENDS[code[at]]
    depth = 0
    for match in re.compile(rf"[{re.escape(opened + ends)}]").finditer(code, at):
        depth += 1 if match.group() == opened else -1
        if depth == 0:
            return match.start()
    return len(code)


def functions(code: str, language: str) -> Iterator[tuple[str, str, int, int, bool]]:
    """Name, owner, start, end (positions) and whether it has no name of its own, of each function."""
    classes = [(match.start(3), closing(code, match.start(3)), match.group(1) or match.group(2)) for match in _CLASS.finditer(code)]
    bodies: set[int] = set()
    for match in (_RUST if language == "rust" else _ECMA).finditer(code):
        found = match.groupdict()
        name = found.get("declared") or found.get("bound") or found.get("method") or ""
        if found.get("method") and (name in _WORDS and name != "constructor"):
            continue
        body = _body(code, match, found)
        if body is None or body[0] in bodies:
            continue
        bodies.add(body[0])
        owner = next((named for start, end, named in reversed(classes) if start < match.start() < end), "")
        start = match.start() + len(match.group(0)) - len(match.group(0).lstrip())
        yield name, owner, start, body[1], not name or name == "constructor" or bool(found.get("bound") and _in_object(match))


def _in_object(match: re.Match[str]) -> bool:
    """`name: () => ...` is a value of a table, which its reader calls."""
    return ":" in match.group(0)[len(match.group("bound")) :].split("=", 1)[0][:2]


def _body(code: str, match: re.Match[str], found: dict[str, str | None]) -> tuple[int, int] | None:
    """Start and end of a body."""
    if found.get("arrow"):
        start = code.index("{", match.end() - 1) if code[match.end() - 1 : match.end()] != "{" else match.end() - 1
        return start, closing(code, start) + 1
    at = match.start("a") if found.get("a") else match.start("b") if found.get("b") else match.start("c")
    after = closing(code, at) + 1 if code[at] == "(" else re.compile(r"[\w$]+").match(code, at).end()  # type: ignore[union-attr]
    if found.get("b"):
        arrow = code.find("=>", after)
        if arrow < 0:
            return None
        start = arrow + 2
        while start < len(code) and code[start].isspace():
            start += 1
        if code[start : start + 1] == "{":
            return start, closing(code, start) + 1
        return start, _expression(code, start)
    between = re.compile(r"\s*(?::[^;{}=]*|->[^;{]*|where[^;{]*)?\s*\{").match(code, after)
    if between is None:
        return None
    return between.end() - 1, closing(code, between.end() - 1) + 1


def _expression(code: str, start: int) -> int:
    """End of an expression: a semicolon, a comma or a bracket that it did not open, or a line that ends outside of brackets."""
    at = start
    while at < len(code):
        letter = code[at]
        if letter in _ENDS:
            at = closing(code, at)
        elif letter in ";,)}]" or (letter == "\n" and not re.match(r"\s*[.?:&|+]", code[at + 1 : at + 40])):
            return at
        at += 1
    return at
