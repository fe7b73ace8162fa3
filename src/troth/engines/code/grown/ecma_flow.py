"""Local flow in TypeScript and JavaScript: whether an expression may hold what a source gave, inside of one file.

Not ordered: a name holds what any of its assignments gave it; a function of the file gives what it returns; a parameter holds what its callers in the file hand over, and the first one of a callback what it is
called on. Numbers, look-ups in a table, quoting, cleaning and a test against a list end the flow.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from troth.engines.code.grown.ecma import Call, EcmaFile
from troth.engines.code.grown.ecma_scopes import FUNCTIONS, Binding, Scope
from troth.engines.code.grown.syntax import Node, children, inside, line_of, text_of, unwrapped, walk
from troth.engines.code.grown.syntax import field as field_of

__all__ = ["Source", "cleaned", "holds"]

Source = Callable[[Node, Scope, EcmaFile], bool]
"""Whether an expression is itself what is looked for."""
_CLEAN: Final = re.compile(r"(?:^|\.)(?:Number|parseInt|parseFloat|Boolean|encodeURIComponent|encodeURI|sanitize[\w-]*|escape[\w-]*|purify\w*|striptags|quote|shellescape|shellEscape|isNaN|basename|createHash)\Z|^xss\Z|(?:[Ss]aniti[sz]e[dr]?|[Pp]urif(?:y|ied))[A-Z]\w*\Z|\w(?:Saniti[sz]ed?|Purif(?:y|ied)|Escaped?)\w*\Z")
_LETTERS: Final = re.compile(r"/\[\^(?:[\w .,@:-]|\\[wd.-])*\][+*]?/g[iu]*\Z")
_TELLING: Final = frozenset(("includes", "startsWith", "endsWith", "indexOf", "test", "has", "search", "localeCompare", "every", "some", "length"))
"""Methods and fields that say something about a text, and hold none of it."""
_CALLBACKS: Final = frozenset(("then", "map", "forEach", "filter", "flatMap", "find", "findLast", "reduce", "on", "once", "subscribe", "tap"))
_DEPTH: Final = 60
_MOST: Final = 16


@dataclass(slots=True)
class _Search:
    """One question; nothing is looked at twice, so that loops of names end."""

    file: EcmaFile
    source: Source
    seen: set[tuple[int, int]]
    depth: int = 0

    def holds(self, node: Node | None, scope: Scope) -> bool:
        """Whether an expression may hold what the source gave."""
        if node is None:
            return False
        node = unwrapped(node)
        key = (node.id, id(scope))
        if key in self.seen or self.depth > _DEPTH:
            return False
        self.seen.add(key)
        self.depth += 1
        found = self.source(node, scope, self.file) or self._parts(node, scope)
        self.depth -= 1
        return found and not _tested(node)

    def _parts(self, node: Node, scope: Scope) -> bool:
        kind = node.type
        if kind in ("identifier", "shorthand_property_identifier"):
            return any(self._bound(item) for item in scope.find(text_of(node))[:_MOST])
        if kind == "member_expression":
            name = field_of(node, "property")
            told = text_of(name) if name is not None else ""
            return told not in _TELLING and (self.holds(field_of(node, "object"), scope) or self._field(node, told, scope))
        if kind == "subscript_expression":
            return self.holds(field_of(node, "object"), scope)  # a table that is asked by such a value holds none of it
        if kind in ("call_expression", "new_expression"):
            return self._called(node, scope)
        if kind == "binary_expression":
            operator = field_of(node, "operator")
            return operator is not None and operator.type in ("+", "||", "??", "&&") and any(self.holds(field_of(node, name), scope) for name in ("left", "right"))
        if kind == "ternary_expression":
            return any(self.holds(field_of(node, name), scope) for name in ("consequence", "alternative"))
        if kind in ("template_string", "template_substitution", "object", "array", "spread_element", "pair", "sequence_expression", "jsx_expression"):
            return any(self.holds(field_of(item, "value") if item.type == "pair" else item, scope) for item in children(node))
        if kind == "assignment_expression":
            return self.holds(field_of(node, "right"), scope)
        return False

    def _field(self, node: Node, name: str, scope: Scope) -> bool:
        owner = field_of(node, "object")
        if owner is None or owner.type != "this" or scope.owner is None:
            return False
        return any(self.holds(value, where) for value, where in self.file.built.fields.get((scope.owner.id, name), ())[:_MOST] if value.type not in FUNCTIONS)

    def _bound(self, binding: Binding) -> bool:
        if binding.kind in ("value", "part"):
            return self.holds(binding.node, binding.scope)
        if binding.kind == "state":
            setters = (call for call in self.file.calls if text_of(field_of(call.node, "function") or call.node) == binding.told and call.scope.find(binding.told) is binding.scope.find(binding.told))
            return any(self.holds(item, call.scope) for call in setters for item in call.arguments[:1])
        return binding.kind == "param" and self._given(binding)

    def _given(self, binding: Binding) -> bool:
        """What callers in the file hand over, and what a callback is called on."""
        node = binding.node
        if node is None:
            return False
        if any(self.holds(call.argument(binding.place), call.scope) for call in self.file.callers.get(node.id, ())):
            return True
        listed = node.parent
        call = self.file.call_of.get(listed.parent.id) if listed is not None and listed.type == "arguments" and listed.parent is not None else None
        function = field_of(call.node, "function") if call is not None else None
        if call is None or function is None or function.type != "member_expression" or binding.place > 1:
            return False
        name = field_of(function, "property")
        return name is not None and text_of(name) in _CALLBACKS and self.holds(field_of(function, "object"), call.scope)

    def _called(self, node: Node, scope: Scope) -> bool:
        call = self.file.call_of.get(node.id)
        if call is None or cleaned(node) or any(_CLEAN.search(name) for name in call.names):
            return False
        function = field_of(node, "function")
        if function is not None and function.type == "member_expression":
            name = field_of(function, "property")
            told = text_of(name) if name is not None else ""
            if told in _TELLING or _CLEAN.search(told):
                return False
            if self.holds(field_of(function, "object"), scope):
                return True
        if self._returned(call):
            return True
        return any(self.holds(item, scope) for item in call.arguments if item.type not in FUNCTIONS)

    def _returned(self, call: Call) -> bool:
        return any(self.holds(value, where) for function in self.file.functions_of(call) for value, where in self.file.built.returns.get(function.id, ())[:_MOST])


def cleaned(node: Node) -> bool:
    """`text.replace(/[^a-z0-9]/g, "")`: what is left is letters, digits and what else the class names, and nothing that a shell or a page reads."""
    function, listed = (field_of(node, key) for key in ("function", "arguments")) if node.type == "call_expression" else (None, None)
    name = field_of(function, "property") if function is not None and function.type == "member_expression" else None
    first = next(iter(children(listed)), None) if listed is not None else None
    return name is not None and text_of(name) in ("replace", "replaceAll") and first is not None and bool(_LETTERS.match(text_of(first)))


def _tested(node: Node) -> bool:
    """The function leaves before this where the very expression is not one of a list: `if (!ALLOWED.includes(x)) throw`."""
    if node.type not in ("identifier", "member_expression", "subscript_expression"):
        return False
    function = inside(node, *FUNCTIONS)
    body = field_of(function, "body") if function is not None else None
    wanted, line = text_of(node), line_of(node)
    for item in walk(body) if body is not None else ():
        if item.type != "if_statement" or line_of(item) > line:
            continue
        condition, consequence = field_of(item, "condition"), field_of(item, "consequence")
        if condition is None or consequence is None or not _refuses(condition, wanted):
            continue
        if any(inner.type in ("throw_statement", "return_statement", "continue_statement", "break_statement") for inner in walk(consequence)):
            return True
    return False


def _refuses(condition: Node, wanted: str) -> bool:
    """The condition is true where a list does not hold the expression, or an expression of letters does not match it."""
    for item in walk(condition):
        if item.type == "unary_expression" and text_of(item).startswith("!"):
            for call in walk(item):
                function, listed = (field_of(call, name) for name in ("function", "arguments")) if call.type == "call_expression" else (None, None)
                name = field_of(function, "property") if function is not None and function.type == "member_expression" else None
                if name is not None and text_of(name) in ("includes", "has", "test") and listed is not None and [text_of(one) for one in children(listed)] == [wanted]:
                    return True
        if item.type == "binary_expression" and text_of(item).startswith(f"!({wanted} in "):
            return True
    return False


def holds(node: Node | None, scope: Scope, file: EcmaFile, source: Source) -> bool:
    """Whether an expression may hold what `source` gave."""
    return _Search(file, source, set()).holds(node, scope)
