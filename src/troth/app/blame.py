"""`troth blame`: the commit at which a promise stopped being true, by bisecting verdicts over history.

A promise fails in a way (its verdict and how). The commit to blame is the first of the last unbroken run of commits, up to the one that is judged, at which it fails in that way; the commit before it is judged too and differs.
Where the run starts with a merge, the search goes down the side that brought it. Rules: only commits are judged, never the work tree; the day of judgement is today for all of them, so that only commits can change a verdict;
commits that touched the evidence are tried first, since a verdict changes nowhere else as a rule; what is found is always confirmed by judging both sides.

Where few promises are asked about, the newest commits that touched the evidence are all tried. What it cannot see: a flip back and forth before those, between two tries. Writes nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from troth.app.check import Session, judge, open_session
from troth.engines.git.command import Git
from troth.engines.git.lines import CommitHead, ancestors, commit_head, main_line, touching
from troth.engines.git.repository import open_repository
from troth.errors import UsageError
from troth.judgement.remembered import remembering
from troth.terms.promise import Promise
from troth.terms.verdict import Broken, Finding, Partly, Verdict, name_of

__all__ = ["Blame", "blame"]

Tell = Callable[[str, int, int], None]
_MOST_MERGES = 12
_NEAR = 28
"""Newest commits that touched the evidence, each of which is tried where few promises are asked about, so that a flip back and forth among them is seen."""
_FEW = 6
"""As many are tried where a whole policy is: a commit is judged for all promises whose search goes on, and their cost adds up."""
_ASKED = 4
"""Promises that count as few."""


@dataclass(frozen=True, slots=True)
class Blame:
    """Since when a promise fails.

    Attributes:
        finding: the promise and its verdict at the commit that was judged.
        since: first commit at which it fails in this way.
        before: verdict at the commit before; None where `since` has no parent.
        before_commit: that commit; "" where there is none.
        judged: how many commits were judged for this promise.
    """

    finding: Finding
    since: CommitHead
    before: Verdict | None
    before_commit: str
    judged: int

    @property
    def never(self) -> bool:
        """The promise was not kept before: what it speaks of was missing, or there was no commit. Where the commit before is Unknown, nobody can tell."""
        return self.before is None or name_of(self.before) not in ("kept", "partly", "attested", "unknown")


def blame(
    root: Path,
    *,
    at: str = "HEAD",
    policies: tuple[str, ...] = (),
    only: tuple[str, ...] = (),
    line: int = 0,
    tell: Tell | None = None,
) -> tuple[Blame, ...]:
    """Since when each failing promise fails.

    Args:
        root: a git repository.
        at: the newest commit to judge.
        policies: as for a check.
        only: controls; empty = every promise that is Broken or Partly.
        line: only promises on this line of a policy; 0 = all.
        tell: progress: a label, the number done, the number in all.

    Raises:
        UsageError: `root` is no repository with commits, or `only` names no control.
        PolicyError: there is no policy at that commit.
        LookError: git cannot read the history.
    """
    git = open_repository(root).need_git()
    found = git.try_run("rev-parse", "--verify", "--quiet", f"{at}^{{commit}}")
    if found is None:
        raise UsageError(f"{at} is no commit of {root}")
    tip = found.decode("ascii").strip()
    session = open_session(root, policies=policies, at=tip)
    wanted = frozenset(_resolved(name, session.catalogue.resolve(name)) for name in only)
    promises = tuple(
        promise
        for promise in session.promises
        if (not wanted or promise.control in wanted) and (not line or line in promise.statement.lines)
    )
    with remembering():
        return _blamed(session, promises, _History(session.root, git, policies, datetime.now(UTC)), tip, tell)


def _blamed(session: Session, promises: tuple[Promise, ...], history: _History, tip: str, tell: Tell | None) -> tuple[Blame, ...]:
    """The search for each of the promises that fails."""
    failing = [one for one in judge(session, promises, None) if isinstance(one.verdict, Broken | Partly)]
    history.pending = [one.promise for one in failing]
    history.asked = len(failing)
    blames = []
    for done, finding in enumerate(failing):
        if tell is not None:
            tell(finding.promise.control, done, len(failing))
        blames.append(_Search(history, finding, tip).run())
        history.pending.remove(finding.promise)
    return tuple(blames)


def _resolved(name: str, control: object) -> str:
    if control is None:
        raise UsageError(f"there is no control {name!r}; `troth controls` lists them")
    return str(getattr(control, "id", name))


@dataclass
class _History:
    """Verdicts at commits; a commit that several promises ask about is opened once."""

    root: Path
    git: Git
    policies: tuple[str, ...]
    now: datetime
    pending: list[Promise] = field(default_factory=list)
    """Promises whose search goes on: a commit that is opened for one is judged for all, since opening costs more than judging."""
    asked: int = 0
    """How many promises are asked about in all."""
    _verdicts: dict[tuple[str, int], Verdict] = field(default_factory=dict)
    _lines: dict[str, list[str]] = field(default_factory=dict)
    _ancestors: dict[str, frozenset[str]] = field(default_factory=dict)

    def verdict(self, promise: Promise, commit: str) -> Verdict:
        """Verdict on today's promise at a commit."""
        key = (commit, id(promise))
        if key not in self._verdicts:
            outside = tuple(name for name in self.policies if Path(name).is_file())
            session = open_session(self.root, policies=outside, lenient=True, now=self.now, at=commit)
            asked = (promise, *(other for other in self.pending if other is not promise))
            for other, finding in zip(asked, judge(session, asked, None), strict=True):
                self._verdicts[commit, id(other)] = finding.verdict
        return self._verdicts[key]

    def known(self, promise: Promise, commit: str) -> Verdict | None:
        """Verdict at a commit that was judged already, whichever promise it was opened for."""
        return self._verdicts.get((commit, id(promise)))

    def ancestors(self, commit: str) -> frozenset[str]:
        """A commit and all that it descends from."""
        if commit not in self._ancestors:
            self._ancestors = {commit: ancestors(self.git, commit)}  # one at a time: each may be the whole history
        return self._ancestors[commit]

    def line(self, tip: str) -> list[str]:
        """Main line from a commit, newest first."""
        if tip not in self._lines:
            self._lines[tip] = main_line(self.git, tip)
        return self._lines[tip]


def _way(verdict: Verdict) -> tuple[str, str]:
    return name_of(verdict), str(getattr(verdict, "how", ""))


@dataclass
class _Search:
    """The search for one promise."""

    history: _History
    finding: Finding
    tip: str
    judged: set[str] = field(default_factory=set)

    def run(self) -> Blame:
        """Find the commit, going down merged sides where they brought the change."""
        first, before = self._on_line(self.history.line(self.tip))
        for _ in range(_MOST_MERGES):
            side = self._side(first, before)
            if side is None:
                break
            older_first, older_before = self._on_line(side)
            if older_first == first:
                break
            first, before = older_first, older_before or before
        head = commit_head(self.history.git, first)
        told = self.history.verdict(self.finding.promise, before) if before else None
        return Blame(self.finding, head, told, before, len(self.judged))

    def _same(self, commit: str) -> bool:
        self.judged.add(commit)
        return _way(self.history.verdict(self.finding.promise, commit)) == _way(self.finding.verdict)

    def _on_line(self, line: list[str]) -> tuple[str, str]:
        """The first commit of the run that holds at the head of `line`, and the one before it ("" at the end)."""
        marks = touching(self.history.git, line[0], self._paths())
        steps = [at for at, commit in enumerate(line) if commit in marks]
        low, high = self._bracket(line, steps)
        while high - low > 1:
            inside = [at for at in steps if low <= at < high - 1]
            middle = inside[len(inside) // 2] + 1 if inside else (low + high) // 2
            if not low < middle < high:
                middle = (low + high) // 2
            if self._same(line[middle]):
                low = middle
            else:
                high = middle
        return line[low], line[high] if high < len(line) else ""

    def _bracket(self, line: list[str], steps: list[int]) -> tuple[int, int]:
        """An index at which it fails in today's way, and a later one (an older commit) at which it does not. What was judged for other promises counts first."""
        low = 0
        for at, commit in enumerate(line):
            known = self.history.known(self.finding.promise, commit)
            if known is None:
                continue
            self.judged.add(commit)
            if _way(known) != _way(self.finding.verdict):
                return low, at
            low = at
        near = _NEAR if self.history.asked <= _ASKED else _FEW
        tries = [at + 1 for at in steps[:near] if at + 1 > low] or [low + 1, low + 4, low + 16]
        while tries[-1] < len(line):
            tries.append(max(tries[-1] * 3, 4))
        for at in tries:
            if at >= len(line):
                break
            if not self._same(line[at]):
                return low, at
            low = at
        if low < len(line) - 1 and not self._same(line[-1]):
            return low, len(line) - 1
        return len(line) - 1, len(line)

    def _paths(self) -> tuple[str, ...]:
        evidence = getattr(self.finding.verdict, "evidence", ())
        return tuple(dict.fromkeys((*(item.place.path for item in evidence), self.finding.promise.statement.path)))

    def _side(self, merge: str, before: str) -> list[str] | None:
        """The line of a merged parent that already failed in this way, without what the main line had."""
        for parent in commit_head(self.history.git, merge).parents[1:]:
            if self._same(parent):
                had = self.history.ancestors(before) if before else frozenset()
                own = [commit for commit in self.history.line(parent) if commit not in had]
                rest = self.history.line(parent)[len(own) : len(own) + 1]
                return own + rest if own else None
        return None
