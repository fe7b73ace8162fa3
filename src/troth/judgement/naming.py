"""Names of tools as policies write them -> tools, or the purposes that a description stands for."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from troth.terms.facts.tools import Purpose, ToolRun, ToolRuns
from troth.terms.promise import Modality, Section, Statement

__all__ = ["SECURITY", "Named", "is_advice", "is_universal", "named", "runs_for", "with_alternatives"]

SECURITY = (
    Purpose.SAST,
    Purpose.SECRETS,
    Purpose.VULNERABILITIES,
    Purpose.REVIEW,
    Purpose.CONTAINER,
    Purpose.IAC,
    Purpose.DAST,
)
"""What counts as "security scanning" where a policy names no tool."""

_DESCRIPTIONS: tuple[tuple[str, tuple[Purpose, ...]], ...] = (
    (r"dast|dynamic", (Purpose.DAST,)),
    (
        r"\bsast\b|static (application|security|code)? ?(security )?(analysis|scan|test)|code scan|code analysis",
        (Purpose.SAST,),
    ),
    (r"secret", (Purpose.SECRETS,)),
    (r"licen[cs]e", (Purpose.LICENCE,)),
    (r"container|image|docker", (Purpose.CONTAINER,)),
    (r"sbom|bill of materials", (Purpose.SBOM,)),
    (r"dependenc|vulnerab|cve|supply", (Purpose.VULNERABILITIES, Purpose.REVIEW)),
    (r"infrastructure|\biac\b|terraform", (Purpose.IAC,)),
    (r"fuzz", (Purpose.FUZZ,)),
    (r"type[- ]?(check|safety|script)|typing", (Purpose.TYPES,)),
    (r"lint|style", (Purpose.LINT,)),
    (r"format", (Purpose.FORMAT,)),
    (r"coverage", (Purpose.COVERAGE,)),
    (r"\btests?\b|test suite|unit", (Purpose.TEST,)),
    (r"static analy", (Purpose.SAST, Purpose.LINT, Purpose.TYPES)),
    (r"\bany\b|\bsecurity\b|\bscan(s|ner|ning)?\b|\baudits?\b", SECURITY),
)
_SPLIT = re.compile(r"\s*(?:,|;|\+|&|\band\b|\bor\b|\bund\b)\s*")
_OCCASION = re.compile(
    r"\b(all|every|each|any)\s+(new\s+|single\s+|ci\s+)?(pull[- ]requests?|prs?|push(es)?|commits?|builds?|merges?|releases?|runs?|weeks?|days?|nights?|months?)\b",
    re.IGNORECASE,
)
"""Says when, not what: "on every pull request" makes no claim about all targets."""
_LEADS_IN = re.compile(r"\W*(?:to )?(?:scan|run|check|verify|inspect|audit)\b[^.!?:]*:\W*\Z", re.IGNORECASE)
"""Commands for the reader follow: "Scan published images:"."""
_UNIVERSAL = re.compile(r"\b(all|every|each|any|entire|whole|always|never|no)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Named:
    """One tool or kind of tool that a promise names.

    Attributes:
        label: for sentences.
        tool: canonical name; None for a description or an unknown name.
        purposes: what a description stands for; empty for a named tool.
        unknown: a name that the catalogue of tools does not hold.
    """

    label: str
    tool: str | None = None
    purposes: tuple[Purpose, ...] = ()
    unknown: bool = False


def _describe(text: str) -> tuple[Purpose, ...]:
    return next((purposes for pattern, purposes in _DESCRIPTIONS if re.search(pattern, text.lower())), ())


def _single(text: str, tools: ToolRuns) -> Named:
    tool = tools.canonical(text)
    if tool is not None:
        return Named(text, tool)
    purposes = _describe(text)
    if purposes:
        return Named(text if text.lower() != "any" else "a security scanner", purposes=purposes)
    return Named(text, unknown=True)


def named(text: str | None, tools: ToolRuns, default: tuple[Purpose, ...], label: str) -> tuple[Named, ...]:
    """What a `tool` parameter names; the default purposes where it names nothing.

    Args:
        text: "bandit, safety", "GitHub CodeQL", "any", or None.
        tools: for its names.
        default: purposes that the control is about.
        label: words for them.
    """
    if text is None or text.strip().lower() in ("", "any"):
        return (Named(label, purposes=default),)
    whole = tools.canonical(text)
    if whole is not None:
        return (Named(text, whole),)
    parts = [part for part in _SPLIT.split(text) if part]
    return tuple(_single(part, tools) for part in parts) or (Named(label, purposes=default),)


def with_alternatives(text: str | None, statement: Statement, tools: ToolRuns) -> str | None:
    """What a `tool` parameter names, with what the sentence joins to it by a stroke or an "or": "Safety/pip-audit" names two."""
    if text is None or tools.canonical(text) is None:
        return text
    name = re.escape(text.strip())
    joined = re.search(rf"(?<![\w.-]){name}`?\*{{0,2}}\s*(?:/|\bor\b|\band\b|&|\+|,)\s*\*{{0,2}}`?([A-Za-z][\w.-]*(?: audit)?)", statement.text, re.IGNORECASE)
    other = joined.group(1) if joined else ""
    known = tools.canonical(other) or tools.canonical(other.split(" ")[0]) if other else None
    same = known is not None and known != tools.canonical(text) and set(tools.purposes.get(known, ())) & set(tools.purposes.get(tools.canonical(text) or "", ()))
    return f"{text}, {known}" if same else text


def runs_for(item: Named, tools: ToolRuns) -> tuple[ToolRun, ...]:
    """Calls of a named tool, of any tool for the described purposes, or of a script or action with that very name."""
    if item.tool is not None:
        return tools.of(item.tool)
    if item.purposes:
        return tools.for_purpose(*item.purposes)
    wanted = re.sub(r"[^a-z0-9]", "", item.label.lower().rsplit("/", 1)[-1].removesuffix(".py").removesuffix(".sh"))
    return tuple(
        run
        for run in tools.others
        if wanted and wanted == re.sub(r"[^a-z0-9]", "", run.tool.lower().rsplit("/", 1)[-1])
    )


def is_advice(statement: Statement, occasions: Sequence[str] = ()) -> bool:
    """A recommendation to users or contributors: what people do, no file shows.

    Args:
        statement: the sentence.
        occasions: when it says that something happens; "in CI" is the project's own doing, unless it is the reader's ("your CI").
    """
    if _LEADS_IN.match(statement.text):
        return True
    own_ci = "ci" in occasions and not re.search(r"\byours?\b", statement.text, re.IGNORECASE) and statement.section is not Section.USERS
    return not own_ci and statement.modality in (Modality.RECOMMENDATION_USERS, Modality.RECOMMENDATION_CONTRIBUTORS)


def is_universal(statement: Statement) -> bool:
    """The sentence says all, every, any, no or never, of something else than occasions."""
    return _UNIVERSAL.search(_OCCASION.sub(" ", statement.text)) is not None
