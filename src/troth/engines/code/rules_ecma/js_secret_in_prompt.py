"""Secrets of the environment in what is sent to a model."""

from __future__ import annotations

from collections.abc import Iterator

from troth.engines.code.grown.ecma import EcmaFile
from troth.engines.code.grown.ecma_flow import holds
from troth.engines.code.grown.ecma_runs import sent
from troth.engines.code.grown.ecma_sources import MODEL_WORDS, is_answer, is_secret
from troth.engines.code.rule import Context, Hit, Rule, Severity

__all__ = ["RULE"]


def _check(file: EcmaFile, _: Context) -> Iterator[Hit]:
    for call in file.calls:
        if is_answer(call.node, call.scope, file) and any(holds(text, scope, file, is_secret) for text, scope in sent(file, call)):
            yield Hit(call.line, "A secret of the environment goes into the prompt.")


RULE = Rule(
    id="js-secret-in-prompt",
    title="A secret is sent to a model",
    why="It leaves the machine, stays in logs of the provider, and can be talked out of the model.",
    mend="Let a tool hold the secret and act; the model need not know it.",
    severity=Severity.HIGH,
    cwe=("CWE-200", "CWE-522"),
    owasp=("LLM02:2025", "LLM07:2025"),
    atlas=("AML.T0057",),
    needs=(MODEL_WORDS, (b"process.env", b"import.meta.env", b"Bun.env")),
    check=_check,
    language="ecma",
    bad=("import { generateText } from 'ai';\nawait generateText({ prompt: `Log in with ${process.env.DB_PASSWORD}` });\n",),
    good=("import { generateText } from 'ai';\nawait generateText({ prompt: `Answer in ${process.env.LANGUAGE}` });\n",),
)
