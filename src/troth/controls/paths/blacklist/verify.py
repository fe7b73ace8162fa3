"""Judges a block-list of paths: is the check called on the main path, may the caller switch it off, does it look behind links."""

from __future__ import annotations

import re

from troth.judgement.guards import evidence_of, names, not_a_claim, prove, softened, split
from troth.judgement.wording import several
from troth.terms.facts.programs import Called, Programs, Unit
from troth.terms.facts.tree import Tree
from troth.terms.promise import Polarity, Statement
from troth.terms.verdict import Broken, How, Partly, Verdict

_BLOCKS = re.compile(
    r"(?:is_?|check_?|_)?(?:blocked|blacklist\w*|blocklist\w*|denylist\w*|denied|forbidden)\w*|is_?safe_?path|path_?allowed|allowed_?path|check_?path", re.IGNORECASE
)
_SKIPS = re.compile(r"^(?:skip|bypass|disable|ignore)_?\w*(?:safety|security|path|blacklist|blocklist|check|validation)\w*\s*[=:]\s*(?:True|true)$", re.IGNORECASE)
_SETTING = re.compile(r"`[^`]*\w[._]\w[^`]*`|\b\w*(?:path|file|dir)\w*_(?:black|block|deny)_?list\b|\bconfigurable\b", re.IGNORECASE)
"""A setting of the program by its name: who says to set it says that it works."""
_MEND = "Check every path after it was resolved, at the one place that opens files, without a way to switch it off."


def verify(statement: Statement, programs: Programs, tree: Tree) -> Verdict:
    """Broken by a production call that switches the check off (also where the sentence tells users to configure its setting), or a check that nothing calls."""
    checks = [unit for unit in programs.units if unit.kind != "class" and _BLOCKS.search(unit.name) and _about_paths(unit)]
    skips = [call for call in programs.calls if _switches_off(call) and _concerned(call, checks, programs)]
    if skips and statement.polarity is not Polarity.ADMITTED:
        shown = tuple(tree.evidence(call.place.path, call.place.line, "It switches the check off.") for call in skips[:8])
        fault = Broken(How.BYPASSED, (*shown, *evidence_of(checks, tree, "The check.", 2)), f"{several(len(skips), 'call of the program itself switches', 'calls of the program itself switch')} the check off.", _MEND)
        return softened(fault, statement, claims=bool(_SETTING.search(statement.quote)) or any(names(statement, unit.name) for unit in checks))
    other = not_a_claim(statement, "block paths")
    if other is not None:
        return other
    called, idle = split(checks, programs)
    if checks and not called:
        return Broken(How.BYPASSED, evidence_of(idle, tree, "Nothing outside of tests calls it."), "The check is never called.", _MEND)
    lexical = [unit for unit in called if _lexical(unit)]
    if lexical and len(lexical) == sum(bool(re.search(r"starts?_?[wW]ith\(|is_relative_to|commonpath", unit.text)) for unit in called):
        return Partly(How.INCOMPLETE, evidence_of(lexical, tree, "It compares what is written; a link to a blocked place passes."), "Links are not resolved before the comparison.", _MEND)
    return prove("paths", "Whether every opener passes the check, and what it lets through, takes a run.", evidence_of(called, tree, "The check.", 4))


def _about_paths(unit: Unit) -> bool:
    return bool(re.search(r"path|file|dir", " ".join((unit.name, *unit.parameters)) + unit.text[:400], re.IGNORECASE))


def _switches_off(call: Called) -> bool:
    return any(_SKIPS.match(argument.strip("{} ")) for argument in call.arguments)


def _concerned(call: Called, checks: list[Unit], programs: Programs) -> bool:
    """The function that takes the switch calls the check, or says so itself by naming safety or paths."""
    takers = [unit for unit in programs.units if unit.name == call.name]
    return any(check.name in unit.text for unit in takers for check in checks)


def _lexical(unit: Unit) -> bool:
    if not re.search(r"starts?_?[wW]ith\(", unit.text):
        return False
    return not re.search(r"realpath|canonicalize|\.resolve\(\)|resolve\(strict", unit.text)
