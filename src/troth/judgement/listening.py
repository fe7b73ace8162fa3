"""The address that a program listens on where nobody names one: what code gives its option, parameter or flag.

Python, TypeScript, JavaScript, Rust and Go. An address of somebody else (a data base, an upstream) is left out, and so is one that is put together from values.
"""

from __future__ import annotations

import re
from typing import Final

from troth.judgement.guards import source_lines
from troth.terms.facts.tree import Tree
from troth.terms.verdict import Evidence

__all__ = ["addresses", "everywhere"]

_ADDRESS: Final = r"[\"'`](?:tcp://|https?://)?(?P<{}>127\.0\.0\.1|localhost|\[?::1\]?|0\.0\.0\.0|\[::\]|::|(?=:\d))(?::\d{{2,5}})?[\"'`]"
_NAME: Final = r"(?<![A-Za-z])(?:[a-z]*_?)?(?:host|hostname|bind|bind_?(?:addr|address|host)|listen_?(?:addr|address|host)?|http_?addr|server_?(?:addr|host)|addr)"
_GIVEN: Final = re.compile(
    r"(?i:add_argument|[Oo]ption|\.option|click\.option|Flags?\(\)\.String\w*|flag\.String\w*|StringVar\w*)\([^#\n]*[\"'](?:-\w[\"'],?\s*[\"'])?-{0,2}(?i:(?:http|server|listen|bind)[-_]?)?(?i:host|bind|addr|address|listen)[\w-]*(?:\s*<[^>]*>)?[\"'][^#\n]*?" + _ADDRESS.format("option")
    + r"|(?i:" + _NAME + r")[\"']?\s*(?::\s*[\w\[\]<>| .]{1,30}?)?\s*=\s*(?:Field\(\s*(?:default\s*=\s*)?)?" + _ADDRESS.format("parameter")
    + r"|(?:getenv|environ\.get|env_?var|[gG]etEnv\w*)\(\s*[\"']\w*(?:HOST|BIND|ADDR|LISTEN)\w*[\"']\s*,\s*" + _ADDRESS.format("variable")
    + r"|process\.env(?:\.\w*(?:HOST|BIND|ADDR|LISTEN)\w*|\[[\"']\w*(?:HOST|BIND)\w*[\"']\])\s*(?:\?\?|\|\|)\s*" + _ADDRESS.format("script")
    + r"|(?i:host|bind|addr)\w*[^#\n]{0,40}default_value(?:_t)?\s*=\s*" + _ADDRESS.format("clap")
    + r"|default_value(?:_t)?\s*=\s*" + _ADDRESS.format("clapped")
    + r"|(?:ListenAndServe|net\.Listen\(\s*\"tcp\d?\",|TcpListener::bind|\.bind)\(?\s*" + _ADDRESS.format("opened")
)
_SPOTTED: Final = re.compile(r"127\.0\.0\.1|[\"'`/]localhost|0\.0\.0\.0|::1|[\"'`](?:::|\[::\]|:\d{2,5})[\"'`]")
"""What every such address holds: lines without are not looked at twice."""
_THEIRS: Final = re.compile(r"redis|postgres|mysql|mongo|database|\bdb[_.]|smtp|qdrant|ollama|upstream|proxy_pass|remote|client|target|\bpeer|kafka|elastic|neo4j|milvus|chroma|weaviate|rabbit|memcache|grafana|prometheus|otlp|jaeger|loki", re.IGNORECASE)
_CLOSED: Final = frozenset(("127.0.0.1", "localhost", "::1", "[::1]"))
_LOOKS: Final = re.compile(r"port_?(?:is_?)?(?:available|free|in_?use|open)|is_?port|find_?(?:free_?)?port|free_?port|probe|check_?port|wait_?for|preview|mock|health|metric|debug|inspect|prometheus|admin|telemetry|callback|oauth_?redirect", re.IGNORECASE)
"""Asks whether a port is free, stands in for something, or is a side door: it is not where the program serves."""
_BESIDE: Final = re.compile(r"(?:scripts?|install\w*|setup|hack|experiments?)/|(?:^|/)(?:vite|webpack|next|jest|vitest|playwright)\.config\.|(?:^|/)install\w*\.py\Z")
_BLOCK: Final = re.compile(r"^\s*(?:class|type|interface|struct|(?:pub )?struct|export (?:interface|type|class|const))\s+(\w+)|^\s*(?:async\s+)?(?:def|function|fn|func)\s+(\w+)|^\s*(\w+)\s*:\s*\{\s*$")
"""What a line belongs to."""
_EXTENSIONS: Final = (".py", ".ts", ".mts", ".js", ".mjs", ".cjs", ".rs", ".go")
_ASKS: Final = re.compile(r"[=!]=|\bin\s*[\[({]|\.includes\(|\.has\(|startswith|\bif\b")

_PUBLISHED: Final = re.compile(r"(?:127\.0\.0\.1|\[?::1\]?|localhost):")


def everywhere(port: str) -> bool:
    """Of a compose file's port: `8000:8000` and `0.0.0.0:8000:8000` are open; `8000` alone gets a port that nobody chose, and `127.0.0.1:...` stays here."""
    return ":" in port and not _PUBLISHED.match(port.strip("\"'"))


def addresses(tree: Tree) -> tuple[tuple[Evidence, ...], tuple[Evidence, ...]]:
    """Defaults of the address that the program listens on: those that stay on the machine, and those that are open to every interface."""
    closed: list[Evidence] = []
    open_: list[Evidence] = []
    for path, line, spotted in source_lines(tree, _SPOTTED, *_EXTENSIONS):
        text = spotted.string
        match = _GIVEN.search(text)
        if match is None or _THEIRS.search(text) or _THEIRS.search(path) or _LOOKS.search(text) or _LOOKS.search(path) or _BESIDE.match(path) or _BESIDE.search(path.rpartition("/")[2]) or _ASKS.search(text[: match.start()]):
            continue
        owner = _owner(tree, path, line)
        if _THEIRS.search(owner) or _LOOKS.search(owner):
            continue
        given = next(group for group in match.groups() if group is not None).lower()
        says = "Where no address is named, it stays on this machine." if given in _CLOSED else "Where no address is named, it is open to every interface."
        (closed if given in _CLOSED else open_).append(tree.evidence(path, line, says))
    return tuple(closed), tuple(open_)


def _owner(tree: Tree, path: str, line: int) -> str:
    """Name of the class, function or object that a line stands in; empty where none begins above it."""
    lines = tree.lines(path)
    for above in reversed(lines[max(line - 41, 0) : line - 1]):
        match = _BLOCK.match(above)
        if match is not None and len(above) - len(above.lstrip()) < max(len(lines[line - 1]) - len(lines[line - 1].lstrip()), 1):
            return next(group for group in match.groups() if group)
    return ""
