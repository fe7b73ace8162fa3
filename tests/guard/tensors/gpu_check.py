"""The contract of `GpuMemory`, and conversions, on a real GPU. Stands alone: needs torch with CUDA, and nothing else.

PYTHONPATH=src:. python tests/guard/tensors/gpu_check.py
"""

from __future__ import annotations

import sys

from tests.guard.tensors.gpu_contract import CONTRACT, demand
from troth.guard.tensors import Devices, ShapeLimits, TensorRefusedError, demand_finite, to_numpy, to_torch


def main() -> int:
    """Run everything; 0 where all holds, 2 where there is no GPU."""
    try:
        import numpy
        import torch
    except ImportError as error:
        sys.stdout.write(f"not run: {error}\n")
        return 2
    if not torch.cuda.is_available():
        sys.stdout.write("not run: there is no GPU here\n")
        return 2

    def take(size: int) -> torch.Tensor:
        return torch.empty(size, dtype=torch.uint8, device="cuda:0")

    bad = 0
    for check in CONTRACT:
        try:
            check(torch.cuda, take, 2**30)
            sys.stdout.write(f"holds: {check.__name__}\n")
        except (AssertionError, TensorRefusedError, RuntimeError) as error:
            bad += 1
            sys.stdout.write(f"FAILS: {check.__name__}: {error}\n")
    array = numpy.arange(12, dtype="float32").reshape(3, 4)
    tensor = to_torch(array, device="cuda:0", devices=Devices("cuda"))
    array[:] = 0
    demand(float(tensor.sum()) == 66.0, "the tensor on the GPU shares memory with the array")
    demand(float(to_numpy(tensor).sum()) == 66.0, "the way back lost values")
    try:
        demand_finite(torch.tensor([1.0, float("nan")], device="cuda:0"))
        bad += 1
        sys.stdout.write("FAILS: NaN on the GPU passes\n")
    except TensorRefusedError:
        sys.stdout.write("holds: NaN on the GPU is refused\n")
    try:
        ShapeLimits(bytes_at_most=2**30).demand((2**20, 2**20), torch.float32)
        bad += 1
    except TensorRefusedError:
        sys.stdout.write("holds: 4 TiB are refused before they are asked for\n")
    sys.stdout.write(f"{torch.cuda.get_device_name(0)}, torch {torch.__version__}: {bad} failures\n")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
