"""Regular expressions that take exponential time."""

from __future__ import annotations

import re
from collections.abc import Iterator

from troth.engines.code.backtracking import explodes
from troth.engines.code.grown.ecma import EcmaFile
from troth.engines.code.grown.syntax import field as field_of
from troth.engines.code.grown.syntax import line_of, text_of
from troth.engines.code.rule import Context, Hit, Rule, Severity

__all__ = ["RULE"]

_SAYS = "A text of a few dozen letters can keep it busy for hours."
_LONGEST = 2000
_GROUP = re.compile(r"\(\?<(?![=!])")


def _check(file: EcmaFile, _: Context) -> Iterator[Hit]:
    for node, _scope in file.built.texts:
        body = field_of(node, "pattern") if node.type == "regex" else None
        if body is not None and _slow(text_of(body)):
            yield Hit(line_of(node), _SAYS)
    for call in file.named("RegExp"):
        for text in file.worth(call.argument(0), call.scope) or ():
            if isinstance(text, str) and _slow(text):
                yield Hit(call.line, _SAYS)


def _slow(pattern: str) -> bool:
    """Read as Python reads it: names of groups and escaped slashes are all that is written in another way; what it cannot read is left alone."""
    return len(pattern) <= _LONGEST and explodes(_GROUP.sub("(?P<", pattern).replace("\\/", "/").replace("[^]", "[\\s\\S]"))


RULE = Rule(
    id="js-regex-backtracking",
    title="A regular expression with catastrophic backtracking",
    why="One request keeps the only thread of the process busy.",
    mend="Take the repetition out of the repetition, or use an engine of linear time.",
    severity=Severity.MEDIUM,
    cwe=("CWE-1333",),
    owasp=("LLM10:2025",),
    atlas=("AML.T0029",),
    needs=((b")+", b")*", b"){"),),
    check=_check,
    language="ecma",
    bad=("const words = /^(\\w+\\s?)+$/;\n",),
    good=("const words = /^\\w+(?:\\s\\w+)*$/;\n",),
)
