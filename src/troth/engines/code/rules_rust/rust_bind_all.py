"""Servers that listen on every interface."""

from __future__ import annotations

import re
from collections.abc import Iterator

from troth.engines.code.grown.rust import RustFile, function_of
from troth.engines.code.grown.syntax import Node, line_of, text_of, walk
from troth.engines.code.rule import Context, Hit, Rule, Severity

__all__ = ["RULE"]

_TEXT = re.compile(r'"(?:\w+://)?(?:0\.0\.0\.0|\[::\])(?::[^"]*)?"')
_ZEROS = re.compile(r"\[\s*0\s*,\s*0\s*,\s*0\s*,\s*0\s*\]|Ipv4Addr::UNSPECIFIED|Ipv6Addr::UNSPECIFIED|Ipv4Addr::new\(\s*0\s*,\s*0\s*,\s*0\s*,\s*0\s*\)")
_BINDS = ("bind", "bind_rustls", "bind_openssl", "serve", "run", "listen", "try_bind")
_MAKES = ("SocketAddr::from", "SocketAddr::new", "SocketAddrV4::new", "Server::bind", "TcpListener::bind", "UdpSocket::bind")
_OUTGOING = re.compile(r"UdpSocket::bind\(\s*\(?\"0\.0\.0\.0\"?:0\"|:0\"|UNSPECIFIED\s*\)?,\s*0\s*\)|,\s*0\s*\)")
"""Port 0 of a socket that only sends."""


def _check(file: RustFile, _: Context) -> Iterator[Hit]:
    for call in (*file.paths(*_MAKES), *file.methods(*_BINDS)):
        given = " ".join(text_of(item) for item in call.arguments)
        if (_TEXT.search(given) or _ZEROS.search(given)) and not _OUTGOING.search(_ZEROS.sub("UNSPECIFIED", text_of(call.node)[-len(given) - 30 :])):
            yield Hit(call.line, "It listens on every interface.")
    for node in file.nodes:
        if node.type in ("let_declaration", "const_item", "static_item") and _TEXT.search(text_of(node)) and _is_bound(node):
            yield Hit(line_of(node), "It listens on every interface.")


def _is_bound(node: Node) -> bool:
    """A name that is handed to a listener in the same function."""
    name = node.child_by_field_name("pattern") or node.child_by_field_name("name")
    around = function_of(node)
    if name is None or around is None or any(item.type in ("call_expression",) and re.search(r"(?:bind|SocketAddr::\w+)\s*\(", text_of(item)) for item in walk(node)):
        return False
    return re.search(rf"\b(?:bind|serve|listen)\w*\(\s*&?{re.escape(text_of(name))}\b", text_of(around)) is not None


RULE = Rule(
    id="rust-bind-all",
    title="A server listens on every interface",
    why="What was meant for this machine is open to its whole network.",
    mend="Bind 127.0.0.1, and let the operator open it.",
    severity=Severity.LOW,
    cwe=("CWE-1327", "CWE-668"),
    owasp=(),
    atlas=("AML.T0049",),
    needs=((b"0.0.0.0", b"[::]", b"UNSPECIFIED", b"0, 0, 0, 0", b"0,0,0,0"), (b"bind", b"SocketAddr", b"serve", b"listen", b".run(")),
    check=_check,
    language="rust",
    bad=("fn f() { std::net::TcpListener::bind(\"0.0.0.0:80\"); }\n",),
    good=("fn f() { std::net::TcpListener::bind(\"127.0.0.1:80\"); }\n",),
)
