"""What a rule is: one file of `rules/`, with its words, its references, its examples and its check."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from troth.engines.code.module import Module

__all__ = ["Context", "Hit", "Rule", "Severity"]


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
        confirm: a file that holds the strings must match this too, where it is given.
        check: gives the hits of a file.
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
    check: Callable[[Module, Context], Iterator[Hit]]
    bad: tuple[str, ...]
    good: tuple[str, ...]
    modules: frozenset[str] = frozenset()
    confirm: re.Pattern[bytes] | None = None
