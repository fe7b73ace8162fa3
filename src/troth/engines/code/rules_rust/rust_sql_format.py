"""SQL that is put together with format!."""

from __future__ import annotations

import re
from collections.abc import Iterator

from troth.engines.code.grown.rust import RustFile, function_of
from troth.engines.code.grown.syntax import Node, text_of, unwrapped
from troth.engines.code.rule import Context, Hit, Rule, Severity

__all__ = ["RULE"]

_PATHS = ("sqlx::query", "sqlx::query_as", "sqlx::query_scalar", "sql_query", "diesel::sql_query", "query_as", "query_scalar")
_METHODS = ("execute", "query", "query_row", "query_map", "prepare", "execute_batch", "batch_execute", "query_one", "query_opt", "simple_query", "fetch_all", "query_raw")
_SQL = re.compile(r"(?is)\"\s*(?:select\b.+\bfrom\b|insert\s+into\b|update\b.+\bset\b|delete\s+from\b|drop\s+|alter\s+|with\s+\w+\s+as\b)")
_PARTS = re.compile(r"(?i)table|column|schema|field|where|clause|order|placeholder|index|idx|limit|offset|sql|suffix|prefix|cond|filter|join")
"""Names of what a statement is put together from without a value of anybody's in it."""

_PLACES = re.compile(r"\"[(\s]*(?:\?|\$\{|\$\d)[^\"\w]*\"|\"\$\{\w*\}\"")
_ROW = re.compile(r"\b(?:join|repeat|collect|intersperse|repeat_n)\b|vec!")
"""A row of placeholders: `vec!["?"; n].join(",")`, `(1..=n).map(|i| format!("${i}")).collect()`."""


def _check(file: RustFile, _: Context) -> Iterator[Hit]:
    for call in (*file.paths(*_PATHS), *file.methods(*_METHODS)):
        first = call.arguments[0] if call.arguments else None
        if first is None or not _SQL.search(_written(file, first)):
            continue
        given = [item for item in file.formatted(_bare(first)) if not _PARTS.search(item) and not _marks(file, item, first)]
        if given:
            yield Hit(call.line, "A value becomes part of the statement.")


def _marks(file: RustFile, item: str, near: Node) -> bool:
    """What is put in is a row of placeholders, to which values are bound afterwards."""
    name = item.rpartition("=")[2].strip().lstrip("&")
    values = [text_of(value) for value in file.bound.get(name, ()) if function_of(value) == function_of(near)]
    return bool(values) and all(_PLACES.search(value) and _ROW.search(value) for value in values)


def _bare(node: Node) -> Node:
    return unwrapped(node)


def _written(file: RustFile, node: Node) -> str:
    node = unwrapped(node)
    if node.type != "identifier":
        return text_of(node)
    here = function_of(node)
    return " ".join(text_of(value) for value in file.bound.get(text_of(node), ()) if function_of(value) in (None, here))


RULE = Rule(
    id="rust-sql-format",
    title="A value becomes part of a statement of SQL",
    why="A quote in the value ends it, and the rest is a statement of its own.",
    mend="Bind values ($1, ?1).",
    severity=Severity.HIGH,
    cwe=("CWE-89",),
    owasp=("LLM05:2025",),
    atlas=("AML.T0053",),
    needs=((b"format!",), (b"SELECT ", b"select ", b"INSERT ", b"insert into", b"UPDATE ", b"update ", b"DELETE ", b"delete from")),
    check=_check,
    language="rust",
    bad=("fn f(c: &Connection, n: &str) { c.execute(&format!(\"DELETE FROM t WHERE n = '{}'\", n), []); }\n",),
    good=("fn f(c: &Connection, n: &str) { c.execute(\"DELETE FROM t WHERE n = ?1\", [n]); }\n",),
)
