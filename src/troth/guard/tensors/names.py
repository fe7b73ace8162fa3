"""Allow-lists for the names of devices and dtypes. Usable as plain objects and, inside `Annotated`, as pydantic types."""

from __future__ import annotations

import re
from typing import Any, Final

from troth.guard.tensors.refusal import TensorRefusedError

__all__ = ["BYTES", "Devices", "Dtypes"]

_DEVICE: Final = re.compile(r"([a-z]{1,16})(?::(0|[1-9][0-9]{0,2}))?", re.ASCII)
BYTES: Final = {
    "bool": 1, "uint8": 1, "int8": 1, "uint16": 2, "int16": 2, "uint32": 4, "int32": 4, "uint64": 8, "int64": 8, "float16": 2, "bfloat16": 2, "float32": 4, "float64": 8,
    "complex64": 8, "complex128": 16, "float8_e4m3fn": 1, "float8_e5m2": 1, "float8_e4m3fnuz": 1, "float8_e5m2fnuz": 1, "float8_e8m0fnu": 1,
}  # fmt: skip
"""Bytes of one element, for every dtype that has a fixed size and is plain data (no objects, text, records or quantised types)."""
_ORDINARY: Final = ("bool", "uint8", "int8", "int16", "int32", "int64", "float16", "bfloat16", "float32", "float64")


class _Named:
    """Makes a rule usable as metadata of a pydantic type."""

    def demand(self, value: object) -> str:
        raise NotImplementedError

    def __get_pydantic_core_schema__(self, source: object, handler: object) -> Any:  # noqa: ANN401 - pydantic's own protocol
        """Strict text, then this rule."""
        from pydantic_core import core_schema

        def check(value: object) -> str:
            try:
                return self.demand(value)
            except TensorRefusedError as error:
                raise ValueError(error.because) from None

        return core_schema.no_info_plain_validator_function(
            check, serialization=core_schema.to_string_ser_schema(), json_schema_input_schema=core_schema.str_schema()
        )


class Devices(_Named):
    """Devices that may be used.

    Args:
        kinds: such as `cpu`, `cuda`, `mps`; `meta` and private ones only if named.
        index_at_most: highest index; what is not there fails later and elsewhere, so name what is there.
    """

    def __init__(self, *kinds: str, index_at_most: int = 0) -> None:
        if not kinds or any(not _DEVICE.fullmatch(kind) or ":" in kind for kind in kinds):
            raise ValueError("name at least one kind of device, in small letters and without an index")
        self._kinds, self._highest = frozenset(kinds), index_at_most

    def demand(self, value: object) -> str:
        """The device's name, exactly as it was given.

        Args:
            value: text, or a `torch.device`.

        Raises:
            TensorRefusedError: not on the list, or not spelled as devices are.
        """
        text = str(value) if type(value).__module__ == "torch" and type(value).__name__ == "device" else value
        found = _DEVICE.fullmatch(text) if type(text) is str and len(text) <= 24 else None
        if found is None:
            raise TensorRefusedError("device", "That is no name of a device")
        if found[1] not in self._kinds:
            raise TensorRefusedError("device", f"The device is none of {', '.join(sorted(self._kinds))}")
        if found[2] is not None and (int(found[2]) > self._highest or (found[1] == "cpu" and found[2] != "0")):
            raise TensorRefusedError("device", f"The index of the device is above {self._highest}")
        return found[0]


class Dtypes(_Named):
    """Dtypes that may be used.

    Args:
        names: such as `float32`; the ordinary whole and real ones where none is given (no complex, no 8-bit floats).
    """

    def __init__(self, *names: str) -> None:
        unknown = [name for name in names if name not in BYTES]
        if unknown:
            raise ValueError(f"no plain dtype: {', '.join(unknown)}")
        self._names = frozenset(names or _ORDINARY)

    def demand(self, value: object) -> str:
        """The dtype's plain name.

        Args:
            value: a plain name, a NumPy dtype or scalar type in this machine's byte order, or a `torch.dtype`.

        Raises:
            TensorRefusedError: not on the list; also objects, text, records and foreign byte orders.
        """
        name = _plain_name(value)
        if name not in self._names:
            raise TensorRefusedError("dtype", f"The dtype is none of {', '.join(sorted(self._names))}")
        return name


def _plain_name(value: object) -> str:
    if type(value) is str:
        return value if value in BYTES else ""
    home = type(value).__module__.split(".")[0]
    if home == "torch" and type(value).__name__ == "dtype":
        return str(value).removeprefix("torch.")
    if home in ("numpy", "ml_dtypes") and getattr(value, "isnative", False):
        plain = getattr(value, "fields", None) is None and getattr(value, "subdtype", None) is None
        return str(getattr(value, "name", "")) if plain else ""
    if isinstance(value, type) and value.__module__ == "numpy":
        return value.__name__.removesuffix("_") if value.__name__.removesuffix("_") in BYTES else ""
    return ""
