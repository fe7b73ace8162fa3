"""Judges samples of the policy without running them: what they name (files, scripts, tags, variables, imports) must be in the tree."""

from __future__ import annotations

import re

from troth.judgement.policy_scope import said
from troth.judgement.samples import Checked, Outcome, check_sample
from troth.terms.facts.dependencies import Dependencies
from troth.terms.facts.history import History
from troth.terms.facts.policies import PolicySet
from troth.terms.facts.tree import Tree
from troth.terms.place import Place
from troth.terms.promise import Statement
from troth.terms.verdict import Broken, Evidence, How, Kept, Partly, Unknown, Verdict

_BAD = re.compile(r"^\s*(?:#|//|--|;|<!--)\s*(?:❌|✗|🚫|bad\b|wrong\b|insecure\b|unsafe\b|dangerous\b|don'?t\b|do not\b|never\b|avoid\b|incorrect\b|vulnerable\b)", re.IGNORECASE | re.MULTILINE)
_GOOD = re.compile(r"^\s*(?:#|//|--|;|<!--)\s*(?:✅|✓|good\b|right\b|secure\b|safe\b|correct\b|do\b(?! not)|recommended\b|better\b)", re.IGNORECASE | re.MULTILINE)


def verify(
    statement: Statement, *, tree: Tree, dependencies: Dependencies, history: History, policies: PolicySet
) -> Verdict:
    """Kept only if each line names something of the tree, and all of it is there; what cannot be told without running it is Unknown."""
    if _BAD.search(statement.quote) and not _GOOD.search(statement.quote):
        return Unknown("a sample that is to be used", "The sample shows what is not to be done.", (said(statement, "The sample stands here."),))
    checked = check_sample(statement, tree, dependencies, history, policies)
    bad = [item for item in checked if item.outcome is Outcome.WRONG]
    good = [item for item in checked if item.outcome is Outcome.RIGHT]
    open_lines = [item for item in checked if item.outcome is Outcome.OPEN]
    mend = "Mend the sample, and run it before each release."
    rests = next((item for item in bad if item.first_step), None)
    if rests is not None and all(item.line >= rests.line for item in checked if item.outcome is not Outcome.OPEN):
        # what stands before it is at most a clone; nothing after it can be reached as it is written
        evidence = (*_evidence([rests], statement), *_evidence([item for item in bad if item is not rests], statement), *_evidence(good, statement)[:2])
        return Broken(How.ABSENT, evidence, rests.says, mend)
    if bad and (good or all(item.weak for item in bad)):
        return Partly(How.INCOMPLETE, (*_evidence(bad, statement), *_evidence(good, statement)[:3]), bad[0].says, mend)
    if bad:
        return Broken(How.ABSENT, _evidence(bad, statement), bad[0].says, mend)
    if good and not open_lines:
        return Kept(_evidence(good, statement)[:8], "Everything that the sample names is in the tree.")
    line = f"line {open_lines[0].line}" if open_lines else "the sample"
    return Unknown(
        "a run of the sample in a sandbox: `troth prove --samples`",
        f"What {line} does cannot be told without running it.",
        (*_evidence(good, statement)[:3], said(statement, "The sample stands here.")),
    )


def _evidence(items: list[Checked], statement: Statement) -> tuple[Evidence, ...]:
    found = []
    for item in items[:8]:
        found.append(Evidence(item.says, Place(statement.path, item.line), item.text))
        if item.seen is not None:
            found.append(item.seen)
    return tuple(found)
