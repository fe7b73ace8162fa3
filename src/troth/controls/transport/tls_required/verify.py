"""Judges whether traffic is encrypted, as far as code shows it: verification that is switched off, and addresses that are not."""

from __future__ import annotations

import re

from troth.judgement.guards import not_a_claim, prove, source_lines, universal
from troth.judgement.subject import nearest
from troth.judgement.wording import several
from troth.terms.facts.code_lines import CodeLines
from troth.terms.facts.tree import Tree
from troth.terms.promise import Statement
from troth.terms.verdict import Broken, Evidence, How, Partly, Unknown, Verdict

_OFF = re.compile(
    r"\bverify\s*=\s*False\b|_create_unverified_context|CERT_NONE\b|check_hostname\s*=\s*False|rejectUnauthorized\s*:\s*false|NODE_TLS_REJECT_UNAUTHORIZED['\"]?\]?\s*=\s*['\"]?0"
    r"|danger_accept_invalid_certs\(\s*true|InsecureSkipVerify\s*:\s*true"
)
_CONDITIONAL = re.compile(r"\bif\b|\belse\b|insecure|debug|\?", re.IGNORECASE)
_OWN_MACHINE = re.compile(r"\blocalhost\b|\b127\.0\.0\.1\b|\[::1\]", re.IGNORECASE)
_NEAR = 12
"""So many lines before and after tell whom a connection is to."""
_OPTION = re.compile(r"\W*`[\w.-]+`\W*[:–—-]\s*(?:optional|path|the path|when (?:true|set|enabled)|whether|if (?:true|set))\b", re.IGNORECASE)
"""Describes a setting ("`ca_cert_path`: Optional CA certificate"): what it is for, and not what happens."""
_CHOICE = re.compile(r"\bopt[- ]in\b|\boptional(?:ly)?\b|\bbring[- ]your[- ]own\b|\bcan be (?:enabled|configured|terminated)\b|\bplain http by default\b", re.IGNORECASE)
_PLAIN = re.compile(
    r"(?:get|post|put|request|fetch|urlopen|Client|base_?url|endpoint|api_?base\w*|url)\w*['\"]?\s*[(=:]\s*f?['\"`]http://(?!localhost|127\.|0\.0\.0\.0|\[::1\]|\{|\$|%|host\.docker|"
    r"(?:\w+\.)*(?:example|test|local|internal|invalid|localhost)\b|(?:www\.)?w3\.org|schemas?\.|xmlns|purl\.org|json-schema|[a-z0-9_-]+(?::\d+|/|['\"`]))",
    re.IGNORECASE,
)
_HOLDS = b"http://"
"""Every match of `_PLAIN` holds it; a scheme in capitals is not looked for."""
_KEPT_OUT = re.compile(r"\b(?:never|not|no) (?:be )?(?:stor|log|commit|print|shar|send|includ|expos|record|persist)", re.IGNORECASE)
_MEND = "Use https, and leave verification on."


def _in_prose(match: re.Match[str]) -> bool:
    """Whether what was found stands inside of a text (a rule's message, a sample of code), and so switches nothing off."""
    if match.group().startswith("NODE_TLS"):
        return False  # the name of a variable stands in quotes where it is set
    before, after = match.string[: match.start()], match.string[match.end() :]
    return any(before.replace(f"\\{mark}", "").count(mark) % 2 == 1 and mark in after for mark in "\"'`")


def _in_docstring(tree: Tree, path: str, line: int) -> bool:
    """Whether a line of Python stands inside of a text in three quotes."""
    if not path.endswith(".py"):
        return False
    before = "\n".join(tree.lines(path)[: line - 1])
    return any(before.count(mark) % 2 == 1 for mark in ('"""', "'''"))


def _to_itself(tree: Tree, path: str, line: int) -> bool:
    """Whether the lines around it name the program's own machine and no other address: a probe of itself, over no network."""
    around = "\n".join(tree.lines(path)[max(line - 1 - _NEAR, 0) : line + _NEAR])
    return bool(_OWN_MACHINE.search(around)) and not re.search(r"https?://(?!localhost|127\.0\.0\.1|\[::1\])[\w.-]+\.\w", around)


def verify(statement: Statement, tree: Tree, code: CodeLines) -> Verdict:
    """Broken where verification is switched off without a condition, Partly where some address is plain; never Kept: settings and libraries decide the rest."""
    other = not_a_claim(statement, "use TLS")
    if other is not None:
        return other
    if _OPTION.match(statement.text) or _CHOICE.search(statement.text):
        return Unknown("a sentence that says that connections are encrypted", "The sentence tells of a choice that users have, and not that it is made.")
    if _KEPT_OUT.search(nearest(statement)):
        return Unknown("a sentence about connections", "The line names what is not to be stored or shown, and speaks of no connection.")
    off = _switched_off(tree, code)
    if off and not re.search(r"certificat|verif", statement.text, re.IGNORECASE):
        if not universal(statement):
            return prove("tls", "Some code takes any certificate; whether what the sentence speaks of does, takes a run.", tuple(off[:8]))
        return Partly(How.BYPASSED, tuple(off[:8]), f"{several(len(off), 'line switches the verification', 'lines switch the verification')} of certificates off: encrypted to whoever answers.", _MEND)
    if off:
        return Broken(How.BYPASSED, tuple(off[:8]), f"{several(len(off), 'line switches the verification', 'lines switch the verification')} of certificates off.", _MEND)
    plain = [tree.evidence(path, line, "A plain address.") for path, line, _ in source_lines(tree, _PLAIN, holds=_HOLDS)]
    if plain:
        return Partly(How.INCOMPLETE, tuple(plain[:8]), f"{several(len(plain), 'address in the code is plain', 'addresses in the code are plain')} http.", _MEND)
    return prove("tls", "No line of the code speaks against it; what goes over the wire takes a run and a listener.")


def _switched_off(tree: Tree, code: CodeLines) -> list[Evidence]:
    """Lines that take any certificate without a condition: by their words, and by what the code rules found."""
    off: list[Evidence] = []
    for path, line, match in source_lines(tree, _OFF):
        if not _in_prose(match) and not _in_docstring(tree, path, line) and not _to_itself(tree, path, line) and not _CONDITIONAL.search(tree.lines(path)[line - 1]) and not _CONDITIONAL.search(tree.lines(path)[line - 2] if line > 1 else ""):
            off.append(tree.evidence(path, line, "Any certificate is taken."))
    seen = {(item.place.path, item.place.line) for item in off}
    for found in code.of("js-tls-verify-off", "rust-tls-verify-off"):  # what no word on the line tells: a verifier of one's own, an object that is handed on
        path, line = found.place.path, found.place.line
        if (path, line) not in seen and not _to_itself(tree, path, line) and not _CONDITIONAL.search(tree.lines(path)[line - 1]) and not _CONDITIONAL.search(tree.lines(path)[line - 2] if line > 1 else ""):
            off.append(tree.evidence(path, line, found.says))
    return off
