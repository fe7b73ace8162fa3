"""Templates that come with a model, rendered outside of a sandbox."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from troth.engines.code.answers import MODEL_WORDS, is_model_output
from troth.engines.code.flow import holds
from troth.engines.code.module import Module
from troth.engines.code.rule import Context, Hit, Rule, Severity
from troth.engines.code.scopes import Scope

__all__ = ["RULE"]

_PLAIN = ("jinja2.Template", "jinja2.environment.Template", "jinja2.Environment().from_string", "jinja2.environment.Environment().from_string", "jinja2.nativetypes.NativeEnvironment().from_string")


def _check(module: Module, _: Context) -> Iterator[Hit]:
    for site in module.calls(*_PLAIN):
        first = site.argument(0, "source")
        if first is None or module.values(first, site.scope) is not None:
            continue
        if holds(first, site.scope, module, _from_model):
            yield Hit(site.line, "A template that comes with a model is rendered without a sandbox.")
        elif holds(first, site.scope, module, is_model_output):
            yield Hit(site.line, "What the model answered is rendered as a template.")


def _from_model(node: ast.expr, _scope: Scope, _module: Module) -> bool:
    if isinstance(node, ast.Attribute):
        return "chat_template" in node.attr
    if isinstance(node, ast.Subscript):
        return isinstance(node.slice, ast.Constant) and "chat_template" in str(node.slice.value)
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "get" and node.args:
        return isinstance(node.args[0], ast.Constant) and "chat_template" in str(node.args[0].value)
    return isinstance(node, ast.Name) and "chat_template" in node.id


RULE = Rule(
    id="template-unsandboxed",
    title="A chat template is rendered without a sandbox",
    why="A Jinja template reaches Python objects, and from there anything.",
    mend="Use jinja2.sandbox.ImmutableSandboxedEnvironment.",
    severity=Severity.HIGH,
    cwe=("CWE-1336", "CWE-94"),
    owasp=("LLM03:2025",),
    atlas=("AML.T0010.003", "AML.T0011"),
    needs=((b"jinja2",), (b"chat_template", *MODEL_WORDS)),
    modules=frozenset(("jinja2",)),
    check=_check,
    bad=("from jinja2 import Template\ndef f(t):\n    return Template(t.chat_template)\n",),
    good=("from jinja2.sandbox import SandboxedEnvironment as E\ndef f(t):\n    return E().from_string(t.chat_template)\n",),
)
