"""What would mend a tree's broken promises: check, hand the findings to modules, merge what they recommend into one patch. Writes nothing.

Modules get data and run in processes of their own (`troth.jobs.recommend`); nothing here acts, and no permit is needed.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from troth.app.check import Progress, judge, open_session
from troth.app.commits import CommitSources, known_commits
from troth.app.forge import ForgeSource
from troth.engines.git.repository import open_repository
from troth.errors import UsageError
from troth.jobs.recommend.checking import results
from troth.jobs.recommend.diffs import Version, file_diff, merged
from troth.jobs.recommend.facts import Complaint, Facts, Json, Seen, SourceFile
from troth.jobs.recommend.host import Hosted, Program, PythonModule, Round, ask
from troth.jobs.recommend.isolation import Isolation, chosen
from troth.jobs.recommend.module import installed, shipped
from troth.jobs.recommend.personal import Personal
from troth.jobs.recommend.recommendation import Recommendation, RecommendationError
from troth.ledger.record import because_of, evidence_of, fingerprints, how_of, mend_of, plain, scalar_text
from troth.terms.facts.tree import Tree
from troth.terms.verdict import Broken, Finding, Partly, Unknown, name_of

__all__ = ["Combined", "Options", "Suggested", "combine", "complaints_of", "default_branch", "run_suggest"]

_SETTINGS: Final = frozenset(("branch/protected", "branch/review-required", "branch/status-checks", "settings/security-features"))
"""Controls whose Unknown may be a switch that is off: an action of the forge first looks, and changes only what differs."""

_REWRITES: Final = "true-sentence"


@dataclass(frozen=True, slots=True)
class Options:
    """What to ask for.

    Attributes:
        only: ids or aliases of controls; empty = all.
        modules: names of modules; empty = all that are installed.
        programs: executables that are modules.
        lane: name of the lane; "" = the strongest.
        commits: where commit ids of actions come from.
        repository: `owner/name` on the forge; "" = the remote `origin`.
        branch: the default branch on the forge; "" = the one that is checked out.
        rewrite_policy: also let the policy be rewritten to what is true.
        forge: where settings come from, as for a check.
        policies: as for a check.
        personal: what happens to personal data in what modules say.
    """

    only: tuple[str, ...] = ()
    modules: tuple[str, ...] = ()
    programs: tuple[Path, ...] = ()
    lane: str = ""
    commits: CommitSources = CommitSources()  # noqa: RUF009 - frozen
    repository: str = ""
    branch: str = ""
    rewrite_policy: bool = False
    forge: ForgeSource | None = None
    policies: tuple[str, ...] = ()
    personal: Personal = Personal.REDACT


@dataclass(frozen=True, slots=True)
class Combined:
    """Several recommendations as one change.

    Attributes:
        patch: unified diff over everything.
        files: path -> text afterwards, of files whose text changes.
        taken: recommendations that are in it.
        left_out: those that touch the same lines as an earlier one: make them again once this is applied.
    """

    patch: str
    files: Mapping[str, str]
    taken: tuple[Recommendation, ...]
    left_out: tuple[Recommendation, ...] = ()


@dataclass(frozen=True, slots=True)
class Suggested:
    """Findings that failed, what modules said, and the patch of it all."""

    findings: tuple[Finding, ...]
    complaints: tuple[Complaint, ...]
    round: Round
    combined: Combined
    commit: str | None


def run_suggest(root: Path, options: Options, progress: Progress | None = None) -> Suggested:
    """Check a tree and ask modules how to mend what failed.

    Args:
        root: the tree.
        options: what to ask for.
        progress: as for a check.

    Raises:
        UsageError: a control or module that does not exist.
        JobError: modules cannot be shut in, or two have one name.
        PolicyError: as for a check.
    """
    modules = _modules(options)
    session = open_session(root, policies=options.policies, forge=options.forge, progress=progress)
    wanted = {control.id for name in options.only if (control := session.catalogue.resolve(name)) is not None}
    if len(wanted) < len(set(options.only)) and any(session.catalogue.resolve(name) is None for name in options.only):
        raise UsageError("there is no such control; `troth controls` lists them")
    findings = judge(session, tuple(one for one in session.promises if not wanted or one.control in wanted), progress)
    complaints = complaints_of(findings, session.tree)
    paths = {path: file.mode for path, file in session.tree.files.items() if file.tracked or file.mode.startswith("100")}
    commits = known_commits(options.commits, session.tree) if any(one.control == "ci/actions-pinned" for one in complaints) else {}
    facts = Facts(complaints, {}, paths, commits, options.repository or session.tree.origin or "", options.branch or default_branch(root))
    if progress is not None:
        progress("asking modules", 0, 0)
    told = ask(modules, facts, lambda path: source(session.tree, path), personal=options.personal)
    return Suggested(findings, complaints, told, combine(told.recommendations, facts, session.tree), session.tree.commit)


def default_branch(root: Path) -> str:
    """The branch that the remote says is its default, or the one that is checked out; "" outside git."""
    git = open_repository(root).git
    for name in ("refs/remotes/origin/HEAD", "HEAD"):
        told = git.try_run("symbolic-ref", "--quiet", "--short", name) if git is not None else None
        if told:
            return os.fsdecode(told).strip().removeprefix("origin/")
    return ""


def _modules(options: Options) -> list[Hosted]:
    lane: Isolation = chosen(options.lane)
    known = {one.name: one for one in (*shipped(), *installed())}
    missing = [name for name in options.modules if name not in known]
    if missing:
        raise UsageError(f"there is no module {missing[0]!r}; there are: {', '.join(sorted(known))}")
    names = options.modules or tuple(name for name in known if name != _REWRITES or options.rewrite_policy)
    programs = [Program(path, _for_programs(lane)) for path in options.programs]
    called = [one.name for one in programs]
    if len(set(called)) != len(called) or not known.keys().isdisjoint(called):
        raise RecommendationError("module-name", "A program calls itself by the name of another module: nobody could tell who recommends what.")
    return [*(PythonModule(known[name], lane) for name in names), *programs]


def _for_programs(lane: Isolation) -> Isolation:
    """The guard's sandbox runs Python alone; programs in other languages run in bubblewrap's namespaces."""
    return chosen("bubblewrap") if lane.name == "guard" else lane


def source(tree: Tree, path: str) -> SourceFile | None:
    """A file for editing; None where it is no text in UTF-8 that comes back the same."""
    file = tree.files.get(path)
    data = tree.reader(path) if file is not None else None
    if file is None or data is None or b"\0" in data:
        return None
    try:
        return SourceFile(path, data.decode("utf-8"), file.mode)
    except UnicodeDecodeError:
        return None


def complaints_of(findings: Sequence[Finding], tree: Tree) -> tuple[Complaint, ...]:
    """Findings that failed (and settings that could not be seen), as modules are given them."""
    found: list[Complaint] = []
    for finding, name in zip(findings, fingerprints(findings), strict=True):
        failed = isinstance(finding.verdict, (Broken, Partly))
        if not failed and not (isinstance(finding.verdict, Unknown) and finding.promise.control in _SETTINGS and "forge" in finding.verdict.missing):
            continue
        statement, how = finding.promise.statement, how_of(finding.verdict)
        params: dict[str, Json] = {scalar_text(key): plain(value) for key, value in finding.promise.params.values.items()}
        found.append(
            Complaint(
                name, finding.promise.control, name_of(finding.verdict), how.value if how else "", statement.path if statement.path in tree.files else "",
                statement.line, statement.quote, statement.text, because_of(finding.verdict), mend_of(finding.verdict), params,
                tuple(Seen(item.place.path, item.place.line, item.says, item.text) for item in evidence_of(finding.verdict)),
            )
        )  # fmt: skip
    return tuple(found)


def combine(recommendations: Sequence[Recommendation], facts: Facts, tree: Tree) -> Combined:
    """One patch of all recommendations that have one, in order; whoever touches a line that is taken is left out."""
    base: dict[str, SourceFile | None] = {}
    texts: dict[str, str] = {}
    taken: list[Recommendation] = []
    left: list[Recommendation] = []
    for one in recommendations:
        if not one.patch:
            continue
        given = {change.source or change.path: found for change in one.files if (found := source(tree, change.source or change.path)) is not None}
        outcome = results(one, replace(facts, files=given))
        trial = _merged(outcome, given, base, texts)
        moved = {change.source for change in one.files if change.source}
        if trial is None or moved & {change.source for other in taken for change in other.files}:
            left.append(one)
            continue
        base |= {path: given.get(path) for path in outcome if path not in base}
        texts |= trial
        taken.append(one)
    parts = [file_diff(None if (old := base[path]) is None else Version(path, old.text, old.mode), Version(path, text, old.mode if old else "100644")) for path, text in sorted(texts.items())]
    moves = [one.patch for one in taken if any(change.source for change in one.files)]
    return Combined("".join((*parts, *moves)), texts, tuple(taken), tuple(left))


def _merged(
    outcome: Mapping[str, str], given: Mapping[str, SourceFile], base: Mapping[str, SourceFile | None], texts: Mapping[str, str]
) -> dict[str, str] | None:
    """Texts with one more recommendation in them; None where it clashes."""
    found: dict[str, str] = {}
    for path, text in outcome.items():
        if path not in texts:
            found[path] = text
            continue
        original = base[path]
        if original is None or path not in given:
            return None
        both, clashing = merged(original.text, [texts[path], text])
        if clashing:
            return None
        found[path] = both
    return found
