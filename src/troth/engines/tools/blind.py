"""Why a scanner that runs as it should sees nothing: folders without a file of its language, exclusions that cover all, lists that list nothing, dry runs."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from fnmatch import fnmatchcase
from typing import Final

from troth.engines.tools.calls import Call
from troth.engines.tools.configs import bandit_facts
from troth.engines.tools.spec import ToolSpec
from troth.terms.facts.tools import Flaw, FlawKind
from troth.terms.facts.tree import Tree
from troth.terms.verdict import Evidence

__all__ = ["blind_flaws", "config_flaws", "few_rules", "option_doubt"]

_ENDINGS: Final = {
    "python": (".py", ".pyi", ".ipynb"),
    "javascript": (".js", ".mjs", ".cjs", ".jsx", ".ts", ".tsx", ".mts", ".cts", ".vue"),
    "go": (".go",),
    "rust": (".rs",),
}
_EXCLUDES: Final = ("-x", "--exclude", "--exclude-dir", "--skip-dirs", "--exclude-dirs")
_DRY: Final = frozenset(("--dry-run", "--collect-only", "--co", "--no-run", "--list-files", "--show-files"))
_LOOKED: Final = 20_000
_FEW = 4
"""Most tests of a scanner that count as a few of them."""


def sources_of(language: str, targets: tuple[str, ...], folder: str, tree: Tree) -> tuple[str, ...] | None:
    """Files of a language below the targets (all of the tree for `.`); None where that cannot be told."""
    endings = _ENDINGS.get(language)
    if endings is None or len(tree.files) > _LOOKED or any(mark in word for word in (*targets, folder) for mark in "$*{?~"):
        return None
    places = [posixpath.normpath(posixpath.join(folder, word)) for word in targets or (".",)]
    if any(place.startswith(("/", "..")) for place in places):
        return None
    return tuple(path for path in tree.files if path.endswith(endings) and any(place in {".", path} or path.startswith(f"{place}/") for place in places))


def leaves_out_all(excluded: tuple[str, ...], files: tuple[str, ...], folder: str = "") -> bool:
    """Whether every one of the files lies in what is excluded; a lone star or dot is everything."""
    places = [text.strip().strip("\"'").removeprefix("./").rstrip("/*") for text in excluded]
    if any(text.strip().strip("\"'") in (".", "./", "*", "**", "/", "**/*", "./*", ".*") for text in excluded):
        return True
    joined = [posixpath.normpath(posixpath.join(folder, place)) for place in places if place]
    return bool(files) and all(any(path == place or path.startswith(f"{place}/") or ("*" in place and fnmatchcase(path, f"{place}*")) for place in joined) for path in files)


def blind_flaws(spec: ToolSpec, rest: tuple[str, ...], targets: tuple[str, ...], call: Call, tree: Tree) -> Iterator[Flaw]:
    """Flaws of a command that is started, and has nothing before its eyes."""
    dry = next((word for word in rest if word in _DRY), "")
    if dry:
        yield _flaw(FlawKind.NO_RULES, f"with {dry} {spec.name} only says what it would do", call, tree)
    for option, name in _given(rest, spec.files):
        path = posixpath.normpath(posixpath.join(call.folder, name))
        listed = [line for line in tree.lines(path) if line.strip() and not line.lstrip().startswith("#")] if path in tree.files else None
        if listed == []:
            yield _flaw(FlawKind.WRONG_TARGET, f"{spec.name} {option} {name}: the file lists nothing", call, tree)
    if not spec.targets:
        return
    files = sources_of(spec.language, targets, call.folder, tree)
    if files is None:
        return
    if targets and not files and any(path.endswith(_ENDINGS[spec.language]) for path in tree.files) and _there(targets, call.folder, tree):
        yield _flaw(FlawKind.WRONG_TARGET, f"{spec.name} is pointed at {', '.join(targets)}, where no file of its language is", call, tree)
    excluded = tuple(part for _, value in _given(rest, _EXCLUDES) for part in value.split(","))
    if files and excluded and leaves_out_all(excluded, files, call.folder):
        yield _flaw(FlawKind.WRONG_TARGET, f"{spec.name} leaves out all that it is pointed at: {', '.join(excluded)[:80]}", call, tree)


def config_flaws(spec: ToolSpec, config: str, targets: tuple[str, ...], call: Call, tree: Tree) -> Iterator[Flaw]:
    """Flaws of what bandit's configuration leaves out: every file that it is pointed at."""
    if spec.name != "bandit" or config not in tree.files:
        return
    files = sources_of(spec.language, targets, call.folder, tree)
    for fact in bandit_facts(tree, config):
        excluded = tuple(text for text in re.split(r"[\s,\[\]]+", fact.value) if text)
        if fact.kind == "excludes" and files and leaves_out_all(excluded, files, call.folder):
            yield Flaw(FlawKind.WRONG_TARGET, fact.evidence)


def few_rules(spec: ToolSpec, config: str, tree: Tree) -> tuple[Evidence, ...]:
    """Lines of bandit's configuration that ask for a few of its tests alone."""
    if spec.name != "bandit" or config not in tree.files:
        return ()
    return tuple(fact.evidence for fact in bandit_facts(tree, config) if fact.kind == "only" and 0 < len(re.findall(r"[A-Z]\d{3}", fact.value)) <= _FEW)


def option_doubt(spec: ToolSpec, rest: tuple[str, ...]) -> str:
    """What an option takes away that a reader would take for granted; empty where none does."""
    if spec.name == "npm-audit":
        text = " ".join(rest)
        match = re.search(r"--omit[= ]prod\w*|--only[= ]dev\w*|--include[= ]dev\b.*--omit[= ]prod", text)
        return f"{match.group()} keeps it from what the program needs at run time" if match else ""
    return ""


def _there(targets: tuple[str, ...], folder: str, tree: Tree) -> bool:
    places = [posixpath.normpath(posixpath.join(folder, word)) for word in targets]
    return all(any(path == place or path.startswith(f"{place}/") for path in tree.files) for place in places)


def _given(rest: tuple[str, ...], options: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    """Option and value of each of the options that is given."""
    for at, word in enumerate(rest):
        name, sign, value = word.partition("=")
        if name in options and not re.search(r"[$`]", word):
            found = value if sign else rest[at + 1] if at + 1 < len(rest) else ""
            if found and "$" not in found:
                yield name, found


def _flaw(kind: FlawKind, says: str, call: Call, tree: Tree) -> Flaw:
    return Flaw(kind, tree.evidence(call.place.path, call.place.line, says))
