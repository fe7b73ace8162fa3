"""Judges whether the MCP servers that a project's own configuration connects are fixed: what is fetched anew at every start was vetted by nobody."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from troth.judgement.guards import not_a_claim
from troth.terms.facts.tree import Tree
from troth.terms.promise import Statement
from troth.terms.verdict import Broken, How, Unknown, Verdict

_CONFIGS = re.compile(r"(?:(?:\.cursor|\.vscode|\.roo|\.kiro/settings|\.windsurf|\.amazonq)/)?\.?mcp(?:_config|_settings)?\.json\Z|\.(?:gemini|claude)/settings(?:\.local)?\.json\Z|claude_desktop_config\.json\Z|opencode\.json\Z")
"""Where the clients of the field read which servers a project connects; examples in other folders connect nothing."""
_CLAIMS = re.compile(r"\b(?:review|vet(?:s|ted|ting)?\b|trust|approv|pin(?:s|ned|ning)?\b|audit|verif|inspect|allow-?list|official|untrusted|third[- ]party|permitted|validat|sign(?:ed|ature))", re.IGNORECASE)
"""What is done to a server before it is connected. What a server does for its clients, such as to log its tools' descriptions, is another matter."""
_SERVERS = re.compile(r"\bservers?\b|\bconnect|\bintegrations?\b|\bplug-?ins?\b|\bextensions?\b|\btools?\b", re.IGNORECASE)
"""What is vetted: a sentence about the clients' codes and tokens is another matter."""
_TABLES = ("mcpServers", "servers", "mcp")
_RUNNERS = re.compile(r"(?:npx|bunx|pnpx|dlx|uvx|pipx|uv|pnpm|yarn|bun|deno)(?:\.cmd|\.exe)?\Z")
_NPM = re.compile(r"(?:@[\w.-]+/)?[\w.-]+@\d+\.\d+\.\d+[\w.+-]*\Z")
_PYPI = re.compile(r"[\w.-]+(?:\[[\w,.-]+\])?(?:===?|@)\d[\w.+!-]*\Z")
_GIT = re.compile(r"git\+\S+@[0-9a-f]{40}(?:#\S*)?\Z")
_WORDS = frozenset(("exec", "dlx", "x", "run", "tool", "--yes", "-y", "-q", "--quiet", "--bun", "-A", "--allow-all", "--silent", "--prefer-offline"))
_TAKES = frozenset(("--package", "-p", "--from", "--with", "--python", "--index-url", "--directory", "--registry"))
_MEND = "Name the exact version (or an image by its digest) of every server, and change it by a reviewed pull request."


@dataclass(frozen=True)
class _Server:
    """One server of a configuration: where it is written, and what is loose about it ("" where nothing is)."""

    path: str
    line: int
    loose: str


def verify(statement: Statement, tree: Tree) -> Verdict:
    """Broken where a connected server is whatever a registry serves today, or is approved unseen; never Kept: that somebody looked at a server stands in no file."""
    other = not_a_claim(statement, "vet the servers that they connect")
    if other is not None:
        return other
    if not _CLAIMS.search(statement.text) or not _SERVERS.search(" ".join((statement.text, *statement.headings[-1:], *statement.lead_in[-1:]))):
        return Unknown("a sentence about what is connected", "The sentence does not say that servers are looked at before they are connected.")
    paths = [path for path in tree.files if _CONFIGS.match(path)]
    servers: list[_Server] = []
    for path in paths:
        try:
            told = json.loads(tree.text(path) or "")
        except (ValueError, RecursionError):
            return Unknown("a configuration that can be read", f"{path} is not JSON as it stands.")
        if isinstance(told, dict):
            servers += _servers(tree, path, told)
    loose = [server for server in servers if server.loose]
    if loose:
        shown = tuple(tree.evidence(server.path, server.line, server.loose) for server in loose[:10])
        return Broken(How.BYPASSED, shown, f"{len(loose)} of the {len(servers)} entries about servers let in what nobody has seen.", _MEND)
    if not servers:
        return Unknown("the clients' configuration", "No file of the repository says which servers are connected.")
    shown = tuple(tree.evidence(server.path, server.line, "One fixed version.") for server in servers[:8])
    return Unknown("a record of who looked at each server", f"All {len(servers)} servers are fixed; that somebody vetted them stands in no file.", shown)


def _servers(tree: Tree, path: str, told: Mapping[str, object]) -> Iterator[_Server]:
    if told.get("enableAllProjectMcpServers") is True:
        yield _Server(path, _line(tree, path, "enableAllProjectMcpServers"), "Every server that the project names is approved unseen.")
    for key in _TABLES:
        table = told.get(key)
        for name, entry in (table.items() if isinstance(table, dict) else ()):
            if isinstance(entry, dict) and entry.get("disabled") is not True and entry.get("enabled") is not False:
                yield _Server(path, _line(tree, path, str(name)), _loose(entry))


def _line(tree: Tree, path: str, word: str) -> int:
    quoted = json.dumps(word)
    return next((number for number, line in enumerate(tree.lines(path), start=1) if quoted in line), 1)


def _loose(entry: Mapping[str, object]) -> str:
    """Why a server is not fixed; "" where it is one version of one thing, or a program of this repository or machine."""
    address = entry.get("url") or entry.get("serverUrl") or entry.get("httpUrl")
    if isinstance(address, str):
        local = re.match(r"https?://(?:localhost|127\.0\.0\.1|\[::1\])", address)
        return "" if local or not address.startswith("http://") else "It is spoken with in the clear: whoever stands between answers in its place."
    command, given = entry.get("command"), entry.get("args")
    listed = [*command] if isinstance(command, list) else [command, *(given if isinstance(given, list) else [])]
    words = [word for word in listed if isinstance(word, str)]
    if len(words) == 1 and " " in words[0]:
        words = words[0].split()
    if not words:
        return ""
    program = re.split(r"[\\/]", words[0])[-1]
    if program in ("docker", "podman"):
        return _image(words[1:])
    return _package(program, words[1:]) if _RUNNERS.match(program) else ""


def _image(words: list[str]) -> str:
    images = [word for word in words if re.match(r"[a-z0-9][\w.-]*(?:[:.][\w.-]+)?/[\w./:@-]+\Z|[a-z0-9][\w.-]*(?::[\w.-]+|@sha256:[0-9a-f]+)\Z", word) and "=" not in word]
    if any("@sha256:" in word for word in images) or not images:
        return ""
    return "A tag of an image: whoever may push it changes what runs."


def _package(program: str, words: list[str]) -> str:
    """The first package that a runner fetches, and whether it is one version of it."""
    if program in ("uv", "pnpm", "yarn", "bun", "deno") and not set(words[:2]) & {"dlx", "x", "tool"} and not any(word.startswith(("npm:", "jsr:", "https:")) for word in words):
        return ""  # it runs what the repository's own lock file holds
    named = [words[at + 1] for at, word in enumerate(words[:-1]) if word in ("--package", "-p", "--from")]
    rest = [word for at, word in enumerate(words) if not word.startswith("-") and word not in _WORDS and (at == 0 or words[at - 1] not in _TAKES)]
    what = (named or rest)[:1]
    if not what or what[0].startswith((".", "/", "~", "${", "file:")):
        return ""
    package = what[0].removeprefix("npm:").removeprefix("jsr:")
    fixed = _NPM.match(package) or _PYPI.match(package) or _GIT.match(package)
    return "" if fixed else "Whatever the registry serves today is fetched and run: no version is named."
