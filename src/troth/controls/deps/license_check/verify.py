"""Licences of dependencies are checked in CI, by a tool that is told which ones are refused or allowed."""

from __future__ import annotations

import re

from troth.judgement.effect import Ground, Wish, absent, judge_runs
from troth.judgement.moments import moments_of
from troth.judgement.naming import is_advice, named, runs_for
from troth.judgement.subject import off_subject
from troth.judgement.worst import worst
from troth.terms.facts.tools import Purpose, ToolRun, ToolRuns
from troth.terms.facts.tree import Tree
from troth.terms.facts.workflows import Workflows
from troth.terms.promise import Statement
from troth.terms.values import Params
from troth.terms.verdict import Unknown, Verdict

_LISTS = ("deny-licenses", "allow-licenses", "config-file")
_MATTER = re.compile(
    r"licen[sc]\w*[\s:/*-]+(?:\w+[\s:/*-]+){0,3}?(?:check|scan|complian|compatib|audit(?!able)|verif|review|polic|allow|den[iy]|ban|restrict|enforce|approv|validat|conflict|issue|violat|screen|finder)|(?:check|scan|audit(?!able)|verif|review|allow|den[iy]|ban|enforc|validat|approv|compatib|complian|forbid|prohibit|reject|block|permissive|only)\w*\W+(?:[\w-]+\W+){0,6}?licen[sc]"
    r"|copyleft|fossa|cargo[- ]deny|pip-licenses|license-checker|dependency[- ]review|scancode|licensee|go-licenses|liccheck|reuse",
    re.IGNORECASE,
)
"""A check of licences; the name of the project's own ("MIT License (permissive)") is none."""
_OWN = re.compile(r"\b(?:MIT|Apache|BSD|GPL\w*|MPL|ISC|open[- ]source) licen[sc]e", re.IGNORECASE)
"""The name of the project's own licence."""


def verify(params: Params, statement: Statement, tools: ToolRuns, workflows: Workflows, tree: Tree) -> Verdict:
    """Decide whether a licence check has effect."""
    other = off_subject(statement, _MATTER, "a check of licences", around=not _OWN.search(statement.text))
    if other is not None:
        return other
    if is_advice(statement):
        return Unknown("a record of what people do", "The sentence asks people to check licences.")
    ground = Ground(tools, workflows, tree)
    verdicts: list[Verdict] = []
    for item in named(params.text("tool"), tools, (Purpose.LICENCE,), "a licence check"):
        runs = tuple(run for run in runs_for(item, tools) if _checks_licences(run))
        wish = Wish(
            item.label, moments_of(params.texts("on")), near=(Purpose.VULNERABILITIES, Purpose.LINT, Purpose.TEST)
        )
        verdicts.append(judge_runs(wish, runs, ground) if runs else absent(wish, ground))
    return worst(verdicts)


def _checks_licences(run: ToolRun) -> bool:
    """Dependency review only looks at licences where a list of them is given."""
    return run.tool != "dependency-review" or any(run.option(name) is not None for name in _LISTS)
