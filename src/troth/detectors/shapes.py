"""What can be derived from a rule's pattern: the shape for the multi-pattern matcher, literals for the fall-back, its reach, its linearity.

The shape of a pattern is a pattern that matches *some part of* every text that the pattern matches, as short and as fixed in length as
that allows: hyperscan then calls back once per token, and does not need the start of match. Boundaries and look-arounds are left out
(the confirming step has them). Because it is derived, a shape cannot disagree with its pattern.

Not here: matching (`matching`), what the rules are (`rules/*.toml`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from re import _constants as sre  # type: ignore[attr-defined]
from re import _parser as parser  # type: ignore[attr-defined]
from typing import Any

from troth.errors import DetectorError

__all__ = ["check_linear", "fixed", "literals", "parse", "reach", "render", "shape", "weight"]

WIDE = 130
"""A repeat that may go on longer than this ends the shape: what comes before it is selective enough."""
LEAST = 64
"""Most copies that a shape keeps of a repeated class."""
MAX_REPEAT = 16_000
SHORT_LITERAL = 2
Node = tuple[Any, Any]


def parse(pattern: str) -> list[Node]:
    """Parse a pattern of the shared subset.

    Raises:
        DetectorError: it is not a regular expression.
    """
    try:
        return list(parser.parse(pattern, re.ASCII))
    except re.error as error:
        raise DetectorError(f"not a pattern: {error}") from error


def reach(pattern: str) -> int:
    """Longest match in bytes, boundaries included."""
    return int(parser.parse(pattern, re.ASCII).getwidth()[1]) + 8


def shape(pattern: str) -> str:
    """The shortest form that every match of `pattern` contains."""
    nodes = _strip(parse(pattern))
    nodes = _from_literal(nodes)
    return "".join(_render(node) for node in _shortened(nodes))


def _strip(nodes: Iterable[Node]) -> list[Node]:
    """Without boundaries and look-arounds; plain groups opened."""
    found: list[Node] = []
    for op, value in nodes:
        if op in (sre.AT, sre.ASSERT, sre.ASSERT_NOT):
            continue
        if op is sre.SUBPATTERN:
            _, flags, _, inner = value
            kept = _strip(inner)
            found += [(sre.SUBPATTERN, (None, flags, 0, kept))] if flags else kept
        elif op is sre.BRANCH:
            branches = [_strip(branch) for branch in value[1]]
            if any(branches):  # a choice between boundaries only leaves nothing behind
                found.append((op, (None, branches)))
        elif op in (sre.MAX_REPEAT, sre.MIN_REPEAT):
            low, high, inner = value
            found.append((sre.MAX_REPEAT, (low, high, _strip(inner))))
        else:
            found.append((op, value))
    return found


def _from_literal(nodes: list[Node]) -> list[Node]:
    """Drop leading classes where a literal follows: the matcher finds the literal, the confirming step looks back."""
    run = 0
    for number, (op, _) in enumerate(nodes):
        run = run + 1 if op is sre.LITERAL else 0
        if op in (sre.BRANCH, sre.SUBPATTERN):
            return nodes
        if run == 2:
            first = number - 1
            tail = nodes[first:]
            return tail if first and _least(tail) >= 8 else nodes
    return nodes


def _least(nodes: list[Node]) -> int:
    total = 0
    for op, value in nodes:
        if op is sre.MAX_REPEAT:
            total += value[0] * _least(value[2])
        elif op is sre.SUBPATTERN:
            total += _least(value[3])
        elif op is sre.BRANCH:
            total += min(_least(branch) for branch in value[1])
        else:
            total += 1
    return total


def _shortened(nodes: list[Node]) -> list[Node]:
    """Cut behind the first very wide repeat, then make the end as short as it can be."""
    kept: list[Node] = []
    for op, value in nodes:
        if op is sre.MAX_REPEAT and value[1] > WIDE and value[1] != value[0]:
            kept.append((op, (min(value[0], LEAST), min(value[0], LEAST), value[2])))
            break
        kept.append((op, value))
    while kept:
        op, value = kept[-1]
        if op is not sre.MAX_REPEAT:
            break
        low, _, inner = value
        kept.pop()
        if low:
            kept.append((op, (low, low, inner)))
            break
    return kept


def render(node: Node) -> str:
    """One parsed node as a pattern again."""
    return _render(node)


def _render(node: Node) -> str:
    op, value = node
    if op is sre.LITERAL:
        return _byte(value)
    if op is sre.NOT_LITERAL:
        return f"[^{_byte(value)}]"
    if op is sre.ANY:
        return r"[^\n]"
    if op is sre.IN:
        return "[" + "".join(_member(item) for item in value) + "]"
    if op is sre.MAX_REPEAT:
        low, high, inner = value
        body = "".join(_render(item) for item in inner)
        body = (
            body
            if len(inner) == 1 and inner[0][0] in (sre.IN, sre.LITERAL, sre.ANY, sre.NOT_LITERAL)
            else f"(?:{body})"
        )
        return body if low == high == 1 else f"{body}{{{low},{high}}}" if low != high else f"{body}{{{low}}}"
    if op is sre.BRANCH:
        return "(?:" + "|".join("".join(_render(item) for item in branch) for branch in value[1]) + ")"
    if op is sre.SUBPATTERN:
        return "(?i:" + "".join(_render(item) for item in value[3]) + ")"
    raise DetectorError(f"a pattern uses {op}, which not every engine has")


def _byte(code: int) -> str:
    return chr(code) if chr(code).isalnum() and code < 128 else f"\\x{code:02x}"


_CATEGORIES = {
    sre.CATEGORY_DIGIT: "0-9",
    sre.CATEGORY_SPACE: r"\x20\x09-\x0d",
    sre.CATEGORY_NOT_SPACE: r"\x00-\x08\x0e-\x1f\x21-\xff",
    sre.CATEGORY_WORD: "0-9A-Za-z_",
}


def _member(item: Node) -> str:
    op, value = item
    if op is sre.NEGATE:
        return "^"
    if op is sre.RANGE:
        return f"{_byte(value[0])}-{_byte(value[1])}"
    if op is sre.CATEGORY:
        if value not in _CATEGORIES:
            raise DetectorError(f"a pattern uses {value}, which not every engine has")
        return _CATEGORIES[value]
    return _byte(value)


def literals(pattern: str) -> tuple[str, ...]:
    """Strings, lower case, one of which is in every match (compared without case); empty where there is none of useful length."""
    return _best(_strip(parse(pattern)))


def _best(nodes: list[Node]) -> tuple[str, ...]:
    """The most selective set among the parts that follow one another: the one whose shortest string is longest."""
    choices: list[tuple[str, ...]] = []
    run = ""
    for op, value in [*nodes, (None, None)]:
        if op is sre.LITERAL:
            run += chr(value).lower()
            continue
        if len(run) >= SHORT_LITERAL:
            choices.append((run,))
        run = ""
        if op is sre.BRANCH:
            parts = [_best(branch) for branch in value[1]]
            if all(parts):
                choices.append(tuple(sorted({text for part in parts for text in part})))
        elif op is sre.SUBPATTERN:
            choices.append(_best(value[3]))
        elif op is sre.MAX_REPEAT and value[0] > 0:
            choices.append(_best(value[2]))
    choices = [choice for choice in choices if choice]
    return max(choices, key=lambda choice: (min(map(len, choice)), -len(choice)), default=())


def fixed(pattern: str) -> tuple[str, ...]:
    """The beginnings of at least three fixed characters (case kept) that a match can have; empty where one of them is shorter."""
    found = _beginnings(_strip(parse(pattern)))
    return tuple(sorted(set(found))) if found and min(map(len, found)) >= 3 and len(found) <= 24 else ()


def _beginnings(nodes: list[Node]) -> list[str]:
    starts = [""]
    for op, value in nodes:
        if op is sre.LITERAL:
            starts = [start + chr(value) for start in starts]
        elif op is sre.BRANCH:
            ends = [end for branch in value[1] for end in (_beginnings(branch) if branch else [""])]
            starts = [start + end for start in starts for end in ends]
            if any(_open(branch) for branch in value[1]):
                break
        else:
            break
        if len(starts) > 24:
            break
    return starts


def _open(nodes: list[Node]) -> bool:
    return any(op not in (sre.LITERAL, sre.BRANCH) for op, _ in nodes)


def weight(pattern: str) -> int:
    """How many fixed characters every match has; of two rules that claim the same bytes the heavier one is the more specific."""
    return _weight(_strip(parse(pattern)))


def _weight(nodes: list[Node]) -> int:
    total = 0
    for op, value in nodes:
        if op is sre.LITERAL:
            total += 1
        elif op is sre.BRANCH:
            total += min(_weight(branch) for branch in value[1])
        elif op is sre.SUBPATTERN:
            total += _weight(value[3])
        elif op is sre.MAX_REPEAT:
            total += value[0] * _weight(value[2])
    return total


def check_linear(pattern: str) -> None:
    """Refuse what could take more than linear time: an unbounded repeat, or a variable repeat inside of a long one.

    Raises:
        DetectorError: with the reason.
    """
    _linear(parse(pattern), inside=False)


def _linear(nodes: Iterable[Node], inside: bool) -> None:
    for op, value in nodes:
        if op in (sre.MAX_REPEAT, sre.MIN_REPEAT):
            low, high, inner = value
            if high > MAX_REPEAT:
                raise DetectorError("an unbounded repeat")
            if inside and low != high and high > 16:
                raise DetectorError("a variable repeat inside of a repeat")
            _linear(inner, inside or high > 4)
        elif op is sre.SUBPATTERN:
            _linear(value[3], inside)
        elif op is sre.BRANCH:
            for branch in value[1]:
                _linear(branch, inside)
        elif op in (sre.GROUPREF, sre.GROUPREF_EXISTS):
            raise DetectorError("a back-reference")
