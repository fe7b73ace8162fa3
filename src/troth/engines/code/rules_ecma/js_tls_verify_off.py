"""TLS without verification."""

from __future__ import annotations

from collections.abc import Iterator

from troth.engines.code.grown.ecma import EcmaFile
from troth.engines.code.grown.ecma_scopes import string_of
from troth.engines.code.grown.syntax import Node, line_of, text_of
from troth.engines.code.grown.syntax import field as field_of
from troth.engines.code.rule import Context, Hit, Rule, Severity

__all__ = ["RULE"]

_VARIABLE = "NODE_TLS_REJECT_UNAUTHORIZED"
_OFF = frozenset(("0", 0.0, "false", False))
_KEYS = {"rejectUnauthorized": frozenset((False,)), "strictSSL": frozenset((False,)), "insecureSkipVerify": frozenset((True,)), "tlsAllowInvalidCertificates": frozenset((True,)), "tlsInsecure": frozenset((True,)), "sslValidate": frozenset((False,)), "insecureHTTPParser": frozenset()}


def _check(file: EcmaFile, _: Context) -> Iterator[Hit]:
    for key, value, scope in file.built.pairs:
        name = string_of(key) or text_of(key)
        if name in _KEYS and not _KEYS[name].isdisjoint(file.worth(value, scope) or ()):
            yield Hit(line_of(key), f"{name} switches verification off: whoever stands between reads and changes everything.")
        elif name == "checkServerIdentity" and _accepts(value):
            yield Hit(line_of(key), "The certificate of any host is accepted.")
        elif name == _VARIABLE and not _OFF.isdisjoint(file.worth(value, scope) or ()):
            yield Hit(line_of(key), "The program that is started accepts any certificate.")
    for target, value, scope in file.built.stores:
        name_node = field_of(target, "property") or field_of(target, "index")
        name = (string_of(name_node) or text_of(name_node)) if name_node is not None else ""
        worth = file.worth(value, scope) or frozenset()
        if name == _VARIABLE and not _OFF.isdisjoint(worth):
            yield Hit(line_of(target), "Every connection of the process accepts any certificate.")
        elif name == "rejectUnauthorized" and False in worth and worth <= {False}:
            yield Hit(line_of(target), "The connection accepts any certificate.")


def _accepts(node: Node) -> bool:
    """A function that finds nothing wrong with any certificate."""
    body = field_of(node, "body")
    if node.type != "arrow_function" or body is None:
        return False
    return text_of(body).replace(" ", "") in ("undefined", "null", "{}", "true", "(undefined)", "{returnundefined;}", "{returnnull;}", "{return;}", "void0")


RULE = Rule(
    id="js-tls-verify-off",
    title="TLS without verification",
    why="Whoever stands between reads and changes everything.",
    mend="Leave it on, and give the certificate of the own authority (ca).",
    severity=Severity.HIGH,
    cwe=("CWE-295",),
    owasp=("LLM03:2025", "LLM02:2025"),
    atlas=("AML.T0010",),
    needs=((b"rejectUnauthorized", b"NODE_TLS_REJECT", b"checkServerIdentity", b"strictSSL", b"insecureSkipVerify", b"tlsAllowInvalid", b"tlsInsecure", b"sslValidate"),),
    check=_check,
    language="ecma",
    bad=("new https.Agent({ rejectUnauthorized: false });\n", "process.env.NODE_TLS_REJECT_UNAUTHORIZED = '0';\n"),
    good=("new https.Agent({ rejectUnauthorized: true });\n",),
)
