"""NaN and infinities: refused, replaced, or allowed on purpose."""

from __future__ import annotations

import math
import sys
from typing import Any, Literal

from troth.guard.tensors.refusal import TensorRefusedError

__all__ = ["demand_finite"]


def demand_finite(
    values: Any,  # noqa: ANN401 - an array of either library
    *,
    policy: Literal["refuse", "replace"] = "refuse",
    replacement: float = 0.0,
    largest: float | None = None,
) -> Any:  # noqa: ANN401 - as given
    """The values, if all are finite.

    Args:
        values: a NumPy array, a torch tensor, a number, or lists of numbers.
        policy: what is done with NaN and infinities: an error, or a copy with them replaced.
        replacement: for `replace`.
        largest: largest magnitude; None = any finite one.

    Raises:
        TensorRefusedError: not finite, or larger; says how many, not which.
    """
    home = type(values).__module__.split(".")[0]
    if home == "torch":
        return _torch(values, policy, replacement, largest)
    if home == "numpy":
        return _numpy(values, policy, replacement, largest)
    return _plain(values, policy, replacement, largest, 0)


def _refuse(count: int) -> TensorRefusedError:
    return TensorRefusedError("values", f"{count} values are NaN, infinite or too large")


def _torch(values: Any, policy: str, replacement: float, largest: float | None) -> Any:  # noqa: ANN401
    import torch

    if values.is_sparse or values.layout is not torch.strided:
        raise TensorRefusedError("values", "A sparse tensor is not looked into; make it dense within limits first")
    if not (values.is_floating_point() or values.is_complex()):
        bad = values.abs() > largest if largest is not None else torch.zeros((), dtype=torch.bool)
    else:
        bad = ~torch.isfinite(values)
        bad = bad | (values.abs() > largest) if largest is not None else bad
    count = int(bad.sum())
    if not count:
        return values
    if policy == "refuse":
        raise _refuse(count)
    return torch.where(bad, torch.full_like(values, replacement), values)


def _numpy(values: Any, policy: str, replacement: float, largest: float | None) -> Any:  # noqa: ANN401
    import numpy

    if getattr(values, "dtype", None) is not None and values.dtype.kind not in "biufc":
        raise TensorRefusedError("dtype", "The array does not hold plain numbers")
    bad = ~numpy.isfinite(values)
    bad = bad | (abs(values) > largest) if largest is not None else bad
    count = int(bad.sum())
    if not count:
        return values
    if policy == "refuse":
        raise _refuse(count)
    return numpy.where(bad, numpy.asarray(replacement, dtype=values.dtype), values)


def _plain(values: object, policy: str, replacement: float, largest: float | None, depth: int) -> Any:  # noqa: ANN401
    if depth > 64:
        raise TensorRefusedError("values", "The lists are nested more than 64 deep")
    if isinstance(values, (list, tuple)):
        return type(values)([_plain(item, policy, replacement, largest, depth + 1) for item in values])
    if isinstance(values, bool) or not isinstance(values, (int, float)):
        raise TensorRefusedError("values", f"{type(values).__name__} is no number")
    # a whole number may be too large for a float: comparing it is exact, converting it raises
    if (abs(values) <= sys.float_info.max if isinstance(values, int) else math.isfinite(values)) and (largest is None or abs(values) <= largest):
        return values
    if policy == "refuse":
        raise _refuse(1)
    return replacement
