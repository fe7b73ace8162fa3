"""Holds what a module said against the facts that it was given: nothing is believed because a module says it.

A recommendation stands only if its patch parses, names files of the tree (or new ones in places where files may be), fits their exact bytes, yields the digests that
it names, leaves every file readable in its format that was so before, and if its evidence stands where it says. Otherwise it is refused whole.
"""

from __future__ import annotations

import ast
import json
import re
import tomllib
from typing import Final

import yaml

from troth.jobs.recommend.diffs import DiffError, FileDiff, applied, parse_diff
from troth.jobs.recommend.facts import Facts, SourceFile, digest
from troth.jobs.recommend.plain_text import LINE, is_plain
from troth.jobs.recommend.recommendation import (
    FORGE_PARAMS,
    Advice,
    FileChange,
    ForgeAction,
    Gap,
    Proof,
    Recommendation,
    RecommendationError,
)

__all__ = ["checked", "portable_path", "readable", "results", "safe_path"]

_PART: Final = re.compile(r"[^\x00-\x1f\x7f\\]{1,255}")
_IGNORED: Final = dict.fromkeys((*range(0x200C, 0x2010), *range(0x202A, 0x202F), *range(0x206A, 0x2070), 0xFEFF))
"""Letters that HFS+ leaves out when it compares names (git's `next_hfs_char`)."""
_UNPORTABLE: Final = re.compile(r'[<>:"|?*]|[. ]\Z')
_DEVICES: Final = frozenset(("con", "prn", "aux", "nul", *(f"{name}{number}" for name in ("com", "lpt") for number in range(1, 10))))
"""https://learn.microsoft.com/en-us/windows/win32/fileio/naming-a-file"""
_LINE: Final = re.compile(LINE)
_JOINERS: Final = frozenset("\u200c\u200d")
_LOADER: Final[type] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def safe_path(path: str) -> bool:
    """A relative POSIX path that stays below the root, and is no part of git's own folder however a file system spells it."""
    parts = path.split("/")
    for part in parts:
        bare = part.translate(_IGNORED).rstrip(" .").lower()
        if not _PART.fullmatch(part) or part in (".", "..") or bare in (".git", "git~1", "") or bare.startswith(".git:"):
            return False
    return len(path) <= 1000 and not re.fullmatch(r"[A-Za-z]:.*", path)


def portable_path(path: str) -> bool:
    """A safe path that every system can hold a file at, and that reads as what it is: for files that a change makes; those that are there are called what they are called."""
    return safe_path(path) and all(_LINE.fullmatch(part) and not _JOINERS & set(part) for part in path.split("/")) and not any(_UNPORTABLE.search(part) or part.partition(".")[0].rstrip(" ").lower() in _DEVICES for part in path.split("/"))


def readable(path: str, text: str) -> bool:
    """Whether the file can be read in the format that its name says; true for formats that are not looked into."""
    body = text.removeprefix("\ufeff")
    try:
        if path.endswith((".yml", ".yaml")):
            for _ in yaml.parse(body, Loader=_LOADER):
                pass
        elif path.endswith(".py"):
            ast.parse(body)
        elif path.endswith(".toml"):
            tomllib.loads(body.replace("\r\n", "\n"))
        elif path.endswith(".json"):
            json.loads(body)
    except (yaml.YAMLError, SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True


def checked(advice: Advice, facts: Facts, module: str) -> Advice:
    """The advice itself, where it holds.

    Args:
        advice: what the module said.
        facts: what it was given.
        module: the name under which it runs.

    Raises:
        RecommendationError: it does not hold; the reason says why.
    """
    if advice.module != module:
        raise RecommendationError("module-name", f"The module {module} speaks in the name of another.")
    known = {one.fingerprint for one in facts.complaints}
    if not advice.mends or not known.issuperset(advice.mends) or len(set(advice.mends)) != len(advice.mends):
        raise RecommendationError("mends", f"{module} names findings that it was not given, or one twice.")
    if isinstance(advice, Gap):
        _plain(module, advice.missing, advice.because)
        return advice
    _plain(module, advice.why, *advice.cautions, *(proof.says for proof in advice.evidence))
    if bool(advice.patch) == (advice.action is not None):
        raise RecommendationError("either", f"{module} recommends neither a patch nor an action, or both.")
    if not _LINE.fullmatch(advice.title):
        raise RecommendationError("title", f"{module} gives no title of one line.")
    if advice.action is not None:
        _action(advice.action, facts, module)
    for proof in advice.evidence:
        _proof(proof, facts, module)
    if advice.patch:
        results(advice, facts)
    elif advice.files:
        raise RecommendationError("files", f"{module} names files without a patch.")
    _evidence(advice, facts, module)
    return advice


def _plain(module: str, *texts: str) -> None:
    if not all(map(is_plain, texts)):
        raise RecommendationError("plain", f"{module} says something with characters that steer a display.")


def _action(action: ForgeAction, facts: Facts, module: str) -> None:
    if not action.params.keys() <= {"repository", *FORGE_PARAMS[action.kind]} or action.params.get("repository", facts.repository) != facts.repository:
        raise RecommendationError("action", f"{module} recommends an action with parameters that it has not, or on another repository.")


def _evidence(advice: Recommendation, facts: Facts, module: str) -> None:
    """At least one piece is about the findings or about a file that changes, where there is a text that it could point at."""
    mended = [one for one in facts.complaints if one.fingerprint in advice.mends]
    about = {change.source or change.path for change in advice.files} | {place for one in mended for place in (one.policy, *(seen.path for seen in one.evidence))}
    if not about.isdisjoint(facts.files) and about.isdisjoint(proof.locator for proof in advice.evidence):
        raise RecommendationError("evidence", f"{module} gives no evidence of what it recommends.")


def _proof(proof: Proof, facts: Facts, module: str) -> None:
    file = facts.files.get(proof.locator)
    if proof.kind != "file" or file is None or file.sha256 != proof.sha256 or proof.quote not in file.text:
        raise RecommendationError("evidence", f"{module} gives evidence that does not stand where it says.")


def results(advice: Recommendation, facts: Facts) -> dict[str, str]:
    """The text of every file that the patch changes, as it would be: path -> text. Files that only move are not in it.

    Raises:
        RecommendationError: the patch is not what the recommendation says about it, or would break a file.
    """
    try:
        diffs = parse_diff(advice.patch)
    except DiffError as error:
        raise RecommendationError("patch", f"The patch of {advice.module} cannot be read: {error}") from error
    named = {change.path: change for change in advice.files}
    if len(named) != len(advice.files) or sorted(named) != sorted(one.new or one.old for one in diffs):
        raise RecommendationError("files", f"{advice.module} names other files than its patch changes.")
    found: dict[str, str] = {}
    for diff in diffs:
        text = _result(diff, named[diff.new or diff.old], facts, advice.module)
        if text is not None:
            found[diff.new] = text
    return found


def _result(diff: FileDiff, change: FileChange, facts: Facts, module: str) -> str | None:
    if not all((safe_path if diff.old else portable_path)(path) for path in (diff.old, diff.new) if path):
        raise RecommendationError("path", f"The patch of {module} names a path that no patch may touch, or makes one that not every system can hold.")
    if diff.old and diff.old != diff.new and diff.new:
        _move(diff, change, facts, module)
        return None
    old = facts.files.get(diff.old) if diff.old else None
    if (diff.old and old is None) or (not diff.old and diff.new in facts.paths):
        raise RecommendationError("path", f"The patch of {module} changes a file that it was not given.")
    _mode(diff, change, old, module)
    if change.before != (old.sha256 if old else "") or change.source:
        raise RecommendationError("before", f"{module} was made for another version of {change.path}.")
    try:
        text = applied(diff, old.text if old else "")
    except DiffError as error:
        raise RecommendationError("patch", f"The patch of {module} does not fit {change.path}.") from error
    if not diff.new:
        if text or change.after:
            raise RecommendationError("after", f"The patch of {module} takes {change.path} away and leaves text.")
        return None
    if change.after != digest(text):
        raise RecommendationError("after", f"{module} promises another result for {change.path} than its patch gives.")
    if not readable(diff.new, text) and (old is None or readable(diff.new, old.text)):
        raise RecommendationError("unreadable", f"The patch of {module} would leave {change.path} unreadable.")
    return text


def _mode(diff: FileDiff, change: FileChange, old: SourceFile | None, module: str) -> None:
    before = old.mode if old else "100644"
    if diff.new and (change.mode or before) != (diff.new_mode or before):
        raise RecommendationError("mode", f"{module} names another mode for {change.path} than its patch gives.")


def _move(diff: FileDiff, change: FileChange, facts: Facts, module: str) -> None:
    if diff.hunks or diff.old not in facts.paths or diff.new in facts.paths or change.source != diff.old or change.before or change.after:
        raise RecommendationError("move", f"The patch of {module} moves a file in a way that is not allowed.")
