"""The main job: a tree in, a `Result` out.

One datum, six hops: find and read the policies, match their statements to the catalogue, let engines look, weigh, and hand everything to a report.
Reads only; writes nothing anywhere.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path

from troth import __version__
from troth.app.advisories import AdvisoryIndex, advisories_engine
from troth.app.engines import ENGINES
from troth.app.forge import ForgeSource, forge_engine
from troth.app.proofs import read_proofs
from troth.app.registries import registries_engine
from troth.check.catalogue import Catalogue, shipped
from troth.check.looks import Looks
from troth.check.weigh import demand_engines, weigh
from troth.engines.git.repository import open_repository
from troth.errors import CatalogueError, LookError, PolicyError, PolicyNotFoundError, PolicyTooLargeError, UsageError
from troth.judgement.proved_runs import with_runs
from troth.policy import Reading, read_bytes
from troth.policy.find import find
from troth.policy.match import match
from troth.policy.settings import Settings, apply, bind, pinned, read_settings
from troth.terms.facts.advisories import AdvisoriesShown
from troth.terms.facts.clock import Clock
from troth.terms.facts.desk_records import DeskSource
from troth.terms.facts.forge_shown import ForgeShown
from troth.terms.facts.policies import PolicySet
from troth.terms.facts.registries import RegistriesShown
from troth.terms.facts.scans import ScanReports, ScanRun
from troth.terms.facts.tree import Tree
from troth.terms.place import Place
from troth.terms.promise import Promise
from troth.terms.result import EngineRun, PolicyFile, Result
from troth.terms.verdict import Broken, Evidence, Finding, Kept, NotApplicable, Partly, Unknown, Verdict

__all__ = ["Session", "open_session", "run_check", "run_promises"]

Progress = Callable[[str, int, int], None]
POLICY_LIMIT_BYTES = 1024 * 1024


@dataclass
class Session:
    """One tree, opened: its files, its policies, their promises, and where facts come from."""

    root: Path
    catalogue: Catalogue
    looks: Looks
    tree: Tree
    chosen: tuple[PolicyFile, ...]
    promises: tuple[Promise, ...]
    settings: Settings
    started: datetime
    notes: tuple[str, ...] = ()


def run_check(
    root: Path,
    *,
    policies: tuple[str, ...] = (),
    settings: Path | None = None,
    only: tuple[str, ...] = (),
    forge: ForgeSource | None = None,
    sarif: tuple[Path, ...] = (),
    advisories: AdvisoryIndex | None = None,
    registries: Path | None = None,
    proofs: tuple[Path, ...] = (),
    proof_key: str | None = None,
    progress: Progress | None = None,
) -> Result:
    """Check a tree against its own policy.

    Args:
        root: a repository's work tree, a bare repository, or a plain directory.
        policies: policies to judge instead of those found: paths in the tree, or files elsewhere.
        settings: settings file to use instead of the tree's own.
        only: ids or aliases of controls; empty = all.
        forge: where settings come from; None = nobody asks, and what only settings can decide stays Unknown.
        sarif: SARIF files of other scanners, as evidence that they ran.
        advisories: index of known vulnerabilities to ask; None = nobody asks one.
        registries: file with answers of package registries (`troth registries`).
        proofs: signed files of `troth prove`.
        proof_key: id of the key that signed them; the user's own where None.
        progress: called with a label, the number done and the number in all.

    Raises:
        UsageError: `root` or a control named in `only` does not exist.
        PolicyError: no policy, or one that cannot be read.
        CatalogueError: Troth itself is broken.
    """
    session = open_session(root, policies=policies, settings=settings, forge=forge, sarif=sarif, advisories=advisories, registries=registries, progress=progress)
    wanted = _only(only, session.catalogue)
    promises = tuple(promise for promise in session.promises if not only or promise.control in wanted)
    findings = judge(session, promises, progress)
    if proofs:
        runs = read_proofs(proofs, proof_key)
        findings = tuple(with_runs(finding, runs, session.tree.commit or "", dirty=bool(session.tree.dirty)) for finding in findings)
        session.looks.runs.extend(EngineRun("ProvedRuns", False, problem, 0.0) for problem in runs.problems)
    _record_forge(session.looks)
    _record_scans(session.looks)
    _record_outside(session.looks)
    return Result(
        root=str(root),
        commit=session.tree.commit,
        dirty=session.tree.dirty,
        policies=session.chosen,
        findings=findings,
        controls=len(session.catalogue),
        verified=sum(control.verify is not None for control in session.catalogue.values()),
        engines=tuple(session.looks.runs),
        notes=(*session.tree.notes, *session.notes),
        version=__version__,
        started=session.started.isoformat(timespec="seconds"),
    )


def _record_forge(looks: Looks) -> None:
    """A look at the forge that was asked for and failed is a failure of the run, though files may have decided in its place."""
    if not any(run.facts == ForgeShown.__name__ for run in looks.runs):
        return
    shown = looks.get(ForgeShown)
    if isinstance(shown, ForgeShown) and shown.asked and shown.forge is None:
        looks.runs.append(EngineRun("Forge", False, shown.gap.because, 0.0))


def _reports(paths: tuple[Path, ...]) -> ScanReports:
    if not paths:
        return ScanReports()
    from troth.engines.sarif import read_sarif

    runs: list[ScanRun] = []
    problems: list[str] = []
    for path in paths:
        try:
            runs += read_sarif(path)
        except LookError as error:
            problems.append(f"{path.name}: {error.because}")
    return ScanReports(tuple(runs), tuple(problems))


def _record_scans(looks: Looks) -> None:
    reports = looks.get(ScanReports)
    if isinstance(reports, ScanReports):
        looks.runs.extend(EngineRun("ScanReports", False, problem, 0.0) for problem in reports.problems)


def _record_outside(looks: Looks) -> None:
    """An index or a file of answers that was named and cannot be used is a failure of the run, like a forge that does not answer."""
    ran = {run.facts for run in looks.runs}
    advisories = looks.get(AdvisoriesShown) if AdvisoriesShown.__name__ in ran else None
    if isinstance(advisories, AdvisoriesShown) and advisories.asked and advisories.advisories is None:
        looks.runs.append(EngineRun("Advisories", False, advisories.gap.because, 0.0))
    registries = looks.get(RegistriesShown) if RegistriesShown.__name__ in ran else None
    if isinstance(registries, RegistriesShown) and registries.asked and registries.registries is None:
        looks.runs.append(EngineRun("Registries", False, registries.gap.because, 0.0))


def run_promises(root: Path, promises: Sequence[Promise], *, policies: tuple[str, ...] = ()) -> tuple[Finding, ...]:
    """Judge given promises on a tree, without reading them from its policy (evaluation, and cases of controls)."""
    return judge(open_session(root, policies=policies, lenient=True), tuple(promises), None)


def judge(session: Session, promises: tuple[Promise, ...], progress: Progress | None) -> tuple[Finding, ...]:
    """Weigh promises; evidence in a policy from elsewhere is shown in the tree's own copy where there is one."""
    findings = weigh(promises, session.catalogue, session.looks, progress)
    outside = tuple(policy for policy in session.chosen if not policy.inside)
    if outside:
        findings = tuple(_shown_inside(finding, outside, session) for finding in findings)
    return tuple(apply(finding, session.settings, session.started.date()) for finding in findings)


def open_session(
    root: Path,
    *,
    policies: tuple[str, ...] = (),
    settings: Path | None = None,
    forge: ForgeSource | None = None,
    sarif: tuple[Path, ...] = (),
    advisories: AdvisoryIndex | None = None,
    registries: Path | None = None,
    progress: Progress | None = None,
    lenient: bool = False,
    now: datetime | None = None,
    at: str = "",
) -> Session:
    """Open a tree, read its policies and match their promises.

    Args:
        root: the tree.
        policies: policies to judge instead of those found.
        settings: settings file to use instead of the tree's own.
        forge: see `run_check`.
        sarif: see `run_check`.
        advisories: see `run_check`.
        registries: see `run_check`.
        progress: see `run_check`.
        lenient: accept a tree without any policy.
        now: the moment for which to judge; the clock's by default.
        at: commit (full id) to judge in place of the work tree.

    Raises:
        UsageError, PolicyError, CatalogueError: see `run_check`.
    """
    started = now or datetime.now(UTC)
    catalogue = shipped()
    if progress is not None:
        progress("looking at the tree", 0, 0)
    repository = open_repository(root)
    if at:
        repository = replace(repository, bare=True, commit=at)
    looks = Looks((*ENGINES, forge_engine(forge), advisories_engine(advisories), registries_engine(registries)), given=(repository, Clock(started), PolicySet(), DeskSource(), _reports(sarif)))
    demand_engines(catalogue, looks)
    catalogue.remember()
    tree = looks.get(Tree)
    if not isinstance(tree, Tree):
        raise CatalogueError("the tree engine gave something else")
    inside, notes = _policies_inside(tree, repository.asked)
    chosen = tuple(_named(name, tree, inside, repository.root) for name in policies) or inside
    if not chosen and not lenient:
        raise PolicyNotFoundError(f"{root} has no security policy")
    everything = (*chosen, *(policy for policy in inside if all(policy.path != each.path for each in chosen)))
    statements = tuple(statement for policy in everything for statement in policy.statements)
    own = bind(read_settings(tree, settings, known=catalogue.keys()), statements)
    looks.give(own.desk)
    matched = {policy.path: pinned(_matched(policy, catalogue), policy.statements, own) for policy in everything}
    known = tuple(promise for policy in everything for promise in matched[policy.path])
    looks.give(PolicySet(everything, known, tree.origin))
    promises = tuple(promise for policy in chosen for promise in matched[policy.path])
    return Session(root, catalogue, looks, tree, chosen, promises, own, started, (*notes, *own.notes))


_MATCHED: dict[tuple[str, str], tuple[Promise, ...]] = {}
_MOST_MATCHED = 32


def _matched(policy: PolicyFile, catalogue: Catalogue) -> tuple[Promise, ...]:
    """Promises of a policy's text. The same text gives the same promises, at whatever commit it stands: a search through history reads each version once."""
    if catalogue is not shipped():
        return match(policy.statements, catalogue)
    key = (policy.path, policy.sha256)
    if key not in _MATCHED:
        if len(_MATCHED) >= _MOST_MATCHED:
            _MATCHED.clear()
        _MATCHED[key] = match(policy.statements, catalogue)
    return _MATCHED[key]


@lru_cache(maxsize=32)
def _read(data: bytes, path: str) -> Reading:
    """A policy's sentences; the same bytes are read once."""
    return read_bytes(data, path)


def _policies_inside(tree: Tree, asked: str) -> tuple[tuple[PolicyFile, ...], tuple[str, ...]]:
    files: list[PolicyFile] = []
    notes: list[str] = []
    for found in find(tree):
        if asked and not found.path.startswith(asked + "/"):
            continue
        data = tree.reader(found.path)
        if data is None:
            notes.append(
                f"{found.path} is a policy by its name, but cannot be read (missing object, a link out of the tree, or over 8 MiB)."
            )
            continue
        try:
            files.append(_policy(data, found.path, shown=found.shown, inside=True, why=found.why))
        except PolicyError as error:
            if found.shown:
                raise
            notes.append(f"{found.path}: {error}")
    return tuple(sorted(files, key=lambda policy: not policy.shown)), tuple(notes)


def _policy(data: bytes, path: str, *, shown: bool, inside: bool, why: str) -> PolicyFile:
    reading = _read(data, path)
    notes = tuple(f"line {note.line}: {note.says}" if note.line else note.says for note in reading.notes)
    return PolicyFile(
        path, shown, reading.text, hashlib.sha256(data).hexdigest(), reading.statements, notes, inside, why
    )


def _named(name: str, tree: Tree, inside: tuple[PolicyFile, ...], root: Path) -> PolicyFile:
    """A policy that the user named: a path in the tree first, then a file elsewhere."""
    known = next((policy for policy in inside if policy.path == name.removeprefix("./")), None)
    if known is not None:
        return known
    path = Path(name)
    if not path.is_absolute() and name.removeprefix("./") in tree.files:
        relative = name.removeprefix("./")
    else:
        full = path.resolve()
        relative = full.relative_to(root).as_posix() if full.is_relative_to(root) else ""
    if relative and relative in tree.files:
        twin = next((policy for policy in inside if policy.path == relative), None)
        data = tree.reader(relative)
        if twin is not None:
            return twin
        if data is not None:
            return _policy(data, relative, shown=False, inside=True, why="named with --policy")
    return _policy(
        _outside(path, name), name, shown=False, inside=False, why="named with --policy; it lies outside the tree"
    )


def _outside(path: Path, name: str) -> bytes:
    try:
        if not path.is_file():
            raise PolicyNotFoundError(f"{name} is neither a file of the tree nor a file elsewhere")
        if path.stat().st_size > POLICY_LIMIT_BYTES:
            raise PolicyTooLargeError(
                f"{name}: {path.stat().st_size:,} bytes; a policy may have {POLICY_LIMIT_BYTES:,}"
            )
        return path.read_bytes()
    except (OSError, ValueError) as error:
        raise PolicyNotFoundError(f"{name} cannot be read: {error}") from error


def _only(only: tuple[str, ...], catalogue: Catalogue) -> frozenset[str]:
    wanted = set()
    for name in only:
        control = catalogue.resolve(name)
        if control is None:
            raise UsageError(f"there is no control {name!r}; `troth controls` lists them")
        wanted.add(control.id)
    return frozenset(wanted)


def _shown_inside(finding: Finding, outside: tuple[PolicyFile, ...], session: Session) -> Finding:
    verdict = finding.verdict
    if not isinstance(verdict, (Kept, Partly, Broken, Unknown, NotApplicable)) or not verdict.evidence:
        return finding
    evidence = tuple(_moved(item, outside, session) for item in verdict.evidence)
    moved: Verdict = replace(verdict, evidence=evidence)
    return replace(finding, verdict=moved)


def _moved(item: Evidence, outside: tuple[PolicyFile, ...], session: Session) -> Evidence:
    """The same line in the tree's own copy of a policy from elsewhere, where it stands there word for word."""
    policy = next((each for each in outside if each.path == item.place.path), None)
    if policy is None or not item.place.line:
        return item
    lines = policy.text.split("\n")
    wanted = lines[item.place.line - 1].strip() if item.place.line <= len(lines) else ""
    policies = session.looks.get(PolicySet)
    if not wanted or not isinstance(policies, PolicySet):
        return item
    for twin in policies.files:
        if twin.inside:
            places = [number for number, line in enumerate(twin.text.split("\n"), start=1) if line.strip() == wanted]
            if places:
                nearest = min(places, key=lambda number: abs(number - item.place.line))
                return replace(item, place=Place(twin.path, nearest))
    return item
