"""Tools that run other tools: golangci-lint calls gosec where its configuration switches that on.

Source: https://golangci-lint.run/usage/configuration (both versions of the file: `linters.enable`, `linters.disable`, `enable-all`, `default: all`).
"""

from __future__ import annotations

import re

from troth.terms.facts.tools import ToolRun, ToolRuns
from troth.terms.facts.tree import Tree
from troth.terms.verdict import Evidence

__all__ = ["carried_by"]

_FILES = (".golangci.yml", ".golangci.yaml")
_LINTERS = frozenset(("gosec", "staticcheck", "govet", "errcheck", "ineffassign", "bodyclose", "gocritic", "revive", "noctx", "sqlclosecheck", "rowserrcheck", "unused"))
_KEY = re.compile(r"^(\s*)([\w-]+)\s*:\s*(.*)$")
_ITEM = re.compile(r"^\s*-\s*[\"']?([\w-]+)[\"']?\s*(?:#.*)?$")


def carried_by(tool: str, tools: ToolRuns, tree: Tree) -> tuple[tuple[ToolRun, ...], Evidence] | None:
    """Calls of the tool that runs the named one, and the line that switches it on; None where nothing does.

    Args:
        tool: canonical name.
        tools: all calls.
        tree: for the configuration.
    """
    runs = tools.of("golangci-lint")
    if tool not in _LINTERS or not runs:
        return None
    for path in tree.paths(*_FILES):
        at = _switched_on(tool, tree.lines(path))
        if at:
            return runs, tree.evidence(path, at, f"golangci-lint runs {tool}")
    return None


def _switched_on(tool: str, lines: tuple[str, ...]) -> int:
    """Line of `enable` that names the linter, or that switches all on without it standing under `disable`; 0 where it is off."""
    key, named, every, off = "", 0, 0, False
    for at, line in enumerate(lines[:3000], 1):
        match, item = _KEY.match(line), _ITEM.match(line)
        if match:
            key = match.group(2)
            flow = match.group(3)
            if key == "enable" and re.search(rf"(?<![\w-]){re.escape(tool)}(?![\w-])", flow):
                named = named or at
            if (key == "enable-all" and flow.startswith("true")) or (key == "default" and flow.startswith("all")):
                every = at
            off = off or (key == "disable" and re.search(rf"(?<![\w-]){re.escape(tool)}(?![\w-])", flow) is not None)
        elif item and item.group(1) == tool:
            named = named or (at if key == "enable" else 0)
            off = off or key == "disable"
    return 0 if off else named or every
