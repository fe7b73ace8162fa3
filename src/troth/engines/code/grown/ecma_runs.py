"""What TypeScript and JavaScript run, and of what texts are put together: code, commands, prompts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from troth.engines.code.grown.ecma import Call, EcmaFile
from troth.engines.code.grown.ecma_flow import cleaned
from troth.engines.code.grown.ecma_scopes import FUNCTIONS, Scope
from troth.engines.code.grown.syntax import Node, children, text_of, unwrapped
from troth.engines.code.grown.syntax import field as field_of

__all__ = ["commands", "evaluated", "put_together", "sent", "substituted"]

_EVALS: Final = frozenset(("eval", "window.eval", "globalThis.eval", "global.eval", "Function", "globalThis.Function", "setTimeout", "setInterval", "vm2.VM().run", "vm2.NodeVM().run", "vm2.run"))
_MADE: Final = ("getPrototypeOf().constructor", "function_expression.constructor", "arrow_function.constructor")
_MADE_BY_NAME: Final = frozenset(("AsyncFunction", "GeneratorFunction", "AsyncGeneratorFunction"))
"""The constructor of functions by way of a function: `Object.getPrototypeOf(async function () {}).constructor`."""
_VM: Final = ("vm.runInNewContext", "vm.runInThisContext", "vm.runInContext", "vm.Script", "vm.compileFunction", "vm.SourceTextModule")
_PLAIN: Final = frozenset((
    "child_process.exec", "child_process.execSync", "shelljs.exec", "execa.execaCommand", "execa.execaCommandSync", "child-process-promise.exec", "sync-exec", "shelljs.default.exec",
))  # fmt: skip
"""What hands its first argument to a shell."""
_LISTS: Final = frozenset((
    "child_process.spawn", "child_process.spawnSync", "child_process.execFile", "child_process.execFileSync", "execa.execa", "execa.execaSync", "execa", "cross-spawn", "cross-spawn.sync", "Bun.spawn", "Bun.spawnSync", "Deno.Command", "child_process.fork",
))  # fmt: skip
"""What takes a program and a list of words, and a shell where it is told so."""
_SHELLS: Final = frozenset(("sh", "bash", "zsh", "dash", "ksh", "fish", "cmd", "cmd.exe", "powershell", "pwsh", "powershell.exe"))
_INTERPRETERS: Final = frozenset(("node", "python", "python3", "perl", "ruby", "php", "deno", "bun", "osascript", "psql", "ssh", "sudo", "env", "xargs", "docker", "kubectl"))
_FLAGS: Final = frozenset(("-c", "-lc", "-ec", "-e", "--eval", "/c", "/C", "-Command", "-command", "-r", "-p"))
_SENT: Final = ("messages", "prompt", "input", "system", "instructions", "contents", "inputs")
_MOST: Final = 12


def evaluated(file: EcmaFile) -> Iterator[tuple[Call, Node]]:
    """Calls that run a text as JavaScript, with the text."""
    for call in file.calls:
        made = any(name.endswith(_MADE) for name in call.names) or not _MADE_BY_NAME.isdisjoint(call.names)
        runs = made or call.names & _EVALS or any(name.endswith(_VM) and (name.startswith("vm.") or name.rpartition(".")[0].endswith("vm")) for name in call.names)
        if not runs or not call.arguments:
            continue
        code = call.arguments[-1] if made or call.names & {"Function", "globalThis.Function"} else call.arguments[0]
        timer = call.names & {"setTimeout", "setInterval"}
        if timer and unwrapped(code).type in FUNCTIONS:
            continue
        yield call, code


def commands(file: EcmaFile) -> Iterator[tuple[Call, Node, bool]]:
    """Calls that start a program: the part that decides what runs, and whether a shell reads it."""
    for call in file.calls:
        if not call.arguments or call.tagged:
            continue
        first = call.arguments[0]
        if call.names & _PLAIN:
            yield call, first, True
        elif call.names & _LISTS:
            yield from _of_list(file, call, first)


def _of_list(file: EcmaFile, call: Call, first: Node) -> Iterator[tuple[Call, Node, bool]]:
    options = file.options(call.arguments[-1], call.scope) if len(call.arguments) > 1 else {}
    shell = "shell" in options and file.worth(options["shell"], call.scope) not in (frozenset((False,)), frozenset((None,)))
    yield call, first, shell
    words = list(children(first)) if unwrapped(first).type == "array" else _words(call)
    program = file.worth(words[0] if unwrapped(first).type == "array" and words else first, call.scope) or frozenset()
    names = {str(item).rpartition("/")[2] for item in program}
    if not names & (_SHELLS | _INTERPRETERS):
        return
    told = [file.worth(word, call.scope) or frozenset() for word in words]
    for at, word in enumerate(words):
        if at and told[at - 1] & _FLAGS:
            yield call, word, bool(names & _SHELLS)


def _words(call: Call) -> list[Node]:
    second = unwrapped(call.arguments[1]) if len(call.arguments) > 1 else None
    if second is not None and second.type == "identifier":
        found = call.scope.find(text_of(second))
        second = unwrapped(found[0].node) if len(found) == 1 and found[0].kind == "value" and found[0].node is not None else second
    return list(children(second)) if second is not None and second.type == "array" else []


def put_together(node: Node, scope: Scope, file: EcmaFile, depth: int = 0) -> bool:
    """A text that this file joins with values which are not constant, and not quoted; one that came whole from elsewhere was meant to be one, unless a caller in the file put it together."""
    text, parts = substituted(node, scope, file)
    if not text.strip() and depth < 3:
        handed = (call for part, where in parts for item in where.find(text_of(part)) if item.kind == "param" and item.node is not None for call in file.callers.get(item.node.id, ()))
        given = [(call.argument(_place(node, scope)), call.scope) for call in handed]
        return any(one is not None and put_together(one, where, file, depth + 1) for one, where in given)
    return any(file.certain(part, where) is None and not _quoted(part, where, file, depth) for part, where in parts)


def _place(node: Node, scope: Scope) -> int:
    """The position of a parameter; one that no call has where it is none."""
    return next((item.place for item in scope.find(text_of(unwrapped(node))) if item.kind == "param"), 1 << 20)


def _quoted(node: Node, scope: Scope, file: EcmaFile, depth: int) -> bool:
    node = unwrapped(node)
    call = file.call_of.get(node.id)
    if cleaned(node):
        return True
    if call is not None:
        last = {name.rpartition(".")[2].lower() for name in call.names}
        return any("quote" in name or "escape" in name or name in ("number", "parseint", "parsefloat") for name in last)
    if node.type == "identifier" and depth < 3:
        found = scope.find(text_of(node))
        return bool(found) and all(item.kind == "value" and item.node is not None and _quoted(item.node, item.scope, file, depth + 1) for item in found)
    return False


def substituted(node: Node, scope: Scope, file: EcmaFile, depth: int = 0) -> tuple[str, list[tuple[Node, Scope]]]:
    """The fixed words of a text, and the values that are put between them; a name is followed to the text that it is bound to."""
    node = unwrapped(node)
    if depth > 6:
        return "", [(node, scope)]
    known = file.certain(node, scope) if node.type in ("string", "template_string", "identifier") else None
    if known is not None and len(known) == 1:
        return str(next(iter(known))), []
    if node.type == "template_string":
        parts = [_joined(item, scope, file, depth) for item in node.named_children]
        return " ".join(text for text, _ in parts), [one for _, found in parts for one in found]
    operator = field_of(node, "operator") if node.type == "binary_expression" else None
    if operator is not None and operator.type == "+":
        sides = [substituted(side, scope, file, depth + 1) for side in (field_of(node, "left"), field_of(node, "right")) if side is not None]
        return " ".join(text for text, _ in sides), [one for _, found in sides for one in found]
    if node.type == "identifier":
        bound = [item for item in scope.find(text_of(node)) if item.kind == "value" and item.node is not None and item.node.type not in FUNCTIONS]
        found = [substituted(item.node, item.scope, file, depth + 1) for item in bound[:_MOST]]
        if found and any(text for text, _ in found):
            return " ".join(text for text, _ in found), [one for _, parts in found for one in parts]
    call = file.call_of.get(node.id)
    function = field_of(node, "function") if call is not None else None
    if call is not None and function is not None and function.type == "member_expression" and text_of(function).endswith((".trim", ".concat", ".join")):
        owner = field_of(function, "object")
        if owner is not None and unwrapped(owner).type in ("template_string", "binary_expression", "array"):
            return _array(unwrapped(owner), scope, file, depth) if unwrapped(owner).type == "array" else substituted(owner, scope, file, depth + 1)
    return "", [(node, scope)]


def _joined(item: Node, scope: Scope, file: EcmaFile, depth: int) -> tuple[str, list[tuple[Node, Scope]]]:
    if item.type != "template_substitution":
        return text_of(item), []
    inner = children(item)
    return substituted(inner[0], scope, file, depth + 1) if inner else ("", [])


def _array(node: Node, scope: Scope, file: EcmaFile, depth: int) -> tuple[str, list[tuple[Node, Scope]]]:
    parts = [substituted(item, scope, file, depth + 1) for item in children(node)]
    return " ".join(text for text, _ in parts), [one for _, found in parts for one in found]


def sent(file: EcmaFile, call: Call) -> Iterator[tuple[Node, Scope]]:
    """Texts that a call sends to a model: the prompt, the contents of its messages."""
    for argument in call.arguments:
        options = file.options(argument, call.scope)
        given = [options[key] for key in _SENT if key in options] if options else [argument]
        for item in given:
            yield from _contents(file, item, call.scope, 0)


def _contents(file: EcmaFile, node: Node, scope: Scope, depth: int) -> Iterator[tuple[Node, Scope]]:
    node = unwrapped(node)
    inner = list(_inner(file, node, scope)) if depth < 6 else []
    if not inner and node.type not in ("array", "object"):
        yield node, scope
    for item, where in inner:
        yield from _contents(file, item, where, depth + 1)


def _inner(file: EcmaFile, node: Node, scope: Scope) -> Iterator[tuple[Node, Scope]]:
    """What a list of messages, a message or a name for one holds."""
    if node.type == "array":
        yield from ((item, scope) for item in children(node))
    elif node.type == "object":
        options = file.options(node, scope)
        yield from ((options[key], scope) for key in ("content", "text", "parts") if key in options)
    elif node.type == "new_expression":
        listed = field_of(node, "arguments")
        yield from ((item, scope) for item in (children(listed)[:1] if listed is not None else ()))
    elif node.type == "identifier":
        yield from ((item.node, item.scope) for item in scope.find(text_of(node)) if item.kind == "value" and item.node is not None and unwrapped(item.node).type in ("array", "object"))
