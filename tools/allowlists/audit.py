"""What runs of a library's own code while an allow-listed class is loaded, and why that is harmless: recorded per release, by hook.

For every class of a list, each hook that a load can reach (`HOOKS` of its rule) is traced to the class that defines it. Python source is walked: only a handful of statements and
calls that store, look up and compare may stand in it; what holds anything else must be listed by its digest in `audit_read`, where a person says why it is harmless.
Native code must be listed there by name. A class with a hook that is neither is left out of the list. The record (definer -> digest and ground) goes into the list's file,
and a test holds it against the installed release.
"""

from __future__ import annotations

import ast
import hashlib
import importlib
import inspect
import textwrap
from typing import Any, NamedTuple

from tools.allowlists import audit_read

__all__ = ["NAMED_ONLY", "Ground", "ground_of", "grounds", "hooks_of", "of_name"]

NAMED_ONLY = frozenset(("type", "function", "constant", "method", "factory", "np-bitgen", "ndarray", "np-matrix", "torch-dtype", "torch-storage", "tensor-type", "singleton-type", "getattr", "np-ufunc"))
"""Rules under which nothing of the library runs while loading: the name is only held (or handed to a reducer that is audited itself)."""
_ALWAYS = ("__new__", "__setstate__", "__getattr__", "__getattribute__", "__setattr__", "__del__")
_MORE = {"dict-instance": ("__setitem__",), "list-instance": ("append", "extend"), "index": ("__hash__", "__eq__"), "enum": ("__hash__", "__eq__", "_missing_", "__init__"), "namedtuple": ("__init__", "__hash__", "__eq__")}
_MADE_EMPTY = frozenset(("instance", "module", "hook", "handle", "empty", "plain-object", "hull", "distribution", "vectorize", "booster", "tokenizer", "placed", "index", "dict-instance", "list-instance", "torch-typed-storage"))

_STATEMENTS = (ast.Expr, ast.Assign, ast.AnnAssign, ast.AugAssign, ast.If, ast.For, ast.Return, ast.Raise, ast.Pass, ast.Delete, ast.Continue, ast.Break)
_CALLS = frozenset("isinstance hasattr getattr len super dict list tuple set frozenset str int float bool zip enumerate range type repr vars min max sorted any all issubclass object id".split())  # noqa: SIM905
_METHODS = frozenset("update get setdefault pop items keys values copy append extend add format startswith endswith join split warn __setstate__ __new__ __init__ __getattr__ __getattribute__ __setattr__ __delattr__ __setitem__".split())  # noqa: SIM905


class Ground(NamedTuple):
    """Why a hook is harmless: digest of its source (16 hex digits, empty for native code) and the ground; `ground` empty = none was found."""

    digest: str
    ground: str


def hooks_of(cls: type, rule: str) -> dict[str, str]:
    """Hook -> definer (`module.Class`), for the hooks that loading an entry of this rule can reach; `object`'s own are left out.

    Args:
        cls: the class.
        rule: its rule of the list.
    """
    wanted = [*_ALWAYS, *_MORE.get(rule, ())] + ([] if rule in _MADE_EMPTY or "__init__" in _MORE.get(rule, ()) else ["__init__"])
    found = {}
    for hook in wanted:
        for base in cls.__mro__:
            if hook in base.__dict__:
                if base is not object:
                    found[hook] = f"{base.__module__}.{base.__qualname__}"
                break
    return found


def _owner(cls: type, hook: str) -> Any:
    return next(base.__dict__[hook] for base in cls.__mro__ if hook in base.__dict__)


def _source(value: Any) -> str | None:
    value = getattr(value, "__func__", value)
    value = inspect.unwrap(value) if callable(value) else value
    try:
        return textwrap.dedent(inspect.getsource(value))
    except (OSError, TypeError):
        return None


def ground_of(value: Any, full: str) -> Ground:
    """The ground of one function.

    Args:
        value: the function, method or slot.
        full: `module.Class.hook`, for native code.
    """
    source = _source(value)
    if value is None or isinstance(value, (int, str)):
        return Ground("", "no code")
    if source is None:
        code = getattr(getattr(value, "__func__", value), "__code__", None)
        if code is not None and code.co_filename.startswith("<"):
            return Ground("", "written by dataclasses, namedtuple or enum")
        return Ground("", audit_read.NATIVE.get(full, "") or audit_read.native(full))
    digest = hashlib.sha256(source.encode()).hexdigest()[:16]
    if digest in audit_read.READ:
        return Ground(digest, f"read: {audit_read.READ[digest]}")
    fault = _fault(source)
    return Ground(digest, "" if fault else "stores, looks up and compares only")


def _fault(source: str) -> str:
    """The first construct that does more than store, look up and compare."""
    try:
        tree = ast.parse(source)
    except SyntaxError:
        return "no function"
    function = tree.body[0]
    if not isinstance(function, ast.FunctionDef) or len(tree.body) != 1:
        return "no function"
    for node in (inner for statement in function.body for inner in ast.walk(statement)):
        if isinstance(node, ast.stmt) and not isinstance(node, _STATEMENTS):
            return type(node).__name__
        if isinstance(node, (ast.Lambda, ast.Await, ast.Yield, ast.YieldFrom, ast.NamedExpr)):
            return type(node).__name__
        if isinstance(node, ast.Call) and not _harmless(node.func):
            return ast.unparse(node.func)
    return ""


def _harmless(called: ast.expr) -> bool:
    if isinstance(called, ast.Name):
        return called.id in _CALLS or called.id.endswith(("Error", "Warning", "Exception"))
    return isinstance(called, ast.Attribute) and called.attr in _METHODS


def of_name(module: str, name: str, rule: str) -> dict[str, Ground]:
    """Grounds of one entry of a list; empty where this release does not have it, or where nothing runs under its rule.

    Args:
        module: as in the list; `attr:module.Class` for methods.
        name: name in it.
        rule: its rule.
    """
    if rule in NAMED_ONLY or module.startswith("attr:"):
        return {}
    try:
        value = getattr(importlib.import_module(module), name)
    except (ImportError, AttributeError):
        return {}
    return grounds(value, rule) if isinstance(value, type) else {f"{module}.{name}": ground_of(value, f"{module}.{name}")}


def grounds(cls: type, rule: str) -> dict[str, Ground]:
    """`definer.hook` -> ground, for every hook that loading can reach."""
    return {f"{definer}.{hook}": ground_of(_owner(cls, hook), f"{definer}.{hook}") for hook, definer in hooks_of(cls, rule).items()}
