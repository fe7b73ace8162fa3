"""eval and its like of what is not written in the file."""

from __future__ import annotations

from collections.abc import Iterator

from troth.engines.code.grown.ecma import EcmaFile
from troth.engines.code.grown.ecma_flow import holds
from troth.engines.code.grown.ecma_runs import evaluated
from troth.engines.code.grown.ecma_sources import is_model_output
from troth.engines.code.rule import Context, Hit, Rule, Severity

__all__ = ["RULE"]


def _check(file: EcmaFile, _: Context) -> Iterator[Hit]:
    for call, code in evaluated(file):
        timer = any(name.rpartition(".")[2] in ("setTimeout", "setInterval") for name in call.names)
        if not timer and file.worth(code, call.scope) is None and not holds(code, call.scope, file, is_model_output):
            yield Hit(call.line, "What is run is not written in this file.")


RULE = Rule(
    id="js-eval",
    title="eval of a value",
    why="Whoever decides the text decides what the process does.",
    mend="Parse what is expected, or look functions up in a table.",
    severity=Severity.MEDIUM,
    cwe=("CWE-95",),
    owasp=("LLM05:2025",),
    atlas=("AML.T0053",),
    needs=((b"eval(", b"Function(", b"runIn", b"vm.", b"compileFunction"),),
    check=_check,
    language="ecma",
    bad=("export function f(req, res) { return eval(req.body.formula); }\n",),
    good=("export function f() { return eval('1 + 1'); }\n",),
)
