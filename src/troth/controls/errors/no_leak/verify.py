"""Judges whether errors tell internals, as far as code shows it: traces that are answered to whoever asked, and switches that show them."""

from __future__ import annotations

import re

from troth.judgement.guards import not_a_claim, source_lines
from troth.judgement.wording import several
from troth.terms.facts.tree import Tree
from troth.terms.promise import Statement
from troth.terms.verdict import Broken, How, Partly, Unknown, Verdict

_TRACES = re.compile(
    r"(?:\breturn\b|jsonify\(|JSONResponse\(|HTTPException\(|abort\(|make_response\(|Response\(|detail\s*=|send_json\().*traceback\.format_exc\("
    r"|\b(?:res|response|reply|ctx|c)\.(?:status\([^)]*\)\.)?(?:json|send|body|write|end|text)\s*[(=].*\b(?:e|ex|err|error|exception)\.stack\b"
    r"|(?:NextResponse|Response)\.json\(.*\b(?:e|err|error)\.stack\b"
)
_HOLDS = (b"format_exc", b".stack")
_SWITCHES = re.compile(r"^DEBUG\s*(?::\s*bool\s*)?=\s*True\b|\b(?:FastAPI|Starlette|Litestar|Quart)\([^)\n]*\bdebug\s*=\s*True\b|\bapp\.run\([^)\n]*\bdebug\s*=\s*True\b")
_SWITCHED = (b"DEBUG", b"debug")
_SETTINGS = re.compile(r"(?:^|/)settings(?:/(?:base|prod|production|__init__))?\.py\Z")
_OTHERWISE = re.compile(r"NODE_ENV|DEBUG\b|\bdebug\b|isDev|is_dev|development|verbose", re.IGNORECASE)
"""A condition on the line, or right above it, under which alone it counts."""
_ABOUT = re.compile(r"error|exception|trace|stack|debug|internal|detail", re.IGNORECASE)
_RUN = "a run that provokes errors and searches the answers"
_MEND = "Answer with a fixed sentence and an id, and log the trace under that id."


def verify(statement: Statement, tree: Tree) -> Verdict:
    """Broken where a trace is part of an answer whatever the settings, Partly where a shipped switch shows it; never Kept: what handlers answer takes a run."""
    other = not_a_claim(statement, "keep internals out of errors")
    if other is not None:
        return other
    if not _ABOUT.search(statement.text):
        return Unknown(_RUN, "The sentence does not say what errors hold.")
    traces = [tree.evidence(path, line, "The trace is part of the answer.") for path, line, _ in source_lines(tree, _TRACES, holds=_HOLDS) if not _conditional(tree, path, line)]
    if traces:
        return Broken(How.CONTRADICTED, tuple(traces[:8]), f"{several(len(traces), 'answer holds the trace', 'answers hold the trace')} of an error.", _MEND)
    switches = [tree.evidence(path, line, "It shows traces to whoever asks.") for path, line, match in source_lines(tree, _SWITCHES, ".py", holds=_SWITCHED) if _ships(path, match.group())]
    if switches:
        return Partly(How.CONTRADICTED, tuple(switches[:8]), f"{several(len(switches), 'switch that shows traces is on', 'switches that show traces are on')} as shipped.", "Let the environment switch it on, and default to off.")
    return Unknown(_RUN, "No answer with a trace was found; what handlers answer takes a run that provokes errors.")


def _conditional(tree: Tree, path: str, line: int) -> bool:
    lines = tree.lines(path)
    return any(_OTHERWISE.search(text) for text in lines[max(0, line - 3) : line])


def _ships(path: str, found: str) -> bool:
    """`DEBUG = True` counts in settings that are no development's; the other switches wherever production code stands."""
    return not found.startswith("DEBUG") or bool(_SETTINGS.search(path))
