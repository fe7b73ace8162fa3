"""Validators for torch: every tensor's view must lie inside its storage, and every storage must be there.

The machine is given a resolver of persistent ids by the container's parser, which makes `storage` objects of known length.
"""


# All validators share one signature; asserts only tell the type checker what was checked.
# ruff: noqa: ARG001, S101
from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

from troth.formats.pickle.arguments import bad, count_of, ints, is_int, is_plain
from troth.formats.pickle.values import Blob, Global, Items, Obj
from troth.formats.verdict import Refusal

if TYPE_CHECKING:
    from troth.formats.pickle.machine import Machine

__all__ = ["BUILDS", "CALLS", "ITEM_SIZES", "Storage", "Tensor", "storage_of"]

Args = tuple[object, ...]

ITEM_SIZES: Final = {
    "FloatStorage": 4, "DoubleStorage": 8, "HalfStorage": 2, "BFloat16Storage": 2, "LongStorage": 8, "IntStorage": 4, "ShortStorage": 2,
    "CharStorage": 1, "ByteStorage": 1, "BoolStorage": 1, "ComplexFloatStorage": 8, "ComplexDoubleStorage": 16, "QInt8Storage": 1,
    "QUInt8Storage": 1, "QInt32Storage": 4, "QUInt4x2Storage": 1, "QUInt2x4Storage": 1, "UntypedStorage": 1,
}  # fmt: skip
_DTYPES: Final = {
    "float32": 4, "float": 4, "float64": 8, "double": 8, "float16": 2, "half": 2, "bfloat16": 2, "int64": 8, "long": 8, "int32": 4, "int": 4,
    "int16": 2, "short": 2, "int8": 1, "uint8": 1, "uint16": 2, "uint32": 4, "uint64": 8, "bool": 1, "complex32": 4, "complex64": 8,
    "cfloat": 8, "complex128": 16, "cdouble": 16, "float8_e4m3fn": 1, "float8_e5m2": 1, "float8_e4m3fnuz": 1, "float8_e5m2fnuz": 1,
    "float8_e8m0fnu": 1, "float4_e2m1fn_x2": 1, "qint8": 1, "quint8": 1, "qint32": 4,
}  # fmt: skip
_DEVICE: Final = re.compile(r"(?:cpu|cuda|mps|xpu|hpu|xla|meta|npu|ipu|mtia)(?::[0-9]{1,3})?\Z")


class Storage(NamedTuple):
    """A run of elements: how many bytes there are, bytes per element (1 for untyped)."""

    size: int
    item: int


class Tensor(NamedTuple):
    """A view: its shape and bytes per element."""

    shape: tuple[int, ...]
    item: int


def storage_of(item: int, size: int, cls: Global | None = None) -> Obj:
    """A storage value of the machine, `size` in bytes."""
    return Obj("storage", cls, Storage(size, item))


def is_device(value: object) -> bool:
    """Whether a text names a device plainly (`cpu`, `cuda:0`)."""
    return type(value) is str and bool(_DEVICE.match(value))


def _view(func: Global, storage: object, start: object, size: object, stride: object, offset: int, item: int = 0) -> Tensor:  # noqa: PLR0917
    if not isinstance(storage, Obj) or not isinstance(storage.info, Storage):
        bad(func, offset, "a tensor without storage")
    shape, strides = ints(size), ints(stride)
    if not is_int(start) or shape is None or strides is None or len(shape) != len(strides):
        bad(func, offset, "offset, size and stride are not plain numbers of one length")
    assert type(start) is int
    item = item or storage.info.item
    last = start + sum((count - 1) * step for count, step in zip(shape, strides, strict=True))
    elements = count_of(shape)
    if elements and (last + 1) * item > storage.info.size:
        raise Refusal("tensor-bounds", f"a tensor reads element {last} of a storage of {storage.info.size // item}", offset)
    if elements * item > max(storage.info.size, 1) * 4096:
        raise Refusal("tensor-bounds", f"a tensor of {elements} elements is spread over a storage of {storage.info.size // item}", offset)
    return Tensor(shape, item)


def _hooks(func: Global, requires_grad: object, hooks: object, offset: int) -> None:
    empty = hooks is None or (isinstance(hooks, Obj) and hooks.kind == "ordereddict" and hooks.extra is not None and not hooks.extra.items)
    if type(requires_grad) is not bool or not (empty or (isinstance(hooks, Items) and not hooks.items)):
        bad(func, offset, "hooks would run later, or requires_grad is no truth value")


def _made(vm: Machine, func: Global, tensor: Tensor, parts: Args = ()) -> Obj:
    vm.tensors += 1
    return Obj("tensor", func, tensor, parts)


def _tensor_v2(vm: Machine, func: Global, args: Args, offset: int) -> object:
    if not 4 <= len(args) <= 7:
        bad(func, offset, "takes storage, offset, size, stride, requires_grad, hooks")
    tensor = _view(func, args[0], args[1], args[2], args[3], offset)
    if len(args) > 4:
        _hooks(func, args[4], args[5] if len(args) > 5 else None, offset)
    if len(args) > 6 and not is_plain(args[6]):
        bad(func, offset, "metadata that is not plain")
    return _made(vm, func, tensor)


def _tensor_v3(vm: Machine, func: Global, args: Args, offset: int) -> object:
    if not 7 <= len(args) <= 8 or not isinstance(args[6], Global) or args[6].rule != "torch-dtype":
        bad(func, offset, "takes storage, offset, size, stride, requires_grad, hooks, dtype")
    _hooks(func, args[4], args[5], offset)
    return _made(vm, func, _view(func, args[0], args[1], args[2], args[3], offset, _DTYPES[args[6].name]))


def _parameter(vm: Machine, func: Global, args: Args, offset: int) -> object:
    if not 3 <= len(args) <= 4 or not isinstance(args[0], Obj) or args[0].kind != "tensor":
        bad(func, offset, "takes a tensor, requires_grad and hooks")
    _hooks(func, args[1], args[2], offset)
    if len(args) == 4:
        _attributes(func, args[3], offset)
    return Obj("tensor", func, args[0].info, args)


def _attributes(func: Global, state: object, offset: int) -> None:
    """State of a tensor subclass: names that are neither private machinery nor callable."""
    dicts = state if isinstance(state, tuple) else (state,)
    for part in dicts:
        if part is None:
            continue
        if not isinstance(part, Items) or part.kind != "dict":
            bad(func, offset, "a state that is not a dict")
        for key, value in part.pairs():
            if type(key) is not str or key.startswith("__") or isinstance(value, Global):
                bad(func, offset, f"the attribute {key!r:.60} could stand for a method")


def _quantized(vm: Machine, func: Global, args: Args, offset: int) -> object:
    if not 6 <= len(args) <= 7 or not isinstance(args[4], tuple) or not args[4] or not isinstance(args[4][0], Global):
        bad(func, offset, "takes storage, offset, size, stride, quantizer, requires_grad, hooks")
    rest = args[4][1:]
    if not all(type(part) in (int, float) or (isinstance(part, Obj) and part.kind == "tensor") for part in rest):
        bad(func, offset, "a quantizer that is not numbers and tensors")
    _hooks(func, args[5], args[6] if len(args) > 6 else None, offset)
    return _made(vm, func, _view(func, args[0], args[1], args[2], args[3], offset), args[4])


def _sparse(vm: Machine, func: Global, args: Args, offset: int) -> object:
    if len(args) != 2 or not isinstance(args[1], tuple) or not (isinstance(args[0], Obj) and args[0].kind == "layout"):
        bad(func, offset, "takes a layout and its tensors")
    sizes = [ints(tuple(part)) if isinstance(part, tuple) else None for part in args[1]]
    tensors = [part for part in args[1] if isinstance(part, Obj) and part.kind == "tensor"]
    sized = [part.info for part in args[1] if isinstance(part, Obj) and part.kind == "size"]
    shapes = [size for size in [*sizes, *sized] if size is not None]
    if len(tensors) < 2 or len(shapes) != 1 or not isinstance(shapes[0], tuple):
        bad(func, offset, "a sparse tensor needs indices, values and one size")
    elements = count_of(shapes[0])
    values = sum(tensor.info.item * count_of(tensor.info.shape) for tensor in tensors if isinstance(tensor.info, Tensor))
    if elements > max(values, 64) << 20:
        raise Refusal("tensor-bounds", f"a sparse tensor of {elements} elements with {values} bytes", offset)
    return _made(vm, func, Tensor(shapes[0], 0), tuple(tensors))


def _from_numpy(vm: Machine, func: Global, args: Args, offset: int) -> object:
    fine = len(args) == 4 and isinstance(args[0], Obj) and args[0].kind in ("ndarray", "value") and isinstance(args[1], Global) and is_device(args[2])
    if not fine or type(args[3]) is not bool:
        bad(func, offset, "takes an array, a dtype, a device and a truth value")
    return _made(vm, func, Tensor((), 0), args[:1])


def _from_type(vm: Machine, func: Global, args: Args, offset: int) -> object:
    fine = len(args) == 4 and isinstance(args[0], Global) and isinstance(args[1], Global) and args[1].rule in ("tensor-type", "type") and isinstance(args[2], tuple)
    if not fine:
        bad(func, offset, "takes a rebuilding function, a tensor class, arguments and a state")
    made = vm.call(args[0], args[2], None, offset, "reduce")
    if not isinstance(made, Obj) or made.kind != "tensor":
        bad(func, offset, "rebuilds something that is not a tensor")
    _attributes(func, args[3], offset)
    made.parts = (*made.parts, args[3])
    return made


def _meta(vm: Machine, func: Global, args: Args, offset: int) -> object:
    if len(args) != 4 or ints(args[1]) is None or ints(args[2]) is None or not isinstance(args[0], Global):
        bad(func, offset, "takes a dtype, a size, a stride and requires_grad")
    return _made(vm, func, Tensor(ints(args[1]) or (), 0))


def _size(vm: Machine, func: Global, args: Args, offset: int) -> object:
    given = args[0] if len(args) == 1 else None
    if isinstance(given, Items) and given.kind == "list":
        given = tuple(given.items)
    if given is None or ints(given) is None:
        bad(func, offset, "takes a tuple of sizes")
    return Obj("size", func, given)


def _device(vm: Machine, func: Global, args: Args, offset: int) -> object:
    if not 1 <= len(args) <= 2 or not is_device(args[0]) or not all(is_int(arg, 0, 999) for arg in args[1:]):
        bad(func, offset, "is not a plain device")
    return Obj("device", func, args)


def _layout(vm: Machine, func: Global, args: Args, offset: int) -> object:
    known = {"torch.strided", "torch.sparse_coo", "torch.sparse_csr", "torch.sparse_csc", "torch.sparse_bsr", "torch.sparse_bsc", "torch._mkldnn", "torch.jagged"}
    if len(args) != 1 or args[0] not in known:
        bad(func, offset, "is not a layout")
    return Obj("layout", func, args[0])


def _from_bytes(vm: Machine, func: Global, args: Args, offset: int) -> object:
    """A tensor in a plain pickle: its storage is a whole file of torch's old format, proved in turn."""
    from troth.formats.torch_legacy import storage_from_bytes

    if len(args) != 1 or not isinstance(args[0], (bytes, Blob)):
        bad(func, offset, "takes bytes")
    if vm.depth >= 4:
        raise Refusal("nesting", "files inside pickles inside files", offset)
    data = args[0] if isinstance(args[0], bytes) else vm.source.read(args[0].offset, min(args[0].size, vm.budget.literal))
    return storage_from_bytes(data, vm, offset)


def _typed_storage(vm: Machine, func: Global, args: Args, offset: int) -> object:
    """`TypedStorage` objects are made empty and given their untyped storage."""
    if args:
        bad(func, offset, "a storage made from a number allocates that many bytes")
    return Obj("typed-storage", func)


def _typed_storage_state(vm: Machine, target: Obj, state: object, offset: int) -> None:
    bad(target.cls, offset, "a storage built from a state")


def _jit_list(vm: Machine, func: Global, args: Args, offset: int) -> object:
    if len(args) != 1 or not isinstance(args[0], (Items, tuple)):
        bad(func, offset, "takes one list")
    return args[0]


def _jit_tag(vm: Machine, func: Global, args: Args, offset: int) -> object:
    if len(args) != 2 or not is_plain(args[1]):
        bad(func, offset, "takes a value and its type")
    return args[0]


def _tensor_state(vm: Machine, target: Obj, state: object, offset: int) -> None:
    if target.cls is None:
        bad(target.cls, offset, "a state on a tensor of unknown kind")
    _attributes(target.cls, state, offset)


def _generator(vm: Machine, func: Global, args: Args, offset: int) -> object:
    if not all(is_device(arg) or (isinstance(arg, Obj) and arg.kind == "device") for arg in args):
        bad(func, offset, "takes a device")
    return Obj("generator", func)


def _generator_state(vm: Machine, target: Obj, state: object, offset: int) -> None:
    """Seed, offset and the engine's bytes; torch compares their length and indices itself before it takes them."""
    fine = isinstance(state, tuple) and len(state) == 3 and is_int(state[0], -(1 << 63), 1 << 64) and (state[1] is None or is_int(state[1], 0, 1 << 64))
    if not fine or not isinstance(state, tuple) or not isinstance(state[2], Obj) or not isinstance(state[2].info, Tensor) or state[2].info.item != 1:
        bad(target.cls, offset, "takes a seed, an offset and a tensor of bytes")


def _uninitialized(vm: Machine, func: Global, args: Args, offset: int) -> object:
    """A parameter whose shape is not known yet: an empty tensor."""
    if len(args) > 1 or not all(type(arg) is bool for arg in args):
        bad(func, offset, "takes requires_grad")
    return _made(vm, func, Tensor((0,), 4))


CALLS: Final = {
    "torch-tensor2": _tensor_v2, "torch-tensor3": _tensor_v3, "torch-parameter": _parameter, "torch-quantized": _quantized, "torch-sparse": _sparse,
    "torch-from-numpy": _from_numpy, "torch-from-type": _from_type, "torch-meta": _meta, "torch-size": _size, "torch-device": _device,
    "torch-layout": _layout, "torch-from-bytes": _from_bytes, "torch-typed-storage": _typed_storage, "jit-list": _jit_list, "jit-tag": _jit_tag,
    "torch-generator": _generator, "torch-uninitialized": _uninitialized,
}  # fmt: skip
BUILDS: Final = {"generator": _generator_state, "tensor": _tensor_state, "typed-storage": _typed_storage_state}
