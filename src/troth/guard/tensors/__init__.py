"""Tensors from outside: where they may live, what they may be made of, how large they may get, and whose memory they share.

    Devices("cpu", "cuda", index_at_most=7).demand("cuda:0")        # refuses "cuda:99", "CUDA:0", " cpu", "meta"
    ShapeLimits(bytes_at_most=2**30).demand(shape, "float32")       # before anything is allocated; whole numbers of any size, no wrapping
    demand_finite(array)                                            # NaN and infinities are an error
    tensor = to_torch(array); array = to_numpy(tensor)              # copies, or frozen: never two writable views of one memory
    with GpuMemory(bytes_at_most=8 * 2**30): ...                    # a cap of the process, read back

    Device = Annotated[str, Devices("cpu")]                         # the same as a pydantic type

Rules: a name is one of a list and spelled exactly so; a limit is checked before memory is asked for; a cap holds for the job, not for the call. NumPy and torch are imported only where used.
"""

from troth.guard.tensors.convert import to_numpy, to_torch
from troth.guard.tensors.gpu import GpuMemory, GpuUsage
from troth.guard.tensors.names import Devices, Dtypes
from troth.guard.tensors.refusal import TensorRefusedError
from troth.guard.tensors.shaped import Shape, shaped
from troth.guard.tensors.shapes import Budget, ShapeLimits, Size
from troth.guard.tensors.values import demand_finite

__all__ = [
    "Budget",
    "Devices",
    "Dtypes",
    "GpuMemory",
    "GpuUsage",
    "Shape",
    "ShapeLimits",
    "Size",
    "TensorRefusedError",
    "demand_finite",
    "shaped",
    "to_numpy",
    "to_torch",
]
