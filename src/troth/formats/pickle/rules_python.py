"""Validators for calls into Python's own library: containers, dates, numbers, paths, and the reducers that picklers write."""


# All validators share one signature; asserts only tell the type checker what was checked.
# ruff: noqa: ARG001, S101
from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from troth.formats.pickle.arguments import bad, is_int, is_plain
from troth.formats.pickle.values import Global, Items, Obj, size_of

if TYPE_CHECKING:
    from troth.formats.pickle.machine import Machine

__all__ = ["BUILDS", "CALLS"]

Args = tuple[object, ...]

_DECIMAL: Final = re.compile(r"[+-]?(?:[0-9]{1,400}(?:\.[0-9]{1,400})?(?:[eE][+-]?[0-9]{1,4})?|Infinity|s?NaN[0-9]{0,9})\Z")
_FRACTION: Final = re.compile(r"-?[0-9]{1,400}(?:/[0-9]{1,400})?\Z")


def _ordered_dict(vm: Machine, func: Global, args: Args, offset: int) -> object:
    made = Obj("ordereddict", func)
    made.extra = Items("dict")
    if args:
        pairs = args[0] if len(args) == 1 else None
        if isinstance(pairs, Items) and pairs.kind == "list":
            for pair in pairs.items:
                items = list(pair) if isinstance(pair, tuple) else pair.items if isinstance(pair, Items) else []
                if len(items) != 2:
                    bad(func, offset, "an element that is not a pair")
                vm.keys(items[:1], offset)
                made.extra.items.extend(items)
        elif isinstance(pairs, Items) and pairs.kind == "dict":
            made.extra.items.extend(pairs.items)
        else:
            bad(func, offset, "takes nothing, or one list of pairs")
    return made


def _default_dict(vm: Machine, func: Global, args: Args, offset: int) -> object:
    factory = args[0] if args else None
    named = isinstance(factory, Global) and factory.rule in ("type", "set", "list", "dict", "ordereddict", "tuple", "counter", "factory")
    if len(args) > 1 or not (factory is None or named):
        bad(func, offset, "its factory is not a plain type")
    made = Obj("mapping", func)
    made.extra = Items("dict")
    return made


def _counter(vm: Machine, func: Global, args: Args, offset: int) -> object:
    if len(args) > 1 or (args and not (isinstance(args[0], Items) and args[0].kind == "dict")):
        bad(func, offset, "takes one dict")
    made = Obj("mapping", func, parts=args)
    made.extra = Items("dict")
    return made


def _deque(vm: Machine, func: Global, args: Args, offset: int) -> object:
    fine = not args or (len(args) <= 2 and (args[0] == () or isinstance(args[0], Items)) and (len(args) < 2 or args[1] is None or is_int(args[1])))
    if not fine:
        bad(func, offset, "takes an iterable and a length")
    made = Obj("deque", func, parts=args)
    made.extra = Items("list")
    return made


def _collection(kind: str) -> Callable[[Machine, Global, Args, int], object]:
    def make(vm: Machine, func: Global, args: Args, offset: int) -> object:
        if not args:
            return Items(kind) if kind != "tuple" else ()
        given = args[0]
        if len(args) != 1 or not isinstance(given, (tuple, Items)):
            bad(func, offset, "takes one list or tuple")
        items = list(given) if isinstance(given, tuple) else list(given.items)
        if isinstance(given, Items) and (given.kind == "dict") != (kind == "dict"):
            bad(func, offset, "made from another kind of container")
        if kind in ("set", "frozenset"):
            vm.keys(items, offset)
        if kind == "dict" and isinstance(given, tuple):
            bad(func, offset, "takes one dict")
        return tuple(items) if kind == "tuple" else Items(kind, items)

    return make


def _bytearray(vm: Machine, func: Global, args: Args, offset: int) -> object:
    given = args[0] if args else b""
    if len(args) == 2 and type(given) is str and args[1] in ("latin-1", "latin1"):
        return _latin(given, func, offset)
    if len(args) > 1 or size_of(given) < 0:
        bad(func, offset, "takes bytes; a number would allocate that many")
    return given


def _encode(vm: Machine, func: Global, args: Args, offset: int) -> object:
    if not (len(args) == 2 and type(args[0]) is str and args[1] in ("latin1", "latin-1")):
        bad(func, offset, "takes a text and 'latin1'")
    text = args[0]
    assert isinstance(text, str)
    return _latin(text, func, offset)


def _latin(text: str, func: Global, offset: int) -> bytes:
    """The bytes that protocols 0 to 2 write as a text."""
    try:
        return text.encode("latin-1")
    except UnicodeEncodeError:
        bad(func, offset, "a text beyond latin1")


def _bytes(vm: Machine, func: Global, args: Args, offset: int) -> object:
    if args:
        bad(func, offset, "takes nothing here")
    return b""


def _numbers(count: int, none: bool = False, kind: str = "value") -> Callable[[Machine, Global, Args, int], object]:
    def make(vm: Machine, func: Global, args: Args, offset: int) -> object:
        fine = all((type(arg) in (int, float) or (none and arg is None)) for arg in args)
        if len(args) > count or not fine:
            bad(func, offset, "takes numbers")
        return Obj(kind, func, args)

    return make


def _datetime(vm: Machine, func: Global, args: Args, offset: int) -> object:
    sizes = {"date": (4,), "time": (6,), "datetime": (10,)}
    first = args[0] if args else None
    text = len(first.encode("utf-8", "replace")) if isinstance(first, str) else size_of(first)
    zone = args[1] if len(args) > 1 else None
    odd_zone = zone is not None and not (isinstance(zone, Obj) and zone.kind in ("datetime", "zone"))
    if func.name not in sizes or len(args) > 2 or odd_zone:
        bad(func, offset, "takes its packed fields and a time zone")
    if text < 4 and not all(is_int(arg, -10000) for arg in args):
        bad(func, offset, "takes its packed fields or integers")
    return Obj("datetime", func, args, args)


def _timedelta(vm: Machine, func: Global, args: Args, offset: int) -> object:
    if len(args) > 3 or not all(is_int(arg, -(10**12), 10**12) for arg in args):
        bad(func, offset, "takes integers")
    return Obj("datetime", func, args)


def _timezone(vm: Machine, func: Global, args: Args, offset: int) -> object:
    fine = 1 <= len(args) <= 2 and isinstance(args[0], Obj) and args[0].kind == "datetime" and all(type(arg) is str for arg in args[1:])
    if not fine:
        bad(func, offset, "takes an offset and a name")
    return Obj("datetime", func, args)


def _decimal(vm: Machine, func: Global, args: Args, offset: int) -> object:
    if len(args) != 1 or type(args[0]) is not str or not _DECIMAL.match(args[0]):
        bad(func, offset, "takes one number as text")
    return Obj("fraction", func, args)


def _fraction(vm: Machine, func: Global, args: Args, offset: int) -> object:
    text = len(args) == 1 and type(args[0]) is str and bool(_FRACTION.match(args[0]))
    if not text and not (len(args) == 2 and all(type(arg) is int for arg in args)):
        bad(func, offset, "takes one fraction as text, or two integers")
    return Obj("fraction", func, args)


def _path(vm: Machine, func: Global, args: Args, offset: int) -> object:
    if len(args) > 256 or not all(type(arg) is str for arg in args):
        bad(func, offset, "takes texts")
    return Obj("path", func, args)


def _uuid(vm: Machine, func: Global, args: Args, offset: int) -> object:
    if args:
        bad(func, offset, "is made empty and then given its number")
    return Obj("uuid", func)


def _uuid_state(vm: Machine, target: Obj, state: object, offset: int) -> None:
    fine = isinstance(state, Items) and all(
        (key == "int" and is_int(value, 0, 1 << 128)) or (key == "is_safe" and (value is None or is_int(value, -1) or isinstance(value, Obj)))
        for key, value in state.pairs()
    )
    if not fine:
        bad(target.cls, offset, "a state that is not one number")


def _reconstructor(vm: Machine, func: Global, args: Args, offset: int) -> object:
    if len(args) != 3 or not isinstance(args[0], Global) or not isinstance(args[1], Global):
        bad(func, offset, "takes a class, its base and a value")
    if args[1].full == "builtins.object" and args[2] is None:
        return vm.call(args[0], (), None, offset, "newobj")
    kind = {"builtins.dict": "dict", "builtins.list": "list"}.get(args[1].full, "")
    if not kind or args[0].rule != f"{kind}-instance" or not isinstance(args[2], Items) or args[2].kind != kind:
        bad(func, offset, "takes a class, object and None, or an audited kind of dict or list with its content")
    return vm.call(args[0], (args[2],), None, offset, "newobj")


_WRAPPED: Final = ("function", "module", "instance", "type")
"""What `partial` may wrap, with literals bound; it is the program that calls the result."""


def _partial(vm: Machine, func: Global, args: Args, offset: int) -> object:
    if len(args) != 1 or not (isinstance(args[0], Global) and args[0].rule in _WRAPPED):
        bad(func, offset, "wraps something that is neither an audited function nor an audited class")
    return Obj("partial", func, args[0])


def _bound(value: object, depth: int = 0) -> bool:
    """Literals, and types that are only named, in tuples, lists and dicts."""
    if isinstance(value, (tuple, Items)) and depth < 4:
        return all(_bound(item, depth + 1) for item in (value if isinstance(value, tuple) else value.items))
    return is_plain(value) or (isinstance(value, Global) and value.rule == "type")


def _partial_state(vm: Machine, target: Obj, state: object, offset: int) -> None:
    if not isinstance(state, tuple) or len(state) != 4 or state[0] is not target.info:
        bad(target.cls, offset, "a state that changes the wrapped function")
    if not isinstance(state[1], tuple) or not isinstance(state[2], Items) or not _bound(state[1]) or not _bound(state[2]) or not (state[3] is None or (isinstance(state[3], Items) and not state[3].items)):
        bad(target.cls, offset, "bound arguments that are not literals")


def _mapping_state(vm: Machine, target: Obj, state: object, offset: int) -> None:
    """State of a dict subclass: attributes that hide methods would answer in their place."""
    if not isinstance(state, Items) or state.kind != "dict":
        bad(target.cls, offset, "a state that is not a dict")
    for key, _value in state.pairs():
        if type(key) is not str or key.startswith("__") or key in _MAPPING_METHODS:
            bad(target.cls, offset, f"the attribute {key!r} hides a method")


def _itemgetter(vm: Machine, func: Global, args: Args, offset: int) -> object:
    if not args or not is_plain(args):
        bad(func, offset, "takes literals")
    return Obj("value", func, args)



_MAPPING_METHODS: Final = frozenset((*dir(dict), "move_to_end", "default_factory", "most_common", "elements", "subtract", "total"))

CALLS: Final = {
    "ordereddict": _ordered_dict, "defaultdict": _default_dict, "counter": _counter, "deque": _deque, "set": _collection("set"),
    "frozenset": _collection("frozenset"), "list": _collection("list"), "dict": _collection("dict"), "tuple": _collection("tuple"),
    "bytearray": _bytearray, "bytes": _bytes, "encode": _encode, "complex": _numbers(2), "slice": _numbers(3, none=True), "range": _numbers(3, kind="range"),
    "datetime": _datetime, "timedelta": _timedelta, "timezone": _timezone, "decimal": _decimal, "fraction": _fraction, "path": _path,
    "uuid": _uuid, "reconstructor": _reconstructor, "partial": _partial, "itemgetter": _itemgetter,
}  # fmt: skip
BUILDS: Final = {"uuid": _uuid_state, "partial": _partial_state, "ordereddict": _mapping_state, "mapping": _mapping_state}
