"""unsafe without a word why it is sound."""

from __future__ import annotations

import re
from collections.abc import Iterator

from troth.engines.code.grown.rust import RustFile
from troth.engines.code.grown.syntax import Node, line_of, text_of
from troth.engines.code.rule import Context, Hit, Rule, Severity

__all__ = ["RULE"]

_SAYS = re.compile(r"(?i)safety\b")
_COMMENT = re.compile(r"\s*(?://|/\*|\*|#!?\[)")
_ABOVE = 12
"""Lines of comments and attributes above that are read."""


def _check(file: RustFile, _: Context) -> Iterator[Hit]:
    lines = file.text.split("\n")
    for node in file.nodes:
        block = node.type == "unsafe_block"
        made = node.type == "impl_item" and text_of(node).lstrip().startswith("unsafe")
        if (block or made) and not _explained(node, lines):
            yield Hit(line_of(node), "Nothing says why this is sound.")


def _explained(node: Node, lines: list[str]) -> bool:
    """A comment with the word `SAFETY` on the line, right above the statement, or first in the block."""
    at = int(node.start_point[0])
    statement = node
    while statement.parent is not None and statement.parent.type not in ("block", "declaration_list", "source_file", "match_arm", "unsafe_block"):
        statement = statement.parent
    starts = {at, int(statement.start_point[0])}
    if any(_SAYS.search(line.partition("//")[2]) for line in lines[at : at + 1]):
        return True
    inner = next((child for child in node.named_children if child.type == "block"), None)
    first = next(iter(inner.named_children), None) if inner is not None else None
    if first is not None and "comment" in first.type and _SAYS.search(text_of(first)):
        return True
    return any(_above(lines, start) for start in starts)


def _above(lines: list[str], start: int) -> bool:
    for at in range(start - 1, max(-1, start - 1 - _ABOVE), -1):
        if not _COMMENT.match(lines[at]):
            return False
        if _SAYS.search(lines[at]):
            return True
    return False


RULE = Rule(
    id="rust-unsafe-unexplained",
    title="unsafe without a word why it is sound",
    why="What the compiler does not check, the next reader cannot check either.",
    mend="Write // SAFETY: above it, with what the caller or the type guarantees.",
    severity=Severity.LOW,
    cwe=("CWE-1188", "CWE-119"),
    owasp=(),
    atlas=(),
    needs=((b"unsafe",),),
    check=_check,
    language="rust",
    bad=("fn f(p: *const u8) -> u8 { unsafe { *p } }\n",),
    good=("fn f(p: *const u8) -> u8 {\n    // SAFETY: p is valid here.\n    unsafe { *p }\n}\n",),
)
