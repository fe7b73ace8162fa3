"""Digests that can be forged, where something is checked by them."""

from __future__ import annotations

import re
from collections.abc import Iterator

from troth.engines.code.grown.rust import RustFile, function_of, name_of_function
from troth.engines.code.grown.syntax import Node, field, line_of, parents, text_of, walk
from troth.engines.code.rule import Context, Hit, Rule, Severity

__all__ = ["RULE"]

_CHECKS = re.compile(r"verif|checksum|integrity|validat|check_(?:hash|md5|sha|digest|file|model)|hash_password|password_hash", re.IGNORECASE)
_WEAK = ("Md5::new", "Md5::digest", "Sha1::new", "Sha1::digest", "md5::compute", "Md5::default", "Sha1::default", "md5::Context::new", "Sha1::from", "MessageDigest::md5", "MessageDigest::sha1")

_WRITTEN = re.compile(r"\b(?:(?:Md5|Sha1)::digest|md5::compute)\(")


def _check(file: RustFile, _: Context) -> Iterator[Hit]:
    for call in file.paths(*_WEAK):
        if _CHECKS.search(name_of_function(call.node)) or _compared(call.node):
            yield Hit(call.line, "Two files with the same digest can be made.")


    for node in file.nodes:  # what is handed to a macro is no tree of calls
        if node.type == "macro_invocation" and _WRITTEN.search(text_of(node)) and (_CHECKS.search(name_of_function(node)) or _compared(node)):
            yield Hit(line_of(node), "Two files with the same digest can be made.")


def _compared(node: Node) -> bool:
    for at in parents(node):
        if at.type == "binary_expression":
            return _is_test(at)
        if at.type == "let_declaration":
            name = field(at, "pattern")
            around = function_of(node)
            return name is not None and around is not None and any(_names(item, text_of(name).removeprefix("mut ")) for item in walk(around))
        if at.type in ("block", "function_item"):
            return False
    return False


def _is_test(node: Node) -> bool:
    operator = field(node, "operator")
    return operator is not None and operator.type in ("==", "!=")


def _names(node: Node, name: str) -> bool:
    """A comparison with the digest, or with what it is written as."""
    if node.type != "binary_expression" or not _is_test(node):
        return False
    return any(re.search(rf"\b{re.escape(name)}\b", text_of(side)) for side in (field(node, "left"), field(node, "right")) if side is not None)


RULE = Rule(
    id="rust-weak-hash",
    title="A forgeable digest checks something",
    why="MD5 and SHA-1 let an attacker make a second file with the same digest.",
    mend="Use sha2 or blake3.",
    severity=Severity.MEDIUM,
    cwe=("CWE-328", "CWE-327"),
    owasp=("LLM03:2025",),
    atlas=("AML.T0010.003",),
    needs=((b"Md5", b"md5", b"Sha1", b"sha1"),),
    check=_check,
    language="rust",
    bad=("fn verify(d: &[u8], e: &[u8]) -> bool { Md5::digest(d).as_slice() == e }\n",),
    good=("fn verify(d: &[u8], e: &[u8]) -> bool { Sha256::digest(d).as_slice() == e }\n", "fn etag(d: &[u8]) -> String { format!(\"{:x}\", md5::compute(d)) }\n"),
)
