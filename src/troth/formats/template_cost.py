"""What a chat template costs to render, as far as its text shows: loops over constant ranges inside each other, macros that call themselves without end, values that double."""

# Nodes are types of a library that is imported late.
# ruff: noqa: ANN401
from __future__ import annotations

from typing import Any, Final

__all__ = ["too_much"]

_ROUNDS: Final = 1_000_000
"""Rounds of constant loops inside each other; and the largest constant that a filter or a method takes."""


def _constants(nodes_: Any) -> list[int]:
    return [value for node in nodes_ if type(value := getattr(node, "value", None)) is int]


def _rounds(loop: Any) -> int:
    """Rounds of a loop over a constant range; 1 where the length is not written down."""
    over = loop.iter
    if type(over).__name__ != "Call" or getattr(over.node, "name", "") != "range":
        return 1
    numbers = _constants(over.args)
    return max([1, *map(abs, numbers)])


def _nested(node: Any, so_far: int, depth: int) -> int:
    """The largest product of rounds of loops inside each other."""
    here = so_far * _rounds(node) if type(node).__name__ == "For" else so_far
    if depth > 100:
        return here
    return max([here, *(_nested(child, here, depth + 1) for child in node.iter_child_nodes())])


def _arguments(call: Any) -> list[Any]:
    return [*call.args, *(pair.value for pair in call.kwargs)]


def _computed(value: Any, nodes: Any) -> bool:
    """Whether an argument counts: then nothing that the template is given bounds the recursion."""
    return any(type(node).__name__ in ("Add", "Sub", "Mul", "Div", "FloorDiv", "Concat") for node in (value, *value.find_all(nodes.Node)))


def _endless(tree: Any, nodes: Any) -> str:
    macros = {node.name: node for node in tree.find_all(nodes.Macro)}
    calls = {name: {getattr(call.node, "name", "") for call in macro.find_all(nodes.Call)} & set(macros) for name, macro in macros.items()}
    for name, macro in macros.items():
        reached: set[str] = set()
        todo = [name]
        while todo:
            for inner in calls[todo.pop()] - reached:
                reached.add(inner)
                todo.append(inner)
        for call in macro.find_all(nodes.Call) if name in reached else ():
            if getattr(call.node, "name", "") in reached and (not any(arg.find(nodes.Name) or type(arg).__name__ == "Name" for arg in _arguments(call)) or any(_computed(arg, nodes) for arg in _arguments(call))):
                return f"line {call.lineno} of the template calls the macro {name} from itself with nothing that ends it"
    return ""


def _doubles(tree: Any, nodes: Any) -> str:
    """`{% set x = x ~ x %}` inside of a loop."""
    for loop in tree.find_all(nodes.For):
        for assign in loop.find_all(nodes.Assign):
            target = assign.target
            own = (getattr(target, "name", ""), getattr(target, "attr", ""))
            used = sum((getattr(node, "name", getattr(getattr(node, "node", None), "name", "")), getattr(node, "attr", "")) == own for node in (assign.node, *assign.node.find_all((nodes.Name, nodes.Getattr))))
            if used > 1 and type(assign.node).__name__ in ("Add", "Concat", "Mul"):
                return f"line {assign.lineno} of the template doubles a value in a loop"
    return ""


def too_much(tree: Any, nodes: Any) -> str:
    """Why rendering has no bound that the text shows; empty where it has.

    Args:
        tree: the parsed template.
        nodes: jinja2's module of nodes.
    """
    if _nested(tree, 1, 0) > _ROUNDS:
        return "the template runs loops inside each other over huge ranges"
    for node in tree.find_all((nodes.Filter, nodes.Call)):
        if any(abs(number) > _ROUNDS for number in _constants(_arguments(node))):
            return f"line {node.lineno} of the template hands a huge number to {getattr(node, 'name', 'a method')!r}"
    return _endless(tree, nodes) or _doubles(tree, nodes)
