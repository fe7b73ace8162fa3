"""Judges whether dependencies are pinned: by the entries of the file that the sentence names, or else by entries and lock files together."""

from __future__ import annotations

import re

from troth.judgement.policy_scope import for_users, said
from troth.terms.facts.dependencies import Dependencies, Entry, Lock, Manifest, Pin, Scope
from troth.terms.facts.tools import Carrier, ToolRuns
from troth.terms.facts.tree import Tree
from troth.terms.promise import Statement
from troth.terms.values import Params
from troth.terms.verdict import Broken, Evidence, How, Kept, Partly, Unknown, Verdict

_COUNTED = (Scope.RUNTIME, Scope.DEV, Scope.OPTIONAL)
_BOUNDS = re.compile(r"\b(?:minimum|maximum|compatible|bounded|constraints?|ranges?|upper|lower)\b", re.IGNORECASE)
_MATTER = re.compile(r"depend|packages?\b|librar|requirement|\bpin|\block|exact|hash|frozen|reproducib|constraint|determinis|integrity|digest|\bbounds?\b|checksum|==|\branges?\b|(?:specific|fixed|certain|explicit) versions?\b(?! is| are| was)|\bversions? (?:of|for|in)\b", re.IGNORECASE)
_FILE_NAMES = re.compile(r"[\w./-]*[\w-]\.(?:json|lock|mod|sum|txt|toml|ya?ml)\b|[\w.-]*/[\w./-]+")
_ONLY_LOCKED = re.compile(r"\binstall\w*\b.{0,60}\b(?:from|by|with|using|via|against)\b.{0,30}\block ?-?files?\b|\bnpm ci\b|frozen[- ]lockfile|\block ?-?files?\b.{0,40}\bonly\b", re.IGNORECASE)
_HASHES = re.compile(r"\bhash(?:es|ed)?\b|\bintegrity\b|\bdigests?\b", re.IGNORECASE)
_ASIDE = re.compile(r"(?:^|/)(?:tests?|examples?|docs?|fixtures?|samples?|bench\w*|fuzz|templates?)/", re.IGNORECASE)
_ALERTS = re.compile(r"\balerts?\b|\badvisor(?:y|ies)\b|\bCVEs?\b|\bvulnerabilit|\bresolvable\b|\bupstream\b", re.IGNORECASE)
_PINS = re.compile(r"\bpin|\block(?:ed|s|ing)?\b|\block-?\s?file|\bexact\b|frozen|\bhash|reproducib|determinis|integrity", re.IGNORECASE)
_SHOWN = 8


def verify(params: Params, statement: Statement, dependencies: Dependencies, tools: ToolRuns, tree: Tree) -> Verdict:
    """Kept only if every entry that counts names one version, by itself or by a lock file that covers it."""
    advice = for_users(statement, "pin versions")
    if advice is not None:
        return advice
    if statement.text and not _MATTER.search(_FILE_NAMES.sub(" ", statement.text)):
        return Unknown("a sentence about versions that are pinned", "The sentence names a file and says nothing of how its versions are chosen.")
    if _ALERTS.search(statement.text) and not _PINS.search(statement.text):
        return Unknown("a sentence about versions that are pinned", "The sentence tells of alerts or fixes, and not of how versions are chosen.")
    named = params.text("file") or ""
    locks = tuple(lock for lock in dependencies.locks if named and lock.path.rpartition("/")[2] == named)
    if locks and not dependencies.named(named):
        return _by_lock(locks, tree)
    manifests = dependencies.named(named) if named else _with_entries(dependencies)
    if named and not manifests:
        return _no_such_file(named, statement, tree)
    if not manifests:
        return Unknown("a file that lists dependencies", "The tree lists no dependencies that could be pinned.")
    found = _weigh(manifests, dependencies, tree, statement, by_entries=bool(named))
    return (_past_the_lock(statement, found, tools, tree) or found) if isinstance(found, Kept) else found


def _past_the_lock(statement: Statement, found: Kept, tools: ToolRuns, tree: Tree) -> Partly | None:
    """A workflow that installs in a way which may move the lock file, though the sentence says that installs only follow it."""
    if not _ONLY_LOCKED.search(statement.text):
        return None
    runs = [run for run in tools.others if run.carrier is Carrier.WORKFLOW and run.reaches and _moves(run.argv)]
    if not runs:
        return None
    shown = tuple(tree.evidence(run.place.path, run.place.line, f"`{' '.join(run.argv[:3])}` may choose other versions than the lock file names.") for run in runs[:4])
    return Partly(How.BYPASSED, (*shown, *found.evidence[:2]), "The lock file is there, and a workflow installs past it.", "Install with npm ci, --frozen-lockfile or --immutable.")


def _moves(argv: tuple[str, ...]) -> bool:
    """Whether an install of all dependencies may change the lock file."""
    if argv[:1] not in (("npm",), ("yarn",), ("pnpm",)) or argv[1:2] not in (("install",), ("i",)):
        return False
    options = {word for word in argv[2:] if word.startswith("-")}
    if len(options) < len(argv) - 2 or options & {"-g", "--global", "--frozen-lockfile", "--immutable", "--package-lock-only"}:
        return False
    return argv[0] != "pnpm" or "--no-frozen-lockfile" in options


def _with_entries(dependencies: Dependencies) -> tuple[Manifest, ...]:
    return tuple(
        item
        for item in dependencies.manifests
        if not _ASIDE.search(item.path) and any(entry.pin is not Pin.LOCAL for entry in item.of_scope(*_COUNTED))
    )


def _no_such_file(named: str, statement: Statement, tree: Tree) -> Verdict:
    here = [path for path in tree.paths() if path.rpartition("/")[2] == named]
    if here:
        return Unknown(f"a {named} that can be read", f"{here[0]} cannot be read as a list of dependencies.")
    evidence = (said(statement, f"It speaks of {named}, which is not in the tree."),)
    return Broken(How.ABSENT, evidence, f"There is no {named}.", f"Commit {named}, or name the file that pins.")


def _by_lock(locks: tuple[Lock, ...], tree: Tree) -> Verdict:
    unread = next((lock for lock in locks if not lock.read), None)
    if unread is not None:
        return Unknown("a lock file that can be read", f"{unread.path} cannot be read.")
    evidence = tuple(tree.evidence(lock.path, 1, f"It locks {len(lock.packages)} packages.") for lock in locks[:_SHOWN])
    return Kept(evidence, "The lock file that the sentence names is there and names one version for each package.")


def _weigh(
    manifests: tuple[Manifest, ...], dependencies: Dependencies, tree: Tree, statement: Statement, *, by_entries: bool
) -> Verdict:
    bounds = bool(_BOUNDS.search(statement.text)) and not re.search(r"\bpin|exact|lock", statement.text, re.IGNORECASE)
    hashes = bool(_HASHES.search(statement.text))
    loose: list[Entry] = []
    held: list[Evidence] = []
    total = 0
    for manifest in manifests:
        covering = () if by_entries else tuple(lock for lock in dependencies.locks_of(manifest.path) if lock.read)
        entries = [entry for entry in manifest.of_scope(*_COUNTED) if entry.pin is not Pin.LOCAL]
        total += len(entries)
        if covering and not (hashes and any(not package.hashed for package in covering[0].packages)):
            held.append(tree.evidence(covering[0].path, 1, f"It locks what {manifest.path} asks for."))
            continue
        own = [entry for entry in entries if not _exact(entry, bounds=bounds, hashes=hashes)]
        loose += own
        firm = next((entry for entry in entries if entry not in own), None)
        if firm is not None:
            held.append(tree.evidence(firm.place.path, firm.place.line, f"{firm.name} is pinned."))
    if not total:
        return Unknown("entries to judge", f"{manifests[0].path} lists nothing that could be pinned.")
    locks = [lock for manifest in manifests for lock in dependencies.locks_of(manifest.path) if lock.read] if by_entries and re.search(r"\block", statement.text, re.IGNORECASE) else []
    if loose and locks:
        held.append(tree.evidence(locks[0].path, 1, f"It locks what {manifests[0].path} asks for."))
    if not loose:
        return Kept(tuple(held[:_SHOWN]), f"All {total} entries name one version, by themselves or by a lock file.")
    return _loose(loose, held, total, tree)


def _exact(entry: Entry, *, bounds: bool, hashes: bool) -> bool:
    if bounds:
        return entry.pin is not Pin.NONE
    return entry.pin is Pin.HASH if hashes else entry.pin.exact


def _loose(loose: list[Entry], held: list[Evidence], total: int, tree: Tree) -> Verdict:
    firsts = {entry.place.path: entry for entry in reversed(loose)}
    evidence = tuple(
        tree.evidence(
            entry.place.path,
            entry.place.line,
            f"{entry.name} {entry.spec or 'without a version'} can resolve to another version tomorrow.",
        )
        for entry in list(firsts.values())[::-1][:_SHOWN]
    )
    mend = "Name one version for each entry, or commit a lock file that the installation really uses."
    if not held:
        return Broken(How.ABSENT, evidence, f"None of the {total} entries is pinned.", mend)
    return Partly(How.INCOMPLETE, (*evidence, *held[:2]), f"{len(loose)} of {total} entries are not pinned.", mend)
