"""Commands put together from values and handed to a shell."""

from __future__ import annotations

from collections.abc import Iterator

from troth.engines.code.grown.ecma import EcmaFile
from troth.engines.code.grown.ecma_flow import holds
from troth.engines.code.grown.ecma_runs import commands, put_together
from troth.engines.code.grown.ecma_sources import from_request, is_model_output
from troth.engines.code.rule import Context, Hit, Rule, Severity

__all__ = ["RULE"]


def _check(file: EcmaFile, _: Context) -> Iterator[Hit]:
    for call, command, shell in commands(file):
        if not shell or file.worth(command, call.scope) is not None or holds(command, call.scope, file, is_model_output):
            continue
        if put_together(command, call.scope, file) or holds(command, call.scope, file, from_request):
            yield Hit(call.line, "A shell reads a command that is put together from values.")


RULE = Rule(
    id="js-shell-injection",
    title="A shell reads a command made of values",
    why="A value with ; or $( in it is a command of its own.",
    mend="Use execFile or spawn with a list of words and without a shell.",
    severity=Severity.MEDIUM,
    cwe=("CWE-78",),
    owasp=("LLM05:2025",),
    atlas=("AML.T0053",),
    needs=((b"child_process", b"execa", b"shelljs"),),
    check=_check,
    language="ecma",
    bad=("const { exec } = require('child_process');\nfunction f(name) { exec(`ls ${name}`); }\n",),
    good=("const { execFile } = require('child_process');\nfunction f(name) { execFile('ls', ['--', name]); }\n", "const { exec } = require('child_process');\nexec('ls');\n"),
)
