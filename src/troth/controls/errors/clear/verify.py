"""Judges stated error texts: is the text that the sentence quotes what the code raises or answers with."""

from __future__ import annotations

import re

from troth.judgement.guards import not_a_claim, prove
from troth.judgement.passages import Passage, mentioned, passages
from troth.terms.facts.tree import Tree
from troth.terms.promise import Modality, Statement
from troth.terms.verdict import Broken, How, Kept, Verdict

_QUOTED = re.compile(r"`([^`\n]{12,160})`|[\"“]([^\"“”\n]{12,160})[\"”]")
_HOLE = re.compile(r"\.{3}|…|<[^<>]{1,40}>|\$?\{[^{}]{0,40}\}|\[[^\[\]]{1,40}\]|%[sd]|\bX\b")
_SAYS = re.compile(r"\braise\b|\bthrow\b|\bError\s*\(|Exception\s*\(|\breturn\b|\bprint\w*!?\s*\(|console\.\w+\s*\(|\bformat!|\bbail!|\banyhow!|\bErr\s*\(|message\s*[:=]|\berror\s*[:=]|detail\s*=|\bexit\s*\(|reject\s*\(|\.error\s*\(|\.warn\w*\s*\(", re.IGNORECASE)


def verify(statement: Statement, tree: Tree) -> Verdict:
    """Kept where the quoted text is what called code raises, answers or prints, Broken where nothing calls it; a sentence without a text, and one whose text is not found, takes a run."""
    texts = [first or second for first, second in _QUOTED.findall(statement.quote)]
    parts = [part for text in texts if " " in text for part in [max((piece.strip() for piece in _HOLE.split(text)), key=len)] if len(part) >= 12 and " " in part]
    other = not_a_claim(statement, "give clear errors")
    # "Clear error messages: `...`" reads like an order to clear them; who quotes a text says what the code says
    if other is not None and (not parts or statement.modality is Modality.LIMIT):
        return other
    if not parts:
        return prove("inputs", "The sentence quotes no text; whether a message is clear is seen when it is provoked.")
    said = [hit for part in parts for hit in _said(part, tree)]
    found = [next((hit for hit in _said(part, tree) if mentioned(tree, hit[0])), None) for part in parts]
    if said and not any(found):
        idle = tuple(one.evidence(tree, line, "Nothing outside of tests calls what says it.") for one, line in said[:4])
        return Broken(How.BYPASSED, idle, "The code that would say it is never called.", "Call it, or take the sentence back.")
    live = [hit for hit in found if hit is not None]
    if len(live) < len(parts):
        return prove("inputs", f"The text that it quotes ({parts[0][:60]!r}) was not found in the code that raises or answers.")
    shown = tuple(one.evidence(tree, line, "These words are raised, answered or printed.") for one, line in live[:4])
    return Kept(shown, "What the sentence quotes is what the code says.")


def _said(part: str, tree: Tree) -> list[tuple[Passage, int]]:
    """Where code says a text: in a string, within a statement that raises, answers or prints."""
    found: list[tuple[Passage, int]] = []
    for one in passages(tree, (part.encode().lower(),)).innermost() if part.isascii() else ():
        at = one.text.find(part)
        while at >= 0:
            blank = one.code[at : at + len(part)].strip() == ""
            start = max(one.code.rfind(";", 0, at), *(one.code.rfind(word, 0, at) for word in ("raise", "throw", "return", "Err", "err", "print", "console", "message", "bail")), 0)
            if blank and at - start < 300 and _SAYS.search(one.code[start:at]):
                found.append((one, one.at(at)))
            at = one.text.find(part, at + 1)
    return found
