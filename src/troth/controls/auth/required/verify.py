"""Judges whether access needs authentication, as far as files show it: a switch that the code reads, and that shipped deployment files turn off."""

from __future__ import annotations

import re

from troth.judgement.guards import not_a_claim, source_lines, universal
from troth.terms.facts.tree import Tree
from troth.terms.promise import Statement
from troth.terms.verdict import Broken, Evidence, How, Partly, Unknown, Verdict

_FILES = ("*compose*.yml", "*compose*.yaml", "*.env.example", "*.env.sample", "*.env.template", "*Dockerfile*", "*values.yaml", "*/k8s/*.yaml", "*/kubernetes/*.yaml", "*/deploy/*.yaml")
_ASIDE = re.compile(r"(?:^|[/._-])(?:dev|develop|development|test|tests|testing|local|e2e|ci|example|examples|docs?)(?:[/._-]|\Z)", re.IGNORECASE)
_OFF = re.compile(
    r"(?<![A-Z0-9_])(?P<on>[A-Z0-9_]*(?:AUTH|AUTHENTICATION|LOGIN)_?(?:IS_)?(?:ENABLED|REQUIRED|REQUIRE|ENABLE)|(?:ENABLE|REQUIRE)_(?:AUTH|AUTHENTICATION|LOGIN))['\"]?\s*[=:]\s*['\"]?(?:false|0|no|off)\b"
    r"|(?<![A-Z0-9_])(?P<off>[A-Z0-9_]*(?:DISABLE|SKIP|NO|BYPASS|DISABLED)_?(?:AUTH|AUTHENTICATION|LOGIN)|[A-Z0-9_]*(?:AUTH|AUTHENTICATION)_?(?:DISABLED|DISABLE|BYPASS))['\"]?\s*[=:]\s*['\"]?(?:true|1|yes|on)\b",
    re.IGNORECASE,
)
_ABOUT = re.compile(r"auth|login|sign[- ]?in|token|api[- ]?key|password|credential", re.IGNORECASE)
_ALL = re.compile(r"\bdefault|\brequire|\bmust\b|\bmandatory|\benforce", re.IGNORECASE)
_RUN = "a run of the server as it is shipped, called without credentials"
_MEND = "Ship it switched on; whoever wants it off can say so."


def verify(statement: Statement, tree: Tree) -> Verdict:
    """Broken where authentication is said to be required or the default, and what is shipped switches it off; Partly for weaker sentences; never Kept: that every route asks takes a run."""
    other = not_a_claim(statement, "authenticate")
    if other is not None:
        return other
    if not _ABOUT.search(statement.text):
        return Unknown(_RUN, "The sentence does not say what access needs.")
    off: list[Evidence] = []
    for path in tree.paths(*_FILES):
        if _ASIDE.search(path.replace(".env.example", ".env").replace(".env.sample", ".env")):
            continue
        for number, line in enumerate(tree.lines(path), start=1):
            match = _OFF.search(line) if not line.lstrip().startswith("#") else None
            if match is not None and _read(tree, match.group("on") or match.group("off")):
                off.append(tree.evidence(path, number, "What is shipped switches authentication off."))
    if not off:
        return Unknown(_RUN, "No shipped file switches authentication off; whether every route asks for it takes a run without credentials.")
    if universal(statement) or _ALL.search(statement.text):
        return Broken(How.CONTRADICTED, tuple(off[:6]), "Who starts it as it is shipped needs no authentication.", _MEND)
    return Partly(How.CONTRADICTED, tuple(off[:6]), "It is there, and switched off as it is shipped.", _MEND)


def _read(tree: Tree, name: str) -> bool:
    """The code knows the variable: what nothing reads switches nothing."""
    return next(iter(source_lines(tree, re.compile(rf"\b{re.escape(name)}\b", re.IGNORECASE))), None) is not None
