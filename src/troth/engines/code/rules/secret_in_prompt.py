"""Secrets of the environment in what is sent to a model."""

from __future__ import annotations

from collections.abc import Iterator

from troth.engines.code.flow import MODEL_MODULES, MODEL_WORDS, SECRET_WORDS, holds, is_model_output, is_secret
from troth.engines.code.module import Module
from troth.engines.code.rule import Context, Hit, Rule, Severity, matching

__all__ = ["RULE"]

_KEYWORDS = ("input", "prompt", "system", "instructions", "contents", "messages")


def _check(module: Module, _: Context) -> Iterator[Hit]:
    for site in module.sites:
        if is_model_output(site.node, site.scope, module):
            given = [*site.arguments, *(site.keywords[name] for name in _KEYWORDS if name in site.keywords)]
            if any(holds(item, site.scope, module, is_secret) for item in given):
                yield Hit(site.line, "A secret of the environment goes into the prompt.")


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
    confirm=matching((rb"environ[^\n]{0,20}[\"'][A-Za-z_]*(?i:secret|passw|key|token|credential)", rb"getenv[^\n]{0,20}[\"'][A-Za-z_]*(?i:secret|passw|key|token|credential)")),
    modules=MODEL_MODULES,
    check=_check,
    bad=("import os, litellm\nlitellm.completion(model='m', prompt='key ' + os.environ['PAY_SECRET'])\n",),
    good=("import os, litellm\nlitellm.completion(model='m', api_key=os.environ['PAY_SECRET'])\n",),
)
