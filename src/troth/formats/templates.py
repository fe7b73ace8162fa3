"""Chat templates: Jinja programs that come with a model and run at every use. Judged by their syntax tree; nothing is rendered.

Allowed: the constructs that chat templates use, filters, tests and methods from short lists, plain names and literal keys. Refused: everything that starts with
an underscore, reaching attributes by computed names, including other files, and loops whose length the template itself blows up.
"""


# Checks share one signature; nodes are types of a library that is imported late; nothing is rendered.
# ruff: noqa: ANN001, ANN202, ARG001, RUF012, S701
from __future__ import annotations

import re

from troth.formats.verdict import Refusal

__all__ = ["check_template", "is_page"]

_LIMIT = 2 << 20
_LARGEST = 10_000_000
_MARKUP = re.compile(r"<!doctype|</(?:html|head|body|div|p|a|li|ul|td|tr|table|form|main|section|span|h[1-6]|nav|article|svg)>", re.IGNORECASE)
_EXTENDS = re.compile(r"\s*\{%-?\s*extends\b.*\{%-?\s*block\b", re.DOTALL)
_CHAT = re.compile(r"\bmessages?\b|\b(?:bos|eos)_token\b|\badd_generation_prompt\b|<\|")
_FUNCTIONS = frozenset(["raise_exception", "strftime_now", "range", "namespace", "dict", "tojson", "joiner", "cycler"])
_FILTERS = frozenset(
    ["abs", "batch", "capitalize", "count", "default", "d", "dictsort", "e", "escape", "filesizeformat", "first", "float", "from_json", "fromjson", "groupby", "indent", "int", "items", "join", "last", "length", "list", "lower", "map", "max", "min", "random", "reject", "rejectattr", "replace", "reverse", "round", "safe", "select", "selectattr", "slice", "sort", "string", "sum", "title", "tojson", "trim", "truncate", "unique", "upper", "urlencode", "wordcount"]
)
_METHODS = frozenset(
    ["append", "add", "copy", "count", "endswith", "extend", "find", "get", "index", "insert", "isalnum", "isalpha", "isdigit", "islower", "isupper", "isspace", "items", "join", "keys", "lower", "lstrip", "pop", "popleft", "removeprefix", "removesuffix", "replace", "reverse", "rfind", "rstrip", "rsplit", "setdefault", "sort", "split", "splitlines", "startswith", "strip", "title", "tojson", "tool_call_id", "update", "upper", "values", "capitalize", "zfill", "partition", "rpartition", "strftime", "format_map_safe"]
)
_NODES = frozenset(
    ["Template", "Output", "TemplateData", "For", "If", "Macro", "CallBlock", "FilterBlock", "Assign", "AssignBlock", "With", "ExprStmt", "Name", "NSRef", "Const", "Tuple", "List", "Dict", "Pair", "Keyword", "Filter", "Test", "Call", "Getitem", "Getattr", "Slice", "Concat", "Compare", "Operand", "Mul", "Div", "FloorDiv", "Add", "Sub", "Mod", "Not", "Neg", "Pos", "And", "Or", "CondExpr", "Break", "Continue", "Scope", "ScopedEvalContextModifier", "EvalContextModifier", "MarkSafe", "Block"]
)


def _environment():  # type: ignore[no-untyped-def]
    from jinja2 import Environment, nodes
    from jinja2.ext import Extension, loopcontrols

    class Generation(Extension):
        """The `{% generation %}` tag, which marks what the assistant says."""

        tags = {"generation"}

        def parse(self, parser):  # type: ignore[no-untyped-def]
            line = next(parser.stream).lineno
            body = parser.parse_statements(("name:endgeneration",), drop_needle=True)
            return nodes.Scope(body, lineno=line)

    return Environment(extensions=[loopcontrols, Generation], autoescape=False)


def is_page(text: str, name: str) -> bool:
    """Whether a template is a page of a web site: made of another page, which no chat template can be, or of markup, and silent about what a chat has."""
    if name.startswith("chat_template"):
        return False
    return _EXTENDS.match(text) is not None or (_MARKUP.search(text) is not None and _CHAT.search(text) is None)


def check_template(text: str, name: str, offset: int | None = None) -> None:
    """Refuse a template that does more than arrange messages; of a page (`is_page`), refuse what breaks out of the template alone.

    Args:
        text: the template.
        name: key or member that holds it.
        offset: byte where it lies.

    Raises:
        Refusal: with the construct and the template's line.
    """
    if len(text) > _LIMIT:
        raise Refusal("budget-text", f"a template of {len(text)} characters", offset, name)
    try:
        from jinja2 import TemplateError, nodes
    except ImportError as error:
        raise Refusal("template-unread", "templates cannot be read without jinja2", offset, name) from error
    try:
        tree = _environment().parse(text)  # type: ignore[no-untyped-call]
    except (TemplateError, RecursionError, ValueError, AssertionError) as error:
        raise Refusal("template-syntax", f"the template cannot be parsed: {str(error)[:120]}", offset, name) from error
    macros = {node.name for node in tree.find_all(nodes.Macro)}
    from troth.formats.template_cost import too_much

    for says in (_built_name(tree, nodes), too_much(tree, nodes)):
        if says:
            raise Refusal("template-unsafe", says, offset, name)
    fault = _escape if offset is None and is_page(text, name) else _fault
    for node in (tree, *tree.find_all(nodes.Node)):
        says = fault(node, macros)
        if says:
            raise Refusal("template-unsafe", f"line {node.lineno} of the template {says}", offset, name)


_JOINS = frozenset(("join", "replace", "format", "removeprefix", "removesuffix", "lower", "strip", "lstrip", "rstrip"))


_COUNTS = frozenset(("length", "count", "int", "float", "abs", "round"))


def _of_text(node) -> bool:  # type: ignore[no-untyped-def]
    """Whether filters, methods or a percent sign change a text (or a list or dict of them) that the template itself writes down."""
    changed = False
    while True:
        kind = type(node).__name__
        if kind == "Filter" and node.node is not None:
            if node.name in _COUNTS:
                return False
            node, changed = node.node, True
        elif kind == "Call" and type(node.node).__name__ == "Getattr":
            node, changed = node.node.node, True
        elif kind in ("Mod", "Getitem"):
            node, changed = (node.left if kind == "Mod" else node.node), kind == "Mod" or changed
        else:
            break
    return changed and ((kind == "Const" and isinstance(node.value, str)) or kind == "Dict" or (kind == "Call" and getattr(node.node, "name", "") == "dict"))


def _is_built(value, nodes, built: set[str], macros) -> bool:  # type: ignore[no-untyped-def]
    """Whether an expression puts a text together from parts, or takes one character out of another."""
    for node in (value, *value.find_all(nodes.Node)):
        kind = type(node).__name__
        if kind == "Concat" or (kind == "Name" and node.name in built) or (kind == "Getattr" and f"{getattr(node.node, 'name', '')}.{node.attr}" in built):
            return True
        if kind == "Add" and not all(type(side).__name__ in ("Const", "Name", "Filter", "Getattr", "Add", "Sub") and not isinstance(getattr(side, "value", 0), str) for side in (node.left, node.right)):
            return True
        if kind == "Getitem" and (type(node.node).__name__ == "Filter" or isinstance(getattr(node.node, "value", 0), str)):
            return True
        if (kind in ("Filter", "Call", "Mod", "Getitem")) and _of_text(node):
            return True
        if (kind == "Filter" and node.name == "sum" and (len(node.args) > 1 or any(pair.key == "start" for pair in node.kwargs))) or (kind == "Call" and getattr(node.node, "name", "") in macros):
            return True
        if (kind == "Filter" and node.name in _JOINS) or (kind == "Call" and getattr(node.node, "attr", "") in _JOINS):
            return True
    return False


def _built_name(tree, nodes) -> str:  # type: ignore[no-untyped-def]
    """Refuse `x[k]` where the template builds `k` from parts: how `__class__` is reached without being written down."""
    built: set[str] = set()
    macros = {node.name: node for node in tree.find_all(nodes.Macro)}
    for _ in range(8):
        before = len(built)
        built.update(name.name for node in tree.find_all(nodes.AssignBlock) for name in (node.target, *node.target.find_all(nodes.Name)) if isinstance(name, nodes.Name))
        for node in tree.find_all((nodes.Assign, nodes.For, nodes.With)):
            pairs = zip(node.targets, node.values, strict=True) if isinstance(node, nodes.With) else [(node.target, node.iter if isinstance(node, nodes.For) else node.node)]
            for target, value in pairs:
                if _is_built(value, nodes, built, macros):
                    built.update(name.name for name in (target, *target.find_all(nodes.Name)) if isinstance(name, nodes.Name))
                    built.update(f"{name.name}.{name.attr}" for name in (target, *target.find_all(nodes.NSRef)) if isinstance(name, nodes.NSRef))
        for call in tree.find_all(nodes.Call):
            macro = macros.get(getattr(call.node, "name", ""))
            if macro is not None and any(_is_built(arg, nodes, built, macros) for arg in (*call.args, *(pair.value for pair in call.kwargs))):
                built.update(name.name for name in macro.args)
        if len(built) == before:
            break
    for node in tree.find_all(nodes.Getitem):
        if not isinstance(node.arg, nodes.Slice) and _is_built(node.arg, nodes, built, macros):
            return f"line {node.lineno} of the template reaches something under a name that it builds"
    return ""


def _fault(node: object, macros: set[str]) -> str:
    kind = type(node).__name__
    if kind not in _NODES:
        return f"uses {kind.lower()}"
    check = _CHECKS.get(kind)
    return check(node, macros) if check is not None else ""


def _escape(node: object, macros: set[str]) -> str:
    """What no page needs: the inside of objects."""
    value = getattr(getattr(node, "arg", None), "value", None)
    if type(node).__name__ == "Getitem" and not (isinstance(value, str) and (value.startswith("_") or value in _INNARDS)):
        return ""
    return _CHECKS[type(node).__name__](node, macros) if type(node).__name__ in ("Getattr", "Getitem", "Const") else ""


def _getattr(node, macros) -> str:  # type: ignore[no-untyped-def]
    return f"reaches the attribute {node.attr!r}" if node.attr.startswith("_") or node.attr in _INNARDS else ""


def _getitem(node, macros) -> str:  # type: ignore[no-untyped-def]
    arg = type(node.arg).__name__
    if arg == "Const" and isinstance(node.arg.value, str) and (node.arg.value.startswith("_") or node.arg.value in _INNARDS):
        return f"reaches {node.arg.value!r}"
    if arg in ("Concat", "Mod", "Mul", "Call", "Dict", "CondExpr"):
        return "reaches something under a computed name"
    if arg == "Filter" and node.arg.name not in ("length", "count", "int"):
        return "reaches something under a computed name"
    if arg == "Add" and any(type(side).__name__ == "Const" and isinstance(side.value, str) for side in (node.arg.left, node.arg.right)):
        return "reaches something under a computed name"
    return ""


def _call(node, macros) -> str:  # type: ignore[no-untyped-def]
    target = type(node.node).__name__
    if target == "Name" and node.node.name in _FUNCTIONS | macros | {"caller", "super"}:
        return _range(node) if node.node.name == "range" else ""
    if target == "Getattr" and node.node.attr in _METHODS:
        return ""
    called = getattr(node.node, "attr", getattr(node.node, "name", target))
    return f"calls {called!r}"


def _range(node) -> str:  # type: ignore[no-untyped-def]
    big = any(type(arg).__name__ == "Const" and isinstance(arg.value, int) and abs(arg.value) > 100_000 for arg in node.args)
    computed = any(type(arg).__name__ in ("Mul", "Pow") for arg in node.args)
    return "loops over a huge range" if big or computed else ""


def _filter(node, macros) -> str:  # type: ignore[no-untyped-def]
    if node.name not in _FILTERS:
        return f"uses the filter {node.name!r}"
    if node.name in ("map", "selectattr", "rejectattr", "groupby", "sort", "sum", "max", "min", "unique"):
        for value in [*node.args[:1], *(pair.value for pair in node.kwargs if pair.key == "attribute")]:
            if type(value).__name__ not in ("Const", "TemplateData"):
                return "reaches something under a computed name, through a filter"
        for value in [*node.args, *(pair.value for pair in node.kwargs)]:
            text = getattr(value, "value", "")
            if isinstance(text, str) and (text.startswith("_") or "._" in text or text == "attr" or not _INNARDS.isdisjoint(text.split("."))):
                return f"reaches {text!r} through a filter"
    return ""


def _constant(node, macros) -> str:  # type: ignore[no-untyped-def]
    value = node.value
    if type(value) is int and abs(value) > _LARGEST:
        return f"holds the number {value}, which nothing that is said in a chat needs"
    if isinstance(value, str) and ("__" in value.replace("<__", "").replace("__>", "") and any(word in value for word in _DUNDERS)):
        return f"names {value[:60]!r}"
    return ""


def _name(node, macros) -> str:  # type: ignore[no-untyped-def]
    return f"names {node.name!r}" if node.name.startswith("__") or node.name in ("self", "cycler_", "lipsum", "url_for", "request", "config_") else ""


def _times(node, macros) -> str:  # type: ignore[no-untyped-def]
    for side in (node.left, node.right):
        if type(side).__name__ == "Const" and isinstance(side.value, int) and side.value > 100_000:
            return "multiplies by a huge number"
    return ""


_INNARDS = frozenset(["mro", "func_globals", "gi_frame", "gi_code", "f_globals", "f_builtins", "f_back", "tb_frame", "cr_frame", "ag_frame", "environment", "globals_", "func_code"])
_DUNDERS = ("__class", "__globals", "__builtins", "__import", "__init", "__mro", "__subclasses", "__base", "__getattr", "__dict", "__code", "__self", "__call")
def _keyword(node, macros) -> str:  # type: ignore[no-untyped-def]
    return f"names {node.key!r}" if node.key.startswith("__") else ""


def _macro(node, macros) -> str:  # type: ignore[no-untyped-def]
    return f"names {node.name!r}" if node.name.startswith("__") else ""


def _percent(node, macros) -> str:  # type: ignore[no-untyped-def]
    text = getattr(node.left, "value", "")
    return "writes a text of huge width" if isinstance(text, str) and re.search(r"%[-+ #0]*(?:\d{5,}|\*)|%[^a-zA-Z%]*\.\d{5,}", text) else ""


_CHECKS = {"Keyword": _keyword, "Macro": _macro, "Mod": _percent, "NSRef": _getattr, "Getattr": _getattr, "Getitem": _getitem, "Call": _call, "Filter": _filter, "Const": _constant, "Name": _name, "Mul": _times}
