"""What a model wrote, run as SQL."""

from __future__ import annotations

from collections.abc import Iterator

from troth.engines.code.flow import MODEL_MODULES, MODEL_WORDS, holds, is_model_output
from troth.engines.code.module import Module
from troth.engines.code.rule import Context, Hit, Rule, Severity, matching

__all__ = ["RULE"]

_ENDS = (".execute", ".executemany", ".executescript", ".read_sql", ".read_sql_query")


def _check(module: Module, _: Context) -> Iterator[Hit]:
    for site in module.ending(*_ENDS):
        if holds(site.argument(0, "sql", "statement", "operation"), site.scope, module, is_model_output):
            yield Hit(site.line, "What the model answered is run as SQL.")


RULE = Rule(
    id="sql-model-output",
    title="The output of a model is run as SQL",
    why="A prompt injection reads or drops what the connection can reach.",
    mend="Bind values as parameters; run generated queries with a role that may read one view.",
    severity=Severity.HIGH,
    cwe=("CWE-89",),
    owasp=("LLM05:2025",),
    atlas=("AML.T0051", "AML.T0053"),
    needs=((b"execute", b"read_sql"), MODEL_WORDS),
    confirm=matching((rb"execute(?:many|script)?\s*\(", rb"read_sql")),
    modules=MODEL_MODULES,
    check=_check,
    bad=("import litellm\ndef f(db):\n    db.execute(litellm.completion(model='m').choices[0].message.content)\n",),
    good=("import litellm\ndef f(db):\n    db.execute('select ?', (litellm.completion(model='m'),))\n",),
)
