"""Math.random for what nobody may guess."""

from __future__ import annotations

import re
from collections.abc import Iterator

from troth.engines.code.grown.ecma import EcmaFile, function_name
from troth.engines.code.grown.syntax import Node, parents, text_of
from troth.engines.code.grown.syntax import field as field_of
from troth.engines.code.rule import Context, Hit, Rule, Severity

__all__ = ["RULE"]

_SECRET = re.compile(r"(?i)token|secret|passw|passcode|otp\b|one_?time|nonce|csrf|api_?key|session_?(?:id|key)?\b|sessiontoken|reset_?code|verification_?code|auth_?code|invite_?code|salt\b|(?:secret|encryption|signing|access|private|license)_?key\Z|credential|pin_?code|magic_?link")
_NOT = re.compile(r"(?i)tokens?_?(?:count|limit|usage|per|speed|s\Z)|max_?tokens?|tokeniz|cache_?key|react_?key|storage_?key|keyword|list_?key|row_?key")


def _check(file: EcmaFile, _: Context) -> Iterator[Hit]:
    for call in file.named("Math.random"):
        names = [name for name in _around(call.node) if name]
        if any(_SECRET.search(name) and not _NOT.search(name) for name in names):
            yield Hit(call.line, "It can be guessed from a few of its results.")


def _around(node: Node) -> Iterator[str]:
    """What the value is for: the names of the variable, the property and the function around it."""
    for at in parents(node):
        if at.type in ("variable_declarator", "public_field_definition", "field_definition"):
            name = field_of(at, "name")
            yield text_of(name) if name is not None else ""
            break
        if at.type in ("pair", "assignment_expression"):
            name = field_of(at, "key") or field_of(at, "left")
            yield text_of(name).rpartition(".")[2] if name is not None else ""
            return  # a property among others: the function around it makes more than that
        if at.type in ("statement_block", "program"):
            break
    yield function_name(node)


RULE = Rule(
    id="js-weak-random",
    title="Math.random makes a secret",
    why="Its state can be worked out from a few results, and so every token that follows.",
    mend="Use crypto.randomUUID, crypto.randomBytes or crypto.getRandomValues.",
    severity=Severity.MEDIUM,
    cwe=("CWE-338",),
    owasp=(),
    atlas=(),
    needs=((b"Math.random",),),
    check=_check,
    language="ecma",
    bad=("const token = Math.random().toString(36);\n",),
    good=("const delay = Math.random() * 100;\n",),
)
