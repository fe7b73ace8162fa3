"""Whether somebody is asked before a program acts: functions that ask, switches that stop asking, and answers that are always yes."""

from __future__ import annotations

import re
from typing import Final

from troth.judgement.passages import Passage, Passages, mentioned, passages
from troth.terms.facts.tree import Tree
from troth.terms.verdict import Evidence

__all__ = ["always_yes", "asking", "read", "switched_off", "unasked"]

_WORDS: Final = (b"approv", b"confirm", b"permission", b"consent", b"human_in", b"humanin", b"hitl", b"yolo", b"supervis")
_ASKS: Final = re.compile(r"^_?(?:request|require|ask|await|wait_?for|get|prompt|need|check|obtain)_?\w*(?:approv|confirm|permission|consent)\w*$|^(?:confirm|approve)(?:_|[A-Z])?(?:action|tool|command|exec|execution|call|operation|step|request)\w*$|^human_?(?:approval|review|confirm)\w*$", re.IGNORECASE)
_OFF: Final = re.compile(
    r"(?<![\w.])(?P<name>\w*(?:auto_?approve|auto_?confirm|skip_?(?:approval|permissions?|confirmation)s?|bypass_?(?:approval|permissions?|confirmation)s?|yolo(?:_?mode)?|always_?(?:approve|allow)))\s*(?::\s*(?:bool|boolean)(?:\s*\|\s*None)?\s*)?(?:=|:)\s*(?:Field\(\s*(?:default\s*=\s*)?)?[Tt]rue\b"
    r"|(?<![\w.])(?P<need>\w*(?:require|needs?|ask|enable)_?\w*(?:approval|confirmation|permission|consent|hitl|human_?review)\w*|(?:approval|confirmation|hitl)_?(?:required|enabled))\s*(?::\s*(?:bool|boolean)(?:\s*\|\s*None)?\s*)?(?:=|:)\s*(?:Field\(\s*(?:default\s*=\s*)?)?[Ff]alse\b"
)
_YES: Final = re.compile(r"\A[^\n]*(?:\n\s*[^\n]*:)?\s*(?:\{\s*)?(?:(?:self\.|this\.)?_?(?:log|logger|console)\.\w+\([^\n]*\);?\s*)*return\s+[Tt]rue;?\s*\}?\s*\Z")
_DEFAULTS: Final = re.compile(r"config|settings|options|schema|defaults|policy", re.IGNORECASE)


def read(tree: Tree) -> Passages:
    """Passages that speak of asking."""
    return passages(tree, _WORDS)


def asking(found: Passages) -> list[Passage]:
    """Functions whose names say that they ask somebody."""
    return [one for one in found if not one.outside and one.name and _ASKS.search(one.name)]


def unasked(found: Passages, tree: Tree) -> tuple[Evidence, ...]:
    """Functions that ask, where production code calls none of them; empty where some is called."""
    every = asking(found)
    if not every or any(mentioned(tree, one) for one in every):
        return ()
    return tuple(one.evidence(tree, one.line, "Nothing outside of tests calls it.") for one in every[:4])


def always_yes(found: Passages, tree: Tree) -> tuple[Evidence, ...]:
    """Functions that ask nobody and answer yes."""
    hollow = [one for one in asking(found) if _YES.match(one.code.strip()) and mentioned(tree, one)]
    return tuple(one.evidence(tree, one.line, "It answers yes without asking anybody.") for one in hollow[:4]) if hollow and len(hollow) == len(asking(found)) else ()


def switched_off(found: Passages, tree: Tree) -> tuple[Evidence, ...]:
    """Defaults under which nobody is asked: fields of classes and tables of settings, not arguments of one call."""
    shown: list[Evidence] = []
    for one in found.innermost():
        if not one.outside and not _DEFAULTS.search(one.owner + one.name):
            continue
        for line, match in one.find(_OFF):
            name = match.group("name") or match.group("need")
            start = one.code.rfind("\n", 0, match.start()) + 1
            before = one.code[start : match.start()]
            if before.count("(") > before.count(")") or not _used(name, found, one.path, line):
                continue
            shown.append(one.evidence(tree, line, "As it is shipped, nobody is asked."))
    return tuple(shown[:4])


def _used(name: str, found: Passages, path: str, line: int) -> bool:
    """Some other line reads the switch."""
    word = re.compile(rf"\b{re.escape(name)}\b")
    return any((one.path, at) != (path, line) and re.search(r"\bif\b|\bnot\b|!|\?|&&|\band\b|\bor\b", one.code.split("\n")[at - one.line]) for one in found.innermost() for at, _ in one.find(word))
