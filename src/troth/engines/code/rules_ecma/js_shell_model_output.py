"""What a model wrote, run as a command."""

from __future__ import annotations

from collections.abc import Iterator

from troth.engines.code.grown.ecma import EcmaFile
from troth.engines.code.grown.ecma_flow import holds
from troth.engines.code.grown.ecma_runs import commands
from troth.engines.code.grown.ecma_sources import MODEL_WORDS, is_model_output
from troth.engines.code.rule import Context, Hit, Rule, Severity

__all__ = ["RULE"]


def _check(file: EcmaFile, _: Context) -> Iterator[Hit]:
    for call, command, _shell in commands(file):
        if holds(command, call.scope, file, is_model_output):
            yield Hit(call.line, "What the model answered is run as a command.")


RULE = Rule(
    id="js-shell-model-output",
    title="The output of a model is run as a command",
    why="A prompt injection becomes a command with the rights of this process.",
    mend="Let the model choose from a fixed list, or run it in a container and ask a person first.",
    severity=Severity.HIGH,
    cwe=("CWE-78",),
    owasp=("LLM05:2025", "LLM06:2025"),
    atlas=("AML.T0051", "AML.T0053"),
    needs=((b"child_process", b"execa", b"shelljs", b"Deno.", b"Bun.", b"zx"), MODEL_WORDS),
    check=_check,
    language="ecma",
    bad=("import { generateText } from 'ai';\nimport { execSync } from 'child_process';\nexecSync((await generateText({})).text);\n",),
    good=("import { generateText } from 'ai';\nimport { execFileSync } from 'child_process';\nexecFileSync('git', ['commit', '-m', (await generateText({})).text]);\n",),
)
