"""Commands of which a value decides what runs."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

from troth.engines.code.grown.rust import Called, RustFile, chain, function_of
from troth.engines.code.grown.syntax import Node, children, field, text_of, unwrapped, walk
from troth.engines.code.rule import Context, Hit, Rule, Severity

__all__ = ["RULE"]

_SHELLS = frozenset(("sh", "bash", "zsh", "dash", "ksh", "fish", "cmd", "cmd.exe", "powershell", "pwsh"))
_FLAGS = frozenset(("-c", "-lc", "-ec", "/c", "/C", "-Command", "-command"))
_NAMED = re.compile(r"(?i)shell|\bsh\b|\bbash\b|interpreter")
"""How a program that is not written in the code is called where it is a shell; it counts as one with a flag for a script behind it."""
_OUTSIDE = re.compile(r"\benv::args|std::env::args|\bargs\(\)|\bread_line\b|\bstdin\(\)|\bheaders\(\)|\.query\b|\.body\b|Json\(|Query\(|Path\(|Form\(")


def _check(file: RustFile, _: Context) -> Iterator[Hit]:
    for call in file.paths("Command::new"):
        program = call.arguments[0] if call.arguments else None
        if program is None:
            continue
        known = _program(program) in _SHELLS
        script = _script(call) if known or (not file.is_fixed(program) and _NAMED.search(text_of(program))) else None
        if script is not None and not file.is_fixed(script):
            yield Hit(call.line, "A shell reads a command that is put together from values.")
        elif not known and not file.is_fixed(program) and _from_outside(file, program):
            yield Hit(call.line, "What was handed in decides which program runs.")


def _program(node: Node) -> str:
    return text_of(unwrapped(node)).strip('"').rpartition("/")[2]


def _script(call: Called) -> Node | None:
    """What follows `-c` in the arguments of the chain; where the command is a name, of the calls on that name."""
    words: list[Node] = []
    for step in sorted(_steps(call), key=lambda node: int(node.end_byte)):
        function, listed = field(step, "function"), field(step, "arguments")
        method = field(function, "field") if function is not None and function.type == "field_expression" else None
        given = children(listed) if listed is not None else []
        if method is None or not given:
            continue
        if text_of(method) == "arg":
            words.append(given[0])
        elif text_of(method) == "args":
            words += children(unwrapped(given[0])) if unwrapped(given[0]).type == "array_expression" else []
    for word, after in pairwise(words):
        if text_of(unwrapped(word)).strip('"') in _FLAGS:
            return after
    return None


def _steps(call: Called) -> Iterator[Node]:
    yield from chain(call.node)
    holder = call.node.parent
    while holder is not None and holder.type not in ("let_declaration", "block", "function_item"):
        holder = holder.parent
    name = field(holder, "pattern") if holder is not None and holder.type == "let_declaration" else None
    around = function_of(call.node)
    if name is None or around is None:
        return
    spelled = text_of(name).removeprefix("mut ")
    for node in walk(around):
        if node.type == "call_expression":
            function = field(node, "function")
            owner = field(function, "value") if function is not None and function.type == "field_expression" else None
            while owner is not None and owner.type == "call_expression":
                inner = field(owner, "function")
                owner = field(inner, "value") if inner is not None and inner.type == "field_expression" else None
            if owner is not None and text_of(owner) == spelled:
                yield node


def _from_outside(file: RustFile, node: Node) -> bool:
    """The program is an argument of the command line, or a part of a request."""
    names = [text_of(item) for item in walk(node) if item.type == "identifier"]
    texts = [text_of(node), *(text_of(value) for name in names for value in file.bound.get(name, ()))]
    return any(_OUTSIDE.search(text) for text in texts)


RULE = Rule(
    id="rust-command-input",
    title="A value decides what a command runs",
    why="A shell reads ; and $( in the value as commands of their own.",
    mend="Name the program in the code, and hand values over as arguments of their own (arg) without a shell.",
    severity=Severity.MEDIUM,
    cwe=("CWE-78",),
    owasp=("LLM05:2025",),
    atlas=("AML.T0053",),
    needs=((b"Command::new",),),
    check=_check,
    language="rust",
    bad=("fn f(line: &str) { std::process::Command::new(\"sh\").arg(\"-c\").arg(line).status(); }\n",),
    good=("fn f(name: &str) { std::process::Command::new(\"ls\").arg(\"--\").arg(name).status(); }\n",),
)
