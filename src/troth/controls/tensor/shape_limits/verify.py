"""Judges claims that shapes of tensors are limited: absent where no code compares a shape with anything; whether a limit holds takes a run."""

from __future__ import annotations

import re

from troth.judgement.guards import not_a_claim, prove, source_lines, sources, unread
from troth.terms.facts.tree import Tree
from troth.terms.promise import Statement
from troth.terms.verdict import Broken, Evidence, How, Verdict

_BOUND = re.compile(
    r"checked_(?:mul|add|pow)|saturating_mul|overflowing_mul|mul_overflow|try_reserve|isqrt|SIZE_MAX|usize::MAX"
    r"|(?:shape|dims?|ndim|rank|numel|nbytes|elements?|size|len\w*|prod\w*\([^)]*\))\w*(?:\(\))?(?:\[[^\]]*\])?\s*(?:<=?|>=?|==|!=)"
    r"|(?:<=?|>=?|==|!=)\s*(?:\w+\.)?(?:max|MAX)_?\w*|(?:max|MAX)_\w*(?:elements?|dims?|rank|shape|size|bytes|numel)\w*",
    re.IGNORECASE,
)
_CHECKER = re.compile(r"(?:check|validate|verify|assert|ensure|limit)_?(?:tensor_?)?(?:shape|dim|size|rank|bounds)", re.IGNORECASE)


def verify(statement: Statement, tree: Tree) -> Verdict:
    """Broken where the code was read whole and nothing in it compares a shape with a bound; never Kept by reading."""
    other = not_a_claim(statement, "limit the shapes of tensors")
    if other is not None:
        return other
    found = next(iter(source_lines(tree, _CHECKER)), None) or next(iter(source_lines(tree, _BOUND)), None)
    foreign = any(path.endswith((".go", ".java", ".c", ".cpp", ".cc", ".cu", ".h", ".swift", ".cs")) for path in tree.files)
    if found is None and not foreign and any(True for _ in sources(tree)) and not unread(tree):
        return Broken(How.ABSENT, _looked(tree), "No line of the code compares a shape, a side or a count of elements with anything.", "Check the product for overflow and for a limit before anything is allocated.")
    evidence = (tree.evidence(found[0], found[1], "A bound, or something like one."),) if found is not None else ()
    return prove("tensors", "Whether each way to make a tensor is limited takes a run with shapes beyond the limit.", evidence)


def _looked(tree: Tree) -> tuple[Evidence, ...]:
    """Where it was looked for: an absence has no line of its own."""
    return tuple(tree.evidence(path, 1, "Read whole; nothing of the kind.") for path in list(sources(tree))[:4])
