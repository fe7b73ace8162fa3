"""SQL that is put together from values, or that a model wrote."""

from __future__ import annotations

import re
from collections.abc import Iterator

from troth.engines.code.grown.ecma import EcmaFile
from troth.engines.code.grown.ecma_flow import holds
from troth.engines.code.grown.ecma_runs import substituted
from troth.engines.code.grown.ecma_scopes import Scope
from troth.engines.code.grown.ecma_sources import from_request, is_model_output
from troth.engines.code.grown.syntax import Node, text_of, unwrapped
from troth.engines.code.rule import Context, Hit, Rule, Severity

__all__ = ["RULE"]

_METHODS = frozenset((
    "query", "execute", "raw", "unsafe", "prepare", "exec", "all", "get", "run", "each", "$queryRawUnsafe", "$executeRawUnsafe", "queryRaw", "literal", "many", "one", "none", "any", "oneOrNone", "manyOrNone", "queryAsync",
))  # fmt: skip
_ALWAYS = frozenset(("query", "execute", "raw", "unsafe", "prepare", "$queryRawUnsafe", "$executeRawUnsafe", "queryAsync"))
"""Methods that take SQL and hardly anything else: what a model wrote is SQL there, whatever it holds."""
_SQL = re.compile(r"(?is)^[\s`\"'(]*(?:select\b.+\bfrom\b|insert\s+into\b|update\b.+\bset\b|delete\s+from\b|drop\s+|alter\s+|create\s+|with\s+\w+\s+as\b|replace\s+into\b)")
_MARKS = re.compile(r"placeholder|marks|params?\b|binds?\b|columns?\b|fields?\b|table|schema|where|clause|conditions|order|limit|offset|sql|index|idx|count|length|\bi\b", re.IGNORECASE)
"""Names of what SQL is put together from without a value of anybody's in it."""


def _check(file: EcmaFile, _: Context) -> Iterator[Hit]:
    for call in file.calls:
        method = {name.rpartition(".")[2] for name in call.names if "." in name}
        first = call.argument(0)
        if first is None or call.tagged or not method & _METHODS:
            continue
        if holds(first, call.scope, file, is_model_output) and (method & _ALWAYS) and not _put(first, call.scope, file):
            yield Hit(call.line, "What the model answered is run as SQL.")
            continue
        parts = _put(first, call.scope, file)
        if any(_of_others(part, scope, file) for part, scope in parts):
            yield Hit(call.line, "A value becomes part of the statement.")


def _put(node: Node, scope: Scope, file: EcmaFile) -> list[tuple[Node, Scope]]:
    """Values that are put into a text of SQL; empty where it is none."""
    text, parts = substituted(node, scope, file)
    return parts if _SQL.search(text) else []


def _of_others(node: Node, scope: Scope, file: EcmaFile) -> bool:
    """A value that a request, a model or a caller gave; a name that speaks of the statement's own parts is none."""
    if holds(node, scope, file, from_request) or holds(node, scope, file, is_model_output):
        return True
    if file.worth(node, scope) is not None:
        return False
    return not _MARKS.search(text_of(node)) and "migrations/" not in file.path and _parameter(node, scope)


def _parameter(node: Node, scope: Scope) -> bool:
    """A text that is a function's parameter, as it was handed in; one that is declared a number is none."""
    node = unwrapped(node)
    if node.type != "identifier":
        return False
    found = [item for item in scope.find(text_of(node)) if item.kind == "param" and item.node is not None]
    if not found or found[0].node is None:
        return False
    listed = found[0].node.child_by_field_name("parameters")
    declared = [text_of(item) for item in listed.named_children] if listed is not None else []
    return not any(re.match(rf"{re.escape(text_of(node))}\??\s*:\s*(?:number|bigint|boolean|Date)\b", item) for item in declared)


RULE = Rule(
    id="js-sql-injection",
    title="A value becomes part of a statement of SQL",
    why="A quote in the value ends it, and the rest is a statement of its own.",
    mend="Hand values over as parameters ($1, ?), or use a tagged template.",
    severity=Severity.HIGH,
    cwe=("CWE-89",),
    owasp=("LLM05:2025",),
    atlas=("AML.T0053",),
    needs=((b".query(", b".execute(", b".raw(", b"nsafe(", b".prepare(", b".exec(", b".all(", b".get(", b".run(", b".each(", b".literal(", b".many(", b".one(", b".none(", b".any("), (b"SELECT ", b"select ", b"INSERT ", b"insert into", b"UPDATE ", b"update ", b"DELETE ", b"delete from", b".query(", b".execute(")),
    check=_check,
    language="ecma",
    bad=("function f(db, req) { return db.query(`SELECT * FROM users WHERE name = '${req.query.name}'`); }\n",),
    good=("function f(db, req) { return db.query('SELECT * FROM users WHERE name = $1', [req.query.name]); }\n",),
)
