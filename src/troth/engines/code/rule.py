"""What a rule is: one file of `rules/`, `rules_ecma/` or `rules_rust/`, with its words, its references, its examples and its check."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

__all__ = ["Context", "Hit", "Rule", "Severity", "bare", "matching", "named"]


class Severity(StrEnum):
    """How much is lost where the line is reached by somebody hostile. HIGH: their code runs, or everything is readable."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


@dataclass(frozen=True, slots=True)
class Context:
    """What a rule must know that is not in the file.

    Attributes:
        torch_safe: every torch that the project may resolve to loads weights alone by default (2.6 and later); None where no manifest says.
    """

    torch_safe: bool | None = None


@dataclass(frozen=True, slots=True)
class Hit:
    """A line that a rule names, and one sentence why."""

    line: int
    says: str


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule.

    Attributes:
        id: the file's name with hyphens.
        title: what is wrong, one line.
        why: what can happen.
        mend: what to write in its place.
        severity: see `Severity`.
        cwe, owasp, atlas: references (CWE, OWASP Top 10 for LLM applications 2025, MITRE ATLAS techniques).
        needs: groups of byte strings; a file is parsed for this rule only if it holds one of each group.
        modules: a file counts only if it imports one of these; empty = any file.
        instead: strings that count as much as an import of one of the modules.
        confirm: groups of expressions; a file that holds the strings must match one of each group, too, outside of text between triple quotes.
        check: gives the hits of a file: a `Module` of Python, an `EcmaFile` of TypeScript or JavaScript, a `RustFile` of Rust.
        language: `python`, `ecma` (TypeScript and JavaScript) or `rust`.
        bad, good: examples; each is a whole file, and tests hold that every bad one is hit and no good one is.
    """

    id: str
    title: str
    why: str
    mend: str
    severity: Severity
    cwe: tuple[str, ...]
    owasp: tuple[str, ...]
    atlas: tuple[str, ...]
    needs: tuple[tuple[bytes, ...], ...]
    check: Callable[[Any, Context], Iterator[Hit]]
    bad: tuple[str, ...]
    good: tuple[str, ...]
    modules: frozenset[str] = frozenset()
    instead: tuple[bytes, ...] = ()
    confirm: tuple[tuple[re.Pattern[bytes], ...], ...] = ()
    language: str = "python"


def bare(*names: str) -> tuple[bytes, ...]:
    """Strings of which a file holds one where it mentions a builtin by its bare name: a method of that name (`model.eval()`) holds none."""
    before = "\n \t([{=,:;+-*/!&|<>%~^@"
    return tuple(f"{start}{name}{end}".encode() for name in names for start in before for end in ("(", " ", ",", ")", "\n", "]", "}", "\r"))


def matching(*groups: tuple[bytes, ...]) -> tuple[tuple[re.Pattern[bytes], ...], ...]:
    """Groups of expressions for `Rule.confirm`. One that begins with letters is searched for ten times as quickly as one that begins with a choice."""
    return tuple(tuple(re.compile(text) for text in group) for group in groups)


def named(*names: str) -> tuple[bytes, ...]:
    """Expressions of which one finds a builtin that is called by its bare name, or handed on as a value; remarks and methods of that name are seldom found."""
    forms = (
        r"{0}(?<![\w.]{0})\(",
        r"{0}(?:(?<=[=(,:;\n\[{{+] {0})|(?<=[=(,:;\n\[{{+]{0})|(?<=    {0})|(?<=return {0}))\s+\(",
        r"{0}(?:(?<=[=:] {0})|(?<=[=:]{0})|(?<=\w\({0}))\s*[,)\n;}}]",
        r"{0}(?<== {0})\s+(?:if|or)\b",
        r"{0}[\"'](?<=[\"']{0}.)(?<!mode=[\"']{0}.)\s*\)(?!:|\s+and\b)",
    )
    return (*(form.format(name).encode() for name in names for form in forms), rb"builtins\b")
