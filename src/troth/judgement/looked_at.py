"""Whether what a scanner is told to look at is the project: its languages, and not its tests or its documentation alone."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from troth.terms.facts.tools import ToolRun, ToolRuns
from troth.terms.facts.tree import Tree
from troth.terms.promise import Statement
from troth.terms.verdict import Broken, Evidence, How, Unknown

__all__ = ["beside_the_project", "codeql_blind", "other_languages"]

_ASIDE: Final = re.compile(r"\.?/?(?:tests?|docs?|examples?|samples?|fixtures|website|site|demos?|bench\w*)(?:/|\Z)", re.IGNORECASE)
_ENDINGS: Final[dict[str, tuple[str, ...]]] = {
    "python": (".py",),
    "javascript": (".js", ".mjs", ".cjs", ".jsx", ".ts", ".tsx", ".vue"),
    "go": (".go",),
    "java": (".java", ".kt", ".kts"),
    "csharp": (".cs",),
    "c": (".c", ".cc", ".cpp", ".cxx", ".h", ".hpp"),
    "ruby": (".rb",),
    "swift": (".swift",),
    "rust": (".rs",),
    "actions": (".yml", ".yaml"),
}
_NAMES: Final = {"typescript": "javascript", "javascript-typescript": "javascript", "kotlin": "java", "java-kotlin": "java", "cpp": "c", "c-cpp": "c", "c++": "c", "c#": "csharp", "golang": "go"}
_IGNORED: Final = re.compile(r"paths-ignore:[ \t]*\n((?:[ \t]*(?:-[^\n]*|#[^\n]*)?\n?)*)")
_SPOKEN: Final = re.compile(r"\b(python|javascript|typescript|golang|java|kotlin|ruby|swift|rust)\b", re.IGNORECASE)


def beside_the_project(runs: Sequence[ToolRun], tree: Tree) -> Unknown | None:
    """Unknown where every working run is pointed at tests, examples or documentation alone; None else."""
    working = [run for run in runs if run.works and run.reaches]
    if not working or not all(_aside(run) for run in working):
        return None
    shown = tuple(tree.evidence(run.place.path, run.place.line, f"{run.tool} looks at {', '.join(run.targets) or run.working_directory} alone") for run in working[:3])
    return Unknown("a scan of the project itself", "What is scanned is only tests, examples or documentation.", shown)


def _aside(run: ToolRun) -> bool:
    places = run.targets or ((run.working_directory,) if run.working_directory else ())
    return bool(places) and all(_ASIDE.match(place) for place in places)


def codeql_blind(tools: ToolRuns, tree: Tree) -> Broken | None:
    """Broken where CodeQL's configuration leaves out every path, or every query; None else."""
    for run in tools.of("codeql-init"):
        inline, file = run.option("config"), run.option("config-file")
        path = file.value.removeprefix("./") if file is not None else ""
        text = inline.value if inline is not None else (tree.text(path) or "") if path in tree.files else ""
        ignored = _IGNORED.search(text)
        everything = ignored is not None and re.search(r"^\s*-\s*[\"']?(?:\*\*?|\.|\*\*/\*)[\"']?\s*$", ignored.group(1), re.MULTILINE)
        nothing = re.search(r"disable-default-queries:\s*true", text) and not re.search(r"^\s*(?:queries|packs):", text, re.MULTILINE) and run.option("queries") is None
        if everything or nothing:
            says = "CodeQL is told to leave out every path" if everything else "CodeQL is told to leave out its queries, and gets no others"
            line = next((at for at, row in enumerate(tree.lines(path), 1) if "paths-ignore" in row or "disable-default" in row), 1) if inline is None else inline.line
            where = tree.evidence(path if inline is None else run.place.path, line, f"{says}.")
            return Broken(How.VACUOUS, (where,), f"CodeQL runs, and looks at nothing: {says}.", "Leave out only what is not the project's.")
    return None


def other_languages(statement: Statement, tools: ToolRuns, tree: Tree) -> Unknown | None:
    """Unknown where CodeQL is set up for languages of which the tree has no file, or not for one that the sentence names; None else."""
    begun = tools.of("codeql-init")
    written = [setting for run in begun if (setting := run.option("languages")) is not None]
    if not begun or len(written) != len(begun) or any("$" in setting.value for setting in written):
        return None
    asked = {_NAMES.get(name, name) for setting in written for name in re.split(r"[\s,]+", setting.value.lower().strip("[]' \"")) if name}
    if not asked or not asked <= set(_ENDINGS):
        return None
    spoken = {_NAMES.get(name.lower(), name.lower()) for name in _SPOKEN.findall(statement.text)}
    endings = tuple(ending for name in asked for ending in _ENDINGS[name])
    missed = spoken - asked
    if not missed and any(path.endswith(endings) for path in tree.files):
        return None
    shown: tuple[Evidence, ...] = tuple(tree.evidence(run.place.path, run.place.line, "CodeQL is set up here") for run in begun[:3])
    because = f"CodeQL is set up for {', '.join(sorted(asked))}" + (f", and the sentence speaks of {', '.join(sorted(missed))}." if missed else ", of which the tree has no file.")
    return Unknown("a scan of the languages that are meant", because, shown)
