"""Command lines as lists of words: which of the words are read as a program, and which are mere data."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import Final

from troth.engines.code.module import Module, Site
from troth.engines.code.scopes import Parameter, Scope
from troth.engines.code.worth import position_of

__all__ = ["RUNS", "command_of", "programs_in", "scripts_of", "shell_words"]

RUNS: Final = ("subprocess.run", "subprocess.call", "subprocess.check_call", "subprocess.check_output", "subprocess.Popen", "asyncio.create_subprocess_exec", "anyio.run_process", "trio.run_process")
"""What runs a program; a list of words unless a shell is asked for."""
_SHELLS: Final = frozenset(("sh", "bash", "zsh", "dash", "ksh", "fish", "cmd", "cmd.exe", "powershell", "pwsh", "powershell.exe"))
_INTERPRETERS: Final = frozenset(("python", "python3", "node", "perl", "ruby", "php", "deno", "bun", "lua", "Rscript", "psql", "sqlite3", "mysql", "ssh", "sudo", "env", "xargs", "osascript", "docker", "kubectl", "eval"))
_RUNNER: Final = re.compile(r"(?i)python|interpreter|shell|bash|executable|(?:\b|_)(?:sh|node|perl|ruby|runner)\b")
"""How a word is called that stands for an interpreter."""
_CODE: Final = frozenset(("-c", "-lc", "-ec", "-e", "-exec", "/c", "/C", "-Command", "-command", "--eval", "-r", "-ic", "-xc"))


def command_of(site: Site) -> ast.expr | None:
    """The command of a call that runs one."""
    return site.argument(0, "args", "cmd", "command", "program")


def _words(site: Site) -> list[ast.expr] | None:
    """The words of a list that is written here or that a name stands for; None where the command is none. Functions of asyncio take them one by one."""
    if "asyncio.create_subprocess_exec" in site.names:
        return list(site.arguments)
    command = command_of(site)
    found = site.scope.find(command.id) if isinstance(command, ast.Name) else None
    if found is not None and len(found[0]) == 1 and isinstance(found[0][0], (ast.List, ast.Tuple)):
        command = found[0][0]
    return list(command.elts) if isinstance(command, (ast.List, ast.Tuple)) else None


def shell_words(module: Module, site: Site) -> Iterator[ast.expr]:
    """Words that a shell reads as a program: what follows `sh -c`."""
    words = _words(site) or []
    if words and _named(module, site.scope, words[0]) & _SHELLS:
        for at, word in enumerate(words[1:-1], start=1):
            if (module.values(word, site.scope) or frozenset()) & _CODE:
                yield words[at + 1]
                return


def programs_in(module: Module, site: Site) -> Iterator[tuple[ast.expr, Scope]]:
    """Parts of a command that decide what runs, each with where it stands: all of a text, of a list its first word, and everything after it where that is an interpreter.

    A list that the function is given is the list that its callers in the file write.
    """
    words = _words(site)
    if words is not None:
        yield from ((word, site.scope) for word in _deciding(module, words, site.scope))
        return
    command = command_of(site)
    handed = list(_handed(module, command, site.scope)) if command is not None else []
    if command is None:
        return
    if not handed or any(not isinstance(item, (ast.List, ast.Tuple)) for item, _ in handed):
        yield command, site.scope
        return
    for item, scope in handed:
        yield from ((word, scope) for word in _deciding(module, getattr(item, "elts", []), scope))


def _handed(module: Module, command: ast.expr, scope: Scope) -> Iterator[tuple[ast.expr, Scope]]:
    """What callers in the file give for a command that is a parameter."""
    found = scope.find(command.id) if isinstance(command, ast.Name) else None
    parameter = found[0][0] if found is not None and len(found[0]) == 1 else None
    if not isinstance(parameter, Parameter) or isinstance(parameter.function.node, ast.Lambda):
        return
    name, owner = parameter.function.node.name, parameter.function.owner
    for site in module.calls(f"<here>.{name}", f"?.{name}", *((f"<here>.{owner.name}().{name}",) if owner is not None else ())):
        given = site.argument(position_of(parameter), parameter.name)
        if given is not None:
            yield _listed(given, site.scope)


def _listed(node: ast.expr, scope: Scope) -> tuple[ast.expr, Scope]:
    """The list behind a name that is bound once to one."""
    found = scope.find(node.id) if isinstance(node, ast.Name) else None
    only = found[0][0] if found is not None and len(found[0]) == 1 else None
    return (only, found[1]) if found is not None and isinstance(only, (ast.List, ast.Tuple)) else (node, scope)


def _deciding(module: Module, words: list[ast.expr], scope: Scope) -> Iterator[ast.expr]:
    """Of a list of words those that decide what runs."""
    names = _named(module, scope, words[0]) if words else frozenset()
    if names & (_SHELLS | _INTERPRETERS) or (words and not names and _RUNNER.search(ast.unparse(words[0]))):
        yield from words
    else:
        yield from (word for word in words if isinstance(word, ast.Starred) or (word is words[0] and not names))


def scripts_of(module: Module, site: Site) -> Iterator[ast.expr]:
    """Words of a command that may be the path of a script: the program itself, and what an interpreter is given; of a text the words behind an interpreter's name."""
    words = _words(site)
    if words:
        interpreter = _named(module, site.scope, words[0]) & (_SHELLS | _INTERPRETERS) or "sys.executable" in module.names(words[0], site.scope)
        yield from words[1:] if interpreter else words[:1]
        return
    command = command_of(site) if words is None else None
    parts = command.values if isinstance(command, ast.JoinedStr) else [command] if isinstance(command, ast.Constant) else []
    written = [part.value.split() if isinstance(part, ast.Constant) and isinstance(part.value, str) else [] for part in parts]
    if not written or not written[0] or written[0][0].rpartition("/")[2] not in _SHELLS | _INTERPRETERS:
        return
    yield from (part.value for part in parts if isinstance(part, ast.FormattedValue))
    yield from (ast.Constant(word) for text in written for word in text if "." in word)


def _named(module: Module, scope: Scope, word: ast.expr) -> frozenset[str]:
    values = module.values(word, scope) or frozenset()
    return frozenset(str(value).rpartition("/")[2] for value in values)
