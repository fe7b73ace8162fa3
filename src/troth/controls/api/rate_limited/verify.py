"""Judges whether an API is rate limited: is there a limiter at all where there is a server, and is it called."""

from __future__ import annotations

import re

from troth.judgement.guards import evidence_of, not_a_claim, prove, source_lines, split
from troth.terms.facts.programs import Programs
from troth.terms.facts.tree import Tree
from troth.terms.promise import Statement
from troth.terms.verdict import Broken, How, NotApplicable, Unknown, Verdict

_SERVES = re.compile(
    r"\b(?:FastAPI|Flask|Starlette|Sanic|Quart|FastMCP|Litestar)\(|\bexpress\(\)|\bfastify\(|new\s+(?:Hono|Elysia|Koa)\(|http\.createServer\(|uvicorn\.run\(|axum::Router|HttpServer::new|web\.Application\("
)
_SERVERS = (b"FastAPI", b"Flask", b"Starlette", b"Sanic", b"Quart", b"FastMCP", b"Litestar", b"express", b"fastify", b"Hono", b"Elysia", b"Koa", b"createServer", b"uvicorn", b"axum", b"HttpServer", b"Application")
"""Every match of `_SERVES` holds one."""
_LIMITS = re.compile(r"rate_?limit|throttl|slowapi|\blimiter\b|token_?bucket|leaky_?bucket|too_?many_?requests|\b429\b|governor", re.IGNORECASE)
_OTHER_LIMITS = re.compile(r"limit_req|rate_?limit|throttl|nginx.ingress.kubernetes.io/limit", re.IGNORECASE)
_LIMITER = re.compile(r"rate_?limit|throttl", re.IGNORECASE)
_MEND = "Put a limiter in front of every network entry."


def verify(statement: Statement, programs: Programs, tree: Tree) -> Verdict:
    """Broken where a server is shipped and nothing limits, or a limiter is never called; not applicable without a server; never Kept."""
    other = not_a_claim(statement, "limit rates")
    if other is not None:
        return other
    servers = [tree.evidence(path, line, "A server is made here.") for path, line, _ in source_lines(tree, _SERVES, holds=_SERVERS)]
    limits = next(iter(source_lines(tree, _LIMITS)), None)
    limiters = [unit for unit in programs.units if _LIMITER.search(unit.name)]
    called, idle = split(limiters, programs)
    if limiters and not called:
        return Broken(How.BYPASSED, evidence_of(idle, tree, "Nothing outside of tests calls it."), "The limiter is never called.", _MEND)
    if limits is None and not servers:
        if not programs.files or any(path.endswith((".go", ".java", ".rb", ".php", ".cs", ".kt", ".ex")) for path in tree.files):
            return Unknown("code in a language that is known here", "No server was found in the languages that are known here.")
        return NotApplicable("No server that is known here is made in the tree: there is no API to limit.")
    configured = any(_OTHER_LIMITS.search(tree.text(path) or "") for path in tree.paths("*.conf", "*.yml", "*.yaml", "*.toml", "*.json5", "*.tf") if tree.files[path].size < 200_000)
    if limits is None and not configured and not programs.unread:
        return Broken(How.ABSENT, tuple(servers[:6]), "A server is made, and nothing in the tree limits a rate.", _MEND)
    return prove("limits", "A limiter exists; whether each entry and each client meets it takes a run.", evidence_of(called, tree, "It limits.", 4))
