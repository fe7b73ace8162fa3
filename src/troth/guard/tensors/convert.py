"""Between NumPy and torch without two writable views of one memory.

`torch.from_numpy` and `Tensor.numpy` share memory: what was validated can change afterwards, and a read-only array is written through torch. Here a result is a copy of
its own; `to_numpy(..., freeze=True)` gives a copy that cannot be written.
"""

from __future__ import annotations

from typing import Any

from troth.guard.tensors.names import Devices
from troth.guard.tensors.refusal import TensorRefusedError
from troth.guard.tensors.shapes import ShapeLimits

__all__ = ["to_numpy", "to_torch"]


def to_torch(
    array: Any,  # noqa: ANN401 - numpy.ndarray
    *,
    device: object = "cpu",
    devices: Devices | None = None,
    limits: ShapeLimits | None = None,
) -> Any:  # noqa: ANN401 - torch.Tensor
    """A tensor with memory of its own.

    Args:
        array: a plain NumPy array; subclasses (masked arrays, matrices, memory maps) are taken by their values.
        device: where it goes.
        devices: where it may go; the CPU only where None is given.
        limits: of its size, checked before it is copied.

    Raises:
        TensorRefusedError: over a limit, or no array of plain numbers.
    """
    import numpy
    import torch

    name = (devices or Devices("cpu")).demand(device)
    if not isinstance(array, numpy.ndarray):
        raise TensorRefusedError("memory", f"{type(array).__name__} is no NumPy array")
    (limits or ShapeLimits()).demand(tuple(array.shape), array.dtype)
    if isinstance(array, numpy.ma.MaskedArray) and numpy.ma.is_masked(array):
        raise TensorRefusedError("values", "The array has masked values, which torch would show")
    own = numpy.array(array, copy=True, order="C", subok=False)
    return torch.from_numpy(own).to(name)  # `own` is referenced by nobody else


def to_numpy(tensor: Any, *, freeze: bool = False, limits: ShapeLimits | None = None) -> Any:  # noqa: ANN401 - torch.Tensor, numpy.ndarray
    """An array with memory of its own.

    Args:
        tensor: a dense tensor on any device; gradients are left behind.
        freeze: whether the array is read-only, for good: its memory is bytes.
        limits: of its size, checked before it is copied.

    Raises:
        TensorRefusedError: over a limit, sparse, quantised, or no tensor.
    """
    import numpy
    import torch

    if not isinstance(tensor, torch.Tensor):
        raise TensorRefusedError("memory", f"{type(tensor).__name__} is no tensor")
    if tensor.layout is not torch.strided or tensor.is_quantized or tensor.device.type == "meta":
        raise TensorRefusedError("memory", "The tensor is sparse, quantised or has no memory")
    (limits or ShapeLimits()).demand(tuple(tensor.shape), tensor.dtype)
    try:
        shared = tensor.detach().cpu().resolve_conj().resolve_neg().contiguous().numpy()
    except TypeError as error:
        raise TensorRefusedError("dtype", "NumPy has no dtype for this tensor") from error
    if not freeze:
        return numpy.array(shared, copy=True)
    # an array over immutable bytes cannot be made writable again, as one with a cleared flag can
    return numpy.frombuffer(shared.tobytes(), dtype=shared.dtype).reshape(shared.shape)
