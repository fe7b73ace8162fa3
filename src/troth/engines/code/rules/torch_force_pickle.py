"""The environment variable that undoes torch's safe default."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from troth.engines.code.module import Constant, Module
from troth.engines.code.rule import Context, Hit, Rule, Severity

__all__ = ["RULE"]

_NAME = "TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD"
_OFF = ("0", "", "false", "False", "n", "no")


def _check(module: Module, _: Context) -> Iterator[Hit]:
    for target, value, scope in module.built.stores:
        if isinstance(target, ast.Subscript) and isinstance(target.slice, ast.Constant) and target.slice.value == _NAME:
            yield from _on(module.values(value, scope), target.lineno)
    for site in module.calls("os.environ.setdefault", "os.putenv", "?.setenv", "os.environ.__setitem__"):
        key = site.argument(0)
        if isinstance(key, ast.Constant) and key.value == _NAME:
            yield from _on(module.values(site.argument(1), site.scope), site.line)


def _on(values: frozenset[Constant] | None, line: int) -> Iterator[Hit]:
    if values is not None and any(value not in _OFF for value in values):
        yield Hit(line, "Every torch.load that does not say otherwise can run code from its file.")


RULE = Rule(
    id="torch-force-pickle",
    title="torch's safe default is switched off",
    why="The variable makes torch.load take whole pickles wherever weights_only is not given.",
    mend="Leave it unset.",
    severity=Severity.HIGH,
    cwe=("CWE-502", "CWE-1188"),
    owasp=("LLM03:2025",),
    atlas=("AML.T0010.003", "AML.T0011.000"),
    needs=((b"TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD",),),
    check=_check,
    bad=("import os\nos.environ['TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD'] = '1'\n",),
    good=("import os\nos.environ['TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD'] = '0'\n",),
)
