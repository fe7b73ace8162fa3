"""Judges whether a repeated request acts once: is the key read, looked up before the act, and stored."""

from __future__ import annotations

import re

from troth.judgement.guards import not_a_claim
from troth.judgement.passages import Passage, mentioned, passages
from troth.judgement.policy_scope import said
from troth.judgement.subject import off_subject
from troth.judgement.whole_view import elsewhere
from troth.terms.facts.tree import Tree
from troth.terms.promise import Statement
from troth.terms.verdict import Broken, Evidence, How, Kept, Unknown, Verdict

_WORDS = (b"idempot",)
_MATTER = re.compile(r"idempot|exactly[- ]once|de-?duplicat|duplicate|replay", re.IGNORECASE)
_KEY = re.compile(r"idempotency[-_ ]?(?:key|token|id)|idempotent[-_ ]?(?:key|id)", re.IGNORECASE)
_READ = re.compile(r"(?:headers?|header|body|args|params|get|request|req)\b[^\n]{0,60}['\".\[]\s*x?-?idempot\w*|alias\s*=\s*['\"][^'\"]*idempot", re.IGNORECASE)
_LOOKUP = re.compile(r"\.(?:get|find\w*|exists|has|select|query|fetch\w*|first|one_or_none|scalar\w*|filter\w*|get_or_create|setnx|lookup\w*|hget)\s*\(|\bin\s+self\.\w+|\bin\s+_?\w*(?:cache|store|seen|keys)\w*\b|\bSELECT\b|ON CONFLICT|nx\s*=\s*True|['\"]NX['\"]", re.IGNORECASE)
_STORE = re.compile(r"\.(?:set|setex|put|insert\w*|add|save|create|upsert|store\w*|record\w*|commit|setnx|hset)\s*\(|\bINSERT\b|\]\s*=(?!=)|nx\s*=\s*True", re.IGNORECASE)
_ACTS = re.compile(r"\.(?:order|charge|pay|execute|process|send|place|transfer|submit|publish|dispatch|perform|run)\w*\s*\(")
_LEAVES = re.compile(r"\breturn\b|\braise\b|\bthrow\b|ON CONFLICT|\bcontinue\b|Err\(")
_UNIQUE = re.compile(r"UNIQUE[^;\n]{0,120}idempot|idempot[^;\n]{0,120}UNIQUE|idempot[^\n]{0,80}@(?:unique|id)\b|@@unique\([^)]*idempot|idempot\w*[^\n]{0,80}(?:unique\s*=\s*True|unique:\s*true|PRIMARY KEY)", re.IGNORECASE)
_ANY = re.compile(rb"idempot|dedup|de-dup|exactly.once|request_id|requestid|client_order_id|on conflict|nonce|seen_", re.IGNORECASE)
_MEND = "Look the key up before acting, answer a known one with what was answered before, and store it under a unique constraint."
_RUN = "a run that sends one request twice"


def verify(statement: Statement, tree: Tree) -> Verdict:
    """Broken where no code knows the promised key, or it is taken and never looked up; Kept only where it is looked up before the act and stored."""
    other = not_a_claim(statement, "make requests idempotent") or off_subject(statement, _MATTER, "idempotent requests")
    if other is not None:
        return other
    found = passages(tree, _WORDS)
    keyed = [one for one in found.innermost() if _KEY.search(one.text)]
    promised = _KEY.search(statement.text) is not None
    if not keyed:
        return _absent(statement, tree, promised=promised, unread=found.unread)
    unique = [tree.evidence(path, number, "No second row with the same key.") for path in tree.paths("*.sql", "*.prisma", "*.py", "*.ts", "*.rs") for number in _unique(tree, path)][:3]
    looked = [(one, line) for one in keyed for line in _looked(one) if mentioned(tree, one)]
    if not looked and not unique:
        return _idle(tree, keyed, bool(found.unread) or bool(elsewhere(tree)))
    guarded = [(one, line, kept) for one, line in looked if _LEAVES.search(one.code) and not any(acted < line for acted, _ in one.find(_ACTS)) for kept, _ in one.find(_STORE, strings=True) if kept >= line]
    shown = (*(one.evidence(tree, line, "The key is looked up.") for one, line in looked[:3]), *unique)
    if not guarded and not unique:
        return Unknown(_RUN, "The key is looked up; where it is stored is not seen.", shown)
    if not promised or not guarded or elsewhere(tree) or re.search(r"\b(?:all|every|each|any)\b", statement.text, re.IGNORECASE):
        return Unknown(_RUN, "A key is looked up and stored; whether every request that acts passes there takes a run.", shown)
    if not any(_READ.search(one.text) or _KEY.search(one.text.split(":", 1)[0]) for one in keyed):
        return Unknown(_RUN, "Where the key comes from is not seen.", shown)
    one, line, kept = guarded[0]
    evidence = (one.evidence(tree, line, "The key is looked up before the act."), one.evidence(tree, kept, "And stored."))
    return Kept((*evidence, *unique), "A request whose key is known is answered without acting again.")


def _looked(one: Passage) -> list[int]:
    """Lines that look for a key: the key's name stands on them, or in the two lines around."""
    lines = one.text.split("\n")
    near = [" ".join(lines[max(at - 1, 0) : at + 2]) for at in range(len(lines))]
    return [
        line for line, match in one.find(_LOOKUP, strings=True)
        if re.search("idempot", near[line - one.line], re.IGNORECASE) and not _READ.search(lines[line - one.line]) and not re.search(r"headers?\b", lines[line - one.line], re.IGNORECASE)
    ]  # fmt: skip


def _unique(tree: Tree, path: str) -> list[int]:
    data = tree.reader(path)
    if data is None or b"dempot" not in data:
        return []
    return [number for number, line in enumerate(tree.lines(path), start=1) if _UNIQUE.search(line)]


def _absent(statement: Statement, tree: Tree, *, promised: bool, unread: tuple[str, ...]) -> Verdict:
    code = tree.paths("*.py", "*.ts", "*.tsx", "*.js", "*.mjs", "*.rs")
    if not promised or not code or unread or elsewhere(tree) or any(_ANY.search(tree.reader(path) or b"idempot") for path in code):
        return Unknown(_RUN, "No code that handles a key of a request is known here.")
    return Broken(How.ABSENT, (said(statement, "It names a key; no code of the tree knows one."),), "No code reads such a key.", _MEND)


def _idle(tree: Tree, keyed: list[Passage], hidden: bool) -> Verdict:
    taken: list[Evidence] = []
    for one in keyed:
        taken += [one.evidence(tree, line, "It is taken, and nothing looks it up.") for line, _ in one.find(_READ, strings=True)]
    if not taken or hidden or any(re.search(r"idempot\w*\s*\(", one.code, re.IGNORECASE) and not re.search(r"def\s+\w*idempot", one.code, re.IGNORECASE) for one in keyed):
        return Unknown(_RUN, "A key is mentioned; what is done with it is not seen.")
    return Broken(How.TOOTHLESS, tuple(taken[:4]), "The key is taken, and a second request with it acts again.", _MEND)
