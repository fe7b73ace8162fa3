"""What a model wrote, run as a command."""

from __future__ import annotations

from collections.abc import Iterator

from troth.engines.code.answers import MODEL_ADDRESSES, MODEL_MODULES, MODEL_WORDS, is_model_output
from troth.engines.code.commands import RUNS, command_of, programs_in, scripts_of
from troth.engines.code.flow import holds
from troth.engines.code.module import Module, Site
from troth.engines.code.offered import TOOL_MODULES, TOOL_WORDS
from troth.engines.code.rule import Context, Hit, Rule, Severity, matching
from troth.engines.code.written import path_key, written_to

__all__ = ["RULE"]

_SAYS = "What the model answered is run as a command."
_FILE = "A script is run that holds what the model answered."
_CONFIRM = matching((
    rb"subprocess\.(?:run|call|check_|Popen|getoutput|getstatus)", rb"import\s+subprocess", rb"from\s+subprocess", rb"os\.(?:system|popen|exec|spawn)", rb"import\s+system", rb"import[^\n]*\bpopen\b", rb"create_subprocess", rb"exec_command", rb"pexpect", rb"run_process", rb"invoke\.run\(", rb"fabric", rb"pty\.spawn", rb"from sh import", rb"sh\.Command",
))  # fmt: skip

_CALLS = (
    "os.system", "os.popen", "asyncio.create_subprocess_shell", "subprocess.getoutput", "subprocess.getstatusoutput", "os.execvp", "os.execv", "os.execlp", "os.execl", "os.execve",
    "os.spawnlp", "os.spawnvp", "os.spawnv", "os.posix_spawn", "pexpect.run", "pexpect.spawn", "pty.spawn", "invoke.run", "fabric.Connection().run", "sh.Command", "commands.getoutput",
)  # fmt: skip
_ENDS = ("paramiko.SSHClient().exec_command", "fabric.Connection().sudo", "asyncssh.connect().run", "pexpect.spawn().sendline")


def _check(module: Module, _: Context) -> Iterator[Hit]:
    for site in module.calls(*_CALLS, *_ENDS):
        given = [*site.arguments, *(site.keywords[name] for name in ("cmd", "command", "args") if name in site.keywords)]
        if any(holds(item, site.scope, module, is_model_output) for item in given):
            yield Hit(site.line, _SAYS)
        elif _script(module, site):
            yield Hit(site.line, _FILE)
    for site in module.calls(*RUNS):
        parts = list(programs_in(module, site))
        if module.likely(site.keywords.get("shell"), site.scope) == frozenset((True,)):
            parts = [(command, site.scope) for command in (command_of(site),) if command is not None]
        if any(holds(item, scope, module, is_model_output) for item, scope in parts):
            yield Hit(site.line, _SAYS)
        elif _script(module, site):
            yield Hit(site.line, _FILE)


def _script(module: Module, site: Site) -> bool:
    """A script is run that this file wrote, with what the model answered in it."""
    written = written_to(module.built)
    keys = (path_key(item, site.scope) for item in scripts_of(module, site)) if written else ()
    return any(holds(value, scope, module, is_model_output) for key in keys if key is not None for value, scope in written.get(key, ()))


RULE = Rule(
    id="shell-model-output",
    title="The output of a model is run as a command",
    why="A prompt injection becomes a command with the rights of this process.",
    mend="Let the model choose from a fixed list, or run the command in a sandbox after a person agreed.",
    severity=Severity.HIGH,
    cwe=("CWE-78",),
    owasp=("LLM05:2025", "LLM06:2025"),
    atlas=("AML.T0051", "AML.T0053"),
    needs=((b"os.system", b"popen", b"subprocess", b"import system", b"create_subprocess", b"os.exec", b"os.spawn", b"exec_command", b"pexpect", b"run_process", b"invoke", b"fabric", b"pty.spawn", b"sh.Command"), (*MODEL_WORDS, *TOOL_WORDS)),
    modules=MODEL_MODULES | TOOL_MODULES,
    instead=MODEL_ADDRESSES,
    confirm=_CONFIRM,
    check=_check,
    bad=("import os, litellm\nos.system(litellm.completion(model='m', messages=[]).choices[0].message.content)\n",),
    good=("import os, litellm\nlitellm.completion(model='m', messages=[])\nos.system('ls')\n",),
)
