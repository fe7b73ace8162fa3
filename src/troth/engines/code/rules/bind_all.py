"""Servers that listen on every interface, or open a public tunnel."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from troth.engines.code.commands import RUNS
from troth.engines.code.module import Module, Site
from troth.engines.code.rule import Context, Hit, Rule, Severity, matching

__all__ = ["RULE"]

_CONFIRM = matching((rb"0\.0\.0\.0", rb"tcp://\*", rb"\[::\]", rb"::[\"'](?<=[\"']::.)", rb"share\s*=\s*True", rb"bind\(\([\"']{2}"))
_ALL = frozenset(("0.0.0.0", "::", ""))  # noqa: S104 - what the rule looks for
_WITH_PORT = re.compile(r"(?:tcp://)?(?:0\.0\.0\.0|\[::\]|\*):")
_OPTION = re.compile(r"--?(?:[\w-]*host(?:name)?|bind|listen|server[-_]?(?:name|address)|address|ip)\Z")
_KEYWORDS = ("host", "server_name", "bind", "listen_host", "hostname", "dashboard_host", "http_host", "bind_address", "listen_address", "server_host")
_AMBIGUOUS = ("address", "listen", "ip", "interface")
"""Keywords that mean where to listen only in a call that starts a server."""
_STARTS = re.compile(r"(?:listen|serve|run|start|launch|server|init|make_server|site|app)\Z", re.IGNORECASE)
_FIELDS = ("host", "server_name", "bind", "listen_host", "dashboard_host", "http_host", "bind_address", "bind_host", "listen_address", "server_host", "api_host", "HOST", "BIND", "SERVER_HOST", "API_HOST", "SERVER_NAME")
"""Fields of a class that hold where to listen."""
_ANY = _ALL - {""}
_FIRST = ("socket.create_server", "waitress.serve", "bottle.run", "eventlet.listen")
_SECOND = ("asyncio.start_server", "aiohttp.web.TCPSite", "websockets.serve", "websockets.asyncio.server.serve", "websockets.sync.server.serve", "asyncio.get_event_loop().create_server", "asyncio.get_running_loop().create_server", "uvloop.new_event_loop().create_server")
_VARIABLES = frozenset(("GRADIO_SERVER_NAME", "OLLAMA_HOST", "STREAMLIT_SERVER_ADDRESS", "UVICORN_HOST", "FLASK_RUN_HOST", "HOST", "BIND", "MLFLOW_HOST"))
_COMMAND = re.compile(r"(?:--?(?:host|bind|listen|ip|(?:server[-_.])?(?:address|name|host)|http-host|b|H|dashboard-host|api-host)|-b|-H)[ =]+(?:0\.0\.0\.0|\[?::\]?)(?::\d+)?(?:\s|\Z)")
_SERVERS = ("gevent.pywsgi.WSGIServer", "socketserver.UDPServer", "socketserver.ForkingTCPServer", "http.server.test", "http.server.HTTPServer", "http.server.ThreadingHTTPServer", "socketserver.TCPServer", "socketserver.ThreadingTCPServer", "xmlrpc.server.SimpleXMLRPCServer", "wsgiref.simple_server.make_server")


def _check(module: Module, _: Context) -> Iterator[Hit]:
    yield from _keywords(module)
    for site in module.calls(*_FIRST, *_SECOND):
        first = site.argument(1 if site.names & set(_SECOND) else 0)
        first = first.elts[0] if isinstance(first, ast.Tuple) and first.elts else first
        if _everywhere(module, site, first):
            yield Hit(site.line, "It listens on every interface.")
    for site in (*module.ending("socket.socket().bind"), *module.calls(*_SERVERS)):
        first = site.argument(0, "server_address")
        host = first.elts[0] if isinstance(first, ast.Tuple) and first.elts else first
        probe = isinstance(first, ast.Tuple) and len(first.elts) > 1 and module.values(first.elts[1], site.scope) == frozenset((0,))
        if _everywhere(module, site, host) and not probe:
            yield Hit(site.line, "It listens on every interface.")
    for site in module.ending(".run"):
        if any(name in ("flask.Flask().run", "quart.Quart().run", "socketio.SocketIO().run") for name in site.names) and _everywhere(module, site, site.argument(0)):
            yield Hit(site.line, "It listens on every interface.")
    yield from _addresses(module)
    yield from _settings(module)
    yield from _fields(module)
    for site in module.ending(".launch"):
        if any(name.startswith("gradio") for name in site.names):
            for line in module.flagged(site, site.keywords.get("share"), lambda value: value is True):
                yield Hit(line, "A public tunnel leads to it.")


def _settings(module: Module) -> Iterator[Hit]:
    """Hosts in the environment, in a server's configuration, and in the command line of a server that is started."""
    for target, value, scope in module.built.stores:
        key = target.slice.value if isinstance(target, ast.Subscript) and isinstance(target.slice, ast.Constant) else None
        values = module.values(value, scope) or frozenset()
        if isinstance(target, ast.Subscript) and key in _VARIABLES and "os.environ" in module.names(target.value, scope):
            if any(isinstance(item, str) and (item in _ALL - {""} or item.startswith("0.0.0.0:")) for item in values):
                yield Hit(target.lineno, "It listens on every interface.")
        elif isinstance(target, ast.Attribute) and target.attr in ("bind", "host", "ip", "server_name") and not (isinstance(target.value, ast.Name) and target.value.id in ("self", "cls")):
            listed = [item.value for item in value.elts if isinstance(item, ast.Constant)] if isinstance(value, ast.List) else list(values)
            if any(isinstance(item, str) and (item in _ALL - {""} or _WITH_PORT.match(item)) for item in listed):
                yield Hit(target.lineno, "It listens on every interface.")
    for site in module.calls(*RUNS, "os.system", "os.popen"):
        parts = site.arguments if "asyncio.create_subprocess_exec" in site.names else site.arguments[:1]
        written = " ".join(item.value for part in parts for item in ast.walk(part) if isinstance(item, ast.Constant) and isinstance(item.value, str))
        if _COMMAND.search(written):
            yield Hit(site.line, "The server that it starts listens on every interface.")


def _fields(module: Module) -> Iterator[Hit]:
    """Hosts that are a field of a class of settings."""
    for table in module.built.fields.values():
        for name in _FIELDS:
            for default, where in table.get(name, ()):
                first = default.args[0] if isinstance(default, ast.Call) and isinstance(default.func, ast.Name) and default.func.id == "Field" and default.args else default
                if where.kind == "class" and not _ANY.isdisjoint(module.likely(first, where) or ()):
                    yield Hit(default.lineno, "Unless told otherwise it listens on every interface.")


def _keywords(module: Module) -> Iterator[Hit]:
    for site in module.sites:
        starts = any(_STARTS.search(name.removesuffix("()")) for name in site.names)
        for keyword in (*_KEYWORDS, *_AMBIGUOUS) if starts else _KEYWORDS:
            for line in module.flagged(site, site.keywords.get(keyword), lambda value: value != "" and (value in _ALL or (isinstance(value, str) and bool(_WITH_PORT.match(value))))):
                yield Hit(line, "It listens on every interface.")
        for name, given in site.keywords.items():  # options in a table of their own: http_options={"host": ...}
            table = module.table(given, site.scope) if isinstance(given, (ast.Dict, ast.Name)) and (starts or name.endswith(("options", "config", "kwargs"))) else None
            for keyword in _KEYWORDS if table else ():
                if _everywhere(module, site, (table or {}).get(keyword)) and module.values((table or {}).get(keyword), site.scope) != frozenset(("",)):
                    yield Hit(site.line, "It listens on every interface.")


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


def _everywhere(module: Module, site: Site, node: ast.expr | None) -> bool:
    values = module.likely(node, site.scope)
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
