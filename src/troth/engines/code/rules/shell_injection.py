"""Commands put together from values and handed to a shell."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from troth.engines.code.answers import is_answer, told_of
from troth.engines.code.commands import RUNS, shell_words
from troth.engines.code.flow import holds
from troth.engines.code.guards import guarded
from troth.engines.code.module import Module, Site
from troth.engines.code.rule import Context, Hit, Rule, Severity, matching

__all__ = ["RULE"]

_CONFIRM = matching((
    rb"shell[\"']?\]?\s*[=:]\s*(?!False)", rb"system(?<!\wsystem)(?<!platform\.system)\s*\(", rb"system(?<=\.system)\b(?!\()", rb"import[^\n]*\bsystem\b", rb"[\"']system[\"']\s*\)", rb"popen\b", rb"getoutput", rb"getstatusoutput", rb"subprocess_shell", rb"shell(?<=[\"']shell)[\"']", rb"[\"'](?:/bin/|/usr/bin/)?(?:ba|z|da|k)?sh[\"']",
))  # fmt: skip

_SHELL = ("os.system", "os.popen", "asyncio.create_subprocess_shell", "subprocess.getoutput", "subprocess.getstatusoutput", "commands.getoutput")
_RUN = ("subprocess.run", "subprocess.call", "subprocess.check_call", "subprocess.check_output", "subprocess.Popen")


def _check(module: Module, _: Context) -> Iterator[Hit]:
    for site in module.calls(*_SHELL):
        yield from _judge(module, site, site.line)
    for site in module.calls(*_RUN):
        for line in module.flagged(site, site.keywords.get("shell"), bool):
            yield from _judge(module, site, line)
    for site in module.calls(*RUNS):
        for word in shell_words(module, site):
            if module.values(word, site.scope) is None and not (holds(word, site.scope, module, is_answer) and told_of(module)) and _put_together(word, site) and not _quoted(module, site, word):
                yield Hit(site.line, "A shell reads a command that is put together from values.")


def _judge(module: Module, site: Site, line: int) -> Iterator[Hit]:
    command = site.argument(0, "args", "cmd", "command")
    if command is None or module.values(command, site.scope) is not None or (holds(command, site.scope, module, is_answer) and told_of(module)):
        return
    if not _quoted(module, site, command):
        yield Hit(line, "A shell reads a command that is put together from values.")


def _put_together(node: ast.expr, site: Site, depth: int = 0) -> bool:
    """A command that this file joins with values; one that came whole from elsewhere was meant to be one."""
    if isinstance(node, ast.Name) and depth < 3:
        found = site.scope.find(node.id)
        return found is not None and any(isinstance(item, ast.expr) and _put_together(item, site, depth + 1) for item in found[0])
    formatted = isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in ("format", "join")
    return isinstance(node, (ast.JoinedStr, ast.BinOp)) or formatted


def _quoted(module: Module, site: Site, node: ast.expr) -> bool:
    """Every part that is not written here goes through shlex.quote or shlex.join, or was tested to be no more than a word."""
    if isinstance(node, ast.Call):
        return bool(module.names(node.func, site.scope) & {"shlex.quote", "shlex.join"})
    if isinstance(node, ast.BinOp):
        return _quoted(module, site, node.left) and _quoted(module, site, node.right)
    if isinstance(node, ast.JoinedStr):
        return all(_quoted(module, site, item) for item in node.values)
    if isinstance(node, ast.FormattedValue):
        return _quoted(module, site, node.value)
    return module.values(node, site.scope) is not None or guarded(node, site.scope, module.built)


RULE = Rule(
    id="shell-injection",
    title="A shell reads a command made of values",
    why="A value with a semicolon in it is a second command.",
    mend="Pass a list of words, without a shell.",
    severity=Severity.MEDIUM,
    cwe=("CWE-78",),
    owasp=("LLM05:2025",),
    atlas=("AML.T0011",),
    needs=((b"os.system", b"popen", b"subprocess", b"import system", b"create_subprocess_shell", b"getoutput"), (b"shell", b"system", b"popen", b"getoutput", b"sh\"", b"sh'")),
    modules=frozenset(("os", "subprocess", "asyncio", "commands",)),
    confirm=_CONFIRM,
    check=_check,
    bad=("import os\ndef f(a):\n    os.system('ls ' + a)\n",),
    good=("import os\nos.system('ls')\n", "import subprocess\nsubprocess.run(['ls', a])\n"),
)
