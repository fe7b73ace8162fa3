"""YAML with the exact span of every key and value, for edits in place. Nothing is constructed and nothing is written out again: comments, quotes and order stay.

Bounded: texts over 1 MB, over 60,000 nodes or nested deeper than 100 are refused (None), and an alias is not followed twice.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import yaml

from troth.jobs.recommend.edits import Edit, TextFile

__all__ = ["Pair", "YamlFile", "is_block", "load", "pair", "pairs"]

_LOADER: type = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_SIZE: Final = 1_000_000
_NODES: Final = 60_000


@dataclass(frozen=True, slots=True)
class Pair:
    """A key and its value in a mapping."""

    key: yaml.ScalarNode
    value: yaml.Node

    @property
    def name(self) -> str:
        """The key's text."""
        return str(self.key.value)


@dataclass(frozen=True, slots=True)
class YamlFile:
    """One document.

    Attributes:
        file: the text that spans count in.
        root: its outermost mapping.
    """

    file: TextFile
    root: yaml.MappingNode

    def span(self, node: yaml.Node) -> tuple[int, int]:
        """First and last-plus-one character of a scalar."""
        return node.start_mark.index, node.end_mark.index

    def source(self, node: yaml.Node) -> str:
        """A scalar as written, quotes included."""
        start, end = self.span(node)
        return self.file.body[start:end]

    def walk(self) -> Iterator[Pair]:
        """Every pair of every mapping, in order; each node once."""
        pending: list[yaml.Node] = [self.root]
        seen: set[int] = set()
        while pending:
            node = pending.pop()
            if id(node) in seen:
                continue
            seen.add(id(node))
            if isinstance(node, yaml.SequenceNode):
                pending += reversed(node.value)
            elif isinstance(node, yaml.MappingNode):
                yield from pairs(node)
                pending += [value for _, value in reversed(node.value)]

    def above(self, pair: Pair, block: str) -> Edit:
        """Insert lines above a key, indented as the key is."""
        start = self.file.line_start(pair.key.start_mark.index)
        indent = " " * pair.key.start_mark.column
        return Edit(start, start, "".join(f"{indent}{line}\n" if line else "\n" for line in block.split("\n")))

    def last_line(self, node: yaml.Node) -> int:
        """Index after the last line of a node that holds content (not of the comments and blank lines that follow)."""
        end = max((leaf.end_mark.index for leaf in _leaves(node)), default=node.end_mark.index)
        body = self.file.body[:end].rstrip()
        return self.file.next_line(max(len(body) - 1, node.start_mark.index))

    def below(self, node: yaml.Node, column: int, block: str) -> Edit:
        """Insert lines below the last line of a node, indented by `column`."""
        at = self.last_line(node)
        text = "".join(f"{' ' * column}{line}\n" for line in block.split("\n"))
        if at and not self.file.body[:at].endswith("\n"):
            text = "\n" + text.removesuffix("\n")
        return Edit(at, at, text)


def _leaves(node: yaml.Node) -> Iterator[yaml.Node]:
    pending, count = [node], 0
    while pending and count < _NODES:
        count += 1
        one = pending.pop()
        if isinstance(one, yaml.ScalarNode) or getattr(one, "flow_style", False) or not one.value:
            yield one
        elif isinstance(one, yaml.SequenceNode):
            pending += one.value
        elif isinstance(one, yaml.MappingNode):
            pending += [part for pair in one.value for part in pair]


def is_block(node: yaml.Node | None) -> bool:
    """A mapping or list in block style (indented, without braces) that holds something."""
    return isinstance(node, (yaml.MappingNode, yaml.SequenceNode)) and not node.flow_style and bool(node.value)


def pairs(node: yaml.Node | None) -> tuple[Pair, ...]:
    """Pairs of a mapping whose keys are scalars; none for anything else."""
    if not isinstance(node, yaml.MappingNode):
        return ()
    return tuple(Pair(key, value) for key, value in node.value if isinstance(key, yaml.ScalarNode))


def pair(node: yaml.Node | None, *names: str) -> Pair | None:
    """The pair of a key (of a key in its value, and so on), or None."""
    found: Pair | None = None
    for name in names:
        found = next((one for one in pairs(node) if one.name == name), None)
        if found is None:
            return None
        node = found.value
    return found


def load(text: str) -> YamlFile | None:
    """The document of a text, None where that is no single mapping, or nothing that can be edited safely."""
    file = TextFile.of(text)
    if len(file.body) > _SIZE or _deep(file.body):
        return None
    try:
        root = yaml.compose(file.body, Loader=_LOADER)
    except (yaml.YAMLError, RecursionError, ValueError):
        return None
    if not isinstance(root, yaml.MappingNode) or root.start_mark.index > len(file.body):
        return None
    found = YamlFile(file, root)
    for count, each in enumerate(found.walk()):
        if count > _NODES or not _true_span(file, each.key):
            return None
    return found


def _deep(body: str) -> bool:
    return body.count("[") + body.count("{") > 2000 or "- " * 60 in body or "\n" + " " * 400 in body


def _true_span(file: TextFile, key: yaml.ScalarNode) -> bool:
    """The composer's index counts as we do (it would not, if a character were counted differently)."""
    at = key.start_mark.index
    return file.body[at : at + 1] in ("'", '"', "&", "!", "*", "?") or str(key.value)[:1] == file.body[at : at + 1] or not key.value
