"""Validators for numpy: arrays, dtypes, scalars, random states; and joblib's arrays that lie raw in the stream.

An array is allowed where its bytes are there: `product(shape) * itemsize` equals the length. Object arrays come only as lists of values that the
machine has proved themselves, never as bytes, because numpy would take those for pointers.
"""


# All validators share one signature; asserts only tell the type checker what was checked.
# ruff: noqa: ARG001, S101
from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

from troth.formats.pickle.arguments import bad, count_of, ints, is_int, is_plain
from troth.formats.pickle.values import Global, Items, Obj, OldText, size_of
from troth.formats.verdict import Refusal

if TYPE_CHECKING:
    from troth.formats.pickle.machine import Machine

__all__ = ["BUILDS", "CALLS", "DType", "parse_dtype", "raw_array"]

Args = tuple[object, ...]


class DType(NamedTuple):
    """What matters of a dtype: bytes per element, whether elements are Python objects, and whether those must be texts."""

    size: int
    objects: bool = False
    text: bool = False


_CODE: Final = re.compile(r"[<>|=]?([biufcSUVmMOa?])([0-9]{0,9})(\[[0-9]{0,9}(?:generic|Y|M|W|D|h|m|s|ms|us|ns|ps|fs|as)(?:/[0-9]{1,9})?\])?\Z")
_ALIGNMENTS: Final = frozenset((-1, 1, 2, 4, 8, 16, 32, 64))
"""What numpy writes; it divides by the number, and a zero ends the process."""
_NAMES: Final = {
    "bool": 1, "int8": 1, "uint8": 1, "int16": 2, "uint16": 2, "int32": 4, "uint32": 4, "int64": 8, "uint64": 8, "float16": 2, "float32": 4,
    "float64": 8, "complex64": 8, "complex128": 16, "b": 1, "B": 1, "h": 2, "H": 2, "i": 4, "I": 4, "l": 8, "L": 8, "q": 8, "Q": 8, "e": 2, "f": 4,
    "d": 8, "g": 16, "F": 8, "D": 16, "G": 32, "p": 8, "P": 8, "object": 8, "float": 8, "int": 8,
}  # fmt: skip


def parse_dtype(code: str) -> DType | None:
    """The dtype of a numpy type string without fields (`<f4`, `|O`, `M8[ns]`), or None."""
    if code in _NAMES:
        return DType(_NAMES[code], code == "object")
    found = _CODE.match(code)
    if found is None:
        return None
    kind, digits, unit = found.groups()
    if unit is not None and kind not in "mM":
        return None
    if kind == "O":
        return DType(8, objects=True) if digits in ("", "8", "4") else None
    if kind == "?":
        return DType(1) if digits in ("", "1") else None
    return _sized(kind, digits)


def _sized(kind: str, digits: str) -> DType | None:
    if kind in "SaVU":
        size = int(digits or 0) * (4 if kind == "U" else 1)
        return DType(size) if size < 1 << 31 else None
    sizes = {"b": (1,), "i": (1, 2, 4, 8), "u": (1, 2, 4, 8), "f": (2, 4, 8, 12, 16), "c": (8, 16, 24, 32), "m": (8,), "M": (8,)}[kind]
    if not digits and kind != "b":
        return DType({"i": 4, "u": 4, "f": 4, "c": 8}.get(kind, 8)) if kind in "mM" else None
    return DType(int(digits or 1)) if int(digits or 1) in sizes else None


def _dtype(vm: Machine, func: Global, args: Args, offset: int) -> object:
    if not 1 <= len(args) <= 3 or not all(type(arg) is bool or arg in (0, 1) for arg in args[1:]):
        bad(func, offset, "takes a type string and two flags")
    code = args[0]
    if isinstance(code, OldText):
        code = code.decode("latin-1")
    found: DType | None
    if isinstance(code, Global) and code.module == "ml_dtypes":
        found = DType(2 if code.name == "bfloat16" else 1)
    elif isinstance(code, Global) and code.rule == "type":
        found = parse_dtype({"void": "V0", "record": "V0", "bool_": "?", "object_": "O", "str_": "U0", "bytes_": "S0"}.get(code.name, code.name))
    else:
        found = parse_dtype(code) if isinstance(code, str) else None
    if found is None:
        bad(func, offset, f"the type string {code!r:.80} is not a plain one")
    return Obj("dtype", func, found)


def _dtype_class(vm: Machine, func: Global, args: Args, offset: int) -> object:
    size = re.search(r"([0-9]+)DType\Z", func.name)
    if args or (size is None and func.name != "BoolDType"):
        bad(func, offset, "takes nothing")
    return Obj("dtype", func, DType(int(size.group(1)) // 8 if size else 1))


def dtype_of(value: object, func: Global | None, offset: int) -> DType:  # noqa: RET503
    """The dtype behind a value of the machine."""
    if isinstance(value, Obj) and value.kind == "dtype" and isinstance(value.info, DType):
        return value.info
    bad(func, offset, "its dtype is not one")


def _dtype_state(vm: Machine, target: Obj, state: object, offset: int) -> None:
    if not isinstance(state, tuple) or not 8 <= len(state) <= 9 or not is_int(state[0], 3, 4) or not is_int(state[7], -128, 255):
        bad(target.cls, offset, "a dtype state that numpy does not write")
    _version, order, sub, names, fields, size, align, flags = state[:8]
    _divisors(target, size, align, offset)
    if isinstance(order, OldText):
        order = order.decode("latin-1")
    if order not in ("<", ">", "|", "=") or (len(state) == 9 and not is_plain(state[8])):
        bad(target.cls, offset, "a byte order or metadata that numpy does not write")
    dtype = dtype_of(target, target.cls, offset)
    if names is not None:
        dtype = _fields(target, names, fields, size, offset)
    elif sub is not None:
        dtype = _subarray(target, sub, offset)
    elif fields is not None:
        bad(target.cls, offset, "fields without names")
    elif is_int(size, 1, 1 << 31) and not dtype.objects:
        if dtype.size not in (size, 0):
            bad(target.cls, offset, "an item size that differs from the type string")
        dtype = DType(size if type(size) is int else 0)
    if dtype.objects != bool(type(flags) is int and flags & 1):
        bad(target.cls, offset, "flags that hide, or pretend, Python objects")
    target.info = dtype


def _divisors(target: Obj, size: object, align: object, offset: int) -> None:
    if align not in _ALIGNMENTS or type(align) is not int or not is_int(size, -1, 1 << 31):
        bad(target.cls, offset, f"an item size of {size!r:.20} or an alignment of {align!r:.20}, by which numpy divides")


def _fields(target: Obj, names: object, fields: object, size: object, offset: int) -> DType:
    if not isinstance(names, tuple) or not isinstance(fields, Items) or not is_int(size, 0, 1 << 31) or len(fields.items) != 2 * len(names):
        bad(target.cls, offset, "fields that do not match their names")
    assert type(size) is int
    objects = False
    for _name, field in fields.pairs():
        if not isinstance(field, tuple) or len(field) < 2 or not is_int(field[1]):
            bad(target.cls, offset, "a field without dtype and offset")
        inner = dtype_of(field[0], target.cls, offset)
        if field[1] + inner.size > size:
            bad(target.cls, offset, "a field beyond the element")
        objects = objects or inner.objects
    return DType(size, objects)


def _subarray(target: Obj, sub: object, offset: int) -> DType:
    shape = ints(sub[1]) if isinstance(sub, tuple) and len(sub) == 2 else None
    if shape is None or not isinstance(sub, tuple):
        bad(target.cls, offset, "a subarray without shape")
    inner = dtype_of(sub[0], target.cls, offset)
    return DType(inner.size * count_of(shape), inner.objects)


def _text_dtype(vm: Machine, func: Global, args: Args, offset: int) -> object:
    """Numpy's type for texts of any length; what stands for a missing one is a literal."""
    fine = 1 <= len(args) <= 2 and (type(args[0]) is bool or args[0] in (0, 1)) and all(arg is None or type(arg) in (str, float) for arg in args[1:])
    if not fine:
        bad(func, offset, "takes a truth value and a literal")
    return Obj("dtype", func, DType(16, True, True))


def _reconstruct(vm: Machine, func: Global, args: Args, offset: int) -> object:
    cls = args[0] if args else None
    if len(args) != 3 or not isinstance(cls, Global) or cls.rule not in ("ndarray", "np-matrix") or args[1] != (0,):
        bad(func, offset, "takes an array class, (0,) and a type")
    if args[2] not in (b"b", "b"):
        bad(func, offset, "starts from another type than bytes")
    return Obj("ndarray", cls)


def _array_state(vm: Machine, target: Obj, state: object, offset: int) -> None:
    if isinstance(state, tuple) and len(state) == 4:
        state = (1, *state)
    if not isinstance(state, tuple) or len(state) != 5 or state[0] not in (0, 1):
        bad(target.cls, offset, "an array state that numpy does not write")
    _array(vm, target, state[1], state[2], state[4], offset)


def _array(vm: Machine, target: Obj, shape: object, dtype: object, data: object, offset: int) -> None:  # noqa: PLR0917
    sizes = ints(shape)
    if sizes is None:
        bad(target.cls, offset, "a shape that is not a tuple of sizes")
    kind = dtype_of(dtype, target.cls, offset)
    count = count_of(sizes)
    if kind.text:
        # numpy writes out `str()` of whatever is no text
        fine = isinstance(data, Items) and data.kind == "list" and len(data.items) == count and all(item is None or type(item) in (str, float) for item in data.items)
    elif kind.objects:
        fine = isinstance(data, Items) and data.kind == "list" and len(data.items) == count
    else:
        fine = size_of(data) == count * kind.size
    if not fine:
        raise Refusal("array-bounds", f"an array of {count} elements whose data does not have that size", offset)
    vm.spend(count * kind.size, "array", offset)
    vm.tensors += 1
    target.info = (sizes, kind)


def _jax_array(vm: Machine, func: Global, args: Args, offset: int) -> object:
    """Jax calls the array's own reducer with its arguments and state, and puts the result on a device."""
    fine = len(args) == 4 and isinstance(args[0], Global) and args[0].rule == "np-reconstruct" and isinstance(args[1], tuple) and is_plain(args[3])
    if not fine:
        bad(func, offset, "takes numpy's reducer, its arguments, a state and plain facts")
    made = vm.call(args[0], args[1], None, offset, "reduce")
    if not isinstance(made, Obj):
        bad(func, offset, "rebuilds something that is not an array")
    _array_state(vm, made, args[2], offset)
    return made


def _frombuffer(vm: Machine, func: Global, args: Args, offset: int) -> object:
    if len(args) != 4 or args[3] not in ("C", "F", "A", "K"):
        bad(func, offset, "takes a buffer, a dtype, a shape and an order")
    made = Obj("value", func)
    if dtype_of(args[1], func, offset).objects:
        bad(func, offset, "objects from bytes")
    _array(vm, made, args[2], args[1], args[0], offset)
    return made


def _scalar(vm: Machine, func: Global, args: Args, offset: int) -> object:
    if not 1 <= len(args) <= 2:
        bad(func, offset, "takes a dtype and bytes")
    kind = dtype_of(args[0], func, offset)
    data = args[1] if len(args) == 2 else b""
    if isinstance(data, str):
        data = data.encode("utf-8", "replace")[: kind.size].ljust(kind.size)
    if kind.objects or (len(args) == 2 and size_of(data) != kind.size):
        bad(func, offset, "bytes that are not one element")
    return Obj("scalar", func, kind)


def _masked(vm: Machine, func: Global, args: Args, offset: int) -> object:
    named = len(args) == 4 and all(isinstance(arg, Global) and arg.rule in ("ndarray", "np-matrix") for arg in args[:2])
    if not named or args[2] != (0,) or args[3] not in (b"b", "b"):
        bad(func, offset, "takes two array classes, (0,) and a type")
    return Obj("masked", func)


def _masked_state(vm: Machine, target: Obj, state: object, offset: int) -> None:
    if not isinstance(state, tuple) or len(state) != 7:
        bad(target.cls, offset, "a masked array's state has seven parts")
    _array(vm, target, state[1], state[2], state[4], offset)
    sizes = ints(state[1]) or ()
    if size_of(state[5]) != count_of(sizes):
        bad(target.cls, offset, "a mask of another size")


def _bit_generator(vm: Machine, func: Global, args: Args, offset: int) -> object:
    name = args[0] if args else "MT19937"
    known = name in ("MT19937", "PCG64", "PCG64DXSM", "Philox", "SFC64") if isinstance(name, str) else isinstance(name, Global) and name.rule == "np-bitgen"
    if len(args) > 1 or not known:
        bad(func, offset, "takes the name of a bit generator")
    return Obj("np-random", func)


def _generator(vm: Machine, func: Global, args: Args, offset: int) -> object:
    first = args[0] if args else "MT19937"
    made = isinstance(first, Obj) and first.kind == "np-random"
    named = isinstance(first, str) and first in ("MT19937", "PCG64", "PCG64DXSM", "Philox", "SFC64")
    rest = all(isinstance(arg, Global) and arg.full == "numpy.random._pickle.__bit_generator_ctor" for arg in args[1:])
    if len(args) > 2 or not (made or named) or not rest:
        bad(func, offset, "takes a bit generator")
    return Obj("np-random", func, parts=args)


def _seed_sequence(vm: Machine, func: Global, args: Args, offset: int) -> object:
    if len(args) != 3 or not isinstance(args[0], Global) or not is_int(args[1]) or not (args[2] is None or isinstance(args[2], tuple)):
        bad(func, offset, "takes a class, a checksum and a state")
    return Obj("np-random", func, parts=args)


def _random_state(vm: Machine, target: Obj, state: object, offset: int) -> None:
    """Plain data and arrays only, which numpy checks itself."""
    todo: list[object] = [state]
    while todo:
        value = todo.pop()
        if isinstance(value, Items):
            todo.extend(value.items)
        elif isinstance(value, tuple):
            todo.extend(value)
        elif isinstance(value, Global) or (isinstance(value, Obj) and value.kind not in ("ndarray", "array-done", "np-random", "value", "scalar")):
            bad(target.cls, offset, "a random state holds something that is neither number nor array")


def _ufunc(vm: Machine, func: Global, args: Args, offset: int) -> object:
    if len(args) != 2 or type(args[0]) is not str or type(args[1]) is not str:
        bad(func, offset, "takes a module and a name")
    found = vm.find(args[0], args[1], offset)
    if found.rule != "function":
        bad(func, offset, "names something that is not an audited function")
    return found


def _wrapper(vm: Machine, func: Global, args: Args, offset: int) -> object:
    if args or not vm.raw_arrays:
        bad(func, offset, "arrays behind the pickle belong in joblib files only")
    return Obj("joblib-array", func)


def raw_array(vm: Machine, target: Obj, state: object, offset: int, after: int) -> None:
    """Joblib's wrapper: the array's bytes, or a further pickle, follow in the stream right after its state."""
    if not isinstance(state, Items) or target.built:
        bad(target.cls, offset, "a wrapper without description, or with two")
    known = {"subclass", "shape", "order", "dtype", "allow_mmap", "numpy_array_alignment_bytes"}
    cls, shape, align = state.get("subclass"), ints(state.get("shape")), state.get("numpy_array_alignment_bytes")
    if {key for key, _ in state.pairs()} - known or not isinstance(cls, Global) or cls.rule not in ("ndarray", "np-matrix") or shape is None:
        bad(target.cls, offset, "a description that joblib does not write")
    if align not in (None, 16) or state.get("order") not in ("C", "F"):
        bad(target.cls, offset, "an alignment or order that joblib does not write")
    kind, count = dtype_of(state.get("dtype"), target.cls, offset), count_of(shape)
    target.built, target.kind, target.info = True, "array-done", (shape, kind)
    vm.tensors += 1
    if kind.objects:
        vm.jump = _object_array(vm, target, after)
        return
    pad = 0 if align is None else 1 + vm.source.read(after, 1)[0]
    if pad > 17 or after + pad + count * kind.size > vm.end:
        raise Refusal("array-bounds", f"an array of {count} elements reaches beyond the file", offset)
    vm.spend(count * kind.size, "array", offset)
    vm.jump = after + pad + count * kind.size


def _object_array(vm: Machine, target: Obj, after: int) -> int:
    from troth.formats.pickle.machine import Machine as Inner

    if vm.depth >= 8:
        raise Refusal("nesting", "object arrays inside object arrays inside ...", after)
    inner = Inner(vm.source, vm.allow, begin=after, budget=vm.budget, depth=vm.depth + 1)
    end = inner.run()
    if not (isinstance(inner.result, Obj) and inner.result.kind == "ndarray"):
        raise Refusal("odd-arguments", "an object array that is not an array", after)
    vm.memory += inner.memory
    vm.asked.update(inner.asked)
    target.parts = (inner.result,)
    return end


CALLS: Final = {
    "np-dtype": _dtype, "np-dtype-class": _dtype_class, "np-reconstruct": _reconstruct, "np-frombuffer": _frombuffer, "np-scalar": _scalar,
    "np-masked": _masked, "np-bitgen-ctor": _bit_generator, "np-generator": _generator, "np-seed": _seed_sequence, "np-ufunc": _ufunc,
    "np-text-dtype": _text_dtype, "joblib-array": _wrapper, "jax-array": _jax_array,
}  # fmt: skip
BUILDS: Final = {"dtype": _dtype_state, "ndarray": _array_state, "masked": _masked_state, "np-random": _random_state}
