"""torch.export archives (.pt2): graphs whose every target is an operator of torch, weights as plain bytes, symbolic expressions as plain arithmetic.

Compiled parts (`aotinductor`, shared objects), pickled weights and custom objects are refused.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from troth.formats.pickle.allow import AllowList
from troth.formats.source import Source
from troth.formats.structured import Json, parse_json
from troth.formats.torch_zip import check_members, read_torch_zip, root_of
from troth.formats.verdict import INERT, Budget, Judgement, Refusal
from troth.formats.zipped import STORED, Member, read_zip

if TYPE_CHECKING:
    import ast

__all__ = ["read_torch_export"]

_TARGET = re.compile(
    r"torch\.ops\.(?:aten|prims|higher_order|_quantized|quantized_decomposed|torchvision)\.(?!__(?!(?:i?(?:and|or|xor|lshift|rshift)|contains|getitem|is|isnot|not)__\b))[a-z_]\w*(?:\.[A-Za-z_]\w*)?\Z|"
    r"_operator\.(?:getitem|add|sub|mul|neg|floordiv|truediv|mod|eq|ne|lt|le|gt|ge|and_|or_|not_|pos|pow)\Z|"
    r"math\.(?:ceil|floor|trunc|sqrt|pow)\Z|torch\.sym_(?:int|float|ite|max|min|not|sqrt)\Z|torch\._sym_sqrt\Z|"
    r"torch\.utils\._sympy\.functions\.\w+\Z"
)
_IO = re.compile(r"from_file|save|load|\bsystem\b")
_EXPRESSION = re.compile(r"[A-Za-z0-9_+\-*/%()., <>=!&|~]{0,2000}\Z")
_QUOTED = re.compile(r"'[A-Za-z][A-Za-z0-9_]{0,80}'")
_CALLS = re.compile(r"([A-Za-z_]\w*)\s*\(")
_KNOWN = frozenset(["Symbol", "Integer", "Float", "Rational", "Eq", "Ne", "Lt", "Le", "Gt", "Ge", "And", "Or", "Not", "Max", "Min", "Mod", "FloorDiv", "CeilDiv", "ModularIndexing", "Pow", "Add", "Mul", "Abs", "TrueDiv", "PythonMod", "CleanDiv", "ceiling", "floor", "oo", "StrictLessThan", "LessThan", "GreaterThan", "StrictGreaterThan", "Equality", "Unequality", "IntTrueDiv", "FloatTrueDiv", "ToFloat", "CeilToInt", "FloorToInt", "TruncToInt", "PowByNatural", "Piecewise", "Where"])


def read_torch_export(source: Source, members: list[Member], allow: AllowList, budget: Budget) -> Judgement:
    """Prove an archive."""
    root = root_of(members)
    if not root:
        raise Refusal("two-roots", "members under more than one folder; readers choose differently")
    below = {member.name[len(root) :]: member for member in members}
    used: set[str] = set()
    memory = tensors = 0
    for name, member in below.items():
        try:
            if name.endswith(".json") and name.startswith(("models/", "data/", "extra/")):
                value = parse_json(member.data(source, budget, budget.text))
                _check(value)
                tensors += _config(value) if name.endswith("_config.json") else 0
            elif name.startswith(("data/weights/", "data/constants/")) and re.fullmatch(r"(?:weight|tensor)_\d+", name.rsplit("/", 1)[1]):
                if member.method != STORED:
                    raise Refusal("storage-compressed", "a compressed tensor expands while it is loaded", member.at)  # noqa: TRY301
                memory += member.size
            elif name.startswith("data/sample_inputs/") and name.endswith(".pt"):
                inner = source.part(member.at, member.size)
                memory += read_torch_zip(inner, read_zip(inner, budget), allow, budget).memory
            else:
                continue
        except Refusal as refusal:
            raise refusal.inside(member.name) from refusal
        used.add(name)
    check_members(source, below, used)
    if not any(name.startswith("models/") for name in used):
        raise Refusal("no-model", "an export archive without a graph")
    return Judgement("torch-export", INERT, (), memory, tensors)


def _config(value: Json) -> int:
    entries = value.get("config") if isinstance(value, dict) else None
    if not isinstance(entries, dict):
        raise Refusal("export-config", "weights without a description")
    for name, entry in entries.items():
        path = entry.get("path_name") if isinstance(entry, dict) else None
        if not isinstance(path, str) or not re.fullmatch(r"(?:weight|tensor)_\d+", path) or (isinstance(entry, dict) and entry.get("use_pickle")):
            raise Refusal("export-config", "a weight that is pickled, or lies elsewhere", None, str(name)[:200])
    return len(entries)


def _check(value: Json, depth: int = 0) -> None:
    if depth > 200:
        raise Refusal("nesting", "nested too deep")
    if isinstance(value, list):
        for inner in value:
            _check(inner, depth + 1)
    elif isinstance(value, dict):
        for key, inner in value.items():
            _entry(str(key), inner)
            _check(inner, depth + 1)


def _towers(text: str) -> bool:
    """Whether reading the expression computes a number without bound: large exponents, computed ones without a symbol, powers of powers of powers."""
    import ast

    if "**" not in text and "Pow" not in text:
        return False
    try:
        tree = ast.parse(text, mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return True
    return _powers(tree.body) > _POWERS or any(_steep(exponent) for exponent in filter(None, map(_exponent, ast.walk(tree))))


def _exponent(node: ast.AST) -> ast.expr | None:
    import ast

    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Pow):
        return node.right
    power = isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("Pow", "PowByNatural") and len(node.args) > 1
    return node.args[1] if power and isinstance(node, ast.Call) else None


def _steep(exponent: ast.expr) -> bool:
    """Whether an exponent is neither a small number nor one that hangs on a symbol."""
    import ast

    called = {id(node.func) for node in ast.walk(exponent) if isinstance(node, ast.Call)}
    if any(isinstance(node, ast.Name) and id(node) not in called for node in ast.walk(exponent)):
        return False
    numbers = [node.value for node in ast.walk(exponent) if isinstance(node, ast.Constant)]
    return any(_exponent(node) is not None for node in ast.walk(exponent)) or not all(isinstance(number, (int, float)) and abs(number) <= _EXPONENT for number in numbers)


def _powers(node: ast.AST) -> int:
    """The largest number of powers inside each other."""
    import ast

    inner = max([0, *map(_powers, ast.iter_child_nodes(node))])
    return inner + (_exponent(node) is not None)


_EXPONENT = 64
_POWERS = 3


def _entry(key: str, value: Json) -> None:
    if key == "target" and isinstance(value, str) and "." in value and (not _TARGET.match(value) or _IO.search(value)):
        raise Refusal("operator-not-allowed", f"the graph calls {value[:120]!r}", None, value[:200])
    if key in ("as_expr", "expr_str") and isinstance(value, str):
        value = _QUOTED.sub("q", value)
        foreign = {name for name in _CALLS.findall(value)} - _KNOWN  # noqa: C416
        if _towers(value):
            raise Refusal("expression", f"a size is computed by powers of powers: {value[:120]!r}", None, key)
        if not _EXPRESSION.match(value) or foreign or "__" in value or "lambda" in value:
            raise Refusal("expression", f"a size is computed by {value[:120]!r}", None, key)
    if key in ("as_custom_obj", "class_fqn") and value:
        raise Refusal("custom-operator", "an object of native code", None, str(value)[:200])
