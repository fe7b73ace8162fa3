"""Judges whether recommendations come with evidence: a field for it that may be empty lets one through without."""

from __future__ import annotations

import re

from troth.judgement.guards import not_a_claim, prove, source_lines
from troth.terms.facts.tree import Tree
from troth.terms.promise import Statement
from troth.terms.verdict import Broken, How, Verdict

_EMPTY = re.compile(
    r"\bevidence(?:_?(?:links?|refs?|ids?|items?))?\s*[:=]\s*[^=\n]*(?:(?:\?\?|\|\|)\s*\[\s*\]|\.default\(\s*\[\s*\]\s*\))"
    r"|\bevidence(?:_?(?:links?|refs?|ids?|items?))?\s*:\s*(?:list|List|tuple|Sequence)\b[^=\n]*=\s*(?:\[\s*\]|\(\s*\)|(?:Field|field)\(\s*default_factory\s*=\s*(?:list|tuple))",
    re.IGNORECASE,
)
_ABOUT = re.compile(r"evidence", re.IGNORECASE)
_MEND = "Demand at least one piece of evidence in the schema, and refuse what has none."


def verify(statement: Statement, tree: Tree) -> Verdict:
    """Broken where a recommendation's evidence may be empty by default; never Kept, which takes a run of the executor."""
    other = not_a_claim(statement, "ask for evidence")
    if other is not None:
        return other
    found = [tree.evidence(path, line, "It may be empty: nothing demands one.") for path, line, _ in source_lines(tree, _EMPTY)]
    if found and _ABOUT.search(statement.text):
        return Broken(How.BYPASSED, tuple(found[:8]), "A recommendation without evidence is made and taken.", _MEND)
    return prove("jobs", "Whether every recommendation has evidence, and the executor refuses one without, takes a run.")
