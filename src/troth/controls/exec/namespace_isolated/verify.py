"""Judges whether user code runs in a namespace of its own: which namespace each `exec` and `eval` of a value is given."""

from __future__ import annotations

import re

from troth.judgement.braces import closing
from troth.judgement.guards import not_a_claim
from troth.judgement.passages import Passage, passages
from troth.judgement.subject import off_subject
from troth.terms.facts.tree import Tree
from troth.terms.promise import Statement
from troth.terms.verdict import Broken, How, Partly, Unknown, Verdict

_MATTER = re.compile(r"namespace|module|isolat|separat|globals?|scope|knowledge_base", re.IGNORECASE)
_CODE = re.compile(r"\b(?:code|exec|executed?|script|snippet|program|generated|eval|run|calls?|user data)\b", re.IGNORECASE)
_RUNS = re.compile(r"(?<![\w.])(?:exec|eval)\s*\(")
_OURS = re.compile(r"\bglobals\(\)(?!\.copy)|\bself\.__dict__|\bvars\(\)|\blocals\(\)\s*\)?\Z|__main__\.__dict__")
_MEND = "Hand `exec` a fresh dictionary with builtins of its own, or run the code in another process."
_RUN = "a run of probes inside the namespace"


def verify(statement: Statement, tree: Tree) -> Verdict:
    """Broken where values are run in the program's own names, Partly where some are; never Kept: what a namespace shares is seen from inside."""
    other = not_a_claim(statement, "isolate namespaces") or off_subject(statement, _MATTER, "namespaces")
    if other is not None:
        return other
    if not _CODE.search(statement.text):
        return Unknown(_RUN, "The sentence does not speak of code that is run.")
    found = passages(tree, (b"exec(", b"eval("), ".py")
    every = [(one, line, _arguments(one, match)) for one in found.innermost() for line, match in one.find(_RUNS) if not one.code[: match.start()].rstrip().endswith("def")]
    values = [(one, line, given) for one, line, given in every if given and not re.match(r"[rbuf]?['\"]", given[0])]
    shared = [(one, line) for one, line, given in values if len(given) == 1 or _OURS.search(given[1])]
    apart = [(one, line) for one, line, given in values if len(given) > 1 and not _OURS.search(given[1])]
    shown = tuple(one.evidence(tree, line, "It runs a value in the program's own names.") for one, line in shared[:4])
    if shared and not apart:
        return Broken(How.BYPASSED, shown, "What is run sees and changes the names of the program.", _MEND)
    if shared:
        return Partly(How.BYPASSED, (*shown, *(one.evidence(tree, line, "Here it has its own.") for one, line in apart[:2])), "Some of what is run sees and changes the names of the program.", _MEND)
    return Unknown(_RUN, "Whether the namespace hides the program is seen from inside.", tuple(one.evidence(tree, line, "It runs a value in a namespace that it is given.") for one, line in apart[:3]))


def _arguments(one: Passage, match: re.Match[str]) -> list[str]:
    """Arguments of a call as written, cut at commas outside of brackets."""
    at = match.end() - 1
    inside, depth, parts = one.text[at + 1 : closing(one.code, at)], 0, [""]
    for letter in inside:
        depth += (letter in "([{") - (letter in ")]}")
        if letter == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += letter
    return [part.strip() for part in parts if part.strip()]
