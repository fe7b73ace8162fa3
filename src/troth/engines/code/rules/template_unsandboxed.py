"""Templates that come with a model, rendered outside of a sandbox."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from troth.engines.code.answers import MODEL_WORDS, is_model_output
from troth.engines.code.flow import holds
from troth.engines.code.module import Module, Site
from troth.engines.code.rule import Context, Hit, Rule, Severity
from troth.engines.code.scopes import Parameter, Scope

__all__ = ["RULE"]

_PLAIN = ("jinja2.Template", "jinja2.environment.Template", "jinja2.Environment().from_string", "jinja2.environment.Environment().from_string", "jinja2.nativetypes.NativeEnvironment().from_string")

_PROMPTS = tuple(f"langchain{start}.{name}" for start in ("_core.prompts", ".prompts", "_core.prompts.prompt", "") for name in ("PromptTemplate.from_template", "PromptTemplate", "ChatPromptTemplate.from_template"))


def _check(module: Module, _: Context) -> Iterator[Hit]:
    for site in module.calls(*_PLAIN):
        first = site.argument(0, "source")
        if first is None or module.values(first, site.scope) is not None:
            continue
        if holds(first, site.scope, module, _from_model):
            yield Hit(site.line, "A template that comes with a model is rendered without a sandbox.")
        elif holds(first, site.scope, module, is_model_output):
            yield Hit(site.line, "What the model answered is rendered as a template.")
        elif _is_given(first, site.scope) and _renders_chat(module, site):
            yield Hit(site.line, "A template for chats that this file does not hold is rendered without a sandbox.")
    for site in module.calls(*_PROMPTS):
        first = site.argument(0, "template")
        if first is not None and module.values(site.keywords.get("template_format"), site.scope) == frozenset(("jinja2",)) and (
            _is_given(first, site.scope) or holds(first, site.scope, module, is_model_output) or holds(first, site.scope, module, _from_model)
        ):
            yield Hit(site.line, "A prompt that this file does not hold is rendered as a Jinja template.")


def _is_given(node: ast.expr, scope: Scope) -> bool:
    """A parameter without a default: whoever calls may give any text."""
    found = scope.find(node.id) if isinstance(node, ast.Name) else None
    only = found[0][0] if found is not None and len(found[0]) == 1 else None
    return isinstance(only, Parameter) and only.default is None


def _renders_chat(module: Module, made: Site) -> bool:
    """What is rendered in the same function is told the messages of a chat."""
    return any(site.scope is made.scope and {"messages", "add_generation_prompt"} & site.keywords.keys() for site in module.ending(".render"))


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
    needs=((b"jinja2",), (b"chat_template", b"template_format", b"messages=", *MODEL_WORDS)),
    modules=frozenset(("jinja2", "langchain", "langchain_core")),
    check=_check,
    bad=("from jinja2 import Template\ndef f(t):\n    return Template(t.chat_template)\n",),
    good=("from jinja2.sandbox import SandboxedEnvironment as E\ndef f(t):\n    return E().from_string(t.chat_template)\n",),
)
