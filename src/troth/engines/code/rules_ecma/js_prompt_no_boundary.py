"""Instructions and text from outside in one string."""

from __future__ import annotations

import re
from collections.abc import Iterator

from troth.engines.code.grown.ecma import EcmaFile
from troth.engines.code.grown.ecma_flow import holds
from troth.engines.code.grown.ecma_runs import sent, substituted
from troth.engines.code.grown.ecma_scopes import Scope
from troth.engines.code.grown.ecma_sources import MODEL_WORDS, from_request, is_answer
from troth.engines.code.grown.syntax import Node
from troth.engines.code.rule import Context, Hit, Rule, Severity

__all__ = ["RULE"]

_WORDS = re.compile(r"[A-Za-zÀ-ž]{2,}")
_MARKED = re.compile(r"<[\w-]+>|\"\"\"|```|<<<|#{3,}|-{3,}|={3,}|\[/?(?:INST|DATA|USER|TEXT)")
_FEW = 3
"""Words that make an instruction of a text."""
_PAGES = frozenset(("fetch().text", "axios.get", "fetch().json", "got.get", "node-fetch().text", "undici.request"))


def _check(file: EcmaFile, _: Context) -> Iterator[Hit]:
    for call in file.calls:
        if is_answer(call.node, call.scope, file) and any(_mixed(file, text, scope) for text, scope in sent(file, call)):
            yield Hit(call.line, "Text from outside stands in one string with instructions, and nothing marks it off.")


def _mixed(file: EcmaFile, node: Node, scope: Scope) -> bool:
    text, parts = substituted(node, scope, file)
    if len(_WORDS.findall(text)) < _FEW or _MARKED.search(text):
        return False
    return any(holds(part, where, file, _outside) for part, where in parts)


def _outside(node: Node, scope: Scope, file: EcmaFile) -> bool:
    if from_request(node, scope, file):
        return True
    call = file.call_of.get(node.id)
    return call is not None and bool(call.names & _PAGES) and not is_answer(node, scope, file)


RULE = Rule(
    id="js-prompt-no-boundary",
    title="Instructions and text from outside in one string",
    why="The text can hold instructions of its own, and the model cannot tell whose they are.",
    mend="Send it as a message of its own, or between marks that the instructions name.",
    severity=Severity.MEDIUM,
    cwe=("CWE-1427",),
    owasp=("LLM01:2025",),
    atlas=("AML.T0051",),
    needs=(MODEL_WORDS, (b"req", b"ctx", b"event", b"fetch(", b"axios", b"argv", b"location")),
    check=_check,
    language="ecma",
    bad=("import { generateText } from 'ai';\nexport async function f(req) { return generateText({ prompt: `Summarise the following text: ${req.body.text}` }); }\n",),
    good=("import { generateText } from 'ai';\nexport async function f(req) { return generateText({ system: 'Summarise the text.', prompt: req.body.text }); }\n",),
)
