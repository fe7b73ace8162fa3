"""Strict reading of a forge's JSON: bounded, without duplicate keys, cut down to the fields that Troth reads, each of the type it must have.

A shape is written in plain Python: a dict is an object (`name!` = the field must be there), a list of one shape is an array, and a leaf is
`str`, `int`, `bool` or `time`, with `?` where null is allowed (`"?"` as a key of a dict, or behind a list's shape: it may be null). What a shape does not name is dropped
at once, so that no text, mail address or secret that nobody asked for can end in a snapshot. A test compares every shape with the forge's own OpenAPI document.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Final, Union

from troth.errors import FormatError

__all__ = ["Json", "Node", "Shape", "cut", "parse"]

Json = Union[None, bool, int, float, str, list["Json"], dict[str, "Json"]]  # noqa: UP007  a recursive alias needs the old form
Shape = Union[str, list["Shape"], Mapping[str, "Shape"]]  # noqa: UP007

_MAX_ITEMS: Final = 10_000
"""Entries that one page may hold; forges send 100."""

_MAX_TEXT: Final = 4_096
"""Characters of one text that are kept."""


def _unique(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    made = dict(pairs)
    if len(made) != len(pairs):
        raise FormatError("an object names a key twice")
    return made


def _no_constant(name: str) -> Json:
    raise FormatError(f"{name} is no JSON")


def parse(raw: bytes) -> Json:
    """Parse JSON as strictly as the standard has it.

    Raises:
        FormatError: no JSON, truncated, nested too deeply, a key twice.
    """
    try:
        parsed: Json = json.loads(raw.decode("utf-8"), object_pairs_hook=_unique, parse_constant=_no_constant)
    except FormatError:
        raise
    except (ValueError, RecursionError) as error:
        kind = "HTML" if raw.lstrip()[:1] == b"<" else "whole JSON"
        raise FormatError("it is HTML, not JSON" if kind == "HTML" else f"it is not {kind}") from error
    return parsed


def _is_time(value: Json) -> bool:
    try:
        return isinstance(value, str) and datetime.fromisoformat(value).tzinfo is not None
    except ValueError:
        return False


_LEAVES: Final[Mapping[str, Callable[[Json], bool]]] = {
    "str": lambda value: isinstance(value, str),
    "int": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "bool": lambda value: isinstance(value, bool),
    "time": _is_time,
}


def _cut_object(value: Json, shape: Mapping[str, Shape], where: str) -> Json:
    if value is None and "?" in shape:
        return None
    if not isinstance(value, dict):
        raise FormatError(f"{where} is no object")
    kept: dict[str, Json] = {}
    for field, inner in shape.items():
        name = field.removesuffix("!")
        if name == "?":
            continue
        if name in value:
            kept[name] = cut(value[name], inner, f"{where}.{name}")
        elif name != field:
            raise FormatError(f"{where} has no {name}")
    return kept


def cut(value: Json, shape: Shape, where: str = "the answer") -> Json:
    """`value` with only the fields that `shape` names.

    Raises:
        FormatError: a field is missing or of another type; the message names it, never its value.
    """
    if isinstance(shape, str):
        if value is None and shape.endswith("?"):
            return None
        if not _LEAVES[shape.removesuffix("?")](value):
            raise FormatError(f"{where} is not {shape}")
        return value[:_MAX_TEXT] if isinstance(value, str) else value
    if isinstance(shape, list):
        if value is None and "?" in shape[1:]:
            return None
        if not isinstance(value, list):
            raise FormatError(f"{where} is no list")
        if len(value) > _MAX_ITEMS:
            raise FormatError(f"{where} holds more than {_MAX_ITEMS} entries")
        return [cut(each, shape[0], f"{where}[]") for each in value]
    return _cut_object(value, shape, where)


class Node:
    """An object of an answer, read by name and type.

    Args:
        value: the object.
    """

    __slots__ = ("_fields",)

    def __init__(self, value: Json) -> None:
        if not isinstance(value, dict):
            raise FormatError("the answer is no object")
        self._fields = value

    def has(self, name: str) -> bool:
        """The field is there and not null."""
        return self._fields.get(name) is not None

    def flag(self, name: str, default: bool | None = None) -> bool:
        """A boolean; without a default it must be there."""
        value = self._fields.get(name, default)
        if not isinstance(value, bool):
            raise FormatError(f"{name} is not a boolean")
        return value

    def number(self, name: str, default: int | None = None) -> int:
        """A whole number; without a default it must be there."""
        value = self._fields.get(name, default)
        if not isinstance(value, int) or isinstance(value, bool):
            raise FormatError(f"{name} is not a whole number")
        return value

    def text(self, name: str, default: str | None = None) -> str:
        """A text; without a default it must be there."""
        value = self._fields.get(name)
        value = default if value is None else value
        if not isinstance(value, str):
            raise FormatError(f"{name} is not a text")
        return value

    def maybe_text(self, name: str) -> str | None:
        """A text, or None where it is null or not there."""
        return self.text(name) if self.has(name) else None

    def maybe_flag(self, name: str) -> bool | None:
        """A boolean, or None where it is null or not there."""
        return self.flag(name) if self.has(name) else None

    def time(self, name: str) -> datetime:
        """A moment with its zone."""
        return datetime.fromisoformat(self.text(name))

    def maybe_time(self, name: str) -> datetime | None:
        """A moment, or None where it is null or not there."""
        return self.time(name) if self.has(name) else None

    def node(self, name: str) -> Node:
        """An object; an empty one where it is null or not there."""
        return Node(self._fields[name]) if self.has(name) else Node({})

    def names(self) -> tuple[str, ...]:
        """Names of the fields that are there."""
        return tuple(self._fields)

    def nodes(self, name: str) -> tuple[Node, ...]:
        """A list of objects; empty where it is null or not there."""
        return tuple(Node(each) for each in self._list(name) if each is not None)

    def texts(self, name: str) -> tuple[str, ...]:
        """A list of texts; empty where it is null or not there."""
        return tuple(each for each in self._list(name) if isinstance(each, str))

    def _list(self, name: str) -> list[Json]:
        value = self._fields.get(name)
        if value is None:
            return []
        if not isinstance(value, list):
            raise FormatError(f"{name} is no list")
        return value
