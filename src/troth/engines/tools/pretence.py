"""What a script does so that a command of it is not what it looks like: functions and aliases of its name, traps that end well, functions that nothing calls."""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from troth.engines.tools.identify import unwrap
from troth.terms.facts.tree import Tree

__all__ = ["Pretences", "idle_shell", "of_the_tree", "pretences"]

_FUNCTION: Final = re.compile(r"^([ \t]*)(?:function[ \t]+([\w.-]+)(?:[ \t]*\(\))?|([\w.-]+)[ \t]*\(\))[ \t]*(?:\{|\(|$)", re.MULTILINE)
_ALIAS: Final = re.compile(r"^[ \t]*alias[ \t]+([\w.-]+)=", re.MULTILINE)
_TRAP: Final = re.compile(r"^[ \t]*trap[ \t]+([\"'])([^\"']*\bexit 0[^\"']*)\1[ \t]+([^\n]*)$", re.MULTILINE)
_IDLE: Final = frozenset(("echo", "true", ":", "cat", "printf", "test", "wc", "tee"))
_WRAPPERS: Final = frozenset(("gradlew", "mvnw", "bazelw", "gradlew.bat"))
"""Scripts that projects carry because the tool's own makers say so."""
_SCANNED_CHARACTERS: Final = 200_000


@dataclass(frozen=True, slots=True)
class Pretences:
    """What one script's text does to its commands.

    Attributes:
        named: names that a function, or an alias that is expanded, takes.
        dead: indexes of first and last line of functions that nothing in the text calls, with their names.
        trapped: index of the line of a trap that ends the script well, and the trap; None where there is none.
    """

    named: frozenset[str] = frozenset()
    dead: tuple[tuple[int, int, str], ...] = ()
    trapped: tuple[int, str] | None = None

    def doubt(self, argv: tuple[str, ...]) -> str:
        """Why a command may be another one than its name says; empty where nothing says so."""
        return f"the script has a function or an alias of the name {argv[0]}" if argv[:1] and argv[0] in self.named else ""

    def never(self, line: int) -> str:
        """Why a line of the script is never reached; empty where nothing says so."""
        return next((f"it stands in the function {name}, which nothing calls" for first, last, name in self.dead if first <= line <= last), "")


@lru_cache(maxsize=256)
def pretences(text: str) -> Pretences:
    """Read a script's text; longer ones are not looked into."""
    if len(text) > _SCANNED_CHARACTERS or not ("()" in text or "function" in text or "alias" in text or "trap" in text):
        return Pretences()
    named: set[str] = set()
    dead: list[tuple[int, int, str]] = []
    lines = text.split("\n")
    for match in _FUNCTION.finditer(text):
        name = match.group(2) or match.group(3)
        named.add(name)
        first = text.count("\n", 0, match.start())
        last = _end(lines, first, match.group(1))
        body = lines[first : last + 1]
        elsewhere = "\n".join((*lines[:first], *lines[last + 1 :], body[-1].partition("}")[2] if len(body) > 1 else ""))
        if not re.search(rf"(?<![\w.-]){re.escape(name)}(?![\w.-])", elsewhere):
            dead.append((first, last, name))
    if "expand_aliases" in text:
        named.update(_ALIAS.findall(text))
    trap = next((match for match in _TRAP.finditer(text) if re.search(r"\b(?:EXIT|ERR|0)\b", match.group(3))), None)
    trapped = (text.count("\n", 0, trap.start()), trap.group().strip()[:80]) if trap is not None else None
    return Pretences(frozenset(named), tuple(dead), trapped)


def _end(lines: list[str], first: int, indent: str) -> int:
    """Index of the line that closes a function: a brace no deeper than its head, or the head itself where all stands on one line."""
    if "}" in lines[first]:
        return first
    closing = (at for at in range(first + 1, len(lines)) if lines[at].startswith((f"{indent}}}", f"{indent})")))
    return next(closing, len(lines) - 1)


def idle_shell(shell: str) -> str:
    """The program that is given a step's script and runs nothing of it (`shell: echo {0}`); empty for a shell."""
    first = posixpath.basename(shell.split(" ", maxsplit=1)[0]) if shell else ""
    return first if first in _IDLE else ""


def of_the_tree(argv: tuple[str, ...], folder: str, tree: Tree) -> str:
    """Why a command starts something of the tree's own that only has a tool's name; empty where it does not."""
    words = unwrap(argv)
    first = words[0] if words else ""
    if "/" in first and "$" not in first and posixpath.basename(first) not in _WRAPPERS:
        path = posixpath.normpath(posixpath.join(folder, first))
        if path in tree.files:
            return f"{path} is a script of the tree's own"
    at = next((at for at, word in enumerate(argv[:4]) if word == "-m"), 0)
    if at and re.match(r"(?:\S*/)?(?:python|py)[\d.]*$", argv[at - 1] if at else "") and at + 1 < len(argv):
        module = argv[at + 1].replace(".", "/")
        for name in (f"{module}.py", f"{module}/__main__.py", f"{module}/__init__.py"):
            path = posixpath.normpath(posixpath.join(folder, name))
            if path in tree.files:
                return f"{path} of the tree has that name, and comes first"
    return ""
