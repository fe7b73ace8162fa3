"""Judges whether secrets are compared in constant time: each comparison of a signature, token or key that is seen."""

from __future__ import annotations

import re

from troth.judgement.guards import not_a_claim
from troth.judgement.passages import Passage, mentioned, passages
from troth.judgement.subject import off_subject
from troth.judgement.whole_view import elsewhere
from troth.terms.facts.tree import Tree
from troth.terms.promise import Statement
from troth.terms.verdict import Broken, How, Kept, Partly, Unknown, Verdict

_WORDS = (b"token", b"secret", b"signature", b"hmac", b"api_key", b"apikey", b"compare_digest", b"timingsafeequal", b"ct_eq", b"constant_time", b"constanttime", b"password")
_MATTER = re.compile(r"constant[- ]?time|timing|compare_digest|timingSafeEqual|ConstantTimeEq|subtle", re.IGNORECASE)
_SAFE = re.compile(r"\bcompare_digest\s*\(|\btimingSafeEqual\s*\(|\bconstant_?time_?(?:compare|eq\w*)\s*\(|\bct_eq\s*\(|\bverify_slices_are_equal\s*\(|\btsscmp\s*\(|\bsafeCompare\s*\(|\bsecure_compare\s*\(|\b\w*(?:timing_?safe|constant_?time)\w*\s*\(", re.IGNORECASE)
_SAME = re.compile(r"[\w.]*\s*\(\s*([\w.]+)\s*,\s*\1\s*\)")
"""What is compared with itself."""
_DEFINES = re.compile(r"(?:def|function\s*\*?|fn)\s+\Z")
_KNOWN = re.compile(r"\bcompare_digest\s*\(|\btimingSafeEqual\s*\(|\bct_eq\s*\(|\bverify_slices_are_equal\s*\(|\btsscmp\s*\(|\^=?|\bfold\s*\(|\bconstant_time_compare\s*\(")
_SIDE = r"[\w.$?!]+(?:\((?:[^()\n]|\([^()\n]*\))*\)|\[[^\]\n]*\])*(?:\.[\w$]+(?:\([^()\n]*\))?)*"
_COMPARED = re.compile(r"(?<![=!<>])(?:===?|!==?)(?!=)")
_LEFT = re.compile(rf"(?<![\w.])(?P<side>{_SIDE})\s*\Z")
_RIGHT = re.compile(rf"\s*(?P<side>{_SIDE})")
_OURS = re.compile(r"(?:expected|computed|calculated|valid|stored|actual|configured|correct|known|server|self\.|this\.|settings|config|cfg|env\b|environ|process\.env|os\.getenv|[A-Z]{3,}_)", re.ASCII)
_SECRET = re.compile(r"(?:signature|\bsig\b|_sig\b|hmac|\bmac\b|api_?key|(?:auth|access|bearer|csrf|api|session|admin|secret|webhook|reset|provided|received|expected|valid|master|gateway)_?-?token|\btoken\b|secret(?!s_)|hexdigest|csrf|password|passwd)", re.IGNORECASE)
_NOT = re.compile(r"\b(?:None|null|undefined|true|false|True|False|len|length|type|typeof|status|kind|name|id|count|size|version|state|mode|index)\b|^\d|\.length$|(?:token_?type|tokens|secret_?name|_id|_type|_name|_len\w*|_count|_hint|_prefix)$|\.(?:type|kind|name|id|value_type|size)$", re.IGNORECASE)
_FILES = re.compile(r"checksum|download|sha256sum|file_?hash|\bopen\(|cache|lexer|parser|tokeniz|\bast\b|keyword|logits|vocab|confirm", re.IGNORECASE)
_THINGS = (("csrf|xsrf", re.compile(r"\bcsrf|xsrf|forgery", re.IGNORECASE)), ("webhook|signature|hmac", re.compile(r"webhook|signature", re.IGNORECASE)), ("password|passw", re.compile(r"\bpassword", re.IGNORECASE)))
"""What a sentence may confine itself to, and how code calls it."""
_MEND = "Compare with hmac.compare_digest, crypto.timingSafeEqual or subtle's ct_eq."
_LOOK = "a look at every comparison of a secret"


def verify(statement: Statement, tree: Tree) -> Verdict:
    """Broken where secrets are compared by `==` only, Partly where by both; Kept where every comparison that is seen is constant-time."""
    other = not_a_claim(statement, "compare secrets in constant time") or off_subject(statement, _MATTER, "comparison in constant time")
    if other is not None:
        return other
    found = passages(tree, _WORDS)
    inner = found.innermost()
    thing = next((name for name, pattern in _THINGS if pattern.search(" ".join((statement.text, *statement.headings[-1:], *statement.lead_in[-1:])))), "")
    plain = [one.evidence(tree, line, "A secret is compared letter by letter; how long it takes tells how much is right.") for one in inner if _about(one, thing) for line in _plain(one)]
    safe = [(one, line) for one in inner for line, match in one.find(_SAFE) if not _DEFINES.search(one.code[: match.start()]) and not _SAME.match(one.code, match.start())]
    hollow = [one for one in found if not one.outside and _SAFE.search(one.name + "(") and not _KNOWN.search(one.code.replace(one.name, "", 1))]
    safe = [(one, line) for one, line in safe if not any(_calls(one, line, fake) for fake in hollow)]
    live = [(one, line) for one, line in safe if mentioned(tree, one) and _about(one, thing)]
    safe = [(one, line) for one, line in safe if _about(one, thing)]
    shown = tuple(one.evidence(tree, line, "Compared in constant time.") for one, line in live[:5])
    if hollow and not live:
        return Broken(How.TOOTHLESS, tuple(one.evidence(tree, one.line, "It is called constant-time, and compares as everything else does.") for one in hollow[:4]), "What is called a constant-time comparison is none.", _MEND)
    if plain and not live:
        return Broken(How.CONTRADICTED, tuple(plain[:6]), "Secrets are compared by their letters.", _MEND)
    if plain:
        return Partly(How.BYPASSED, (*plain[:6], *shown[:2]), "Some secrets are compared in constant time, others are not.", _MEND)
    if safe and not live:
        return Broken(How.BYPASSED, tuple(one.evidence(tree, line, "Nothing outside of tests calls it.") for one, line in safe[:4]), "What compares in constant time is never called.", _MEND)
    if not live:
        return Unknown(_LOOK, "No comparison of a secret is known here.")
    hidden = elsewhere(tree) or next(iter(found.unread), "")
    if hidden:
        return Unknown(_LOOK, f"{hidden} is not read here, and may compare secrets too.", shown)
    return Kept(shown, f"All {len(live)} comparisons of secrets that are seen are constant-time.")


def _plain(one: Passage) -> list[int]:
    """Lines that compare a secret of ours with one that comes from outside."""
    if _FILES.search(one.name) or _FILES.search(one.code):
        return []
    lines = []
    for match in _COMPARED.finditer(one.code):
        start, end = one.code.rfind("\n", 0, match.start()) + 1, one.code.find("\n", match.end())
        row = one.code[start : end if end >= 0 else len(one.code)]
        if len(_SECRET.findall(row)) < 2:
            continue
        before, after = _LEFT.search(one.code[max(start, match.start() - 160) : match.start()]), _RIGHT.match(one.code, match.end())
        if before is None or after is None:
            continue
        left, right = before.group("side"), after.group("side")
        if _NOT.search(left) or _NOT.search(right):
            continue
        sides = (left, right)
        if all(_SECRET.search(side) for side in sides) and any(_OURS.search(side) for side in sides) and left != right:
            lines.append(one.at(match.start()))
    return sorted(set(lines))


def _about(one: Passage, thing: str) -> bool:
    """The passage is about the thing that the sentence speaks of."""
    return not thing or re.search(thing, f"{one.path} {one.text}", re.IGNORECASE) is not None


def _calls(one: Passage, line: int, other: Passage) -> bool:
    return one is other or re.search(rf"\b{re.escape(other.name)}\s*\(", one.code.split("\n")[line - one.line]) is not None
