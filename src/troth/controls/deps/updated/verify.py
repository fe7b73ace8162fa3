"""Judges whether dependencies are kept up to date: by merged updates in history, the bot that proposes them, and advice that outlived its package."""

from __future__ import annotations

import re
from itertools import pairwise

from troth.judgement.main_line import GIT, is_bot
from troth.judgement.policy_scope import for_users, said
from troth.terms.facts.dependencies import Dependencies
from troth.terms.facts.dependency_ages import Ages, DependencyAges
from troth.terms.facts.history import Commit, History
from troth.terms.facts.tree import Tree
from troth.terms.facts.updates import UpdateRule, Updates
from troth.terms.place import Place
from troth.terms.promise import Statement
from troth.terms.values import Params
from troth.terms.verdict import Broken, Evidence, How, Kept, Partly, Unknown, Verdict

_BUMP = re.compile(
    r"\b(?:bump|update|upgrade)s?\b.*\b(?:from|to|requirement|dependenc|lock ?file|packages?|group)\b", re.IGNORECASE
)
_RELEASE = re.compile(r"\(release\)|\b(?:bump|update|upgrade)s?\s+(?:the\s+)?(?:package\s+|project\s+|app\s+)?version\b|\bversion bump\b|\bbump(?:s|ed)?\s+(?:to\s+)?v?\d", re.IGNORECASE)
"""A bot that raises the project's own version updates nothing that the project depends on."""
_SIDE = re.compile(r"\bactions?/|github[_-]actions|setup-\w+|docker|checkout", re.IGNORECASE)
_RUNTIMES = frozenset(
    ("python", "node", "node.js", "nodejs", "npm", "pip", "rust", "cargo", "go", "docker", "git", "bun", "deno")
)
_KEEP = re.compile(
    r"\b(?:keep|update|upgrade)\s+`?([a-z][\w.-]{1,60})`?\s+(?:up[ -]to[ -]date|updated|current|to the latest)",
    re.IGNORECASE,
)
_DAY = 86_400
_ABOUT = re.compile(r"updat|up[- ]to[- ]date|upgrad|latest|patch|current|bump|refresh|fresh|outdated|newest|recent|command", re.IGNORECASE)
_THEIRS = re.compile(r"\W*(?:the |all |end[- ])?(?:users?|operators?|customers?|administrators?|installations?) (?:can |may |must |should |will |are (?:told|asked|notified) to )?(?:updat|upgrad|get|receiv|install)", re.IGNORECASE)
_RUN_LATEST = re.compile(r"\b(?:recommend|advise|suggest|encourage|urge)\w*\b.{0,40}\b(?:run|us|upgrad|updat|install)\w*\b.{0,30}\b(?:latest|newest|most recent)\b(?!.{0,40}\b(?:dependenc|packages|libraries))", re.IGNORECASE)
_INTERVALS = {
    "daily": 1, "nightly": 1, "weekly": 7, "biweekly": 14, "fortnightly": 14, "monthly": 31, "quarterly": 92, "annually": 366, "yearly": 366, "annual": 366,
}  # fmt: skip
_LOOKED = 6
"""Intervals that are looked back."""
_SLACK = 1.5
"""Times the interval that may lie between two updates before it counts as missed: weekends, holidays, nothing new."""
RECENT_DAYS = 120
FEWEST = 3


def verify(
    params: Params,
    statement: Statement,
    *,
    history: History,
    updates: Updates,
    dependencies: Dependencies,
    ages: DependencyAges,
    tree: Tree,
) -> Verdict:
    """Kept needs updates that really came in, and lately; a bot whose proposals lie unmerged is not enough."""
    stale = _outlived(params, statement, dependencies, history, tree)
    if stale is not None:
        return stale
    advice = for_users(statement, "keep what they install up to date")
    if advice is not None:
        return advice
    if statement.text and not _ABOUT.search(" ".join((statement.text, *params.values))):
        return Unknown("a sentence about updates", "The sentence says what dependencies are like, and not that they are updated.")
    if _THEIRS.match(statement.text):
        return Unknown("what users of the software do, which no repository shows", "The sentence says how users come by new versions of the project itself.", (said(statement, "It speaks of users."),))
    if _RUN_LATEST.search(statement.text):
        return Unknown("what users of the software do, which no repository shows", "The sentence asks users to run the project's newest version.", (said(statement, "It speaks of users."),))
    if re.match(r"\W*(?:check|see|verify|look|find out) (?:if|whether|for)\b", statement.text, re.IGNORECASE):
        return Unknown("what people do step by step", "The sentence is a step of a procedure, and not a statement about updates.")
    every = _INTERVALS.get((params.text("cadence") or "").lower())
    if every is not None:
        return _by_cadence(every, ages.read(), history)
    return _by_history(history, [rule for bot in updates.working for rule in bot.rules if rule.works], tree)


def _by_cadence(every: int, ages: Ages, history: History) -> Verdict:
    """A promised interval against the days on which versions of dependencies really moved; judged as of the newest commit."""
    if not ages.files or not history.commits:
        return Unknown("a lock file or manifest with history", "Nothing in history shows when dependencies moved.")
    if ages.partial:
        return Unknown("the whole history of the lock files", "History is shallow, or too large to be compared as a whole.")
    end = max(commit.committed for commit in history.commits)
    born = min(item.born for item in ages.files)
    if end - born < 2 * every * _DAY:
        return Unknown("a history longer than two intervals", f"Dependencies have been here for {(end - born) // _DAY} days only.")
    moves = sorted((move for item in ages.files for move in item.moves), key=lambda move: -move.when)
    shown = tuple(
        Evidence(f"{', '.join(move.packages[:3])} moved to another version.", Place(GIT, 0, commit=move.commit)) for move in moves[:4]
    ) or (Evidence("No version of a dependency ever moved.", Place(ages.files[0].path)),)
    begin = max(born, end - _LOOKED * every * _DAY)
    days = [end, *(move.when for move in moves if move.when >= begin), begin]
    gaps = [(later - earlier) / _DAY for later, earlier in pairwise(days)]
    late = [gap for gap in gaps if gap > every * _SLACK]
    if not late:
        return Kept(shown, f"Dependencies moved at least every {max(gaps):.0f} days, as promised every {every}.")
    says = f"For {max(gaps):.0f} days no dependency moved; {every} are promised."
    mend = "Update when it is promised, or promise what is done."
    if gaps[0] > every * _SLACK:
        return Broken(How.STALE, shown, says, mend)
    return Partly(How.INCOMPLETE, shown, says, mend)


def _outlived(params: Params, statement: Statement, dependencies: Dependencies, history: History, tree: Tree) -> Verdict | None:
    """The sentence names a package that a commit of this repository once bumped, added or removed, and that no manifest knows any more."""
    text = statement.quote.replace("*", "")
    match = _KEEP.search(text)
    declared = params.values.get("package")
    name = declared if isinstance(declared, str) else match.group(1) if match else ""
    if (
        not name
        or name.lower() in _RUNTIMES
        or f"`{name}`" not in text
        or not dependencies.manifests
        or dependencies.problems
    ):
        return None
    known = {entry.name.lower() for item in dependencies.manifests for entry in item.entries}
    known |= {package.name.lower() for lock in dependencies.locks for package in lock.packages}
    if name.lower() in known or any(item.incomplete for item in dependencies.manifests):
        return None
    removed = re.compile(
        rf"\b(?:remov|drop|replac|eliminat|migrat|get rid|without|no longer)\w*\b.*\b{re.escape(name)}\b|\b{re.escape(name)}\b.*\b(?:remov|drop|replac|eliminat)",
        re.IGNORECASE,
    )
    commit = next((item for item in history.commits if removed.search(item.subject)), None)
    if commit is None:
        return None
    evidence = (
        said(statement, f"It asks to keep {name} up to date, which no manifest names."),
        Evidence(f"History says that {name} was taken out.", Place(GIT, 0, commit=commit.id), commit.subject[:200]),
        *_left_words(name, tree),
    )
    return Broken(How.STALE, evidence, f"{name} is no dependency any more.", "Name the packages that are really used.")


def _left_words(name: str, tree: Tree) -> tuple[Evidence, ...]:
    """Where code still speaks of a package that is gone: the line that says so itself, else the first."""
    word = re.compile(rf"(?<![\w-]){re.escape(name)}(?![\w-])", re.IGNORECASE)
    gone = re.compile(r"remov|disabled|replac|no longer|without|formerly|instead of|dropp|legacy|until", re.IGNORECASE)
    found: list[tuple[bool, str, int]] = []
    for path in tree.paths("*.py", "*.ts", "*.js", "*.rs", "*.go", "*.toml", "*.cfg"):
        if re.search(r"(?:^|/)(?:tests?|docs?|examples?|node_modules)/|lock", path):
            continue
        for at, line in enumerate(tree.lines(path)[:3000], 1):
            if word.search(line[:300]):
                found.append((gone.search(line) is None, path, at))
                break
    return tuple(tree.evidence(path, at, f"the code still speaks of {name}") for _, path, at in sorted(found)[:2])


def _by_history(history: History, rules: list[UpdateRule], tree: Tree) -> Verdict:
    merged = [commit for commit in history.commits if _is_update(commit)]
    packages = [commit for commit in merged if not _SIDE.search(f"{commit.subject} {commit.body[:300]}")]
    newest = max((commit.committed for commit in history.commits), default=0)
    recent = [commit for commit in packages if newest - commit.committed <= RECENT_DAYS * _DAY]
    waiting = [name for name in history.branches if re.search(r"(?:^|/)(?:dependabot|renovate)/", name)]
    lines = tuple(
        tree.evidence(rule.place.path, rule.place.line, f"{rule.ecosystem} is watched.") for rule in rules[:4]
    )
    if len(recent) >= FEWEST and not (waiting and len(waiting) > len(recent)):
        told = tuple(_commit(commit, "An update of a package came in.") for commit in recent[:3])
        return Kept(
            (*told, *lines), f"{len(recent)} updates of packages came in during the last {RECENT_DAYS} days of history."
        )
    if rules or packages:
        figures = f"{len(merged)} updates in history came from a bot, {len(packages)} of them for packages; {len(waiting)} of its branches wait unmerged."
        evidence = (*lines, _commit(merged[0], figures) if merged else Evidence(figures, Place(GIT)))
        mend = "Merge what the bot proposes, or say in the policy what is really done."
        return Partly(
            How.INCOMPLETE,
            evidence,
            "Updates are proposed or were once made; history does not show that they come in regularly.",
            mend,
        )
    return Unknown(
        "a bot's configuration, or updates in history",
        "Nothing in the tree or its history shows that dependencies are updated.",
    )


def _is_update(commit: Commit) -> bool:
    return is_bot(commit) and len(commit.parents) == 1 and bool(_BUMP.search(commit.subject)) and not _RELEASE.search(commit.subject)


def _commit(commit: Commit, says: str) -> Evidence:
    return Evidence(says, Place(GIT, 0, commit=commit.id), commit.subject[:200])
