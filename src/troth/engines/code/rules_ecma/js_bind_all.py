"""Servers that listen on every interface."""

from __future__ import annotations

from collections.abc import Iterator

from troth.engines.code.grown.ecma import Call, EcmaFile
from troth.engines.code.grown.syntax import line_of
from troth.engines.code.rule import Context, Hit, Rule, Severity

__all__ = ["RULE"]

_ALL = frozenset(("0.0.0.0", "::"))  # noqa: S104 - what the rule looks for
_STARTS = ("listen", "serve", "createServer", "start", "startServer", "run", "startStandaloneServer", "WebSocketServer", "Server", "bind", "httpServer")
_KEYS = ("host", "hostname", "bindAddress", "address", "listenHost")


def _check(file: EcmaFile, _: Context) -> Iterator[Hit]:
    for call in file.calls:
        if any(name.removesuffix("()").rpartition(".")[2] in _STARTS for name in call.names) and _everywhere(file, call):
            yield Hit(call.line, "It listens on every interface.")
    for key, value, scope in file.built.pairs:  # configurations: server: { host: '0.0.0.0' }
        holder = key.parent.parent.parent if key.parent is not None and key.parent.parent is not None else None
        named = holder.child_by_field_name("key") if holder is not None and holder.type == "pair" else None
        if key.text in (b"host", b"hostname") and named is not None and named.text in (b"server", b"preview", b"devServer") and not _ALL.isdisjoint(file.worth(value, scope) or ()):
            yield Hit(line_of(key), "It listens on every interface.")


def _everywhere(file: EcmaFile, call: Call) -> bool:
    given = list(call.arguments)
    for argument in call.arguments:
        options = file.options(argument, call.scope)
        given += [options[key] for key in _KEYS if key in options]
    return any(not _ALL.isdisjoint(file.worth(item, call.scope) or ()) for item in given)


RULE = Rule(
    id="js-bind-all",
    title="A server listens on every interface",
    why="What was meant for this machine is open to its whole network.",
    mend="Bind 127.0.0.1, and let the operator open it.",
    severity=Severity.LOW,
    cwe=("CWE-1327", "CWE-668"),
    owasp=(),
    atlas=("AML.T0049",),
    needs=((b"0.0.0.0", b"'::'", b"\"::\""),),
    check=_check,
    language="ecma",
    bad=("app.listen(3000, '0.0.0.0');\n",),
    good=("app.listen(3000, '127.0.0.1');\n", "const banned = ['0.0.0.0'];\n"),
)
