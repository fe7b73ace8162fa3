"""Scripts that commands call: make targets, package scripts, tox and nox environments, just recipes, shell files.

Each becomes text with a line for every line of it. What cannot be found or read gives nothing: the command then stands for itself.
"""

from __future__ import annotations

import ast
import configparser
import json
import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from troth.engines.tools.identify import positionals, unwrap
from troth.terms.facts.tree import Tree

__all__ = ["Scripted", "Scripts"]

_SHELLS = frozenset(("bash", "sh", "zsh", "dash", "source", "."))
_NODE = frozenset(("npm", "pnpm", "yarn", "bun"))
_NODE_VALUES = frozenset(("-w", "--workspace", "--prefix", "-C", "--dir", "--cwd", "--filter", "-F"))
_NODE_COMMANDS = frozenset(
    (
        "install",
        "ci",
        "i",
        "add",
        "exec",
        "dlx",
        "audit",
        "publish",
        "pack",
        "view",
        "config",
        "version",
        "cache",
        "x",
        "link",
        "outdated",
    )
)
_RULE = re.compile(r"^([A-Za-z0-9_./%-][^:=#\n]*?)\s*::?(?!=)\s*(.*)$")
_VARIABLE = re.compile(r"^([A-Za-z_]\w*)\s*[:?+]?=\s*(.*)$")
_NO_RUN = frozenset(("--dry-run", "--just-print", "--recon", "--question", "--touch"))
_DRY_CLUSTER = re.compile(r"-[bBdeiIkmnpqrRsStvw]*[nqt][bBdeiIkmnpqrRsStvw]*")
"""Options with which make runs no recipe."""
_DEPTH = 6
_TARGETS = 2000
"""Targets of one makefile that are read; large ones hold several hundred."""


@dataclass(frozen=True, slots=True)
class Scripted:
    """Text of a script.

    Attributes:
        path: file that it is written in.
        text: the text, without make's `@` and `-` before a recipe's line.
        lines: source line of each line of the text.
        errexit, pipefail: how its shell is started.
        folder: where it runs.
        ignored: indexes of lines whose failure is ignored (make's and tox's `-`).
        whole: nothing outside of the text can call its functions.
    """

    path: str
    text: str
    lines: tuple[int, ...]
    errexit: bool = False
    pipefail: bool = False
    folder: str = ""
    ignored: frozenset[int] = frozenset()
    whole: bool = False

    def line(self, index: int) -> int:
        """Source line of a line of the text."""
        return self.lines[min(max(index, 0), len(self.lines) - 1)] if self.lines else 0

    def ignores(self, index: int) -> bool:
        """Whether the failure of a line is ignored."""
        return index in self.ignored


class Scripts:
    """Finds scripts in a tree."""

    def __init__(self, tree: Tree) -> None:
        self.tree = tree
        self._rules: dict[str, dict[str, tuple[list[str], list[tuple[str, int]]]]] = {}

    def resolve(self, argv: tuple[str, ...], folder: str) -> Iterator[Scripted]:
        """Scripts that a command runs; none where it runs none, or none that can be read."""
        words = unwrap(argv)
        if not words:
            return
        first = words[0].rsplit("/", 1)[-1]
        if first in ("make", "gmake"):
            yield from self._make(words[1:], folder)
        elif first in _NODE:
            yield from self._node(first, words[1:], folder)
        elif first == "just":
            yield from self._just(words[1:], folder)
        elif first == "tox":
            yield from self._tox(words[1:], folder)
        elif first == "nox":
            yield from self._nox(words[1:], folder)
        elif first in _SHELLS or words[0].startswith("./") or words[0].endswith((".sh", ".bash")):
            yield from self._shell(words, folder)

    def all(self) -> Iterator[Scripted]:
        """Every target and script that a person could start: of makefiles, package files and justfiles."""
        for path in self.tree.paths("Makefile", "*/Makefile", "GNUmakefile")[:50]:
            folder = posixpath.dirname(path)
            rules = self._makefile(path)
            for name in list(rules)[:_TARGETS]:
                yield from self._target(path, {name: ([], rules[name][1])}, name, folder, 1)
        for path in self.tree.paths("package.json", "*/package.json")[:100]:
            if "node_modules/" not in path:
                yield from self._package_scripts(path)
        for path in self.tree.paths("justfile", "Justfile", ".justfile"):
            names = re.findall(r"^@?([A-Za-z_][\w-]*)[^:=\n]*:(?!=)", self.tree.text(path) or "", re.MULTILINE)
            for name in names[:200]:
                yield from self._recipe(path, name, "", 1)

    def _package_scripts(self, path: str) -> Iterator[Scripted]:
        try:
            data = json.loads(self.tree.text(path) or "")
        except (ValueError, RecursionError):
            return
        scripts = data.get("scripts") if isinstance(data, dict) else None
        for name in list(scripts)[:100] if isinstance(scripts, dict) else ():
            if not str(name).startswith(("pre", "post")):
                yield from self._package_script(posixpath.dirname(path), str(name))

    def _path(self, folder: str, *names: str) -> str | None:
        for name in names:
            path = posixpath.normpath(posixpath.join(folder, name))
            if path in self.tree.files:
                return path
        return None

    def _shell(self, words: tuple[str, ...], folder: str) -> Iterator[Scripted]:
        started = words[0].rsplit("/", 1)[-1] in _SHELLS
        rest = [word for word in words[1:] if not word.startswith("-")] if started else [words[0]]
        path = self._path(folder, rest[0]) if rest and "-c" not in words[1:2] else None
        text = self.tree.text(path) if path else None
        if path is None or text is None:
            return
        head = text.split("\n", 1)[0]
        if head.startswith("#!") and not any(shell in head for shell in ("bash", "sh", "zsh")):
            return
        errexit = "-e" in head or (started and any(word.startswith("-") and "e" in word for word in words[1:3]))
        yield Scripted(path, text, tuple(range(1, text.count("\n") + 2)), errexit=errexit, folder=folder)

    def _node(self, manager: str, words: tuple[str, ...], folder: str) -> Iterator[Scripted]:
        names = positionals(words, _NODE_VALUES)
        if not names:
            return
        if names[0] in ("run", "run-script", "rum"):
            wanted = names[1:2]
        elif names[0] in ("test", "t", "tst", "start") and manager != "bun":
            wanted = ("start",) if names[0] == "start" else ("test",)
        elif manager == "npm" or names[0] in _NODE_COMMANDS:
            return
        else:
            wanted = names[:1]
        for name in wanted:
            for home in self._homes(words, folder):
                yield from self._package_script(home, name)

    def _homes(self, words: tuple[str, ...], folder: str) -> Iterator[str]:
        """Folders whose package.json a call means: `-w x`, `--prefix x`, `-C x`, all workspaces, or the current one."""
        for at, word in enumerate(words):
            name, _, value = word.partition("=")
            if name in ("-w", "--workspace", "--prefix", "-C", "--dir", "--cwd"):
                value = value or (words[at + 1] if at + 1 < len(words) else "")
                yield posixpath.normpath(posixpath.join(folder, value)) if value else folder
                return
            if name in ("--workspaces", "-ws", "-r", "--recursive"):
                yield from (posixpath.dirname(path) for path in self.tree.paths("*/package.json"))
                return
        yield folder

    def _package_script(self, folder: str, name: str) -> Iterator[Scripted]:
        path = self._path(folder, "package.json")
        text = self.tree.text(path) if path else None
        if path is None or text is None:
            return
        try:
            data = json.loads(text)
        except (ValueError, RecursionError):
            return
        scripts = data.get("scripts") if isinstance(data, dict) else None
        if not isinstance(scripts, dict):
            return
        home = "" if folder == "." else folder
        for each in (f"pre{name}", name, f"post{name}"):
            if isinstance(scripts.get(each), str):
                line = _line_of_key(text, each, text.find('"scripts"'))
                yield Scripted(path, scripts[each], (line,), folder=home)

    def _make(self, words: tuple[str, ...], folder: str) -> Iterator[Scripted]:
        for at, word in enumerate(words):
            if word == "-C" and at + 1 < len(words):
                folder = posixpath.normpath(posixpath.join(folder, words[at + 1]))
        path = self._path(folder, "GNUmakefile", "makefile", "Makefile")
        if path is None or any(word in _NO_RUN or _DRY_CLUSTER.fullmatch(word) for word in words):
            return
        rules = self._makefile(path)
        forgives = any(word in ("-i", "--ignore-errors") for word in words) or any(re.match(r"\.IGNORE\s*:\s*(?:#|\Z)", line) for line in self.tree.lines(path))
        named = [
            word for word in positionals(words, frozenset(("-C", "-f", "-j"))) if "=" not in word and not word.isdigit()
        ]
        for name in named or list(rules)[:1]:
            for found in self._target(path, rules, name, folder, _DEPTH):
                yield replace(found, ignored=frozenset(range(len(found.lines)))) if forgives else found

    def _target(
        self, path: str, rules: dict[str, tuple[list[str], list[tuple[str, int]]]], name: str, folder: str, depth: int
    ) -> Iterator[Scripted]:
        if name not in rules or not depth:
            return
        needed, recipe = rules[name]
        for other in needed:
            yield from self._target(path, rules, other, folder, depth - 1)
        if recipe:
            texts = [text.lstrip("@+- \t") for text, _ in recipe]
            ignored = frozenset(
                index for index, (text, _) in enumerate(recipe) if "-" in text[: len(text) - len(text.lstrip("@+- \t"))]
            )
            yield Scripted(
                path, "\n".join(texts), tuple(line for _, line in recipe), errexit=True, folder=folder, ignored=ignored
            )

    def _makefile(self, path: str) -> dict[str, tuple[list[str], list[tuple[str, int]]]]:
        if path in self._rules:
            return self._rules[path]
        rules: dict[str, tuple[list[str], list[tuple[str, int]]]] = {}
        variables: dict[str, str] = {}
        current: list[str] = []
        for number, line in enumerate(self.tree.lines(path)[:5000], 1):
            if line.startswith("\t"):
                for name in current:
                    rules[name][1].append((_filled(line[1:], variables), number))
                continue
            variable = _VARIABLE.match(line)
            rule = None if variable else _RULE.match(line)
            if variable:
                variables[variable.group(1)] = variable.group(2)
            elif rule and not line.startswith("."):
                current = rule.group(1).split()
                for name in current:
                    rules.setdefault(name, ([], []))[0].extend(_filled(rule.group(2).split("#")[0], variables).split())
            elif line.strip() and not line.startswith("#"):
                current = []
        self._rules[path] = rules
        return rules

    def _just(self, words: tuple[str, ...], folder: str) -> Iterator[Scripted]:
        path = self._path(folder, "justfile", "Justfile", ".justfile")
        names = positionals(words, frozenset(("-f", "--justfile", "-d")))
        if path is None or not names:
            return
        yield from self._recipe(path, names[0], folder, _DEPTH)

    def _recipe(self, path: str, name: str, folder: str, depth: int) -> Iterator[Scripted]:
        lines = self.tree.lines(path)
        for number, line in enumerate(lines, 1):
            match = re.match(rf"^@?{re.escape(name)}\b([^:=]*):(?!=)(.*)$", line)
            if not match or not depth:
                continue
            for other in re.findall(r"[\w-]+", match.group(2).split("#")[0]):
                yield from self._recipe(path, other, folder, depth - 1)
            body: list[tuple[str, int]] = []
            for below, text in enumerate(lines[number:], number + 1):
                if text.strip() and not text.startswith((" ", "\t")):
                    break
                body.append((text.strip(), below))
            texts = [text.lstrip("@-") for text, _ in body]
            ignored = frozenset(index for index, (text, _) in enumerate(body) if text.startswith(("-", "@-")))
            yield Scripted(
                path, "\n".join(texts), tuple(at for _, at in body), errexit=True, folder=folder, ignored=ignored
            )
            return

    def _tox(self, words: tuple[str, ...], folder: str) -> Iterator[Scripted]:
        path = self._path(folder, "tox.ini")
        text = self.tree.text(path) if path else None
        if path is None or text is None:
            return
        parser = configparser.RawConfigParser(strict=False, allow_no_value=True)
        try:
            parser.read_string(text)
        except configparser.Error:
            return
        named = [word.partition("=")[2] for word in words if word.startswith(("-e=", "--env="))]
        named += [words[at + 1] for at, word in enumerate(words[:-1]) if word in ("-e", "--env")]
        wanted = [name for group in named for name in group.split(",")] or [""]
        for name in wanted:
            section = f"testenv:{name}" if parser.has_section(f"testenv:{name}") else "testenv"
            if parser.has_option(section, "commands"):
                yield from _tox_commands(path, text, section, str(parser.get(section, "commands")), folder)

    def _nox(self, words: tuple[str, ...], folder: str) -> Iterator[Scripted]:
        path = self._path(folder, "noxfile.py")
        text = self.tree.text(path) if path else None
        if path is None or text is None:
            return
        try:
            module = ast.parse(text)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return
        wanted = {
            words[at + 1] for at, word in enumerate(words[:-1]) if word in ("-s", "--session", "--sessions", "-e")
        }
        for node in module.body:
            if isinstance(node, ast.FunctionDef) and (not wanted or node.name in wanted):
                yield from _nox_runs(path, node, folder)


def _nox_runs(path: str, function: ast.FunctionDef, folder: str) -> Iterator[Scripted]:
    for node in ast.walk(function):
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr in ("run", "run_always")
        ):
            words = [item.value for item in node.args if isinstance(item, ast.Constant) and isinstance(item.value, str)]
            if words:
                yield Scripted(path, " ".join(words), (node.lineno,), errexit=True, folder=folder)


def _tox_commands(path: str, text: str, section: str, body: str, folder: str) -> Iterator[Scripted]:
    start = text.find(f"[{section}]")
    for line in body.split("\n"):
        bare = line.strip()
        if bare:
            at = text.find(bare, max(start, 0))
            number = text.count("\n", 0, at) + 1 if at >= 0 else 0
            ignored = frozenset((0,)) if bare.startswith("-") else frozenset[int]()
            yield Scripted(path, bare.lstrip("- "), (number,), errexit=True, folder=folder, ignored=ignored)


def _filled(text: str, variables: dict[str, str]) -> str:
    for _ in range(3):
        filled = re.sub(r"\$[({](\w+)[)}]", lambda match: variables.get(match.group(1), match.group(0))[:500], text)
        if filled == text or len(filled) > 5000:
            break
        text = filled
    return text.replace("$$", "$")


def _line_of_key(text: str, key: str, start: int) -> int:
    match = re.compile(rf'"{re.escape(key)}"\s*:').search(text, max(start, 0))
    return text.count("\n", 0, match.start()) + 1 if match else 0
