"""What `GpuMemory` promises, as plain functions over a port: run with a fake on any machine, and with `torch.cuda` by gpu_check.py. No pytest here."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from troth.guard.tensors import GpuMemory, GpuUsage, TensorRefusedError

Take = Callable[[int], Any]
"""Takes so many bytes of GPU memory and returns what holds them; raises MemoryError (or torch's OutOfMemoryError) where it cannot."""
OutOfMemory = (MemoryError, RuntimeError)


def demand(holds: bool, what: str) -> None:
    """An assertion that survives `python -O`."""
    if not holds:
        raise AssertionError(what)


def a_cap_holds_over_many_steps(cuda: Any, take: Take, cap: int) -> None:
    """B13: steps that each are under the cap do not add up to more than it."""
    held = []
    with GpuMemory(bytes_at_most=cap, cuda=cuda) as memory:
        refused = False
        for _ in range(64):
            try:
                held.append(take(cap // 8))
            except OutOfMemory:
                refused = True
                break
        usage = memory.usage()
        demand(refused, "64 steps of an eighth were all granted")
        demand(usage.reserved <= cap, f"{usage.reserved} bytes are reserved under a cap of {cap}")
        demand(len(held) >= 4, f"only {len(held)} eighths were granted")
        demand(usage.cap is not None and usage.cap <= cap, "the usage tells no cap")
        held.clear()
    cuda.empty_cache()


def what_fits_is_granted(cuda: Any, take: Take, cap: int) -> None:
    """The benign twin."""
    with GpuMemory(bytes_at_most=cap, cuda=cuda) as memory:
        held = take(cap // 4)
        demand(memory.usage().allocated >= cap // 4, "the usage does not show what is held")
        del held
    cuda.empty_cache()


def the_cap_ends_with_the_context(cuda: Any, take: Take, cap: int) -> None:
    """More than the cap can be had again afterwards."""
    with GpuMemory(bytes_at_most=cap, cuda=cuda):
        pass
    held = take(cap * 2)
    del held
    cuda.empty_cache()


def a_cap_below_what_is_held_is_refused(cuda: Any, take: Take, cap: int) -> None:
    """A cap that cannot hold any more is an error, not a promise."""
    held = take(cap)
    try:
        with GpuMemory(bytes_at_most=cap // 2, cuda=cuda):
            raise AssertionError("a cap below what is held was accepted")
    except TensorRefusedError:
        pass
    del held
    cuda.empty_cache()


def crossing_is_told_once(cuda: Any, take: Take, cap: int) -> None:
    """The watcher calls back when the share is crossed."""
    told: list[GpuUsage] = []
    with GpuMemory(bytes_at_most=cap, cuda=cuda, on_crossing=told.append, warn_at=0.5, every_seconds=0.01):
        held = [take(cap // 8) for _ in range(6)]
        end = time.monotonic() + 5
        while not told and time.monotonic() < end:
            time.sleep(0.01)
        time.sleep(0.1)
        demand(len(told) == 1, f"told {len(told)} times")
        held.clear()
    cuda.empty_cache()


def a_device_that_is_not_there_is_refused(cuda: Any, take: Take, cap: int) -> None:
    """Index 99."""
    try:
        with GpuMemory(bytes_at_most=cap, device=99, cuda=cuda):
            raise AssertionError("GPU 99 was accepted")
    except TensorRefusedError:
        pass


CONTRACT = (
    a_cap_holds_over_many_steps,
    what_fits_is_granted,
    the_cap_ends_with_the_context,
    a_cap_below_what_is_held_is_refused,
    crossing_is_told_once,
    a_device_that_is_not_there_is_refused,
)
