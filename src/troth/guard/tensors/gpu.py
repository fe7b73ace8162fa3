"""A cap on the GPU memory of this process, read back after it was set, and what is in use.

Source: `torch.cuda.set_per_process_memory_fraction`. The cap binds torch's own allocator in this process; other libraries, and pinned memory of the host, are not under it.
The calls go through a small port, so that the same contract is tested on a machine without a GPU and, by tests/guard/tensors/gpu_check.py, on one with it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol, cast

from troth.guard.tensors.refusal import TensorRefusedError

__all__ = ["Cuda", "GpuMemory", "GpuUsage"]


@dataclass(frozen=True, slots=True)
class GpuUsage:
    """What this process uses of one GPU, in bytes.

    Attributes:
        allocated: in tensors.
        reserved: kept by the allocator, tensors included.
        peak: most in tensors since the cap was set.
        total: memory of the device.
        cap: what this process may reserve; None where no cap is set.
    """

    allocated: int
    reserved: int
    peak: int
    total: int
    cap: int | None


class Cuda(Protocol):
    """What is asked of `torch.cuda`."""

    def is_available(self) -> bool: ...  # noqa: D102
    def device_count(self) -> int: ...  # noqa: D102
    def set_per_process_memory_fraction(self, fraction: float, device: int) -> None: ...  # noqa: D102
    def get_per_process_memory_fraction(self, device: int) -> float: ...  # noqa: D102
    def get_device_properties(self, device: int) -> Any: ...  # noqa: ANN401, D102
    def memory_allocated(self, device: int) -> int: ...  # noqa: D102
    def memory_reserved(self, device: int) -> int: ...  # noqa: D102
    def max_memory_allocated(self, device: int) -> int: ...  # noqa: D102
    def reset_peak_memory_stats(self, device: int) -> None: ...  # noqa: D102
    def empty_cache(self) -> None: ...  # noqa: D102


class GpuMemory:
    """Caps GPU memory while the context is open.

    Args:
        bytes_at_most: cap in bytes; or
        fraction: of the device's memory.
        device: index.
        on_crossing: called from a watching thread with the usage, once each time `warn_at` of the cap is crossed.
        warn_at: share of the cap.
        every_seconds: how often the watcher looks.
        cuda: the port; `torch.cuda` where None is given.

    Raises:
        TensorRefusedError: on entering: no GPU, no such device, memory above the cap in use already, or the cap did not take.
    """

    def __init__(
        self,
        *,
        bytes_at_most: int | None = None,
        fraction: float | None = None,
        device: int = 0,
        on_crossing: Callable[[GpuUsage], None] | None = None,
        warn_at: float = 0.9,
        every_seconds: float = 1.0,
        cuda: Cuda | None = None,
    ) -> None:
        if (bytes_at_most is None) == (fraction is None):
            raise ValueError("give bytes_at_most or fraction")
        if (fraction is not None and not 0 < fraction <= 1) or (bytes_at_most is not None and bytes_at_most <= 0):
            raise ValueError("the cap must be above 0, and at most all of the device")
        self._bytes, self._fraction, self._device = bytes_at_most, fraction, device
        self._on_crossing, self._warn_at, self._every = on_crossing, warn_at, every_seconds
        self._given, self._before, self._cap = cuda, 1.0, 0
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    @property
    def _cuda(self) -> Cuda:
        if self._given is None:
            try:
                import torch
            except ImportError as error:
                raise TensorRefusedError("memory", "torch is not installed, so its memory cannot be capped") from error
            self._given = cast("Cuda", torch.cuda)
        return self._given

    def __enter__(self) -> GpuMemory:
        """Set the cap and read it back."""
        cuda, device = self._cuda, self._device
        if not cuda.is_available() or not 0 <= device < cuda.device_count():
            raise TensorRefusedError("device", f"There is no GPU {device} here, so nothing can be capped")
        total = int(cuda.get_device_properties(device).total_memory)
        wanted = self._fraction if self._fraction is not None else (self._bytes or 0) / total
        if wanted > 1:
            raise TensorRefusedError(
                "bytes", f"The cap is above the {total} bytes of the device, so it would cap nothing"
            )
        self._cap = int(wanted * total)
        cuda.empty_cache()
        if int(cuda.memory_reserved(device)) > self._cap:
            raise TensorRefusedError(
                "bytes", "This process holds more than the cap already; set it before tensors are made"
            )
        self._before = float(cuda.get_per_process_memory_fraction(device))
        cuda.set_per_process_memory_fraction(wanted, device)
        if abs(float(cuda.get_per_process_memory_fraction(device)) - wanted) > 1e-6:
            raise TensorRefusedError("memory", "The cap was set and did not take")
        cuda.reset_peak_memory_stats(device)
        if self._on_crossing is not None:
            self._thread = threading.Thread(target=self._watch, name="troth-gpu", daemon=True)
            self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Put the cap back that was there before."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join()
        self._cuda.set_per_process_memory_fraction(self._before, self._device)

    def usage(self) -> GpuUsage:
        """What is in use now."""
        cuda, device = self._cuda, self._device
        return GpuUsage(
            int(cuda.memory_allocated(device)), int(cuda.memory_reserved(device)), int(cuda.max_memory_allocated(device)),
            int(cuda.get_device_properties(device).total_memory), self._cap or None,
        )  # fmt: skip

    def _watch(self) -> None:
        over = False
        while not self._stop.wait(self._every):
            usage = self.usage()
            crossed = usage.reserved >= self._warn_at * self._cap
            if crossed and not over and self._on_crossing is not None:
                self._on_crossing(usage)
            over = crossed
