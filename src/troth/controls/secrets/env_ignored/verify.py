"""Judges whether files with secrets are ignored by git: by git's own rules, in the root and in every package, and never committed."""

from __future__ import annotations

import posixpath
import re

from troth.terms.facts.dependencies import Dependencies
from troth.terms.facts.history import Changes
from troth.terms.facts.ignores import Ignores
from troth.terms.facts.tree import Tree
from troth.terms.place import Place
from troth.terms.promise import Modality, Statement
from troth.terms.values import Params
from troth.terms.verdict import Broken, Evidence, How, Kept, Partly, Unknown, Verdict

_ABOUT = re.compile(r"ignor|commit|version control|\bgit\b|repositor|track|exclud|check(?:ed|ing)? in|push|never|secret|leak|\.env\b(?!\.)", re.IGNORECASE)
_SPAN = re.compile(r"`(\.?[\w*-][\w.*-]*)`")
_KEEPS = re.compile(r"ignor|commit|never|\bgit\b|version control|exclud|track|check(?:ed|ing)? in", re.IGNORECASE)
_STORY = re.compile(r"\b(?:shipped|was committed|were committed|had been committed|leaked|contained|used to)\b.{0,120}\b(?:until|in (?:the )?(?:commit|history|version)|from the commit|since|before)\b", re.IGNORECASE | re.DOTALL)
_FEATURE = re.compile(
    r"\bindex(?:ed|ing|er|es)\b|\bAI (?:models?|summar\w*|pipelines?)\b|\b(?:MCP )?tools? (?:read|return|skip)|\bcontent (?:is not|hidden)\b|\bflagged (?:with|as)\b|\bskips? (?:git-?)?ignored\b"
    r"|`\.(?!git)\w+ignore`|\bgit-?ignored files? (?:return|are (?:skipped|hidden|excluded))|\bmirrors the\b",
    re.IGNORECASE,
)
"""What a program that reads files does with those that git ignores, or has a list of its own for."""
_ADD = re.compile(r"\W*add (?:it |this |these |them |the following )?(?:\w+ )?to (?:your )?`?\.gitignore`?\W*\Z", re.IGNORECASE)
_SAMPLES = (".example", ".sample", ".template", ".dist", ".defaults", ".test", ".schema")
_ASIDE = ("test", "example", "doc", "fixture", "sample", "node_modules")


def verify(
    params: Params, statement: Statement, *, ignores: Ignores, tree: Tree, dependencies: Dependencies, changes: Changes
) -> Verdict:
    """Kept only if every named file is ignored wherever it would lie, none is tracked, and none ever was."""
    if statement.text and not _ABOUT.search(" ".join((statement.text, *statement.lead_in))):
        return Unknown("a sentence about what git ignores", "The sentence speaks of such files, and not of keeping them out of the repository.")
    beside = _beside(statement)
    if beside is not None:
        return beside
    names = _names(params, statement)
    folders = _folders(tree, dependencies)
    tracked = [path for path in tree.paths() if tree.files[path].tracked and _is(path, names)]
    if tracked:
        evidence = tuple(tree.evidence(path, 0, "It is committed.") for path in tracked[:4])
        return Broken(
            How.BYPASSED,
            evidence,
            f"{tracked[0]} is committed.",
            "Remove it from the index, ignore it, and change what it held.",
        )
    wanted = [
        posixpath.join(folder, posixpath.basename(name)) if "/" not in name else name
        for folder in folders
        for name in names
    ]
    held = {path: rule for path in wanted if (rule := ignores.ignored(path)) is not None}
    evidence = tuple(
        dict.fromkeys(
            tree.evidence(rule.place.path, rule.place.line, f"It ignores {path}.")
            for path, rule in list(held.items())[:6]
        )
    )
    open_paths = [path for path in dict.fromkeys(wanted) if path not in held]
    if open_paths:
        return _open(open_paths, evidence, statement, ignores, tree)
    once = [change for change in changes.changes if change.status == "A" and _is(change.path, names)]
    if once:
        past = Evidence(
            f"{once[0].path} was committed once and is still in history.", Place(once[0].path, 0, commit=once[0].commit)
        )
        return Partly(
            How.BYPASSED,
            (past, *evidence),
            f"{once[0].path} is ignored now, and stands in history.",
            "Change what it held; history keeps it.",
        )
    return Kept(evidence, f"git ignores {', '.join(names)} in the root and in every package, and never held one.")


def _beside(statement: Statement) -> Unknown | None:
    """The verdict on a sentence that names samples alone, tells what once was, or names nothing that git could ignore; None for every other one."""
    spans = _SPAN.findall(statement.quote)
    keeps = _KEEPS.search(statement.text)
    if spans and not keeps and all(span.endswith(_SAMPLES) or span == ".gitignore" for span in spans):
        return Unknown("a sentence about what git ignores", "The sentence names a sample of the file, which is there to be committed.")
    if _FEATURE.search(statement.quote):
        return Unknown("a sentence about what git ignores", "The sentence tells what the program does with files that are ignored, and not which are.")
    if _ADD.match(statement.text) and statement.modality is Modality.RECOMMENDATION_USERS:
        return Unknown("what users commit in their own repositories", "The sentence tells users what to write into a file of theirs.")
    if _STORY.search(statement.text):
        return Unknown("a sentence about what git ignores", "The sentence tells what once was in the repository, and not what is ignored.")
    if statement.text and not spans and not _ABOUT.search(statement.text) and not re.search(r"\benv", statement.text, re.IGNORECASE):
        return Unknown("the names of the files", "The line says what kind of file is left out, and names none.")
    return None


def _names(params: Params, statement: Statement) -> tuple[str, ...]:
    """Names that git is to ignore, whole as they stand in the sentence (`app.Secrets.json`, not `Secrets.json`); a pattern gives a name that it means."""
    found: list[str] = []
    for name in params.texts("files"):
        whole = re.search(rf"[\w.-]*{re.escape(name)}(?![\w.])", statement.quote)
        found.append(whole.group() if whole is not None and not whole.group().startswith("-") else name)
    for span in _SPAN.findall(statement.quote):
        if span in (".env.*", ".env*"):
            found += [".env.local", ".env.production"]
        elif span.endswith(".json") and span.startswith(".") and "/" not in span:
            found.append(span)
            found = [name for name in found if name != ".env" or ".env" in statement.quote]
    return tuple(dict.fromkeys(name.strip("`*/ ") for name in found if not name.endswith(_SAMPLES))) or (".env",)


def _is(path: str, names: tuple[str, ...]) -> bool:
    base = posixpath.basename(path)
    parts = path.lower().split("/")[:-1]
    return (base in names or path in names) and not any(part.startswith(_ASIDE) for part in parts)


def _folders(tree: Tree, dependencies: Dependencies) -> list[str]:
    """The root, packages, and folders that hold a sample of the file."""
    packages = [item.folder for item in dependencies.manifests if item.package is not None]
    samples = [
        posixpath.dirname(path)
        for path in tree.paths()
        if posixpath.basename(path).startswith(".env.") and path.endswith(_SAMPLES)
    ]
    found = dict.fromkeys(["", *packages, *samples])
    return [
        folder for folder in found if not any(part.lower().startswith(_ASIDE) for part in folder.split("/") if part)
    ]


def _open(paths: list[str], held: tuple[Evidence, ...], statement: Statement, ignores: Ignores, tree: Tree) -> Verdict:
    where = Evidence(
        f"Nothing ignores {', '.join(paths[:4])}.",
        Place(
            ignores.files[0] if ".gitignore" not in ignores.files and ignores.files else ".gitignore",
            1 if ignores.files else 0,
        ),
    )
    taken_back = [rule for path in paths if (rule := ignores.decide(path)) is not None]
    more = tuple(
        tree.evidence(rule.place.path, rule.place.line, "This line takes the file back.") for rule in taken_back[:2]
    )
    mend = "Add the file's name to the .gitignore of the root."
    if held:
        return Partly(How.INCOMPLETE, (*held, *more, where), f"{paths[0]} would not be ignored.", mend)
    if statement.modality is Modality.RECOMMENDATION_USERS:
        return Unknown(
            "what users commit in their own repositories",
            "It is advice to users; this repository ignores no such file itself.",
            (where,),
        )
    return Broken(How.ABSENT, (*more, where), f"{paths[0]} is not ignored.", mend)
