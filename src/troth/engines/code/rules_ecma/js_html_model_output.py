"""What a model or a request wrote, shown as HTML."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from troth.engines.code.grown.ecma import EcmaFile
from troth.engines.code.grown.ecma_flow import holds
from troth.engines.code.grown.ecma_scopes import Scope
from troth.engines.code.grown.ecma_sources import from_request, is_model_output
from troth.engines.code.grown.syntax import Node, line_of, text_of
from troth.engines.code.grown.syntax import field as field_of
from troth.engines.code.rule import Context, Hit, Rule, Severity

__all__ = ["RULE"]

_ANSWERS: Final = (".send", ".end", ".write", ".html", "Response")
"""Calls that answer a request; what they are given counts only where a tag is written in it."""
_MARKUP: Final = re.compile(r"[`\"'>\s]<!?/?[a-zA-Z][\w-]*(?:\s[^<]*)?>")
_MOST: Final = 4
_SAYS = "Markup in the answer becomes part of the page, scripts among it."


def _check(file: EcmaFile, _: Context) -> Iterator[Hit]:
    for key, value, scope in file.built.pairs:
        if key.text.strip(b"\"'") == b"__html" and _foreign(value, scope, file):
            yield Hit(line_of(key), _SAYS)
    for target, value, scope in file.built.stores:
        name = field_of(target, "property")
        if name is not None and name.text in (b"innerHTML", b"outerHTML", b"srcdoc") and _foreign(value, scope, file):
            yield Hit(line_of(target), _SAYS)
    for call in file.ending(".insertAdjacentHTML", "document.write", "document.writeln", ".createContextualFragment", ".setHTMLUnsafe"):
        if call.arguments and _foreign(call.arguments[-1], call.scope, file):
            yield Hit(call.line, _SAYS)
    for call in file.ending(*_ANSWERS):
        first = call.argument(0)
        if first is not None and _MARKUP.search(_written(first, call.scope)) and _foreign(first, call.scope, file):
            yield Hit(call.line, _SAYS)


def _written(node: Node, scope: Scope) -> str:
    """The expression as it stands, and what its name is bound to."""
    bound = [item.node for item in scope.find(text_of(node)) if item.node is not None and item.kind == "value"] if node.type == "identifier" else []
    return " ".join(text_of(item) for item in (node, *bound[:_MOST]))


def _foreign(node: Node, scope: Scope, file: EcmaFile) -> bool:
    return holds(node, scope, file, is_model_output) or holds(node, scope, file, from_request)


RULE = Rule(
    id="js-html-model-output",
    title="The output of a model, or of a request, is shown as HTML",
    why="A prompt injection becomes a script in the page of whoever reads the answer.",
    mend="Show it as text, or clean it with DOMPurify after it was made HTML.",
    severity=Severity.HIGH,
    cwe=("CWE-79",),
    owasp=("LLM05:2025",),
    atlas=("AML.T0051",),
    needs=((b"__html", b"innerHTML", b"outerHTML", b"insertAdjacentHTML", b"document.write", b"srcdoc", b"createContextualFragment", b"setHTMLUnsafe", b".send(", b".end(", b".write(", b".html(", b"Response("),),
    check=_check,
    language="ecma",
    bad=("import { generateText } from 'ai';\nconst { text } = await generateText({});\nbox.innerHTML = text;\n", "app.get('/', (req, res) => { res.send(`<p>${req.query.name}</p>`); });\n"),
    good=("import { generateText } from 'ai';\nconst { text } = await generateText({});\nbox.textContent = text;\n", "app.get('/', (req, res) => { res.send(`Hello ${req.query.name}`); });\n"),
)
