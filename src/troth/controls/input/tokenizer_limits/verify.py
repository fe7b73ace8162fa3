"""Judges whether a tokenizer looks at its input before it works: by what its own encode function does with the text."""

from __future__ import annotations

import re

from troth.judgement.guards import not_a_claim, prove
from troth.terms.facts.programs import Programs, Unit
from troth.terms.facts.tree import Tree
from troth.terms.promise import Statement
from troth.terms.values import Params
from troth.terms.verdict import Broken, Evidence, How, Unknown, Verdict

_ENCODES = ("encode", "tokenize", "tokenise", "__call__", "encode_text")
_THREAT = re.compile(r"\b(?:can|could|may|might)\b.{0,60}\b(?:exploit|attack|abuse|adversarial|malicious|crash)", re.IGNORECASE)
_MEND = "Refuse over-long text, and what is no text, before any work is done on it."


def verify(params: Params, statement: Statement, programs: Programs, tree: Tree) -> Verdict:
    """Broken where the encode function of every tokenizer of the tree takes any text of any length; never Kept, which takes a run."""
    other = not_a_claim(statement, "limit what they tokenize")
    if other is not None:
        return other
    if _THREAT.search(statement.text):
        return Unknown("a claim", "The line names a threat; it does not say what the code does.")
    found = [unit for unit in programs.units if _encodes(unit)]
    if not found:
        return Unknown("a tokenizer of this tree", "No Python class of the tree that calls itself a tokenizer has an encode function.")
    kind = params.text("kind") or ("max-length" if re.search(r"length|limit|long|size", statement.text, re.IGNORECASE) else "validate")
    bare = [unit for unit in found if not _looks(unit, kind)]
    if len(bare) == len(found):
        says = "It compares no length." if kind == "max-length" else "It looks at neither type, length nor content."
        shown = tuple(piece for unit in bare[:4] for piece in (tree.evidence(unit.place.path, unit.place.line, says), *_late(unit, tree)))
        return Broken(How.ABSENT, shown, "Text of any length is worked on as it comes.", _MEND)
    return prove("tokenizer", "The text is looked at; whether before the work, and with what limit, takes a run.")


def _encodes(unit: Unit) -> bool:
    """An encode function of a class called Tokenizer that does the work itself."""
    if unit.language != "python" or unit.name not in _ENCODES or "token" not in unit.owner.lower() or not unit.parameters:
        return False
    abstract = "NotImplementedError" in unit.text or "@abstractmethod" in unit.text
    return not abstract and unit.text.count("\n") >= 5


def _looks(unit: Unit, kind: str) -> bool:
    text = re.escape(unit.parameters[0])
    if re.search(rf"\blen\(\s*{text}\s*\)\s*[<>]|[<>]=?\s*len\(\s*{text}\s*\)|\b{text}\s*=\s*{text}\[\s*:", unit.text):
        return True
    if re.search(r"(?:check|validat|limit|sanitiz)\w*\(", unit.text):
        return True
    return kind == "validate" and bool(re.search(rf"isinstance\(\s*{text}|\braise\b|category\(|isprintable|if not {text}\b.*:\s*$", unit.text, re.MULTILINE) and "raise" in unit.text)


def _late(unit: Unit, tree: Tree) -> tuple[Evidence, ...]:
    """Truncation in a function that has encoded before."""
    for at, line in enumerate(unit.text.split("\n")):
        if re.search(r"if truncation|\[:\s*max_len", line):
            return (tree.evidence(unit.place.path, unit.place.line + at, "What is cut here has been worked on already."),)
    return ()
