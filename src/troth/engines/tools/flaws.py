"""Why a call of a known tool cannot do its work, or cannot stop anything: its options, its target, what swallows its failure."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from fnmatch import fnmatchcase
from itertools import pairwise

from troth.engines.tools.blind import blind_flaws
from troth.engines.tools.calls import Call
from troth.engines.tools.identify import Identified, positionals
from troth.engines.tools.jobs import JobState, targets_of
from troth.engines.tools.pretence import of_the_tree
from troth.engines.tools.spec import ToolSpec
from troth.terms.facts.tools import Flaw, FlawKind, Purpose
from troth.terms.facts.tree import Tree
from troth.terms.facts.workflows import Truth
from troth.terms.place import Place
from troth.terms.verdict import Evidence

__all__ = ["action_flaws", "doubts", "file_guard", "is_no_run", "option_flaws", "swallow_flaws", "target_flaws"]

_LOOKS = frozenset(
    (
        Purpose.SAST,
        Purpose.SECRETS,
        Purpose.VULNERABILITIES,
        Purpose.LICENCE,
        Purpose.IAC,
        Purpose.LINT,
        Purpose.FORMAT,
        Purpose.TYPES,
        Purpose.TEST,
        Purpose.COVERAGE,
    )
)
"""Purposes that need the repository's files."""
_OWN = re.compile(
    r"(.*/)?(requirements[\w.-]*\.txt|package(-lock)?\.json|pyproject\.toml|setup\.(py|cfg)|Cargo\.(toml|lock)|go\.mod|[\w.-]+\.lock|"
    r"pnpm-lock\.yaml|Pipfile|environment\.yml|Dockerfile|Makefile|src|tests?|lib)"
)
"""Files and folders that a repository holds itself, if at all; others may be made while the job runs."""
_FLAGS = frozenset(
    (
        "-r",
        "-v",
        "-q",
        "-ll",
        "-l",
        "-lll",
        "-i",
        "-ii",
        "-iii",
        "--recursive",
        "--quiet",
        "--verbose",
        "--error",
        "--json",
    )
)
"""Options that take no value."""
_QUESTIONS = frozenset(("--help", "--version", "-V", "help", "version", "install", "uninstall", "init", "login"))


def _flaw(kind: FlawKind, says: str, place: Place, tree: Tree) -> Flaw:
    return Flaw(kind, tree.evidence(place.path, place.line, says))


def is_no_run(spec: ToolSpec, rest: tuple[str, ...]) -> bool:
    """A call that only asks (`--version`), or a sub-command that is something else (`npm audit fix`)."""
    others = positionals(rest, spec.values)
    excluded = any(mark.startswith("@") and others[:1] == (mark[1:],) for mark in spec.excluded)
    return excluded or any(word in _QUESTIONS for word in rest[:1])


def _has(option: str, words: tuple[str, ...], rest: tuple[str, ...], spec: ToolSpec) -> bool:
    """Whether a mark of the data file applies: `@x` sub-command, `#x` the command's own name, `=x` any word, else an option."""
    if option.startswith("@"):
        return option[1:] in positionals(rest, spec.values)[:1]
    if option.startswith("#"):
        return words[:1] == (option[1:],)
    if option.startswith("="):
        return option[1:] in rest
    name, _, value = option.partition("=")
    if value:
        return option in rest or any(pair == (name, value) for pair in pairwise(rest))
    return any(word == name or word.startswith(f"{name}=") for word in rest)


def option_flaws(spec: ToolSpec, found: Identified, call: Call, tree: Tree) -> Iterator[Flaw]:
    """Flaws of a command's options."""
    words, rest = found.words, found.rest
    for option, accepted in spec.choices.items():
        value = _value_of(option, rest)
        if value is not None and value not in accepted and not any(mark in value for mark in "$`{"):
            says = (
                f"{spec.name} takes {', '.join(accepted)} for {option}, not {value}: a usage error, so it scans nothing"
            )
            yield _flaw(FlawKind.BAD_OPTION, says, call.place, tree)
    for option in spec.silent:
        if _has(option, words, rest, spec):
            yield _flaw(FlawKind.NO_THRESHOLD, f"{spec.name} never fails with {option.lstrip('@=#')}", call.place, tree)
    if spec.needs and not any(_has(option, words, rest, spec) for option in spec.needs):
        env = any(item.name in spec.needs_env and ("warnings" in item.value) for item in call.env)
        if not env:
            wanted = " or ".join(option for option in spec.needs if option.startswith("-")) or spec.needs[0].lstrip(
                "@=#"
            )
            yield _flaw(
                FlawKind.NO_THRESHOLD, f"{spec.name} passes whatever it finds without {wanted}", call.place, tree
            )


def _value_of(option: str, rest: tuple[str, ...]) -> str | None:
    for at, word in enumerate(rest):
        if word == option:
            return rest[at + 1] if at + 1 < len(rest) else ""
        if word.startswith(f"{option}=") and option.startswith("--"):
            return word.partition("=")[2]
    return None


def action_flaws(spec: ToolSpec, call: Call, tree: Tree) -> Iterator[Flaw]:
    """Flaws of an action's inputs."""
    given = {item.name.lower(): item for item in call.options}
    for name, silent in spec.action_silent.items():
        item = given.get(name)
        if item is not None and item.value.lower() in silent:
            place = Place(call.place.path, item.line)
            yield _flaw(FlawKind.NO_THRESHOLD, f"{spec.name} with `{name}: {item.value}` stops nothing", place, tree)
    for name, wanted in spec.action_needs.items():
        item = given.get(name)
        if item is None or (item.value not in wanted and "${{" not in item.value and "*" not in wanted):
            yield _flaw(
                FlawKind.NO_THRESHOLD, f"{spec.name} passes whatever it finds without `{name}`", call.place, tree
            )
    for name in spec.action_needs_to_run:
        if name not in given:
            yield _flaw(FlawKind.NO_RULES, f"{spec.name} does nothing without `{name}`", call.place, tree)


def swallow_flaws(call: Call, tree: Tree) -> Iterator[Flaw]:
    """What swallows the failure of a call."""
    if call.fails is Truth.FALSE:
        place = call.why_place or call.place
        yield _flaw(FlawKind.SWALLOWED, f"its failure is swallowed: {call.why or 'nothing looks at it'}", place, tree)


def doubts(call: Call, tree: Tree) -> Iterator[Evidence]:
    """What files cannot tell about a call."""
    if call.fails is Truth.UNKNOWN:
        says = "whether its failure counts depends on what the script does with its status"
        yield tree.evidence(call.place.path, call.place.line, says)
    pretends = call.doubt or (of_the_tree(call.argv, call.folder, tree) if call.uses is None else "")
    if pretends:
        yield tree.evidence(call.place.path, call.place.line, f"whether it is the tool of that name cannot be told: {pretends}")
    for guard in call.guards:
        if guard and guard[0] not in ("for", "while", "until") and file_guard(guard, tree) is None:
            yield tree.evidence(
                call.place.path, call.place.line, f"it stands behind a condition of the script: {' '.join(guard)[:80]}"
            )


def file_guard(guard: tuple[str, ...], tree: Tree) -> bool | None:
    """Truth of `[ -f path ]` and the like; None where files cannot tell."""
    words = tuple(word for word in guard if word not in ("[", "]", "[[", "]]", "test"))
    if len(words) != 2 or words[0] not in ("-f", "-d", "-e", "-s") or "$" in words[1]:
        return None
    path = posixpath.normpath(words[1])
    if any(mark in path for mark in "*?["):
        return None
    if path in tree.files or any(name.startswith(f"{path}/") for name in tree.files):
        return True
    return False if _OWN.fullmatch(path) else None


def _missing(target: str, folder: str, tree: Tree) -> bool:
    if (
        target.startswith(("/", "~", "-"))
        or any(mark in target for mark in ("$", "{", "://"))
        or target in (".", "./", "./...")
    ):
        return False
    path = posixpath.normpath(posixpath.join(folder, target.rstrip("/").removesuffix("/...")))
    if any(mark in path for mark in "*?["):
        return not any(fnmatchcase(name, path.replace("**/", "*")) for name in tree.files)
    return path != "." and path not in tree.files and not any(name.startswith(f"{path}/") for name in tree.files)


def target_flaws(  # noqa: PLR0917 - each is a different fact
    spec: ToolSpec, found: Identified, call: Call, state: JobState | None, purposes: tuple[Purpose, ...], tree: Tree
) -> Iterator[Flaw]:
    """Flaws of what a command is pointed at; `state` is None outside a workflow."""
    words, rest = found.words, found.rest
    looks = any(purpose in _LOOKS for purpose in purposes)
    if state is not None and not state.checked_out and not spec.api and looks:
        yield _flaw(
            FlawKind.WRONG_TARGET, f"{spec.name} runs in a job that never checks out the repository", call.place, tree
        )
        return
    if spec.installed and state is not None and not _names_files(spec, rest) and not state.installed:
        says = f"{spec.name} scans the environment, and nothing of the project is installed in it: it scans itself"
        yield _flaw(FlawKind.WRONG_TARGET, says, call.place, tree)
    targets = _sure(targets_of(rest, spec.values), rest) if spec.targets else ()
    if words[:2] == ("semgrep", "scan") or words[:2] == ("semgrep", "ci"):
        targets = targets[1:]
    if call.uses is None and looks:
        yield from blind_flaws(spec, rest, targets, call, tree)
    gone = [target for target in targets if _missing(target, call.folder, tree)]
    if gone and len(gone) == len(targets):
        yield _flaw(
            FlawKind.WRONG_TARGET,
            f"{spec.name} is pointed at {', '.join(gone)}, which the tree does not have",
            call.place,
            tree,
        )
    elif gone:
        yield _flaw(
            FlawKind.NARROW,
            f"{spec.name} is also pointed at {', '.join(gone)}, which the tree does not have",
            call.place,
            tree,
        )


def _sure(targets: tuple[str, ...], rest: tuple[str, ...]) -> tuple[str, ...]:
    """Targets that cannot be the value of an option before them which the data does not know."""
    before = {word: earlier for earlier, word in pairwise(("", *rest))}
    return tuple(word for word in targets if not before.get(word, "").startswith("-") or before[word] in _FLAGS)


def _names_files(spec: ToolSpec, rest: tuple[str, ...]) -> bool:
    if spec.positional_files and targets_of(rest, spec.values):
        return True
    return any(word == option or word.startswith(f"{option}=") for word in rest for option in spec.files)
