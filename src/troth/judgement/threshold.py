"""From which severity on does a call fail, as its options say, against the severity that a promise names?"""

from __future__ import annotations

import re
from collections.abc import Sequence

from troth.terms.facts.tools import ToolRun
from troth.terms.facts.tree import Tree
from troth.terms.verdict import How, Kept, Partly

__all__ = ["lower", "rank", "threshold_of"]

_RANKS = {"any": 0, "all": 0, "info": 0, "low": 1, "medium": 2, "moderate": 2, "high": 3, "critical": 4}
_OPTIONS = (
    "--severity-level",
    "--audit-level",
    "--severity",
    "--fail-on",
    "--fail-on-severity",
    "--severity-threshold",
)
_INPUTS = ("severity", "fail-on-severity", "severity-cutoff", "audit-level", "severity-threshold")


def rank(text: str) -> int | None:
    """Rank of the lowest severity that a text names (0 any ... 4 critical); None where it names none."""
    found = [_RANKS[word] for word in re.findall(r"[a-z]+", text.lower()) if word in _RANKS]
    return min(found) if found else None


def threshold_of(run: ToolRun) -> int | None:
    """Rank from which the call fails; None where its options do not say."""
    if run.tool == "bandit":
        level = next((len(word) - 1 for word in run.argv if re.fullmatch(r"-l{1,3}", word)), None)
        if level is not None:
            return level
    for at, word in enumerate(run.argv):
        name, _, value = word.partition("=")
        if name in _OPTIONS:
            return rank(value or (run.argv[at + 1] if at + 1 < len(run.argv) else ""))
    for name in _INPUTS:
        option = run.option(name)
        if option is not None:
            return rank(option.value)
    return None


def lower(promised: str | None, label: str, runs: Sequence[ToolRun], found: Kept, tree: Tree) -> Kept | Partly:
    """The verdict, or Partly where every call that can fail does so from a higher severity on than the sentence says.

    Args:
        promised: the severity of the sentence; none where it names none.
        label: the tool's name for sentences.
        runs: its calls.
        found: the verdict so far.
        tree: for the lines of evidence.
    """
    wanted = rank(promised or "")
    able = [run for run in runs if run.can_fail and run.reaches]
    actual = [(run, level) for run in able if (level := threshold_of(run)) is not None]
    if wanted is None or not actual or len(actual) < len(able) or min(level for _, level in actual) <= wanted:
        return found
    shown = tuple(tree.evidence(run.place.path, run.place.line, "fails only from a higher severity on") for run, _ in actual)
    because = f"{label} fails only from a higher severity on than the sentence says ({promised})."
    return Partly(How.CONTRADICTED, (*shown, *found.evidence), because, "Lower the tool's threshold.")
