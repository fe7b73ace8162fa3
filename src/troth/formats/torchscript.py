"""TorchScript archives: pickles whose classes are the archive's own, and code that only calls operators which compute.

The code is TorchScript's language, which has no way to Python; what it can reach are operators. Those that touch files, processes or other libraries are not on
the list, and an operator that is not on the list is refused. The list is made from torch's own schemas by `tools/allowlists/operators.py`.
"""

from __future__ import annotations

import os
import re
from functools import cache
from typing import TYPE_CHECKING

from troth.formats.pickle.allow import AllowList
from troth.formats.pickle.machine import Machine
from troth.formats.pickle.values import Global, Items
from troth.formats.source import Source
from troth.formats.stream import judged
from troth.formats.torch_zip import Storages, check_members, root_of
from troth.formats.verdict import INERT, NOT_A_MODEL, Budget, Judgement, Refusal
from troth.formats.zipped import Member

if TYPE_CHECKING:
    import ast

__all__ = ["operators", "read_torchscript"]

_OWN = re.compile(r"__torch__(?:\.[A-Za-z_]\w*)*\Z")
_CODE_LIMIT = 64 << 20
_DEFINES = re.compile(r"^\s*def ([A-Za-z_]\w*)\(", re.MULTILINE)
_REACHES = frozenset(("save", "from_file"))
"""Operators on files, which a function of the archive's own may share its name with: a value's method of that name is the operator."""
_OF_VALUES = frozenset(("forward", "numpy", "__call__", "__new__", "__init__"))
_FREE = frozenset(
    ["annotate", "unchecked_cast", "uninitialized", "getattr", "hasattr", "int", "float", "bool", "str", "list", "dict", "tuple", "len", "range", "print", "isinstance", "torch", "ops", "CONSTANTS", "NotImplementedError", "Exception", "AssertionError", "ValueError", "RuntimeError", "IndexError", "KeyError", "min", "max", "abs", "round", "ord", "chr", "sorted", "divmod", "raise", "complex", "Final", "Optional", "List", "Dict", "Tuple", "Union", "Tensor", "Module", "NoneType", "Any", "number", "Future", "Device", "Stream", "__torch__", "super", "enumerate", "zip", "__debug__", "Parameter", "slice", "Interface", "NamedTuple", "Enum"]
)


class _ScriptNames(AllowList):
    """The allow-list with the archive's own classes, which exist in no Python module."""

    def find(self, module: str, name: str, protocol: int, offset: int) -> Global:
        if _OWN.match(module):
            if name.startswith("__"):
                raise Refusal("dotted-name", f"{module}.{name} is no class of the archive", offset)
            return Global(module, name, "script-class", "weights", offset)
        if module == "torch.jit._pickle" and name in ("build_intlist", "build_tensorlist", "build_doublelist", "build_boollist", "build_tensor_from_id"):
            return Global(module, name, "jit-list", "weights", offset)
        if (module, name) == ("torch.jit._pickle", "restore_type_tag"):
            return Global(module, name, "jit-tag", "weights", offset)
        return super().find(module, name, protocol, offset)


@cache
def operators() -> frozenset[str]:
    """Names of operators that only compute."""
    path = os.path.join(os.path.dirname(__file__), "pickle", "lists", "torchscript.operators")
    with open(path, encoding="ascii") as file:
        return frozenset(line.strip() for line in file if line.strip() and not line.startswith("#"))


def read_torchscript(source: Source, members: list[Member], budget: Budget) -> Judgement:
    """Prove an archive."""
    root = root_of(members)
    if not root:
        raise Refusal("two-roots", "members under more than one folder; readers choose differently")
    below = {member.name[len(root) :]: member for member in members}
    used: set[str] = set()
    machines = []
    allow = _ScriptNames()
    memory = 0
    for name, folder in (("data.pkl", "data/"), ("constants.pkl", "constants/"), ("traced_inputs.pkl", "traced_inputs/")):
        if name in below:
            storages = Storages(below, folder, empty=folder == "traced_inputs/")
            machine = Machine(Source(below[name].data(source, budget)), allow, persistent=storages.resolve, budget=budget)
            _run(machine, below[name])
            machines.append(machine)
            used |= {name, *storages.used}
            memory += storages.size
    texts = {name: member.data(source, budget, _CODE_LIMIT).decode("utf-8", "replace") for name, member in below.items() if name.startswith("code/") and name.endswith(".py")}
    own = frozenset(found for text in texts.values() for found in _DEFINES.findall(text)) - _REACHES
    for name, member in below.items():
        if name in texts:
            check_code(texts[name], member, own)
            used.add(name)
        elif name == "bytecode.pkl":
            _mobile(source, below, allow, budget)
            used.add(name)
        elif name.startswith("extra/") and not name.endswith("/"):
            _beside(source, name, member, budget)
            used.add(name)
        elif name.startswith("code/") and name.endswith(".debug_pkl"):
            _run(Machine(Source(member.data(source, budget)), allow, budget=budget), member)
            used.add(name)
    check_members(source, below, used)
    return judged("torchscript", allow, *machines, memory=memory)


def _run(machine: Machine, member: Member) -> None:
    try:
        if machine.run() != member.size:
            raise Refusal("trailing-bytes", "bytes behind the pickle", machine.pos)  # noqa: TRY301
    except Refusal as refusal:
        raise refusal.inside(member.name) from refusal


def _mobile(source: Source, below: dict[str, Member], allow: AllowList, budget: Budget) -> None:
    """The same program for the interpreter of phones: every operator that it names (`aten::add`) only computes."""
    member = below["bytecode.pkl"]
    storages = Storages(below, "bytecode/" if any(name.startswith("bytecode/") for name in below) else "constants/")
    machine = Machine(Source(member.data(source, budget)), allow, persistent=storages.resolve, budget=budget)
    _run(machine, member)
    todo: list[object] = [machine.result]
    while todo:
        value = todo.pop()
        if isinstance(value, (tuple, Items)):
            todo.extend(value if isinstance(value, tuple) else value.items)
        elif isinstance(value, str) and "::" in value:
            space, _, name = value.partition("::")
            if space not in ("aten", "prim", "quantized", "prims", "prepacked") or (name not in operators() and space != "prepacked"):
                raise Refusal("operator-not-allowed", f"the program calls {value[:120]!r}", None, value[:200]).inside(member.name)


def _beside(source: Source, name: str, member: Member, budget: Budget) -> None:
    """A file that the program's author put beside the model (`_extra_files`): settings and labels, judged as any file."""
    from troth.formats.judge import judge

    found = judge(Source(member.data(source, budget)), name, budget=budget, depth=1)
    if found.verdict not in (INERT, NOT_A_MODEL) or name.endswith((".py", ".so", ".pyc", ".sh")):
        reason = found.reasons[0] if found.reasons else None
        raise Refusal(reason.code if reason else "extra-member", reason.says if reason else "code beside the model", member.at, name[:200]).inside(member.name)


def check_code(text: str, member: Member, own: frozenset[str] = frozenset()) -> None:
    """Refuse code that calls what is not known to only compute.

    Args:
        text: the code.
        member: where it lies.
        own: names of functions that the archive defines.
    """
    import ast

    readable = re.sub(r"(?<=[\s(,\[=])-?(?:inf|nan)\b", "0.0", text)
    try:
        tree = ast.parse(readable)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise Refusal("script-syntax", "code that is not TorchScript as torch writes it", None, member.name[:200]).inside(member.name) from error
    for node in ast.walk(tree):
        says = _fault(node, own)
        if says:
            raise Refusal("operator-not-allowed", f"line {getattr(node, 'lineno', 0)}: {says}", None, says.split()[-1][:200]).inside(member.name)


def _fault(node: ast.AST, own: frozenset[str]) -> str:
    import ast

    if isinstance(node, (ast.Import, ast.ImportFrom, ast.Lambda, ast.AsyncFunctionDef, ast.Await, ast.Global, ast.Nonlocal, ast.Try)):
        return f"a {type(node).__name__.lower()}, which TorchScript does not have"
    if isinstance(node, ast.Call):
        return _called(ast.unparse(node.func), node.func) or _method(node, own)
    return ""


def _method(call: ast.Call, own: frozenset[str]) -> str:
    """What a call of a value's attribute can reach: operators take any value as their first argument, so that `x.save(...)` is `aten::save`."""
    import ast

    func = call.func
    if isinstance(func, ast.Attribute) and ast.unparse(func).partition(".")[0] not in ("torch", "ops", "__torch__"):
        return "" if func.attr in own or func.attr in _OF_VALUES or (func.attr in operators() and func.attr not in _REACHES) else f"calls a method {func.attr}"
    if isinstance(func, ast.Name) and func.id == "getattr" and call.args and isinstance(call.args[0], ast.Name) and call.args[0].id in ("torch", "ops", "__torch__"):
        return f"takes a part of {call.args[0].id} by its name"
    if not isinstance(func, (ast.Attribute, ast.Name)):
        return "calls what another call gave"
    return ""


def _called(name: str, func: ast.expr) -> str:
    import ast

    parts = name.split(".")
    if parts[0] == "torch" and len(parts) == 2:
        return "" if parts[1] in operators() else f"calls {name}"
    if parts[0] == "ops" and len(parts) == 3:
        known = parts[1] in ("prim", "aten", "quantized", "prims") and parts[2] in operators()
        return "" if known or (parts[1] == "torchvision" and parts[2] in ("nms", "roi_align", "roi_pool", "ps_roi_align", "deform_conv2d")) else f"calls {name}"
    if parts[0] == "torch":
        return "" if parts[-1] in operators() and len(parts) <= 3 and parts[1] in ("_C", "jit") else f"calls {name}"
    if isinstance(func, ast.Name):
        return "" if func.id in _FREE or func.id.startswith("_") else f"calls {name}"
    if parts[0] == "__torch__" and "classes" in parts:
        return f"uses a class of native code {name}"
    return ""
