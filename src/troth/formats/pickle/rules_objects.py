"""Validators for objects of libraries: made empty, then given a state that cannot replace what their class does.

`instance`: a class whose `__new__`, `__setstate__` and `__reduce__` were audited when the list was made. `module`: a torch module, whose hooks must be
empty, or of audited classes. `enum`: called with one literal. `pure`: a class that the caller of the guard allows by handing over the object itself.
"""


# All validators share one signature; asserts only tell the type checker what was checked.
# ruff: noqa: ARG001
from __future__ import annotations

from typing import TYPE_CHECKING, Final

from troth.formats.pickle.arguments import bad, is_int, is_plain
from troth.formats.pickle.values import Global, Items, Obj

if TYPE_CHECKING:
    from troth.formats.pickle.machine import Machine

__all__ = ["BUILDS", "CALLS", "ONLY_NEW", "check_attributes"]

Args = tuple[object, ...]

ONLY_NEW: Final = frozenset(("module", "hook", "handle"))
"""Rules whose classes are only ever made empty (`NEWOBJ`), never called."""

_METHODS: Final = frozenset(
    ["forward", "call", "fit", "transform", "predict", "predict_proba", "predict_log_proba", "decision_function", "score", "fit_transform", "fit_predict", "inverse_transform", "get_params", "set_params", "items", "keys", "values", "pop", "update", "clear", "copy", "get", "setdefault", "popitem", "append", "extend", "insert", "remove", "load_state_dict", "state_dict", "parameters", "buffers", "modules", "children", "train", "eval", "to", "cpu", "cuda", "half", "double", "apply", "register_buffer", "register_parameter", "zero_grad", "step", "close", "flush", "read", "write", "partial_fit", "sample", "log_prob", "reset", "reset_parameters", "extra_repr", "get_feature_names_out", "decode", "encode", "tokenize", "build_analyzer", "build_preprocessor", "build_tokenizer"]
)
"""Methods that programs call on loaded models; an attribute of that name that can be called would run in their place."""


_COUNTS: Final = frozenset(("num_layers", "n_layers", "num_directions"))
_LARGEST_COUNT: Final = 1 << 14
"""Attributes by which a `__setstate__` of torch's recurrent modules counts."""


def _callable(value: object) -> bool:
    return isinstance(value, Global) or (isinstance(value, Obj) and value.kind in ("partial",))


def _dicts(target: Obj, state: object, offset: int) -> list[Items]:
    """The dict of attributes; values of slots (a pair's second part) are set through the class's own code, which nothing here looks at."""
    parts = state if isinstance(state, tuple) and len(state) == 2 else (state,)
    if len(parts) == 2 and parts[1] is not None and not _empty(parts[1]) and not _spline(target, parts[1]):
        bad(target.cls, offset, "values of slots, which are set through code of the class")
    found = []
    for part in parts:
        if part is None:
            continue
        if not isinstance(part, Items) or part.kind != "dict":
            bad(target.cls, offset, "a state that is not a dict of attributes")
        found.append(part)
    return found


_SLOTS: Final = frozenset(("c", "x", "_c", "_x", "extrapolate", "axis", "_asarray"))


def _spline(target: Obj, slots: object) -> bool:
    """Whether the slots are those of scipy's piecewise polynomials, which store what they are given: arrays and literals only."""
    if target.cls is None or not target.cls.module.startswith("scipy.interpolate.") or not isinstance(slots, Items) or slots.kind != "dict":
        return False
    for key, value in slots.pairs():
        array = isinstance(value, Obj) and value.kind in ("ndarray", "array-done", "scalar", "value")
        named = isinstance(value, Global) and key == "_asarray" and value.name == "asarray" and value.rule in ("function", "type")
        if type(key) is not str or key not in _SLOTS or not (array or named or is_plain(value)):
            return False
    return True


def _instance(vm: Machine, func: Global, args: Args, offset: int) -> object:
    if args:
        bad(func, offset, "is made with arguments")
    made = Obj("instance", func)
    return made  # noqa: RET504


def _dict_instance(vm: Machine, func: Global, args: Args, offset: int) -> object:
    if args and not (len(args) == 1 and isinstance(args[0], Items) and args[0].kind == "dict"):
        bad(func, offset, "is made with arguments")
    made = Obj("instance", func, parts=args)
    made.extra = Items("dict")
    return made


def _list_instance(vm: Machine, func: Global, args: Args, offset: int) -> object:
    if args and not (len(args) == 1 and isinstance(args[0], (Items, tuple))):
        bad(func, offset, "is made with arguments")
    made = Obj("instance", func, parts=args)
    made.extra = Items("list")
    return made


def check_attributes(target: Obj, state: Items, offset: int) -> None:
    """Refuse attributes that are machinery of Python, or that would be called in place of a method."""
    for key, value in state.pairs():
        text = key == "__doc__" and (value is None or type(value) is str)
        if type(key) is not str or (key.startswith("__") and key.endswith("__") and not key.endswith("_version__") and not text):
            bad(target.cls, offset, f"the attribute {key!r:.60} is machinery of Python")
        if key in _COUNTS and not (value is None or is_int(value, -(1 << 16), _LARGEST_COUNT) or type(value) in (bool, float, str)):
            bad(target.cls, offset, f"the attribute {key!r:.60} counts more than {_LARGEST_COUNT}; the class's __setstate__ takes so many steps")
        if key in _METHODS and _callable(value):
            bad(target.cls, offset, f"the attribute {key!r:.60} would be called in place of a method")


def _instance_state(vm: Machine, target: Obj, state: object, offset: int) -> None:
    """Attributes; tables of hooks (of modules, and of optimizers) are empty, or hold audited hooks."""
    for part in _dicts(target, state, offset):
        check_attributes(target, part, offset)
        for key, value in part.pairs():
            if type(key) is str and "_hooks" in key and not _empty(value) and not _audited_hooks(value) and not _flags(value):
                bad(target.cls, offset, f"hooks in {key} would run later")


def _module(vm: Machine, func: Global, args: Args, offset: int) -> object:
    if args:
        bad(func, offset, "is made with arguments")
    return Obj("module", func)


def _empty(value: object) -> bool:
    if isinstance(value, Obj) and value.kind == "ordereddict":
        return value.extra is None or not value.extra.items
    return value is None or (isinstance(value, Items) and not value.items) or value is False


def _audited_hooks(value: object) -> bool:
    """Whether everything under a table of hooks is an object of an audited hook class (weight norm, spectral norm, pruning)."""
    held = value.extra if isinstance(value, Obj) and value.kind == "ordereddict" else value
    if not isinstance(held, Items) or held.kind != "dict":
        return False
    return all(is_int(key) and isinstance(hook, Obj) and hook.cls is not None and hook.kind == "hook" for key, hook in held.pairs())


def _flags(value: object) -> bool:
    """Numbers of hooks with a truth value each: torch's note on how to call them."""
    held = value.extra if isinstance(value, Obj) and value.kind == "ordereddict" else value
    return isinstance(held, Items) and held.kind == "dict" and all(is_int(key) and type(flag) is bool for key, flag in held.pairs())


def _hook(vm: Machine, func: Global, args: Args, offset: int) -> object:
    if args:
        bad(func, offset, "is made with arguments")
    return Obj("hook", func)


def _hook_state(vm: Machine, target: Obj, state: object, offset: int) -> None:
    """A wrapper holds an audited hook and no module of its own; the hooks themselves hold numbers, texts, tensors and each other."""
    for part in _dicts(target, state, offset):
        check_attributes(target, part, offset)
        for key, value in part.pairs():
            odd = isinstance(value, Global) or (isinstance(value, Obj) and value.kind not in ("hook", "tensor", "module", "value"))
            if odd or (key == "hook" and not (isinstance(value, Obj) and value.kind == "hook")):
                bad(target.cls, offset, f"the attribute {key!r:.60} of a hook is neither data nor an audited hook")


def _handle(vm: Machine, func: Global, args: Args, offset: int) -> object:
    if args:
        bad(func, offset, "is made with arguments")
    return Obj("handle", func)


def _handle_state(vm: Machine, target: Obj, state: object, offset: int) -> None:
    """What takes a hook out again: the table that holds it, its number, further tables. Weak references to tables are all that loading makes."""
    tables = list(state[2]) if isinstance(state, tuple) and len(state) == 3 and isinstance(state[2], tuple) else []
    fine = isinstance(state, tuple) and 2 <= len(state) <= 3 and is_int(state[1], 0, 1 << 32) and all(isinstance(item, Obj) and item.kind == "ordereddict" for item in tables)
    if not fine or not isinstance(state, tuple) or not (state[0] is None or (isinstance(state[0], Obj) and state[0].kind == "ordereddict")):
        bad(target.cls, offset, "takes a table of hooks, a number and further tables")


def _enum(vm: Machine, func: Global, args: Args, offset: int) -> object:
    if len(args) != 1 or not is_plain(args[0]):
        bad(func, offset, "takes one literal")
    return Obj("enum", func, args[0])


def _pure(vm: Machine, func: Global, args: Args, offset: int) -> object:
    return Obj("free", func, parts=args)


def _named_tuple(vm: Machine, func: Global, args: Args, offset: int) -> object:
    return Obj("namedtuple", func, parts=args)



def _script_class(vm: Machine, func: Global, args: Args, offset: int) -> object:
    """A class of a TorchScript archive: known to no Python module, its attributes are data for the script."""
    return Obj("script", func, parts=args)


def _script_state(vm: Machine, target: Obj, state: object, offset: int) -> None:
    if not isinstance(state, (Items, tuple, Obj)):
        bad(target.cls, offset, "a state that torch does not write")


CALLS: Final = {
    "script-class": _script_class, "instance": _instance, "dict-instance": _dict_instance, "list-instance": _list_instance, "module": _module, "enum": _enum, "pure": _pure,
    "namedtuple": _named_tuple, "hook": _hook, "handle": _handle,
}  # fmt: skip
BUILDS: Final = {"instance": _instance_state, "module": _instance_state, "hook": _hook_state, "handle": _handle_state, "script": _script_state}
