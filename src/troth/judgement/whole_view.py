"""Whether all production code of a tree is in a language that is read here: what is absent or wrong nowhere is said of nothing else."""

from __future__ import annotations

import re
from typing import Final

from troth.judgement.guards import unread
from troth.terms.facts.tree import Tree, is_foreign

__all__ = ["elsewhere", "told_numbers"]

_OTHER: Final = re.compile(r"\.(?:go|java|kt|kts|scala|c|cc|cpp|cxx|h|hpp|cs|rb|php|swift|m|mm|ex|exs|erl|hs|clj|dart|lua|pl|pm|r|jl|zig|vue|svelte|astro|sol|ipynb)\Z", re.IGNORECASE)
_ASIDE: Final = re.compile(r"(?:^|/)(?:tests?|__tests__|spec|examples?|docs?|bench\w*|fixtures?|scripts?|tools?|\.github|\.devcontainer|website|site|www|landing|homebrew|formula|notebooks?|clients?|sdks?)/", re.IGNORECASE)
_NUMBER: Final = re.compile(r"\b(\d{1,3}(?:[,_ ]\d{3})+|\d+)\s*(k\b)?", re.IGNORECASE)


def elsewhere(tree: Tree) -> str:
    """A file of production code that cannot be read here: another language, too large, or not text; empty where there is none."""
    for path, file in tree.files.items():
        if _OTHER.search(path) and file.size > 0 and not _ASIDE.search(path) and not is_foreign(path):
            return path
    return next(iter(unread(tree)), "")


def told_numbers(text: str) -> tuple[int, ...]:
    """Numbers of a sentence: `600,000` and `600k` are 600000."""
    return tuple(int(re.sub(r"[,_ ]", "", match.group(1))) * (1000 if match.group(2) else 1) for match in _NUMBER.finditer(text))
