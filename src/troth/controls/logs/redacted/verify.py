"""Judges whether logs are redacted: is the redactor called, is it attached, do its expressions compile; never Kept, which takes a run."""

from __future__ import annotations

import re

from troth.judgement.guards import evidence_of, names, not_a_claim, prove, softened, source_lines, split, universal
from troth.judgement.subject import off_subject
from troth.judgement.wording import several
from troth.terms.facts.programs import Pattern, Programs, Unit
from troth.terms.facts.tree import Tree
from troth.terms.promise import Statement
from troth.terms.values import Params
from troth.terms.verdict import Broken, Evidence, How, Partly, Verdict

_REDACTS = re.compile(r"redact|scrub|censor|mask_?(?:secret|sensitive|token|key|pii|value)|sanitiz\w*_?(?:log|secret|message)|secrets?_?filter", re.IGNORECASE)
_ABOUT = re.compile(r"redact|mask|scrub|saniti[sz]|filter|strip|censor", re.IGNORECASE)
_MATTER = re.compile(r"\blog|redact|mask|scrub|censor|secret|token|credential|password|api[- ]?key|sensitive|personal|\bpii\b|telemetry|traces?\b|leak|expos|error", re.IGNORECASE)
_ATTACHED = re.compile(r"Filter|Formatter|Processor")
_ANY_REDACTION = re.compile(r"redact|scrub|mask|saniti[sz]|censor|obfuscat|SecretStr|secrecy|filter_?secret", re.IGNORECASE)
_LOGS = re.compile(r"\b(?:log|logger|logging|console|_log|_logger|tracing|LOG)(?:\.|::)(?:debug|info|log|warn|warning|error|exception|critical|trace)!?\s*\(")
_SECRET = re.compile(
    r"\b(?:log|logger|logging|console|_log|_logger|LOG)\.(?:debug|info|log|warn|warning|error|critical)\s*\((?:.*[{,(+]\s*)"
    r"(?:\w+\.)?(?:password|passwd|api_?key|apiKey|secret_?key|secretKey|access_?token|accessToken|private_?key|privateKey)\s*[},)!:]"
)
_SHOWN = re.compile(r"\blog|telemetry|\btraces?\b|\boutputs?\b|\berrors?\b|exception|console|stdout|stderr|debug|print|display|message|monitor|record|report|diagnos|history|transcript", re.IGNORECASE)
"""Where what is redacted would be seen."""
_SETUP = re.compile(r"(?:^|/)(?:scripts?|tools?|setup|install|bin|cli|examples?)/")
"""Programs that print to the person who starts them: what they show is no log."""
_MEND = "Attach the redactor to every handler, and prove it with a record that holds a secret."


def verify(params: Params, statement: Statement, programs: Programs, tree: Tree) -> Verdict:
    """Broken by a redactor that nothing calls, one that throws, a secret that is logged as it is, or logs without any redactor."""
    redactors = [unit for unit in programs.units if _REDACTS.search(unit.name)]
    named = [unit for unit in redactors if re.search(rf"\b{re.escape(unit.name)}\b", statement.quote)]
    home = _package(params, statement, tree)
    named = [unit for unit in (named or redactors) if unit.place.path.startswith(home)] if home else named
    broken = _faulty(named or redactors, programs)
    if broken and (named or _logging(broken, redactors)):
        return softened(_throws(broken, tree), statement, claims=any(names(statement, unit.name) for unit in redactors) or bool(home))
    other = not_a_claim(statement, "keep their logs free of secrets") or off_subject(statement, _MATTER, "what is logged")
    if other is not None:
        return other
    idle = split(named, programs)[1]
    if named and len(idle) == len(named):
        return Broken(How.BYPASSED, evidence_of(idle, tree, "Nothing outside of tests calls it."), "The redactor that the sentence names is never called.", _MEND)
    attached = [unit for unit in redactors if unit.kind == "class" and any(_ATTACHED.search(base) for base in unit.bases)]
    loose = split(attached, programs)[1]
    if attached and len(loose) == len(attached):
        return Broken(How.BYPASSED, evidence_of(loose, tree, "It is attached to no logger and no handler."), "The filter that is to redact logs is used nowhere.", _MEND)
    leaks = [tree.evidence(path, line, "It logs a secret as it is.") for path, line, _ in source_lines(tree, _SECRET) if not _SETUP.search(path)]
    if leaks:
        return Broken(How.BYPASSED, tuple(leaks[:8]), f"{several(len(leaks), 'line logs a secret', 'lines log a secret')} without redacting it.", _MEND)
    unused = split(redactors, programs)[1]
    spoken = " ".join((statement.text, *statement.headings[-1:], *statement.lead_in[-1:]))
    if statement.text and not named_in(statement, redactors) and not _SHOWN.search(spoken):
        return prove("logs", "The sentence does not say where secrets are redacted; whether they reach a log takes a run.", evidence_of(redactors, tree, "It redacts."))
    if redactors and len(unused) == len(redactors):
        return Broken(How.BYPASSED, evidence_of(unused, tree, "Nothing outside of tests calls it."), "No redactor is ever called.", _MEND)
    if not redactors:
        return _without(statement, programs, tree)
    if unused and universal(statement):
        return Partly(How.INCOMPLETE, evidence_of(unused, tree, "Nothing outside of tests calls it."), f"{len(unused)} of {len(redactors)} redactors are never called.", _MEND)
    return prove("logs", "Redactors are called; whether every record passes one, and what they let through, takes a run.", evidence_of(redactors, tree, "It redacts."))


def named_in(statement: Statement, redactors: list[Unit]) -> bool:
    """Whether the sentence names one of the redactors."""
    return any(re.search(rf"\b{re.escape(unit.name)}\b", statement.quote) for unit in redactors)


def _package(params: Params, statement: Statement, tree: Tree) -> str:
    """Folder of the package of this tree that the sentence names (`@acme/redaction`); empty where it names none."""
    named = {params.text("library") or "", *re.findall(r"@[\w-]+/[\w.-]+", statement.quote)} - {""}
    for path in tree.paths("package.json", "*/package.json") if named else ():
        match = re.search(r'"name"\s*:\s*"([^"]+)"', tree.text(path) or "")
        if match is not None and match.group(1) in named and "/" in path:
            return path.rpartition("/")[0] + "/"
    return ""


def _faulty(units: list[Unit], programs: Programs) -> list[Pattern]:
    """Expressions that their engine refuses, in the redactors or beside them in the same file."""
    paths = {unit.place.path for unit in units}
    return [pattern for pattern in programs.patterns if pattern.error and pattern.place.path in paths]


def _logging(broken: list[Pattern], redactors: list[Unit]) -> bool:
    """Every file of redactors holds a faulty expression: there is no other redactor left."""
    return {unit.place.path for unit in redactors} == {pattern.place.path for pattern in broken}


def _throws(broken: list[Pattern], tree: Tree) -> Broken:
    shown = tuple(tree.evidence(item.place.path, item.place.line, f"Its engine refuses it: {item.error}.") for item in broken[:6])
    because = "An expression of the redactor does not compile, so that the call that uses it throws."
    return Broken(How.TOOTHLESS, shown, because, "Write it as a literal, or escape its backslashes; test it with a secret.")


def _without(statement: Statement, programs: Programs, tree: Tree) -> Verdict:
    logs: list[Evidence] = []
    for path, line, _ in source_lines(tree, _LOGS):
        logs.append(tree.evidence(path, line, "It logs, and nothing redacts."))
        if len(logs) >= 6:
            break
    claimed = _ABOUT.search(statement.text)
    clean = not programs.unread and not programs.missing and not any(source_lines(tree, _ANY_REDACTION))
    if claimed and logs and clean:
        return Broken(How.ABSENT, tuple(logs), "No code of the tree redacts anything that is logged.", _MEND)
    return prove("logs", "No redactor that is known here was found; whether secrets reach a log takes a run.", tuple(logs[:2]))
