"""Prompts in which instructions and text from outside run into one another."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from troth.engines.code.answers import MODEL_ADDRESSES, MODEL_MODULES, MODEL_WORDS, is_model_output
from troth.engines.code.flow import OUTSIDE_FORMS, OUTSIDE_WORDS, holds, is_untrusted
from troth.engines.code.module import Module, Site
from troth.engines.code.rule import Context, Hit, Rule, Severity, matching

__all__ = ["RULE"]

_BOUNDARY = re.compile(r"<[a-zA-Z_][\w-]*>|```|\"\"\"|-----|={5,}|\[/?[A-Z_]{3,}\]")
_ROLES = tuple(frozenset((role,)) for role in ("system", "developer", "user"))
_KEYWORDS = ("input", "prompt", "system", "instructions", "contents", "system_instruction")


def _check(module: Module, _: Context) -> Iterator[Hit]:
    for site in module.sites:
        if not is_model_output(site.node, site.scope, module):
            continue
        given = [site.keywords[name] for name in _KEYWORDS if name in site.keywords]
        given += [site.arguments[0]] if site.arguments else []
        given += list(_system_messages(module, site))
        if any(_mixed(module, site, item) for item in given):
            yield Hit(site.line, "Text from outside stands in the instructions, with nothing that marks where it begins and ends.")


def _system_messages(module: Module, site: Site) -> Iterator[ast.expr]:
    node = site.keywords.get("messages") or (site.arguments[0] if site.arguments else None)
    found = site.scope.find(node.id) if isinstance(node, ast.Name) else None
    if found is not None and len(found[0]) == 1 and isinstance(found[0][0], ast.expr):
        node = found[0][0]
    for item in node.elts if isinstance(node, ast.List) else ():
        table = module.table(item, site.scope) or {}
        if module.values(table.get("role"), site.scope) in _ROLES and "content" in table:
            yield table["content"]


def _mixed(module: Module, site: Site, node: ast.expr, depth: int = 0) -> bool:
    """Instructions written here and text from outside in one string, without a mark between them."""
    if isinstance(node, ast.Name) and depth < 4:
        found = site.scope.find(node.id)
        values = [item for item in found[0] if isinstance(item, ast.expr)] if found is not None else []
        return any(_mixed(module, site, item, depth + 1) for item in values)
    text = "".join(_written(module, site, node))
    if len(text.split()) < 2 or _BOUNDARY.search(text):
        return False
    joined = isinstance(node, (ast.BinOp, ast.JoinedStr)) or (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "format")
    return joined and holds(node, site.scope, module, is_untrusted, across=False)


def _written(module: Module, site: Site, node: ast.expr) -> Iterator[str]:
    """Text of a prompt that is written in this file, a template behind a name among it."""
    for item in ast.walk(node):
        if isinstance(item, ast.Constant) and isinstance(item.value, str):
            yield item.value
        elif isinstance(item, ast.Name):
            yield from (value for value in module.values(item, site.scope) or () if isinstance(value, str))


RULE = Rule(
    id="prompt-no-boundary",
    title="Instructions and text from outside in one string",
    why="The model cannot tell which words are its maker's; a sentence of a web page gives orders.",
    mend="Put the text into a message of its own with role user, or between tags that the instructions name.",
    severity=Severity.MEDIUM,
    cwe=("CWE-1427",),
    owasp=("LLM01:2025",),
    atlas=("AML.T0051.000", "AML.T0051.001"),
    needs=(MODEL_WORDS, OUTSIDE_WORDS),
    confirm=matching(OUTSIDE_FORMS),
    modules=MODEL_MODULES,
    instead=MODEL_ADDRESSES,
    check=_check,
    bad=("import litellm\nlitellm.completion(model='m', prompt='Do what is said: ' + input())\n",),
    good=("import litellm\nlitellm.completion(model='m', messages=[{'role': 'user', 'content': input()}])\n",),
)
