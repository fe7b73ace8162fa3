"""What a policy's code samples name, compared with the tree: files, package scripts, tags, make targets, variables, imported names.

Nothing is run. A line is RIGHT only if all that it names was found, WRONG only if something that it names certainly is not there,
and OPEN otherwise: a tool's behaviour, a registry, a path outside the tree.
"""

from __future__ import annotations

import ast
import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from troth.judgement.policy_scope import twin_of
from troth.judgement.python_exports import Exported, Native, find_export, native_exports
from troth.judgement.sample_answers import answers
from troth.judgement.sample_names import (
    Found,
    Outcome,
    home_file,
    own_command,
    own_commands,
    promised_path,
    settings,
    variable,
)
from troth.terms.facts.dependencies import Dependencies
from troth.terms.facts.history import History
from troth.terms.facts.policies import PolicySet
from troth.terms.facts.tree import Tree
from troth.terms.promise import Kind, Statement
from troth.terms.verdict import Evidence

__all__ = ["Checked", "Outcome", "check_sample"]

_FENCE: Final = re.compile(r"^\s*(?:```|~~~)")
_PROMPT: Final = re.compile(r"^\s*(?:\$|>|%)\s+")
_PERCENT: Final = ("prolog", "matlab", "erlang", "tex", "latex")
"""Languages whose comments start as some shells' prompts do."""
_INLINE: Final = re.compile(r"`([^`\n]{3,200})`")
_VARIABLE: Final = re.compile(r"^(?:export\s+|set\s+)?([A-Z][A-Z0-9_]{3,60})=")
_SHELLS: Final = frozenset(("bash", "sh", "shell", "console", "zsh", "terminal", "env", "dotenv", "ini", ""))
_SCANNERS: Final = frozenset(
    ("bandit", "ruff", "mypy", "flake8", "black", "isort", "pylint", "pytest", "semgrep", "eslint")
)
_TOUCHES: Final = frozenset(
    ("chmod", "chown", "cat", "tail", "head", "less", "grep", "ls", "rm", "cp", "mv", "stat", "touch", "nano", "vim")
)
_RUNNERS: Final = frozenset(("npm", "pnpm", "yarn", "bun"))
_NPM_OWN: Final = frozenset(
    (
        "install",
        "i",
        "ci",
        "audit",
        "update",
        "outdated",
        "publish",
        "login",
        "view",
        "pack",
        "add",
        "remove",
        "init",
        "link",
        "exec",
        "x",
        "dlx",
        "why",
        "ls",
        "info",
        "create",
        "config",
        "token",
        "owner",
    )
)
_OUTDATED: Final = {
    (
        "safety",
        "check",
    ): "`safety check` looks at the environment that it runs in, not at this project, and is the command's retired form."
}


@dataclass(frozen=True, slots=True)
class Checked:
    """One line of a sample.

    Attributes:
        line: of the policy.
        text: the line, trimmed.
        outcome: see the type.
        says: one sentence.
        seen: where the named thing is, for RIGHT.
        weak: a WRONG that leaves the rest of the sample usable.
        first_step: a WRONG that all lines after it rest on (the version that is to be checked out).
    """

    line: int
    text: str
    outcome: Outcome
    says: str
    seen: Evidence | None = None
    weak: bool = False
    first_step: bool = False


@dataclass(frozen=True, slots=True)
class _World:
    tree: Tree
    dependencies: Dependencies
    history: History
    policy: str
    commands: frozenset[str]


def check_sample(
    statement: Statement, tree: Tree, dependencies: Dependencies, history: History, policies: PolicySet
) -> tuple[Checked, ...]:
    """Every line of a sample (or every inline command of a sentence) that names something."""
    own = twin_of(statement.path, policies)
    world = _World(tree, dependencies, history, own.path if own is not None else statement.path, own_commands(tree))
    if statement.kind is not Kind.CODE:
        inline = [(statement.line, text) for text in _INLINE.findall(statement.quote)]
        return tuple(item for line, text in inline for item in _command(line, text, world))
    language = statement.language.split()[0].lower() if statement.language.split() else ""
    lines = list(_lines(statement))
    shown = answers(lines, tree)
    if shown:
        return tuple(_checked(line, text, answer) for line, text, answer in shown)
    if language in ("python", "py"):
        return tuple(_python(lines, world))
    if language not in _SHELLS:
        read = settings(statement.quote, language, tree)
        return tuple(_checked(statement.line, "", answer) for answer in read)
    return tuple(item for line, text in lines for item in _command(line, text, world))


def _checked(line: int, text: str, found: Found) -> Checked:
    return Checked(line, text[:200], found.outcome, found.says, found.seen, found.weak)


def _lines(statement: Statement) -> Iterator[tuple[int, str]]:
    rows = statement.quote.split("\n")
    for offset, raw in enumerate(rows):
        line = statement.lines[offset] if offset < len(statement.lines) else statement.line + offset
        text = raw if statement.language.startswith(_PERCENT) else _PROMPT.sub("", raw)
        if text.strip() and not _FENCE.match(raw):
            yield line, text


def _command(line: int, text: str, world: _World) -> Iterator[Checked]:
    stripped = text.strip()
    if stripped.startswith(("#", "//", "<!--")):
        yield from _comment(line, stripped, world)
        return
    variable = _VARIABLE.match(stripped)
    if variable:
        yield _variable(line, stripped, variable.group(1), world)
        return
    try:
        words = shlex.split(stripped, comments=True)
    except ValueError:
        words = stripped.split()
    if not words:
        return
    found = list(_named(line, stripped, words, world))
    yield from found or [
        Checked(line, stripped[:200], Outcome.OPEN, "What this line does cannot be told without running it.")
    ]


def _comment(line: int, text: str, world: _World) -> Iterator[Checked]:
    """A comment says nothing, except where something lies, or a command that is to be uncommented (only what is wrong about it)."""
    lies = promised_path(text, world.tree)
    if lies is not None:
        yield _checked(line, text, lies)
    command = text.lstrip("#/ ").split()
    if command[:2] in (["git", "checkout"], ["git", "switch"]):
        yield from (item for item in _ref(line, text, command, world) if item.outcome is Outcome.WRONG)


def _named(line: int, text: str, words: list[str], world: _World) -> Iterator[Checked]:
    outdated = _OUTDATED.get((words[0], words[1])) if len(words) > 1 else None
    if outdated:
        yield Checked(line, text[:200], Outcome.WRONG, outdated, weak=True)
        return
    if words[0] in _RUNNERS:
        yield from _script(line, text, words, world)
    elif words[0] == "git" and len(words) > 2:
        yield from _ref(line, text, words, world)
    elif words[0] == "make" and len(words) > 1 and not words[1].startswith("-"):
        yield from _target(line, text, words[1], world)
    elif words[0] in world.commands:
        yield _checked(line, text, own_command(words, world.tree))
    elif words[0] in _TOUCHES:
        kept = [home_file(word, world.tree) for word in words[1:] if word.startswith(("~/", "$HOME/", "${HOME}/"))]
        yield from (_checked(line, text, item) for item in kept if item is not None)
    else:
        for path in _paths(words):
            yield _path(line, text, path, world)


def _paths(words: list[str]) -> Iterator[str]:
    tool = words[0].rpartition("/")[2]
    if tool in ("pip", "pip3", "uv") and "-r" in words[:-1]:
        yield words[words.index("-r") + 1]
    elif (
        tool in ("python", "python3", "bash", "sh", "node", "deno", "bun")
        and len(words) > 1
        and re.search(r"\.(?:py|sh|js|mjs|ts)\Z", words[1])
    ):
        yield words[1]
    elif tool in _SCANNERS:
        yield from (word for word in words[1:] if word.endswith("/") and not word.startswith(("-", "/", "~", "$")))
    elif words[0].startswith("./"):
        yield words[0]


def _path(line: int, text: str, path: str, world: _World) -> Checked:
    name = path.removeprefix("./").rstrip("/")
    if not name or name.startswith(("/", "~", "$", "..")) or re.search(r"[*<>{}\[\]]|^path/to|^your", name):
        return Checked(line, text[:200], Outcome.OPEN, f"{path} lies outside the tree, or stands for something else.")
    here = (
        name
        if name in world.tree.files
        else next((known for known in world.tree.files if known.startswith(name + "/")), "")
    )
    if here:
        return Checked(
            line, text[:200], Outcome.RIGHT, f"{path} is in the tree.", world.tree.evidence(here, 1, f"{path} is here.")
        )
    return Checked(line, text[:200], Outcome.WRONG, f"The sample names {path}, which is not in the tree.")


def _script(line: int, text: str, words: list[str], world: _World) -> Iterator[Checked]:
    rest = [word for word in words[1:] if not word.startswith("-")]
    if (
        not rest
        or (rest[0] in _NPM_OWN and rest[0] != "run")
        or any(word.startswith(("-w", "--workspace", "--filter", "-C", "--prefix")) for word in words)
    ):
        return
    name = rest[1] if rest[0] in ("run", "run-script") and len(rest) > 1 else rest[0]
    scripts = [
        (item.path, script, number)
        for item in world.dependencies.manifests
        for script, _, number in item.scripts
        if item.kind == "package.json"
    ]
    root = [entry for entry in scripts if "/" not in entry[0]]
    match = next((entry for entry in [*root, *scripts] if entry[1] == name), None)
    if match:
        yield Checked(
            line,
            text[:200],
            Outcome.RIGHT,
            f"The script {name} exists.",
            world.tree.evidence(match[0], match[2], f"The script {name}."),
        )
    elif scripts and (rest[0] == "run" or name in ("test", "start")):
        yield Checked(line, text[:200], Outcome.WRONG, f"No package.json has a script {name}.")


def _ref(line: int, text: str, words: list[str], world: _World) -> Iterator[Checked]:
    if (
        words[1] not in ("checkout", "switch", "verify-tag", "show")
        or words[-1].startswith("-")
        or not world.history.tags
        or world.history.shallow
    ):
        return
    name = words[-1]
    known = (
        {tag.name for tag in world.history.tags}
        | {branch.rpartition("/")[2] for branch in world.history.branches}
        | set(world.history.branches)
    )
    if re.search(r"[<>{}$*]", name) or re.fullmatch(r"[0-9a-f]{7,64}", name) or not re.search(r"\d", name):
        return
    if name in known:
        yield Checked(line, text[:200], Outcome.RIGHT, f"{name} exists.", None)
    else:
        yield Checked(
            line,
            text[:200],
            Outcome.WRONG,
            f"There is no tag and no branch {name}; tags are named like {world.history.tags[-1].name}.",
            _tag_filter(world.tree),
            first_step=words[1] in ("checkout", "switch"),
        )


def _tag_filter(tree: Tree) -> Evidence | None:
    """The line of a workflow that says how tags are named, which is where a reader finds it."""
    for path in tree.paths(".github/workflows/*.y*ml"):
        lines = tree.lines(path)
        for at, row in enumerate(lines[:200], start=1):
            if re.match(r"\s+tags\s*:", row):
                return tree.evidence(path, at, "Releases are started by tags of this form.")
    return None


def _target(line: int, text: str, name: str, world: _World) -> Iterator[Checked]:
    for path in ("Makefile", "makefile", "GNUmakefile"):
        for number, row in enumerate(world.tree.lines(path), start=1):
            if re.match(rf"{re.escape(name)}\s*:(?!=)", row):
                yield Checked(
                    line,
                    text[:200],
                    Outcome.RIGHT,
                    f"The target {name} exists.",
                    world.tree.evidence(path, number, f"The target {name}."),
                )
                return
        if path in world.tree.files and not re.search(
            r"^(?:include|%)|\$\(eval", world.tree.text(path) or "", re.MULTILINE
        ):
            yield Checked(line, text[:200], Outcome.WRONG, f"{path} has no target {name}.")
            return


def _variable(line: int, text: str, name: str, world: _World) -> Checked:
    """A variable that the policy tells to set: some code must read it."""
    if "_" not in name:
        return Checked(line, text[:200], Outcome.OPEN, f"{name} may be meant for another program.")
    return _checked(line, text, variable(name, world.tree, world.policy))


def _python(lines: list[tuple[int, str]], world: _World) -> Iterator[Checked]:
    source = "\n".join(text for _, text in lines)
    first = lines[0][0] if lines else 0
    try:
        module = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        yield Checked(first, "", Outcome.OPEN, "The sample is no whole program.")
        return
    places = [line for line, _ in lines]
    imported: dict[str, str] = {}
    wanted: list[tuple[str, str, int]] = []
    for node in ast.walk(module):
        if isinstance(node, ast.Import):
            imported.update(
                {alias.asname or alias.name.partition(".")[0]: alias.name.partition(".")[0] for alias in node.names}
            )
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            wanted += [(node.module.partition(".")[0], alias.name, node.lineno) for alias in node.names]
    for node in ast.walk(module):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in imported:
            wanted.append((imported[node.value.id], node.attr, node.lineno))
    if not wanted:
        yield Checked(first, "", Outcome.OPEN, "The sample imports nothing of the tree.")
    native = native_exports(world.tree) if wanted else Native(frozenset(), {}, {})
    for package, name, number in dict.fromkeys(wanted):
        yield _import(places[min(number, len(places)) - 1], package, name, world, native)


def _import(line: int, package: str, name: str, world: _World, native: Native) -> Checked:
    found = find_export(package, name, world.tree, world.dependencies, native)
    outcome = {Exported.YES: Outcome.RIGHT, Exported.NO: Outcome.WRONG}.get(found.outcome, Outcome.OPEN)
    return Checked(line, f"{package}.{name}", outcome, found.says, found.seen)
