"""What a sample names besides files and scripts: settings, variables, the project's own commands, its files in the user's home.

All of it is looked for in the tree's program code, tests left out. A name that is found says where; what is not found is wrong only where nothing else could
explain it (an option of the project's own command that no code knows). Does not run anything.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from troth.terms.facts.tree import Tree, is_foreign
from troth.terms.verdict import Evidence

__all__ = [
    "Found",
    "Outcome",
    "first",
    "home_file",
    "own_command",
    "own_commands",
    "programs",
    "promised_path",
    "settings",
    "variable",
]

_PROGRAMS: Final = (
    ".py",
    ".ts",
    ".tsx",
    ".js",
    ".mjs",
    ".cjs",
    ".go",
    ".rs",
    ".java",
    ".kt",
    ".rb",
    ".pl",
    ".cs",
    ".php",
    ".swift",
)
_TESTS: Final = re.compile(
    r"(?:^|/)(?:tests?|__tests__|spec|specs|examples?|docs?|fixtures?|benches|benchmarks?)/|(?:^|/)(?:test_[^/]*|conftest)\.py\Z|[._-](?:test|spec)\.\w+\Z|_test\.\w+\Z|\.d\.ts\Z|\.min\.js\Z"
)
_READERS: Final = (*_PROGRAMS, ".sh", ".yml", ".yaml", ".toml", ".json", ".cfg", ".ini", "Dockerfile", "Makefile")
_SIZE_LIMIT: Final = 512 * 1024
_MOST_KEYS: Final = 40
_KEYS: Final = {
    "json": re.compile(r'"([A-Za-z][\w-]{1,60})"\s*:'),
    "yaml": re.compile(r"^[\s-]*([A-Za-z][\w-]{1,60})\s*:(?:\s|$)", re.MULTILINE),
    "toml": re.compile(r"^\s*\[?([A-Za-z][\w-]{1,60})\s*[=\]]", re.MULTILINE),
}
_SYNTAX: Final = {"json": "json", "jsonc": "json", "json5": "json", "yaml": "yaml", "yml": "yaml", "toml": "toml"}
_IS_AT: Final = re.compile(
    r"\b(?:is|are|lies?|lives?|found|written|built|placed|stored)\b.{0,20}\b(?:in|under|at|to)\s+`?((?:[\w.*-]+/)+[\w.*-]*)`?",
    re.IGNORECASE,
)


_TOOL_KEYS: Final = frozenset(("inputSchema", "input_schema", "outputSchema", "jsonrpc", "tool_calls", "messages"))
"""Keys of what programs send each other."""


class Outcome(StrEnum):
    """What comparing a name with the tree gave."""

    RIGHT = "right"
    WRONG = "wrong"
    OPEN = "open"


@dataclass(frozen=True, slots=True)
class Found:
    """One answer: the outcome, one sentence, where it was seen, and whether the rest of the sample stays usable."""

    outcome: Outcome
    says: str
    seen: Evidence | None = None
    weak: bool = False


def programs(tree: Tree) -> Iterator[tuple[str, str]]:
    """Program files of the tree with their text: no tests, no examples."""
    for path, file in tree.files.items():
        if path.endswith(_PROGRAMS) and 0 < file.size < _SIZE_LIMIT and not _TESTS.search(path) and not is_foreign(path):
            yield path, tree.text(path) or ""


def _spellings(name: str) -> tuple[str, ...]:
    """A name as code may write it: as it stands, in snake case, in camel case."""
    words = [word for word in re.split(r"[-_]|(?<=[a-z0-9])(?=[A-Z])", name) if word]
    snake = "_".join(word.lower() for word in words)
    camel = words[0].lower() + "".join(word[:1].upper() + word[1:].lower() for word in words[1:]) if words else name
    return tuple(dict.fromkeys((name, snake, camel)))


def first(tree: Tree, patterns: Iterable[re.Pattern[str]], says: str, holds: tuple[str, ...] = (), about: Iterable[str] = ()) -> Evidence | None:
    """The first place of the first pattern that occurs in a program file.

    Args:
        tree: the files.
        patterns: the best first.
        says: the evidence's sentence.
        holds: files without any of these texts are passed over; each match holds one of them.
        about: words of the sample; a file whose path has one of them is looked at before all others, and the first find in it is the place.
    """
    wanted = tuple(patterns)
    best: tuple[int, str, int] | None = None
    words = [word.lower() for word in about if len(word) > 2]
    for path, text in programs(tree) if words else ():
        if set(words) & set(re.split(r"[/._-]", path.lower())):
            match = next((match for pattern in wanted if (match := pattern.search(text))), None)
            if match:
                return tree.evidence(path, text.count("\n", 0, match.start()) + 1, says)
    for path, text in programs(tree):
        if holds and not any(part in text for part in holds):
            continue
        for rank, pattern in enumerate(wanted[: best[0] if best else None]):
            match = pattern.search(text)
            if match:
                best = (rank, path, text.count("\n", 0, match.start()) + 1)
                break
        if best and best[0] == 0:
            break
    return tree.evidence(best[1], best[2], says) if best else None


def settings(text: str, language: str, tree: Tree) -> tuple[Found, ...]:
    """Whether the settings that a configuration sample shows are read by the program.

    A key counts as read where code fetches it (`get("key")`, `["key"]`, `.key`) otherwise than to hand it on under the same name; a key of one common word
    ("enabled") where code has it as a key or a field at all. A sample without a name of more than one word could be anybody's, and stays open.
    """
    syntax = _SYNTAX.get(language)
    keys = list(dict.fromkeys(_KEYS[syntax].findall(text))) if syntax else []
    if _TOOL_KEYS & set(keys):
        return (Found(Outcome.OPEN, "It is a message or a tool's description, and no setting of the program."),)
    telling = [key for key in keys if len(_spellings(key)) > 1]
    if not telling or len(keys) > _MOST_KEYS:
        return (Found(Outcome.OPEN, "What reads these settings is not known."),)
    found: list[Found] = []
    for key in [*telling, *(key for key in keys if key not in telling)]:
        seen = first(tree, _reads(key) if key in telling else _names(key), f"{key} is read here.", _spellings(key))
        found.append(
            Found(Outcome.RIGHT, f"{key} is read.", seen)
            if seen
            else Found(Outcome.OPEN, f"No code that reads {key} was found.")
        )
    return tuple(found)


def _names(key: str) -> list[re.Pattern[str]]:
    """A key of one common word, where code has it as a key: in quotes, as a field, or fetched from something. The bare word is said of many things."""
    name = re.escape(key)
    return [re.compile(rf"""["'`]{name}["'`]|[\w)\]]\??\.{name}\b(?!\s*\()|^\s*(?:pub(?:\([\w:]+\))?\s+|readonly\s+|public\s+|private\s+)*{name}\??\s*:(?!:)|\b{name}\s*=(?!=)|`(?:json|yaml|toml|mapstructure):"{name}\b""", re.MULTILINE)]


def _reads(key: str) -> list[re.Pattern[str]]:
    """Fetching by the sample's own spelling is the best place, any other fetching the next."""
    patterns = []
    for spelling in _spellings(key):
        name = re.escape(spelling)
        patterns.append(re.compile(rf"""(?:\.get\(|\[|getenv\(|\bin\b\s*)\s*["']{name}["']"""))
    for spelling in _spellings(key):
        name = re.escape(spelling)
        # `self.key = options.key` and `key: options.key` only hand it on
        patterns.append(
            re.compile(rf"^(?!.*\b{name}\??\s*[:=](?!=)).*[\w)\]]\.{name}\b(?!\s*(?:=(?!=)|:))", re.MULTILINE)
        )
    return patterns


def variable(name: str, tree: Tree, policy: str) -> Found:
    """Whether some code reads a variable that the policy tells to set.

    Where several files name it, the one that fetches it from the environment counts, and of those one that lies in a package. A build file or a compose file
    that only sets it does not read it.
    """
    named = re.compile(rf"(?<![A-Z0-9_]){name}(?![A-Z0-9_])")
    folded = re.compile(rf"(?<![a-z0-9_]){name.lower()}(?![a-z0-9_])")
    best: tuple[int, str, int] | None = None
    other, programs = False, False
    for path, file in tree.files.items():
        if path == policy or not path.endswith(_READERS) or not 0 < file.size < _SIZE_LIMIT or "lock" in path:
            continue
        programs = programs or path.endswith(_PROGRAMS)
        text = tree.text(path) or ""
        match = (
            _reading(named, text, path)
            if name in text and not path.startswith((".github/", "docker-compose"))
            else None
        )
        if match is not None:
            rank = _rank(path, text, match)
            best = (
                min(best, (rank, path, text.count("\n", 0, match.start()) + 1))
                if best
                else (rank, path, text.count("\n", 0, match.start()) + 1)
            )
        elif (
            (path.endswith(".py") and ("BaseSettings" in text or "env_prefix" in text))
            or name in text
            or folded.search(text)
        ):
            other = True
    if best is not None:
        return Found(Outcome.RIGHT, f"{name} is read.", tree.evidence(best[1], best[2], f"{name} is named here."))
    if other or not programs:
        return Found(Outcome.OPEN, f"{name} may be read under another spelling.")
    return Found(Outcome.WRONG, f"No file of the tree reads {name}.")


def _reading(named: re.Pattern[str], text: str, path: str) -> re.Match[str] | None:
    """The first mention that is no mere setting of the variable in a build or compose file."""
    for match in named.finditer(text):
        if path.endswith(_PROGRAMS):
            return match
        start = text.rfind("\n", 0, match.start()) + 1
        if not re.fullmatch(r"\s*(?:ENV\s+|ARG\s+|export\s+|-\s*)?[\"']?", text[start : match.start()]):
            return match
    return None


def _rank(path: str, text: str, match: re.Match[str]) -> int:
    """0 is best: fetched from the environment, in a folder of program code that is no test."""
    fetched = (
        re.search(
            r"(?:getenv|environ|env\.|env::var|env\(|ENV)[\w.\[(\"':!]*\Z",
            text[max(0, match.start() - 30) : match.start()],
        )
        is not None
    )
    return 4 * bool(_TESTS.search(path)) + 2 * (not fetched) + ("/" not in path)


def own_commands(tree: Tree) -> frozenset[str]:
    """Commands that the packages of the tree install."""
    found: set[str] = set()
    for path in tree.files:
        base = path.rpartition("/")[2]
        if base in ("pyproject.toml", "Cargo.toml"):
            found |= _toml_commands(tree, path)
        elif base == "package.json" and "node_modules/" not in path:
            found |= _npm_commands(tree.text(path) or "")
    return frozenset(found)


def _toml_commands(tree: Tree, path: str) -> set[str]:
    try:
        data = tomllib.loads(tree.text(path) or "")
    except (tomllib.TOMLDecodeError, RecursionError, ValueError):
        return set()
    found: set[str] = set()
    poetry = data.get("tool", {}).get("poetry", {}) if isinstance(data.get("tool"), dict) else {}
    for table in (data.get("project", {}), poetry):
        scripts = table.get("scripts") if isinstance(table, dict) else None
        found |= set(scripts) if isinstance(scripts, dict) else set()
    bins = data.get("bin")
    found |= (
        {str(item["name"]) for item in bins if isinstance(item, dict) and "name" in item}
        if isinstance(bins, list)
        else set()
    )
    package = data.get("package")
    if isinstance(package, dict) and f"{path.removesuffix('Cargo.toml')}src/main.rs" in tree.files:
        found.add(str(package.get("name", "")))
    return found - {""}


def _npm_commands(text: str) -> set[str]:
    try:
        data = json.loads(text)
    except (ValueError, RecursionError):
        return set()
    if not isinstance(data, dict):
        return set()
    bins = data.get("bin")
    if isinstance(bins, str):
        return {str(data.get("name", "")).rpartition("/")[2]} - {""}
    return set(bins) if isinstance(bins, dict) else set()


def own_command(words: list[str], tree: Tree) -> Found:
    """Whether the project's own command knows what a line asks of it: its first subcommand, and each long option."""
    rest = words[1:]
    options = [word.split("=", 1)[0] for word in rest if re.fullmatch(r"--[a-z][\w-]+(?:=.*)?", word)]
    verb = next((word for word in rest[:1] if re.fullmatch(r"[a-z][a-z0-9-]*", word)), None)
    if verb is None and not options:
        return Found(Outcome.OPEN, "What the bare command does cannot be told without running it.")
    seen: Evidence | None = None
    for option in options:
        name = re.escape(option.removeprefix("--").removeprefix("no-"))
        snake = name.replace(r"\-", "_")
        place = first(
            tree,
            (re.compile(rf"--(?:no-)?{name}(?![\w-])"), re.compile(rf"(?<!\w){snake}(?!\w)")),
            f"The option {option}.",
            about=[word for word in rest[1:] if not word.startswith("-")],
        )
        if place is None and option not in ("--help", "--version"):
            return Found(Outcome.WRONG, f"No code of the tree knows the option {option}.")
        seen = place or seen
    if verb is not None:
        name = re.escape(verb)
        place = first(
            tree,
            (
                re.compile(rf"""["'`]{name}["'` ]"""),
                re.compile(rf"\b(?:def|fn|function|func)\s+{name.replace(chr(92) + '-', '_')}\b"),
            ),
            f"The command {verb}.",
        )
        if place is None:
            return Found(Outcome.OPEN, f"What {verb} is cannot be told from the code.")
        seen = seen or place
    return Found(Outcome.RIGHT, "The command and its options are known to the code.", seen)


def home_file(path: str, tree: Tree) -> Found | None:
    """Whether a file below a dotted folder of the user's home is the program's own: the code names the folder and the file; None for any other path."""
    match = re.fullmatch(
        r"(?:~|\$HOME|\$\{HOME\})/(?:\.config/|\.local/share/)?(\.?[\w-]+)(?:/[\w.-]+)*/([\w-]+\.\w+)", path
    )
    if match is None:
        return None
    folder, base = match.groups()
    if first(tree, (re.compile(rf"[\"'/]{re.escape(folder)}[\"'/]"),), "") is None:
        return None
    seen = first(tree, (re.compile(rf"[\"'/]{re.escape(base)}[\"']"),), f"{base} is named here.")
    if seen is None:
        return Found(Outcome.OPEN, f"No code names {base}; its name may be put together.")
    return Found(Outcome.RIGHT, f"The program keeps {base} there.", seen)


def promised_path(comment: str, tree: Tree) -> Found | None:
    """Of a comment that says where something lies ("are in packages/*/dist/"): wrong where the tree has no such folder at all; None where it says no such thing."""
    match = _IS_AT.search(comment)
    if match is None:
        return None
    path = match.group(1)
    top = path.split("/", 1)[0]
    if not re.fullmatch(r"[A-Za-z][\w-]*", top) or top in (
        "dist",
        "build",
        "target",
        "out",
        "node_modules",
        "coverage",
        "bin",
        "lib",
        "path",
        "your",
        "usr",
        "etc",
        "var",
        "tmp",
        "home",
    ):
        return None
    if path.count("/") < 2 or any(known.startswith(top + "/") for known in tree.files):
        return None
    says = f"The sample names {path}, and the tree has no {top}/."
    for number, row in enumerate(tree.lines("package.json"), start=1):
        if '"workspaces"' in row:
            return Found(
                Outcome.WRONG, says, tree.evidence("package.json", number, "The packages of the tree are listed here.")
            )
    return Found(Outcome.WRONG, says)
