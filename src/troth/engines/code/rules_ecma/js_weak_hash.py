"""Digests that can be forged, where something is checked by them."""

from __future__ import annotations

import re
from collections.abc import Iterator

from troth.engines.code.grown.ecma import Call, EcmaFile, function_name
from troth.engines.code.grown.ecma_scopes import FUNCTIONS
from troth.engines.code.grown.syntax import Node, inside, parents, text_of, walk
from troth.engines.code.grown.syntax import field as field_of
from troth.engines.code.rule import Context, Hit, Rule, Severity

__all__ = ["RULE"]

_CHECKS = re.compile(r"verif|checksum|integrity|validat|trusted|check_?(?:hash|md5|sha|digest|file|model)|hash_?password|password_?hash|(?:^|_)sign(?:\Z|_)|signature|webhook|(?:^|_)h?mac\Z", re.IGNORECASE)
_WEAK = frozenset(("md5", "sha1", "sha-1", "md4", "RSA-MD5"))


def _check(file: EcmaFile, _: Context) -> Iterator[Hit]:
    for call in file.ending("createHash", "md5"):
        made = any(name.endswith("createHash") for name in call.names)
        weak = not _WEAK.isdisjoint(str(item).lower() for item in file.worth(call.argument(0), call.scope) or ()) if made else bool(call.names & {"md5", "blueimp-md5", "js-md5.md5", "crypto-js.MD5"})
        if weak and (_CHECKS.search(function_name(call.node)) or _compared(call)):
            yield Hit(call.line, "Two files with the same digest can be made.")


def _compared(call: Call) -> bool:
    """The digest, or the name that it is given, is compared with another."""
    name = ""
    for at in parents(call.node):
        if at.type == "binary_expression":
            operator = field_of(at, "operator")
            return operator is not None and operator.type in ("===", "!==", "==", "!=")
        if at.type == "variable_declarator":
            bound = field_of(at, "name")
            name = text_of(bound) if bound is not None else ""
            break
        if at.type not in ("member_expression", "call_expression", "await_expression", "parenthesized_expression"):
            break
    around = inside(call.node, *FUNCTIONS)
    return bool(name) and around is not None and any(_tests(item, name) for item in walk(around))


def _tests(node: Node, name: str) -> bool:
    if node.type == "binary_expression":
        operator = field_of(node, "operator")
        sides = [text_of(side) for side in (field_of(node, "left"), field_of(node, "right")) if side is not None]
        return operator is not None and operator.type in ("===", "!==", "==", "!=") and name in sides
    function, listed = (field_of(node, key) for key in ("function", "arguments")) if node.type == "call_expression" else (None, None)
    return function is not None and listed is not None and text_of(function).endswith("timingSafeEqual") and re.search(rf"\b{re.escape(name)}\b", text_of(listed)) is not None


RULE = Rule(
    id="js-weak-hash",
    title="A forgeable digest checks something",
    why="MD5 and SHA-1 let an attacker make a second file with the same digest.",
    mend="Use sha256.",
    severity=Severity.MEDIUM,
    cwe=("CWE-328", "CWE-327"),
    owasp=("LLM03:2025",),
    atlas=("AML.T0010.003",),
    needs=((b"md5", b"sha1", b"sha-1", b"MD5"),),
    check=_check,
    language="ecma",
    bad=("function verify(d, e) { return createHash('md5').update(d).digest('hex') === e; }\n",),
    good=("function verify(d, e) { return createHash('sha256').update(d).digest('hex') === e; }\n", "function key(d) { return createHash('md5').update(d).digest('hex'); }\n"),
)
