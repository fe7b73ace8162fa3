"""Judges whether file access stays inside a root: by the check that is made, and by whether it is made at all."""

from __future__ import annotations

import re

from troth.judgement.guards import evidence_of, not_a_claim, prove, split
from troth.terms.facts.programs import Programs, Unit
from troth.terms.facts.tree import Tree
from troth.terms.promise import Statement
from troth.terms.verdict import Broken, How, Partly, Verdict

_CONFINES = re.compile(
    r"(?:validat|check|verif|resolve|safe|secure|confine|sanitiz|is_?in|is_?within|ensure|allowed)\w*(?:path|root|workspace|dir)|(?:path|root|workspace)\w*"
    r"(?:allowed|valid|safe|within|inside)|safe_?join",
    re.IGNORECASE,
)
_PREFIX = re.compile(r"\.starts?_?[wW]ith\((?=[^'\"`]*$)[^'\"`]*(?:base|root|workspace|allowed|dir|folder|parent|prefix)", re.IGNORECASE)
_SEPARATED = re.compile(r"os\.sep|path\.sep|\bsep\b|['\"`]/['\"`]|\}/['\"`]|is_relative_to|relative_to\(|commonpath|\.relative\(|\.parents\b|endswith\(|endsWith\(|os\.path\.join\([^)]*,\s*['\"]{2}\)")
_RESOLVES = re.compile(r"realpath|\.resolve\(|canonicalize|strict=True")
_JAVASCRIPT = ("path.resolve", "resolve(", "normalize(")
_MEND = "Resolve links, then compare whole components (is_relative_to, path.relative), or open below a directory handle."


def verify(statement: Statement, programs: Programs, tree: Tree) -> Verdict:
    """Broken by a comparison of prefixes or a check that nothing calls; Partly where links are not resolved; the rest takes a run."""
    other = not_a_claim(statement, "restrict file access")
    if other is not None:
        return other
    checks = [unit for unit in programs.units if unit.kind != "class" and _CONFINES.search(unit.name)]
    named = [unit for unit in checks if re.search(rf"\b{re.escape(unit.name)}\b", statement.quote)]
    called, idle = split(named or checks, programs)
    flawed = [(unit, line) for unit in called for line in _prefixes(unit)]
    if flawed and len({unit.name for unit, _ in flawed}) == len({unit.name for unit in called if _compares(unit)}):
        shown = tuple(tree.evidence(unit.place.path, line, "A sibling with the same beginning (`root-other` beside `root`) passes.") for unit, line in flawed[:8])
        return Broken(How.BYPASSED, shown, "Paths are compared as text, by their beginning alone.", _MEND)
    if named and idle and not called:
        return Broken(How.BYPASSED, evidence_of(idle, tree, "Nothing outside of tests calls it."), "The check that the sentence names is never called.", _MEND)
    lexical = [unit for unit in called if _lexical(unit)]
    if lexical and all(_lexical(unit) for unit in called if _compares(unit)):
        shown = evidence_of(lexical, tree, "It compares what is written; a link inside the root leads out.")
        return Partly(How.INCOMPLETE, shown, "Links are not resolved before the comparison.", _MEND)
    shown = evidence_of(called, tree, "It confines paths.", 4)
    return prove("paths", "Whether every opener passes a check, and what it lets through (links, `..`, races), takes a run.", shown)


def _compares(unit: Unit) -> bool:
    return bool(re.search(r"starts?_?[wW]ith\(|is_relative_to|commonpath|\.relative\(|relative_to\(|parents", unit.text))


def _prefixes(unit: Unit) -> list[int]:
    """Lines of a unit that compare by prefix, where nothing in it looks at a separator."""
    if unit.language == "rust" or _SEPARATED.search(unit.text):
        return []
    lines = unit.text.split("\n")
    return [unit.place.line + at for at, line in enumerate(lines) if _PREFIX.search(line) and not line.lstrip().startswith(("#", "//", "*"))]


def _lexical(unit: Unit) -> bool:
    """TypeScript's `path.resolve` follows no link; in Python `resolve()` does."""
    if not _compares(unit) or unit.language == "rust":
        return False
    if unit.language == "typescript":
        return "realpath" not in unit.text and any(word in unit.text for word in _JAVASCRIPT)
    return not _RESOLVES.search(unit.text) and ("abspath" in unit.text or "normpath" in unit.text)

