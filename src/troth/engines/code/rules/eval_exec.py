"""eval and exec of what is not written in the file."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from troth.engines.code.answers import is_answer, told_of
from troth.engines.code.flow import holds
from troth.engines.code.module import Module, Site
from troth.engines.code.rule import Context, Hit, Rule, Severity, bare, matching, named
from troth.engines.code.scopes import Parameter

__all__ = ["RULE"]

_CONFIRM = matching(named("eval", "exec"))


def _check(module: Module, _: Context) -> Iterator[Hit]:
    for site in module.calls("builtins.eval", "builtins.exec"):
        first = site.argument(0)
        if first is None or module.values(first, site.scope) is not None or (holds(first, site.scope, module, is_answer) and told_of(module)):
            continue
        if not _own_file(first, site, module):
            yield Hit(site.line, "What is run is not written in this file.")
    for site in (*module.calls("builtins.map", "itertools.starmap"), *module.ending(".apply", ".map", ".applymap", ".transform", ".agg")):
        if site.arguments and module.names(site.arguments[0], site.scope) & {"builtins.eval", "builtins.exec"}:
            yield Hit(site.line, "Each value is run as Python.")
    for site in module.ending(".read_csv", ".read_excel", ".read_table"):
        table = module.table(site.keywords["converters"], site.scope) if "converters" in site.keywords else None
        if any(module.names(value, site.scope) & {"builtins.eval", "builtins.exec"} for value in (table or {}).values()):
            yield Hit(site.line, "Each value is run as Python.")


def _own_file(node: ast.expr, site: Site, module: Module, depth: int = 0) -> bool:
    """The text of a Python file that is named here and lies beside this one, as set-ups read a version."""
    if isinstance(node, ast.Name) and depth < 3:
        found = site.scope.find(node.id)
        values = found[0] if found is not None else []
        return bool(values) and all(isinstance(value, ast.expr) and _own_file(value, site, module, depth + 1) for value in values)
    if not isinstance(node, ast.Call):
        return False
    if isinstance(node.func, ast.Name) and node.func.id == "compile" and node.args:
        return _own_file(node.args[0], site, module, depth)
    if not isinstance(node.func, ast.Attribute) or node.func.attr not in ("read", "read_text", "read_bytes", "decode"):
        return False
    below = list(_below(node.func.value, site))
    named = any(isinstance(item, ast.Constant) and isinstance(item.value, str) and item.value.endswith(".py") and not item.value.startswith(("/", "http")) for item in below)
    return named and not any(isinstance(item, ast.Name) and _is_parameter(item, site) for item in below)


def _below(node: ast.expr, site: Site) -> Iterator[ast.AST]:
    """All nodes of an expression, and of what its names stand for."""
    for item in ast.walk(node):
        yield item
        found = site.scope.find(item.id) if isinstance(item, ast.Name) else None
        for value in found[0][:4] if found is not None else ():
            if isinstance(value, ast.expr) and value is not node:
                yield from ast.walk(value)


def _is_parameter(node: ast.Name, site: Site) -> bool:
    found = site.scope.find(node.id)
    return found is not None and any(isinstance(item, Parameter) for item in found[0])


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
    good=("exec(open('acme/version.py').read())\n", "def f(model):\n    return model.eval()\n", "eval('1 + 1')\n"),
)
