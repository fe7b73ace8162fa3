"""Secrets of the environment in what is sent to a model."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from troth.engines.code.answers import MODEL_ADDRESSES, MODEL_MODULES, MODEL_WORDS, is_model_output
from troth.engines.code.flow import SECRET_ENDS, SECRET_WORDS, holds, is_secret, named_secret
from troth.engines.code.module import Module
from troth.engines.code.rule import Context, Hit, Rule, Severity, matching
from troth.engines.code.scopes import Scope

__all__ = ["RULE"]

_KEEPERS = re.compile(r"^(?:Async)?(?:Azure)?(?:OpenAI|Anthropic|Groq|Mistral|Cohere)\Z|(?:Agent|Client|ClientV2|Memory|Session|LLM|Embeddings?|Store|Engine|Connection|Proxy|Provider|Config|Settings|Api|API|Loader|Retriever|Toolkit|Tool)\Z|^Chat(?!.*(?:Message|Prompt))[A-Z]|^(?:connect|login|from_config|create_engine|create_client|get_client|build_client)\Z")
"""How that is called which is made with a secret and keeps it."""
_KEYWORDS = ("input", "prompt", "system", "instructions", "contents", "messages")


def _check(module: Module, _: Context) -> Iterator[Hit]:
    for site in module.sites:
        if is_model_output(site.node, site.scope, module):
            given = [*site.arguments, *(site.keywords[name] for name in _KEYWORDS if name in site.keywords)]
            if any(holds(item, site.scope, module, is_secret, across=False, ends=_keeps) or _spelled(item, site.scope) for item in given):
                yield Hit(site.line, "A secret of the environment goes into the prompt.")


def _keeps(node: ast.expr, scope: Scope, module: Module) -> bool:
    """A client, an agent or a store that was made with a secret, and what a model answered to one: the secret is theirs, not in what they are asked or give."""
    if not isinstance(node, ast.Call):
        return False
    name = node.func.attr if isinstance(node.func, ast.Attribute) else node.func.id if isinstance(node.func, ast.Name) else ""
    return bool(_KEEPERS.search(name)) or is_model_output(node, scope, module)


def _spelled(node: ast.expr, scope: Scope, depth: int = 0) -> bool:
    """A variable whose name says that it is a secret, put into a text that is sent."""
    for item in ast.walk(node):
        joined = isinstance(item, ast.JoinedStr) or (isinstance(item, ast.BinOp) and isinstance(item.op, (ast.Add, ast.Mod)))
        formatted = isinstance(item, ast.Call) and isinstance(item.func, ast.Attribute) and item.func.attr == "format"
        if (joined or formatted) and any(named_secret(part) for part in ast.walk(item)):
            return True
        found = scope.find(item.id) if isinstance(item, ast.Name) and depth < 3 else None
        if found is not None and any(_spelled(value, found[1], depth + 1) for value in found[0][:8] if isinstance(value, ast.expr) and not isinstance(value, ast.Call)):
            return True
        if found is not None and any(_spelled(value, found[1], depth + 1) for value in found[0][:8] if isinstance(value, ast.Call) and isinstance(value.func, ast.Attribute) and value.func.attr == "format"):
            return True
    return False


RULE = Rule(
    id="secret-in-prompt",
    title="A secret is sent to a model",
    why="It leaves the machine, stays in logs of the provider, and can be talked out of the model.",
    mend="Let a tool hold the secret and act; the model need not know it.",
    severity=Severity.HIGH,
    cwe=("CWE-200", "CWE-522"),
    owasp=("LLM02:2025", "LLM07:2025"),
    atlas=("AML.T0057",),
    needs=(MODEL_WORDS, SECRET_WORDS),
    confirm=matching((
        rb"environ[^\n]{0,20}[\"'][A-Za-z_]*(?i:secret|passw|key|token|credential|_url|dsn|connection)", rb"getenv[^\n]{0,20}[\"'][A-Za-z_]*(?i:secret|passw|key|token|credential|_url|dsn|connection)",
        rb"keyring\.get_password", rb"getpass\.getpass\(", rb"get_secret(?:_value)?\(", rb"access_secret_version", rb"secrets\.get\(",
        *(name + rb"(?:\}| \+)" for name in SECRET_ENDS),
    )),
    modules=MODEL_MODULES,
    instead=MODEL_ADDRESSES,
    check=_check,
    bad=("import os, litellm\nlitellm.completion(model='m', prompt='key ' + os.environ['PAY_SECRET'])\n",),
    good=("import os, litellm\nlitellm.completion(model='m', api_key=os.environ['PAY_SECRET'])\n",),
)
