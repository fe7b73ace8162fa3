"""What a model wrote, run as a command."""

from __future__ import annotations

from collections.abc import Iterator

from troth.engines.code.flow import MODEL_MODULES, MODEL_WORDS, holds, is_model_output
from troth.engines.code.module import Module
from troth.engines.code.rule import Context, Hit, Rule, Severity, matching

__all__ = ["RULE"]

_CONFIRM = matching((
    rb"(?m)^[^#\n]*\bsubprocess\b", rb"os\.(?:system|popen|exec|spawn)", rb"import\s+system", rb"import[^\n]*\bpopen\b", rb"create_subprocess",
))  # fmt: skip

_CALLS = (
    "os.system", "os.popen", "asyncio.create_subprocess_shell", "asyncio.create_subprocess_exec", "subprocess.getoutput", "subprocess.run",
    "subprocess.call", "subprocess.check_call", "subprocess.check_output", "subprocess.Popen", "os.execvp", "os.spawnlp",
)  # fmt: skip


def _check(module: Module, _: Context) -> Iterator[Hit]:
    for site in module.calls(*_CALLS):
        if any(holds(item, site.scope, module, is_model_output) for item in site.arguments):
            yield Hit(site.line, "What the model answered is run as a command.")


RULE = Rule(
    id="shell-model-output",
    title="The output of a model is run as a command",
    why="A prompt injection becomes a command with the rights of this process.",
    mend="Let the model choose from a fixed list, or run the command in a sandbox after a person agreed.",
    severity=Severity.HIGH,
    cwe=("CWE-78",),
    owasp=("LLM05:2025", "LLM06:2025"),
    atlas=("AML.T0051", "AML.T0053"),
    needs=((b"os.system", b"popen", b"subprocess", b"import system", b"create_subprocess", b"os.exec", b"os.spawn"), MODEL_WORDS),
    modules=MODEL_MODULES,
    confirm=_CONFIRM,
    check=_check,
    bad=("import os, litellm\nos.system(litellm.completion(model='m', messages=[]).choices[0].message.content)\n",),
    good=("import os, litellm\nlitellm.completion(model='m', messages=[])\nos.system('ls')\n",),
)
