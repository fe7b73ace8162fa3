"""eval and exec of what is not written in the file."""

from __future__ import annotations

from collections.abc import Iterator

from troth.engines.code.flow import holds, is_model_output
from troth.engines.code.module import Module
from troth.engines.code.rule import Context, Hit, Rule, Severity, bare, matching, named

__all__ = ["RULE"]

_CONFIRM = matching(named("eval", "exec"))


def _check(module: Module, _: Context) -> Iterator[Hit]:
    for site in module.calls("builtins.eval", "builtins.exec"):
        first = site.argument(0)
        if first is None or module.values(first, site.scope) is not None or holds(first, site.scope, module, is_model_output):
            continue
        yield Hit(site.line, "What is run is not written in this file.")


RULE = Rule(
    id="eval-exec",
    title="eval or exec of a value",
    why="Whoever has a say in the value runs code.",
    mend="Use ast.literal_eval, a table of functions, or a sandbox.",
    severity=Severity.MEDIUM,
    cwe=("CWE-95",),
    owasp=("LLM05:2025",),
    atlas=("AML.T0011",),
    needs=((*bare("eval", "exec"), b"builtins.", b"\"eval\"", b"\"exec\"", b"'eval'", b"'exec'"),),
    confirm=_CONFIRM,
    check=_check,
    bad=("def f(text):\n    return eval(text)\n",),
    good=("def f(model):\n    return model.eval()\n", "eval('1 + 1')\n"),
)
