"""Sentences about a place that the judged tree is not: another repository of the same people, or a workflow that is not there.

What a tree holds says nothing of what runs in a repository elsewhere; and what runs here is not what a sentence means that names a file which is not here.
"""

from __future__ import annotations

import re
from typing import Final

from troth.judgement.policy_scope import said
from troth.terms.facts.tree import Tree
from troth.terms.promise import Statement
from troth.terms.verdict import Broken, How, Kept, Partly, Unknown, Verdict

__all__ = ["of_another_place"]

_ELSEWHERE: Final = re.compile(
    r"(?<!this )\b(?:private|internal|closed[- ]source|upstream|downstream|sister|companion|parent) (?:mono-?)?repo(?:sitory)?\b(?!\.)|\b(?:in|on|of|from) (?:an?|our) (?:other|separate|different) repo(?:sitory)?\b",
    re.IGNORECASE,
)
_WORKFLOW: Final = re.compile(r"(?<![\w/-])(?:\./|\.\./)*(\.github/workflows/[\w.-]+\.ya?ml)\b")


def of_another_place(verdict: Verdict, statement: Statement, tree: Tree) -> Verdict:
    """The verdict, as far as the tree can give it for this sentence.

    Args:
        verdict: what the tree gave.
        statement: the sentence.
        tree: the judged tree.
    """
    if not isinstance(verdict, (Kept, Partly, Broken)):
        return verdict
    if _ELSEWHERE.search(statement.text):
        return Unknown("the repository that the sentence speaks of", "The sentence speaks of another repository, and this tree shows nothing of that.", verdict.evidence)
    named = dict.fromkeys(_WORKFLOW.findall(statement.quote))
    gone = [path for path in named if path not in tree.files]
    if isinstance(verdict, Kept) and gone and len(gone) == len(named):
        because = f"What is promised runs, and not where the sentence says: {gone[0]} is not in the tree."
        return Partly(How.STALE, (said(statement, f"It names {gone[0]}, which is not there."), *verdict.evidence[:6]), because, "Name the workflow that does it.")
    return verdict
