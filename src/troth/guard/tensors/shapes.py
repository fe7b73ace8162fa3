"""Shapes before allocation: whole numbers of Python, so that nothing wraps, and caps on every dimension, on all together and on a job's sum."""

from __future__ import annotations

import math
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from troth.guard.tensors.names import BYTES, Dtypes
from troth.guard.tensors.refusal import TensorRefusedError

__all__ = ["Budget", "ShapeLimits", "Size"]


@dataclass(frozen=True, slots=True)
class Size:
    """A shape that was checked.

    Attributes:
        shape: plain whole numbers.
        dtype: plain name.
        elements: their product.
        bytes: what the elements take.
    """

    shape: tuple[int, ...]
    dtype: str
    elements: int
    bytes: int


@dataclass(frozen=True, slots=True)
class ShapeLimits:
    """What a shape may be.

    Attributes:
        bytes_at_most: of all elements together.
        dimensions_at_most: NumPy has 64 at most, most programs need 8.
        length_at_most: of one dimension; holds also beside a dimension of 0.
        empty: whether a dimension may be 0.
        dtypes: which dtypes are allowed.
    """

    bytes_at_most: int = 2**30
    dimensions_at_most: int = 8
    length_at_most: int = 2**31 - 1
    empty: bool = True
    dtypes: Dtypes = field(default_factory=Dtypes)

    def demand(self, shape: object, dtype: object) -> Size:
        """The checked size.

        Args:
            shape: a tuple or list of whole numbers (Python's or NumPy's; no bool, text or float), or a `torch.Size`.
            dtype: as `Dtypes.demand`.

        Raises:
            TensorRefusedError: over a limit, or no shape.
        """
        name = self.dtypes.demand(dtype)
        if not isinstance(shape, (tuple, list)):
            raise TensorRefusedError("shape", "A shape is a tuple or list of whole numbers")
        if len(shape) > self.dimensions_at_most:
            raise TensorRefusedError("shape", f"The shape has more than {self.dimensions_at_most} dimensions")
        lengths = tuple(_whole(item) for item in shape)
        lowest = 0 if self.empty else 1
        if any(not lowest <= length <= self.length_at_most for length in lengths):
            raise TensorRefusedError("shape", f"A dimension is not between {lowest} and {self.length_at_most}")
        elements, without_zeros = 1, 1
        for length in lengths:
            elements *= length
            without_zeros *= max(1, length)
        # a 0 must not hide what the others would need: libraries compute strides from them
        if without_zeros * BYTES[name] > self.bytes_at_most:
            raise TensorRefusedError("bytes", f"The shape needs more than {self.bytes_at_most} bytes")
        return Size(lengths, name, elements, elements * BYTES[name])

    def demand_view(self, shape: object, strides: object, dtype: object, held: int, offset: int = 0) -> Size:
        """The same for a strided view over `held` elements (`as_strided`, formats that store strides): it must stay inside them, with no negative or repeating step.

        Args:
            shape: as in `demand`.
            strides: elements to step in each dimension.
            dtype: as in `demand`.
            held: elements of the memory below.
            offset: element at which the view starts.

        Raises:
            TensorRefusedError: outside, overlapping, or over a limit.
        """
        size = self.demand(shape, dtype)
        if not isinstance(strides, (tuple, list)) or len(strides) != len(size.shape):
            raise TensorRefusedError("shape", "There is one stride for each dimension")
        steps, start = tuple(_whole(item) for item in strides), _whole(offset)
        if start < 0 or any(step < 0 for step in steps):
            raise TensorRefusedError("shape", "A stride or offset is negative")
        last = start + sum((length - 1) * step for length, step in zip(size.shape, steps, strict=True) if length)
        if size.elements and last >= held:
            raise TensorRefusedError("shape", "The view reaches beyond its memory")
        reach = 1
        for step, length in sorted(zip(steps, size.shape, strict=True)):
            if length > 1 and step < reach:
                raise TensorRefusedError("shape", "Elements of the view share memory")
            reach += (length - 1) * step if length > 1 else 0
        return size

    def demand_broadcast(self, shapes: Sequence[object], dtype: object) -> Size:
        """The size of what shapes broadcast to, which can be far larger than each of them.

        Raises:
            TensorRefusedError: they do not broadcast, or the result is over a limit.
        """
        checked = [self.demand(shape, dtype).shape for shape in shapes]
        width = max((len(shape) for shape in checked), default=0)
        result = []
        for place in range(width):
            lengths = {shape[place - width + len(shape)] for shape in checked if place - width + len(shape) >= 0} - {1}
            if len(lengths) > 1:
                raise TensorRefusedError("shape", "The shapes do not fit together")
            result.append(lengths.pop() if lengths else 1)
        return self.demand(tuple(result), dtype)


def _whole(value: object) -> int:
    if type(value) is int:
        return value
    kind = type(value)
    if kind.__module__ == "numpy" and kind.__name__.startswith(("int", "uint")) and hasattr(value, "__index__"):
        return int(value.__index__())
    raise TensorRefusedError("shape", f"{kind.__name__} is no whole number of elements")


class Budget:
    """Bytes that one job may hold at a time, over all its tensors: a cap on each call is none on the job.

    Args:
        bytes_at_most: of everything taken and not yet given back.
        limits: for each single shape.
    """

    def __init__(self, bytes_at_most: int, limits: ShapeLimits | None = None) -> None:
        if not 0 <= bytes_at_most < math.inf:
            raise ValueError("bytes_at_most must be a number of bytes")
        self._most, self._limits = bytes_at_most, limits or ShapeLimits(bytes_at_most=bytes_at_most)
        self._held, self._lock = 0, threading.Lock()

    @property
    def held(self) -> int:
        """Bytes taken now."""
        return self._held

    def take(self, shape: object, dtype: object) -> Size:
        """Count a tensor before it is allocated.

        Raises:
            TensorRefusedError: over a limit of the shape, or over what is left; nothing is counted then.
        """
        size = self._limits.demand(shape, dtype)
        with self._lock:
            if self._held + size.bytes > self._most:
                raise TensorRefusedError("bytes", f"The job would hold more than {self._most} bytes")
            self._held += size.bytes
        return size

    def give_back(self, size: Size) -> None:
        """Count a tensor as gone."""
        with self._lock:
            self._held = max(0, self._held - size.bytes)

    @contextmanager
    def holding(self, shape: object, dtype: object) -> Iterator[Size]:
        """Take, and give back at the end.

        Raises:
            TensorRefusedError: as `take`.
        """
        size = self.take(shape, dtype)
        try:
            yield size
        finally:
            self.give_back(size)
