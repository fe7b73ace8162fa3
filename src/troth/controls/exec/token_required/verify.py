"""Judges whether execution needs a token that is verified: is the verifier called, does it verify anything, is the option that demands it ever read."""

from __future__ import annotations

import re
from collections.abc import Iterator

from troth.judgement.guards import evidence_of, names, not_a_claim, prove, softened, source_lines, split
from troth.terms.facts.programs import Programs, Unit
from troth.terms.facts.tree import Tree
from troth.terms.promise import Polarity, Statement
from troth.terms.verdict import Broken, Evidence, How, Partly, Verdict

_VERIFIES = re.compile(r"(?:verif|validat|check|authenticat|authoriz)\w*(?:token|permit|signature|jwt)|(?:token|permit|signature)\w*(?:verif|valid)", re.IGNORECASE)
_REAL = re.compile(r"hmac|crypto|createHash|timingSafe|compare_digest|jwt|ed25519|rsa|ecdsa|nacl|\bsign\w*\(|\.verify\(|sha\d|blake|digest|public_?key|jose|paseto|biscuit|subtle", re.IGNORECASE)
_DELEGATES = re.compile(r"(?:verif|validat|check|decode|authenticat)\w*\s*\(", re.IGNORECASE)
_YES = re.compile(r"return\s+(?:true|True)\b|Ok\(\s*(?:true|\(\))\s*\)|valid\s*[:=]\s*(?:true|True)\b")
_OPTION = re.compile(r"\b(require_?s?(?:policy|auth|execution|permit)?_?token|require(?:Policy|Auth|Execution|Permit)?Token)\b")
_COMMENT = re.compile(r"//[^\n]*|/\*.*?\*/|#[^\n]*|\"\"\".*?\"\"\"", re.DOTALL)
_MEND = "Verify the token's signature, scope and expiry in the executor, before the act, whatever the request says of itself."


def verify(statement: Statement, programs: Programs, tree: Tree) -> Verdict:
    """Broken by a verifier that verifies nothing or is never called, or an option that is stored and never read; never Kept."""
    unread = list(_never_read(tree)) if statement.polarity is not Polarity.ADMITTED else []
    if unread:
        fault = Broken(How.TOOTHLESS, tuple(item for _, item in unread[:6]), "The option that is to demand a token is stored and never read.", _MEND)
        return softened(fault, statement, claims=any(names(statement, name) for name, _ in unread))
    other = not_a_claim(statement, "use tokens")
    if other is not None:
        return other
    verifiers = [unit for unit in programs.units if unit.kind != "class" and _VERIFIES.search(unit.name)]
    hollow = [unit for unit in verifiers if _hollow(unit)]
    called, idle = split(verifiers, programs)
    if hollow and any(unit in called for unit in hollow):
        live = [unit for unit in hollow if unit in called]
        return Broken(How.TOOTHLESS, evidence_of(live, tree, "It says yes without a key, a signature or a comparison."), "A verifier that is called verifies nothing.", _MEND)
    if verifiers and not called:
        return Broken(How.BYPASSED, evidence_of(idle, tree, "Nothing outside of tests calls it."), "No verifier of tokens is ever called.", _MEND)
    if idle:
        return Partly(How.INCOMPLETE, evidence_of(idle, tree, "Nothing outside of tests calls it."), f"{len(idle)} of {len(verifiers)} verifiers of tokens are never called.", _MEND)
    return prove("permits", "Whether the executor refuses what is missing, forged, expired or of another tenant takes a run.", evidence_of(called, tree, "It verifies.", 4))


def _hollow(unit: Unit) -> bool:
    """It can say yes, and neither computes, compares with a key, nor asks anybody else."""
    body = _COMMENT.sub("", unit.text.partition("\n")[2])
    return bool(_YES.search(body)) and not _REAL.search(body) and not _DELEGATES.search(body) and len(unit.text) < 7900


def _never_read(tree: Tree) -> Iterator[tuple[str, Evidence]]:
    """Options by such a name that production code sets and copies, and never looks at."""
    seen: dict[str, list[tuple[str, int, str]]] = {}
    for path, line, match in source_lines(tree, _OPTION, holds=b"require"):
        seen.setdefault(match.group(1), []).append((path, line, tree.lines(path)[line - 1]))
    for name, places in seen.items():
        stored = [place for place in places if re.search(rf"\b{name}\s*[:=]\s*[^=;]*(?:\?\?|\|\||\bor\b|\btrue\b|\bTrue\b)", place[2])]
        if stored and "_" not in name and not any(_reads(name, text) for _, _, text in places):
            yield from ((name, tree.evidence(path, line, f"{name} is stored here, and read nowhere.")) for path, line, _ in stored)


def _reads(name: str, text: str) -> bool:
    """The value is looked at: not its declaration, not its copy to a field of the same name."""
    rest = re.sub(rf"\b{name}\??\s*[:=]\s*(?:[\w.?]+\.)?{name}\b", "", text)
    rest = re.sub(rf"\b{name}\??\s*:\s*(?:boolean|bool|z\.boolean\([^)]*\)[\w.()]*|true|false|True|False)", "", rest)
    rest = re.sub(rf"^\s*(?:readonly\s+|private\s+|public\s+)*{name}\s*[,;]?\s*$", "", rest)
    return bool(re.search(rf"\b{name}\b", rest))
