"""Functions on torch's list of safe globals that make it unsafe."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from troth.engines.code.module import Module
from troth.engines.code.rule import Context, Hit, Rule, Severity, matching

__all__ = ["RULE"]

_CONFIRM = matching((rb"safe_globals\b(?!\(\))",), (rb"[\[(,=+]\s*[\w.]*\b(?:eval|exec|getattr|setattr|__import__|compile|open|system|popen|Popen|run|import_module|attrgetter|partial)\s*[,)\]]",))
_BAD = frozenset(("eval", "exec", "getattr", "setattr", "__import__", "compile", "open"))
_BAD_NAMES = frozenset(("os.system", "os.popen", "subprocess.Popen", "subprocess.run", "importlib.import_module", "operator.attrgetter", "functools.partial"))


def _check(module: Module, _: Context) -> Iterator[Hit]:
    for site in module.ending("serialization.add_safe_globals", "serialization.safe_globals"):
        first = site.argument(0)
        items = first.elts if isinstance(first, (ast.List, ast.Tuple)) else []
        for item in items:
            plain = item.id if isinstance(item, ast.Name) else ""
            if plain in _BAD or module.names(item, site.scope) & _BAD_NAMES:
                yield Hit(site.line, f"{ast.unparse(item)} lets a checkpoint call anything.")
                break


RULE = Rule(
    id="torch-safe-globals",
    title="A function that can do anything counts as safe",
    why="With eval, getattr and the like on the list weights_only protects nothing.",
    mend="List the classes that the checkpoint holds, and nothing that calls.",
    severity=Severity.HIGH,
    cwe=("CWE-502", "CWE-183"),
    owasp=("LLM03:2025",),
    atlas=("AML.T0010.003", "AML.T0011.000"),
    needs=((b"safe_globals",),),
    modules=frozenset(("torch",)),
    confirm=_CONFIRM,
    check=_check,
    bad=("import torch\ntorch.serialization.add_safe_globals([eval])\n",),
    good=("import torch\ntorch.serialization.add_safe_globals([set])\n",),
)
