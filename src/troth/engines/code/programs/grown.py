"""Units, calls, mentions and regular expressions of TypeScript, JavaScript and Rust files, by tree-sitter.

The parsers are the extra `code`; where one is not installed, `parser` gives None and the language counts as missing, never as clean.
"""

from __future__ import annotations

import importlib
import re
from collections.abc import Iterator
from functools import cache
from typing import Any, Final

from troth.engines.code.programs.gathered import TEXT_LIMIT, Gathered
from troth.engines.code.programs.literals import javascript_string
from troth.engines.code.programs.trial import tried
from troth.judgement.guard_names import is_guard
from troth.terms.facts.programs import PARTLY_PARSED, Called, Mention, Pattern, Unit
from troth.terms.place import Place

__all__ = ["parser", "read_grown"]

Node = Any
"""A node of tree-sitter, which carries no types of its own where it is not installed."""
_GRAMMARS: Final = {
    ".ts": ("tree_sitter_typescript", "language_typescript"),
    ".mts": ("tree_sitter_typescript", "language_typescript"),
    ".cts": ("tree_sitter_typescript", "language_typescript"),
    ".tsx": ("tree_sitter_typescript", "language_tsx"),
    ".js": ("tree_sitter_javascript", "language"),
    ".mjs": ("tree_sitter_javascript", "language"),
    ".cjs": ("tree_sitter_javascript", "language"),
    ".jsx": ("tree_sitter_javascript", "language"),
    ".rs": ("tree_sitter_rust", "language"),
}
_UNITS: Final = {
    "function_declaration": "function",
    "generator_function_declaration": "function",
    "method_definition": "method",
    "class_declaration": "class",
    "abstract_class_declaration": "class",
    "function_item": "function",
    "variable_declarator": "function",
}
_SKIPPED: Final = frozenset(
    (
        "import_statement", "export_clause", "use_declaration", "comment", "line_comment", "block_comment", "interface_declaration",
        "type_alias_declaration", "type_annotation", "jsx_text", "template_substitution_type",
    )
)  # fmt: skip
_IDENTIFIERS: Final = frozenset(("identifier", "property_identifier", "shorthand_property_identifier"))
_VALUES: Final = frozenset(("arrow_function", "function_expression"))
_TEST_ATTRIBUTE: Final = re.compile(rb"#\[(?:cfg\(\s*(?:any\(|all\()?\s*test|test\b|tokio::test|\w+::test)")
_RUST_INSIDE: Final = frozenset(("source_file", "mod_item", "declaration_list", "impl_item", "trait_item"))


@cache
def parser(extension: str) -> Node | None:
    """The parser for files of an extension; None where it is not installed."""
    grammar = _GRAMMARS.get(extension)
    if grammar is None:
        return None
    try:
        library = importlib.import_module("tree_sitter")
        language = importlib.import_module(grammar[0])
    except ImportError:
        return None
    return library.Parser(library.Language(getattr(language, grammar[1])()))


def read_grown(path: str, data: bytes, into: Gathered) -> str:
    """Read one file; the reason where it cannot be parsed, else an empty text."""
    extension = path[path.rfind(".") :]
    reading = parser(extension)
    if reading is None:
        return "No parser for it is installed."
    tree = reading.parse(data)
    reader = _Reader(path, data, into)
    if extension == ".rs":
        reader.rust(tree.root_node)
    else:
        reader.walk(tree.root_node)
    return "" if not tree.root_node.has_error else PARTLY_PARSED


class _Reader:
    """Walks the nodes of one file."""

    def __init__(self, path: str, data: bytes, into: Gathered) -> None:
        self.path, self.data, self.into = path, data, into

    def rust(self, root: Node) -> None:
        """Functions of a Rust file, those of its tests left out; mentions are read by words (`rust_mentions`)."""
        pending: list[tuple[Node, str]] = [(root, "")]
        while pending:
            node, owner = pending.pop()
            test = False
            for child in node.children:
                if child.type == "attribute_item":
                    test = test or bool(_TEST_ATTRIBUTE.match(child.text))
                elif child.type == "function_item" and not test:
                    self._unit(child, owner, "", "rust")
                    test = False
                elif child.type in _RUST_INSIDE and not test:
                    target = child.child_by_field_name("type")
                    pending.append((child, self._text(target) if target is not None else owner))
                elif child.is_named and "comment" not in child.type:
                    test = False

    def walk(self, root: Node) -> None:
        """All of a TypeScript or JavaScript file."""
        pending: list[tuple[Node, str, str]] = [(root, "", "")]
        while pending:
            node, owner, inside = pending.pop()
            kind = node.type
            if kind in _SKIPPED:
                continue
            if kind in _UNITS:
                owner, inside = self._unit(node, owner, inside, "typescript")
            elif kind in ("call_expression", "new_expression"):
                self._call(node, inside)
            elif kind in _IDENTIFIERS:
                self._mention(node, inside)
            elif kind in ("regex", "string"):
                self._pattern(node, inside)
                continue
            pending.extend((child, owner, inside) for child in node.named_children)

    def _text(self, node: Node, limit: int = 160) -> str:
        return self.data[node.start_byte : min(node.end_byte, node.start_byte + limit)].decode("utf-8", "replace")

    def _unit(self, node: Node, owner: str, inside: str, language: str) -> tuple[str, str]:
        kind = _UNITS[node.type]
        name_node = node.child_by_field_name("name")
        value = node.child_by_field_name("value")
        if name_node is None or (node.type == "variable_declarator" and (value is None or value.type not in _VALUES)):
            return owner, inside
        name = self._text(name_node)
        place = Place(self.path, node.start_point[0] + 1, node.end_point[0] + 1)
        listed = (value or node).child_by_field_name("parameters") if kind != "class" else None
        parameters = tuple(self._parameters(listed)) if listed is not None else ()
        kind = "method" if owner and language == "rust" else kind
        self.into.units.append(Unit(name, owner, kind, place, language, parameters, (), self._text(node, TEXT_LIMIT)))
        return (name if kind == "class" else owner), f"{inside}.{name}".lstrip(".")

    def _parameters(self, node: Node) -> Iterator[str]:
        for child in node.named_children:
            pattern = child.child_by_field_name("pattern") or child
            name = self._text(pattern).split(":")[0].strip()
            if name not in ("self", "&self", "&mut self", "this"):
                yield name

    def _call(self, node: Node, inside: str) -> None:
        function = node.child_by_field_name("function") or node.child_by_field_name("constructor")
        listed = node.child_by_field_name("arguments")
        if function is None:
            return
        receiver, _, name = self._text(function).replace("?.", ".").rpartition(".")
        arguments = tuple(self._text(child) for child in listed.named_children) if listed is not None else ()
        if is_guard(name) or any("skip" in item or "bypass" in item for item in arguments):
            place = Place(self.path, node.start_point[0] + 1, node.end_point[0] + 1)
            self.into.calls.append(Called(name, receiver, arguments, place, inside, "typescript"))

    def _mention(self, node: Node, inside: str) -> None:
        name = self._text(node)
        if not is_guard(name):
            return
        parent = node.parent
        defines = parent is not None and parent.type in _UNITS and parent.child_by_field_name("name") == node
        if not defines and (parent is None or parent.type not in ("export_specifier", "property_signature", "method_signature")):
            self.into.mention(name, Mention(Place(self.path, node.start_point[0] + 1), inside))

    def _pattern(self, node: Node, inside: str) -> None:
        place = Place(self.path, node.start_point[0] + 1)
        if node.type == "regex":
            body, flags = node.child_by_field_name("pattern"), node.child_by_field_name("flags")
            if body is not None:
                text = self._text(body, 2000)
                self.into.patterns.append(tried(Pattern(text, place, self._text(flags) if flags is not None else "", "typescript", inside, text)))
        elif _is_pattern(node):
            raw = self._text(node, 2000)
            self.into.patterns.append(tried(Pattern(javascript_string(raw), place, "", "typescript", inside, raw)))


def _is_pattern(node: Node) -> bool:
    """A string that is handed to `RegExp`, or the value of a property called `pattern` or `regex`."""
    parent = node.parent
    if parent is None:
        return False
    if parent.type == "arguments" and parent.parent is not None:
        function = parent.parent.child_by_field_name("constructor") or parent.parent.child_by_field_name("function")
        return function is not None and function.text == b"RegExp" and parent.named_children[0] == node
    key = parent.child_by_field_name("key") if parent.type == "pair" else None
    return key is not None and key.text.strip(b"\"'").lower() in (b"pattern", b"regex", b"regexp")
