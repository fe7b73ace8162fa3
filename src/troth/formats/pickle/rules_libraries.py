"""Validators for reducers of libraries: pandas, scikit-learn, scipy, boosting libraries, and Python's own that many of them lean on.

`empty`: made without arguments and then given attributes. `data`: called with literals, proved arrays and objects only; never with a name that could be
called, nor with a lazy range that the callee would write out. The others check what their one callee does with its arguments.
"""

# All validators share one signature.
# ruff: noqa: ARG001
from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from troth.formats.patterns import explodes
from troth.formats.pickle.arguments import bad, is_int, is_plain
from troth.formats.pickle.rules_objects import check_attributes
from troth.formats.pickle.values import Blob, Global, Items, Obj

if TYPE_CHECKING:
    from troth.formats.pickle.machine import Machine

__all__ = ["BUILDS", "CALLS"]

Args = tuple[object, ...]

_DATA: Final = frozenset([
    "ndarray", "array-done", "value", "scalar", "datetime", "dtype", "np-random", "enum", "free", "instance", "masked", "fraction", "ordereddict", "mapping",
    "path", "uuid", "namedtuple", "tensor", "device", "size", "zone", "pattern", "booster", "distribution", "deque", "plain-object", "hull", "tokenizer",
])  # fmt: skip
_NAMED: Final = frozenset(("type", "constant", "empty", "data", "ndarray", "np-matrix", "torch-dtype", "instance", "np-bitgen"))
_BESIDE: Final = re.compile(r"[\w.+-]{1,255}(?:/[\w.+-]{1,255}){0,8}\Z")
_PATTERN_LIMIT: Final = 20_000
_ZONE: Final = re.compile(r"[A-Za-z0-9_+-]{1,40}(?:/[A-Za-z0-9_+-]{1,40}){0,3}\Z")
_ARGUMENTS: Final = r"(?:[A-Za-z]\w{0,30}, )*"
_GIVEN: Final = rf"self, {_ARGUMENTS} loc=0(?:, scale=1)?"
_TEMPLATE: Final = re.compile(
    rf"\ndef _parse_args\({_GIVEN}\):\n    return \({_ARGUMENTS}\), loc, (?:scale|1)\n"
    rf"\ndef _parse_args_rvs\({_GIVEN}, size=None\):\n    return self\._argcheck_rvs\({_ARGUMENTS} loc, (?:scale|1), size=size\)\n"
    rf"\ndef _parse_args_stats\({_GIVEN}, moments='mv'\):\n    return \({_ARGUMENTS}\), loc, (?:scale|1), moments\n\Z"
)
"""scipy compiles this text when a distribution is loaded: only the very text that scipy writes, around names of arguments, passes."""


def is_data(value: object, depth: int = 0) -> bool:
    """Whether a value is literals, arrays and proved objects; nothing that could be called, nothing lazy."""
    if depth > 24:
        return False
    if isinstance(value, tuple):
        return all(is_data(item, depth + 1) for item in value)
    if isinstance(value, Items):
        return all(is_data(item, depth + 1) for item in value.items)
    if isinstance(value, Global):
        return value.rule in ("type", "constant")
    return not isinstance(value, Obj) or value.kind in _DATA


def _empty(vm: Machine, func: Global, args: Args, offset: int) -> object:
    if args:
        bad(func, offset, "is made with arguments; its library makes it empty")
    return Obj("free", func)


def _opens_file(value: object) -> bool:
    """Whether a time zone is given as `dateutil/...`, which is opened as a file of that name."""
    if isinstance(value, Items) and value.kind == "dict":
        return _opens_file(value.get("tz"))
    return type(value) is str and value.startswith(("dateutil/", ":"))


def _data(vm: Machine, func: Global, args: Args, offset: int) -> object:
    """A class of the same library may stand first (what the reducer makes); the rest is data."""
    rest = args
    if args and isinstance(args[0], Global):
        if args[0].rule not in _NAMED or args[0].module.split(".", 1)[0] != func.module.split(".", 1)[0]:
            bad(func, offset, f"is asked to make {args[0].full}, which is no class of its own library")
        rest = args[1:]
    if func.module != "ipaddress" and any(_opens_file(arg) for arg in rest):
        bad(func, offset, "names a file as its time zone")
    if not all(is_data(arg) for arg in rest):
        bad(func, offset, "takes data only, nothing that can be called or that is written out on use")
    return Obj("free", func, parts=args)


def _state(vm: Machine, target: Obj, state: object, offset: int) -> None:
    """State for an audited `__setstate__` that stores values: neither machinery of Python nor something callable in a method's place."""
    parts = state if isinstance(state, tuple) else (state,)
    for part in parts:
        if isinstance(part, Items) and part.kind == "dict":
            check_attributes(target, part, offset)


def _new_object(vm: Machine, func: Global, args: Args, offset: int) -> object:
    named = len(args) == 1 and isinstance(args[0], Global) and args[0].rule == "type" and args[0].module.startswith("sklearn.")
    if not named:
        bad(func, offset, "takes one class of its module")
    return Obj("free", func)


def _booster(vm: Machine, func: Global, args: Args, offset: int) -> object:
    if args:
        bad(func, offset, "with arguments it reads a file; its library makes it empty")
    return Obj("booster", func)


def _booster_state(vm: Machine, target: Obj, state: object, offset: int) -> None:
    """The model itself comes as text or bytes for the library's own reader; binary JSON is walked here first."""
    if not isinstance(state, Items) or state.kind != "dict":
        bad(target.cls, offset, "a state that is not a dict of attributes")
    check_attributes(target, Items("dict", [part for pair in state.pairs() if pair[0] != "__model" for part in pair]), offset)
    for key, value in state.pairs():
        if not is_data(value):
            bad(target.cls, offset, f"the attribute {key!r:.60} can be called")
        if key in ("handle", "_handle", "__model") and value is not None:
            _handle(vm, target, value, offset)


def _plain_state(vm: Machine, target: Obj, state: object, offset: int) -> None:
    """State for a `__setstate__` that computes on what it is given: data alone."""
    if not isinstance(state, Items) or state.kind != "dict":
        bad(target.cls, offset, "a state that is not a dict of attributes")
    check_attributes(target, state, offset)
    for key, value in state.pairs():
        if not is_data(value):
            bad(target.cls, offset, f"the attribute {key!r:.60} can be called")


def _plain_object(vm: Machine, func: Global, args: Args, offset: int) -> object:
    if args:
        bad(func, offset, "is made with arguments")
    return Obj("plain-object", func)


def _handle(vm: Machine, target: Obj, value: object, offset: int) -> None:
    from troth.formats.boosted import check_trees
    from troth.formats.ubjson import check, load

    if isinstance(value, Blob):
        data = vm.source.read(value.offset, min(value.size, vm.budget.text))
    else:
        data = bytes(value) if isinstance(value, bytes) else value.encode("utf-8", "replace") if isinstance(value, str) else b""
    if data[:1] == b"{" and data[1:2] in b'"}':
        from troth.formats.structured import parse_json

        found = parse_json(data)
        check_trees(found if isinstance(found, dict) else {})
    elif data[:1] == b"{":
        check(data)
        check_trees(load(data))
    elif data.startswith(b"tree\n"):
        from troth.formats.libraries import check_lightgbm

        check_lightgbm(data)
    elif not data.startswith((b"CONFIG-offset:", b"binf", b"bs64", b"CBM1")):
        bad(target.cls, offset, "a model that is none of the forms that its library writes")


def _pattern(vm: Machine, func: Global, args: Args, offset: int) -> object:
    fine = len(args) == 2 and type(args[0]) in (str, bytes) and (is_int(args[1], 0, 1 << 16) or (isinstance(args[1], Obj) and args[1].kind == "enum"))
    if not fine:
        bad(func, offset, "takes a pattern and flags")
    text = args[0].decode("latin-1") if isinstance(args[0], bytes) else args[0]
    if not isinstance(text, str) or len(text) > _PATTERN_LIMIT or explodes(text):
        bad(func, offset, "a pattern of odd length, or whose matching can take exponential time")
    return Obj("pattern", func)


def _zone(vm: Machine, func: Global, args: Args, offset: int) -> object:
    name = args[0] if args else None
    if len(args) > 2 or type(name) is not str or not _ZONE.match(name) or not all(type(arg) in (bool, int) for arg in args[1:]):
        bad(func, offset, "takes the name of a time zone")
    return Obj("zone", func, args)


def _distribution(vm: Machine, func: Global, args: Args, offset: int) -> object:
    if args:
        bad(func, offset, "is made with arguments")
    return Obj("distribution", func)


def _distribution_state(vm: Machine, target: Obj, state: object, offset: int) -> None:
    if not isinstance(state, Items) or state.kind != "dict":
        bad(target.cls, offset, "a state that is not a dict of attributes")
    plain = Items("dict", [part for pair in state.pairs() if pair[0] != "__doc__" or not isinstance(pair[1], str) for part in pair])
    check_attributes(target, plain, offset)
    seen = [value for key, value in state.pairs() if key == "_parse_arg_template"]
    if len(seen) != 1 or type(seen[0]) is not str or not _TEMPLATE.match(seen[0]):
        bad(target.cls, offset, "the text that scipy compiles is not the one that scipy writes")
    for key, value in state.pairs():
        if not is_data(value) and not (key == "vecentropy" and isinstance(value, Obj) and value.kind == "vectorized"):
            bad(target.cls, offset, f"the attribute {key!r:.60} can be called")


def _vectorize(vm: Machine, func: Global, args: Args, offset: int) -> object:
    if args:
        bad(func, offset, "is made with arguments")
    return Obj("vectorized", func)


def _vectorize_state(vm: Machine, target: Obj, state: object, offset: int) -> None:
    """The one use that picklers write: around a distribution's own `_entropy`."""
    if not isinstance(state, Items) or state.kind != "dict":
        bad(target.cls, offset, "a state that is not a dict of attributes")
    for key, value in state.pairs():
        own = key == "pyfunc" and isinstance(value, Obj) and value.kind == "bound"
        if type(key) is not str or not (own or is_plain(value) or (isinstance(value, Items) and not value.items)):
            bad(target.cls, offset, f"the attribute {key!r:.60} is neither a literal nor the distribution's own method")


def _getattr(vm: Machine, func: Global, args: Args, offset: int) -> object:
    """Methods that were audited one by one, named through their class: `str.lower`, `ZoneInfo._unpickle`."""
    if len(args) == 2 and isinstance(args[0], Obj) and args[0].kind == "distribution" and args[1] == "_entropy":
        return Obj("bound", func, parts=args)
    if len(args) == 2 and isinstance(args[0], Obj) and args[0].kind == "module" and type(args[1]) is str:
        return _own_hook(vm, func, args[0], args[1], offset)
    if len(args) != 2 or not isinstance(args[0], Global) or type(args[1]) is not str:
        bad(func, offset, "takes a class and the name of an audited method")
    found = vm.allow.rule(f"attr:{args[0].full}", args[1])
    if found is None:
        bad(func, offset, f"{args[0].full}.{args[1][:80]} is not an audited method")
    return Global(f"attr:{args[0].full}", args[1], found[0], found[1], offset)


def _own_hook(vm: Machine, func: Global, owner: Obj, name: str, offset: int) -> object:
    """A hook that a module hangs on itself (lazy modules, until their first use); asked for before the module has attributes that could stand in its place."""
    full = owner.cls.full if owner.cls is not None else ""
    found = vm.allow.rule(f"attr:{full}", name)
    if found is None or found[0] != "method" or owner.built:
        bad(func, offset, f"{full}.{name[:80]} is not an audited hook of a module that is still without a state")
    return Obj("hook", Global(f"attr:{full}", name, found[0], found[1], offset), parts=(owner,))


def _hull(vm: Machine, func: Global, args: Args, offset: int) -> object:
    if args:
        bad(func, offset, "is made with arguments")
    return Obj("hull", func)


def _hull_state(vm: Machine, target: Obj, state: object, offset: int) -> None:
    """Arrays; the native handle, which its destructor would close, must be None."""
    _plain_state(vm, target, state, offset)
    if not isinstance(state, Items) or ("_qhull", None) not in state.pairs() or state.get("_qhull") is not None:
        bad(target.cls, offset, "carries something in place of the handle that its destructor closes")


def _tokenizer(vm: Machine, func: Global, args: Args, offset: int) -> object:
    if not all(isinstance(arg, Obj) and arg.kind == "tokenizer" for arg in args) or len(args) > 1:
        bad(func, offset, "takes nothing, or one proved model")
    return Obj("tokenizer", func, parts=args)


def _tokenizer_state(vm: Machine, target: Obj, state: object, offset: int) -> None:
    """The JSON that `tokenizer.json` holds, for the same reader."""
    from troth.formats.structured import judge_json

    if not isinstance(state, (bytes, Blob)):
        bad(target.cls, offset, "a state that is not JSON in bytes")
    data = bytes(state) if isinstance(state, bytes) else vm.source.read(state.offset, min(state.size, vm.budget.text))
    if not data.lstrip().startswith(b"{"):
        bad(target.cls, offset, "a state that is not JSON in bytes")
    found = judge_json(data, "tokenizer.json")
    if found.reasons:
        bad(target.cls, offset, f"its JSON is refused: {found.reasons[0].says}")


def _type(vm: Machine, func: Global, args: Args, offset: int) -> object:
    """`type(None)`, `type(...)`, `type(NotImplemented)`: how picklers write these three types."""
    single = len(args) == 1 and (args[0] is None or (isinstance(args[0], Global) and args[0].full in ("builtins.Ellipsis", "builtins.NotImplemented")))
    if not single:
        bad(func, offset, "takes None, Ellipsis or NotImplemented")
    return Global("builtins", "NoneType", "type", "weights", offset)


def _exception(vm: Machine, func: Global, args: Args, offset: int) -> object:
    if len(args) > 5 or not is_plain(args):
        bad(func, offset, "takes literals")
    return Obj("value", func, args)


def _placed(vm: Machine, func: Global, args: Args, offset: int) -> object:
    if args:
        bad(func, offset, "is made with arguments")
    return Obj("placed", func)


def _placed_state(vm: Machine, target: Obj, state: object, offset: int) -> None:
    """Where the bytes of a distributed checkpoint lie: a file beside it, and plain numbers."""
    _plain_state(vm, target, state, offset)
    path = state.get("relative_path") if isinstance(state, Items) else None
    if type(path) is not str or not _BESIDE.match(path) or ".." in path.split("/"):
        bad(target.cls, offset, f"its bytes lie outside of the checkpoint: {path!r:.80}")


def _index(vm: Machine, func: Global, args: Args, offset: int) -> object:
    if args:
        bad(func, offset, "is made with arguments")
    return Obj("index", func)


def _index_state(vm: Machine, target: Obj, state: object, offset: int) -> None:
    """A key of literals and sizes: its hash runs over these three."""
    fine = isinstance(state, Items) and all(
        (key == "fqn" and type(value) is str) or (key == "index" and (value is None or is_int(value))) or (key == "offset" and (value is None or (isinstance(value, Obj) and value.kind == "size")))
        for key, value in state.pairs()
    )
    if not fine:
        bad(target.cls, offset, "takes a name, an offset and a number")


CALLS: Final = {
    "placed": _placed, "index": _index, "empty": _empty, "data": _data, "new-object": _new_object, "booster": _booster, "pattern": _pattern, "zone": _zone, "distribution": _distribution,
    "getattr": _getattr, "singleton-type": _type, "exception": _exception,
    "vectorize": _vectorize, "plain-object": _plain_object, "hull": _hull, "tokenizer": _tokenizer,
}  # fmt: skip
BUILDS: Final = {"placed": _placed_state, "index": _index_state, "free": _state, "booster": _booster_state, "distribution": _distribution_state, "vectorized": _vectorize_state, "hull": _hull_state, "tokenizer": _tokenizer_state, "plain-object": _plain_state}
