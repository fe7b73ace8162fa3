"""What a model wrote, run as JavaScript."""

from __future__ import annotations

from collections.abc import Iterator

from troth.engines.code.grown.ecma import EcmaFile
from troth.engines.code.grown.ecma_flow import holds
from troth.engines.code.grown.ecma_runs import evaluated
from troth.engines.code.grown.ecma_sources import MODEL_WORDS, is_model_output
from troth.engines.code.rule import Context, Hit, Rule, Severity

__all__ = ["RULE"]


def _check(file: EcmaFile, _: Context) -> Iterator[Hit]:
    for call, code in evaluated(file):
        if holds(code, call.scope, file, is_model_output):
            yield Hit(call.line, "What the model answered is run as JavaScript.")


RULE = Rule(
    id="js-exec-model-output",
    title="The output of a model is run as JavaScript",
    why="A prompt injection becomes code in this process; the vm module is no wall.",
    mend="Parse the answer (JSON.parse), or run it in a process or isolate of its own.",
    severity=Severity.HIGH,
    cwe=("CWE-95",),
    owasp=("LLM05:2025",),
    atlas=("AML.T0051", "AML.T0053"),
    needs=((b"eval", b"Function", b"vm", b"setTimeout", b"setInterval"), MODEL_WORDS),
    check=_check,
    language="ecma",
    bad=("import { generateText } from 'ai';\nconst { text } = await generateText({});\neval(text);\n",),
    good=("import { generateText } from 'ai';\nconst { text } = await generateText({});\nJSON.parse(text);\n",),
)
