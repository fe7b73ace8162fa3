"""Lines that name a tool in workflows which the forge never runs, or refuses as a whole.

Their calls cannot always be read (a file that is no YAML has none), and still a reader who looks for the tool finds it there first: that is the
place to name where the promise is found broken.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from troth.terms.facts.tools import ToolRuns
from troth.terms.facts.tree import Tree
from troth.terms.facts.workflows import Workflows
from troth.terms.verdict import Evidence

__all__ = ["dead_mentions"]

_COMMENT = re.compile(r"^\s*(?:#|-?\s*name:)")
"""A comment, or a step's title: it calls nothing."""
_MOST = 4


def dead_mentions(tool: str | None, tools: ToolRuns, workflows: Workflows, tree: Tree) -> tuple[Evidence, ...]:
    """The line of each dead workflow on which the tool stands: where it is called rather than installed, if both are there.

    Args:
        tool: canonical name; none where a kind of tool is meant.
        tools: for the spellings of the name.
        workflows: whose inactive and invalid files are read.
        tree: for their text.
    """
    spellings = [name for name, canonical in tools.known.items() if tool is not None and canonical == tool and len(name) > 2]
    if not spellings:
        return ()
    words = "|".join(re.escape(name).replace(r"\ ", r"[\s-]+").replace(r"\-", r"[\s-]+") for name in sorted(spellings, key=lambda name: (-len(name), name)))
    pattern = re.compile(rf"(?<![\w-])(?:{words})(?![\w-])", re.IGNORECASE)
    found: list[Evidence] = []
    for path, says in _dead(workflows):
        lines = [
            at for at, line in enumerate(tree.lines(path)[:3000], 1) if pattern.search(line[:400]) and not _COMMENT.match(line)
        ]
        called = [at for at in lines if not re.search(r"\binstall\b|\bcomponents?:", tree.lines(path)[at - 1])]
        found.extend(tree.evidence(path, at, says) for at in (called or lines)[:1])
    return tuple(found[:_MOST])


def _dead(workflows: Workflows) -> Iterator[tuple[str, str]]:
    for item in workflows.inactive:
        yield item.path, item.says
    for workflow in workflows.workflows:
        if not workflow.valid:
            yield workflow.path, f"the forge refuses {workflow.path} as a whole: {workflow.problems[0].says}"
