"""Calls in Python files that some promise speaks of.

A file is parsed only if its bytes hold a module's name and a call that may be its (`PAIRS`); parsing costs a hundred times what that search costs.
Names are resolved through the file's own imports (`import torch as t`, `from torch import load`), not through assignments or other files.
"""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Final

from troth.engines.code.nodes import children, statements
from troth.judgement.remembered import of_blob
from troth.terms.facts.python_calls import Argument, PythonCall, PythonCalls
from troth.terms.facts.tree import Tree, is_foreign
from troth.terms.place import Place

__all__ = ["look"]

WANTED: Final[Mapping[str, str]] = {
    "torch.load": "load",
    "torch.jit.load": "load",
    "torch.serialization.load": "load",
    "torch.hub.load": "load",
    "pickle.load": "load",
    "pickle.loads": "loads",
    "cloudpickle.load": "load",
    "dill.load": "load",
    "joblib.load": "load",
    "numpy.load": "load",
    "safetensors.torch.load_file": "load_file",
    "safetensors.safe_open": "safe_open",
    "keras.models.load_model": "load_model",
    "tensorflow.keras.models.load_model": "load_model",
    "onnxruntime.InferenceSession": "InferenceSession",
    "yaml.load": "load",
    "subprocess.run": "run",
    "subprocess.call": "call",
    "subprocess.check_call": "check_call",
    "subprocess.check_output": "check_output",
    "subprocess.Popen": "Popen",
    "os.system": "system",
    "os.popen": "popen",
}
"""Dotted name -> its last part."""
PAIRS: Final = (
    (
        re.compile(rb"\b(?:torch|pickle|cloudpickle|dill|joblib|numpy|yaml|safetensors|keras|onnxruntime)\b"),
        re.compile(rb"\b(?:load|loads|load_file|safe_open|load_model|InferenceSession)\s*(?:\(|as\b)"),
    ),
    (re.compile(rb"\bsubprocess\b"), re.compile(rb"\b(?:run|call|check_call|check_output|Popen)\s*(?:\(|as\b)")),
    (re.compile(rb"\bos\b"), re.compile(rb"\b(?:system|popen)\s*(?:\(|as\b)")),
)
"""A file is parsed where both of a pair are in it: a module and a call that may be its."""
_HELD: Final = (
    ((b"torch", b"pickle", b"dill", b"joblib", b"numpy", b"yaml", b"safetensors", b"keras", b"onnxruntime"), (b"load", b"safe_open", b"InferenceSession")),
    ((b"subprocess",), (b"run", b"call", b"check_output", b"Popen")),
    ((b"os",), (b"system", b"popen")),
)
"""For each pair, texts of which a match of either expression holds one: a search for them costs a tenth of the expression's."""
_ENDS: Final = frozenset(WANTED.values())
_HASHING: Final = re.compile(rb"\b(?:hashlib|hmac|sha256sum|blake3)\b|\w*(?:checksum|sha256)\w*\s*\(", re.IGNORECASE)
_HASHES: Final = (b"hashlib", b"hmac", b"sha256", b"blake3", b"checksum")
"""Every match of `_HASHING` holds one, in lower case."""
_COMPARES: Final = re.compile(rb"checksum|expected|verif|compare_digest|integrity|mismatch", re.IGNORECASE)
_TEST: Final = re.compile(
    r"(?:^|/)(?:tests?|testing|examples?|docs?|benchmarks?|bench|samples?|tutorials?)/|(?:^|/)(?:test_[^/]*|[^/]*_test|conftest)\.py\Z"
)
_SIZE_LIMIT: Final = 2 * 1024 * 1024
_TEXT_LIMIT: Final = 200


def look(tree: Tree) -> PythonCalls:
    """Calls of the wanted names in all Python files of the tree."""
    calls: list[PythonCall] = []
    unread: list[tuple[str, str]] = []
    hashing: dict[str, tuple[str, ...]] = {}
    modules = 0
    for path, file in tree.files.items():
        if not path.endswith((".py", ".pyw")) or file.mode == "120000" or is_foreign(path):
            continue
        modules += 1
        found = of_blob(file.blob, ("python calls", path), 0, partial(_in_file, tree, path))
        calls.extend(found.calls)
        if found.why:
            unread.append((path, found.why))
        if found.hashing:
            hashing[path] = found.hashing
    return PythonCalls(tuple(calls), tuple(unread), modules, hashing)


@dataclass(frozen=True, slots=True)
class _Found:
    """Of one file: the wanted calls, words of hashing beside words of comparing, and why it could not be read."""

    calls: tuple[PythonCall, ...] = ()
    hashing: tuple[str, ...] = ()
    why: str = ""


def _in_file(tree: Tree, path: str) -> _Found:
    data = tree.reader(path)
    if data is None or len(data) > _SIZE_LIMIT:
        return _Found(why="It cannot be read, or is too large.")
    lower = data.lower()
    hashing: tuple[str, ...] = ()
    if any(word in lower for word in _HASHES) and _HASHING.search(data) and _COMPARES.search(data):
        hashing = tuple(sorted({found.group(0).decode("ascii", "replace")[:80] for found in _HASHING.finditer(data)}))
    if not _has_pair(data):
        return _Found(hashing=hashing)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            module = ast.parse(data)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        return _Found(hashing=hashing, why=f"It is not Python that can be parsed ({type(error).__name__}).")
    return _Found(tuple(_calls(path, module)), hashing)


def _has_pair(data: bytes) -> bool:
    """Whether a module and a call that may be its are both in the file."""
    for (modules, calls), (module, call) in zip(_HELD, PAIRS, strict=True):
        held = any(word in data for word in modules) and any(word in data for word in calls)
        if held and module.search(data) and call.search(data):
            return True
    return False


def _calls(path: str, module: ast.Module) -> Iterator[PythonCall]:
    imports = dict(_imports(module))
    test = bool(_TEST.search(path))
    where, parameters = "", frozenset[str]()
    pending: list[ast.AST | tuple[str, frozenset[str]]] = [module]  # a pair says whose the nodes below it on the stack are
    found = []
    while pending:
        node = pending.pop()
        if isinstance(node, tuple):
            where, parameters = node
            continue
        if isinstance(node, ast.Call):
            name = _resolve(node.func, imports)
            if name in WANTED:
                found.append(_call(path, node, name, where=where, parameters=parameters, test=test))
        elif isinstance(node, ast.Name):
            continue
        elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            pending.append((where, parameters))
            where, parameters = f"{where}.{node.name}".lstrip("."), parameters | _parameters(node.args)
        elif isinstance(node, ast.ClassDef):
            pending.append((where, parameters))
            where = f"{where}.{node.name}".lstrip(".")
        pending += children(node)
    yield from sorted(found, key=lambda call: call.place.line)


def _imports(module: ast.Module) -> Iterator[tuple[str, str]]:
    for node in statements(module):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield (
                    alias.asname or alias.name.partition(".")[0],
                    alias.name if alias.asname else alias.name.partition(".")[0],
                )
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            for alias in node.names:
                yield alias.asname or alias.name, f"{node.module}.{alias.name}"


def _resolve(function: ast.expr, imports: Mapping[str, str]) -> str:
    parts: list[str] = []
    while isinstance(function, ast.Attribute):
        parts.append(function.attr)
        function = function.value
    if not isinstance(function, ast.Name) or (parts and parts[0] not in _ENDS) or function.id not in imports:
        return ""
    return ".".join([imports[function.id], *reversed(parts)])


def _parameters(arguments: ast.arguments) -> frozenset[str]:
    return frozenset(
        item.arg
        for item in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)
        if item.arg not in ("self", "cls")
    )


def _call(path: str, node: ast.Call, name: str, *, where: str, parameters: frozenset[str], test: bool) -> PythonCall:
    return PythonCall(
        name=name,
        place=Place(path, node.lineno, node.end_lineno),
        arguments=tuple(_argument(item) for item in node.args if not isinstance(item, ast.Starred)),
        keywords={item.arg: _argument(item.value) for item in node.keywords if item.arg},
        star=any(isinstance(item, ast.Starred) for item in node.args)
        or any(item.arg is None for item in node.keywords),
        function=where,
        parameters=parameters,
        test=test,
    )


def _argument(node: ast.expr) -> Argument:
    if isinstance(node, ast.Constant) and isinstance(node.value, (str, bool, int, float, type(None))):
        return Argument(repr(node.value)[:_TEXT_LIMIT], True, node.value)
    try:
        return Argument(ast.unparse(node)[:_TEXT_LIMIT])
    except RecursionError:
        return Argument("...")
