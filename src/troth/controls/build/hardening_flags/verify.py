"""The named build flag is set where releases are built: in a workflow, in Cargo's profile or configuration, in a build script."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator

from troth.judgement.naming import is_advice
from troth.terms.facts.tools import Carrier, ToolRuns
from troth.terms.facts.tree import Tree
from troth.terms.facts.workflows import Workflows
from troth.terms.promise import Statement
from troth.terms.values import Params
from troth.terms.verdict import Broken, Evidence, How, Kept, NotApplicable, Partly, Unknown, Verdict

_FILES = (
    "Cargo.toml",
    "*/Cargo.toml",
    ".cargo/config.toml",
    ".cargo/config",
    "*/.cargo/config.toml",
    "CMakeLists.txt",
    "*/CMakeLists.txt",
    "Makefile",
    "meson.build",
    "pyproject.toml",
    "setup.py",
)
_PROFILE = re.compile(r"^\s*\[profile\.(\w+)\]")


def verify(params: Params, statement: Statement, tools: ToolRuns, workflows: Workflows, tree: Tree) -> Verdict:
    """Look for the flag in what workflows run, then in build files."""
    flag = (params.text("flag") or "").strip("` ")
    if not flag:
        return _linked(statement, tools, tree) or Unknown("the flag that is meant", "The sentence names no flag.")
    called = list(_called(flag, tools, tree))
    if called:
        return Kept(tuple(called[:6]), f"{flag} is set in a workflow that runs.")
    written = list(_written(flag, tree))
    unread = next((item.place.path for item in written if _unparsable(item.place.path, tree)), None)
    if unread is not None:
        return Unknown("build files that can be parsed", f"{unread} holds {flag}, but is not TOML: no tool builds with it.")
    if written:
        active = [run for run in tools.runs if run.carrier is Carrier.WORKFLOW and run.works]
        if active:
            return Kept(tuple(written[:6]), f"{flag} is set in the build's own files.")
        return Partly(
            How.INCOMPLETE,
            tuple(written[:6]),
            f"{flag} is set in a file, but no workflow builds.",
            "Build releases in a workflow.",
        )
    if is_advice(statement):
        return Unknown(
            "how users build", f"The sentence tells users to build with {flag}; what they do, no file shows."
        )
    if not workflows.valid:
        return NotApplicable("No workflow of this repository can run, so none builds a release.")
    shown = tuple(
        tree.evidence(item.path, item.jobs[0].line if item.jobs else 1, f"nothing here sets {flag}")
        for item in workflows.valid
    )
    return Broken(How.ABSENT, shown[:4], f"Nothing sets {flag}.", f"Set {flag} where releases are built.")


def _linked(statement: Statement, tools: ToolRuns, tree: Tree) -> Verdict | None:
    """The verdict on options of `go build` that stand in the sentence as code (`-s -w`, `-trimpath`); None where there are none, or nothing builds."""
    spans: list[str] = re.findall(r"`(-[^`\n]{1,80})`", statement.quote)
    builds = [run for run in (*tools.runs, *tools.others) if run.carrier is Carrier.WORKFLOW and run.reaches and run.argv[:2] in (("go", "build"), ("go", "install"))]
    if not spans or not builds or any(path.rpartition("/")[2].startswith((".goreleaser", "goreleaser")) for path in tree.files):
        return None
    wanted = [word for span in spans for word in re.split(r"[\s='\"]+", span) if word.startswith("-")]
    told = {id(run): {word for text in (*run.argv, *(item.value for item in run.env)) for word in re.split(r"[\s='\"]+", text)} for run in builds}
    if any("$" in text for run in builds for text in run.argv if text.startswith("$") or "ldflags" in text):
        return Unknown("the values of the variables that the build is called with", "Options of the build come from variables.")
    with_all = [run for run in builds if set(wanted) <= told[id(run)]]
    shown = tuple(tree.evidence(run.place.path, run.place.line, "it is built here") for run in (with_all or builds)[:6])
    names = " ".join(wanted)
    if len(with_all) == len(builds):
        return Kept(shown, f"Every build is called with {names}.")
    if with_all:
        return Partly(How.INCOMPLETE, shown, f"{len(builds) - len(with_all)} of {len(builds)} builds are called without {names}.", f"Add {names} to all.")
    return Broken(How.ABSENT, shown, f"No build is called with {names}.", f"Add {names}, or take the sentence out.")


def _unparsable(path: str, tree: Tree) -> bool:
    if not path.endswith(".toml"):
        return False
    try:
        tomllib.loads(tree.text(path) or "")
    except (ValueError, RecursionError):
        return True
    return False


def _core(flag: str) -> str:
    """`-C overflow-checks=on` -> `overflow-checks=on`."""
    return flag.rsplit(maxsplit=1)[-1] if flag.startswith("-C ") else flag


def _called(flag: str, tools: ToolRuns, tree: Tree) -> Iterator[Evidence]:
    core = _core(flag)
    for run in (*tools.runs, *tools.others):
        if run.carrier is not Carrier.WORKFLOW or not run.works or not run.reaches:
            continue
        for item in (*run.options, *run.env):
            if re.search(rf"(?<![\w-]){re.escape(core)}(?![\w-])", item.value):
                yield tree.evidence(run.workflow or run.place.path, item.line, f"{item.name}: {flag}")
        if core in run.argv or any(core in word.split() for word in run.argv):
            yield tree.evidence(run.place.path, run.place.line, f"{run.tool} is called with {flag}")


def _written(flag: str, tree: Tree) -> Iterator[Evidence]:
    name, _, value = _core(flag).lstrip("-").partition("=")
    for path in tree.paths(*_FILES):
        profile = ""
        for at, line in enumerate(tree.lines(path)[:3000], 1):
            match = _PROFILE.match(line)
            profile = match.group(1) if match else "" if line.startswith("[") else profile
            if flag in line or (value and f"{name}={value}" in line.replace(" ", "")):
                yield tree.evidence(path, at, f"{flag} is set")
            elif profile == "release" and re.match(rf"\s*{re.escape(name)}\s*=\s*(true|\"?on\"?|1)\b", line):
                yield tree.evidence(path, at, f"{name} is on in the release profile")
