"""Judges allow-lists of people: does a called check compare with the list, what does an empty list mean, and does anybody heed the answer."""

from __future__ import annotations

import re

from troth.judgement.guards import not_a_claim
from troth.judgement.passages import Passage, mentioned, passages
from troth.judgement.subject import off_subject
from troth.terms.facts.tree import Tree
from troth.terms.promise import Statement
from troth.terms.verdict import Broken, How, Kept, Partly, Unknown, Verdict

_WORDS = (b"allow_from", b"allowfrom", b"allowlist", b"allow_list", b"allowed_user", b"allowedusers", b"whitelist", b"allowed_sender", b"allowed_chat", b"allowed_id", b"authorized_user", b"allowed_channel", b"alloweduser", b"allowed_email", b"allowed_origin", b"allowed_client")
_MATTER = re.compile(r"allow[- ]?(?:list|from)|whitelist|allowed|authori[sz]ed|permitted|approved|only", re.IGNORECASE)
_SPEAKS = re.compile(r"allow|whitelist|authorized|permitted", re.IGNORECASE)
_LIST = r"(?<![\w.$])[\w.$]*(?:allow_?list|allow_?from|whitelist|(?:allowed|authorized|permitted)_?(?:users?|senders?|chats?|ids?|channels?|emails?|clients?|guilds?|numbers?|accounts?|user_?ids?|chat_?ids?))\w*"
_ASKS = re.compile(rf"\bin\s+(?:set\()?{_LIST}|{_LIST}\s*\.(?:includes|has|contains|some|indexOf)\s*\(", re.IGNORECASE)
_OPEN = re.compile(rf"if\s+(?:not\s+{_LIST}|len\(\s*{_LIST}\s*\)\s*==\s*0)\s*:\s*\n\s*return\s+True|if\s*\(\s*(?:!\s*{_LIST}(?:\?*\.length)?|{_LIST}\??\.length\s*===?\s*0)[^)\n]*\)\s*\{{?\s*(?:\n\s*)?return\s+true|return\s+not\s+{_LIST}\s+or\b|return\s+!{_LIST}(?:\.length)?\s*\|\||if\s+{_LIST}\s+and\s+[\w.]+\s+not\s+in\s+{_LIST}", re.IGNORECASE)
_DENIES = re.compile(r"\breturn\s+(?:False|false|None|null)\b|\braise\b|\bthrow\b|\breturn\s+[\w.()]+\s+in\b|\breturn\s+[\w.]+\.(?:includes|has|contains|some)\s*\(|\breturn\s*;?\s*$|\breturn\s*\n", re.MULTILINE)
_ANSWERS = re.compile(r"\braise\b|\bthrow\b")
_EMPTY = re.compile(r"\bempty\b|\bdefault|\bden(?:y|ies|ied)\b|\bunset\b|\bno one\b|\bnobody\b", re.IGNORECASE)
_MEND = "Let an empty list admit nobody, and ask for each message before anything is done with it."
_LOOK = "a run with a sender who is not on the list"


def verify(statement: Statement, tree: Tree) -> Verdict:
    """Broken where nothing asks the list, or an empty one admits everybody though the sentence says otherwise; Kept where a called and heeded check compares with it and an empty list denies."""
    other = not_a_claim(statement, "fill in an allow-list") or off_subject(statement, _MATTER, "an allow-list")
    if other is not None:
        return other
    found = passages(tree, _WORDS)
    asks = [(one, line) for one in found.innermost() if not one.outside and _SPEAKS.search(one.code) for line, _ in one.find(_ASKS) if _DENIES.search(one.code)]
    if not asks:
        return Unknown(_LOOK, "No code that compares somebody with such a list is known here.")
    live = [(one, line) for one, line in asks if mentioned(tree, one)]
    if not live:
        return Broken(How.BYPASSED, tuple(one.evidence(tree, line, "Nothing outside of tests calls it.") for one, line in asks[:4]), "The list is never asked.", _MEND)
    shown = tuple(one.evidence(tree, line, "Who is not on the list is refused.") for one, line in live[:4])
    opened = [(one, line) for one, _ in live for line, _ in one.find(_OPEN)]
    if opened:
        wide = tuple(one.evidence(tree, line, "An empty list admits everybody.") for one, line in opened[:4])
        if _EMPTY.search(statement.text):
            return Broken(How.CONTRADICTED, (*wide, *shown[:2]), "An empty list admits everybody.", _MEND)
        return Partly(How.BYPASSED, (*wide, *shown[:2]), "Who fills in no list admits everybody.", _MEND)
    heeded = [(one, line) for one, line in live if _heeded(one, tree)]
    if not heeded or found.unread or (len({one.path for one, _ in live}) > 1 and re.search(r"\b(?:all|every|each)\s+(?:message|request|command|channel|door|endpoint|tool|call)", statement.text, re.IGNORECASE)):
        return Unknown(_LOOK, "A list is asked; whether all that arrives passes there takes a run.", shown)
    if not _EMPTY.search(statement.text) and not re.search(r"allow[- ]?list|whitelist|allow[- ]?from", statement.text, re.IGNORECASE):
        return Unknown(_LOOK, "A list is asked; that it is the one of the sentence is not seen.", shown)
    return Kept(tuple(one.evidence(tree, line, "Who is not on the list is refused, and callers heed it.") for one, line in heeded[:4]), "A called check compares with the list, an empty one admits nobody, and the answer is heeded.")


def _heeded(one: Passage, tree: Tree) -> bool:
    """Some caller leaves where the check says no; one that raises need not be looked at."""
    if _ANSWERS.search(one.code):
        return True
    refused = re.compile(rf"(?:\bif\s*\(?\s*(?:not\s+|!\s*)|\bunless\s+)(?:await\s+)?\(?(?:await\s+)?(?:[\w$]+\.)*{re.escape(one.name)}\s*\(")
    for caller in passages(tree, (one.name.lower().encode(),)):
        for _, match in caller.find(refused):
            if re.search(r"\breturn\b|\braise\b|\bthrow\b|\bcontinue\b", caller.code[match.end() : match.end() + 900]):
                return True
    return False
