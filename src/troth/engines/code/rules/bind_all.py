"""Servers that listen on every interface, or open a public tunnel."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from troth.engines.code.module import Module, Site
from troth.engines.code.rule import Context, Hit, Rule, Severity, matching

__all__ = ["RULE"]

_CONFIRM = matching((rb"0\.0\.0\.0", rb"tcp://\*", rb"\[::\]", rb"::[\"'](?<=[\"']::.)", rb"share\s*=\s*True", rb"bind\(\([\"']{2}"))
_ALL = frozenset(("0.0.0.0", "::", ""))  # noqa: S104 - what the rule looks for
_WITH_PORT = re.compile(r"(?:tcp://)?(?:0\.0\.0\.0|\[::\]|\*):")
_OPTION = re.compile(r"--?(?:[\w-]*host(?:name)?|bind|listen|server[-_]?(?:name|address)|address|ip)\Z")
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
        probe = isinstance(first, ast.Tuple) and len(first.elts) > 1 and module.values(first.elts[1], site.scope) == frozenset((0,))
        if _everywhere(module, site, host) and not probe:
            yield Hit(site.line, "It listens on every interface.")
    for site in module.ending(".run"):
        if any(name in ("flask.Flask().run", "quart.Quart().run", "socketio.SocketIO().run") for name in site.names) and _everywhere(module, site, site.argument(0)):
            yield Hit(site.line, "It listens on every interface.")
    yield from _addresses(module)
    for site in module.ending(".launch"):
        if any(name.startswith("gradio") for name in site.names):
            for line in module.flagged(site, site.keywords.get("share"), lambda value: value is True):
                yield Hit(line, "A public tunnel leads to it.")


def _keywords(module: Module) -> Iterator[Hit]:
    for site in module.sites:
        for keyword in _KEYWORDS:
            for line in module.flagged(site, site.keywords.get(keyword), lambda value: value != "" and value in _ALL):
                yield Hit(line, "It listens on every interface.")


def _addresses(module: Module) -> Iterator[Hit]:
    """Servers that are given a host and a port in one string, and hosts that are a default of an option or of the environment."""
    for site in (*module.ending(".add_insecure_port", ".add_secure_port"), *module.ending(".bind")):
        values = module.values(site.argument(0, "address", "addr"), site.scope)
        if values is not None and any(isinstance(value, str) and _WITH_PORT.match(value) for value in values):
            yield Hit(site.line, "It listens on every interface.")
    for site in module.ending(".add_argument", "click.option", "typer.Option", ".option"):
        names = [value for item in site.arguments for value in module.values(item, site.scope) or ()]
        about = any(isinstance(value, str) and _OPTION.match(value) for value in names)
        if about and _everywhere(module, site, site.keywords.get("default")) and module.values(site.keywords.get("default"), site.scope) != frozenset(("",)):
            yield Hit(site.line, "Unless told otherwise it listens on every interface.")
    for site in module.sites:
        for keyword in _KEYWORDS:
            given = site.keywords.get(keyword)
            if isinstance(given, ast.Call) and module.names(given.func, site.scope) & {"os.getenv", "os.environ.get"} and _everywhere(module, site, given.args[-1] if given.args else None):
                yield Hit(site.line, "Unless told otherwise it listens on every interface.")


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
    needs=((b"0.0.0.0", b"tcp://*", b"[::]", b"\"::\"", b"share=True", b".bind(("),),
    confirm=_CONFIRM,
    check=_check,
    bad=("import uvicorn\nuvicorn.run('a', host='0.0.0.0')\n",),
    good=("import uvicorn\nuvicorn.run('a', host='127.0.0.1')\n",),
)
