"""Servers that listen on every interface, or open a public tunnel."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from troth.engines.code.module import Module, Site
from troth.engines.code.rule import Context, Hit, Rule, Severity, matching

__all__ = ["RULE"]

_CONFIRM = matching((rb"0\.0\.0\.0", rb"::[\"'](?<=[\"']::.)", rb"share\s*=\s*True", rb"bind\(\([\"']{2}"))
_ALL = frozenset(("0.0.0.0", "::", ""))  # noqa: S104 - what the rule looks for
_KEYWORDS = ("host", "server_name", "bind", "listen_host", "hostname")
_SERVERS = ("http.server.HTTPServer", "http.server.ThreadingHTTPServer", "socketserver.TCPServer", "socketserver.ThreadingTCPServer", "xmlrpc.server.SimpleXMLRPCServer", "wsgiref.simple_server.make_server")


def _check(module: Module, _: Context) -> Iterator[Hit]:
    yield from _keywords(module)
    for site in module.calls("asyncio.start_server", "socket.create_server"):
        first = site.argument(1 if "asyncio.start_server" in site.names else 0)
        if _everywhere(module, site, first):
            yield Hit(site.line, "It listens on every interface.")
    for site in (*module.ending("socket.socket().bind"), *module.calls(*_SERVERS)):
        first = site.argument(0)
        host = first.elts[0] if isinstance(first, ast.Tuple) and first.elts else first
        if _everywhere(module, site, host):
            yield Hit(site.line, "It listens on every interface.")
    for site in module.ending(".launch"):
        if any(name.startswith("gradio") for name in site.names):
            for line in module.flagged(site, site.keywords.get("share"), lambda value: value is True):
                yield Hit(line, "A public tunnel leads to it.")


def _keywords(module: Module) -> Iterator[Hit]:
    for site in module.sites:
        for keyword in _KEYWORDS:
            for line in module.flagged(site, site.keywords.get(keyword), lambda value: value != "" and value in _ALL):
                yield Hit(line, "It listens on every interface.")


def _everywhere(module: Module, site: Site, node: ast.expr | None) -> bool:
    values = module.values(node, site.scope)
    return values is not None and any(value in _ALL for value in values)


RULE = Rule(
    id="bind-all",
    title="A server listens on every interface",
    why="What was meant for this machine is open to its whole network.",
    mend="Bind 127.0.0.1, and let the operator open it.",
    severity=Severity.LOW,
    cwe=("CWE-1327", "CWE-668"),
    owasp=(),
    atlas=("AML.T0049",),
    needs=((b"0.0.0.0", b"\"::\"", b"share=True", b".bind(("),),
    confirm=_CONFIRM,
    check=_check,
    bad=("import uvicorn\nuvicorn.run('a', host='0.0.0.0')\n",),
    good=("import uvicorn\nuvicorn.run('a', host='127.0.0.1')\n",),
)
