"""Judges whether untrusted code is kept from running, as far as code shows it: what a model wrote and the process runs as it comes contradicts that it never does."""

from __future__ import annotations

import re

from troth.judgement.guards import not_a_claim, prove
from troth.judgement.wording import several
from troth.terms.facts.code_lines import CodeLines
from troth.terms.facts.tree import Tree
from troth.terms.promise import Statement
from troth.terms.verdict import Broken, How, Verdict

_CODE = ("exec-model-output", "js-exec-model-output")
_COMMANDS = ("shell-model-output", "js-shell-model-output")
_NEVER = re.compile(r"\b(?:never|not|no|without|avoids?|cannot|can't|doesn't|don't)\b.{0,80}\b(?:execut\w*|eval\w*|exec|interpret\w*|run)\b|\b(?:eval|exec|execution)\b.{0,40}\b(?:never|not|no)\b", re.IGNORECASE)
_WHOSE = re.compile(r"\b(?:models?|llms?|ai|generated|agents?|untrusted|arbitrary|dynamic|output|responses?|answers?)\b", re.IGNORECASE)
_BOXED = re.compile(r"sandbox|isolat|container|jail|\bvm\b|microvm|restricted", re.IGNORECASE)
_ABOUT_COMMANDS = re.compile(r"command|shell|script|process", re.IGNORECASE)
_MEND = "Parse what the model answers, or hand it to a sandbox of its own."


def verify(statement: Statement, tree: Tree, code: CodeLines) -> Verdict:
    """Broken where the sentence says that such code is not run at all, and production code runs what a model wrote; a sandbox is never Kept or Broken by reading: whether it holds takes a run."""
    other = not_a_claim(statement, "keep untrusted code from running")
    if other is not None:
        return other
    found = code.of(*_CODE, *(_COMMANDS if _ABOUT_COMMANDS.search(statement.text) else ()))
    shown = tuple(tree.evidence(item.place.path, item.place.line, item.says) for item in found[:8])
    if found and _NEVER.search(statement.text) and _WHOSE.search(statement.text) and not _BOXED.search(statement.text):
        return Broken(How.CONTRADICTED, shown, f"{several(len(found), 'line runs', 'lines run')} what a model wrote, in this process or from it.", _MEND)
    because = "Lines run what a model wrote; whether that happens inside of the sandbox takes a run." if found else "Nothing was found that runs what a model wrote; whether a sandbox holds takes a run with probes."
    return prove("run_code", because, shown)
