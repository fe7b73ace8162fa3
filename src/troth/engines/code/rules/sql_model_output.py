"""What a model wrote, run as SQL."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from troth.engines.code.answers import MODEL_ADDRESSES, MODEL_MODULES, MODEL_WORDS, is_model_output
from troth.engines.code.flow import holds
from troth.engines.code.module import Module, Site
from troth.engines.code.offered import TOOL_MODULES, TOOL_WORDS
from troth.engines.code.rule import Context, Hit, Rule, Severity, matching

__all__ = ["RULE"]

_ENDS = (
    ".execute", ".executemany", ".executescript", ".read_sql", ".read_sql_query", ".execute_query", ".execute_sql", ".fetch_all", ".fetch_one", ".fetchrow", ".fetchval", ".exec_driver_sql", ".raw", ".sql",
    "sqlmodel.Session().exec", "langchain_community.utilities.SQLDatabase.from_uri().run", "langchain.utilities.SQLDatabase.from_uri().run", "langchain_community.utilities.SQLDatabase().run",
    "duckdb.query", "duckdb.connect().query", "google.cloud.bigquery.Client().query", "neo4j.GraphDatabase.driver().session().run", "clickhouse_connect.get_client().query",
    "langchain_community.graphs.Neo4jGraph().query", "asyncpg.connect().fetch", "asyncpg.create_pool().fetch", ".scalars", "pandasql.sqldf", "polars.sql",
)  # fmt: skip


_INTERPRETERS = re.compile(r"(?i)interpreter|(?:^|_)repl\Z|sandbox|kernel|code_?(?:runner|executor)|(?:^|_)shell\Z")


def _check(module: Module, _: Context) -> Iterator[Hit]:
    for site in module.ending(*_ENDS):
        if not _runs_code(site) and holds(site.argument(0, "sql", "statement", "operation", "query", "command"), site.scope, module, is_model_output):
            yield Hit(site.line, "What the model answered is run as SQL.")


def _runs_code(site: Site) -> bool:
    """What is called is an interpreter or a sandbox by its name: it executes code, and no database is behind it."""
    owner = site.node.func.value if isinstance(site.node.func, ast.Attribute) else None
    name = owner.attr if isinstance(owner, ast.Attribute) else owner.id if isinstance(owner, ast.Name) else ""
    return bool(_INTERPRETERS.search(name))


RULE = Rule(
    id="sql-model-output",
    title="The output of a model is run as SQL",
    why="A prompt injection reads or drops what the connection can reach.",
    mend="Bind values as parameters; run generated queries with a role that may read one view.",
    severity=Severity.HIGH,
    cwe=("CWE-89",),
    owasp=("LLM05:2025",),
    atlas=("AML.T0051", "AML.T0053"),
    needs=((b"execute", b"read_sql", b".fetch(", b"fetchrow(", b"fetchval(", b"fetch_all(", b"fetch_one(", b"SQLDatabase", b"duckdb", b"bigquery", b"neo4j", b"clickhouse", b"sqldf", b".raw(", b".sql(", b"sqlmodel", b"exec_driver_sql", b"Neo4jGraph", b".scalars("), (*MODEL_WORDS, *TOOL_WORDS)),
    confirm=matching((rb"execute(?:many|script|_query|_sql)?\s*\(", rb"read_sql", rb"fetch(?:row|val|_all|_one)?\(", rb"raw\(", rb"sql\(", rb"scalars\(", rb"SQLDatabase", rb"duckdb", rb"bigquery", rb"neo4j", rb"clickhouse", rb"sqlmodel", rb"exec_driver_sql", rb"Neo4jGraph", rb"sqldf")),
    modules=MODEL_MODULES | TOOL_MODULES,
    instead=MODEL_ADDRESSES,
    check=_check,
    bad=("import litellm\ndef f(db):\n    db.execute(litellm.completion(model='m').choices[0].message.content)\n",),
    good=("import litellm\ndef f(db):\n    db.execute('select ?', (litellm.completion(model='m'),))\n",),
)
