"""Judges claims that errors are handled: a promised mechanism that is nowhere, and panics that contradict "never panics". Whether a program survives bad input takes a run."""

from __future__ import annotations

import re

from troth.judgement.guards import not_a_claim, prove, source_lines, sources, unread
from troth.judgement.wording import several
from troth.terms.facts.tree import Tree
from troth.terms.promise import Statement
from troth.terms.verdict import Broken, Evidence, How, Partly, Verdict

_MECHANISMS = (
    (re.compile(r"error boundar", re.IGNORECASE), re.compile(r"componentDidCatch|getDerivedStateFromError|ErrorBoundary|error-boundary|onErrorCaptured"), "An error boundary"),
    (re.compile(r"circuit[- ]breaker", re.IGNORECASE), re.compile(r"circuit_?-?breaker|pybreaker|opossum|half_?open|failsafe|purgatory|resilience", re.IGNORECASE), "A circuit breaker"),
    (re.compile(r"\bretr(?:y|ies|ied)\b", re.IGNORECASE), re.compile(r"retr(?:y|ies)|tenacity|back_?off|attempts?\b", re.IGNORECASE), "A retry"),
)
"""What a sentence names, what code that has it holds, and its name."""
_NO_PANIC = re.compile(r"\b(?:no|never|not|without|zero|avoids?|free of)\s+(?:\w+\s+){0,3}panic|panic[- ]free", re.IGNORECASE)
_PANICS = re.compile(r"\.unwrap\(\)|\.expect\(\"|(?<!\w)(?:panic|todo|unimplemented|unreachable)!\s*[(\[{]")


def verify(statement: Statement, tree: Tree) -> Verdict:
    """Broken where a named mechanism is nowhere; Partly where code panics against "no panics"; never Kept by reading."""
    other = not_a_claim(statement, "handle errors")
    if other is not None:
        return other
    if _NO_PANIC.search(statement.text) and any(True for _ in sources(tree, ".rs")):
        panics = [(path, line) for path, line, _ in source_lines(tree, _PANICS, ".rs")]
        if panics:
            shown = tuple(tree.evidence(path, line, "It panics where this fails.") for path, line in panics[:8])
            return Partly(How.CONTRADICTED, shown, f"{several(len(panics), 'line panics where', 'lines panic where')} a value is not as expected.", "Return the error, or prove beside each that it cannot happen.")
    foreign = any(path.endswith((".go", ".java", ".c", ".cpp", ".cc", ".rb", ".cs", ".swift", ".kt", ".php", ".vue", ".svelte")) for path in tree.files)
    for named, pattern, name in _MECHANISMS:
        if named.search(statement.text) and not foreign and any(True for _ in sources(tree)) and not unread(tree):
            used = next(iter(source_lines(tree, pattern)), None)
            if used is None:
                return Broken(How.ABSENT, _looked(tree), f"{name} is promised, and nothing of the kind is in the code.", "Add it where the sentence says, or take the sentence back.")
            return prove("inputs", "Something of the name exists; whether it holds takes a run.", (tree.evidence(used[0], used[1], f"{name}, or something like one."),))
    return prove("inputs", "Whether bad input brings the program down takes a run with such input.")


def _looked(tree: Tree) -> tuple[Evidence, ...]:
    """Where it was looked for: an absence has no line of its own."""
    return tuple(tree.evidence(path, 1, "Read whole; nothing of the kind.") for path in list(sources(tree))[:4])
