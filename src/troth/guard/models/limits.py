"""Declared budgets of a load, and the check of what was loaded against declared dtypes and shapes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from troth.errors import GuardError
from troth.formats.verdict import BUDGET, Budget

__all__ = ["Limits", "check_loaded"]

Shape = tuple[int | None, ...]


@dataclass(frozen=True, slots=True)
class Limits:
    """What a load may take; sizes are bytes. Exceeding any refuses the file and names the limit.

    Attributes:
        max_file: size of the file.
        max_memory: sum of what tensors and arrays allocate; known before anything is allocated.
        max_tensors: number of tensors and arrays.
        max_ndim: dimensions of one tensor.
        dtypes: names of allowed dtypes without their library (`float32`); None = any.
        shapes: name of a tensor -> its shape, None standing for any size.
    """

    max_file: int = 1 << 40
    max_memory: int = 1 << 36
    max_tensors: int = 100_000
    max_ndim: int = 8
    dtypes: frozenset[str] | None = None
    shapes: Mapping[str, Shape] | None = None

    def budget(self) -> Budget:
        """The same limits for the static proof."""
        return BUDGET._replace(file=self.max_file, memory=self.max_memory, tensors=self.max_tensors, expanded=min(BUDGET.expanded, self.max_memory + (1 << 28)))


def _tensors(value: object, name: str, depth: int, seen: set[int]) -> Iterator[tuple[str, object]]:
    if depth > 32 or id(value) in seen or isinstance(value, type):
        return
    seen.add(id(value))
    if type(value).__name__ in ("UninitializedParameter", "UninitializedBuffer"):
        return  # torch's lazy tensors have no shape until their first use
    if hasattr(value, "shape") and hasattr(value, "dtype"):
        yield name, value
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _tensors(inner, f"{name}.{key}" if name else str(key), depth + 1, seen)
    elif isinstance(value, (list, tuple)):
        for index, inner in enumerate(value):
            yield from _tensors(inner, f"{name}[{index}]", depth + 1, seen)
    elif callable(getattr(value, "state_dict", None)):
        yield from _tensors(value.state_dict(), name, depth + 1, seen)  # type: ignore[attr-defined]


def check_loaded(value: object, limits: Limits) -> None:
    """Hold tensors to the declared dimensions, dtypes and shapes.

    Raises:
        GuardError: with the tensor at fault, or the declared one that is absent.
    """
    missing = dict(limits.shapes or {})
    for name, tensor in _tensors(value, "", 0, set()):
        shape = tuple(tensor.shape)  # type: ignore[attr-defined]
        dtype = str(tensor.dtype).removeprefix("torch.")  # type: ignore[attr-defined]
        if len(shape) > limits.max_ndim:
            raise GuardError(f"tensor {name!r} has {len(shape)} dimensions; max_ndim is {limits.max_ndim}")
        if limits.dtypes is not None and dtype not in limits.dtypes:
            raise GuardError(f"tensor {name!r} is {dtype}; dtypes are {', '.join(sorted(limits.dtypes))}")
        wanted = missing.pop(name, None)
        if wanted is not None and (len(wanted) != len(shape) or any(size not in (None, real) for size, real in zip(wanted, shape, strict=True))):
            raise GuardError(f"tensor {name!r} has the shape {shape}; declared is {wanted}")
    if missing:
        raise GuardError(f"declared tensors are absent: {', '.join(sorted(missing))}")
