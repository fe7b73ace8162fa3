"""What a project's documents tell people to do: commands and headings in Markdown outside the policy itself."""

from __future__ import annotations

import re
from collections.abc import Iterator

from troth.terms.facts.tree import Tree, is_foreign
from troth.terms.verdict import Evidence

__all__ = ["documents", "lines_that_say"]

_ASIDE = (".changeset/", "fixtures/", "testdata/")
_NAMES = ("changelog", "history", "news", "licen", "security", "code_of_conduct")


def documents(tree: Tree) -> Iterator[str]:
    """Paths of documents for people: Markdown and reStructuredText, without logs of changes and the policy."""
    for path in tree.paths("*.md", "*.mdx", "*.rst", "*.txt"):
        name = path.rsplit("/", 1)[-1].lower()
        prose = name.endswith((".md", ".mdx", ".rst"))
        hidden = any(part.startswith(".") for part in path.split("/")[:-1]) and not path.startswith(".github/")
        if hidden or is_foreign(path):
            continue
        if prose and not name.startswith(_NAMES) and not any(aside in path for aside in _ASIDE):
            yield path


def lines_that_say(
    tree: Tree, pattern: re.Pattern[str], says: str, *, in_code: bool | None = None, limit: int = 6
) -> tuple[Evidence, ...]:
    """Lines of documents that a pattern finds, as evidence.

    Args:
        tree: the tree.
        pattern: searched in each line.
        says: what such a line says.
        in_code: only inside fenced code (true), only outside (false), or both (None).
        limit: most lines.
    """
    found: list[Evidence] = []
    for path in documents(tree):
        fence = ""
        for at, line in enumerate(tree.lines(path)[:20_000], 1):
            mark = line.lstrip()[:3]
            if mark in ("```", "~~~") and (not fence or mark == fence):
                fence = "" if fence else mark
                continue
            if in_code is not None and in_code is not bool(fence):
                continue
            if pattern.search(line[:500]):
                found.append(tree.evidence(path, at, says))
                if len(found) == limit:
                    return tuple(found)
    return tuple(found)
