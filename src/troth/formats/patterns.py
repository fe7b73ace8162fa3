"""Whether matching a pattern can take exponential time: a repetition inside of a repetition that can be cut in more than one way, or alternatives that match the same.

A small parser of the syntax that Oniguruma and Python share. Characters are compared by their ASCII part and by the names of classes; what is not known is taken as disjoint,
so that ordinary patterns of tokenizers pass. Polynomial time is not looked for.
"""

from __future__ import annotations

import string
from typing import Final, NamedTuple

__all__ = ["explodes"]

_LOOSE: Final = 10
"""A repetition of at least so many counts as one without end."""
_STRETCH: Final = 5
_DEPTH: Final = 60

Chars = frozenset[str]
_ALL: Final[Chars] = frozenset(map(chr, range(128))) | {"other"}
_WORD: Final[Chars] = frozenset(string.ascii_letters + string.digits + "_") | {"letter"}
_SPACE: Final[Chars] = frozenset(" \t\n\r\f\v")
_DIGIT: Final[Chars] = frozenset(string.digits)
_ESCAPES: Final[dict[str, Chars]] = {
    "w": _WORD, "W": _ALL - _WORD, "d": _DIGIT, "D": _ALL - _DIGIT, "s": _SPACE, "S": _ALL - _SPACE, "h": frozenset(string.hexdigits), "R": frozenset("\r\n"), "n": frozenset("\n"), "r": frozenset("\r"), "t": frozenset("\t"), "f": frozenset("\f"), "v": frozenset("\v"), "X": _ALL, "N": _ALL - {"\n"},
}  # fmt: skip
_PROPERTIES: Final[dict[str, Chars]] = {
    "L": frozenset(string.ascii_letters) | {"letter"}, "Lu": frozenset(string.ascii_uppercase) | {"upper"}, "Ll": frozenset(string.ascii_lowercase) | {"lower"}, "N": _DIGIT | {"number"}, "Nd": _DIGIT, "P": frozenset(string.punctuation) - frozenset("$+<=>^`|~"), "S": frozenset("$+<=>^`|~"), "Z": frozenset(" "), "Zs": frozenset(" "),
}  # fmt: skip
_ZERO: Final = frozenset("bBAzZGK")


class _Node(NamedTuple):
    """A piece: `set` (one character), `seq`, `alt`, `rep` or `zero` (matches nothing itself)."""

    kind: str
    parts: tuple[_Node, ...] = ()
    chars: Chars = frozenset()
    least: int = 1
    most: int = 1
    """-1 = without end."""


class _Unknown(Exception):  # noqa: N818 - no error: the pattern is in a syntax that this parser does not follow
    """The syntax is not one that is followed here."""


class _Parser:
    def __init__(self, text: str) -> None:
        self.text, self.at, self.found = text, 0, False

    def peek(self) -> str:
        return self.text[self.at] if self.at < len(self.text) else ""

    def take(self) -> str:
        char = self.peek()
        if not char:
            raise _Unknown
        self.at += 1
        return char

    def upto(self, end: str) -> str:
        stop = self.text.find(end, self.at)
        if stop < 0:
            raise _Unknown
        found, self.at = self.text[self.at : stop], stop + len(end)
        return found

    def alternatives(self, depth: int) -> _Node:
        if depth > _DEPTH:
            raise _Unknown
        branches = [self.sequence(depth)]
        while self.peek() == "|":
            self.at += 1
            branches.append(self.sequence(depth))
        return branches[0] if len(branches) == 1 else _Node("alt", tuple(branches))

    def sequence(self, depth: int) -> _Node:
        parts: list[_Node] = []
        while self.peek() not in ("", "|", ")"):
            node = self.counted(self.atom(depth))
            parts.append(node)
        return _Node("seq", tuple(parts))

    def counted(self, node: _Node) -> _Node:
        while (bounds := self.bounds()) is not None:
            lazy = self.peek()
            if lazy and lazy in "?+":
                self.at += 1
            node = _Node("zero") if node.kind == "zero" else _Node("rep", (node,), frozenset(), *bounds)
            if lazy == "+":
                node = _Node("set", (), _chars(node)) if node.parts else node  # possessive: taken as a whole
        return node

    def bounds(self) -> tuple[int, int] | None:
        char = self.peek()
        if char and char in "*+?":
            self.at += 1
            return {"*": (0, -1), "+": (1, -1), "?": (0, 1)}[char]
        stop = self.text.find("}", self.at) if char == "{" else -1
        inside = self.text[self.at + 1 : stop] if stop > 0 else ""
        low, comma, high = inside.partition(",")
        if not inside or len(inside) > 20 or not (low + high).isdigit():
            return None
        self.at = stop + 1
        return int(low or 0), (int(high) if high else -1) if comma else int(low)

    def atom(self, depth: int) -> _Node:
        char = self.take()
        if char == "(":
            return self.group(depth)
        if char == "[":
            return _Node("set", (), self.klass(0))
        if char == "\\":
            return self.escape()
        if char in "^$":
            return _Node("zero")
        return _Node("set", (), _ALL if char == "." else frozenset((char,)))

    def group(self, depth: int) -> _Node:
        whole = True
        zero = False
        atomic = self.text.startswith("?>", self.at)
        if self.peek() == "?":
            self.at += 1
            if self.peek() == "#":
                self.upto(")")
                return _Node("zero")
            zero, whole = self.header()
            if not whole:
                return _Node("zero")
        inner = self.alternatives(depth + 1)
        if self.take() != ")":
            raise _Unknown
        if zero:
            self.found = self.found or _ambiguous(inner)
            return _Node("zero")
        if atomic:
            self.found = self.found or _ambiguous(inner)
            return _Node("set", (), _chars(inner))  # taken as a whole, never cut again
        return inner

    def header(self) -> tuple[bool, bool]:
        """After `(?`: whether the group matches nothing itself, and whether it has a body."""
        for start in ("<=", "<!", "=", "!"):
            if self.text.startswith(start, self.at):
                self.at += len(start)
                return True, True
        for start in ("P<", "<", "'"):
            if self.text.startswith(start, self.at):
                self.at += len(start)
                self.upto("'" if start == "'" else ">")
                return False, True
        while self.peek() and (self.peek().isalpha() or self.peek() == "-"):
            self.at += 1
        end = self.take()
        if end == ")":
            return True, False
        if end not in ":>":
            raise _Unknown
        return False, True

    def escape(self) -> _Node:
        char = self.take()
        if char in _ZERO:
            return _Node("zero")
        return _Node("set", (), self.escaped(char))

    def escaped(self, char: str) -> Chars:
        if char in "pP":
            name = self.upto("}")[1:] if self.peek() == "{" else self.take()
            negative = (char == "P") != name.startswith("^")
            found = _PROPERTIES.get(name.removeprefix("^"), frozenset((f"property {name}",)))
            return _ALL - found if negative else found
        if char in "xu" and self.peek():
            digits = self.upto("}")[1:] if self.peek() == "{" else self.text[self.at : self.at + (2 if char == "x" else 4)]
            self.at += 0 if self.text[self.at - 1] == "}" else len(digits)
            try:
                return frozenset((chr(int(digits, 16)),))
            except (ValueError, OverflowError) as error:
                raise _Unknown from error
        return _ESCAPES.get(char, frozenset((char,)))

    def klass(self, depth: int) -> Chars:
        """What a class in brackets holds; classes inside of it, and named ones."""
        negative, found, first = False, set[str](), True
        if self.peek() == "^":
            self.at, negative = self.at + 1, True
        while True:
            char = self.take()
            if char == "]" and not first:
                break
            first = False
            if char == "[" and self.peek() == ":":
                found |= {"alpha": _PROPERTIES["L"], "digit": _DIGIT, "alnum": _WORD, "space": _SPACE, "punct": frozenset(string.punctuation)}.get(self.upto(":]")[1:], frozenset())
            elif char == "[" and depth < _DEPTH and "]" in self.text[self.at :].partition("]")[2]:
                found |= self.klass(depth + 1)
            else:
                found |= self.ranged(self.escaped(self.take()) if char == "\\" else frozenset((char,)))
        return (_ALL - found) if negative else frozenset(found)

    def ranged(self, start: Chars) -> Chars:
        if self.peek() != "-" or len(start) != 1 or self.text[self.at + 1 : self.at + 2] in ("", "]", "\\", "["):
            return start
        self.at += 1
        low, high = ord(next(iter(start))[:1]), ord(self.take())
        return frozenset(map(chr, range(low, min(high, 127) + 1))) | (frozenset() if high < 128 else frozenset(("other", "letter")))


def _chars(node: _Node) -> Chars:
    found = node.chars
    for part in node.parts:
        found |= _chars(part)
    return found


def _nullable(node: _Node) -> bool:
    if node.kind == "rep":
        return node.least == 0 or _nullable(node.parts[0])
    if node.kind == "alt":
        return any(map(_nullable, node.parts))
    return node.kind != "set" and all(map(_nullable, node.parts))


def _without_end(node: _Node) -> bool:
    return node.kind == "rep" and (node.most < 0 or node.most >= _LOOSE)


def _stretches(node: _Node) -> Chars:
    """Characters of repetitions that can take more or less, where all beside them in the node can be empty or is of the same characters; empty where there are none."""
    if node.kind == "rep":
        inner = node.parts[0]
        if node.most < 0 or node.most - node.least >= _STRETCH:
            return _chars(inner)
        return _stretches(inner) if node.most >= 1 else frozenset()
    if node.kind == "alt":
        return frozenset().union(*map(_stretches, node.parts))
    for index, part in enumerate(node.parts):
        own = _stretches(part) if node.kind == "seq" else frozenset()
        if own and all(_nullable(other) or own & _chars(other) for place, other in enumerate(node.parts) if place != index):
            return own
    return frozenset()


def _plain(node: _Node) -> list[Chars] | None:
    """The characters of a branch, place by place; None where it repeats anything."""
    if node.kind == "set":
        return [node.chars]
    parts = [_plain(part) for part in node.parts if part.kind != "zero"]
    return None if node.kind != "seq" or None in parts else [chars for part in parts if part is not None for chars in part]


def _twins(node: _Node) -> bool:
    """Whether two alternatives match the same, the shorter one taken again where the longer goes on."""
    if node.kind == "seq" and len(node.parts) == 1:
        return _twins(node.parts[0])
    branches = sorted((plain for part in node.parts if (plain := _plain(part))), key=len) if node.kind == "alt" else []
    return any(_made_of(branches[:50], index) for index in range(min(len(branches), 50)))


def _made_of(branches: list[list[Chars]], index: int) -> bool:
    """Whether one branch can be matched by others, one behind the other."""
    long = branches[index]
    if any(len(other) == len(long) and place != index and all(left & right for left, right in zip(other, long, strict=True)) for place, other in enumerate(branches)):
        return True
    ends = {0}
    for place in range(len(long)):
        if place in ends:
            ends |= {place + len(short) for short in branches if len(short) < len(long) and place + len(short) <= len(long) and all(char & long[place + at] for at, char in enumerate(short))}
    return len(long) in ends


def _ambiguous(node: _Node) -> bool:
    if _without_end(node) and (_stretches(node.parts[0]) or _twins(node.parts[0])):
        return True
    return any(map(_ambiguous, node.parts))


def explodes(pattern: str) -> bool:
    """Whether matching can take exponential time, as far as the syntax shows; a syntax that is not followed counts where it repeats a group."""
    parser = _Parser(pattern)
    try:
        tree = parser.alternatives(0)
        if parser.at != len(pattern):
            raise _Unknown  # noqa: TRY301
    except _Unknown:
        return any(end in pattern for end in (")*", ")+", "){"))
    return parser.found or _ambiguous(tree)
