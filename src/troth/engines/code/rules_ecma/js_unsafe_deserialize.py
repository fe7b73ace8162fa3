"""Readers that make functions and objects of what they read."""

from __future__ import annotations

import re
from collections.abc import Iterator

from troth.engines.code.grown.ecma import EcmaFile
from troth.engines.code.grown.syntax import text_of
from troth.engines.code.rule import Context, Hit, Rule, Severity

__all__ = ["RULE"]

_SCHEMA = re.compile(r"DEFAULT_FULL_SCHEMA|UNSAFE_SCHEMA|js-yaml-js-types")
_READERS = ("node-serialize.unserialize", "serialize-to-js.deserialize", "funcster.deepDeserialize", "cryo.parse", "js-yaml.unsafeLoad", "serializr.evalDeserialize", "devalue.unsafeParse")


def _check(file: EcmaFile, _: Context) -> Iterator[Hit]:
    for _call in file.named(*_READERS):
        yield Hit(_call.line, "It runs functions that the text names.")
    for call in file.named("js-yaml.load", "js-yaml.loadAll", "yaml.load"):
        schema = file.options(call.argument(1), call.scope).get("schema")
        named = file.names(schema, call.scope) | {text_of(schema)} if schema is not None else frozenset()
        if any(_SCHEMA.search(name) for name in named):
            yield Hit(call.line, "The schema builds functions of what the document says.")


RULE = Rule(
    id="js-unsafe-deserialize",
    title="A reader that runs what it reads",
    why="A document can hold a function, which is called while it is read.",
    mend="Use JSON.parse, or js-yaml with its default schema (4 and later).",
    severity=Severity.HIGH,
    cwe=("CWE-502",),
    owasp=("LLM03:2025",),
    atlas=("AML.T0011",),
    needs=((b"node-serialize", b"serialize-to-js", b"funcster", b"cryo", b"js-yaml", b"devalue"),),
    check=_check,
    language="ecma",
    bad=("const yaml = require('js-yaml');\nyaml.load(text, { schema: yaml.DEFAULT_FULL_SCHEMA });\n",),
    good=("const yaml = require('js-yaml');\nyaml.load(text);\n",),
)
